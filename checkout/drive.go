package checkout

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"kassa/payments"
)

// Rules of finding out what became of an attempt whose call was never answered.
const (
	keyLife   = 23 * time.Hour   // the provider keeps a key's answer for 24 h; later the same call would be a new one
	foundBy   = 5 * time.Minute  // an intent that isn't listed so long after the last call was never made
	askAgain  = 5 * time.Second  // between two status reads of one session that reach the provider
	lookAgain = 15 * time.Second // first wait before a refund is tried again; it doubles up to an hour

	refundAlarm = 6 // failed tries of a refund after which a person is told
)

// drive takes a session one step towards its end: it makes refunds that are owed, asks what became of an open attempt, stops
// waiting for a shopper, ends what has expired. It never starts an attempt.
func (e engine) drive(ctx context.Context, now time.Time, s Session) (Session, error) {
	if e.pendingRefunds(s) {
		var err error
		if s, err = e.refund(ctx, now, s); err != nil {
			return s, err
		}
	}
	switch a := s.Attempt; {
	case s.Order != nil:
		return e.driveOrder(ctx, now, s)
	case s.Status.Final():
		return s, nil
	case a == nil && !now.Before(s.ExpiresAt):
		return e.end(ctx, now, s, Message{Type: MessageInfo, Code: MsgExpired})
	case a == nil || now.Before(a.LeaseUntil):
		return s, nil
	case a.Answered && !a.HeldUntil.IsZero() && !now.Before(a.HeldUntil) && s.Intent != nil && s.Status == StatusEscalated:
		return e.takeBack(ctx, now, s)
	case a.Answered:
		return e.readStored(ctx, now, s)
	case now.Sub(a.StartedAt) < keyLife && a.SoughtAt.IsZero():
		return e.call(ctx, now, s) // the same call again: the provider answers what it did, or does it now
	}
	return e.search(ctx, now, s, maxTime(s.Attempt.StartedAt, s.Attempt.CheckedAt))
}

// readStored settles the session's intent as the provider has it now.
func (e engine) readStored(ctx context.Context, now time.Time, s Session) (Session, error) {
	return e.read(ctx, now, s, s.Intent.ID)
}

func (e engine) read(ctx context.Context, now time.Time, s Session, intentID string) (Session, error) {
	callCtx, cancel := callContext(ctx)
	intent, err := e.gateway.Read(callCtx, intentID)
	cancel()
	return e.seen(ctx, now, s, intent, err)
}

// seen settles what the open attempt's intent was seen to be.
func (e engine) seen(ctx context.Context, now time.Time, s Session, intent payments.Intent, err error) (Session, error) {
	if err != nil {
		return e.postpone(ctx, now, s, err)
	}
	after, err := e.apply(ctx, now, s, report{source: fromRead, intent: &intent})
	if err == nil && after.Version == s.Version && after.Attempt != nil {
		return e.postpone(ctx, now, after, nil)
	}
	return after, err
}

// postpone leaves an undecided attempt for later.
func (e engine) postpone(ctx context.Context, now time.Time, s Session, cause error) (Session, error) {
	if cause != nil {
		e.log.WarnContext(ctx, "payment is still undecided", "session", s.ID, "class", string(payments.ClassOf(cause)))
	}
	if s.Attempt == nil {
		return s, nil
	}
	a := *s.Attempt
	a.CheckedAt, a.LeaseUntil, a.Tries = now, minTime(a.LeaseUntil, now), a.Tries+1
	s.Attempt, s.UpdatedAt = &a, now
	s.Watch = Watch{WatchPayment, now.Add(backoff(a.Tries))}
	after, err := e.commit(ctx, Commit{Session: s})
	return e.orWinner(s, after, err)
}

// orWinner answers what another writer left when ours came too late to matter.
func (e engine) orWinner(before, after Session, err error) (Session, error) {
	var conflict *Conflict
	if errors.As(err, &conflict) && conflict.Session != nil {
		return *conflict.Session, nil
	}
	if err != nil {
		return before, err
	}
	return after, nil
}

// search decides an attempt whose call can't be repeated usefully: the provider replays a 500 to its key, or has forgotten
// the key. A known intent is canceled and seen canceled; an unknown one is looked for in the provider's list, until foundBy
// after the last call.
func (e engine) search(ctx context.Context, now time.Time, s Session, called time.Time) (Session, error) {
	a := *s.Attempt
	if a.SoughtAt.IsZero() {
		a.SoughtAt = called // from here on it is only looked for
		s.Attempt = &a
	}
	known := a.IntentID
	if s.Intent != nil {
		known = s.Intent.ID
	}
	if known != "" {
		return e.takeBack(ctx, now, s)
	}
	callCtx, cancel := callContext(ctx)
	found, err := e.gateway.Find(callCtx, s.ID, a.StartedAt)
	cancel()
	if err != nil {
		return e.postpone(ctx, now, s, err)
	}
	if i := slices.IndexFunc(found, func(in payments.Intent) bool { return in.SessionID == s.ID && in.Attempt == a.N }); i >= 0 {
		return e.adopt(ctx, now, s, found[i])
	}
	if now.Sub(a.SoughtAt) >= foundBy {
		after, err := e.commit(ctx, e.close(now, s, payments.ReasonTryAgain))
		return e.orWinner(s, after, err)
	}
	return e.postpone(ctx, now, s, nil)
}

// adopt takes a listed intent as the open attempt's. What decides by itself is settled; anything else was left half-way by the
// failed call, and is canceled.
func (e engine) adopt(ctx context.Context, now time.Time, s Session, in payments.Intent) (Session, error) {
	if in.Status.Decides() {
		return e.apply(ctx, now, s, report{source: fromRead, intent: &in})
	}
	s.Intent = remembered(in)
	return e.takeBack(ctx, now, s)
}

// takeBack cancels the open attempt's intent and settles what it then is. Cart and stock are released only once it is seen
// canceled; if the money won, the order is placed.
func (e engine) takeBack(ctx context.Context, now time.Time, s Session) (Session, error) {
	id := s.Attempt.IntentID
	if s.Intent != nil {
		id = s.Intent.ID
	}
	intent, err := e.giveUp(ctx, s, id, s.Attempt.HoldCards)
	return e.seen(ctx, now, s, intent, err)
}

// giveUp cancels an intent unless it has the money already, and returns what it then is. A hold can be canceled, other than money that
// was taken: where there may be one, the intent is read before.
func (e engine) giveUp(ctx context.Context, s Session, id string, holds bool) (payments.Intent, error) {
	if holds {
		callCtx, cancel := callContext(ctx)
		intent, err := e.gateway.Read(callCtx, id)
		cancel()
		if err != nil || intent.Status.Money() {
			return intent, err
		}
	}
	return e.cancelIntent(ctx, s, id)
}

// end ends an open session that has no attempt, without an order. Its intent, if it has one, is canceled first; if that has
// money after all, the money goes back.
func (e engine) end(ctx context.Context, now time.Time, s Session, why ...Message) (Session, error) {
	if s.Intent != nil {
		intent, err := e.cancelIntent(ctx, s, s.Intent.ID)
		if err != nil {
			s.UpdatedAt, s.Watch = now, Watch{WatchPayment, now.Add(lookAgain)}
			if _, failed := e.commit(ctx, Commit{Session: s}); failed != nil {
				err = errors.Join(err, failed)
			}
			return s, &Error{Code: CodeUnavailable, Message: "the payment could not be canceled", RetryAfter: askAgain, Err: err}
		}
		if intent.Status != payments.StatusCanceled {
			s = e.giveBack(now, s, intent, "canceled")
		}
		s.Intent = remembered(intent)
	}
	after, err := e.commit(ctx, e.ended(now, s, why...))
	return e.orWinner(s, after, err)
}

// cancelIntent gives up an intent, and returns what it then is: one past canceling is read.
func (e engine) cancelIntent(ctx context.Context, s Session, id string) (payments.Intent, error) {
	callCtx, cancel := callContext(ctx)
	intent, err := e.gateway.Cancel(callCtx, id, cancelKey(s, id))
	cancel()
	if err != nil && payments.ClassOf(err) == payments.ClassRefused {
		callCtx, cancel := callContext(ctx)
		defer cancel()
		return e.gateway.Read(callCtx, id)
	}
	return intent, err
}

// drop cancels the intent that an earlier attempt has left, while none is open. If it has money after all, that decides.
func (e engine) drop(ctx context.Context, now time.Time, s Session) (Session, error) {
	intent, err := e.giveUp(ctx, s, s.Intent.ID, e.shop.holdsCards())
	if err != nil {
		s.UpdatedAt = now
		if _, failed := e.commit(ctx, Commit{Session: s}); failed != nil { // another version: another key for the next try
			err = errors.Join(err, failed)
		}
		return s, &Error{Code: CodeUnavailable, Message: "the payment before could not be canceled", RetryAfter: askAgain, Err: err}
	}
	return e.apply(ctx, now, s, report{source: fromRead, intent: &intent})
}

// ended is the commit that ends an open session and lets the cart have another. A cart that nobody looked at any more is due again:
// whoever opened a checkout has come back to it, and left.
func (e engine) ended(now time.Time, s Session, why ...Message) Commit {
	due := maxTime(now, s.UpdatedAt.Add(e.shop.Durations.Idle))
	s.Status, s.UpdatedAt = StatusCanceled, now
	if !e.pendingRefunds(s) && !hasCode(s.Messages, MsgPaymentRefunded) {
		s.Messages = why
	}
	s.Watch = e.rest(now, s)
	return Commit{Session: s, Cart: &CartChange{CartID: s.CartID, Round: s.Round, NextRound: true, Due: due}}
}

// refund makes the refunds that are owed, each under its own key, and notes them. What fails is tried again later.
func (e engine) refund(ctx context.Context, now time.Time, s Session) (Session, error) {
	refunds := slices.Clone(s.Refunds)
	open, tries := 0, 0
	for i := range refunds {
		if refunds[i].Done {
			continue
		}
		before := refunds[i]
		refunds[i] = e.refundOne(ctx, s, before)
		if before.Release && !refunds[i].Release { // its money came after all
			s.Review, s.Messages = before.Cause, []Message{errorMessage(MsgPaymentRefunded, SeverityBuyerReview, "$.payment")}
			s = notify(s, NoticePaymentReview, now)
		}
		if !refunds[i].Done {
			open, tries = open+1, max(tries, refunds[i].Tries)
		}
	}
	s.Refunds, s.UpdatedAt = refunds, now
	s.Watch = e.restOf(now, s)
	if open > 0 {
		s.Watch = Watch{WatchPayment, now.Add(min(lookAgain<<min(tries, 8), time.Hour))}
	}
	if tries == refundAlarm {
		s.Review = "refund_failed"
		s = notify(s, NoticePaymentReview, now)
	}
	after, err := e.commit(ctx, Commit{Session: s})
	return e.orWinner(s, after, err)
}

// restOf is the watch of a session whose refunds are made, attempt or not.
func (e engine) restOf(now time.Time, s Session) Watch {
	if s.Attempt == nil {
		return e.rest(now, s)
	}
	if s.Status == StatusEscalated {
		return Watch{WatchPayment, s.Attempt.HeldUntil}
	}
	return Watch{WatchPayment, maxTime(s.Attempt.LeaseUntil, now.Add(backoff(s.Attempt.Tries)))}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// refundOne gives one intent's money back, or releases what it holds.
func (e engine) refundOne(ctx context.Context, s Session, p ProviderRefund) ProviderRefund {
	p.Tries++
	if p.Release {
		intent, err := e.cancelIntent(ctx, s, p.IntentID)
		switch {
		case err != nil:
			return p
		case intent.Status == payments.StatusPaid: // the money won the race: now it must be refunded
			p.Release, p.Amount = false, intent.Received
			return p
		}
		p.Done = intent.Status == payments.StatusCanceled
		return p
	}
	callCtx, cancel := callContext(ctx)
	refund, err := e.gateway.Refund(callCtx, payments.RefundRequest{
		Key: "ref:" + s.ID + ":" + p.IntentID + ":" + strconv.Itoa(p.Part), IntentID: p.IntentID, Amount: p.Amount,
		Metadata: map[string]string{"session_id": s.ID, "cause": p.Cause},
	})
	cancel()
	var failure *payments.Error
	switch {
	case errors.As(err, &failure) && (failure.Class == payments.ClassRefused || failure.Replayed):
		return e.remainder(ctx, s, p, failure)
	case err != nil:
		e.log.ErrorContext(ctx, "refund failed", "session", s.ID, "tries", p.Tries, "class", string(payments.ClassOf(err)))
	case refund.Status == payments.RefundFailed:
		return e.remainder(ctx, s, p, nil)
	default:
		p.ID, p.Done = refund.ID, true
	}
	return p
}

// remainder looks at what is left to give back after a refund that the provider refuses, has failed, or answers with a stored
// 500 for ever: part may have been refunded by a person, or by the very call. What is left is another refund, under another
// key.
func (e engine) remainder(ctx context.Context, s Session, p ProviderRefund, cause error) ProviderRefund {
	e.log.ErrorContext(ctx, "refund refused", "session", s.ID, "tries", p.Tries, "class", string(payments.ClassOf(cause)))
	callCtx, cancel := callContext(ctx)
	defer cancel()
	intent, err := e.gateway.Read(callCtx, p.IntentID)
	if err != nil || intent.Status != payments.StatusPaid {
		return p
	}
	left := intent.Received
	if !intent.Refunded.IsZero() {
		if left, err = intent.Received.Sub(intent.Refunded); err != nil {
			return p
		}
	}
	p.Amount, p.Part, p.Done = left, p.Part+1, left.Minor <= 0
	return p
}
