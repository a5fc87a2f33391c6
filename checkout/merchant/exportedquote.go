package merchant

import (
	"slices"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// ExportedQuote is what was bought or was to be, for how much, and why.
type ExportedQuote struct {
	Lines         []ExportedLine     `json:"line_items"`
	Subtotal      money.Money        `json:"subtotal"`
	Discount      money.Money        `json:"discount,omitzero"`
	Discounts     []ExportedDiscount `json:"discounts,omitempty"` // they sum to it
	Refused       []ExportedRefusal  `json:"refused_codes,omitempty"`
	Shipping      money.Money        `json:"shipping,omitzero"`
	Delivery      *ExportedDelivery  `json:"delivery,omitempty"`
	Tax           money.Money        `json:"tax,omitzero"`          // on top of prices
	IncludedTax   money.Money        `json:"included_tax,omitzero"` // inside them
	ReverseCharge bool               `json:"reverse_charge,omitempty"`
	Total         money.Money        `json:"total"`
	Estimated     bool               `json:"estimated,omitempty"` // shipping and tax were still to come
	PricedAt      time.Time          `json:"priced_at,omitzero"`
}

// ExportedLine is so many of a product.
type ExportedLine struct {
	ID       string      `json:"id"`
	SKU      string      `json:"sku"`
	Title    string      `json:"title"`
	Quantity int64       `json:"quantity"`
	Unit     money.Money `json:"unit_price"`
	Discount money.Money `json:"discount,omitzero"`
	Tax      money.Money `json:"tax,omitzero"` // on top, or inside
	Total    money.Money `json:"total"`
}

// ExportedDiscount is what was taken off.
type ExportedDiscount struct {
	Title      string      `json:"title"`
	Code       string      `json:"code,omitempty"`
	Amount     money.Money `json:"amount"`
	FirstOrder bool        `json:"first_order,omitempty"` // it is for somebody's first order only
}

// ExportedRefusal is a code that gave nothing, and why.
type ExportedRefusal struct {
	Code    string         `json:"code"`
	Reason  pricing.Reason `json:"reason"`
	Minimum money.Money    `json:"minimum,omitzero"` // that the goods had to be worth
}

// ExportedDelivery is how the goods come.
type ExportedDelivery struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Carrier  string    `json:"carrier,omitempty"`
	Location string    `json:"location_id,omitempty"` // where they are collected
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
}

func quoteOf(q checkout.Quote) ExportedQuote {
	out := ExportedQuote{
		Lines: each(q.Lines, lineOf), Subtotal: q.Subtotal, Discount: q.Discount, Discounts: each(q.Applied, discountOf),
		Refused: each(q.Refused, refusalOf), Shipping: q.Shipping, Tax: q.Tax, IncludedTax: q.IncludedTax, ReverseCharge: q.ReverseCharge,
		Total: q.Total, Estimated: q.Estimated, PricedAt: q.PricedAt,
	}
	if i := slices.IndexFunc(q.Options, func(o pricing.Option) bool { return o.ID == q.Selected }); i >= 0 {
		o := q.Options[i]
		out.Delivery = &ExportedDelivery{o.ID, o.Title, o.Carrier, o.Pickup, o.Earliest, o.Latest}
	}
	return out
}

func lineOf(l pricing.Line) ExportedLine {
	return ExportedLine{l.LineID, l.SKU, l.Title, l.Quantity, l.Unit, l.Discount, l.Tax, l.Total}
}

func discountOf(a pricing.AppliedDiscount) ExportedDiscount {
	return ExportedDiscount{a.Title, a.Code, a.Amount, a.FirstOrder}
}

func refusalOf(r pricing.RefusedCode) ExportedRefusal {
	return ExportedRefusal{r.Code, r.Reason, r.Minimum}
}
