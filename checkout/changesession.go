package checkout

import (
	"context"
	"errors"
	"time"
)

// change takes a step on a session that may be changed, again if something moved under it. A request whose key the session
// remembers is answered without the step.
func (s *Sessions) change(
	ctx context.Context, now time.Time, r Request, id string, mark Mark, step func(sess Session, cart Cart) (SessionView, error),
) (SessionView, error) {
	return retry(func() (SessionView, error) {
		sess, cart, err := s.current(ctx, r.Caller, id)
		if err != nil {
			return SessionView{}, err
		}
		if view, done, err := s.replay(ctx, now, sess, mark); done {
			return view, err
		}
		if err := s.changeable(ctx, now, sess, cart); err != nil {
			return SessionView{}, err
		}
		return step(sess, cart)
	})
}

// write stores a revised session; errRetry if somebody else was first.
func (s *Sessions) write(ctx context.Context, sess Session, change *CartChange) (Session, error) {
	after, err := s.commit(ctx, Commit{Session: sess, Cart: change})
	var conflict *Conflict
	if errors.As(err, &conflict) {
		return Session{}, errRetry
	}
	return after, err
}

// reviseIfNeeded leaves the session alone if nothing would change.
func (s *Sessions) reviseIfNeeded(
	ctx context.Context, now time.Time, sess Session, cart Cart, ch SessionChange, mark Mark, known uses,
) (Session, *CartChange, error) {
	fresh := now.Sub(sess.Quote.PricedAt) <= s.shop.Durations.Quote && cart.Version == sess.Quote.CartVersion
	if fresh && ch.empty() {
		sess.UpdatedAt, sess.Messages = now, nil
		return sess, nil, nil
	}
	return s.revise(ctx, now, sess, cart, ch, mark, known)
}

// Update changes an open session. While the shopper should be acting at a bank, it takes the attempt back first; while a
// payment runs, it changes nothing and says so in a message. CodeNotFound, CodeAlreadyCompleted, CodeAlreadyCanceled,
// CodeVersionConflict, CodeKeyReused, CodeInvalid, CodeNothingSellable.
func (s *Sessions) Update(ctx context.Context, in UpdateSessionInput) (SessionView, error) {
	now := s.now()
	mark := in.mark(s.newID)
	return s.change(ctx, now, in.Request, in.SessionID, mark, func(sess Session, cart Cart) (SessionView, error) {
		if err := in.matches(sess); err != nil {
			return SessionView{}, err
		}
		if sess.Attempt != nil {
			var err error
			if sess, err = s.turnBack(ctx, now, sess); err != nil || sess.Attempt != nil || sess.Status.Final() {
				return s.shown(sess), err
			}
			in.IfVersion = 0
		}
		sess, change, err := s.revise(ctx, now, sess, cart, in.Change, mark, uses{ask: true})
		if err != nil {
			return SessionView{}, err
		}
		if in.Key != "" { // its own write is recognised by its Op
			sess.Marks = Remember(sess.Marks, mark)
		}
		sess, err = s.write(ctx, s.withWallet(ctx, sess), change)
		return s.shown(sess), err
	})
}

// turnBack takes back an attempt that waits for the shopper. One whose outcome is not in the shopper's hands stays.
func (s *Sessions) turnBack(ctx context.Context, now time.Time, sess Session) (Session, error) {
	if sess.Status != StatusEscalated || sess.Intent == nil {
		return sess, nil
	}
	return s.takeBack(ctx, now, sess)
}

// Complete pays a session. The answer is the session: completed with its order, ready_for_complete with the reason of a
// refusal or decline, requires_escalation, or complete_in_progress while the outcome is unknown. CodeMissingKey,
// CodeKeyReused, CodeNotFound, CodeAlreadyCompleted, CodeAlreadyCanceled, CodePaymentInProgress, CodeRateLimited, CodeInvalid.
func (s *Sessions) Complete(ctx context.Context, in CompleteInput) (SessionView, error) {
	now := s.now()
	if err := in.requireKey(); err != nil {
		return SessionView{}, err
	}
	mark := in.mark(s.newID)
	in.Change.Lines, in.Change.Codes = nil, nil
	return s.change(ctx, now, in.Request, in.SessionID, mark, func(sess Session, cart Cart) (SessionView, error) {
		if sess.Attempt != nil {
			return SessionView{}, s.inProgress(now, sess)
		}
		if err := in.matches(sess); err != nil {
			return SessionView{}, err
		}
		seen := sess.Quote
		sess, change, err := s.reviseIfNeeded(ctx, now, sess, cart, in.Change, mark, uses{})
		if err != nil {
			return SessionView{}, err
		}
		sess, err = s.pay(ctx, now, sess, cart, change, payment{
			mark: mark, instrument: in.Instrument, expected: in.ExpectedTotal, seen: seen, keepCard: in.KeepCard,
		})
		return s.shown(sess), err
	})
}

// Cancel ends a session without an order. Canceled again, it stays canceled. A payment that waits for the shopper is canceled
// at the provider first; if the money won, the order is the answer. CodeNotFound, CodeAlreadyCompleted, CodePaymentInProgress.
func (s *Sessions) Cancel(ctx context.Context, in CancelSessionInput) (SessionView, error) {
	now := s.now()
	mark := in.mark(s.newID)
	return retry(func() (SessionView, error) {
		sess, _, err := s.current(ctx, in.Caller, in.SessionID)
		if err != nil {
			return SessionView{}, err
		}
		if view, done, err := s.replay(ctx, now, sess, mark); done {
			return view, err
		}
		if err := in.matches(sess); err != nil && !sess.Status.Final() {
			return SessionView{}, err
		}
		switch {
		case sess.Status == StatusCanceled:
			return s.shown(sess), nil
		case sess.Status == StatusCompleted:
			return SessionView{}, alreadyCompleted(sess.ID)
		case sess.Attempt != nil:
			if sess, err = s.turnBack(ctx, now, sess); err != nil {
				return SessionView{}, err
			}
		}
		switch {
		case sess.Attempt != nil:
			return SessionView{}, s.inProgress(now, sess)
		case sess.Status.Final():
			return s.shown(sess), nil
		}
		sess.Marks = Remember(sess.Marks, mark)
		if in.Left != "" {
			sess.LeftFor = in.Left
		}
		ended, err := s.end(ctx, now, sess)
		if err == nil && !ended.Status.Final() {
			return SessionView{}, errRetry
		}
		return s.shown(ended), err
	})
}
