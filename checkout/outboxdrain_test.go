package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"kassa/checkout"
)

func TestOutboxDrainsAllPages(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	came := map[string]int{}
	for i := range 1203 {
		name := fmt.Sprintf("s%04dn", i)
		p.order(name, "order.placed")
		came[name+"0"] = 1
	}
	p.store.script["RemoveNotices"] = []outboxWay{wayRefused}
	tally, err := p.outbox.Drain(t.Context())
	if want := (checkout.Tally{Looked: 1203, Changed: 1202, Failed: 1}); err != nil || tally != want {
		t.Errorf("tally %+v, %v, want %+v", tally, err, want)
	}
	tally, err = p.outbox.Drain(t.Context())
	if want := (checkout.Tally{Looked: 1, Changed: 1}); err != nil || tally != want {
		t.Errorf("tally %+v, %v, want %+v", tally, err, want)
	}
	got := p.bus.ids()
	twice := 0
	for id := range got {
		twice += got[id] - 1
	}
	if twice != 1 || len(got) != len(came) {
		t.Errorf("%d of %d notices came, %d once more", len(got), len(came), twice)
	}
	p.wantEmpty(got)
}

func TestOutboxTellsThatItCannotList(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	p.store.script["Noticed"] = []outboxWay{wayRefused}
	_, err := p.outbox.Drain(t.Context())
	wantErrorCode(t, err, checkout.CodeUnavailable)
}

// slow takes its time, or all there is.
type slow struct {
	subscriber
	takes time.Duration // 0: for ever
	begun time.Time     // the last call
}

func (b *slow) Publish(ctx context.Context, events []checkout.Event) ([]string, error) {
	b.mu.Lock()
	b.busy++
	b.most, b.begun = max(b.most, b.busy), time.Now()
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.busy--
		b.mu.Unlock()
	}()
	wait := ctx
	if b.takes > 0 {
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeout(context.Background(), b.takes)
		defer cancel()
	}
	select {
	case <-wait.Done():
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.subscriber.Publish(ctx, events)
}

// TestOutboxKeepsItsDeadline has a bus that hangs, and one that is slow: the outbox is back before its time is up, has begun
// nothing that it could not have written down, and leaves no goroutine.
func TestOutboxKeepsItsDeadline(t *testing.T) {
	t.Parallel()
	const invocation = 30 * time.Second
	for name, c := range map[string]struct {
		takes time.Duration
		done  int // of 200 sessions; −1 = some
	}{"hangs": {0, 0}, "slow": {3 * time.Second, -1}, "quick": {100 * time.Millisecond, 200}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				bus := &slow{takes: c.takes}
				p := newPostroom(t, func(o *checkout.OutboxConfig) { o.Publisher = bus })
				var ids []string
				for i := range 200 {
					ids = append(ids, p.order(fmt.Sprintf("s%03dn", i), "order.placed"))
				}
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), invocation)
				defer cancel()
				failed := p.outbox.Deliver(ctx, ids)
				if took := time.Since(began); took > invocation-2*time.Second {
					t.Errorf("it took %s of %s", took, invocation)
				}
				done := 0
				for _, id := range ids {
					left := len(p.left(id))
					if (left == 0) == (failed[id] != nil) {
						t.Errorf("session %s has %d notices left, failure %v", id, left, failed[id])
					}
					if left == 0 {
						done++
					}
				}
				if c.done >= 0 && done != c.done || c.done < 0 && (done == 0 || done == len(ids)) {
					t.Errorf("%d of %d sessions delivered", done, len(ids))
				}
				if spare := began.Add(invocation).Sub(bus.begun); spare < 5*time.Second {
					t.Errorf("a call was begun %s before the end", spare)
				}
				if bus.most > 8 {
					t.Errorf("%d calls at once", bus.most)
				}
			})
		})
	}
}

func TestOutboxDrainStopsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := &slow{takes: 3 * time.Second}
		p := newPostroom(t, func(o *checkout.OutboxConfig) { o.Publisher = bus })
		for i := range 700 { // more than a page
			p.order(fmt.Sprintf("s%03dn", i), "order.placed")
		}
		total := 0
		for runs := 0; total < 700 && runs < 20; runs++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			tally, err := p.outbox.Drain(ctx)
			if ctx.Err() != nil {
				t.Fatal("it took all of its time")
			}
			cancel()
			if total += tally.Changed; err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		if total != 700 {
			t.Errorf("20 runs delivered %d of 700", total)
		}
	})
}
