package statistics

import (
	"slices"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
)

// netOf is what a shop has of an order by now: what was taken or is held, less what went back.
func netOf(o checkout.Order) money.Money {
	net := kept(o)
	for _, r := range o.Refunds {
		if wentBack(r) {
			net.Minor -= r.Amount.Minor
		}
	}
	for _, d := range o.Disputes {
		if d.State == checkout.DisputeLost {
			net.Minor -= d.Amount.Minor
		}
	}
	net.Minor = max(net.Minor, 0)
	return net
}

// kept is what was taken or is held, before anything went back.
func kept(o checkout.Order) money.Money {
	switch {
	case o.Capture != nil && o.Capture.Done:
		return o.Capture.Taken
	case !o.Lapsed.IsZero(), o.Canceled() && o.Cancellation.Refund == "" && !slices.ContainsFunc(o.Refunds, wentBack):
		return money.Zero(o.Amount.Currency) // canceled while it was only held: there was nothing to refund
	}
	return o.Amount
}

// wentBack reports whether the provider has a refund, or has paid it.
func wentBack(r checkout.Refund) bool {
	return r.State == checkout.RefundPending || r.State == checkout.RefundDone
}

// ofReturns counts what went back of an order: each refund and lost dispute, and what was held and let go. A refund that failed
// is counted, and counted back: perhaps it was told of before.
func (c *Counter) ofReturns(s checkout.Session) []Increment {
	o := s.Order
	var all []Increment
	add := func(id string, at time.Time, m money.Money) {
		if at.IsZero() {
			at = o.PlacedAt
		}
		all = append(all, c.increment("returned:"+o.ID+":"+id, at, "", payments.Platform(s.Context.Platform),
			amountCount(countReturned, m)))
	}
	for _, r := range o.Refunds {
		switch {
		case wentBack(r):
			add(r.ID, r.AskedAt, r.Amount)
		case r.State == checkout.RefundFailed:
			back := r.Amount
			back.Minor = -back.Minor
			add(r.ID, r.AskedAt, r.Amount)
			add(r.ID+":failed", r.AskedAt, back)
		}
	}
	for _, d := range o.Disputes {
		if d.State == checkout.DisputeLost {
			add("dispute:"+d.ID, d.At, d.Amount)
		}
	}
	if let := money.New(o.Amount.Minor-kept(*o).Minor, o.Amount.Currency); let.Minor != 0 {
		add("released", releasedAt(*o), let)
	}
	return all
}

// releasedAt is when money that was held was let go.
func releasedAt(o checkout.Order) time.Time {
	switch {
	case o.Capture != nil && o.Capture.Done:
		return o.Capture.At
	case !o.Lapsed.IsZero():
		return o.Lapsed
	case o.Cancellation != nil:
		return o.Cancellation.At
	}
	return o.PlacedAt
}
