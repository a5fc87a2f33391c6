package wording

import (
	"slices"
	"strings"

	"kassa/checkout/pricing"
)

// receipt writes the confirmation of the contract on a durable medium (Directive 2011/83/EU, article 8(7), with what article 6(1)
// wants in it: goods, trader, total with taxes and delivery, payment, delivery, right of withdrawal with its model form, guarantee).
func (w writer) receipt(l *letter, v values) {
	l.Preheader = w.say("receipt.preheader", v)
	for _, line := range w.Lines {
		l.Items = append(l.Items, w.item(line))
	}
	l.Sums = w.sums(w.Order.Quote, w.Order.Country, "label.total")
	l.Sections = append(l.Sections, section{Title: w.say("section.payment", nil), Paragraphs: []string{w.paid()}})
	l.Sections = append(l.Sections, w.delivery())
	if taxes, ok := w.taxes(); ok {
		l.Sections = append(l.Sections, taxes)
	}
	l.Sections = append(l.Sections, w.trader())
	l.Sections = append(l.Sections, w.rights()...)
	if w.Order.Terms != "" {
		l.Sections = append(l.Sections, w.terms())
	}
}

// sums are what adds up to the total, which has a name of its own.
func (w writer) sums(q pricing.Quote, country, total string) []row {
	var rows []row
	add := func(key, value string, strong bool) { rows = append(rows, row{w.say(key, nil), value, strong}) }
	add("label.subtotal", w.amount(q.Subtotal), false)
	rest := q.Discount
	for _, a := range q.Applied {
		if a.Amount.Minor > 0 {
			rows = append(rows, row{apart(clean(a.Title)), w.minus(a.Amount), false})
			rest.Minor -= a.Amount.Minor
		}
	}
	if rest.Minor > 0 {
		add("label.discount", w.minus(rest), false)
	}
	if q.Selected != "" {
		shipping := w.amount(q.Shipping)
		if q.Shipping.Minor == 0 {
			shipping = w.say("label.free", nil)
		}
		add("label.shipping", shipping, false)
	}
	if q.Tax.Minor > 0 {
		add(taxKey("label", country), w.amount(q.Tax), false)
	}
	if relief := q.Relief(); relief.Minor > 0 {
		add("label.relief", w.minus(relief), false)
	}
	add(total, w.amount(q.Total), true)
	return rows
}

// taxKey names the tax: where the law knows a value added tax, and elsewhere.
func taxKey(prefix, country string) string {
	if country == "US" || country == "CA" {
		return prefix + ".sales_tax"
	}
	return prefix + ".vat"
}

func (w writer) paid() string {
	o := w.Order
	v := values{"total": w.amount(o.Quote.Total), "date": w.moment(o.PlacedAt), "method": clean(o.Method)}
	switch {
	case o.Quote.Total.Minor == 0:
		return w.say("payment.free", nil)
	case o.Authorized:
		return w.say("payment.authorized", v)
	case o.Method == "":
		return w.say("payment.paid_plain", v)
	}
	return w.say("payment.paid", v)
}

func (w writer) delivery() section {
	s := section{Title: w.say("section.delivery", nil)}
	q := w.Order.Quote
	at := slices.IndexFunc(q.Options, func(o pricing.Option) bool { return o.ID == q.Selected && q.Selected != "" })
	if at < 0 {
		s.Paragraphs = []string{w.say("delivery.digital", nil)}
		return s
	}
	o := q.Options[at]
	if p := w.Order.Pickup; p != nil {
		place := strings.Join([]string{apart(clean(p.Name)), apart(clean(p.Street)), apart(clean(p.PostalCode) + " " + clean(p.City))}, ", ")
		s.Paragraphs = []string{w.say("delivery.pickup", values{"place": place, "from": weekday(w.language, o.Earliest)})}
		return s
	}
	s.Paragraphs = []string{w.window(o.Earliest, o.Latest, apart(clean(o.Title)))}
	if len(w.Order.Address) > 0 {
		s.Paragraphs = append(s.Paragraphs, w.address())
	}
	return s
}

func (w writer) address() string {
	lines := make([]string, 0, len(w.Order.Address))
	for _, line := range w.Order.Address {
		if line = clean(line); line != "" {
			lines = append(lines, apart(line))
		}
	}
	return w.say("delivery.to", values{"address": strings.Join(lines, ", ")})
}

// taxes are what an invoice has to show of taxes by rate (Directive 2006/112/EC, article 226(8) to (11a)).
func (w writer) taxes() (section, bool) {
	q := w.Order.Quote
	tax := taxKey("label", w.Order.Country)
	s := section{Title: w.say(taxKey("section", w.Order.Country), nil)}
	s.Table = [][]string{{w.say("label.rate", nil), w.say("label.net", nil), w.say(tax, nil)}}
	for _, t := range q.Taxes {
		rate := percent(w.language, t.Rate, t.Rest)
		if t.Treatment == pricing.TreatmentExempt {
			rate = w.say("vat.exempt", nil)
		}
		s.Table = append(s.Table, []string{rate, w.amount(t.Net), w.amount(t.Tax)})
	}
	if q.ReverseCharge {
		s.Paragraphs = []string{w.say("vat.reverse_charge", nil)}
	}
	return s, len(q.Taxes) > 0
}

// trader is who the contract is with.
func (w writer) trader() section {
	return section{Title: w.say("section.trader", nil), Paragraphs: w.imprint()}
}

// rights are those that the buyer has by law or by the shop's own promise.
func (w writer) rights() []section {
	o, t := w.Order, w.Shop.Trader
	v := values{"days": int64(o.ReturnDays), "email": clean(t.Email), "trader": clean(t.Name), "address": clean(t.Address)}
	guarantee := section{Title: w.say("section.guarantee", nil), Paragraphs: []string{w.say("guarantee.plain", v)}}
	if o.WithdrawalDays == 0 {
		if o.ReturnDays == 0 {
			return []section{guarantee}
		}
		return []section{{Title: w.say("section.returns", nil), Paragraphs: []string{w.say("returns.days", v)}}, guarantee}
	}
	v["days"] = int64(o.WithdrawalDays)
	kind := map[bool]string{true: "withdrawal.goods", false: "withdrawal.digital"}[o.Ships]
	effects := map[bool]string{true: "withdrawal.effects", false: "withdrawal.effects_digital"}[o.Ships]
	guarantee.Paragraphs = []string{w.say("guarantee.text", v)}
	return []section{
		{Title: w.say("section.withdrawal", nil), Small: true,
			Paragraphs: []string{w.say(kind, v), w.say("withdrawal.how", v), w.say(effects, v)}},
		{Title: w.say("withdrawal.form_title", nil), Small: true, Paragraphs: strings.Split(w.say("withdrawal.form", v), "\n")},
		guarantee,
	}
}

func (w writer) terms() section {
	s := section{Title: w.say("section.terms", nil), Paragraphs: []string{w.say("terms.version", values{"terms": clean(w.Order.Terms)})}}
	for _, l := range w.Shop.Links {
		if l.Type == "terms_of_service" && secure(l.URL) {
			s.Paragraphs = append(s.Paragraphs, l.URL)
		}
	}
	return s
}
