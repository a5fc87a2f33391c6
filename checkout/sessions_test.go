package checkout_test

import (
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

func (w *world) cancel(token, id string) (checkout.SessionView, error) {
	return w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.request(token), SessionID: id})
}

func TestEndOfASession(t *testing.T) {
	t.Parallel()
	t.Run("completed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_visa")
		_, err := w.complete(cart.Token, id, "pm_card_visa")
		wantCode(t, err, checkout.CodeAlreadyCompleted)
		_, err = w.cancel(cart.Token, id)
		wantCode(t, err, checkout.CodeAlreadyCompleted)
		_, err = w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: everything("NO")})
		wantCode(t, err, checkout.CodeAlreadyCompleted)
		if view := w.get(cart.Token, id); view.Session.Order == nil || view.Offers != nil {
			t.Errorf("order %v, offers %v", view.Session.Order, view.Offers)
		}
		w.later(7 * time.Hour)
		w.wantPaidOnce(id)
	})
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		in := checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id}
		_, err := w.sessions.Cancel(t.Context(), in)
		w.ok(err)
		view, err := w.sessions.Cancel(t.Context(), in)
		w.ok(err)
		if !view.Replayed {
			t.Error("the same key is no replay")
		}
		view, err = w.cancel(cart.Token, id)
		w.ok(err)
		if view.Session.Status != checkout.StatusCanceled {
			t.Errorf("session is %s", view.Session.Status)
		}
		_, err = w.complete(cart.Token, id, "pm_card_visa")
		wantCode(t, err, checkout.CodeAlreadyCanceled)
		_, err = w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: everything("NO")})
		wantCode(t, err, checkout.CodeAlreadyCanceled)
		next := w.create(cart)
		if next.Session.ID == id {
			t.Error("a canceled session was opened again")
		}
		w.pay(cart.Token, next.Session.ID, "pm_card_visa")
		w.wantPaidOnce(next.Session.ID)
	})
	t.Run("canceled while it runs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_sandbox_processing")
		_, err := w.cancel(cart.Token, id)
		wantCode(t, err, checkout.CodePaymentInProgress)
		w.later(10 * time.Minute)
		w.wantPaidOnce(id)
	})
	t.Run("canceled at the bank", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		paying := w.pay(cart.Token, id, "pm_card_authenticationRequired")
		_, err := w.cancel(cart.Token, id)
		w.ok(err)
		w.wantStatus(id, checkout.StatusCanceled)
		w.wantUnpaid(id)
		if err := w.provider.Authenticate(paying.Session.Intent.ID, true); err == nil {
			t.Error("the shopper can still pay")
		}
		w.webhooks()
		w.wantUnpaid(id)
	})
	t.Run("canceled after the money", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, true))
		view, err := w.cancel(cart.Token, id)
		w.ok(err)
		if view.Session.Order == nil {
			t.Errorf("the money won, the answer is %s", view.Session.Status)
		}
		w.wantPaidOnce(id)
	})
	t.Run("canceled after the app paid by itself", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.confirm(w.session(id).Intent.ID, "pm_card_visa")
		_, err := w.cancel(cart.Token, id)
		w.ok(err)
		w.tick()
		w.tick()
		w.wantSettled(id)
	})
	t.Run("canceled while the provider is away", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.inject("payment_intents.cancel", sandbox.WayRefused)
		_, err := w.cancel(cart.Token, id)
		wantCode(t, err, checkout.CodeUnavailable)
		w.wantStatus(id, checkout.StatusReady)
		_, err = w.cancel(cart.Token, id)
		w.ok(err)
		w.wantUnpaid(id)
	})
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*world, checkout.CartView, string){
		"never paid": func(*world, checkout.CartView, string) {},
		"declined":   func(w *world, c checkout.CartView, id string) { w.pay(c.Token, id, "pm_card_chargeDeclined") },
		"turned back": func(w *world, c checkout.CartView, id string) {
			w.pay(c.Token, id, "pm_card_authenticationRequired")
			w.update(c.Token, id, everything("NL"))
		},
	} {
		for by, end := range map[string]func(*world, checkout.CartView, string){
			"schedule": func(w *world, _ checkout.CartView, id string) { w.tick() },
			"create":   func(w *world, c checkout.CartView, _ string) { w.create(c) },
			"change": func(w *world, c checkout.CartView, id string) {
				_, err := w.sessions.Update(w.Context(),
					checkout.UpdateSessionInput{Request: w.request(c.Token), SessionID: id, Change: everything("NO")})
				wantCode(w.T, err, checkout.CodeAlreadyCanceled)
			},
			"payment": func(w *world, c checkout.CartView, id string) {
				_, err := w.complete(c.Token, id, "pm_card_visa")
				wantCode(w.T, err, checkout.CodeAlreadyCanceled)
			},
			"cancel": func(w *world, c checkout.CartView, id string) {
				_, err := w.cancel(c.Token, id)
				w.ok(err)
			},
		} {
			t.Run(name+" by "+by, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				cart := w.cart("mug", 1)
				in := checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL")}
				opened, err := w.sessions.Create(t.Context(), in)
				w.ok(err)
				id := opened.Session.ID
				begin(w, cart, id)
				w.clock.advance(6*time.Hour - time.Second)
				w.tick()
				if s := w.session(id); s.Status.Final() {
					t.Fatalf("session ended a second too early: %s", s.Status)
				}
				w.clock.advance(time.Second)
				if view := w.get(cart.Token, id); view.Session.Status != checkout.StatusCanceled || view.Offers != nil {
					t.Errorf("past its time it shows %s", view.Session.Status)
				}
				end(w, cart, id)
				w.wantStatus(id, checkout.StatusCanceled)
				w.wantUnpaid(id)
				for _, in := range w.intents(id) {
					if in.Status != payments.StatusCanceled {
						t.Errorf("intent is %s and could still be paid", in.Status)
					}
				}
				next := w.create(cart)
				if next.Session.ID != checkout.SessionID(cart.Cart.ID, 1) {
					t.Errorf("next session is %s", next.Session.ID)
				}
				w.pay(cart.Token, next.Session.ID, "pm_card_visa")
				w.wantPaidOnce(next.Session.ID)
				old, err := w.sessions.Create(t.Context(), in)
				w.ok(err)
				if old.Session.Status != checkout.StatusCompleted && old.Session.ID != id {
					t.Errorf("the old key answers %s %s", old.Session.ID, old.Session.Status)
				}
			})
		}
	}
}

func TestCompleteKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_authenticationRequired")}
	_, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	again, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	if !again.Replayed || again.Session.Status != checkout.StatusEscalated || again.Session.Attempt.N != 1 {
		t.Errorf("replay %v, %s, attempt %d", again.Replayed, again.Session.Status, again.Session.Attempt.N)
	}
	other := in
	other.Fingerprint = "another body"
	_, err = w.sessions.Complete(t.Context(), other)
	wantCode(t, err, checkout.CodeKeyReused)
	_, err = w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: other.Request, SessionID: id})
	wantCode(t, err, checkout.CodeKeyReused)
	_, err = w.complete(cart.Token, id, "pm_card_visa")
	wantCode(t, err, checkout.CodePaymentInProgress)
	w.ok(w.provider.Authenticate(again.Session.Intent.ID, true))
	w.webhooks()
	again, err = w.sessions.Complete(t.Context(), in)
	w.ok(err)
	if !again.Replayed || again.Session.Order == nil {
		t.Errorf("replay %v, order %v", again.Replayed, again.Session.Order)
	}
}
