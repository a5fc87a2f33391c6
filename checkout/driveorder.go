package checkout

import (
	"context"
	"errors"
	"strconv"
	"time"

	"kassa/payments"
)

// change writes what settle makes of an order; who loses a race settles anew on what the winner left.
func (e engine) change(ctx context.Context, now time.Time, s Session, settle func(Session) (Commit, bool)) (Session, error) {
	for range tries {
		c, changed := settle(s)
		if !changed {
			return s, nil
		}
		c.Session.UpdatedAt = now
		after, err := e.commit(ctx, c)
		var conflict *Conflict
		if errors.As(err, &conflict) && conflict.Session != nil && conflict.Session.Version != s.Version {
			s = *conflict.Session
			continue
		}
		if err != nil {
			return s, err
		}
		e.logOutcome(ctx, s, after)
		return after, nil
	}
	return s, &Error{Code: CodeUnavailable, Message: "order of session " + s.ID + " is being changed by others"}
}

// driveOrder takes an order one step towards the end of all that was begun for it: refunds, a capture, a cancellation; and looks
// after the end of its hold.
func (e engine) driveOrder(ctx context.Context, now time.Time, s Session) (Session, error) {
	if e.till == nil || s.Order == nil {
		return s, nil
	}
	for _, r := range s.Order.Refunds {
		if r.State != RefundRequested {
			continue
		}
		var err error
		if s, err = e.makeRefund(ctx, now, s, r.ID); err != nil {
			return s, err
		}
	}
	s, err := e.askForDecisions(ctx, now, s)
	switch o := s.Order; {
	case err != nil:
		return s, err
	case o.Authorized && o.Cancellation != nil:
		return e.releaseHold(ctx, now, s)
	case o.capturing():
		return e.takeMoney(ctx, now, s)
	case o.Authorized:
		return e.watchHold(ctx, now, s)
	}
	return s, nil
}

// makeRefund asks the provider for a refund that is stored, or for the answer that it gave under the refund's key. A key that the
// provider may have forgotten, or under which it repeats a 500, is not used again before its list has shown that there is no such
// refund.
func (e engine) makeRefund(ctx context.Context, now time.Time, s Session, id string) (Session, error) {
	r, ok := s.Order.refund(id)
	if !ok || r.State != RefundRequested {
		return s, nil
	}
	called := r.CalledAt
	if called.IsZero() {
		called = r.AskedAt // whoever stored it may have called, and died before saying so
	}
	if now.Sub(called) >= keyLife {
		return e.seekRefund(ctx, now, s, r, false)
	}
	callCtx, cancel := callContext(ctx)
	told, err := e.gateway.Refund(callCtx, payments.RefundRequest{
		Key: "ref:" + s.Order.ID + ":" + r.ID + ":" + strconv.Itoa(r.Part), IntentID: s.Order.IntentID, Amount: r.Amount, Reason: r.Reason,
		Metadata: map[string]string{payments.MetaRefund: r.ID, "session_id": s.ID},
	})
	cancel()
	var failure *payments.Error
	switch {
	case err == nil:
		return e.change(ctx, now, s, func(s Session) (Commit, bool) { return e.refundTold(now, s, id, told) })
	case errors.As(err, &failure) && failure.Class == payments.ClassRefused:
		return e.seekRefund(ctx, now, s, r, true)
	case failure != nil && failure.Replayed:
		return e.seekRefund(ctx, now, s, r, false)
	}
	e.log.WarnContext(ctx, "refund is undecided", "session", s.ID, "refund", id, "tries", r.Tries, "class", string(payments.ClassOf(err)))
	return e.change(ctx, now, s, func(s Session) (Commit, bool) { return e.refundOpen(now, s, id, r.Part, false) })
}

// seekRefund looks for a refund in the provider's list. If it isn't there, it was refused, or is asked for under another key.
func (e engine) seekRefund(ctx context.Context, now time.Time, s Session, r Refund, refused bool) (Session, error) {
	callCtx, cancel := callContext(ctx)
	list, err := e.till.Refunds(callCtx, s.Order.IntentID)
	cancel()
	if err != nil {
		return e.change(ctx, now, s, func(s Session) (Commit, bool) { return e.refundOpen(now, s, r.ID, r.Part, false) })
	}
	s, err = e.change(ctx, now, s, func(s Session) (Commit, bool) { return e.refundsListed(now, s, list) })
	if err != nil {
		return s, err
	}
	return e.change(ctx, now, s, func(s Session) (Commit, bool) {
		if refused {
			return e.refundRefused(now, s, r.ID, r.Part)
		}
		return e.refundOpen(now, s, r.ID, r.Part, true)
	})
}

// takeMoney captures what an order holds. A hold can be captured once only, so every try has a key of its own: a 500 that the provider
// stores under one must not be replayed until the hold is over.
func (e engine) takeMoney(ctx context.Context, now time.Time, s Session) (Session, error) {
	c := s.Order.Capture
	if !s.Order.capturing() {
		return s, nil
	}
	callCtx, cancel := callContext(ctx)
	intent, err := e.till.Capture(callCtx, payments.CaptureRequest{
		Key: "cap:" + s.Order.ID + ":" + strconv.Itoa(c.Tries), IntentID: s.Order.IntentID, Amount: c.Amount,
	})
	cancel()
	var failure *payments.Error
	if errors.As(err, &failure) && (failure.Class == payments.ClassRefused || failure.Replayed) {
		return e.lookAtHold(ctx, now, s)
	}
	if err != nil {
		return e.tryLater(ctx, now, s)
	}
	return e.apply(ctx, now, s, report{source: fromRead, intent: &intent})
}

// releaseHold cancels the intent of an order that is to be canceled before its money was taken. If the capture won, the money is
// refunded.
func (e engine) releaseHold(ctx context.Context, now time.Time, s Session) (Session, error) {
	callCtx, cancel := callContext(ctx)
	intent, err := e.gateway.Cancel(callCtx, s.Order.IntentID, cancelKey(s, s.Order.IntentID))
	cancel()
	if err != nil && payments.ClassOf(err) == payments.ClassRefused {
		return e.lookAtHold(ctx, now, s)
	}
	if err != nil {
		return e.tryLater(ctx, now, s)
	}
	return e.apply(ctx, now, s, report{source: fromRead, intent: &intent})
}

// lookAtHold settles what the order's intent is now. One that still only holds the money refused what it should do: a person must
// look.
func (e engine) lookAtHold(ctx context.Context, now time.Time, s Session) (Session, error) {
	callCtx, cancel := callContext(ctx)
	intent, err := e.gateway.Read(callCtx, s.Order.IntentID)
	cancel()
	if err != nil {
		return e.tryLater(ctx, now, s)
	}
	after, err := e.apply(ctx, now, s, report{source: fromRead, intent: &intent})
	if err == nil && after.Version == s.Version {
		return e.tryLater(ctx, now, after)
	}
	return after, err
}

// tryLater leaves an order's hold for the next run; after some tries a person is told.
func (e engine) tryLater(ctx context.Context, now time.Time, s Session) (Session, error) {
	return e.change(ctx, now, s, func(s Session) (Commit, bool) {
		order := *s.Order
		n := 0
		if order.Capture != nil && !order.Capture.Done {
			c := *order.Capture
			c.Tries++
			order.Capture, n = &c, c.Tries
		}
		if order.Cancellation != nil && !order.Cancellation.Done {
			c := *order.Cancellation
			c.Tries++
			order.Cancellation, n = &c, c.Tries
		}
		s.Order = &order
		if n == refundAlarm {
			s.Review = "capture_failed"
			s = notify(s, NoticePaymentReview, now)
		}
		return Commit{Session: s}.watched(e.settler, now), true
	})
}

// watchHold looks after the end of an order's hold: it learns when that is, tells somebody a day before, and finds out afterwards
// what became of it.
func (e engine) watchHold(ctx context.Context, now time.Time, s Session) (Session, error) {
	o := s.Order
	if end := o.CaptureBefore; !end.IsZero() && now.Before(end) {
		if o.Warned || now.Before(end.Add(-captureNotice)) {
			return s, nil
		}
		return e.change(ctx, now, s, func(s Session) (Commit, bool) {
			if !s.Order.Authorized || s.Order.Warned {
				return Commit{}, false
			}
			order := *s.Order
			order.Warned = true
			s.Order, s.Review = &order, reviewCaptureDue
			return Commit{Session: notify(s, NoticePaymentReview, now)}.watched(e.settler, now), true
		})
	}
	return e.lookAtHold(ctx, now, s)
}
