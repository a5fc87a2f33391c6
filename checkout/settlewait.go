package checkout

import (
	"time"

	"kassa/payments"
)

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
// there, so that it decides nothing; it is told. The hold ends it.
func (st settler) sheetOpen(now time.Time, s Session, r report) (Commit, bool) {
	in, a := *r.intent, *s.Attempt
	if r.source == fromEvent || r.source == fromRead && !a.Answered {
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
