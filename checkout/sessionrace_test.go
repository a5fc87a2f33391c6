package checkout_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

func TestLeaseKeepsOthersOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mortal)
	cart, id := w.opened()
	in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_visa")}
	_, _ = w.sessions.Complete((&life{fate: fate{at: 4}}).in(t.Context()), in) // dies when it calls
	for range 3 {
		_, err := w.sessions.Complete(t.Context(), in)
		if e := wantCode(t, err, checkout.CodePaymentInProgress); e.RetryAfter <= 0 || e.CheckoutID != id {
			t.Errorf("error %+v", e)
		}
		_, err = w.complete(cart.Token, id, "pm_card_visa")
		wantCode(t, err, checkout.CodePaymentInProgress)
		w.tick()
		if s := w.session(id); s.Attempt == nil || len(w.provider.Ledger()) != 0 {
			t.Fatal("somebody drove an attempt whose lease runs")
		}
		w.clock.advance(19 * time.Second)
	}
	w.clock.advance(10 * time.Second)
	_, err := w.complete(cart.Token, id, "pm_card_visa")
	wantCode(t, err, checkout.CodePaymentInProgress) // another key never
	view, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	if view.Session.Order == nil {
		t.Errorf("session is %s", view.Session.Status)
	}
	w.wantPaidOnce(id)
}

// Twenty editors of one session: each change is made, or its editor is told to come back.
func TestEditorsOfOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	before := w.session(id).Version
	var done atomic.Int64
	w.overlap(20, func() {
		_, err := w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id,
			Change: checkout.SessionChange{Buyer: checkout.BuyerPatch{Phone: ptr("+3161234" + w.key()[21:])}}})
		if err == nil {
			done.Add(1)
			return
		}
		if e := wantCode(t, err, checkout.CodeUnavailable); e.RetryAfter <= 0 {
			t.Errorf("come back when? %+v", e)
		}
	})
	if s := w.session(id); s.Version != before+done.Load() || done.Load() == 0 {
		t.Errorf("%d changes were acknowledged, version went from %d to %d", done.Load(), before, s.Version)
	}
}

// Two hundred people pay one session at once: one charge, and everybody else is told.
func TestTwoHundredPayAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	var orders atomic.Int64
	w.overlap(200, func() {
		view, err := w.complete(cart.Token, id, "pm_card_visa")
		switch code := checkout.ErrorCode(err); {
		case err == nil && view.Session.Order != nil:
			orders.Add(1)
		case err == nil:
			t.Errorf("answer without an order: %s %v", view.Session.Status, view.Messages)
		case code != checkout.CodePaymentInProgress && code != checkout.CodeAlreadyCompleted && code != checkout.CodeUnavailable:
			t.Errorf("error %v", err)
		}
	})
	if orders.Load() != 1 {
		t.Errorf("%d were told that they paid", orders.Load())
	}
	w.wantPaidOnce(id)
	w.wantConserved("mug", 10, id)
	if n := len(w.intents(id)); n != 1 {
		t.Errorf("%d intents", n)
	}
}

func TestPayingAndCancelingAtOnce(t *testing.T) {
	t.Parallel()
	for i := range 30 {
		w := newWorld(t)
		cart, id := w.opened()
		pm := []string{"pm_card_visa", "pm_card_authenticationRequired", "pm_card_chargeDeclined"}[i%3]
		w.overlap(2, func() {
			w.overlap(2, func() { _, _ = w.complete(cart.Token, id, pm) })
			_, _ = w.cancel(cart.Token, id)
			_, _ = w.reconciler.Run(t.Context())
		})
		w.webhooks()
		w.wait(25*time.Minute, 5*time.Minute)
		w.wantSettled(id)
		w.wantConserved("mug", 10, id)
	}
}

// Everything at once: payments, changes, reads, webhooks, reconcile and sweep of the same cart.
func TestEverybodyAtOnce(t *testing.T) {
	t.Parallel()
	for i := range 10 {
		w := newWorld(t)
		cart, id := w.opened()
		w.ok(w.provider.Inject([]sandbox.Fault{{Match: "payment_intents.create", Way: "lost"},
			{Match: "payment_intents.create", Way: "error_after"}}[i%2]))
		jobs := []func(){
			func() { _, _ = w.complete(cart.Token, id, "pm_card_visa") },
			func() { _, _ = w.complete(cart.Token, id, "pm_card_authenticationRequired") },
			func() {
				_, _ = w.sessions.Update(t.Context(),
					checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: everything("NO")})
			},
			func() { _, _ = w.sessions.Session(t.Context(), checkout.Caller{Token: cart.Token}, id) },
			func() { _, _ = w.cancel(cart.Token, id) },
			func() {
				_, _ = w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
					Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1990))})
			},
			func() { _, _ = w.reconciler.Run(t.Context()) },
			func() { _, _ = w.sweeper.Run(t.Context()) },
			func() {
				for _, e := range w.events() {
					_ = w.provider.Deliver(t.Context(), e)
				}
			},
			func() { w.clock.advance(7 * time.Second) },
		}
		var next atomic.Int64
		w.overlap(3*len(jobs), func() { jobs[int(next.Add(1))%len(jobs)]() })
		w.wait(30*time.Minute, 2*time.Minute)
		trial{world: w, cart: cart}.wantWhole()
	}
}

func TestReadsOfAnUndecidedPaymentAskSeldom(t *testing.T) {
	t.Parallel()
	asked := 0
	g := &scripted{}
	w := newWorld(t, g.into)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_authenticationRequired")
	g.read = func(g checkout.Gateway, ctx context.Context, intent string) (payments.Intent, error) {
		asked++
		return g.Read(ctx, intent)
	}
	for range 12 {
		w.clock.advance(time.Second)
		w.get(cart.Token, id)
	}
	if asked != 2 {
		t.Errorf("the provider was asked %d times in 12 s", asked)
	}
	g.read = func(checkout.Gateway, context.Context, string) (payments.Intent, error) {
		return payments.Intent{}, errors.New("away")
	}
	w.clock.advance(10 * time.Second)
	if view := w.get(cart.Token, id); view.Session.Status != checkout.StatusEscalated {
		t.Errorf("a read without the provider shows %s", view.Session.Status)
	}
}

func TestPaymentsOfOneSessionAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	for range checkout.MaxPays {
		_, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id,
			Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1))})
		w.ok(err)
	}
	_, err := w.complete(cart.Token, id, "pm_card_visa")
	if e := wantCode(t, err, checkout.CodeRateLimited); e.RetryAfter <= 0 {
		t.Errorf("error %+v", e)
	}
}
