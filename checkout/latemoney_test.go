package checkout_test

import (
	"context"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/sandbox"
)

func TestMoneyForASessionThatComesLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	intent := w.foreignIntent(checkout.SessionID(cart.Cart.ID, 0), 1, "pm_card_visa")
	w.webhooks()
	id := w.open(cart).Session.ID
	w.tick()
	w.tick()
	s := w.session(id)
	if len(s.Refunds) != 1 || s.Refunds[0].IntentID != intent || !s.Refunds[0].Done || s.Review != "late" {
		t.Errorf("refunds %+v, review %q", s.Refunds, s.Review)
	}
	if kept, taken := w.charged(id); kept != 0 || taken != 1 {
		t.Errorf("the shop keeps %d", kept)
	}
	w.pay(cart.Token, id, "pm_card_visa")
	if s := w.wantStatus(id, checkout.StatusCompleted); s.Order.IntentID == intent {
		t.Error("refunded money paid for an order")
	}
}

// lateMoney is givenUp, and the shopper has been at the cart since, so that it can't be what the money was for.
func lateMoney(t *testing.T, edit ...func(*checkout.Config)) (w *world, cart checkout.CartView, id string) {
	t.Helper()
	w, cart, id = givenUp(t, edit...)
	_, err := w.carts.AddLine(t.Context(), checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Line: checkout.LineInput{SKU: "beans", Quantity: 1}})
	w.ok(err)
	_, err = w.carts.RemoveLine(t.Context(), checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		LineID: checkout.LineID("beans")})
	w.ok(err)
	return w, cart, id
}

// givenUp pays a session whose attempt was given up because the provider answered a stored error and listed nothing.
func givenUp(t *testing.T, edit ...func(*checkout.Config)) (w *world, cart checkout.CartView, id string) {
	t.Helper()
	hidden := true
	g := &scripted{find: func(g checkout.Gateway, ctx context.Context, session string, since time.Time) ([]payments.Intent, error) {
		if hidden {
			return nil, nil
		}
		return g.Find(ctx, session, since)
	}}
	w = newWorld(t, append([]func(*checkout.Config){g.into}, edit...)...)
	cart, id = w.opened()
	w.inject("payment_intents.create", sandbox.WayErrorAfter)
	w.pay(cart.Token, id, "pm_card_visa")
	w.wait(8*time.Minute, 30*time.Second)
	hidden = false
	s := w.wantStatus(id, checkout.StatusReady)
	wantMessage(t, s.Messages, checkout.MsgPaymentFailed, "$.payment")
	w.Helper()
	return w, cart, id
}

func TestSuccessAfterTheAttemptWasGivenUp(t *testing.T) {
	t.Parallel()
	t.Run("refunded once, and told", func(t *testing.T) {
		t.Parallel()
		w, cart, id := lateMoney(t)
		w.webhooks()
		s := w.session(id)
		wantMessage(t, s.Messages, checkout.MsgPaymentRefunded, "$.payment")
		if s.Review != "late" || len(s.Refunds) != 1 || s.Refunds[0].Done {
			t.Errorf("review %q, refunds %+v", s.Review, s.Refunds)
		}
		for range 3 {
			w.tick()
		}
		if kept, taken := w.charged(id); kept != 0 || taken != 1 {
			t.Errorf("the shop keeps %d", kept)
		}
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantStatus(id, checkout.StatusCompleted)
		if kept, taken := w.charged(id); kept != 1990 || taken != 2 {
			t.Errorf("the shop keeps %d of %d", kept, taken)
		}
	})
	t.Run("while the next attempt waits at the bank", func(t *testing.T) {
		t.Parallel()
		w, cart, id := lateMoney(t)
		paying := w.pay(cart.Token, id, "pm_card_authenticationRequired")
		w.webhooks()
		w.tick()
		s := w.wantStatus(id, checkout.StatusEscalated)
		if kept, _ := w.charged(id); kept != 0 || s.Review != "second_intent" {
			t.Errorf("the shop keeps %d, review %q", kept, s.Review)
		}
		w.ok(w.provider.Authenticate(paying.Session.Intent.ID, true))
		w.webhooks()
		w.tick()
		w.wantStatus(id, checkout.StatusCompleted)
		w.wantSettled(id)
	})
	t.Run("after the session was canceled", func(t *testing.T) {
		t.Parallel()
		w, cart, id := lateMoney(t)
		_, err := w.sessions.Cancel(t.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id})
		w.ok(err)
		w.webhooks()
		w.tick()
		w.wantStatus(id, checkout.StatusCanceled)
		w.wantSettled(id)
	})
	for _, way := range []sandbox.Way{sandbox.WayRefused, sandbox.WayLost, sandbox.WayErrorAfter, sandbox.WayConflict, sandbox.WayRateLimited, sandbox.WayBadGateway, sandbox.WayDelayed} {
		t.Run("refund "+string(way), func(t *testing.T) {
			t.Parallel()
			w, _, id := lateMoney(t)
			w.webhooks()
			w.inject("refunds.create", way)
			w.wait(15*time.Minute, 30*time.Second)
			if kept, _ := w.charged(id); kept != 0 {
				t.Errorf("the shop keeps %d: %+v", kept, w.session(id).Refunds)
			}
			if refunds := w.stripeRefunds(); refunds != 1 {
				t.Errorf("%d refunds", refunds)
			}
		})
	}
	t.Run("overlapping runs", func(t *testing.T) {
		t.Parallel()
		w, _, id := lateMoney(t)
		w.webhooks()
		w.overlap(8, func() { _, err := w.reconciler.Run(t.Context()); w.ok(err) })
		w.wait(2*time.Minute, 30*time.Second)
		w.wantSettled(id)
		if refunds := w.stripeRefunds(); refunds != 1 {
			t.Errorf("%d refunds", refunds)
		}
	})
	t.Run("a person was faster", func(t *testing.T) {
		t.Parallel()
		w, _, id := lateMoney(t)
		w.webhooks()
		w.stripe("/v1/refunds", map[string][]string{"payment_intent": {w.session(id).Refunds[0].IntentID}})
		w.wait(5*time.Minute, 30*time.Second)
		w.wantSettled(id)
	})
	t.Run("a refund that is never made needs a person", func(t *testing.T) {
		t.Parallel()
		w, _, id := lateMoney(t)
		w.webhooks()
		w.ok(w.provider.Inject(sandbox.Fault{Match: "refunds.create", Way: sandbox.WayRefused, Times: -1}))
		w.wait(4*time.Hour, 2*time.Minute)
		if s := w.session(id); s.Review != "refund_failed" || s.Refunds[0].Done {
			t.Errorf("review %q, refunds %+v", s.Review, s.Refunds)
		}
		w.provider.ClearFaults()
		w.wait(2*time.Hour, 10*time.Minute)
		if kept, _ := w.charged(id); kept != 0 {
			t.Errorf("the shop keeps %d", kept)
		}
	})
}

// stripeRefunds counts the refunds that the provider has made.
func (w *world) stripeRefunds() int {
	n := 0
	for _, d := range w.provider.Undelivered() {
		if d.Type == "refund.created" {
			n++
		}
	}
	return n
}

// Money that isn't what was asked for becomes no order: it goes back, and a person is told.
func TestMoneyThatDoesNotMatch(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func(*payments.Request){
		"more":           func(r *payments.Request) { r.Amount.Minor++ },
		"less":           func(r *payments.Request) { r.Amount.Minor-- },
		"other currency": func(r *payments.Request) { r.Amount = money.New(r.Amount.Minor, "USD") },
	} {
		for _, by := range []string{"answer", "webhook", "reconcile"} {
			t.Run(name+" by "+by, func(t *testing.T) {
				t.Parallel()
				g := &scripted{pay: func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
					wrong(&r)
					intent, err := g.Pay(ctx, r)
					if by != "answer" {
						return payments.Intent{}, errDied
					}
					return intent, err
				}}
				w := newWorld(t, g.into)
				cart, id := w.opened()
				w.pay(cart.Token, id, "pm_card_visa")
				if by == "webhook" {
					w.webhooks()
				} else if by == "reconcile" {
					g.pay = func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
						wrong(&r)
						return g.Pay(ctx, r)
					}
					w.later(2 * time.Minute)
				}
				s := w.wantStatus(id, checkout.StatusCanceled)
				wantMessage(t, s.Messages, checkout.MsgPaymentRefunded, "$.payment")
				if s.Review != "amount_mismatch" || len(s.Notices) == 0 {
					t.Errorf("review %q, notices %v", s.Review, s.Notices)
				}
				w.tick()
				w.wantSettled(id)
				w.wantConserved("mug", 10, id)
				if kept, taken := w.charged(id); kept != 0 || taken != 1 {
					t.Errorf("the shop keeps %d of %d", kept, taken)
				}
				g.pay = nil
				next := w.create(cart)
				if next.Session.ID == id {
					t.Fatal("the ended session came back")
				}
				w.pay(cart.Token, next.Session.ID, "pm_card_visa")
				w.wantPaidOnce(next.Session.ID)
			})
		}
	}
	t.Run("other mode", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, true))
		in := w.intents(id)[0]
		in.Live = true
		for range 2 {
			w.ok(w.observer.Observe(t.Context(), payments.Event{ID: "evt_live", Type: "payment_intent.succeeded", Kind: payments.EventIntent,
				Intent: in}))
		}
		if s := w.wantStatus(id, checkout.StatusEscalated); s.Review != "live_mode" || s.Order != nil {
			t.Errorf("review %q, order %v", s.Review, s.Order)
		}
		w.webhooks()
		w.wantPaidOnce(id)
	})
	t.Run("other intent than the stored one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		paying := w.pay(cart.Token, id, "pm_card_authenticationRequired")
		w.foreignIntent(id, 1, "pm_card_visa")
		w.webhooks()
		w.tick()
		s := w.wantStatus(id, checkout.StatusEscalated)
		if kept, _ := w.charged(id); kept != 0 || s.Review != "second_intent" || s.Intent.ID != paying.Session.Intent.ID {
			t.Errorf("the shop keeps %d, review %q", kept, s.Review)
		}
	})
	t.Run("other attempt than the open one, no intent stored", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.inject("payment_intents.create", sandbox.WayRefused)
		w.pay(cart.Token, id, "pm_card_visa")
		w.foreignIntent(id, 9, "pm_card_visa")
		w.webhooks()
		s := w.wantStatus(id, checkout.StatusInProgress)
		if s.Review != "late" || s.Intent != nil {
			t.Errorf("review %q, intent %v", s.Review, s.Intent)
		}
		w.wait(5*time.Minute, 30*time.Second)
		w.wantStatus(id, checkout.StatusCompleted)
		w.wantSettled(id)
	})
	t.Run("second intent that holds no money yet", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_visa")
		other := w.foreignIntent(id, 1, "pm_card_authenticationRequired")
		w.webhooks()
		w.tick()
		for _, in := range w.intents(id) {
			if in.ID == other && in.Status != payments.StatusCanceled {
				t.Errorf("the other intent is %s and could still be paid", in.Status)
			}
		}
		w.wantPaidOnce(id)
	})
	t.Run("second intent on its way, paid before it could be canceled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_visa")
		w.foreignIntent(id, 1, "pm_sandbox_processing")
		w.webhooks()
		w.wait(40*time.Minute, time.Minute)
		w.wantStatus(id, checkout.StatusCompleted)
		w.wantSettled(id)
	})
}
