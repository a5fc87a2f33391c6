package checkout

import (
	"slices"
	"time"

	"kassa/payments"
)

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
