package checkout

import (
	"slices"
	"strconv"
	"time"

	"kassa/payments"
	"kassa/payments/money"
)

// This file is the one place that turns what the provider says into what becomes of a session: an order, a decline, a wait
// or a refund. Answers, webhooks, status reads and reconcile all pass through settle (design §4).

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
// webhook before the answer), the attempt in its metadata must be the open one (design §7).
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

// waiting keeps the attempt open while the shopper acts or the bank takes its time.
func (st settler) waiting(now time.Time, s Session, r report) (Commit, bool) {
	a := *s.Attempt
	changed := !a.Answered || s.Intent == nil || s.Intent.Status != r.intent.Status
	a.CheckedAt, a.LeaseUntil, a.Answered = now, minTime(a.LeaseUntil, now), true
	s.Intent = remembered(*r.intent)
	switch r.intent.Status {
	case payments.StatusActionRequired:
		s.Status = StatusEscalated
		switch d := st.shop.Durations; {
		case a.HeldUntil.IsZero():
			a.HeldUntil = now.Add(d.Action)
		case a.Prepared() && changed: // gone from the sheet to a bank, perhaps not for the first time
			a.HeldUntil = maxTime(a.HeldUntil, minTime(now.Add(d.Action), a.StartedAt.Add(d.Hold+2*d.Action)))
		}
		s.Watch = Watch{WatchPayment, a.HeldUntil}
	default:
		s.Status = StatusInProgress
		s.Watch = Watch{WatchPayment, now.Add(slowBank)}
	}
	s.Attempt = &a
	return Commit{Session: s}, changed || r.source == fromRead
}

// sheetOpen keeps a prepared attempt open while its intent waits in the provider's sheet. What failed there can be tried again
// there, so that it decides nothing; it is told. The hold ends it. An intent that doesn't ask for what the attempt does shows
// that the call has not been answered: it is the one of an earlier attempt.
func (st settler) sheetOpen(now time.Time, s Session, r report) (Commit, bool) {
	in, a := *r.intent, *s.Attempt
	if r.source == fromEvent || in.Amount != a.Amount || r.source == fromRead && !a.Answered {
		return Commit{}, false
	}
	before := s.Intent
	a.CheckedAt, a.LeaseUntil, a.Answered = now, minTime(a.LeaseUntil, now), true
	if a.HeldUntil.IsZero() {
		a.HeldUntil = now.Add(st.shop.Durations.Hold)
	}
	s.Intent, s.Attempt, s.Status = remembered(in), &a, StatusEscalated
	s.Intent.Action = &payments.Action{Type: ActionSheet, ReturnURL: a.ReturnURL}
	if in.Decline != nil && before != nil && before.Status != payments.StatusAwaitingMethod {
		s.Messages = []Message{declineMessage(in.Decline.Reason)}
	}
	s.Watch = Watch{WatchPayment, a.HeldUntil}
	return Commit{Session: s}, true
}

// ActionSheet is the action of a prepared payment: the app opens the provider's sheet.
const ActionSheet = "payment_sheet"

// slowBank is how often a payment that is on its way for hours or days is asked about; its events usually come first.
const slowBank = 10 * time.Minute

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// money places the order if exactly what was asked for has come; else the money goes back. Here invariant 2 is kept (money
// ⇒ order or refund), and 3 (the amount is the one the shopper saw, or less).
func (st settler) money(now time.Time, s Session, in payments.Intent) (Commit, bool) {
	want := s.Attempt.Amount
	if in.Amount != want || in.Received != want {
		s = st.giveBack(now, s, in, "amount_mismatch")
		s.Review = "amount_mismatch"
		s.Status, s.Intent = StatusCanceled, remembered(in)
		commit := st.release(now, s)
		commit.Cart.NextRound = true
		return commit, true
	}
	return Commit{Session: st.paid(now, s, in)}, true
}

// paid places the order that an intent has paid for, or holds the money for.
func (st settler) paid(now time.Time, s Session, in payments.Intent) Session {
	s.Intent = remembered(in)
	s.Intent.ClientSecret, s.Intent.Action = "", nil
	return st.place(now, s, Order{
		Amount: in.Received, IntentID: in.ID, Authorized: in.Status == payments.StatusAuthorized, CaptureBefore: in.CaptureBefore,
	})
}

// place makes the session the order. The cart stays locked by it, which is what closed means; its holds are what was sold.
func (st settler) place(now time.Time, s Session, o Order) Session {
	o.ID, o.PlacedAt, o.Terms, o.Returns = OrderID(s.ID), now, st.shop.Terms, st.shop.ReturnsVersion()
	o.WithdrawalDays = st.shop.WithdrawalDays(s)
	s.Status, s.Order, s.Attempt, s.Messages = StatusCompleted, &o, nil, nil
	s.Watch = st.orderWatch(now, s)
	return notify(s, "order.placed", now)
}

// close ends the open attempt without money: cart and stock go back together.
func (st settler) close(now time.Time, s Session, reason payments.Reason) Commit {
	s.Pays = slices.Clone(s.Pays)
	for i := range s.Pays {
		if s.Pays[i].Mark == s.Attempt.Mark {
			s.Pays[i].Reason = reason
			if reason == payments.ReasonCanceled {
				s.Pays[i].Door = DoorOf(*s.Attempt)
			}
		}
	}
	if reason != payments.ReasonCanceled {
		s.Declines = declined(s.Declines, now)
	}
	s.Messages = []Message{declineMessage(reason)}
	return st.release(now, s)
}

func declineMessage(reason payments.Reason) Message {
	return errorMessage(MsgPaymentFailed, SeverityRecoverable, "$.payment", "reason", string(reason))
}

// release gives cart and stock back. The session is open again, unless it has ended.
func (st settler) release(now time.Time, s Session) Commit {
	var stock []StockChange
	for _, h := range s.Holds {
		stock = append(stock, StockChange{SKU: h.SKU, Delta: h.Quantity})
	}
	s.Left = leaving(s)
	back := givenBack(s)
	s.Holds, s.Redeemed, s.Attempt = nil, nil, nil
	if !s.Status.Final() {
		s.Status = st.shop.readiness(s)
	}
	s.Watch = st.rest(now, s)
	cart := &CartChange{CartID: s.CartID, Holder: s.ID, Round: s.Round, Release: true, Declines: s.Declines}
	return Commit{Session: s, Stock: stock, Redemptions: back, Cart: cart}
}

// rest is the watch of a session without an open attempt.
func (st settler) rest(now time.Time, s Session) Watch {
	switch {
	case st.pendingRefunds(s):
		return Watch{WatchPayment, now}
	case s.Order != nil:
		return st.orderWatch(now, s)
	case s.Status.Final():
		return Watch{}
	case s.Intent != nil:
		return Watch{WatchPayment, s.ExpiresAt}
	}
	return Watch{WatchWaiting, s.ExpiresAt}
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

// strayed takes in an intent of this session that can't become its order any more: late, second, or given up. Its money goes
// back; if it holds none yet, it is canceled so that none can come. This keeps invariant 1.
func (st settler) strayed(now time.Time, s Session, in payments.Intent) (Commit, bool) {
	if in.Status == payments.StatusCanceled || slices.ContainsFunc(s.Refunds, func(p ProviderRefund) bool { return p.IntentID == in.ID }) {
		return Commit{}, false
	}
	cause := "late"
	if s.Intent != nil {
		cause = "second_intent"
	}
	s = st.giveBack(now, s, in, cause)
	if in.Status.Money() {
		s.Review = cause
		s.Messages = []Message{errorMessage(MsgPaymentRefunded, SeverityBuyerReview, "$.payment")}
		if s.Order == nil {
			s = notify(s, NoticeLateDecline, now)
		}
	}
	s.Watch = Watch{WatchPayment, now}
	return Commit{Session: s}, true
}

// giveBack notes that an intent's money must go back. Reconcile does it: the webhook can't call the provider.
func (st settler) giveBack(now time.Time, s Session, in payments.Intent, cause string) Session {
	s.Refunds = append(slices.Clone(s.Refunds), ProviderRefund{
		IntentID: in.ID, Amount: in.Received, Cause: cause, Release: in.Status != payments.StatusPaid,
	})
	if in.Status.Money() {
		s.Messages = []Message{errorMessage(MsgPaymentRefunded, SeverityBuyerReview, "$.payment")}
		s = notify(s, "payment.review", now)
	}
	return s
}

// review marks a session for a person's eyes; nothing is decided from what can't be read.
func (st settler) review(now time.Time, s Session, cause string) (Commit, bool) {
	again := s.Attempt != nil && !s.Watch.At.After(now)
	if again {
		a := *s.Attempt
		a.LeaseUntil, a.CheckedAt, a.Tries = minTime(a.LeaseUntil, now), now, a.Tries+1
		s.Attempt = &a
		s.Watch = Watch{WatchPayment, now.Add(backoff(a.Tries))}
	}
	if s.Review == cause {
		return Commit{Session: s}, again
	}
	s.Review = cause
	return Commit{Session: notify(s, "payment.review", now)}, true
}

func (st settler) pendingRefunds(s Session) bool {
	return slices.ContainsFunc(s.Refunds, func(p ProviderRefund) bool { return !p.Done })
}

// notify leaves a fact in the outbox, once for each kind and session version.
func notify(s Session, kind string, now time.Time) Session { return notifyOf(s, kind, "", now) }

// notifyOf is notify for a part of the thing: a refund, a fulfillment.
func notifyOf(s Session, kind, ref string, now time.Time) Session {
	notices := make(map[string]Notice, len(s.Notices)+1)
	for id, n := range s.Notices {
		notices[id] = n
	}
	of := []string{s.ID, kind, strconv.FormatInt(s.Version, 10)}
	if ref != "" {
		of = append(of, ref)
	}
	notices[shortHash(of...)] = Notice{Kind: kind, At: now, Ref: ref}
	s.Notices = notices
	return s
}

func remembered(in payments.Intent) *Intent {
	return &Intent{ID: in.ID, Status: in.Status, Amount: in.Amount, ClientSecret: in.ClientSecret, Action: in.Action, Customer: in.Customer}
}
