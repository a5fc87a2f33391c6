package checkout

import (
	"time"

	"kassa/payments"
	"kassa/payments/money"
)

// This file and settlewait.go, settlemoney.go and release.go are the one place that turns what the provider says into what
// becomes of a session: an order, a decline, a wait or a refund. Answers, webhooks, status reads and reconcile all pass
// through settle.

// source says how we learned about an intent, which decides how far the report can be trusted.
type source int

const (
	fromAnswer source = iota // the answer to the open attempt's own call
	fromRead                 // the provider's state when asked just now
	fromEvent                // a snapshot that may be late, doubled and out of order
)

// report is what we learned.
type report struct {
	source source
	intent *payments.Intent // nil when the call failed without showing one
	err    error            // of the own call
	spent  bool             // what the intent was to pay for can't be had any more: stock or cart have gone
}

// settler decides. It is pure: the same session, report and instant give the same commit.
type settler struct {
	shop Shop
	live bool
}

// settle returns the session as the report makes it, in a commit that also moves cart and stock; false if the report
// changes nothing.
func (st settler) settle(now time.Time, s Session, r report) (Commit, bool) {
	s.UpdatedAt = now
	if r.intent != nil && r.intent.SessionID == s.ID {
		if r.intent.Live != st.live {
			return st.review(now, s, "live_mode")
		}
		if commit, ok := st.revive(now, s, *r.intent); ok && !r.spent {
			return commit, true
		}
		if st.stray(s, r) {
			return st.strayed(now, s, *r.intent)
		}
	}
	if s.Attempt == nil {
		return st.afterwards(now, s, r)
	}
	if r.source == fromAnswer && r.err != nil {
		return st.failed(now, s, r)
	}
	if r.intent == nil || r.intent.SessionID != s.ID || late(s, r) {
		return Commit{}, false
	}
	return st.reported(now, s, r)
}

// stray reports whether the intent is not the one that the open attempt, or the order, knows. Where no id is stored yet (a
// webhook before the answer), the attempt in its metadata must be the open one.
func (st settler) stray(s Session, r report) bool {
	switch {
	case s.Intent != nil:
		return s.Intent.ID != r.intent.ID
	case s.Attempt != nil && r.source != fromAnswer:
		return r.intent.Attempt != s.Attempt.N
	case s.Attempt == nil:
		return true
	}
	return false
}

// late reports whether an event tells of an earlier attempt on the same intent, or of a state that the intent has left.
// Money and cancellation are never late: nothing comes after them.
func late(s Session, r report) bool {
	if r.source != fromEvent || r.intent.Status.Money() || r.intent.Status == payments.StatusCanceled {
		return false
	}
	if r.intent.Attempt != 0 && r.intent.Attempt < s.Attempt.N {
		return true
	}
	return s.Intent != nil && s.Intent.Status.Advance(r.intent.Status) != r.intent.Status
}

// reported takes in a state of the open attempt's own intent.
func (st settler) reported(now time.Time, s Session, r report) (Commit, bool) {
	in := *r.intent
	slow := s.Intent != nil && s.Intent.Status == payments.StatusProcessing
	switch in.Status {
	case payments.StatusPaid, payments.StatusAuthorized:
		return st.money(now, s, in)
	case payments.StatusCanceled:
		s.Intent = nil
		return st.close(now, s, payments.ReasonCanceled), true
	case payments.StatusActionRequired, payments.StatusProcessing:
		return st.waiting(now, s, r)
	case payments.StatusAwaitingMethod:
		if s.Attempt.Prepared() {
			return st.sheetOpen(now, s, r)
		}
		if r.source == fromEvent || r.source == fromRead && !s.Attempt.Answered {
			return Commit{}, false // both the state before the call and the one after its decline
		}
		s.Intent = remembered(in)
		reason := payments.ReasonDeclined
		if in.Decline != nil {
			reason = in.Decline.Reason
		}
		closed := st.close(now, s, reason)
		if slow { // the shopper was told that all was well, and has gone
			closed.Session = notify(closed.Session, NoticeLateDecline, now)
		}
		return closed, true
	case payments.StatusNone, payments.StatusReview:
		return st.review(now, s, "unknown_status")
	}
	return st.review(now, s, "unknown_status")
}

// failed takes in the failed answer to the open attempt's own call.
func (st settler) failed(now time.Time, s Session, r report) (Commit, bool) {
	if r.intent != nil && r.intent.Status.Decides() {
		return st.reported(now, s, report{source: fromRead, intent: r.intent}) // what it shows outweighs that it failed
	}
	switch payments.ClassOf(r.err) {
	case payments.ClassDeclined, payments.ClassRefused:
		switch {
		case r.intent != nil:
			s.Intent = remembered(*r.intent)
		case s.Intent != nil && s.Attempt.UpdateKey != "":
			known := *s.Intent
			known.Amount = money.Money{} // it may have been changed: the next attempt states it again
			s.Intent = &known
		}
		return st.close(now, s, declineOf(r.err).Reason), true
	case payments.ClassUnknown:
	}
	a := *s.Attempt
	a.LeaseUntil, a.CheckedAt, a.Tries = now, now, a.Tries+1
	s.Attempt = &a
	s.Watch = Watch{WatchPayment, now.Add(backoff(a.Tries))}
	return Commit{Session: s}, true
}

// backoff is how long an undecided payment is left alone before it is driven forward again. It stays far below the 15
// minutes in which every session must end once faults stop.
func backoff(tries int) time.Duration {
	return min(5*time.Second<<min(tries, 5), 2*time.Minute)
}

// afterwards takes in news of the known intent while no attempt is open. The app may have confirmed it by itself, with the
// client secret of an earlier attempt: money that comes so has no order and goes back. One that waits for the shopper without
// an attempt is canceled, so that no money comes.
func (st settler) afterwards(now time.Time, s Session, r report) (Commit, bool) {
	switch {
	case r.intent == nil || r.intent.SessionID != s.ID:
		return Commit{}, false
	case s.Status == StatusCompleted:
		return st.held(now, s, r)
	}
	switch status := r.intent.Status; {
	case status.Money(), r.source != fromEvent && (status == payments.StatusActionRequired || status == payments.StatusProcessing):
		s.Intent = nil // spent: the next attempt makes another
		return st.strayed(now, s, *r.intent)
	case status == payments.StatusCanceled && !s.Status.Final():
		s.Intent = nil
		s.Watch = st.rest(now, s)
		return Commit{Session: s}, true
	}
	return Commit{}, false
}

func remembered(in payments.Intent) *Intent {
	return &Intent{ID: in.ID, Status: in.Status, Amount: in.Amount, ClientSecret: in.ClientSecret, Action: in.Action, Customer: in.Customer}
}
