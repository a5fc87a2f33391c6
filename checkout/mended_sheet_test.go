package checkout_test

// Each of these was once a way in which a payment that was handed to the app went wrong.

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

// Who prepares anew with the version at hand isn't refused because of what we take back for it.
func TestPrepareAnewWithIfMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.prepare(cart.Token, id)
	in := checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id}
	in.IfVersion = w.session(id).Version
	view, err := w.sessions.Prepare(t.Context(), in)
	w.ok(err)
	if a := view.Session.Attempt; a == nil || a.N != 2 {
		t.Errorf("attempt %+v", a)
	}
	stale := checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id}
	stale.IfVersion = in.IfVersion
	_, err = w.sessions.Prepare(t.Context(), stale)
	wantCode(t, err, checkout.CodeVersionConflict)
}

// The bank holds the money, and nobody has told us yet, when the shopper turns back or the time is over: the money won, and the
// order is the answer. A hold can be canceled, other than money that was taken.
func TestTurnedBackWhenTheMoneyIsHeld(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(w *world, cart checkout.CartView, id string){
		"by a change": func(w *world, cart checkout.CartView, id string) { w.update(cart.Token, id, checkout.SessionChange{}) },
		"by a cancel": func(w *world, cart checkout.CartView, id string) {
			_, err := w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id})
			w.ok(err)
		},
		"by the clock": func(w *world, _ checkout.CartView, _ string) { w.later(21 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, manual)
			cart, id := w.opened()
			view := w.pay(cart.Token, id, "pm_card_authenticationRequired")
			w.ok(w.provider.Authenticate(view.Session.Intent.ID, true))
			turn(w, cart, id)
			if s := w.wantStatus(id, checkout.StatusCompleted); s.Order == nil || !s.Order.Authorized {
				t.Errorf("order %+v", s.Order)
			}
		})
	}
}

// The provider doesn't say whether the bank holds the money when the shopper turns back: nothing is let go of unseen.
func TestTurnedBackUnseen(t *testing.T) {
	t.Parallel()
	for name, turn := range map[string]func(w *world, cart checkout.CartView, id string) error{
		"by a change": func(w *world, cart checkout.CartView, id string) error {
			return errOf(w.sessions.Update(w.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id}))
		},
		"by a cancel": func(w *world, cart checkout.CartView, id string) error {
			return errOf(w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id}))
		},
		"by the clock": func(w *world, _ checkout.CartView, _ string) error { w.later(21 * time.Minute); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			down := true
			g := &scripted{read: func(g checkout.Gateway, ctx context.Context, id string) (payments.Intent, error) {
				if down {
					return payments.Intent{}, errors.New("no answer")
				}
				return g.Read(ctx, id)
			}}
			w := newWorld(t, manual, g.into)
			cart, id := w.opened()
			view := w.pay(cart.Token, id, "pm_card_authenticationRequired")
			w.ok(w.provider.Authenticate(view.Session.Intent.ID, true))
			if err := turn(w, cart, id); err != nil {
				t.Logf("the shopper is told %v", err)
			}
			down = false
			w.later(10 * time.Minute)
			if s := w.wantStatus(id, checkout.StatusCompleted); s.Order == nil || !s.Order.Authorized {
				t.Errorf("order %+v", s.Order)
			}
		})
	}
}

// What was stated with the secret key can't be stated again by the app: after a declined payment that the server confirmed, the sheet
// gets an intent of its own.
func TestSheetAfterADeclineStatesTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	declined := w.pay(cart.Token, id, "pm_card_chargeDeclined").Session.Intent.ID
	w.inject("payment_intents.cancel", sandbox.WayErrorBefore) // stored under its key
	_, err := w.sessions.Prepare(t.Context(), checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id})
	wantCode(t, err, checkout.CodeUnavailable)
	view := w.prepare(cart.Token, id)
	a := w.sheet(view, "payment_method", "pm_card_visa", "shipping[name]", "Anna de Vries", "shipping[address][line1]", "Keizersgracht 1")
	if a.Status != http.StatusOK {
		t.Fatalf("the sheet is answered %d: %s", a.Status, a.Body)
	}
	w.webhooks()
	w.wantPaidOnce(id)
	if a := w.stripe("/v1/payment_intents/"+declined+"/confirm", url.Values{"payment_method": {"pm_card_visa"}}); a.Status == http.StatusOK {
		t.Error("two intents were alive")
	}
}

// Somebody changes the amount of a prepared intent at the dashboard: what the shopper then pays is not what they saw, and goes back.
func TestSheetThatTakesAnotherAmount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	view := w.prepare(cart.Token, id)
	w.stripe("/v1/payment_intents/"+view.Session.Intent.ID, url.Values{"amount": {"2990"}})
	w.read(cart.Token, id)
	if a := w.sheet(view, "payment_method", "pm_card_visa"); a.Status != http.StatusOK {
		t.Fatalf("the sheet is answered %d: %s", a.Status, a.Body)
	}
	w.webhooks()
	w.tick()
	s := w.session(id)
	if kept, taken := w.charged(id); kept != 0 || taken != 1 || s.Order != nil || s.Review != "amount_mismatch" || w.free("mug") != 10 {
		t.Errorf("the shop keeps %d, order %v, review %q, %d mugs", kept, s.Order, s.Review, w.free("mug"))
	}
	wantMessage(t, s.Messages, checkout.MsgPaymentRefunded, "$.payment")
}

// Two devices prepare at once: one intent is alive, and one payment makes the order.
func TestTwoDevicesPrepareAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.overlap(8, func() {
		_, _ = w.sessions.Prepare(t.Context(), checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id})
	})
	s := w.session(id)
	if s.Status == checkout.StatusReady { // the last of them was beaten between taking back and preparing
		s = w.prepare(cart.Token, id).Session
	}
	if s.Status != checkout.StatusEscalated || w.free("mug") != 9 {
		t.Fatalf("session %s, %d mugs", s.Status, w.free("mug"))
	}
	if live := w.live(); live != 1 {
		t.Errorf("%d intents are alive", live)
	}
	w.sheet(checkout.SessionView{Session: s}, "payment_method", "pm_card_visa")
	w.webhooks()
	w.wantPaidOnce(id)
}

// live counts the provider's intents that aren't canceled.
func (w *world) live() (n int) {
	w.Helper()
	var intents []struct{ Status string }
	w.listed("/v1/payment_intents", &intents)
	for _, in := range intents {
		if in.Status != "canceled" {
			n++
		}
	}
	return n
}

// listed reads the first hundred of a list of the provider's.
func (w *world) listed(path string, into any) {
	w.Helper()
	a, err := w.provider.Do(w.Context(), sandbox.Request{
		Method: http.MethodGet, Path: path, Params: url.Values{"limit": {"100"}}, Key: "sk_test_person",
	})
	w.ok(err)
	var list struct{ Data json.RawMessage }
	w.ok(json.Unmarshal(a.Body, &list))
	w.ok(json.Unmarshal(list.Data, into))
}

// The app has confirmed a declined payment by itself, the bank holds the money and nobody has told us, when the shopper opens the sheet:
// there is nothing left to pay.
func TestSheetWhenTheMoneyIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manual)
	cart, id := w.opened()
	w.confirm(w.pay(cart.Token, id, "pm_card_chargeDeclined").Session.Intent.ID, "pm_card_visa")
	view := w.prepare(cart.Token, id)
	if s := view.Session; s.Order == nil || !s.Order.Authorized || w.live() != 1 {
		t.Errorf("session is %s, %d intents are alive", s.Status, w.live())
	}
}

// The bank held the money, and we let go of it with the answer lost: the event of the hold, late, makes no order without money.
func TestLateEventOfAHoldThatWasReleased(t *testing.T) {
	t.Parallel()
	lost := true
	g := &scripted{cancel: func(g checkout.Gateway, ctx context.Context, id, key string) (payments.Intent, error) {
		in, err := g.Cancel(ctx, id, key)
		if lost {
			return payments.Intent{}, errors.New("no answer")
		}
		return in, err
	}}
	w := newWorld(t, manual, g.into)
	cart, id := w.opened()
	w.confirm(w.pay(cart.Token, id, "pm_card_chargeDeclined").Session.Intent.ID, "pm_card_visa")
	_, err := w.sessions.Cancel(t.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id})
	wantCode(t, err, checkout.CodeUnavailable)
	w.webhooks()
	lost = false
	w.wait(5*time.Minute, time.Minute)
	w.wantUnpaid(id)
}

// The session is over when the shopper asks for something, and its money has just made it the order.
func TestExpiredSessionThatIsTheOrder(t *testing.T) {
	t.Parallel()
	var w *world
	var revive func()
	g := &scripted{cancel: func(g checkout.Gateway, ctx context.Context, id, key string) (payments.Intent, error) {
		if revive != nil {
			revive()
		}
		return g.Cancel(ctx, id, key)
	}}
	w = newWorld(t, g.into)
	cart, id := w.opened()
	left := w.pay(cart.Token, id, "pm_card_chargeDeclined").Session.Intent.ID
	w.confirm(left, "pm_card_visa")
	w.clock.advance(6*time.Hour - time.Second)
	revive = func() { // the event comes a second before the end, and is worked on while somebody else ends the session
		revive = nil
		w.clock.advance(-2 * time.Second)
		w.webhooks()
		w.clock.advance(2 * time.Second)
	}
	w.clock.advance(time.Second)
	_, err := w.complete(cart.Token, id, "pm_card_visa")
	wantCode(t, err, checkout.CodeAlreadyCompleted)
	w.wantPaidOnce(id)
}
