package recovery_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
)

// hurried ends an invocation's time after so many writes, and counts those that are begun all the same.
type hurried struct {
	*memstore.Store
	end         context.CancelFunc
	left, after atomic.Int64
}

func (h *hurried) FollowCart(ctx context.Context, f checkout.CartFollow) (checkout.Cart, error) {
	if ctx.Err() != nil {
		h.after.Add(1)
	}
	if h.left.Add(-1) == 0 {
		h.end()
	}
	return h.Store.FollowCart(ctx, f)
}

// A sweep that runs out of time begins nothing more, and the next ones go on where it ended.
func TestWhatASweepLeavesIsTheNextOnes(t *testing.T) {
	t.Parallel()
	c := checkouttest.Crowd{Carts: 1000, Due: 500, Now: noon}
	h := &hurried{Store: memstore.New()}
	carts, contacts := c.All()
	for _, cart := range carts {
		if err := h.CreateCart(t.Context(), cart); err != nil {
			t.Fatal(err)
		}
	}
	for _, contact := range contacts {
		if err := h.PutContact(t.Context(), contact); err != nil {
			t.Fatal(err)
		}
	}
	sweepers, err := c.Sweepers(h)
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for range 3 {
		ctx, end := context.WithCancel(t.Context())
		h.end = end
		h.left.Store(120)
		changed, err := c.Sweep(ctx, sweepers)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a sweep without time says: %v", err)
		}
		if done += changed; changed < 100 || changed > 140 {
			t.Errorf("%d carts were changed within the time of 120", changed)
		}
	}
	if n := h.after.Load(); n > 3*16 {
		t.Errorf("%d writes were begun after the time was up, and 16 go at once", n)
	}
	if claimed, err := c.Claimed(t.Context(), h); err != nil || claimed < done {
		t.Errorf("%d carts are claimed after %d were changed: %v", claimed, done, err)
	}
	if _, err := c.Sweep(t.Context(), sweepers); err != nil {
		t.Errorf("the last sweep: %v", err)
	}
	if claimed, err := c.Claimed(t.Context(), h); err != nil || claimed != c.Due {
		t.Errorf("%d carts are claimed of %d that were due: %v", claimed, c.Due, err)
	}
}
