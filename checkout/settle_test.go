package checkout_test

import (
	"context"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

// halfway leaves attempt 2 undecided on the intent that attempt 1 has failed on: its confirmation never arrived.
func halfway(t *testing.T, edit ...func(*checkout.Config)) (w *world, cart checkout.CartView, id string, old []string) {
	t.Helper()
	w = newWorld(t, edit...)
	cart, id = w.opened()
	w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, false))
	old = w.events()
	w.clock.advance(6 * time.Second)
	w.get(cart.Token, id)
	w.inject("payment_intents.confirm", sandbox.WayRefused)
	w.pay(cart.Token, id, "pm_card_visa")
	return w, cart, id, old
}

func (w *world) wantUndecided(id string, attempt int) {
	w.Helper()
	s := w.wantStatus(id, checkout.StatusInProgress)
	if s.Attempt == nil || s.Attempt.N != attempt || s.Attempt.Answered || len(s.Holds) == 0 {
		w.Fatalf("attempt %+v, holds %v", s.Attempt, s.Holds)
	}
}

// What attempt 1 went through says nothing about attempt 2, although the intent is the same.
func TestLateEventsDecideNothing(t *testing.T) {
	t.Parallel()
	w, _, id, old := halfway(t)
	for _, e := range old {
		w.ok(w.provider.Deliver(t.Context(), e))
		w.wantUndecided(id, 2)
	}
	w.wait(2*time.Minute, 10*time.Second)
	w.wantPaidOnce(id)
}

// An intent that awaits a method looks before a call as it does after its decline.
func TestAwaitingAMethodDecidesNothing(t *testing.T) {
	t.Parallel()
	t.Run("read", func(t *testing.T) {
		t.Parallel()
		w, _, id, _ := halfway(t)
		w.ok(w.observer.Observe(t.Context(), payments.Event{ID: "evt_case", Type: "review.opened", Kind: payments.EventForeign, Object: "prv_1",
			Intent: payments.Intent{ID: w.session(id).Intent.ID}}))
		w.tick() // reads the intent that the case is about; the payment itself is not due yet
		w.wantUndecided(id, 2)
		w.wait(2*time.Minute, 10*time.Second)
		w.wantPaidOnce(id)
	})
	t.Run("event", func(t *testing.T) {
		t.Parallel()
		w, _, id, _ := halfway(t)
		in := w.intents(id)[0]
		in.Attempt = 2
		w.ok(w.observer.Observe(t.Context(), payments.Event{ID: "evt_new", Type: "payment_intent.brand_new", Kind: payments.EventIntent, Intent: in}))
		w.wantUndecided(id, 2)
	})
}

func TestLateEventNeverLowers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_sandbox_processing")
	in := w.intents(id)[0]
	in.Status = payments.StatusActionRequired
	before := w.session(id).Version
	w.ok(w.observer.Observe(t.Context(), payments.Event{ID: "evt_late", Type: "payment_intent.requires_action", Kind: payments.EventIntent,
		Intent: in}))
	if s := w.wantStatus(id, checkout.StatusInProgress); s.Version != before {
		t.Errorf("a late event changed the session: %+v", s.Intent)
	}
}

func TestCanceledIntentOwesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_authenticationRequired")
	w.update(cart.Token, id, everything("NL"))
	before := w.session(id).Version
	for _, d := range w.provider.Undelivered() {
		if d.Type == "payment_intent.canceled" {
			w.ok(w.provider.Deliver(t.Context(), d.Event))
		}
	}
	if s := w.session(id); s.Version != before || len(s.Refunds) != 0 {
		t.Errorf("the cancellation that we made is news: %+v", s.Refunds)
	}
}

// While a call's lease runs nobody repeats the call, whatever else is due for its session.
func TestRefundDuringACallRepeatsNoCall(t *testing.T) {
	t.Parallel()
	var w *world
	var id string
	calls := 0
	g := &scripted{pay: func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
		if calls++; calls == 1 {
			w.foreignIntent(id, 7, "pm_card_visa")
			w.webhooks()
			w.tick()
		}
		return g.Pay(ctx, r)
	}}
	w = newWorld(t, g.into)
	var cart checkout.CartView
	cart, id = w.opened()
	w.pay(cart.Token, id, "pm_card_visa")
	if calls != 1 {
		t.Errorf("%d calls at once", calls)
	}
	w.wantStatus(id, checkout.StatusCompleted)
	w.wantSettled(id)
}
