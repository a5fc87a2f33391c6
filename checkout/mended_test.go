package checkout_test

// Each of these was once a way to lose money, stock or an edit.

import (
	"context"
	"net/url"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

// The app confirms the declined intent by itself (client secret): money without an order for up to six hours.
func TestMoneyOnTheKnownIntentWithoutAnAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	w.pay(cart.Token, id, "pm_card_chargeDeclined")
	w.confirm(w.session(id).Intent.ID, "pm_card_visa")
	w.webhooks()
	w.wait(15*time.Minute, time.Minute)
	if kept, _ := w.charged(id); kept != 0 && w.session(id).Order == nil {
		t.Errorf("the shop keeps %d without an order, session is %s", kept, w.session(id).Status)
	}
}

// Canceled event overwrites the watch of a pending refund
func TestCanceledEventForgetsARefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	w.pay(cart.Token, id, "pm_card_chargeDeclined")
	s := w.session(id)
	a := w.stripe("/v1/payment_intents", url.Values{"amount": {"1990"}, "currency": {"eur"}, "confirm": {"true"}, "payment_method": {"pm_card_visa"},
		"return_url": {"https://shop.example/return"}, "payment_method_types[]": {"card"},
		"metadata[session_id]": {id}, "metadata[attempt]": {"1"}})
	if a.Status != 200 {
		t.Fatalf("%s", a.Body)
	}
	w.webhooks() // second intent, paid
	w.stripe("/v1/payment_intents/"+s.Intent.ID+"/cancel", nil)
	w.webhooks()
	w.wait(15*time.Minute, time.Minute)
	if kept, _ := w.charged(id); kept != 0 {
		t.Errorf("the shop keeps %d, watch %+v", kept, w.session(id).Watch)
	}
}

// Five minutes count from the attempt's beginning, not from its call
func TestFiveMinutesCountFromTheCall(t *testing.T) {
	t.Parallel()
	var w *world
	var visible time.Time
	g := &scripted{find: func(g checkout.Gateway, ctx context.Context, id string, since time.Time) ([]payments.Intent, error) {
		if w.clock.Now().Before(visible) {
			return nil, nil
		}
		return g.Find(ctx, id, since)
	}}
	w = newWorld(t, g.into, mortal)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	l := &life{fate: fate{at: 4}}
	_, _ = w.sessions.Complete(l.in(t.Context()), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id,
		Instrument: method("pm_card_visa")})
	t.Log(l.calls)
	w.clock.advance(10 * time.Minute) // reconcile was down
	visible = w.clock.Now().Add(3 * time.Minute)
	w.inject("payment_intents.create", sandbox.WayErrorAfter)
	w.wait(10*time.Minute, 30*time.Second)
	if s := w.session(id); s.Status != checkout.StatusCompleted {
		w.webhooks()
		kept, _ := w.charged(id)
		t.Errorf("session is %s, shop keeps %d; refunds %+v", s.Status, kept, w.session(id).Refunds)
	}
}

// A stored 500 under the key of a cancel
func TestStored500OfACancel(t *testing.T) {
	t.Parallel()
	t.Run("attempt", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		w.pay(cart.Token, id, "pm_card_authenticationRequired")
		w.inject("payment_intents.cancel", sandbox.WayErrorBefore)
		w.wait(20*time.Minute+15*time.Minute, time.Minute)
		if s := w.session(id); s.Attempt != nil {
			t.Errorf("session still %s, tries %d", s.Status, s.Attempt.Tries)
		}
	})
	t.Run("session", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.inject("payment_intents.cancel", sandbox.WayErrorBefore)
		w.clock.advance(6 * time.Hour)
		w.wait(15*time.Minute, time.Minute)
		if s := w.session(id); s.Status != checkout.StatusCanceled {
			t.Errorf("session still %s", s.Status)
		}
	})
}

func straying(w *world) (checkout.CartView, string) {
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	_, err := w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id})
	w.ok(err)
	a := w.stripe("/v1/payment_intents", url.Values{"amount": {"1990"}, "currency": {"eur"}, "confirm": {"true"}, "payment_method": {"pm_card_visa"},
		"return_url": {"https://shop.example/return"}, "payment_method_types[]": {"card"},
		"metadata[session_id]": {id}, "metadata[attempt]": {"1"}})
	if a.Status != 200 {
		w.Fatalf("%s", a.Body)
	}
	w.webhooks()
	return cart, id
}

// A stored 500 under the key of a refund
func TestStored500OfARefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := straying(w)
	w.inject("refunds.create", sandbox.WayErrorBefore)
	w.wait(30*time.Minute, time.Minute)
	if kept, _ := w.charged(id); kept != 0 {
		t.Errorf("the shop keeps %d after half an hour: %+v", kept, w.session(id).Refunds)
	}
}

// Part was refunded at the dashboard
func TestPartWasRefundedByAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := straying(w)
	pi := w.session(id).Refunds[0].IntentID
	if a := w.stripe("/v1/refunds", url.Values{"payment_intent": {pi}, "amount": {"100"}}); a.Status != 200 {
		t.Fatalf("%s", a.Body)
	}
	w.wait(30*time.Minute, time.Minute)
	if kept, _ := w.charged(id); kept != 0 {
		t.Errorf("the shop keeps %d without an order: %+v", kept, w.session(id).Refunds)
	}
}

// Messages pile up
func TestMessagesPileUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	for range 3 {
		view, err := w.sessions.Complete(t.Context(),
			checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1))})
		w.ok(err)
		if len(view.Messages) != 1 {
			t.Errorf("%d messages: %v", len(view.Messages), view.Messages)
		}
	}
}

// Our own refunds
func TestOwnRefundsAreNoCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := straying(w)
	before := w.session(id).Review
	w.tick()
	w.webhooks() // refund.created, charge.refunded
	w.tick()
	if s := w.session(id); s.Review != before {
		t.Errorf("review was %q and became %q by our own refund; %d notices", before, s.Review, len(s.Notices))
	}
}

// Stale amount
func TestAmountOfARefusedAttemptStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	w.pay(cart.Token, id, "pm_card_chargeDeclined")
	w.update(cart.Token, id, checkout.SessionChange{Destination: address("NO")})
	if v := w.pay(cart.Token, id, "pm_unknown"); v.Session.Status != checkout.StatusReady {
		t.Fatalf("session is %s", v.Session.Status)
	}
	w.update(cart.Token, id, checkout.SessionChange{Destination: address("NL")})
	w.pay(cart.Token, id, "pm_card_visa")
	for _, c := range w.provider.Ledger() {
		if c.Captured > 1990 {
			t.Errorf("charged %d, the shopper saw 1990 (session %s, review %q)", c.Captured, w.session(id).Status, w.session(id).Review)
		}
	}
}

// A second intent on its way, paid later: refunded, but nobody is told
func TestMoneyThatCameAfterItWasToBeReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_visa")
	w.foreignIntent(id, 1, "pm_sandbox_processing")
	w.webhooks()
	w.wait(40*time.Minute, time.Minute)
	s := w.session(id)
	if kept, taken := w.charged(id); kept != 1990 || taken != 2 {
		t.Fatalf("the shop keeps %d of %d", kept, taken)
	}
	if s.Review == "" {
		t.Error("nobody is told of the second charge")
	}
	wantMessage(t, s.Messages, checkout.MsgPaymentRefunded, "$.payment")
}

// A late event of a closed attempt cancels the intent that the next attempt would use, and books a refund
func TestLateEventOfAClosedAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_sandbox_processing_fails")
	late := w.events()
	w.clock.advance(10 * time.Minute)
	w.ok(w.provider.Run(t.Context(), w.clock.Now()))
	w.wait(12*time.Minute, 2*time.Minute)
	before := w.wantStatus(id, checkout.StatusReady)
	for _, e := range late {
		w.ok(w.provider.Deliver(t.Context(), e))
	}
	w.tick()
	if s := w.session(id); s.Version != before.Version || len(s.Refunds) != 0 {
		t.Errorf("version %d → %d, refunds %+v, intent %v", before.Version, s.Version, s.Refunds, s.Intent)
	}
}

// An own answer that comes after its attempt was settled counts as a fresh read, and closes the next attempt
func TestLateAnswerClosesTheNextAttempt(t *testing.T) {
	t.Parallel()
	var w *world
	var id string
	var cart checkout.CartView
	first := true
	g := &scripted{pay: func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
		in, err := g.Pay(ctx, r)
		if first {
			first = false
			w.clock.advance(2 * time.Minute) // frozen beyond its lease: reconcile settles the decline, the shopper pays anew
			w.tick()
			w.pay(cart.Token, id, "pm_card_authenticationRequired")
		}
		return in, err
	}}
	w = newWorld(t, g.into)
	cart, id = w.opened()
	w.pay(cart.Token, id, "pm_card_chargeDeclined")
	if s := w.session(id); s.Status != checkout.StatusEscalated || s.Attempt == nil || s.Attempt.N != 2 {
		t.Fatalf("the shopper is at the bank, the session is %s", s.Status)
	}
}

// Our own refund is made, and fails a minute later (charge.refund.updated): its events are taken for good news
func TestOwnRefundThatFailsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_visa")
	w.foreignIntent(id, 1, "pm_card_refundFail")
	w.webhooks()
	w.tick()
	w.webhooks()
	w.clock.advance(2 * time.Minute)
	w.ok(w.provider.Run(t.Context(), w.clock.Now()))
	w.webhooks()
	w.tick()
	s := w.session(id)
	if kept, _ := w.charged(id); kept != 1990 && s.Refunds[0].Done && s.Review != "refund_failed" && s.Review != "refund.failed" && s.Review != "charge.refund.updated" {
		t.Errorf("the shop keeps %d for an order of 1990, and nobody is told: review %q, refunds %+v", kept, s.Review, s.Refunds)
	}
}
