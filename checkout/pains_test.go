package checkout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

// What users of other checkouts suffer from, in their own words, each as a test that it doesn't happen here.

// Paid, but no order: the payment succeeds in the app and no order stands in the shop.
func TestPaidButNoOrder(t *testing.T) {
	t.Parallel()
	// The shopper's phone never comes back after Face ID, and the answer to it was lost on the way.
	for name, way := range map[string]sandbox.Way{"the answer was lost": sandbox.WayLost, "the answer was an error": sandbox.WayErrorAfter} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cart, id := w.opened()
			w.inject("payment_intents.create", way)
			w.pay(cart.Token, id, "pm_card_visa")
			w.wait(2*time.Minute, time.Minute)
			w.wantPaidOnce(id)
		})
	}
	t.Run("confirm call and webhook race", func(t *testing.T) {
		t.Parallel()
		for range 20 {
			w := newWorld(t)
			cart, id := w.opened()
			view := w.prepare(cart.Token, id)
			w.sheet(view, "payment_method", "pm_card_visa")
			events := w.provider.Undelivered()
			w.clock.advance(10 * time.Second)
			w.overlap(4, func() {
				for _, e := range events {
					_ = w.provider.Deliver(t.Context(), e.Event)
				}
				_, _ = w.sessions.Session(t.Context(), callerOf(cart.Token), id)
				_, _ = w.reconciler.Run(t.Context())
			})
			w.wantPaidOnce(id)
		}
	})
	t.Run("the webhook comes before the order exists", func(t *testing.T) {
		t.Parallel()
		var w *world
		g := &scripted{pay: func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
			in, err := g.Pay(ctx, r)
			w.webhooks()
			return in, err
		}}
		w = newWorld(t, g.into)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
	})
	t.Run("no webhook ever comes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.webhookErr = errors.New("down")
		view := w.prepare(cart.Token, id)
		w.sheet(view, "payment_method", "pm_card_visa")
		w.clock.advance(10 * time.Minute)
		w.tick()
		w.wantPaidOnce(id)
	})
}

// Charged twice, captured twice, told twice: every request and every event, doubled and at once.
func TestChargedTwice(t *testing.T) {
	t.Parallel()
	t.Run("auto-capture captures twice", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual)
		id := w.held()
		w.overlap(8, func() {
			_, _ = w.orders.Capture(t.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: id})
			_, _ = w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id})
		})
		w.wait(10*time.Minute, time.Minute)
		if s := w.order(id); w.kept(id) != 1990 || len(s.Order.Fulfillments) != 1 {
			t.Errorf("kept %d, %d fulfillments", w.kept(id), len(s.Order.Fulfillments))
		}
	})
	t.Run("three webhooks at once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		view := w.prepare(cart.Token, id)
		w.sheet(view, "payment_method", "pm_card_visa")
		events := w.provider.Undelivered()
		w.overlap(3, func() {
			for _, e := range events {
				_ = w.provider.Deliver(t.Context(), e.Event)
			}
		})
		s := w.wantPaidOnce(id)
		if n := len(s.Notices); n != 1 {
			t.Errorf("the order is told %d times", n)
		}
	})
	t.Run("payment for cart already exists, customer cannot retry", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.prepare(cart.Token, id)
		w.update(cart.Token, id, checkout.SessionChange{})
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
	})
	t.Run("the order is told before it is paid", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		view := w.prepare(cart.Token, id)
		w.sheet(view, "payment_method", "pm_card_chargeDeclined")
		w.webhooks()
		w.tick()
		if s := w.session(id); len(s.Notices) != 0 || s.Order != nil {
			t.Errorf("notices %v, order %v", s.Notices, s.Order)
		}
	})
}

// The sheet reports an error although the payment succeeded, or success although it was canceled: nobody asks the app.
func TestWalletAndAppDisagree(t *testing.T) {
	t.Parallel()
	t.Run("an error, and it succeeded", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		view := w.prepare(cart.Token, id)
		w.sheet(view, "payment_method", "pm_card_visa")
		// The app, told of an error, tries again at once, in each way that it has.
		again, err := w.sessions.Prepare(t.Context(), checkout.PrepareInput{Request: w.request(cart.Token), SessionID: id})
		w.ok(err)
		if again.Session.Order == nil {
			t.Fatalf("session is %s", again.Session.Status)
		}
		_, err = w.complete(cart.Token, id, "pm_card_visa")
		wantCode(t, err, checkout.CodeAlreadyCompleted)
		w.wantPaidOnce(id)
	})
	t.Run("a redirect that says success, and it was canceled", func(t *testing.T) {
		t.Parallel()
		w := newEurope(t)
		token, id := w.abroad("NL", "EUR", "ios")
		view := w.prepare(token, id)
		w.sheet(view, "payment_method_data[type]", "ideal")
		w.ok(w.provider.Authenticate(view.Session.Intent.ID, false))
		if s := w.read(token, id).Session; s.Order != nil {
			t.Error("an order without money")
		}
	})
	t.Run("the second instance of the app finds the first one's payment", func(t *testing.T) {
		t.Parallel()
		w := newEurope(t)
		token, id := w.abroad("NL", "EUR", "ios")
		view := w.prepare(token, id)
		w.sheet(view, "payment_method_data[type]", "ideal")
		found := w.read(token, id)
		if found.Session.Intent.ClientSecret != view.Session.Intent.ClientSecret || found.Session.Status != checkout.StatusEscalated {
			t.Errorf("session %s, intent %+v", found.Session.Status, found.Session.Intent)
		}
		w.ok(w.provider.Authenticate(view.Session.Intent.ID, true))
		w.read(token, id)
		w.wantPaidOnce(id)
	})
	t.Run("WeChat Pay is not offered where it can't be opened", func(t *testing.T) {
		t.Parallel()
		for platform, want := range map[payments.Platform]bool{"ios": false, "android": false, "web": true, "": false} {
			for _, v := range europeanShop().JudgeMethods(checkout.Sale{Total: *eur(5000), Country: "NL", Platform: platform}) {
				if v.Method == "wechat_pay" && v.Offered() != want {
					t.Errorf("on %q: %+v", platform, v)
				}
			}
		}
	})
}

// States that take days, refunds that nobody sees, holds that end in silence.
func TestSlowStatesAndRefunds(t *testing.T) {
	t.Parallel()
	t.Run("a late failure downgrades a paid order", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		view := w.prepare(cart.Token, id)
		w.sheet(view, "payment_method", "pm_card_chargeDeclined")
		failed := w.provider.Undelivered()
		w.sheet(view, "payment_method", "pm_card_visa")
		w.webhooks()
		w.wantPaidOnce(id)
		for _, e := range failed {
			_ = w.provider.Deliver(t.Context(), e.Event)
		}
		w.tick()
		w.wantPaidOnce(id)
	})
	t.Run("a slow payment is shown as an error, and bought again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		view := w.pay(cart.Token, id, "pm_sandbox_processing")
		if view.Session.Status != checkout.StatusInProgress {
			t.Fatalf("session is %s", view.Session.Status)
		}
		wantMessage(t, view.Messages, checkout.MsgPaymentRunning, "$.payment")
		_, err := w.complete(cart.Token, id, "pm_card_visa")
		wantCode(t, err, checkout.CodePaymentInProgress)
		w.wait(12*time.Minute, 3*time.Minute)
		w.wantPaidOnce(id)
	})
	t.Run("a failure is ignored, and the payment stuck for ever", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_sandbox_processing_fails")
		w.wait(30*time.Minute, 5*time.Minute)
		wantNotice(t, w.wantUnpaid(id), checkout.NoticeLateDecline, "")
	})
	t.Run("refunds of the dashboard are not seen", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, id := w.ordered("pm_card_visa", "mug", 1)
		w.stripe("/v1/refunds", map[string][]string{"payment_intent": {w.order(id).Order.IntentID}})
		w.webhooks()
		w.tick()
		if s := w.order(id); !s.Order.Refundable().IsZero() || len(s.Order.Refunds) != 1 {
			t.Errorf("refunds %+v", s.Order.Refunds)
		}
	})
	t.Run("an authorization expires silently", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, manual)
		id := w.held()
		w.later(6*24*time.Hour + time.Hour)
		wantNotice(t, w.order(id), checkout.NoticePaymentReview, "")
		w.later(24 * time.Hour)
		w.later(20 * time.Minute)
		if s := w.order(id); s.Order.Lapsed.IsZero() || s.Review != "authorization_lapsed" {
			t.Errorf("order %+v, review %q", s.Order, s.Review)
		}
	})
}
