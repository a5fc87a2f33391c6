package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"kassa/checkout"
	"kassa/payments/sandbox"
)

// schedule does what on AWS the schedules do, and what the sandbox has no goroutine for: results of slow banks, webhooks and
// their retries.
type schedule struct {
	clock    *clock
	sandbox  *sandbox.Provider // nil: the provider is elsewhere and keeps its own time
	sessions checkout.SessionStore
	carts    checkout.CartStore
	services func(context.Context) (*services, error) // as the newest settings make them
	log      *slog.Logger
	woken    chan struct{} // something may have fallen due

	noticing sync.Mutex
	noticed  map[string]bool // sessions whose commits have left notices

	looked  time.Time // when the last look at all that is due ended, in real time
	drained time.Time // when notices were last handed on

	turn sync.Mutex // one round at a time, so that a moved clock answers when all is done
}

const (
	period = time.Minute // that of the schedules on AWS

	// pause is how long sessions that a call may have made due are left alone after a look at all that are: each look asks
	// every shard of every index, and under load there is a call every few milliseconds.
	pause = time.Second
)

// wake has the sandbox do its work now, and what that made due looked for soon.
func (s *schedule) wake() {
	select {
	case s.woken <- struct{}{}:
	default: // it is going to look anyway
	}
}

// notice has the notices of a session handed on soon.
func (s *schedule) notice(sessionID string) {
	s.noticing.Lock()
	if s.noticed == nil {
		s.noticed = map[string]bool{}
	}
	s.noticed[sessionID] = true
	s.noticing.Unlock()
	s.wake()
}

// handOn hands on the notices of sessions that have told of some. What fails is in the next drain.
func (s *schedule) handOn(ctx context.Context, outbox *checkout.Outbox) {
	s.noticing.Lock()
	ids := slices.Sorted(maps.Keys(s.noticed))
	clear(s.noticed)
	s.noticing.Unlock()
	if len(ids) > 0 {
		outbox.Deliver(ctx, ids)
	}
}

// run performs what falls due until ctx ends: at once, every minute, and whenever it is woken.
func (s *schedule) run(ctx context.Context) {
	for ctx.Err() == nil {
		rest, err := s.look(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "schedule failed", "error", err.Error())
		}
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
		case <-s.woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// look does what is due and returns how long to rest. So soon after the last look that is the sandbox's work only, and the
// rest is due again when the pause is over.
func (s *schedule) look(ctx context.Context) (rest time.Duration, err error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if left := pause - time.Since(s.looked); left > 0 {
		err = s.provide(ctx)
		return min(left, s.rest()), err
	}
	err = s.settle(ctx)
	s.looked = time.Now()
	return s.rest(), err
}

// rest is how long nothing falls due in the sandbox, or a period.
func (s *schedule) rest() time.Duration {
	if s.sandbox == nil {
		return period
	}
	if at, ok := s.sandbox.Next(); ok {
		return min(max(s.clock.until(at), 0), period)
	}
	return period
}

// advance moves the clock ahead, stopping at every instant at which something falls due to do it there.
func (s *schedule) advance(ctx context.Context, by time.Duration) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := s.settle(ctx); err != nil {
		return err
	}
	target := s.clock.Now().Add(by)
	for {
		at, err := s.next(ctx, target)
		if err != nil {
			return err
		}
		if err := s.clock.reach(at); err != nil {
			return err
		}
		if err := s.settle(ctx); err != nil {
			return err
		}
		if !at.Before(target) {
			return nil
		}
	}
}

// settle does all that is due now, and what becomes due by that: a webhook wakes a session, a session's end cancels an
// intent, which makes another webhook.
func (s *schedule) settle(ctx context.Context) error {
	for range 10 {
		changed, err := s.round(ctx)
		if err != nil || !changed {
			return err
		}
	}
	return nil // what keeps changing is due again in the next round
}

// provide does the sandbox's work.
func (s *schedule) provide(ctx context.Context) error {
	if s.sandbox == nil {
		return nil
	}
	return s.sandbox.Run(ctx, s.clock.Now())
}

func (s *schedule) round(ctx context.Context) (changed bool, err error) {
	if err := s.provide(ctx); err != nil {
		return false, err
	}
	now, err := s.services(ctx)
	if err != nil {
		return false, err
	}
	reconciled, err := now.reconciler.Run(ctx)
	if err != nil {
		return false, fmt.Errorf("reconcile: %w", err)
	}
	swept, err := now.sweeper.Run(ctx)
	if err != nil {
		return false, fmt.Errorf("sweep: %w", err)
	}
	followed, err := now.carts.Run(ctx)
	if err != nil {
		return false, fmt.Errorf("sweep of carts: %w", err)
	}
	s.handOn(ctx, now.outbox)
	if at := s.clock.Now(); at.Sub(s.drained) >= period || followed.Changed > 0 { // it reads all that there is: what the hints have lost
		if _, err := now.outbox.Drain(ctx); err != nil {
			return false, fmt.Errorf("outbox: %w", err)
		}
		s.drained = at
	}
	return reconciled.Changed+swept.Changed+followed.Changed > 0, nil
}

// next is the first instant after now at which something falls due, at most target.
func (s *schedule) next(ctx context.Context, target time.Time) (time.Time, error) {
	now, first := s.clock.Now(), target
	if s.sandbox != nil {
		if at, ok := s.sandbox.Next(); ok && at.After(now) && at.Before(first) {
			first = at
		}
	}
	for _, kind := range []checkout.WatchKind{checkout.WatchPayment, checkout.WatchWaiting} {
		at, err := firstDue(ctx, func(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
			return s.sessions.Watched(ctx, kind, q)
		}, now, first)
		if err != nil {
			return time.Time{}, err
		}
		first = at
	}
	return firstDue(ctx, s.carts.DueCarts, now, first)
}

// firstDue is the first instant after now at which something in an index is due, else otherwise. What was due earlier has had
// its turn, and waits for the next.
func firstDue(
	ctx context.Context, list func(context.Context, checkout.DueQuery) (checkout.DuePage, error), now, otherwise time.Time,
) (time.Time, error) {
	q := checkout.DueQuery{Before: otherwise, Limit: 100}
	for {
		page, err := list(ctx, q)
		if err != nil {
			return time.Time{}, fmt.Errorf("look for what falls due: %w", err)
		}
		for _, item := range page.Items {
			if item.At.After(now) && item.At.Before(otherwise) {
				return item.At, nil
			}
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return otherwise, nil
		}
	}
}
