package dynamostore

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
)

// The rows of the domain's types (see row.go). Only ever add to the end.

func contextRow(c *checkout.Context) row {
	return row{of: c, fields: []any{&c.Country, &c.Language, &c.PostalCode, &c.Region, &c.Currency, &c.Platform}}
}

func buyerRow(b *checkout.Buyer) row {
	return row{of: b, fields: []any{&b.Email, &b.FirstName, &b.LastName, &b.Phone, optional[checkout.Consent]{&b.Consent, consentRow},
		&b.VATID}}
}

func consentRow(c *checkout.Consent) row {
	return row{of: c, fields: []any{answer{&c.Marketing}, answer{&c.Analytics}, answer{&c.Preferences}, answer{&c.SaleOfData}}}
}

// answer is yes, no or none.
type answer struct{ at **bool }

func (a answer) target() any { return a.at }

func (a answer) encode() ([]byte, error) { //nolint:unparam // a coder
	switch {
	case *a.at == nil:
		return nil, nil
	case **a.at:
		return []byte("1"), nil
	}
	return []byte("2"), nil
}

func (a answer) decode(data []byte) error { //nolint:unparam // a coder
	if data != nil {
		yes := string(data) == "1"
		*a.at = &yes
	}
	return nil
}

// destinationRow is that of a session's destination: mostly the buyer's own.
func destinationRow(s *checkout.Session) func(*checkout.Destination) row {
	return func(d *checkout.Destination) row {
		return row{of: d, fields: []any{
			&d.ID, &d.Country, &d.PostalCode, &d.City, &d.Street, &d.Extended, &d.Region,
			usual[string]{&d.FirstName, func() string { return s.Buyer.FirstName }},
			usual[string]{&d.LastName, func() string { return s.Buyer.LastName }},
			usual[string]{&d.Phone, func() string { return s.Buyer.Phone }},
		}}
	}
}

func quoteRow(q *checkout.Quote, since *time.Time) row {
	return row{of: q, fields: []any{&q.Version, &q.CartVersion, later{&q.PricedAt, since}, nested(priceRow(&q.Quote))}}
}

// priceRow keeps what pricing decided. Subtotals and totals of lines follow from it by plain sums (pricing.Line).
func priceRow(q *pricing.Quote) row {
	c := &q.Currency
	return row{of: q, fields: []any{
		c, &q.TaxIncluded, rows[pricing.Line]{&q.Lines, lineRow(q)}, images{&q.Lines},
		amount{at: &q.Discount, base: c}, amount{at: &q.Shipping, base: c}, amount{at: &q.Tax, base: c},
		amount{at: &q.IncludedTax, base: c},
		amount{&q.Subtotal, c, func() int64 { return subtotals(q.Lines) }},
		amount{&q.Total, c, func() int64 { return q.Subtotal.Minor - q.Discount.Minor + q.Shipping.Minor + q.Tax.Minor }},
		amount{&q.Net, c, func() int64 { return q.Total.Minor - q.Tax.Minor - q.IncludedTax.Minor }},
		rows[pricing.TaxLine]{&q.Taxes, taxRow(c)},
		rows[pricing.Option]{&q.Options, optionRow(c)},
		usual[string]{&q.Selected, func() string { return firstOption(q) }}, &q.Estimated,
		&q.ReverseCharge, discounts{q}, rows[pricing.RefusedCode]{&q.Refused, refusedRow(c)},
	}}
}

func refusedRow(c *money.Currency) func(*pricing.RefusedCode) row {
	return func(r *pricing.RefusedCode) row {
		return row{of: r, fields: []any{&r.Code, &r.Reason, &r.Index, given{&r.Minimum, c}}}
	}
}

func firstOption(q *pricing.Quote) string {
	if len(q.Options) == 0 {
		return ""
	}
	return q.Options[0].ID
}

func subtotals(lines []pricing.Line) int64 {
	var sum int64
	for _, l := range lines {
		sum += l.Subtotal.Minor
	}
	return sum
}

func lineRow(q *pricing.Quote) func(l *pricing.Line) row {
	c := &q.Currency
	return func(l *pricing.Line) row {
		return row{of: l, elsewhere: []any{&l.ImageURL}, fields: []any{
			&l.SKU, &l.Title, &l.Quantity, amount{at: &l.Unit, base: c}, &l.TaxRate, amount{at: &l.Tax, base: c},
			amount{at: &l.Discount, base: c},
			amount{&l.Subtotal, c, func() int64 { return l.Unit.Minor * l.Quantity }},
			amount{&l.Total, c, func() int64 { return lineTotal(q, l) }},
			usual[string]{&l.LineID, func() string { return checkout.LineID(l.SKU) }},
			&l.TaxRest,
		}}
	}
}

// images are those of all lines: of each, how many bytes it has in common with the one before, and the rest. A shop's images
// mostly lie in one place.
type images struct{ of *[]pricing.Line }

func (i images) target() any { return nil }

func (i images) encode() ([]byte, error) {
	var all []any
	before, some := "", false
	for _, l := range *i.of {
		common := commonPrefix(before, l.ImageURL)
		all = append(all, common, l.ImageURL[common:])
		before, some = l.ImageURL, some || l.ImageURL != ""
	}
	if !some {
		return nil, nil
	}
	return marshal(all)
}

// commonPrefix is how many bytes two texts begin with in common, whole characters only.
func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}

func (i images) decode(data []byte) error {
	if data == nil {
		return nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	if len(all) != 2*len(*i.of) {
		return fmt.Errorf("%d images for %d lines", len(all)/2, len(*i.of))
	}
	before := ""
	for n := range *i.of {
		var common int
		var rest string
		if err := errors.Join(json.Unmarshal(all[2*n], &common), json.Unmarshal(all[2*n+1], &rest)); err != nil {
			return err
		}
		if common < 0 || common > len(before) {
			return fmt.Errorf("an image has %d bytes in common with one of %d", common, len(before))
		}
		before = before[:common] + rest
		(*i.of)[n].ImageURL = before
	}
	return nil
}

func lineTotal(q *pricing.Quote, l *pricing.Line) int64 {
	if q.TaxIncluded {
		return l.Subtotal.Minor - l.Discount.Minor
	}
	return l.Subtotal.Minor - l.Discount.Minor + l.Tax.Minor
}

func taxRow(c *money.Currency) func(*pricing.TaxLine) row {
	return func(t *pricing.TaxLine) row {
		return row{of: t, fields: []any{&t.Rate, amount{at: &t.Net, base: c}, amount{at: &t.Tax, base: c}, &t.Rest, &t.Treatment}}
	}
}

func optionRow(c *money.Currency) func(*pricing.Option) row {
	return func(o *pricing.Option) row {
		return row{of: o, fields: []any{
			&o.ID, &o.Title, amount{at: &o.Price, base: c}, amount{at: &o.Tax, base: c}, &o.Earliest, &o.Latest, &o.Carrier,
			given{&o.Discount, c}, given{&o.Relief, c}, &o.Pickup,
		}}
	}
}

func messageRow(m *checkout.Message) row {
	return row{of: m, fields: []any{&m.Type, &m.Code, &m.Severity, &m.Path, &m.Args}}
}

func payRow(p *checkout.PayMark) row {
	return row{of: p, fields: []any{marked{&p.Mark}, &p.Refused, &p.Reason, &p.Door}}
}

func instrumentRow(i *payments.Instrument) row {
	return row{of: i, fields: []any{&i.Handler, &i.Kind, &i.Token}}
}

func actionRow(a *payments.Action) row {
	return row{of: a, fields: []any{&a.Type, &a.URL, &a.ReturnURL}}
}

func refundRow(s *checkout.Session) func(*checkout.ProviderRefund) row {
	return func(r *checkout.ProviderRefund) row {
		return row{of: r, fields: []any{
			&r.IntentID, amount{at: &r.Amount, base: &s.Quote.Currency}, &r.Cause, &r.Release, &r.ID, &r.Done, &r.Tries, &r.Part,
		}}
	}
}

// attemptRow is that of the session's open attempt: begun with its last request to pay, for its total.
func attemptRow(s *checkout.Session) func(*checkout.Attempt) row {
	return func(a *checkout.Attempt) row {
		return row{of: a, fields: []any{
			&a.N, around{&a.Key, func() string { return s.ID }}, usual[string]{&a.IntentID, func() string { return intentOf(s) }},
			&a.UpdateKey,
			usual[checkout.Mark]{&a.Mark, func() checkout.Mark { return lastPay(s) }},
			nested(instrumentRow(&a.Instrument)), &a.Methods, &a.ReturnURL,
			amount{&a.Amount, &s.Quote.Currency, func() int64 { return s.Quote.Total.Minor }},
			later{&a.StartedAt, &s.CreatedAt}, later{&a.LeaseUntil, &s.CreatedAt}, &a.Answered, &a.Tries,
			later{&a.CheckedAt, &s.CreatedAt}, later{&a.HeldUntil, &s.CreatedAt}, later{&a.SoughtAt, &s.CreatedAt},
			&a.HoldCards, &a.Customer, &a.KeepCard,
		}}
	}
}

func lastPay(s *checkout.Session) checkout.Mark {
	if len(s.Pays) == 0 {
		return checkout.Mark{}
	}
	return s.Pays[len(s.Pays)-1].Mark
}

func intentOf(s *checkout.Session) string {
	if s.Intent == nil {
		return ""
	}
	return s.Intent.ID
}

func intentRow(s *checkout.Session) func(*checkout.Intent) row {
	return func(in *checkout.Intent) row {
		return row{of: in, fields: []any{
			&in.ID, &in.Status, amount{&in.Amount, &s.Quote.Currency, func() int64 { return s.Quote.Total.Minor }},
			around{&in.ClientSecret, func() string { return in.ID }}, optional[payments.Action]{&in.Action, actionRow}, &in.Customer,
		}}
	}
}

func orderRow(s *checkout.Session) func(*checkout.Order) row {
	return func(o *checkout.Order) row {
		return row{of: o, fields: []any{
			usual[string]{&o.ID, func() string { return checkout.OrderID(s.ID) }},
			later{&o.PlacedAt, &s.CreatedAt},
			amount{&o.Amount, &s.Quote.Currency, func() int64 { return s.Quote.Total.Minor }},
			usual[string]{&o.IntentID, func() string { return intentOf(s) }},
			&o.Terms, &o.Authorized, &o.CaptureBefore,
			usual[string]{&o.Returns, func() string { return o.Terms }}, &o.WithdrawalDays, &o.Page,
		}}
	}
}

func walletRow(w *checkout.Wallet) row {
	return row{of: w, fields: []any{&w.Customer, rows[checkout.SavedCard]{&w.Cards, cardRow}}}
}

func cardRow(c *checkout.SavedCard) row {
	return row{of: c, fields: []any{&c.ID, &c.Brand, &c.Last4, &c.ExpMonth, &c.ExpYear}}
}

// leftRow is that of the attempt that was given up, mostly the session's last, for its total.
func leftRow(s *checkout.Session) func(*checkout.Left) row {
	return func(l *checkout.Left) row {
		return row{of: l, fields: []any{
			usual[int]{&l.N, func() int { return s.Attempts }}, usual[string]{&l.IntentID, func() string { return intentOf(s) }},
			amount{&l.Amount, &s.Quote.Currency, func() int64 { return s.Quote.Total.Minor }}, &l.Lines, holds{s, &l.Holds},
		}}
	}
}
