package checkout

import (
	"context"
	"slices"
	"time"

	"kassa/payments"
)

// decisionLook is how often the provider is asked about what it, or a bank behind it, decides in its own time. Its events usually come
// first; without them a refund would be on its way for ever, and an order disputed.
const decisionLook = 24 * time.Hour

// awaits reports whether such a decision is outstanding.
func (o Order) awaits() bool {
	return o.Disputed() || slices.ContainsFunc(o.Refunds, func(r Refund) bool { return r.State == RefundPending })
}

// askForDecisions asks what became of refunds that are on their way and of open disputes, when the order is to be looked at. Where there
// is no answer, the next run asks again.
func (e engine) askForDecisions(ctx context.Context, now time.Time, s Session) (Session, error) {
	if !s.Order.awaits() || now.Before(s.Watch.At) {
		return s, nil
	}
	callCtx, cancel := callContext(ctx)
	refunds, err := e.till.Refunds(callCtx, s.Order.IntentID)
	var disputes []payments.Dispute
	for _, d := range s.Order.Disputes {
		var told payments.Dispute
		if d.State == DisputeOpen && err == nil {
			told, err = e.till.Dispute(callCtx, d.ID)
			disputes = append(disputes, told)
		}
	}
	cancel()
	if err != nil {
		e.log.WarnContext(ctx, "decisions about an order can't be read", "session", s.ID, "class", string(payments.ClassOf(err)))
		return s, nil
	}
	return e.change(ctx, now, s, func(s Session) (Commit, bool) {
		all, _ := e.refundsListed(now, s, refunds)
		for _, d := range disputes {
			if told, moved := e.disputeTold(now, all.Session, d, "charge.dispute.closed"); moved {
				all.Session = told.Session
			}
		}
		return all.watched(e.settler, now), true
	})
}
