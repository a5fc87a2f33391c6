package checkout_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kassa/checkout/checkouttest"
)

// TestEveryCallAboutAnOrderInEveryWay lets each call of each request about an order go each wrong way, and the process live on. What
// was still under way lands after the request was repeated, or reconcile has looked. It is done once, or not at all.
func TestEveryCallAboutAnOrderInEveryWay(t *testing.T) {
	t.Parallel()
	ways := []checkouttest.Way{checkouttest.Contended, checkouttest.Throttled, checkouttest.Late, checkouttest.Twice, checkouttest.Delayed}
	for name, e := range errands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, way := range ways {
				for _, repeats := range []bool{true, false} {
					for n := 1; ; n++ {
						var h *checkouttest.Hostile
						w, id := e.begin(t, hostile(&h))
						run, before := e.run(w, id), len(h.Calls())
						h.At(n, way)
						err := run(t.Context())
						calls := h.Calls()
						if len(calls) < before+n {
							break
						}
						t.Run(fmt.Sprintf("%s %d %s repeated=%v", calls[before+n-1].Method, n, way, repeats), func(t *testing.T) {
							w.T = t
							if method := calls[before+n-1].Method; way == checkouttest.Twice && slices.Contains(checkouttest.Ways(method), way) && err != nil {
								t.Errorf("what was done twice is the caller's error: %v", err)
							}
							if w.clock.advance(61 * time.Second); repeats {
								_ = run(t.Context())
							} else {
								w.tick()
							}
							h.Land()
							if done := e.wantEnd(w, id); repeats && !done {
								t.Errorf("the repeated request was not done: %+v", w.order(id).Order)
							}
						})
					}
				}
			}
		})
	}
}

// TestOvertakenOrder has another request about the same order made and answered, in another process, before each call of each: whoever
// comes first, money and goods go once, and the books say what the provider's say.
func TestOvertakenOrder(t *testing.T) {
	t.Parallel()
	for name, e := range errands {
		for other, o := range errands {
			if (e.edit == nil) != (o.edit == nil) || e.card != o.card {
				continue // not in the same shop
			}
			t.Run(name+", overtaken by "+other, func(t *testing.T) {
				t.Parallel()
				for n := 1; ; n++ {
					w, id := e.begin(t, mortal)
					run := e.run(w, id)
					overtakes := run // the same request, in another process
					if name != other {
						overtakes = o.run(w, id)
					}
					l := &life{fate: fate{at: n, overtaken: func() { _ = overtakes(w.Context()) }}}
					_ = run(l.in(t.Context()))
					if l.count() < n {
						break
					}
					t.Run(fmt.Sprintf("%s %d", l.calls[n-1], n), func(t *testing.T) {
						w.T = t
						w.wait(15*time.Minute, 3*time.Minute)
						w.webhooks()
						w.tick()
						w.wantBooks(id)
						if name == other && !e.done(w, w.order(id)) {
							t.Errorf("it was not done: %+v", w.order(id).Order)
						}
					})
				}
			})
		}
	}
}
