package checkout_test

import (
	"fmt"
	"testing"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

// TestEveryCallInEveryWay lets each call of each request go each wrong way between service and stores or provider, and the
// process live on: it must come to a consistent end by itself, or with reconcile's help.
func TestEveryCallInEveryWay(t *testing.T) {
	t.Parallel()
	ways := []checkouttest.Way{checkouttest.Contended, checkouttest.Throttled, checkouttest.Late, checkouttest.Twice, checkouttest.Delayed,
		checkouttest.Stale}
	for name, begin := range trials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, way := range ways {
				for n := 1; ; n++ {
					var h *checkouttest.Hostile
					tr := begin(newWorld(t, func(c *checkout.Config) {
						h = checkouttest.NewHostile(checkouttest.Stores{Carts: c.Carts, Sessions: c.Sessions, Catalog: c.Catalog, Inbox: c.Inbox},
							c.Gateway)
						c.Carts, c.Sessions, c.Catalog, c.Inbox, c.Gateway = h.Carts, h.Sessions, h.Catalog, h.Inbox, h.Gateway
					}))
					before := len(h.Calls())
					h.At(n, way)
					err := tr.run(t.Context())
					calls := h.Calls()
					if len(calls) < before+n {
						break
					}
					t.Run(fmt.Sprintf("%s %d %s", calls[before+n-1].Method, n, way), func(*testing.T) {
						if calls[before+n-1].Method == "Commit" && way == checkouttest.Contended && err != nil {
							t.Errorf("somebody else's write is the caller's error: %v", err)
						}
						tr.wantOneChargeAtMost()
						h.Land() // what was still under way arrives
						tr.settle()
						if !tr.wantWhole() {
							tr.wantUsable()
						}
					})
				}
			}
		})
	}
}
