package checkout_test

import (
	"fmt"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/payments"
)

// hostile lets everything that services touch fail by script.
func hostile(h **checkouttest.Hostile) func(*checkout.Config) {
	return func(c *checkout.Config) {
		*h = checkouttest.NewHostile(checkouttest.Stores{Carts: c.Carts, Sessions: c.Sessions, Catalog: c.Catalog, Inbox: c.Inbox,
			People: c.People}, c.Gateway)
		c.Carts, c.Sessions, c.Catalog, c.Inbox, c.People, c.Gateway = (*h).Carts, (*h).Sessions, (*h).Catalog, (*h).Inbox, (*h).People, (*h).Gateway
		c.Till, c.Vault = (*h).Till(c.Till), (*h).Vault(c.Vault)
	}
}

// shops take money at once, or hold it first.
var shops = map[string]func(*checkout.Config){"": func(*checkout.Config) {}, ", held": manual}

// meanwhile is what may happen while a call is still on its way.
var meanwhile = map[string]func(trial){
	"": func(trial) {},
	"the bank approves": func(tr trial) {
		for _, in := range tr.intents(tr.first()) {
			if in.Status == payments.StatusActionRequired {
				tr.ok(tr.provider.Authenticate(in.ID, true))
			}
		}
		tr.webhooks()
		tr.tick() // a hold's event only makes reconcile ask
	},
	"paid anew": func(tr trial) {
		tr.clock.advance(61 * time.Second)
		_, _ = tr.complete(tr.cart.Token, tr.first(), "pm_card_visa")
	},
}

// TestOvertakenAtEveryCall has something else happen from its beginning to its end before each call of each request: the same request in
// another process, the bank's approval, another payment, reconcile.
func TestOvertakenAtEveryCall(t *testing.T) {
	t.Parallel()
	others := map[string]func(trial){
		"by itself":        func(tr trial) { _ = tr.run(tr.Context()) },
		"by itself, later": func(tr trial) { tr.clock.advance(61 * time.Second); _ = tr.run(tr.Context()) },
		"by reconcile":     func(tr trial) { tr.clock.advance(61 * time.Second); tr.tick() },
		"by the bank":      meanwhile["the bank approves"],
		"by a new payment": meanwhile["paid anew"],
	}
	for name, begin := range trials {
		for kind, shop := range shops {
			t.Run(name+kind, func(t *testing.T) {
				t.Parallel()
				for other, happens := range others {
					for n := 1; ; n++ {
						tr := begin(newWorld(t, shop, mortal))
						l := &life{fate: fate{at: n, overtaken: func() { happens(tr) }}}
						_ = tr.run(l.in(t.Context()))
						if l.count() < n {
							break
						}
						t.Run(fmt.Sprintf("%s %d %s", l.calls[n-1], n, other), func(t *testing.T) {
							tr.T = t
							tr.wantOneChargeAtMost()
							tr.wantEnd()
						})
					}
				}
			})
		}
	}
}

// wantEnd lets everything come to its end, events last.
func (tr trial) wantEnd() {
	tr.Helper()
	tr.settle()
	tr.webhooks()
	tr.wait(2*time.Minute, time.Minute)
	if !tr.wantWhole() {
		tr.wantUsable()
	}
}

// TestEveryCallInEveryWay lets each call of each request go each wrong way between service and stores or provider, and the
// process live on: it must come to a consistent end by itself, or with reconcile's help. The shop takes money at once, or holds it.
func TestEveryCallInEveryWay(t *testing.T) {
	t.Parallel()
	ways := []checkouttest.Way{checkouttest.Contended, checkouttest.Throttled, checkouttest.Late, checkouttest.Twice, checkouttest.Stale}
	for name, begin := range trials {
		for kind, shop := range shops {
			t.Run(name+kind, func(t *testing.T) {
				t.Parallel()
				for _, way := range ways {
					eachCall(t, begin, shop, way, func(trial) {})
				}
				for _, happens := range meanwhile {
					eachCall(t, begin, shop, checkouttest.Delayed, happens)
				}
			})
		}
	}
}

func eachCall(t *testing.T, begin func(*world) trial, shop func(*checkout.Config), way checkouttest.Way, happens func(trial)) {
	for n := 1; ; n++ {
		var h *checkouttest.Hostile
		tr := begin(newWorld(t, shop, hostile(&h)))
		before := len(h.Calls())
		h.At(n, way)
		err := tr.run(t.Context())
		calls := h.Calls()
		if len(calls) < before+n {
			return
		}
		t.Run(fmt.Sprintf("%s %d %s", calls[before+n-1].Method, n, way), func(t *testing.T) {
			tr.T = t
			if calls[before+n-1].Method == "Commit" && way == checkouttest.Contended && err != nil {
				t.Errorf("somebody else's write is the caller's error: %v", err)
			}
			tr.wantOneChargeAtMost()
			happens(tr)
			h.Land() // what was still under way arrives
			tr.wantEnd()
		})
	}
}
