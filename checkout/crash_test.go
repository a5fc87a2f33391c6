package checkout_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments/sandbox"
)

// trial is one request about one cart, made again and again in fresh worlds, each time dying somewhere else.
type trial struct {
	*world
	cart checkout.CartView
	run  func(context.Context) error // the same request each time: same key, same body
	// planted counts charges that the trial made past us.
	planted int
}

// trials are the requests that move money, or give it back. Each takes a mug, of which there are ten.
var trials = map[string]func(*world) trial{
	"complete":            func(w *world) trial { return completing(w, "pm_card_visa") },
	"complete, declined":  func(w *world) trial { return completing(w, "pm_card_chargeDeclined") },
	"complete, 3-D":       func(w *world) trial { return completing(w, "pm_card_authenticationRequired") },
	"complete, slow bank": func(w *world) trial { return completing(w, "pm_sandbox_processing") },
	"second attempt": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		return w.completes(cart, id, "pm_card_visa")
	},
	"second attempt at another amount": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("mug", 2)})
		return w.completes(cart, id, "pm_card_visa")
	},
	"create that pays": func(w *world) trial {
		cart := w.cart("mug", 1)
		return w.creates(cart, checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL"),
			Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1990))})
	},
	"create from lines that pays": func(w *world) trial {
		in := checkout.CreateSessionInput{Request: w.request(""), Change: everything("NL"), Instrument: method("pm_card_visa"),
			ExpectedTotal: ptr(int64(1990))}
		in.Change.Lines = linesOf("mug", 1)
		made, err := newWorld(w.T).sessions.Create(w.Context(), in) // elsewhere, to learn what its cart will be
		w.ok(err)
		cart := checkout.CartView{Cart: checkout.Cart{ID: made.Session.CartID}, Token: made.Token}
		return w.creates(cart, in)
	},
	"prepare": func(w *world) trial {
		cart, id := w.opened()
		return w.prepares(cart, id)
	},
	"prepare, signed in": func(w *world) trial {
		cart := w.cartOf("ada", "mug", 1)
		return w.prepares(cart, w.open(cart).Session.ID)
	},
	"prepare after a decline": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("mug", 2)})
		return w.prepares(cart, id)
	},
	"prepare anew": func(w *world) trial {
		cart, id := w.opened()
		w.prepare(cart.Token, id)
		return w.prepares(cart, id)
	},
	"turn back from the sheet": func(w *world) trial {
		cart, id := w.opened()
		w.prepare(cart.Token, id)
		in := checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: checkout.SessionChange{Lines: linesOf("mug", 3)}}
		return trial{world: w, cart: cart, run: func(ctx context.Context) error { _, err := w.sessions.Update(ctx, in); return err }}
	},
	"webhook of the sheet": func(w *world) trial {
		cart, id := w.opened()
		w.confirm(w.prepare(cart.Token, id).Session.Intent.ID, "pm_card_visa")
		return w.delivers(cart, "payment_intent.succeeded")
	},
	"status read after the sheet": func(w *world) trial {
		cart, id := w.opened()
		w.confirm(w.prepare(cart.Token, id).Session.Intent.ID, "pm_card_visa")
		w.clock.advance(10 * time.Second)
		return trial{world: w, cart: cart, run: func(ctx context.Context) error {
			_, err := w.sessions.Session(ctx, callerOf(cart.Token), id)
			return err
		}}
	},
	"reconcile when the sheet was left": func(w *world) trial {
		cart, id := w.opened()
		w.prepare(cart.Token, id)
		w.clock.advance(10 * time.Minute)
		return w.reconciles(cart)
	},
	"turn back from the bank": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_authenticationRequired")
		in := checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: checkout.SessionChange{Lines: linesOf("mug", 3)}}
		return trial{world: w, cart: cart, run: func(ctx context.Context) error { _, err := w.sessions.Update(ctx, in); return err }}
	},
	"turn back after the money": func(w *world) trial {
		cart, id := w.opened()
		w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, true))
		in := checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: everything("NO")}
		return trial{world: w, cart: cart, run: func(ctx context.Context) error { _, err := w.sessions.Update(ctx, in); return err }}
	},
	"cancel": func(w *world) trial {
		cart, id := w.opened()
		return w.cancels(cart, id)
	},
	"cancel at the bank": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_authenticationRequired")
		return w.cancels(cart, id)
	},
	"cancel after a decline": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		return w.cancels(cart, id)
	},
	"status read": func(w *world) trial {
		cart, id := w.opened()
		w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, true))
		w.clock.advance(10 * time.Second)
		return trial{world: w, cart: cart, run: func(ctx context.Context) error {
			_, err := w.sessions.Session(ctx, callerOf(cart.Token), id)
			return err
		}}
	},
	"webhook": func(w *world) trial {
		cart, id := w.opened()
		w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, true))
		return w.delivers(cart, "payment_intent.succeeded")
	},
	"reconcile after a lost answer": func(w *world) trial {
		cart, id := w.opened()
		w.inject("payment_intents.create", sandbox.WayLost)
		w.pay(cart.Token, id, "pm_card_visa")
		w.clock.advance(time.Minute)
		return w.reconciles(cart)
	},
	"reconcile after a stored error": func(w *world) trial {
		cart, id := w.opened()
		w.inject("payment_intents.create", sandbox.WayErrorAfter)
		w.pay(cart.Token, id, "pm_card_visa")
		w.clock.advance(time.Minute)
		return w.reconciles(cart)
	},
	"reconcile after the shopper stayed away": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_authenticationRequired")
		w.clock.advance(20 * time.Minute)
		return w.reconciles(cart)
	},
	"reconcile of a second intent": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_visa")
		w.foreignIntent(id, 1, "pm_card_visa")
		w.webhooks()
		tr := w.reconciles(cart)
		tr.planted = 1
		return tr
	},
	"expiry with an intent": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.clock.advance(6 * time.Hour)
		return w.reconciles(cart)
	},
	"create after expiry": func(w *world) trial {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.clock.advance(6 * time.Hour)
		return w.creates(cart, checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL"),
			Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1990))})
	},
	"inbox": func(w *world) trial {
		cart := w.cart("mug", 1)
		w.foreignIntent(checkout.SessionID(cart.Cart.ID, 0), 1, "pm_card_visa")
		w.webhooks() // nobody knows the session yet
		w.open(cart)
		tr := w.reconciles(cart)
		tr.planted = 1
		return tr
	},
}

func (w *world) opened() (checkout.CartView, string) {
	cart := w.cart("mug", 1)
	return cart, w.open(cart).Session.ID
}

func completing(w *world, pm string) trial {
	cart, id := w.opened()
	return w.completes(cart, id, pm)
}

func (w *world) completes(cart checkout.CartView, id, pm string) trial {
	in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method(pm)}
	return trial{world: w, cart: cart, run: func(ctx context.Context) error { _, err := w.sessions.Complete(ctx, in); return err }}
}

func (w *world) prepares(cart checkout.CartView, id string) trial {
	in := checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id}
	return trial{world: w, cart: cart, run: func(ctx context.Context) error { _, err := w.sessions.Prepare(ctx, in); return err }}
}

func (w *world) creates(cart checkout.CartView, in checkout.CreateSessionInput) trial {
	return trial{world: w, cart: cart, run: func(ctx context.Context) error { _, err := w.sessions.Create(ctx, in); return err }}
}

func (w *world) cancels(cart checkout.CartView, id string) trial {
	in := checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id}
	return trial{world: w, cart: cart, run: func(ctx context.Context) error { _, err := w.sessions.Cancel(ctx, in); return err }}
}

func (w *world) reconciles(cart checkout.CartView) trial {
	return trial{world: w, cart: cart, run: func(ctx context.Context) error { _, err := w.reconciler.Run(ctx); return err }}
}

func (w *world) delivers(cart checkout.CartView, kind string) trial {
	return trial{world: w, cart: cart, run: func(ctx context.Context) error {
		for _, d := range w.provider.Undelivered() {
			if d.Type == kind {
				return w.provider.Deliver(ctx, d.Event)
			}
		}
		return nil
	}}
}

// wantWhole checks the cart's end: one charge and one order, or neither; what is free, held and sold adds up; the cart is the
// order's, or open.
func (tr trial) wantWhole() (paid bool) {
	tr.Helper()
	var ids []string
	var kept int64
	taken := 0
	for round := range 4 {
		id := checkout.SessionID(tr.cart.Cart.ID, round)
		s, err := tr.store.Session(tr.Context(), id)
		if checkout.ErrorCode(err) == checkout.CodeNotFound {
			continue
		}
		tr.ok(err)
		ids = append(ids, id)
		paid = tr.wantSettled(id) || paid
		if s.Order == nil && s.Status == checkout.StatusCompleted || s.Order != nil && s.Status != checkout.StatusCompleted {
			tr.Fatalf("session %s is %s with order %+v", id, s.Status, s.Order)
		}
	}
	for _, c := range tr.provider.Ledger() {
		if net := stays(c); net != 0 {
			kept, taken = kept+net, taken+1
		}
	}
	if taken > 1 || taken == 1 != paid {
		tr.Fatalf("the shop keeps %d of %d charges, paid: %v", kept, taken, paid)
	}
	tr.wantConserved("mug", 10, ids...)
	return paid
}

// wantOneChargeAtMost checks what must be true at every moment: no second charge for the cart whose money stays.
func (tr trial) wantOneChargeAtMost() {
	tr.Helper()
	taken := 0
	for _, c := range tr.provider.Ledger() {
		if stays(c) > 0 {
			taken++
		}
	}
	if taken > 1+tr.planted {
		tr.Fatalf("%d charges at once: %+v", taken, tr.provider.Ledger())
	}
}

// recoveries are the ways in which things go on after a death, from the most eager to none at all.
var recoveries = map[string]func(trial){
	"client": func(tr trial) {
		for range 3 {
			tr.clock.advance(61 * time.Second)
			_ = tr.run(tr.Context()) // 409, gone, done: all the same to a client that only repeats
		}
	},
	"webhooks": func(tr trial) { tr.webhooks() },
	"reads": func(tr trial) {
		for range 3 {
			tr.clock.advance(61 * time.Second)
			_, _ = tr.sessions.Session(tr.Context(), callerOf(tr.cart.Token), checkout.SessionID(tr.cart.Cart.ID, 0))
		}
	},
	"reconcile": func(trial) {},
}

// settle lets reconcile and sweep alone bring everything to its end: within 15 minutes, or 20 more where a shopper is waited
// for.
func (tr trial) settle() {
	tr.Helper()
	tr.wait(15*time.Minute, 3*time.Minute)
	for round := range 4 {
		s, err := tr.store.Session(tr.Context(), checkout.SessionID(tr.cart.Cart.ID, round))
		if err == nil && s.Attempt != nil && !s.Attempt.Answered {
			tr.Fatalf("after 15 minutes nobody knows what became of attempt %d", s.Attempt.N)
		}
	}
	tr.wait(22*time.Minute, 11*time.Minute)
}

// wantUsable checks that a cart that was not paid can be, once.
func (tr trial) wantUsable() {
	tr.Helper()
	cart, err := tr.store.Cart(tr.Context(), tr.cart.Cart.ID)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return // the request died before it made one
	}
	tr.ok(err)
	if cart.Session != "" {
		return // an order that was canceled keeps its cart
	}
	view := tr.create(tr.cart)
	if view.Session.Status != checkout.StatusReady {
		tr.Fatalf("session is %s: %v", view.Session.Status, view.Messages)
	}
	tr.clock.advance(11 * time.Minute) // past the guard against card testing
	if paid := tr.pay(tr.cart.Token, view.Session.ID, "pm_card_visa"); paid.Session.Order == nil {
		// Who turned back may have left the intent canceled at the provider alone: this attempt finds that out.
		tr.pay(tr.cart.Token, view.Session.ID, "pm_card_visa")
	}
	if !tr.wantWhole() {
		tr.Fatal("the cart can't be paid any more")
	}
}

// TestDeathAtEveryBoundary kills each request before and after each of its calls (or lets only that answer be lost), and then
// recovers in each way.
func TestDeathAtEveryBoundary(t *testing.T) {
	t.Parallel()
	for name, begin := range trials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := begin(newWorld(t, mortal))
			l := &life{}
			if err := whole.run(l.in(t.Context())); err != nil {
				t.Fatal(err)
			}
			if l.count() < 2 {
				t.Fatalf("%v: nothing to die at", l.calls)
			}
			for at := range l.count() {
				for _, f := range []fate{{at: at + 1}, {at: at + 1, after: true}, {at: at + 1, lives: true}, {at: at + 1, after: true, lives: true}} {
					for way, recover := range recoveries {
						if f.lives && way == "reads" {
							continue // what came of it was read already
						}
						t.Run(fmt.Sprintf("%s %d after=%v lives=%v %s", l.calls[at], at+1, f.after, f.lives, way), func(t *testing.T) {
							tr := begin(newWorld(t, mortal))
							_ = tr.run((&life{fate: f}).in(t.Context()))
							tr.wantOneChargeAtMost()
							recover(tr)
							tr.wantOneChargeAtMost()
							tr.settle()
							if !tr.wantWhole() {
								tr.wantUsable()
							}
						})
					}
				}
			}
		})
	}
}
