package checkout

import (
	"context"
	"slices"
	"strconv"
	"time"

	"kassa/payments/money"
)

// Refund gives money of an order back, once for each key. The answer has the refund as it then stands: done or pending once the
// provider has taken it, requested while its answer is not known, failed if the provider refused it. CodeMissingKey, CodeKeyReused,
// CodeNotFound, CodeInvalid, CodeNotRefundable, CodeDisputed.
func (o *Orders) Refund(ctx context.Context, in RefundInput) (SessionView, error) {
	now := o.now()
	s, replayed, err := o.do(ctx, now, in.Request, in.OrderID, func(s Session) (Commit, error) {
		r, err := refundOf(now, s, in)
		if err != nil {
			return Commit{}, err
		}
		order := s.Order.withRefund(r)
		s.Order = &order
		return Commit{Session: s}, nil
	})
	if err != nil {
		return SessionView{}, err
	}
	return o.finished(ctx, now, s, replayed), nil
}

// refundOf makes the refund that is asked for, or says why it can't be. Here is kept that never more goes back than was taken.
func refundOf(now time.Time, s Session, in RefundInput) (Refund, error) {
	order := *s.Order
	zero := money.Zero(order.Amount.Currency)
	r := Refund{
		ID: derive("rf_", order.ID, in.Key), Mark: orderMark(in.Request), Amount: zero, Shipping: zero, Reason: in.Reason,
		Of: in.Withdrawal, State: RefundRequested, AskedAt: now, At: now,
	}
	switch {
	case !slices.Contains([]string{"", "requested_by_customer", "duplicate", "fraudulent"}, in.Reason):
		return Refund{}, invalid("$.reason", "expected requested_by_customer, duplicate or fraudulent")
	case in.Withdrawal != "" && !slices.ContainsFunc(order.Withdrawals, func(w Withdrawal) bool { return w.ID == in.Withdrawal }):
		return Refund{}, invalid("$.withdrawal_id", "the order has no such withdrawal")
	case in.Withdrawal != "":
		r.Cause = CauseWithdrawn
	}
	if err := refundable(order); err != nil {
		return Refund{}, err
	}
	if err := r.fill(s, in); err != nil {
		return Refund{}, err
	}
	switch left := order.Refundable(); {
	case r.Amount.Minor <= 0:
		return Refund{}, refused(CodeNotRefundable, "there is nothing to refund")
	case r.Amount.Minor > left.Minor:
		return Refund{}, refused(CodeNotRefundable, "%d is more than the %d %s that are left to refund", r.Amount.Minor, left.Minor,
			left.Currency)
	}
	return r, nil
}

// Causes of refunds.
const (
	CauseCanceled  = "canceled"
	CauseWithdrawn = "withdrawn"
	CauseElsewhere = "elsewhere" // made at the provider's dashboard, by a person
)

func refundable(o Order) error {
	switch {
	case o.Disputed():
		return refused(CodeDisputed, "the shopper's bank decides about this payment: a refund would be a second one")
	case o.Authorized:
		return refused(CodeNotRefundable, "the money is only held: capture less of it, or cancel the order")
	case o.Cancellation != nil && !o.Cancellation.Done:
		return refused(CodeNotRefundable, "the order is being canceled, with all of its money")
	}
	return nil
}

// fill says what of the order is refunded, and how much that is.
func (r *Refund) fill(s Session, in RefundInput) error {
	ways := 0
	for _, given := range []bool{in.All, in.Amount != nil, len(in.Lines) > 0 || in.Shipping} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return invalid("$", "say how much in one way: all, amount, or line_items and shipping")
	}
	switch {
	case in.Amount != nil:
		if in.Amount.Currency != s.Order.Amount.Currency {
			return invalid("$.amount", "the order is in "+string(s.Order.Amount.Currency))
		}
		if err := chargeable(*in.Amount); err != nil {
			return err
		}
		r.Amount = *in.Amount
		return nil
	case in.All:
		for _, l := range s.Quote.Lines {
			if left := l.Quantity - s.Progress(l.LineID).Refunded; left > 0 {
				in.Lines = append(in.Lines, RefundLineInput{LineID: l.LineID, Quantity: left, Restock: in.Restock})
			}
		}
		in.Shipping = true
	}
	seen := map[string]bool{}
	for i, asked := range in.Lines {
		line, err := refundLine(s, asked)
		if err != nil || seen[asked.LineID] {
			path := "$.line_items[" + strconv.Itoa(i) + "]"
			if err == nil {
				return invalid(path+".id", "this line stands here already")
			}
			return invalid(path, err.Error())
		}
		seen[asked.LineID] = true
		r.Lines = append(r.Lines, line)
		r.Amount.Minor += line.Amount.Minor
	}
	if in.Shipping {
		r.Shipping = shippingLeft(s)
		r.Amount.Minor += r.Shipping.Minor
	}
	if in.All {
		r.Amount = s.Order.Refundable() // amounts that were refunded before belong to no line
	}
	return nil
}

// chargeable refuses an amount that the provider can't move. CodeInvalid.
func chargeable(m money.Money) error {
	if step := m.Currency.Step(); m.Minor%step != 0 {
		return invalid("$.amount", "must be a multiple of "+strconv.FormatInt(step, 10)+", as charges in "+string(m.Currency)+" are")
	}
	return nil
}

// refundLine is so many of a line at what they cost. Shares are counted from the line's first unit on, so that refunding it one by
// one gives back what refunding it at once does, to the cent.
func refundLine(s Session, asked RefundLineInput) (RefundLine, error) {
	i := slices.IndexFunc(s.Quote.Lines, func(l quoteLine) bool { return l.LineID == asked.LineID })
	if i < 0 {
		return RefundLine{}, refused(CodeInvalid, "the order has no such line")
	}
	line, p := s.Quote.Lines[i], s.Progress(asked.LineID)
	if asked.Quantity < 1 || asked.Quantity > p.Original-p.Refunded {
		return RefundLine{}, refused(CodeInvalid, "%d of this line can be refunded", p.Original-p.Refunded)
	}
	step := line.Total.Currency.Step()
	before, err := line.Total.ShareInSteps(p.Refunded, line.Quantity, step)
	if err != nil {
		return RefundLine{}, err
	}
	after, err := line.Total.ShareInSteps(p.Refunded+asked.Quantity, line.Quantity, step)
	if err != nil {
		return RefundLine{}, err
	}
	return RefundLine{
		LineID: asked.LineID, Quantity: asked.Quantity, Amount: money.New(after.Minor-before.Minor, line.Total.Currency),
		Unshipped: min(asked.Quantity, max(p.Total-p.Fulfilled, 0)), Restock: asked.Restock,
	}, nil
}

// shippingLeft is what shipping cost, tax and all: what of the total is no line's; less what was refunded of it.
func shippingLeft(s Session) money.Money {
	left := s.Quote.Total
	for _, l := range s.Quote.Lines {
		left.Minor -= l.Total.Minor
	}
	for _, r := range s.Order.Refunds {
		if r.State != RefundFailed {
			left.Minor -= r.Shipping.Minor
		}
	}
	left.Minor = max(left.Minor, 0)
	return left
}
