package checkout

import (
	"slices"
	"time"

	"kassa/payments"
)

// money places the order if exactly what was asked for has come; else the money goes back. Here two promises are
// kept: money becomes an order or a refund, and the amount is the one that the shopper saw, or less.
func (st settler) money(now time.Time, s Session, in payments.Intent) (Commit, bool) {
	want := s.Attempt.Amount
	if in.Amount != want || in.Received != want {
		s = st.giveBack(now, s, in, "amount_mismatch")
		s.Review = "amount_mismatch"
		s.Status, s.Intent = StatusCanceled, remembered(in)
		commit := st.release(now, s)
		commit.Cart.NextRound, commit.Cart.Due = true, now.Add(st.shop.Durations.Idle)
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
	return notify(s, NoticeOrderPlaced, now)
}

// strayed takes in an intent of this session that can't become its order any more: late, second, or given up. Its money goes
// back; if it holds none yet, it is canceled so that none can come. So a session is paid at most once.
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
		s = notify(s, NoticePaymentReview, now)
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
	return Commit{Session: notify(s, NoticePaymentReview, now)}, true
}

func (st settler) pendingRefunds(s Session) bool {
	return slices.ContainsFunc(s.Refunds, func(p ProviderRefund) bool { return !p.Done })
}
