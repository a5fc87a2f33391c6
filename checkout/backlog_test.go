package checkout_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"kassa/checkout"
	"kassa/payments"
)

// crowd is a provider that answers once so many ask at the same time, and knows no session of ours.
type crowd struct {
	checkout.Gateway
	wanted, asking, most atomic.Int64
	met                  chan struct{}
}

func (c *crowd) Read(ctx context.Context, id string) (payments.Intent, error) {
	n := c.asking.Add(1)
	defer c.asking.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	if n == c.wanted.Load() {
		close(c.met)
		c.wanted.Store(-1)
	}
	select {
	case <-c.met:
	case <-ctx.Done():
		return payments.Intent{}, ctx.Err()
	}
	return payments.Intent{ID: id, SessionID: "cs_elsewhere_0"}, nil
}

// A backlog of events that named no session is looked at several at a time, but not more than the provider takes: three days of
// them, after an outage, are through in minutes.
func TestBacklogOfEvents(t *testing.T) {
	t.Parallel()
	const backlog, together = 250, 8
	c := &crowd{met: make(chan struct{})}
	c.wanted.Store(together)
	w := newWorld(t, func(config *checkout.Config) { config.Gateway = c })
	for i := range backlog {
		w.ok(w.store.PutInbox(t.Context(), checkout.InboxItem{
			ID: fmt.Sprintf("evt_%03d", i), Type: "charge.dispute.created", Object: "dp_1", IntentID: fmt.Sprintf("pi_%03d", i),
			ReceivedAt: w.clock.Now(),
		}))
	}
	tally, err := w.reconciler.Run(t.Context())
	w.ok(err)
	if tally.Looked != backlog || tally.Failed != 0 || c.most.Load() != together {
		t.Errorf("%+v, at most %d at a time", tally, c.most.Load())
	}
}
