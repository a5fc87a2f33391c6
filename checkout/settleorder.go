package checkout

import (
	"slices"
	"time"

	"kassa/payments"
)

// This file turns what the provider says about an order's money into what becomes of the order. As in settle.go, it is pure, and
// whoever learns it first, the outcome is the same.

// captureNotice is how long before the end of a hold somebody is told, and holdLife how long a hold lasts at most where the
// provider doesn't say (Stripe cancels an uncaptured intent after 7 days).
const (
	captureNotice = 24 * time.Hour
	holdLife      = 7 * 24 * time.Hour
	lapseGrace    = 10 * time.Minute // for the provider's own clock to have ended a hold
	askForHold    = time.Minute      // after an order was placed whose hold's end nobody has told us
)

// held takes in news of the money that an order holds: it was captured, released, or the provider tells until when it is held.
func (st settler) held(now time.Time, s Session, r report) (Commit, bool) {
	in, order := *r.intent, *s.Order
	if !order.Authorized || in.ID != order.IntentID {
		return Commit{}, false
	}
	s.UpdatedAt = now
	switch in.Status {
	case payments.StatusPaid:
		return st.captured(now, s, in), true
	case payments.StatusCanceled:
		order.Authorized, order.Lapsed = false, now
		if order.Cancellation == nil && in.CancelReason == payments.CancelAbandoned {
			order.Cancellation = &Cancellation{Reason: reasonTakenBack, At: now}
		}
		s.Order = &order
		if order.Cancellation != nil {
			return st.canceled(now, s).watched(st, now), true
		}
		s.Review = "authorization_lapsed"
		return Commit{Session: notify(s, NoticePaymentReview, now)}.watched(st, now), true
	case payments.StatusAuthorized:
		end := in.CaptureBefore
		if end.IsZero() && r.source == fromRead {
			end = in.Created.Add(holdLife)
		}
		if end.IsZero() || end.Equal(order.CaptureBefore) {
			return Commit{}, false
		}
		order.CaptureBefore = end
		s.Order = &order
		return Commit{Session: s}.watched(st, now), true
	case payments.StatusNone, payments.StatusAwaitingMethod, payments.StatusActionRequired, payments.StatusProcessing, payments.StatusReview:
	}
	return Commit{}, false
}

// reasonTakenBack is why an order is canceled whose payment was taken back, by a shopper who turned away or by the clock, when our
// cancellation reached the provider only after the bank had approved and the order stood. Nobody can ship it any more, and its shopper,
// who was told of an order, must not be left to wait for it.
const reasonTakenBack = "its payment was taken back"

// captured notes that held money was taken, by our capture or by a person's.
func (st settler) captured(now time.Time, s Session, in payments.Intent) Commit {
	order := *s.Order
	c := Capture{Amount: in.Received}
	if order.Capture != nil {
		c = *order.Capture
	}
	c.Taken, c.At, c.Done = in.Received, now, true
	order.Capture, order.Authorized, order.CaptureBefore, order.Warned = &c, false, time.Time{}, false
	if order.Cancellation != nil && !order.Cancellation.Done { // the capture won: now the money must be refunded
		cancellation := *order.Cancellation
		r := Refund{
			ID: derive("rf_", order.ID, "captured"), Mark: cancellation.Mark, Amount: in.Received, Cause: CauseCanceled, State: RefundRequested,
			AskedAt: now, At: now, Reason: "requested_by_customer",
		}
		cancellation.Refund = r.ID
		order.Cancellation = &cancellation
		order = order.withRefund(r)
	}
	s.Order = &order
	if s.Review == reviewCaptureDue {
		s.Review = ""
	}
	return Commit{Session: notify(s, NoticeCaptured, now)}.watched(st, now)
}

const reviewCaptureDue = "capture_due"

// watched gives an order's commit the watch that it then needs.
func (c Commit) watched(st settler, now time.Time) Commit {
	c.Session.UpdatedAt, c.Session.Watch = now, st.orderWatch(now, c.Session)
	return c
}

// orderWatch is when reconcile must look at an order: something was asked of the provider, or its hold is about to end.
func (st settler) orderWatch(now time.Time, s Session) Watch {
	if st.pendingRefunds(s) {
		return Watch{WatchPayment, now}
	}
	var at time.Time
	earliest := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	o := *s.Order
	for _, r := range o.Refunds {
		if r.State == RefundRequested {
			earliest(now.Add(st.patience(r.Tries)))
		}
	}
	if o.capturing() {
		earliest(now.Add(st.patience(o.Capture.Tries)))
	}
	if c := o.Cancellation; c != nil && !c.Done && c.Refund == "" {
		earliest(now.Add(st.patience(c.Tries)))
	}
	if o.awaits() {
		earliest(now.Add(decisionLook))
	}
	switch {
	case !o.Authorized:
	case o.CaptureBefore.IsZero():
		earliest(now.Add(askForHold))
	case !o.Warned:
		earliest(maxTime(now, o.CaptureBefore.Add(-captureNotice)))
	default:
		earliest(maxTime(now.Add(lapseGrace), o.CaptureBefore.Add(lapseGrace)))
	}
	if at.IsZero() {
		return Watch{}
	}
	return Watch{WatchPayment, at}
}

// patience is how long what was asked of the provider is left alone: first to whoever asked, then ever longer.
func (st settler) patience(tries int) time.Duration {
	if tries == 0 {
		return st.shop.Durations.Lease
	}
	return min(lookAgain<<min(tries, 8), time.Hour)
}

// refundTold takes in what the provider says of a refund of ours. What it has taken is never asked for again, and what failed
// stays failed: the money is the shop's again, and a person is told.
func (st settler) refundTold(now time.Time, s Session, id string, told payments.Refund) (Commit, bool) {
	r, ok := s.Order.refund(id)
	if !ok {
		return Commit{}, false
	}
	state := stateOf(told.Status)
	first := r.State == RefundRequested
	if r.State == state || r.State == RefundFailed || r.State == RefundDone && state == RefundPending {
		return Commit{}, false
	}
	r.State, r.Provider, r.At = state, told.ID, now
	order := s.Order.withRefund(r)
	s.Order = &order
	if state == RefundFailed {
		return st.refundFailed(now, st.standing(s, id)), true
	}
	commit := Commit{Session: s}
	if first {
		s, stock := restocked(s, r.Lines)
		commit = Commit{Session: notifyOf(s, NoticeOrderRefunded, r.ID, now), Stock: stock}
		if c := order.Cancellation; c != nil && !c.Done && c.Refund == r.ID {
			ended := st.canceled(now, commit.Session)
			ended.Stock = summed(ended.Stock, stock)
			commit = ended
		}
	}
	return commit.watched(st, now), true
}

// refundFailed tells a person that money which was to go back is still here.
func (st settler) refundFailed(now time.Time, s Session) Commit {
	s.Review = "refund_failed"
	return Commit{Session: notify(s, NoticePaymentReview, now)}.watched(st, now)
}

// standing is the session whose order stands after a refund has failed, if it was to be canceled with that: its money was not
// returned. The refund remembers the request.
func (st settler) standing(s Session, refund string) Session {
	if c := s.Order.Cancellation; c != nil && !c.Done && c.Refund == refund {
		order := *s.Order
		order.Cancellation = nil
		s.Order = &order
	}
	return s
}

// refundRefused notes that the provider won't make a refund, ever. part is that of the call which was refused.
func (st settler) refundRefused(now time.Time, s Session, id string, part int) (Commit, bool) {
	r, ok := s.Order.refund(id)
	if !ok || r.State != RefundRequested || r.Part != part {
		return Commit{}, false
	}
	r.State, r.At = RefundFailed, now
	order := s.Order.withRefund(r)
	s.Order = &order
	return st.refundFailed(now, st.standing(s, id)), true
}

// refundOpen notes that a refund was tried and nobody knows what came of it; renewed gives it another key. part is that of the call:
// who is late must not renew what somebody else has renewed and may have called since.
func (st settler) refundOpen(now time.Time, s Session, id string, part int, renewed bool) (Commit, bool) {
	r, ok := s.Order.refund(id)
	if !ok || r.State != RefundRequested || r.Part != part {
		return Commit{}, false
	}
	r.Tries++
	if renewed {
		r.Part, r.CalledAt = r.Part+1, now
	}
	order := s.Order.withRefund(r)
	s.Order = &order
	if r.Tries == refundAlarm {
		return st.refundFailed(now, s), true
	}
	return Commit{Session: s}.watched(st, now), true
}

// refundsListed takes in the provider's list of an order's refunds: ours as they now stand, and those that others made.
func (st settler) refundsListed(now time.Time, s Session, list []payments.Refund) (Commit, bool) {
	var all Commit
	changed := false
	for _, told := range list {
		id := told.Ours
		if _, ours := s.Order.refund(id); !ours {
			id = told.ID
		}
		commit, moved := st.refundTold(now, s, id, told)
		if _, known := s.Order.refund(id); !known {
			commit, moved = st.refundElsewhere(now, s, told), true
		}
		if !moved {
			continue
		}
		changed, s = true, commit.Session
		all.Stock, all.Redemptions = summed(all.Stock, commit.Stock), append(all.Redemptions, commit.Redemptions...)
	}
	all.Session = s
	return all, changed
}

// summed are the changes of stock of two commits in one, which names each sku once.
func summed(changes, more []StockChange) []StockChange {
	changes = slices.Clone(changes)
	for _, c := range more {
		if i := slices.IndexFunc(changes, func(known StockChange) bool { return known.SKU == c.SKU }); i >= 0 {
			changes[i].Delta += c.Delta
		} else {
			changes = append(changes, c)
		}
	}
	return changes
}

// refundElsewhere notes a refund that somebody made past us.
func (st settler) refundElsewhere(now time.Time, s Session, told payments.Refund) Commit {
	order := s.Order.withRefund(Refund{
		ID: told.ID, Provider: told.ID, Amount: told.Amount, Cause: CauseElsewhere, State: stateOf(told.Status), AskedAt: told.Created,
		At: now,
	})
	s.Order = &order
	if stateOf(told.Status) == RefundFailed {
		return Commit{Session: s}.watched(st, now)
	}
	return Commit{Session: notifyOf(s, NoticeOrderRefunded, told.ID, now)}.watched(st, now)
}

// disputeTold takes in how a dispute stands. A decided one is not opened again by what was told before.
func (st settler) disputeTold(now time.Time, s Session, told payments.Dispute, cause string) (Commit, bool) {
	d := Dispute{ID: told.ID, Amount: told.Amount, Reason: told.Reason, State: DisputeState(told.Status), At: now}
	order := *s.Order
	order.Disputes = slices.Clone(order.Disputes)
	i := slices.IndexFunc(order.Disputes, func(known Dispute) bool { return known.ID == d.ID })
	switch {
	case i < 0:
		order.Disputes = append(order.Disputes, d)
	case order.Disputes[i].State == d.State, order.Disputes[i].State != DisputeOpen && d.State == DisputeOpen:
		return Commit{}, false
	default:
		order.Disputes[i] = d
	}
	s.Order, s.Review = &order, cause
	return Commit{Session: notify(s, NoticePaymentReview, now)}.watched(st, now), true
}
