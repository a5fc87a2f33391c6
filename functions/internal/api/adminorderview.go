package api

import (
	"time"

	"kassa/checkout"
	"kassa/functions/internal/edge"
)

// orderDetails is what the merchant sees of an order beside what the shopper does.
type orderDetails struct {
	State         string            `json:"state"`
	Version       int64             `json:"version"`
	Refundable    int64             `json:"refundable"`
	Authorized    bool              `json:"authorized"`
	CaptureBefore time.Time         `json:"capture_before,omitzero"`
	Review        string            `json:"review,omitempty"`
	Customer      string            `json:"customer,omitempty"`
	Destination   *destinationBody  `json:"destination,omitempty"`
	Lines         []progressBody    `json:"lines"`
	Fulfillments  []fulfillmentBody `json:"fulfillments"`
	Refunds       []refundBody      `json:"refunds"`
	Withdrawals   []withdrawalBody  `json:"withdrawals"`
	Disputes      []disputeBody     `json:"disputes"`
}

type destinationBody struct {
	FirstName  string `json:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty"`
	Phone      string `json:"phone_number,omitempty"`
	Street     string `json:"street_address,omitempty"`
	Extended   string `json:"extended_address,omitempty"`
	City       string `json:"address_locality,omitempty"`
	Region     string `json:"address_region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"address_country,omitempty"`
}

// progressBody is how far a line has come.
type progressBody struct {
	ID        string `json:"id"`
	SKU       string `json:"sku"`
	Ordered   int64  `json:"ordered"`
	Fulfilled int64  `json:"fulfilled"`
	Refunded  int64  `json:"refunded"`
	Withdrawn int64  `json:"withdrawn"`
}

type fulfillmentBody struct {
	ID             string         `json:"id"`
	At             time.Time      `json:"at"`
	LineItems      []lineQuantity `json:"line_items"`
	Carrier        string         `json:"carrier,omitempty"`
	TrackingNumber string         `json:"tracking_number,omitempty"`
	TrackingURL    string         `json:"tracking_url,omitempty"`
}

type refundBody struct {
	ID       string               `json:"id"`
	At       time.Time            `json:"at"`
	Amount   int64                `json:"amount"`
	State    checkout.RefundState `json:"state"`
	Reason   string               `json:"reason,omitempty"`
	Cause    string               `json:"cause,omitempty"`
	Provider string               `json:"provider_id,omitempty"`
}

type withdrawalBody struct {
	ID        string         `json:"id"`
	At        time.Time      `json:"at"`
	RefundBy  time.Time      `json:"refund_by"`
	LineItems []lineQuantity `json:"line_items"`
	Reason    string         `json:"reason,omitempty"`
	Merchant  bool           `json:"noted_by_merchant"`
}

type disputeBody struct {
	ID     string                `json:"id"`
	At     time.Time             `json:"at"`
	Amount int64                 `json:"amount"`
	State  checkout.DisputeState `json:"state"`
	Reason string                `json:"reason,omitempty"`
}

func (a adminRoutes) orderAnswer(r *edge.Request, v checkout.SessionView, err error) (edge.Answer, error) {
	if err != nil {
		return edge.Answer{}, err
	}
	body := struct {
		Order    any          `json:"order"`
		Merchant orderDetails `json:"merchant"`
	}{a.Edge.Wire.Order(a.Edge.Wire.Language(r.Language), v), detailsOf(v.Session)}
	return edge.Answer{Body: body, Version: v.Session.Version, Replayed: v.Replayed}, nil
}

func detailsOf(s checkout.Session) orderDetails {
	o := *s.Order
	out := orderDetails{
		State: stateOf(s), Version: s.Version, Refundable: o.Refundable().Minor, Authorized: o.Authorized, CaptureBefore: o.CaptureBefore,
		Review: s.Review, Customer: s.Customer, Lines: []progressBody{}, Fulfillments: []fulfillmentBody{}, Refunds: []refundBody{},
		Withdrawals: []withdrawalBody{}, Disputes: []disputeBody{},
	}
	if d := s.Destination; d != nil {
		out.Destination = &destinationBody{d.FirstName, d.LastName, d.Phone, d.Street, d.Extended, d.City, d.Region, d.PostalCode,
			d.Country}
	}
	for _, l := range s.Quote.Lines {
		p := s.Progress(l.LineID)
		out.Lines = append(out.Lines, progressBody{l.LineID, l.SKU, p.Original, p.Fulfilled, p.Refunded, p.Withdrawn})
	}
	for _, f := range o.Fulfillments {
		out.Fulfillments = append(out.Fulfillments,
			fulfillmentBody{f.ID, f.At, bodiesOf(f.Lines), f.Carrier, f.TrackingNumber, f.TrackingURL})
	}
	for _, r := range o.Refunds {
		out.Refunds = append(out.Refunds, refundBody{r.ID, r.At, r.Amount.Minor, r.State, r.Reason, r.Cause, r.Provider})
	}
	for _, w := range o.Withdrawals {
		out.Withdrawals = append(out.Withdrawals, withdrawalBody{w.ID, w.At, w.RefundBy, bodiesOf(w.Lines), w.Reason, w.Merchant})
	}
	for _, d := range o.Disputes {
		out.Disputes = append(out.Disputes, disputeBody{d.ID, d.At, d.Amount.Minor, d.State, d.Reason})
	}
	return out
}

func bodiesOf(of []checkout.LineQuantity) []lineQuantity {
	out := []lineQuantity{}
	for _, l := range of {
		out = append(out, lineQuantity{l.LineID, l.Quantity})
	}
	return out
}
