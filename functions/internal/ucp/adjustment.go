package ucp

import (
	"slices"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// adjustment is what happened to an order apart from shipping (types/adjustment.json). RefundBy is ours: when the money of a
// withdrawal is due.
type adjustment struct {
	ID          string           `json:"id"`
	Type        string           `json:"type"`
	At          time.Time        `json:"occurred_at"`
	Status      string           `json:"status"`
	LineItems   []adjustmentLine `json:"line_items,omitempty"`
	Totals      []total          `json:"totals,omitempty"`
	Description string           `json:"description,omitempty"`
	RefundBy    *time.Time       `json:"refund_by,omitempty"`
}

type adjustmentLine struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity"`
}

// Types and states of adjustments.
const (
	adjustedRefund       = "refund"
	adjustedCancellation = "cancellation"
	adjustedWithdrawal   = "withdrawal"
	adjustedDispute      = "dispute"

	statusPending   = "pending"
	statusCompleted = "completed"
	statusFailed    = "failed"
)

// adjustments are an order's refunds, its cancellation, withdrawals and disputes, in the order in which they came.
func (s speaker) adjustments(x checkout.Session) []adjustment {
	o, out := x.Order, []adjustment{}
	for _, r := range o.Refunds {
		a := adjustment{
			ID: r.ID, Type: adjustedRefund, At: r.AskedAt.UTC(), Status: refundStatus(r.State), Totals: s.returned(r.Amount),
			Description: s.label(adjustedRefund),
		}
		for _, l := range r.Lines {
			a.LineItems = append(a.LineItems, adjustmentLine{l.LineID, -l.Quantity})
		}
		out = append(out, a)
	}
	for _, w := range o.Withdrawals {
		a := adjustment{
			ID: w.ID, Type: adjustedWithdrawal, At: w.At.UTC(), Status: withdrawalStatus(*o, w), Description: s.label("withdrawn"),
			RefundBy: timeOf(w.RefundBy),
		}
		for _, l := range w.Lines {
			a.LineItems = append(a.LineItems, adjustmentLine{l.LineID, -l.Quantity})
		}
		out = append(out, a)
	}
	if c := o.Cancellation; c != nil {
		a := adjustment{ID: o.ID + "_canceled", Type: adjustedCancellation, At: c.At.UTC(), Status: statusPending,
			Description: s.label(adjustedCancellation)}
		if c.Done {
			a.Status = statusCompleted
		}
		out = append(out, a)
	}
	for _, d := range o.Disputes {
		a := adjustment{ID: d.ID, Type: adjustedDispute, At: d.At.UTC(), Status: statusPending, Description: s.label(adjustedDispute)}
		switch d.State {
		case checkout.DisputeLost:
			a.Status, a.Totals = statusCompleted, s.returned(d.Amount)
		case checkout.DisputeWon:
			a.Status = statusFailed
		case checkout.DisputeOpen:
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b adjustment) int { return a.At.Compare(b.At) })
	return out
}

// returned is money that went back to the shopper: a total below zero.
func (s speaker) returned(m money.Money) []total {
	return []total{s.taken(typeTotal, s.label("total"), m)}
}

func refundStatus(state checkout.RefundState) string {
	switch state {
	case checkout.RefundDone:
		return statusCompleted
	case checkout.RefundFailed:
		return statusFailed
	case checkout.RefundRequested, checkout.RefundPending:
	}
	return statusPending
}

// withdrawalStatus is pending until a refund has answered the withdrawal.
func withdrawalStatus(o checkout.Order, w checkout.Withdrawal) string {
	for _, r := range o.Refunds {
		if r.Of == w.ID && (r.State == checkout.RefundDone || r.State == checkout.RefundPending) {
			return statusCompleted
		}
	}
	return statusPending
}

// fulfillmentEvent is goods that were handed over (types/fulfillment_event.json).
type fulfillmentEvent struct {
	ID             string            `json:"id"`
	At             time.Time         `json:"occurred_at"`
	Type           string            `json:"type"`
	LineItems      []expectationLine `json:"line_items"`
	TrackingNumber string            `json:"tracking_number,omitempty"`
	TrackingURL    string            `json:"tracking_url,omitempty"`
	Carrier        string            `json:"carrier,omitempty"`
}

func fulfillmentEvents(o checkout.Order) []fulfillmentEvent {
	out := []fulfillmentEvent{}
	for _, f := range o.Fulfillments {
		e := fulfillmentEvent{
			ID: f.ID, At: f.At.UTC(), Type: "shipped", TrackingNumber: f.TrackingNumber, TrackingURL: f.TrackingURL, Carrier: f.Carrier,
		}
		for _, l := range f.Lines {
			e.LineItems = append(e.LineItems, expectationLine{l.LineID, l.Quantity})
		}
		out = append(out, e)
	}
	return out
}

// orderQuantities are how far a line has come, and what UCP makes of that.
func orderQuantities(p checkout.Progress) (orderQuantity, string) {
	q := orderQuantity{Original: p.Original, Total: p.Total, Fulfilled: p.Fulfilled}
	switch {
	case p.Total == 0:
		return q, "removed"
	case p.Fulfilled >= p.Total:
		return q, "fulfilled"
	case p.Fulfilled > 0:
		return q, "partial"
	}
	return q, "processing"
}
