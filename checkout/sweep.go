package checkout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Sweeper ends sessions that are past their time and never had an intent. It can't call the provider and needs no key of
// it. Runs may overlap. Safe for concurrent use.
type Sweeper struct {
	engine
	now func() time.Time
}

// NewSweeper returns the service of the sweep function. CodeInvalid if something that it needs is missing.
func NewSweeper(c Config) (*Sweeper, error) {
	if c.Sessions == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "a sweeper needs a session store, a clock and ids")
	}
	c.Gateway = nil
	return &Sweeper{engine: newEngine(c), now: c.Now}, nil
}

// Run ends every session that is due, until all are or ctx ends. What is left is due again in the next run.
func (w *Sweeper) Run(ctx context.Context) (Tally, error) {
	now := w.now()
	var total Tally
	q := DueQuery{Before: now, Limit: pageSize}
	for ctx.Err() == nil {
		page, err := w.store.Watched(ctx, WatchWaiting, q)
		if err != nil {
			return total, fmt.Errorf("list sessions past their time: %w", err)
		}
		for _, item := range page.Items {
			total = total.plus(w.one(ctx, now, item.ID))
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return total, nil
		}
	}
	return total, ctx.Err()
}

// one ends one session, read anew: the index may be stale, and the shopper may have just begun to pay.
func (w *Sweeper) one(ctx context.Context, now time.Time, id string) Tally {
	s, err := w.store.Session(ctx, id)
	if err != nil {
		return Tally{Looked: 1, Failed: 1}
	}
	if s.Watch.Kind != WatchWaiting || s.Watch.At.After(now) || s.Status.Final() || s.Attempt != nil || s.Intent != nil {
		return Tally{}
	}
	_, err = w.commit(ctx, w.ended(now, s, Message{Type: MessageInfo, Code: MsgExpired}))
	var conflict *Conflict
	switch {
	case errors.As(err, &conflict): // somebody uses it after all
		return Tally{Looked: 1}
	case err != nil:
		w.log.ErrorContext(ctx, "session can't be ended", "session", id, "error_code", string(ErrorCode(err)))
		return Tally{Looked: 1, Failed: 1}
	}
	return Tally{Looked: 1, Changed: 1}
}
