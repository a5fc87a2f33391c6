package merchant

import (
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// ExportedOrder is what was ordered, and all that happened to it since. The secret of its page is left out: it opens the page to whoever
// has it.
type ExportedOrder struct {
	ID             string                `json:"id"`
	PlacedAt       time.Time             `json:"placed_at"`
	Amount         money.Money           `json:"amount"`
	PaymentID      string                `json:"payment_id,omitempty"`
	Terms          string                `json:"terms_version"`
	Returns        string                `json:"returns_version"`
	WithdrawalDays int                   `json:"withdrawal_days"`
	Authorized     bool                  `json:"authorized"` // the money is held, not taken
	CaptureBefore  time.Time             `json:"capture_before,omitzero"`
	Capture        *ExportedCapture      `json:"capture,omitempty"`
	Lapsed         time.Time             `json:"lapsed_at,omitzero"` // nothing is held any more
	Fulfillments   []ExportedFulfillment `json:"fulfillments"`
	Withdrawals    []ExportedWithdrawal  `json:"withdrawals"`
	Refunds        []ExportedRefund      `json:"refunds"`
	Disputes       []ExportedDispute     `json:"disputes"`
	Suspected      time.Time             `json:"suspected_at,omitzero"` // the card's bank warned of fraud
	Cancellation   *ExportedCancellation `json:"cancellation,omitempty"`
}

// ExportedCapture took money that was held, or is to.
type ExportedCapture struct {
	Amount money.Money `json:"amount"`
	Taken  money.Money `json:"taken,omitzero"`
	At     time.Time   `json:"at"`
	Done   bool        `json:"done"`
}

// ExportedQuantity is so many of a line.
type ExportedQuantity struct {
	LineID   string `json:"id"`
	Quantity int64  `json:"quantity"`
}

// ExportedFulfillment is goods handed over.
type ExportedFulfillment struct {
	ID             string             `json:"id"`
	At             time.Time          `json:"at"`
	Lines          []ExportedQuantity `json:"line_items"`
	Carrier        string             `json:"carrier,omitempty"`
	TrackingNumber string             `json:"tracking_number,omitempty"`
	TrackingURL    string             `json:"tracking_url,omitempty"`
}

// ExportedWithdrawal is a notice of withdrawal.
type ExportedWithdrawal struct {
	ID       string             `json:"id"`
	At       time.Time          `json:"at"`
	RefundBy time.Time          `json:"refund_by"`
	Lines    []ExportedQuantity `json:"line_items"`
	Reason   string             `json:"reason,omitempty"`
	Merchant bool               `json:"noted_by_merchant"`
}

// ExportedRefund is money on its way back.
type ExportedRefund struct {
	ID         string               `json:"id"`
	At         time.Time            `json:"at"` // when State last changed
	AskedAt    time.Time            `json:"asked_at,omitzero"`
	Amount     money.Money          `json:"amount"`
	Shipping   money.Money          `json:"shipping,omitzero"` // of it
	Lines      []ExportedRefundLine `json:"line_items"`
	State      checkout.RefundState `json:"state"`
	Reason     string               `json:"reason,omitempty"`
	Cause      string               `json:"cause,omitempty"`
	Withdrawal string               `json:"withdrawal_id,omitempty"`
	Provider   string               `json:"provider_id,omitempty"`
}

// ExportedRefundLine is what of a line is refunded.
type ExportedRefundLine struct {
	LineID    string      `json:"id"`
	Quantity  int64       `json:"quantity"`
	Amount    money.Money `json:"amount"`
	Unshipped int64       `json:"unshipped,omitempty"` // of Quantity
}

// ExportedDispute is a complaint to the shopper's bank.
type ExportedDispute struct {
	ID     string                `json:"id"`
	Amount money.Money           `json:"amount"`
	Reason string                `json:"reason,omitempty"`
	State  checkout.DisputeState `json:"state"`
	At     time.Time             `json:"at"`
}

// ExportedCancellation ended the order, or is to.
type ExportedCancellation struct {
	Reason string    `json:"reason,omitempty"`
	Refund string    `json:"refund_id,omitempty"`
	At     time.Time `json:"at"`
	Done   bool      `json:"done"`
}

func orderOf(o *checkout.Order) *ExportedOrder {
	if o == nil {
		return nil
	}
	out := &ExportedOrder{
		ID: o.ID, PlacedAt: o.PlacedAt, Amount: o.Amount, PaymentID: o.IntentID, Terms: o.Terms, Returns: o.Returns,
		WithdrawalDays: o.WithdrawalDays, Authorized: o.Authorized, CaptureBefore: o.CaptureBefore, Lapsed: o.Lapsed,
		Fulfillments: each(o.Fulfillments, fulfillmentOf), Withdrawals: each(o.Withdrawals, withdrawalOf), Refunds: each(o.Refunds, refundOf),
		Disputes:  each(o.Disputes, func(d checkout.Dispute) ExportedDispute { return ExportedDispute(d) }),
		Suspected: o.Suspected,
	}
	if c := o.Capture; c != nil {
		out.Capture = &ExportedCapture{c.Amount, c.Taken, c.At, c.Done}
	}
	if c := o.Cancellation; c != nil {
		out.Cancellation = &ExportedCancellation{c.Reason, c.Refund, c.At, c.Done}
	}
	return out
}

func quantityOf(l checkout.LineQuantity) ExportedQuantity { return ExportedQuantity(l) }

func fulfillmentOf(f checkout.Fulfillment) ExportedFulfillment {
	return ExportedFulfillment{f.ID, f.At, each(f.Lines, quantityOf), f.Carrier, f.TrackingNumber, f.TrackingURL}
}

func withdrawalOf(w checkout.Withdrawal) ExportedWithdrawal {
	return ExportedWithdrawal{w.ID, w.At, w.RefundBy, each(w.Lines, quantityOf), w.Reason, w.Merchant}
}

func refundOf(r checkout.Refund) ExportedRefund {
	lines := each(r.Lines, func(l checkout.RefundLine) ExportedRefundLine {
		return ExportedRefundLine{l.LineID, l.Quantity, l.Amount, l.Unshipped}
	})
	return ExportedRefund{r.ID, r.At, r.AskedAt, r.Amount, r.Shipping, lines, r.State, r.Reason, r.Cause, r.Of, r.Provider}
}
