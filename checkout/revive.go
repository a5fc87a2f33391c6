package checkout

import (
	"slices"
	"strconv"
	"time"

	"kassa/payments"
	"kassa/payments/money"
)

// Left is the last attempt that was given up, kept because its money may still come: a bank that took its time, an app that
// confirmed once more.
type Left struct {
	N        int
	IntentID string      // "" = nobody ever learned it
	Amount   money.Money // that it was to pay
	Lines    string      // what for, as lines prints them
	Holds    []Hold      // that it held
}

// leaving remembers the open attempt as the last one that was given up.
func leaving(s Session) *Left {
	a := s.Attempt
	if a == nil {
		return s.Left
	}
	left := &Left{N: a.N, IntentID: a.IntentID, Amount: a.Amount, Lines: linesPrint(s.Quote), Holds: s.Holds}
	if s.Intent != nil {
		left.IntentID = s.Intent.ID
	}
	return left
}

// linesPrint is what a quote is of, in 16 digits.
func linesPrint(q Quote) string {
	parts := []string{string(q.Currency), strconv.FormatInt(q.Total.Minor, 10), q.Selected}
	for _, l := range q.Lines {
		parts = append(parts, l.SKU, strconv.FormatInt(l.Quantity, 10))
	}
	return shortHash(parts...)
}

// revive places the order of an attempt that was given up and whose money has come after all, if the session still offers just that:
// the same lines at the same total, nothing else under way. Whether the stock is still there, the cart as it was and a limited
// discount not used up, the commit finds out; if not, the money goes back (see apply). A session that has ended stays so: the
// shopper, or the clock, has ended it, and its cart may be in another one by now.
func (st settler) revive(now time.Time, s Session, in payments.Intent) (Commit, bool) {
	left := s.Left
	switch {
	case left == nil || s.Attempt != nil || s.Status != StatusReady || !now.Before(s.ExpiresAt):
		return Commit{}, false
	case !in.Status.Money() || in.Amount != in.Received || in.Amount != s.Quote.Total || in.Amount != left.Amount:
		return Commit{}, false
	case left.IntentID != "" && left.IntentID != in.ID || left.IntentID == "" && left.N != in.Attempt:
		return Commit{}, false
	case linesPrint(s.Quote) != left.Lines:
		return Commit{}, false
	case slices.ContainsFunc(s.Refunds, func(p ProviderRefund) bool { return p.IntentID == in.ID }):
		return Commit{}, false
	}
	stock := make([]StockChange, len(left.Holds))
	for i, h := range left.Holds {
		stock[i] = StockChange{SKU: h.SKU, Delta: -h.Quantity}
	}
	uses, err := redeemed(s)
	if err != nil {
		return Commit{}, false
	}
	s.Holds, s.Left, s.Redeemed = left.Holds, nil, nil
	for _, use := range uses {
		s.Redeemed = append(s.Redeemed, use.Key)
	}
	return Commit{
		Session: st.paid(now, s, in), Stock: stock, Redemptions: uses,
		Cart: &CartChange{CartID: s.CartID, Version: s.Quote.CartVersion, Round: s.Round, Lock: true},
	}, true
}
