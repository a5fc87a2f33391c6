package memstore_test

import (
	"testing"
	"time"

	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
)

func TestOverlappingSweepersClaimEachCartOnce(t *testing.T) {
	t.Parallel()
	c := checkouttest.Crowd{Carts: 2100, Due: 300, Now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	s := memstore.New()
	carts, contacts := c.All()
	for _, cart := range carts {
		if err := s.CreateCart(t.Context(), cart); err != nil {
			t.Fatal(err)
		}
	}
	for _, contact := range contacts {
		if err := s.PutContact(t.Context(), contact); err != nil {
			t.Fatal(err)
		}
	}
	sweepers, err := c.Sweepers(s, s, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{c.Due, 0} {
		changed, err := c.Sweep(t.Context(), sweepers)
		if err != nil || changed != want {
			t.Errorf("%d carts were changed (%v), want %d", changed, err, want)
		}
		if claimed, err := c.Claimed(t.Context(), s); err != nil || claimed != c.Due {
			t.Errorf("%d carts are claimed (%v), want %d", claimed, err, c.Due)
		}
	}
}
