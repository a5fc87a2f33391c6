package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"kassa/payments"
)

// Reconciler finishes what was left undecided: attempts whose answer was lost, shoppers who never came back from their bank,
// refunds that are owed, events that named no session. Runs may overlap. Safe for concurrent use.
type Reconciler struct {
	engine
	inbox Inbox
	marks Bookmarks
	now   func() time.Time
}

// Tally counts what a run did.
type Tally struct {
	Looked  int // sessions and items that were due
	Changed int // of them, those that are different now
	Failed  int // of them, those that must be tried again

	Unfinished bool // time was up before all was looked at: the next run goes on
}

// NewReconciler returns the service of the reconcile function. CodeInvalid if something that it needs is missing.
func NewReconciler(c Config) (*Reconciler, error) {
	if c.Sessions == nil || c.Inbox == nil || c.Gateway == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "a reconciler needs a session store, an inbox, a gateway, a clock and ids")
	}
	return &Reconciler{engine: newEngine(c), inbox: c.Inbox, marks: c.Bookmarks, now: c.Now}, nil
}

const (
	pageSize = 100
	workers  = 8 // calls to the provider at once: far below its 25 a second for one endpoint
)

// Run drives every session that is due, then resolves the inbox, until all is done or ctx ends. What is left is due again in
// the next run.
func (r *Reconciler) Run(ctx context.Context) (Tally, error) {
	now := r.now()
	tally, err := r.each(ctx, func(q DueQuery) (DuePage, error) { return r.store.Watched(ctx, WatchPayment, q) }, now)
	if err != nil {
		return tally, err
	}
	inbox, err := r.resolve(ctx, now)
	return tally.plus(inbox), err
}

// Backfill drives every unended session that is due but may have been lost by the index: first those that an earlier run has not
// come to, then all, until ctx ends. It reads the whole table: once a day is enough.
func (r *Reconciler) Backfill(ctx context.Context) (Tally, error) { return r.backfill(ctx, false) }

// ResumeBackfill drives what the last Backfill has not come to; nothing if that came to an end.
func (r *Reconciler) ResumeBackfill(ctx context.Context) (Tally, error) { return r.backfill(ctx, true) }

func (r *Reconciler) backfill(ctx context.Context, resume bool) (Tally, error) {
	now := r.now()
	var total Tally
	round, err := startRound(ctx, r.marks, "backfill", resume)
	for err == nil && !round.done && ctx.Err() == nil {
		var due DuePage
		if due, err = r.store.Unended(ctx, DueQuery{Before: now, Limit: pageSize, Cursor: round.cursor}); err != nil {
			return total, fmt.Errorf("list what is due: %w", err)
		}
		total = total.plus(r.batch(ctx, now, due.Items))
		if ctx.Err() == nil {
			err = round.turn(ctx, due.Cursor)
		}
	}
	if err == nil && !round.done {
		err = ctx.Err()
	}
	return total, err
}

func (t Tally) plus(o Tally) Tally {
	return Tally{t.Looked + o.Looked, t.Changed + o.Changed, t.Failed + o.Failed, t.Unfinished || o.Unfinished}
}

// each pages through what is due and drives it, some at once.
func (r *Reconciler) each(ctx context.Context, page func(DueQuery) (DuePage, error), now time.Time) (Tally, error) {
	var total Tally
	q := DueQuery{Before: now, Limit: pageSize}
	for ctx.Err() == nil {
		due, err := page(q)
		if err != nil {
			return total, fmt.Errorf("list what is due: %w", err)
		}
		total = total.plus(r.batch(ctx, now, due.Items))
		if due.Cursor == "" {
			return total, nil
		}
		q.Cursor = due.Cursor
	}
	return total, ctx.Err()
}

func (r *Reconciler) batch(ctx context.Context, now time.Time, items []DueItem) Tally {
	return atOnce(len(items), func(i int) Tally { return r.one(ctx, now, items[i].ID) })
}

// atOnce does n things, some at a time, and adds up what came of them.
func atOnce(n int, one func(i int) Tally) Tally {
	var (
		group sync.WaitGroup
		lock  sync.Mutex
		total Tally
		slots = make(chan struct{}, workers)
	)
	for i := range n {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			did := one(i)
			lock.Lock()
			defer lock.Unlock()
			total = total.plus(did)
		})
	}
	group.Wait()
	return total
}

// one drives one session, read anew: the index may be stale.
func (r *Reconciler) one(ctx context.Context, now time.Time, id string) Tally {
	s, err := r.store.Session(ctx, id)
	if err != nil {
		r.log.ErrorContext(ctx, "session can't be read", "session", id, "error_code", string(ErrorCode(err)))
		return Tally{Looked: 1, Failed: 1}
	}
	if s.Watch.Kind != WatchPayment || s.Watch.At.After(now) {
		return Tally{}
	}
	after, err := r.drive(ctx, now, s)
	switch {
	case err != nil:
		r.log.ErrorContext(ctx, "session can't be driven", "session", id, "error_code", string(ErrorCode(err)))
		return Tally{Looked: 1, Failed: 1}
	case after.Version != s.Version:
		return Tally{Looked: 1, Changed: 1}
	}
	return Tally{Looked: 1}
}

// inboxLife is how long an event is kept that nothing could be made of: the provider repeats none after three days.
const inboxLife = 3 * 24 * time.Hour

// resolve looks at events that named no session when they came: the session may exist by now, or the intent tell which it is.
func (r *Reconciler) resolve(ctx context.Context, now time.Time) (Tally, error) {
	var total Tally
	cursor := ""
	for ctx.Err() == nil {
		items, next, err := r.inbox.InboxItems(ctx, DueQuery{Before: now, Limit: pageSize, Cursor: cursor})
		if err != nil {
			return total, fmt.Errorf("list inbox: %w", err)
		}
		total = total.plus(atOnce(len(items), func(i int) Tally { return r.resolveOne(ctx, now, items[i]) }))
		if cursor = next; cursor == "" {
			return total, nil
		}
	}
	return total, ctx.Err()
}

func (r *Reconciler) resolveOne(ctx context.Context, now time.Time, item InboxItem) Tally {
	done, err := r.resolved(ctx, now, item)
	if old := now.Sub(item.ReceivedAt) >= inboxLife; err != nil && !old {
		r.log.ErrorContext(ctx, "event can't be resolved", "event", item.ID, "type", item.Type, "class", string(payments.ClassOf(err)))
		return Tally{Looked: 1, Failed: 1}
	}
	if !done && now.Sub(item.ReceivedAt) < inboxLife {
		return Tally{Looked: 1}
	}
	if !done {
		r.log.ErrorContext(ctx, "event concerns no session of ours", "event", item.ID, "type", item.Type, "object", item.Object)
	}
	if err := r.inbox.RemoveInbox(ctx, item.ID); err != nil {
		return Tally{Looked: 1, Failed: 1}
	}
	return Tally{Looked: 1, Changed: 1}
}

// resolved applies what an event is about to the session that it turns out to concern; false if it concerns none yet.
func (r *Reconciler) resolved(ctx context.Context, now time.Time, item InboxItem) (bool, error) {
	if item.IntentID == "" {
		return false, nil
	}
	callCtx, cancel := callContext(ctx)
	intent, err := r.gateway.Read(callCtx, item.IntentID)
	cancel()
	if err != nil {
		return false, err
	}
	s, err := r.store.Session(ctx, intent.SessionID)
	var failure *Error
	if errors.As(err, &failure) && failure.Code == CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s, err = r.apply(ctx, now, s, report{source: fromRead, intent: &intent})
	if err != nil {
		return false, err
	}
	if s.Order != nil && s.Order.IntentID == intent.ID && r.till != nil {
		return true, r.overlay(ctx, now, s, item)
	}
	if item.Refund && intent.Status == payments.StatusCanceled {
		return true, nil // a hold that was released: nothing was taken
	}
	own := slices.IndexFunc(s.Refunds, func(p ProviderRefund) bool { return p.IntentID == intent.ID && !p.Release })
	if item.Refund && own >= 0 {
		return true, r.owed(ctx, now, s, own, intent)
	}
	return true, r.flag(ctx, now, s, item)
}

// overlay takes in what the provider reports about an order's money after it was taken: refunds, whoever made them, disputes and
// the bank's warnings. Events say that something happened; what, is asked for.
func (r *Reconciler) overlay(ctx context.Context, now time.Time, s Session, item InboxItem) error {
	callCtx, cancel := callContext(ctx)
	defer cancel()
	switch {
	case item.Refund:
		list, err := r.till.Refunds(callCtx, s.Order.IntentID)
		if err != nil {
			return err
		}
		_, err = r.change(ctx, now, s, func(s Session) (Commit, bool) { return r.refundsListed(now, s, list) })
		return err
	case strings.HasPrefix(item.Type, "charge.dispute."):
		dispute, err := r.till.Dispute(callCtx, item.Object)
		if err != nil {
			return err
		}
		_, err = r.change(ctx, now, s, func(s Session) (Commit, bool) { return r.disputeTold(now, s, dispute, item.Type) })
		return err
	case item.Type == "charge.expired":
		return nil // what became of the hold, its intent has told
	case strings.HasPrefix(item.Type, "radar.early_fraud_warning."):
		if s.Order.Suspected.IsZero() {
			order := *s.Order
			order.Suspected = now
			s.Order = &order
		}
	}
	return r.flag(ctx, now, s, item)
}

// flag marks a session that the provider has opened a case about (dispute, early fraud warning, a refund made elsewhere).
func (r *Reconciler) flag(ctx context.Context, now time.Time, s Session, item InboxItem) error {
	if item.Object == "" || item.Object == item.IntentID || s.Review == item.Type {
		return nil
	}
	s.Review, s.UpdatedAt = item.Type, now
	after, err := r.commit(ctx, Commit{Session: notify(s, NoticePaymentReview, now)})
	if err == nil {
		r.logOutcome(ctx, s, after)
	}
	var conflict *Conflict
	if errors.As(err, &conflict) {
		return &Error{Code: CodeUnavailable, Message: "the session is being changed by others", Err: err}
	}
	return err
}

// owed asks anew for what is left of a refund of ours that was made and has failed since: the bank gave the money back to us.
func (r *Reconciler) owed(ctx context.Context, now time.Time, s Session, i int, in payments.Intent) error {
	left := in.Received
	if !in.Refunded.IsZero() {
		var err error
		if left, err = in.Received.Sub(in.Refunded); err != nil {
			return err
		}
	}
	if !s.Refunds[i].Done || left.Minor <= 0 {
		return nil // still to be made, or made
	}
	s.Refunds = slices.Clone(s.Refunds)
	p := &s.Refunds[i]
	p.Amount, p.Part, p.Done = left, p.Part+1, false
	s.Review, s.UpdatedAt, s.Watch = "refund_failed", now, Watch{WatchPayment, now.Add(lookAgain << min(p.Tries, 8))}
	after, err := r.commit(ctx, Commit{Session: notify(s, NoticePaymentReview, now)})
	if err == nil {
		r.logOutcome(ctx, s, after)
	}
	var conflict *Conflict
	if errors.As(err, &conflict) {
		return &Error{Code: CodeUnavailable, Message: "the session is being changed by others", Err: err}
	}
	return err
}
