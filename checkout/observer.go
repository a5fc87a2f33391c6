package checkout

import (
	"context"
	"fmt"
	"time"

	"kassa/payments"
)

// Observer takes in what the provider pushes. It never calls the provider. Safe for concurrent use.
type Observer struct {
	engine
	inbox Inbox
	now   func() time.Time
}

// NewObserver returns the service of the webhook function. CodeInvalid if something that it needs is missing.
func NewObserver(c Config) (*Observer, error) {
	if c.Sessions == nil || c.Inbox == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "an observer needs a session store, an inbox, a clock and ids")
	}
	c.Gateway = nil
	return &Observer{engine: newEngine(c), inbox: c.Inbox, now: c.Now}, nil
}

// Observe takes in one verified event. Nil means that it has had its effect or is safely stored; any error asks the provider to
// send it again. Events may come late, doubled and in any order (Stripe: webhooks).
func (o *Observer) Observe(ctx context.Context, ev payments.Event) error {
	now := o.now()
	if ev.Kind == payments.EventIgnored {
		return nil
	}
	if ev.Kind == payments.EventForeign || CartOfSession(ev.Intent.SessionID) == "" {
		return o.keep(ctx, now, ev)
	}
	s, err := o.store.Session(ctx, ev.Intent.SessionID)
	if ErrorCode(err) == CodeNotFound {
		return o.keep(ctx, now, ev)
	}
	if err != nil {
		return fmt.Errorf("read session %s: %w", ev.Intent.SessionID, err)
	}
	switch {
	case ev.Kind == payments.EventWake:
		return o.wake(ctx, now, s, ev.Intent)
	case ev.Intent.Status == payments.StatusAuthorized && s.Order == nil:
		return o.keep(ctx, now, ev) // a hold may have been released since, by us or by others: only a read tells
	}
	_, err = o.apply(ctx, now, s, report{source: fromEvent, intent: &ev.Intent})
	return err
}

// wake makes reconcile look at the session now. A failed payment decides nothing by itself: the event may be late, and the
// attempt that it tells of long replaced.
func (o *Observer) wake(ctx context.Context, now time.Time, s Session, in payments.Intent) error {
	a := s.Attempt
	if a == nil || now.Before(a.LeaseUntil) || !s.Watch.At.After(now) || s.Intent == nil || s.Intent.ID != in.ID {
		return nil // nobody waits, its own caller is at work, it is due anyway, or it isn't about this intent
	}
	s.Watch, s.UpdatedAt = Watch{WatchPayment, now}, now
	if a.Answered && s.Status == StatusEscalated {
		open := *a
		open.CheckedAt = time.Time{} // let a status read ask at once
		s.Attempt = &open
	}
	after, err := o.commit(ctx, Commit{Session: s})
	_, err = o.orWinner(s, after, err)
	return err
}

// keep stores an event that names no session of ours, for reconcile.
func (o *Observer) keep(ctx context.Context, now time.Time, ev payments.Event) error {
	err := o.inbox.PutInbox(ctx, InboxItem{
		ID: ev.ID, Type: ev.Type, Object: ev.Object, IntentID: ev.Intent.ID, SessionID: ev.Intent.SessionID, Refund: ev.Refund,
		ReceivedAt: now,
	})
	if err != nil {
		return fmt.Errorf("keep event %s: %w", ev.ID, err)
	}
	return nil
}
