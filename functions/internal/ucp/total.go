package ucp

import (
	"slices"
	"strconv"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// total is one entry of a breakdown. Display is ours: the amount as the shopper reads it.
type total struct {
	Type    string      `json:"type"`
	Text    string      `json:"display_text,omitempty"`
	Amount  int64       `json:"amount"`
	Display string      `json:"display"`
	Lines   []totalLine `json:"lines,omitempty"`
}

type totalLine struct {
	Text    string `json:"display_text"`
	Amount  int64  `json:"amount"`
	Display string `json:"display"`
}

// Types of totals that UCP knows (types/total.json), and one of ours: tax inside prices that the buyer owes the state, not the shop.
const (
	typeSubtotal    = "subtotal"
	typeDiscount    = "discount"
	typeFulfillment = "fulfillment"
	typeTax         = "tax"
	typeRelief      = "reverse_charge"
	typeTotal       = "total"
)

// speaker puts amounts and labels into one language.
type speaker struct{ language string }

// shown is an amount as the shopper reads it.
func (s speaker) shown(m money.Money) string { return m.Display(s.language) }

func (s speaker) total(kind, text string, m money.Money) total {
	return total{Type: kind, Text: text, Amount: m.Minor, Display: s.shown(m)}
}

// taken is an entry that lowers the total.
func (s speaker) taken(kind, text string, m money.Money) total {
	return s.total(kind, text, money.New(-m.Minor, m.Currency))
}

// totals breaks a quote down into entries that sum to its total: one subtotal, what is taken off, each with its reason, shipping where
// something is shipped, tax where it comes on top, one total. Tax that prices include is no entry, it would count twice: what of
// the total is net and what is tax stands in the total's lines.
func (s speaker) totals(q checkout.Quote) []total {
	out := []total{s.total(typeSubtotal, s.label("subtotal"), q.Subtotal)}
	rest := q.Discount
	for _, a := range q.Applied {
		if rest.Minor -= a.Amount.Minor; a.Amount.Minor > 0 {
			out = append(out, s.taken(typeDiscount, a.Title, a.Amount))
		}
	}
	if rest.Minor > 0 {
		out = append(out, s.taken(typeDiscount, s.label("discount"), rest))
	}
	if q.Selected != "" {
		out = append(out, s.total(typeFulfillment, s.shippingLabel(q.Quote), q.Shipping))
	}
	for _, t := range q.Taxes {
		if !q.TaxIncluded && (t.Rate > 0 || t.Rest > 0) {
			out = append(out, s.total(typeTax, s.taxLabel("sales_tax", t), t.Tax))
		}
	}
	if relief := q.Relief(); relief.Minor > 0 {
		out = append(out, s.taken(typeRelief, s.label("reverse_charge"), relief))
	}
	sum := s.total(typeTotal, s.label("total"), q.Total)
	if q.TaxIncluded && len(q.Taxes) > 0 {
		sum.Lines = []totalLine{{s.label("net"), q.Net.Minor, s.shown(q.Net)}}
		for _, t := range q.Taxes {
			sum.Lines = append(sum.Lines, totalLine{s.taxLabel("vat", t), t.Tax.Minor, s.shown(t.Tax)})
		}
	}
	return append(out, sum)
}

// lineTotals breaks one line down by the same rules.
func (s speaker) lineTotals(q checkout.Quote, l pricing.Line) []total {
	out := []total{s.total(typeSubtotal, s.label("subtotal"), l.Subtotal)}
	if l.Discount.Minor > 0 {
		out = append(out, s.taken(typeDiscount, s.label("discount"), l.Discount))
	}
	if !q.TaxIncluded && l.Tax.Minor > 0 {
		out = append(out, s.total(typeTax, s.taxLabel("sales_tax", pricing.TaxLine{Rate: l.TaxRate, Rest: l.TaxRest}), l.Tax))
	}
	if relief := l.Relief(); q.TaxIncluded && relief.Minor > 0 {
		out = append(out, s.taken(typeRelief, s.label("reverse_charge"), relief))
	}
	return append(out, s.total(typeTotal, s.label("total"), l.Total))
}

// optionTotals says what an option costs, tax on top included.
func (s speaker) optionTotals(q checkout.Quote, o pricing.Option) []total {
	out := []total{s.total(typeFulfillment, o.Title, o.Price)}
	if o.Discount.Minor > 0 {
		out = append(out, s.taken(typeDiscount, s.label("discount"), o.Discount))
	}
	if !q.TaxIncluded && o.Tax.Minor > 0 {
		out = append(out, s.total(typeTax, s.label("sales_tax"), o.Tax))
	}
	if o.Relief.Minor > 0 {
		out = append(out, s.taken(typeRelief, s.label("reverse_charge"), o.Relief))
	}
	return append(out, s.total(typeTotal, s.label("total"), o.Cost(q.TaxIncluded)))
}

// due is what an option adds to the sheet's total, before tax.
func due(o pricing.Option) money.Money {
	return money.New(o.Price.Minor-o.Discount.Minor-o.Relief.Minor, o.Price.Currency)
}

func (s speaker) shippingLabel(q pricing.Quote) string {
	i := slices.IndexFunc(q.Options, func(o pricing.Option) bool { return o.ID == q.Selected })
	if i < 0 {
		return s.label("shipping")
	}
	if q.Options[i].Pickup != "" {
		return s.label("pickup") + " (" + q.Options[i].Title + ")"
	}
	return s.label("shipping") + " (" + q.Options[i].Title + ")"
}

// taxLabel names a tax with its rate, "VAT 21 %", or why there is none.
func (s speaker) taxLabel(name string, t pricing.TaxLine) string {
	switch t.Treatment {
	case pricing.TreatmentExempt:
		return s.label("exempt")
	case pricing.TreatmentReverseCharge:
		return s.label("reverse_charge")
	}
	percent := strconv.FormatInt(t.Rate/100, 10)
	if part := t.Rate%100*100 + t.Rest; part != 0 { // the four digits after the point
		decimals := strconv.FormatInt(10_000+part, 10)[1:]
		for decimals[len(decimals)-1] == '0' {
			decimals = decimals[:len(decimals)-1]
		}
		separator := ","
		if s.language == "en" {
			separator = "."
		}
		percent += separator + decimals
	}
	return s.label(name) + " " + percent + "\u00a0%"
}
