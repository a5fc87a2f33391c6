package recovery

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery/wording"
)

// facts are what a service message tells of a session, or why there is nothing to tell.
func (t teller) facts(now time.Time, item checkout.OutboxItem) (f wording.Facts, why string) {
	s := item.Session
	f = wording.Facts{
		Shop: t.Settings.brand(t.Shop), Now: now, Locale: t.Shop.Language(s.Context.Language), Channel: wording.Email, Service: true,
		Reason: t.reason, FirstName: s.Buyer.FirstName, Lines: orderLines(s.Quote), Total: s.Quote.Total,
		Link: pageOf(t.Shop, "checkout", s.ID),
	}
	if f.FirstName == "" && s.Destination != nil {
		f.FirstName = s.Destination.FirstName
	}
	if s.Order != nil {
		f.Order, f.Link = t.order(s), t.Shop.OrderPage(*s.Order)
	}
	if t.reason == wording.PaymentReturned {
		return returned(f, item)
	}
	if t.reason == wording.DeclinedLate {
		if s.Order != nil || slices.ContainsFunc(s.Refunds, goesBack) {
			return f, WhyTold // another try has paid since; or money came after all, and what becomes of that is told
		}
		return f, ""
	}
	if s.Order == nil {
		return f, WhyUnwritten
	}
	return orderFacts(f, t.reason, item)
}

// goesBack reports whether a provider's refund is money that the shopper was charged. What was held only vanishes by itself, and what
// came in the wrong mode was never real.
func goesBack(r checkout.ProviderRefund) bool {
	return !r.Release && r.Amount.Minor > 0 && r.Cause != "live_mode"
}

// returned tells of money that can't become an order; Ref names its intent.
func returned(f wording.Facts, item checkout.OutboxItem) (wording.Facts, string) {
	for _, back := range item.Session.Refunds {
		if back.IntentID == item.Ref {
			f.Refund, f.Link = &wording.Refund{Amount: back.Amount, Full: true}, f.Shop.BaseURL
			return f, ""
		}
	}
	return f, WhyUnwritten
}

// orderFacts adds what happened to an order; Ref names which of the refunds, parcels or withdrawals it is.
func orderFacts(f wording.Facts, reason string, item checkout.OutboxItem) (wording.Facts, string) {
	s, o := item.Session, *item.Session.Order
	switch reason {
	case wording.Receipt:
		return f, ""
	case wording.Canceled:
		if o.Cancellation == nil {
			return f, WhyUnwritten
		}
		if r, ok := refundOf(o, o.Cancellation.Refund); ok {
			f.Refund = &wording.Refund{Amount: r.Amount, Full: true}
		}
		return f, ""
	case wording.Refunded:
		r, ok := refundOf(o, item.Ref)
		if !ok || r.Amount.Minor == 0 {
			return f, WhyUnwritten
		}
		if o.Cancellation != nil && o.Cancellation.Refund == r.ID {
			return f, WhyTold // by the message of the cancellation
		}
		f.Total = o.Taken()
		f.Refund = &wording.Refund{Amount: r.Amount, Full: r.Amount == f.Total}
		return f, ""
	case wording.Shipped:
		return shipped(f, item)
	case wording.Withdrawn:
		at := slices.IndexFunc(o.Withdrawals, func(w checkout.Withdrawal) bool { return w.ID == item.Ref })
		if at < 0 {
			return f, WhyUnwritten
		}
		w := o.Withdrawals[at]
		f.Now, f.Lines = w.At, someLines(s.Quote, w.Lines)
		return f, ""
	}
	return f, WhyUnwritten
}

func refundOf(o checkout.Order, id string) (checkout.Refund, bool) {
	at := slices.IndexFunc(o.Refunds, func(r checkout.Refund) bool { return r.ID == id })
	if at < 0 || id == "" {
		return checkout.Refund{}, false
	}
	return o.Refunds[at], true
}

// shipped tells what was handed to a carrier. Who collects an order, or bought what isn't shipped, has it already.
func shipped(f wording.Facts, item checkout.OutboxItem) (wording.Facts, string) {
	s := item.Session
	at := slices.IndexFunc(s.Order.Fulfillments, func(x checkout.Fulfillment) bool { return x.ID == item.Ref })
	switch {
	case at < 0:
		return f, WhyUnwritten
	case !s.Ships, f.Order.Pickup != nil:
		return f, WhyTold
	}
	parcel := s.Order.Fulfillments[at]
	f.Lines = someLines(s.Quote, parcel.Lines)
	f.Parcel = &wording.Parcel{Carrier: parcel.Carrier, Tracking: parcel.TrackingNumber, TrackingURL: parcel.TrackingURL}
	for _, l := range s.Quote.Lines {
		if p := s.Progress(l.LineID); p.Fulfilled < p.Total {
			f.Parcel.Partial = true
		}
	}
	return f, ""
}

// someLines are those of the lines that a change of an order names; none named are all.
func someLines(q checkout.Quote, of []checkout.LineQuantity) []wording.Line {
	all := orderLines(q)
	if len(of) == 0 {
		return all
	}
	var some []wording.Line
	for i, l := range q.Lines {
		for _, named := range of {
			if named.LineID == l.LineID {
				line := all[i]
				line.Quantity = named.Quantity
				some = append(some, line)
			}
		}
	}
	return some
}

// brand is the shop as messages show it.
func (s Settings) brand(shop checkout.Shop) wording.Shop {
	return wording.Shop{Name: shop.Name, BaseURL: shop.BaseURL, Links: shop.Links, Zone: s.zone(""), Settings: s.Messages}
}

// pageOf is the address of a page of the shop's.
func pageOf(shop checkout.Shop, parts ...string) string {
	at := strings.TrimSuffix(shop.BaseURL, "/")
	for _, part := range parts {
		at += "/" + url.PathEscape(part)
	}
	return at
}

// orderLines are the lines before discounts and added tax, which stand below them.
func orderLines(q checkout.Quote) []wording.Line {
	lines := make([]wording.Line, len(q.Lines))
	for i, l := range q.Lines {
		lines[i] = wording.Line{Title: l.Title, Quantity: l.Quantity, Unit: l.Unit, Total: l.Subtotal, ImageURL: l.ImageURL}
	}
	return lines
}

func (t teller) order(s checkout.Session) *wording.Order {
	o := &wording.Order{
		ID: s.Order.ID, PlacedAt: s.Order.PlacedAt, Quote: s.Quote.Quote, Ships: s.Ships, Authorized: s.Order.Authorized,
		Terms: s.Order.Terms, WithdrawalDays: s.Order.WithdrawalDays,
	}
	if country, ok := t.Shop.CountryOf(s); ok {
		o.Country, o.ReturnDays = country.Code, country.ReturnDays
	}
	if d := s.Destination; d != nil && s.Ships {
		o.Address = addressLines(*d, s.Buyer)
	}
	for _, option := range s.Quote.Options {
		for i, l := range t.Shop.Pricing.Locations {
			if option.ID == s.Quote.Selected && option.Pickup == l.ID {
				o.Pickup = &t.Shop.Pricing.Locations[i]
			}
		}
	}
	return o
}

func addressLines(d checkout.Destination, b checkout.Buyer) []string {
	name := strings.TrimSpace(d.FirstName + " " + d.LastName)
	if name == "" {
		name = strings.TrimSpace(b.FirstName + " " + b.LastName)
	}
	lines := []string{name, d.Street, d.Extended, strings.TrimSpace(d.PostalCode + " " + d.City), d.Region, d.Country}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}
