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

// Types of totals that UCP knows (types/total.json).
const (
	typeSubtotal    = "subtotal"
	typeDiscount    = "discount"
	typeFulfillment = "fulfillment"
	typeTax         = "tax"
	typeTotal       = "total"
)

// speaker puts amounts and labels into one language.
type speaker struct{ language string }

func (s speaker) total(kind, text string, m money.Money) total {
	return total{Type: kind, Text: text, Amount: m.Minor, Display: m.Display(s.language)}
}

// taken is an entry that lowers the total.
func (s speaker) taken(text string, m money.Money) total {
	return s.total(typeDiscount, text, money.New(-m.Minor, m.Currency))
}

// totals breaks a quote down into entries that sum to its total: one subtotal, what is taken off, shipping where something
// is shipped, tax where it comes on top, one total. Tax that prices include is no entry, it would count twice: what of the
// total is net and what is tax stands in the total's lines.
func (s speaker) totals(q checkout.Quote) []total {
	out := []total{s.total(typeSubtotal, s.label("subtotal"), q.Subtotal)}
	if q.Discount.Minor > 0 {
		out = append(out, s.taken(s.label("discount"), q.Discount))
	}
	if q.Selected != "" {
		out = append(out, s.total(typeFulfillment, s.shippingLabel(q.Quote), q.Shipping))
	}
	for _, t := range q.Taxes {
		if !q.TaxIncluded && t.Rate > 0 {
			out = append(out, s.total(typeTax, s.taxLabel("sales_tax", t.Rate), t.Tax))
		}
	}
	sum := s.total(typeTotal, s.label("total"), q.Total)
	if q.TaxIncluded && len(q.Taxes) > 0 {
		sum.Lines = []totalLine{{s.label("net"), q.Net.Minor, q.Net.Display(s.language)}}
		for _, t := range q.Taxes {
			sum.Lines = append(sum.Lines, totalLine{s.taxLabel("vat", t.Rate), t.Tax.Minor, t.Tax.Display(s.language)})
		}
	}
	return append(out, sum)
}

// lineTotals breaks one line down by the same rules.
func (s speaker) lineTotals(q checkout.Quote, l pricing.Line) []total {
	out := []total{s.total(typeSubtotal, s.label("subtotal"), l.Subtotal)}
	if l.Discount.Minor > 0 {
		out = append(out, s.taken(s.label("discount"), l.Discount))
	}
	if !q.TaxIncluded && l.Tax.Minor > 0 {
		out = append(out, s.total(typeTax, s.taxLabel("sales_tax", l.TaxRate), l.Tax))
	}
	return append(out, s.total(typeTotal, s.label("total"), l.Total))
}

// optionTotals says what an option costs, tax on top included.
func (s speaker) optionTotals(q checkout.Quote, o pricing.Option) []total {
	out := []total{s.total(typeFulfillment, o.Title, o.Price)}
	sum := o.Price
	if !q.TaxIncluded && o.Tax.Minor > 0 {
		out = append(out, s.total(typeTax, s.label("sales_tax"), o.Tax))
		sum.Minor += o.Tax.Minor // the quote's total, which holds both, has been checked for overflow
	}
	return append(out, s.total(typeTotal, s.label("total"), sum))
}

func (s speaker) shippingLabel(q pricing.Quote) string {
	i := slices.IndexFunc(q.Options, func(o pricing.Option) bool { return o.ID == q.Selected })
	if i < 0 {
		return s.label("shipping")
	}
	return s.label("shipping") + " (" + q.Options[i].Title + ")"
}

// taxLabel names a tax with its rate: "VAT 21 %".
func (s speaker) taxLabel(name string, rate int64) string {
	percent := strconv.FormatInt(rate/100, 10)
	if part := rate % 100; part != 0 {
		decimals := strconv.FormatInt(100+part, 10)[1:]
		if part%10 == 0 {
			decimals = decimals[:1]
		}
		separator := ","
		if s.language == "en" {
			separator = "."
		}
		percent += separator + decimals
	}
	return s.label(name) + " " + percent + "\u00a0%"
}
