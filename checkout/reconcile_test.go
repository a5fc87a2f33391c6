package checkout_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

// A repeat under a key that the provider may have forgotten would be a second charge: after 23 h nothing is repeated.
func TestKeyIsNotUsedAfter23Hours(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		way  sandbox.Way
		pm   string
		want checkout.Status
		act  func(*world, string)
	}{
		"never made":  {sandbox.WayRefused, "pm_card_visa", checkout.StatusCanceled, nil},
		"paid":        {sandbox.WayLost, "pm_card_visa", checkout.StatusCompleted, nil},
		"declined":    {sandbox.WayLost, "pm_card_chargeDeclined", checkout.StatusCanceled, nil},
		"at the bank": {sandbox.WayLost, "pm_card_authenticationRequired", checkout.StatusEscalated, nil},
		"canceled": {sandbox.WayLost, "pm_card_authenticationRequired", checkout.StatusCanceled, func(w *world, id string) {
			w.stripe("/v1/payment_intents/"+w.intents(id)[0].ID+"/cancel", nil)
		}},
		"on its way": {sandbox.WayLost, "pm_sandbox_processing", checkout.StatusInProgress, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pays := 0
			g := &scripted{pay: func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
				pays++
				return g.Pay(ctx, r)
			}}
			w := newWorld(t, g.into)
			cart, id := w.opened()
			w.inject("payment_intents.create", tc.way)
			w.pay(cart.Token, id, tc.pm)
			if tc.act != nil {
				tc.act(w, id)
			}
			w.clock.advance(23 * time.Hour) // nobody looked for a day
			w.tick()
			w.wait(6*time.Minute, time.Minute) // what isn't listed is looked for once more
			if pays != 1 {
				t.Errorf("the call was made %d times", pays)
			}
			s := w.wantStatus(id, tc.want)
			if tc.want == checkout.StatusCanceled && s.Attempt != nil { // its time was over, too
				t.Errorf("attempt %v", s.Attempt)
			}
			for _, in := range w.intents(id) {
				if tc.want == checkout.StatusCanceled && in.Status != payments.StatusCanceled {
					t.Errorf("intent is %s and could still be paid", in.Status)
				}
			}
			w.wait(2*time.Hour, 10*time.Minute)
			w.ok(w.provider.Run(t.Context(), w.clock.Now()))
			w.wait(time.Hour, 10*time.Minute)
			w.wantSettled(id)
			w.wantConserved("mug", 10, id)
		})
	}
	t.Run("23 hours less a second", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.inject("payment_intents.create", sandbox.WayRefused)
		w.pay(cart.Token, id, "pm_card_visa")
		w.clock.advance(23*time.Hour - time.Second)
		w.tick()
		w.wantPaidOnce(id)
	})
	t.Run("known intent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.inject("payment_intents.confirm", sandbox.WayRefused)
		w.pay(cart.Token, id, "pm_card_visa")
		w.clock.advance(23 * time.Hour)
		w.tick()
		s := w.session(id)
		if s.Attempt != nil || s.Intent != nil {
			t.Errorf("attempt %v, intent %v", s.Attempt, s.Intent)
		}
		if in := w.intents(id); len(in) != 1 || in[0].Status != payments.StatusCanceled {
			t.Errorf("intents %+v", in)
		}
		w.tick()
		w.wantSettled(id)
	})
	t.Run("known intent, paid after all", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.inject("payment_intents.confirm", sandbox.WayLost)
		w.pay(cart.Token, id, "pm_card_visa")
		w.clock.advance(23 * time.Hour)
		w.tick()
		w.wantPaidOnce(id)
	})
}

// A 500 that the provider stored is replayed for ever: the listing decides, five minutes after the call at the earliest.
func TestStoredErrors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		way    sandbox.Way
		pm     string
		within time.Duration
		want   checkout.Status
	}{
		"nothing was made": {sandbox.WayErrorBefore, "pm_card_visa", 8 * time.Minute, checkout.StatusReady},
		"paid":             {sandbox.WayErrorAfter, "pm_card_visa", time.Minute, checkout.StatusCompleted},
		"declined":         {sandbox.WayErrorAfter, "pm_card_chargeDeclined", time.Minute, checkout.StatusReady},
		"at the bank":      {sandbox.WayErrorAfter, "pm_card_authenticationRequired", time.Minute, checkout.StatusEscalated},
		"on its way":       {sandbox.WayErrorAfter, "pm_sandbox_processing", time.Minute, checkout.StatusInProgress},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cart, id := w.opened()
			w.inject("payment_intents.create", tc.way)
			key := w.pay(cart.Token, id, tc.pm).Session.Attempt.Key
			if tc.way == sandbox.WayErrorBefore {
				w.wait(5*time.Minute-time.Second, time.Second*13)
				w.wantStatus(id, checkout.StatusInProgress)
			}
			w.wait(tc.within, 10*time.Second)
			s := w.wantStatus(id, tc.want)
			if tc.want != checkout.StatusReady {
				w.wait(40*time.Minute, 2*time.Minute)
				w.wantSettled(id)
				return
			}
			wantMessage(t, s.Messages, checkout.MsgPaymentFailed, "$.payment")
			w.wantUnpaid(id)
			w.inject("payment_intents.create", sandbox.WayLost)
			if next := w.pay(cart.Token, id, "pm_card_visa").Session.Attempt; next == nil || next.Key == key || next.N != 2 {
				t.Fatalf("next attempt %+v", next)
			}
			w.wait(time.Minute, 10*time.Second)
			w.wantPaidOnce(id)
		})
	}
	t.Run("the listing is away", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.inject("payment_intents.create", sandbox.WayErrorAfter)
		w.ok(w.provider.Inject(sandbox.Fault{Match: "payment_intents.list", Way: sandbox.WayRefused, Times: -1}))
		w.pay(cart.Token, id, "pm_card_visa")
		w.wait(20*time.Minute, time.Minute)
		w.wantStatus(id, checkout.StatusInProgress) // no listing proves nothing
		w.provider.ClearFaults()
		w.wait(3*time.Minute, time.Minute)
		w.wantPaidOnce(id)
	})
	t.Run("another session's and another attempt's intents", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.inject("payment_intents.create", sandbox.WayErrorBefore)
		w.pay(cart.Token, id, "pm_card_visa")
		w.foreignIntent(id+"0", 1, "pm_card_visa")
		w.foreignIntent(id, 2, "pm_card_authenticationRequired")
		w.wait(8*time.Minute, 20*time.Second)
		w.wantStatus(id, checkout.StatusReady)
	})
}

// The app confirms the declined intent by itself while the server tries another amount.
func TestCallRefusedForTheIntentsState(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meanwhile func(*world, string)
		want      checkout.Status
	}{
		"at the bank": {func(w *world, pi string) { w.confirm(pi, "pm_card_authenticationRequired") }, checkout.StatusEscalated},
		"paid":        {func(w *world, pi string) { w.confirm(pi, "pm_card_visa") }, checkout.StatusCanceled}, // the old amount
		"canceled":    {func(w *world, pi string) { w.stripe("/v1/payment_intents/"+pi+"/cancel", nil) }, checkout.StatusReady},
		"failed at the bank before we read": {func(w *world, pi string) {
			w.confirm(pi, "pm_card_authenticationRequired")
		}, checkout.StatusReady},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &scripted{}
			w := newWorld(t, g.into)
			cart, id := w.opened()
			w.pay(cart.Token, id, "pm_card_chargeDeclined")
			w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("mug", 2)})
			pi := w.session(id).Intent.ID
			tc.meanwhile(w, pi)
			if strings.HasPrefix(name, "failed") {
				g.pay = func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
					in, err := g.Pay(ctx, r)
					w.ok(w.provider.Authenticate(pi, false))
					return in, err
				}
			}
			view := w.pay(cart.Token, id, "pm_card_visa")
			if view.Session.Status != tc.want {
				t.Fatalf("session is %s, want %s", view.Session.Status, tc.want)
			}
			w.webhooks()
			w.wait(40*time.Minute, 2*time.Minute)
			w.wantSettled(id)
			w.wantConserved("mug", 10, id)
		})
	}
}

func TestOverlappingRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var carts []checkout.CartView
	for i := range 12 {
		cart := w.cart("beans", i+1)
		id := w.open(cart).Session.ID
		w.inject("payment_intents.create", []sandbox.Way{sandbox.WayLost, sandbox.WayErrorAfter, sandbox.WayRefused}[i%3])
		w.pay(cart.Token, id, "pm_card_visa")
		carts = append(carts, cart)
	}
	for range 12 {
		w.clock.advance(30 * time.Second)
		w.overlap(4, func() { _, err := w.reconciler.Run(t.Context()); w.ok(err) })
	}
	for _, cart := range carts {
		w.wantPaidOnce(checkout.SessionID(cart.Cart.ID, 0))
	}
	tally, err := w.reconciler.Run(t.Context())
	w.ok(err)
	if tally != (checkout.Tally{}) {
		t.Errorf("nothing is due, tally %+v", tally)
	}
}

func TestTallies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.inject("payment_intents.create", sandbox.WayLost)
	w.pay(cart.Token, id, "pm_card_visa")
	w.clock.advance(time.Minute)
	w.ok(w.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayBadGateway}))
	for _, want := range []checkout.Tally{{Looked: 1, Changed: 1}, {Looked: 1, Changed: 1}, {}} {
		got, err := w.reconciler.Run(t.Context())
		w.ok(err)
		if got != want {
			t.Errorf("tally %+v, want %+v", got, want)
		}
		w.clock.advance(3 * time.Minute)
	}
	w.wantPaidOnce(id)
	waiting := w.open(w.cart("mug", 1)).Session.ID
	w.clock.advance(6 * time.Hour)
	got, err := w.sweeper.Run(t.Context())
	w.ok(err)
	if got != (checkout.Tally{Looked: 1, Changed: 1}) {
		t.Errorf("sweep's tally %+v", got)
	}
	w.wantStatus(waiting, checkout.StatusCanceled)
}

// A dispute is no change of the order: a person is told, once.
func TestDisputeIsFlagged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_createDispute")
	for range 2 {
		w.webhooks()
		w.tick()
		w.tick()
	}
	s := w.wantStatus(id, checkout.StatusCompleted)
	if !strings.HasPrefix(s.Review, "charge.dispute.") {
		t.Errorf("review %q", s.Review)
	}
	items, _, err := w.store.InboxItems(t.Context(), checkout.DueQuery{Before: w.clock.Now(), Limit: 100})
	w.ok(err)
	if len(items) != 0 {
		t.Errorf("%d events are left", len(items))
	}
}
