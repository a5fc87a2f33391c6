package checkout

import (
	"context"
	"time"
)

// refundDays is how soon after a withdrawal the money is due (Directive 2011/83/EU art. 13 (1)).
const refundDays = 14

// Withdraw notes that the shopper withdraws from an order, or a part. It is a request: the order stays, and the merchant refunds. Who
// may ask is whoever may see the order, within the period; the merchant may note down one that came another way, at any
// time. What is digital and was handed over can't be withdrawn from (art. 16 (m)). CodeMissingKey, CodeKeyReused, CodeNotFound,
// CodeInvalid, CodeNotWithdrawable.
func (o *Orders) Withdraw(ctx context.Context, in WithdrawInput) (SessionView, error) {
	now := o.now()
	if err := in.requireKey(); err != nil && !in.Merchant {
		return SessionView{}, err
	}
	if len(in.Reason) > maxReason {
		return SessionView{}, invalid("$.reason", "is too long")
	}
	digital, err := o.digital(ctx, in.OrderID)
	if err != nil {
		return SessionView{}, err
	}
	s, replayed, err := o.do(ctx, now, in.Request, in.OrderID, func(s Session) (Commit, error) {
		if !in.Merchant && !o.tokens.Access(in.Caller, s.CartID).Allows(s.Customer, s.Epoch) {
			return Commit{}, &Error{Code: CodeNotFound, Message: "no order " + in.OrderID}
		}
		w, err := o.withdrawalOf(now, s, in, digital)
		if err != nil {
			return Commit{}, err
		}
		order := *s.Order
		order.Withdrawals = append(order.Withdrawals[:len(order.Withdrawals):len(order.Withdrawals)], w)
		s.Order = &order
		return Commit{Session: notifyOf(s, NoticeOrderWithdrawn, w.ID, now)}, nil
	})
	if err == nil && replayed && !in.Merchant && !o.tokens.Access(in.Caller, s.CartID).Allows(s.Customer, s.Epoch) {
		return SessionView{}, &Error{Code: CodeNotFound, Message: "no order " + in.OrderID}
	}
	return SessionView{Session: s, Messages: s.Messages, Replayed: replayed}, err
}

func (o *Orders) withdrawalOf(now time.Time, s Session, in WithdrawInput, digital map[string]bool) (Withdrawal, error) {
	order := *s.Order
	until, some := o.WithdrawUntil(s)
	switch {
	case order.Cancellation != nil:
		return Withdrawal{}, refused(CodeNotWithdrawable, "the order was canceled")
	case in.Merchant:
	case !some:
		return Withdrawal{}, refused(CodeNotWithdrawable, "orders of this country can't be withdrawn from")
	case !until.IsZero() && now.After(until):
		return Withdrawal{}, refused(CodeNotWithdrawable, "the period ended at %s", until.Format(time.RFC3339))
	}
	left := func(lineID string) int64 {
		p := s.Progress(lineID)
		n := p.Original - max(p.Refunded, p.Withdrawn)
		if digital[lineID] {
			n -= p.Fulfilled
		}
		return max(n, 0)
	}
	w := Withdrawal{
		ID: derive("wd_", order.ID, in.Key), Mark: orderMark(in.Request), Lines: in.Lines, Reason: in.Reason, Merchant: in.Merchant,
		At: now, RefundBy: now.AddDate(0, 0, refundDays),
	}
	if len(w.Lines) > 0 {
		return w, within(w.Lines, left, "can be withdrawn from")
	}
	for _, l := range s.Quote.Lines {
		if n := left(l.LineID); n > 0 {
			w.Lines = append(w.Lines, LineQuantity{l.LineID, n})
		}
	}
	if len(w.Lines) == 0 {
		return Withdrawal{}, refused(CodeNotWithdrawable, "there is nothing left to withdraw from")
	}
	return w, nil
}

// WithdrawUntil returns the end of the period in which the shopper can withdraw from an order, as was told when it was placed or as the
// country's return_days grants by now, whichever is longer; zero while it has not begun, since not all has been shipped; false if there
// is none. It begins when the last of the goods is received (art. 9 (2) (b)), which nobody
// tells us: the day the carrier had it, or the last day that was promised, whichever is later. It ends with its last day, wherever on
// Earth the shopper is.
func (st settler) WithdrawUntil(s Session) (until time.Time, some bool) {
	days := max(s.Order.WithdrawalDays, st.shop.Countries[countryOf(s)].ReturnDays)
	if days == 0 {
		return time.Time{}, false
	}
	if len(s.unshipped()) > 0 {
		return time.Time{}, true
	}
	received := s.Order.PlacedAt
	for _, f := range s.Order.Fulfillments {
		received = maxTime(received, f.At)
	}
	for _, option := range s.Quote.Options {
		if option.ID == s.Quote.Selected {
			received = maxTime(received, option.Latest)
		}
	}
	day := received.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, days+1).Add(12 * time.Hour), true
}

// digital are the lines of an order whose product is digital, as far as the catalogue still knows it.
func (o *Orders) digital(ctx context.Context, orderID string) (map[string]bool, error) {
	s, err := o.read(ctx, orderID)
	if err != nil || o.catalog == nil {
		return nil, err
	}
	products, err := o.catalog.Products(ctx, skusOf(linesOf(s.Quote)))
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, l := range s.Quote.Lines {
		out[l.LineID] = products[l.SKU].Digital
	}
	return out, nil
}
