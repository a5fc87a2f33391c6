package ucp

import (
	"time"

	"kassa/checkout"
)

// order is UCP's. PlacedAt, Authorized and what was agreed (terms, returns, withdrawal) are ours.
type order struct {
	UCP         meta             `json:"ucp"`
	ID          string           `json:"id"`
	CheckoutID  string           `json:"checkout_id"`
	Permalink   string           `json:"permalink_url"`
	PlacedAt    *time.Time       `json:"placed_at"`
	Authorized  bool             `json:"authorized,omitempty"` // the money is held, not taken yet
	Buyer       *buyer           `json:"buyer,omitempty"`
	LineItems   []orderLine      `json:"line_items"`
	Fulfillment orderFulfillment `json:"fulfillment"`
	Adjustments []adjustment     `json:"adjustments"`
	Currency    string           `json:"currency"`
	Totals      []total          `json:"totals"`
	Discounts   discounts        `json:"discounts"` // ours: codes, and what was taken off for which reason
	Messages    []message        `json:"messages"`
	Links       []link           `json:"links"`
	Terms       string           `json:"terms_version"`
	Returns     string           `json:"returns_version"`
	Withdrawal  *withdrawal      `json:"withdrawal,omitempty"`
}

type orderLine struct {
	ID       string        `json:"id"`
	Item     item          `json:"item"`
	Quantity orderQuantity `json:"quantity"`
	Totals   []total       `json:"totals"`
	Status   string        `json:"status"`
}

type orderQuantity struct {
	Original  int64 `json:"original"`
	Total     int64 `json:"total"`
	Fulfilled int64 `json:"fulfilled"`
}

type orderFulfillment struct {
	Expectations []expectation      `json:"expectations"`
	Events       []fulfillmentEvent `json:"events"`
}

type expectation struct {
	ID          string            `json:"id"`
	LineItems   []expectationLine `json:"line_items"`
	MethodType  string            `json:"method_type"`
	Destination address           `json:"destination"`
	Description string            `json:"description,omitempty"`
}

type expectationLine struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity"`
}

// Order returns what an order looks like in a language. Its session is completed.
func (w *Wire) Order(language string, v checkout.SessionView) any {
	s, x := speaker{language}, v.Session
	out := order{
		UCP: success(nameOrder), ID: x.Order.ID, CheckoutID: x.ID, Permalink: w.shop.OrderPage(*x.Order),
		PlacedAt: timeOf(x.Order.PlacedAt), Authorized: x.Order.Authorized, Buyer: buyerFrom(x.Buyer),
		LineItems: make([]orderLine, 0, len(x.Quote.Lines)), Adjustments: s.adjustments(x), Currency: string(x.Quote.Currency),
		Fulfillment: orderFulfillment{Expectations: []expectation{w.expectation(s, x)}, Events: fulfillmentEvents(*x.Order)},
		Totals:      s.totals(x.Quote), Discounts: s.discounts(x.Codes, x.Quote), Messages: s.messages(v.Messages), Links: w.links(),
		Terms:   x.Order.Terms,
		Returns: x.Order.Returns, Withdrawal: w.withdrawal(s, x.Order.WithdrawalDays),
	}
	for _, l := range x.Quote.Lines {
		quantity, status := orderQuantities(x.Progress(l.LineID))
		out.LineItems = append(out.LineItems, orderLine{
			ID: l.LineID, Item: s.item(l), Quantity: quantity, Totals: s.lineTotals(x.Quote, l), Status: status,
		})
	}
	return out
}

// expectation is when the shopper may expect the goods: one parcel, or at once where there is nothing to ship.
func (w *Wire) expectation(s speaker, x checkout.Session) expectation {
	e := expectation{ID: groupID, LineItems: make([]expectationLine, 0, len(x.Quote.Lines)), MethodType: "digital"}
	for _, l := range x.Quote.Lines {
		e.LineItems = append(e.LineItems, expectationLine{l.LineID, l.Quantity})
	}
	if !x.Ships {
		return e
	}
	e.MethodType = typeShipping
	if x.Destination != nil {
		e.Destination = addressFrom(*x.Destination)
	}
	for _, o := range x.Quote.Options {
		if o.ID != x.Quote.Selected {
			continue
		}
		if e.Description = o.Title + ", " + s.window(o); o.Pickup != "" {
			at, _ := w.location(o.Pickup)
			e.MethodType, e.Destination = typePickup, storeAddress(at)
		}
	}
	return e
}
