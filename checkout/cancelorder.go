package checkout

import (
	"context"
	"slices"
	"time"

	"kassa/payments/money"
)

// Cancel cancels an order of which nothing was shipped: its money goes back, or is released, and with that the order is canceled
// and its stock on the shelf again. CodeMissingKey, CodeKeyReused, CodeNotFound, CodeNotCancelable, CodeDisputed.
func (o *Orders) Cancel(ctx context.Context, in CancelOrderInput) (SessionView, error) {
	now := o.now()
	if len(in.Reason) > maxReason {
		return SessionView{}, invalid("$.reason", "is too long")
	}
	s, replayed, err := o.do(ctx, now, in.Request, in.OrderID, func(s Session) (Commit, error) {
		order := *s.Order
		switch {
		case order.Cancellation != nil:
			return Commit{}, refused(CodeNotCancelable, "the order was canceled already")
		case len(order.Fulfillments) > 0:
			return Commit{}, refused(CodeNotCancelable, "something was shipped: refund what comes back")
		case order.Disputed():
			return Commit{}, refused(CodeDisputed, "the shopper's bank decides about this payment")
		case order.capturing():
			return Commit{}, refused(CodeNotCancelable, "its money is being captured: try again")
		case slices.ContainsFunc(order.Refunds, func(r Refund) bool { return r.State == RefundRequested }):
			return Commit{}, refused(CodeNotCancelable, "a refund is being made, and might yet be refused: try again")
		}
		order.Cancellation = &Cancellation{Mark: orderMark(in.Request), Reason: in.Reason, At: now}
		left := order.Refundable()
		if left.Minor > 0 {
			r := Refund{
				ID: derive("rf_", order.ID, in.Key), Mark: orderMark(in.Request), Amount: left, Shipping: money.Zero(left.Currency),
				Cause: CauseCanceled, Reason: "requested_by_customer", State: RefundRequested, AskedAt: now, At: now,
			}
			order.Cancellation.Refund = r.ID
			order = order.withRefund(r)
		}
		s.Order = &order
		if left.Minor > 0 || order.Authorized {
			return Commit{Session: s}, nil
		}
		return o.canceled(now, s), nil // there is no money to return
	})
	if err != nil {
		return SessionView{}, err
	}
	return o.finished(ctx, now, s, replayed), nil
}

const maxReason = 500 // characters that people may say why

// canceled is the commit that ends an order whose money is on its way back: what was not shipped goes back to the shelf,
// and limited discounts can be used by somebody else.
func (st settler) canceled(now time.Time, s Session) Commit {
	var lines []RefundLine
	for _, l := range s.unshipped() {
		lines = append(lines, RefundLine{LineID: l.LineID, Quantity: l.Quantity, Restock: true})
	}
	order := *s.Order
	c := *order.Cancellation
	c.Done, c.At = true, now
	order.Cancellation, order.Authorized = &c, false
	s.Order = &order
	if s.Review == reviewCaptureDue {
		s.Review = ""
	}
	s, stock := restocked(s, lines)
	back := givenBack(s)
	s.Redeemed = nil
	return Commit{Session: notifyOf(s, NoticeOrderCanceled, "", now), Stock: stock, Redemptions: back}
}

// restocked takes what goes back to the shelf out of what the session holds, which for an order is what was sold.
func restocked(s Session, lines []RefundLine) (Session, []StockChange) {
	sku := map[string]string{}
	for _, l := range s.Quote.Lines {
		sku[l.LineID] = l.SKU
	}
	back := map[string]int64{}
	for _, l := range lines {
		if l.Restock {
			back[sku[l.LineID]] += l.Quantity
		}
	}
	var holds []Hold
	var stock []StockChange
	for _, h := range s.Holds {
		n := min(back[h.SKU], h.Quantity)
		if n > 0 {
			stock = append(stock, StockChange{SKU: h.SKU, Delta: n})
		}
		if h.Quantity -= n; h.Quantity > 0 {
			holds = append(holds, h)
		}
	}
	s.Holds = holds
	return s, stock
}
