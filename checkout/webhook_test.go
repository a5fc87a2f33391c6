package checkout_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/sandbox"
)

// histories are payments whose events are all still undelivered; each ends in one way, whatever the order of its events.
var histories = map[string]struct {
	begin func(*world) string // returns the session
	want  checkout.Status
}{
	"3-D Secure failed, then passed, on one intent": {func(w *world) string {
		cart, id := w.opened()
		w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, false))
		w.clock.advance(6 * time.Second)
		w.get(cart.Token, id)
		w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, true))
		return id
	}, checkout.StatusCompleted},
	"3-D Secure after a lost answer": {func(w *world) string {
		cart, id := w.opened()
		w.inject("payment_intents.create", sandbox.WayLost)
		w.pay(cart.Token, id, "pm_card_authenticationRequired")
		w.ok(w.provider.Authenticate(w.intents(id)[0].ID, true))
		return id
	}, checkout.StatusCompleted},
	"declined, the answer lost": {func(w *world) string {
		cart, id := w.opened()
		w.inject("payment_intents.create", sandbox.WayLost)
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		return id
	}, checkout.StatusReady},
	"turned back, then paid with a lost answer": {func(w *world) string {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_authenticationRequired")
		w.update(cart.Token, id, everything("NL"))
		w.inject("payment_intents.create", sandbox.WayLost)
		w.pay(cart.Token, id, "pm_card_visa")
		return id
	}, checkout.StatusCompleted},
	"declined, then paid on the same intent": {func(w *world) string {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_chargeDeclined")
		w.inject("payment_intents.confirm", sandbox.WayLost)
		w.pay(cart.Token, id, "pm_card_visa")
		return id
	}, checkout.StatusCompleted},
	"slow bank": {func(w *world) string {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_sandbox_processing")
		w.clock.advance(10 * time.Minute)
		w.ok(w.provider.Run(w.Context(), w.clock.Now()))
		return id
	}, checkout.StatusCompleted},
	"slow bank that says no": {func(w *world) string {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_sandbox_processing_fails")
		w.clock.advance(10 * time.Minute)
		w.ok(w.provider.Run(w.Context(), w.clock.Now()))
		return id
	}, checkout.StatusReady},
	"second intent": {func(w *world) string {
		cart, id := w.opened()
		w.pay(cart.Token, id, "pm_card_visa")
		w.foreignIntent(id, 1, "pm_card_visa")
		return id
	}, checkout.StatusCompleted},
}

// intents are the provider's intents of a session.
func (w *world) intents(session string) []payments.Intent {
	w.Helper()
	found, err := w.config.Gateway.Find(w.Context(), session, time.Time{}.AddDate(2000, 0, 0))
	w.ok(err)
	return found
}

// events are the undelivered events about intents.
func (w *world) events() []string {
	var ids []string
	for _, d := range w.provider.Undelivered() {
		if strings.HasPrefix(d.Type, "payment_intent.") {
			ids = append(ids, d.Event)
		}
	}
	return ids
}

func permutations(of []string) [][]string {
	if len(of) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for i, first := range of {
		for _, rest := range permutations(slices.Delete(slices.Clone(of), i, i+1)) {
			all = append(all, append([]string{first}, rest...))
		}
	}
	return all
}

// TestEventsInEveryOrder delivers the events of a payment in every order, each twice, in two ways of doubling.
func TestEventsInEveryOrder(t *testing.T) {
	t.Parallel()
	for name, h := range histories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newWorld(t)
			h.begin(first)
			events := first.events()
			if len(events) < 2 || len(events) > 5 {
				t.Fatalf("%d events", len(events))
			}
			ends := map[string][]string{}
			for _, order := range permutations(events) {
				for _, delivered := range [][]string{doubled(order), append(slices.Clone(order), order...)} {
					w := newWorld(t)
					id := h.begin(w)
					for _, e := range delivered {
						w.ok(w.provider.Deliver(t.Context(), e))
					}
					w.wait(15*time.Minute, 3*time.Minute)
					w.wantStatus(id, h.want)
					w.wantSettled(id)
					w.wantConserved("mug", 10, id)
					ends[w.end(id)] = delivered
				}
			}
			if len(ends) != 1 {
				t.Errorf("the order decides what becomes of it: %v", ends)
			}
		})
	}
}

func doubled(events []string) []string {
	var out []string
	for _, e := range events {
		out = append(out, e, e)
	}
	return out
}

// end is what may not depend on the order of events.
func (w *world) end(id string) string {
	s := w.session(id)
	order, intent := checkout.Order{}, checkout.Intent{}
	if s.Order != nil {
		order = *s.Order
	}
	if s.Intent != nil {
		intent = *s.Intent
	}
	return fmt.Sprint(s.Status, order.ID, order.IntentID, order.Amount, intent.ID, intent.Status, s.Attempts, s.Pays, s.Review, s.Holds)
}

// TestWebhookBeforeTheAnswer delivers everything while the call that caused it is still waiting for its answer.
func TestWebhookBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for pm, want := range map[string]checkout.Status{
		"pm_card_visa": checkout.StatusCompleted, "pm_card_authenticationRequired": checkout.StatusEscalated,
		"pm_card_chargeDeclined": checkout.StatusReady, "pm_sandbox_processing": checkout.StatusInProgress,
	} {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s lost=%v", pm, lost), func(t *testing.T) {
				t.Parallel()
				var w *world
				g := &scripted{pay: func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
					intent, err := g.Pay(ctx, r)
					w.webhooks()
					if lost {
						return payments.Intent{}, errDied
					}
					return intent, err
				}}
				w = newWorld(t, g.into)
				cart, id := w.opened()
				in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method(pm)}
				view, err := w.sessions.Complete(t.Context(), in)
				w.ok(err)
				if lost && pm == "pm_card_chargeDeclined" {
					if view.Session.Status != checkout.StatusInProgress {
						t.Errorf("a failed payment's event decided: %s", view.Session.Status)
					}
					return
				}
				if view.Session.Status != want {
					t.Errorf("answer is %s, want %s", view.Session.Status, want)
				}
				if want == checkout.StatusEscalated && (view.Session.Intent.Action == nil || view.Session.Intent.ClientSecret == "") {
					t.Error("the shopper can't act without an action")
				}
				w.webhooks()
				w.wantStatus(id, want)
				if want == checkout.StatusCompleted {
					w.wantPaidOnce(id)
				}
			})
		}
	}
}

func TestLateAnswerAfterTheWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.ok(w.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayLate, Late: func(context.Context) { w.webhooks() }}))
	if view := w.pay(cart.Token, id, "pm_card_visa"); view.Session.Order == nil {
		t.Errorf("session is %s", view.Session.Status)
	}
	w.wantPaidOnce(id)
}

func TestCallThatTakesEffectLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.ok(w.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayDelayed, Delay: 8 * time.Minute}))
	w.pay(cart.Token, id, "pm_card_visa")
	w.wait(7*time.Minute, 30*time.Second)
	w.wantStatus(id, checkout.StatusInProgress) // its key is in use: something is under way
	w.clock.advance(2 * time.Minute)
	w.webhooks()
	w.wantPaidOnce(id)
}

func TestFailedPaymentOnlyWakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	paying := w.pay(cart.Token, id, "pm_card_authenticationRequired")
	w.ok(w.provider.Authenticate(paying.Session.Intent.ID, false))
	w.webhooks()
	s := w.wantStatus(id, checkout.StatusEscalated)
	if s.Attempt == nil || len(s.Holds) != 1 || s.Watch != (checkout.Watch{Kind: checkout.WatchPayment, At: w.clock.Now()}) {
		t.Errorf("attempt %v, holds %v, watch %v", s.Attempt, s.Holds, s.Watch)
	}
	w.tick()
	s = w.wantStatus(id, checkout.StatusReady)
	wantMessage(t, s.Messages, checkout.MsgPaymentFailed, "$.payment")
	version := s.Version
	for _, d := range []string{"payment_intent.payment_failed", "payment_intent.requires_action"} {
		w.ok(w.observer.Observe(t.Context(), payments.Event{ID: "evt_" + d, Type: d, Kind: payments.EventWake, Intent: w.intents(id)[0]}))
	}
	if w.session(id).Version != version {
		t.Error("an event that nobody waits for changed the session")
	}
}

// A late event of attempt 1 must not touch attempt 2, which waits on the same intent.
func TestEventsOfAnOlderAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.ok(w.provider.Authenticate(w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID, false))
	old := w.events()
	w.clock.advance(6 * time.Second)
	w.get(cart.Token, id)
	w.pay(cart.Token, id, "pm_sandbox_processing")
	before := w.wantStatus(id, checkout.StatusInProgress)
	for _, e := range old {
		w.ok(w.provider.Deliver(t.Context(), e))
	}
	if s := w.wantStatus(id, checkout.StatusInProgress); s.Intent.Status != payments.StatusProcessing || s.Attempt.N != before.Attempt.N {
		t.Errorf("intent is %s in attempt %d", s.Intent.Status, s.Attempt.N)
	}
	w.later(10 * time.Minute)
	w.wantPaidOnce(id)
}

func TestEventsThatNameNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	for i, forged := range []string{
		"cs_garbage", "cs_0000000000000000000000000_0", "cs__0", "cs_x_-1", "cs_x_99999999999", "ct_x_0", "or_" + cart.Cart.ID[3:] + "_0", cart.Cart.ID,
		checkout.SessionID(cart.Cart.ID, 7), "'; DROP TABLE sessions",
	} {
		w.foreignIntent(forged, i, "pm_card_visa")
	}
	w.webhooks()
	items, _, err := w.store.InboxItems(t.Context(), checkout.DueQuery{Before: w.clock.Now(), Limit: 100})
	w.ok(err)
	if len(items) != 10 {
		t.Fatalf("%d of 10 events are kept", len(items))
	}
	tally, err := w.reconciler.Run(t.Context())
	w.ok(err)
	if tally.Looked != 10 || tally.Changed != 0 || tally.Failed != 0 {
		t.Errorf("tally %+v", tally)
	}
	w.later(3 * 24 * time.Hour) // the provider repeats nothing any more
	items, _, err = w.store.InboxItems(t.Context(), checkout.DueQuery{Before: w.clock.Now(), Limit: 100})
	w.ok(err)
	if len(items) != 0 {
		t.Errorf("%d are kept for ever", len(items))
	}
}

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
	_, err := w.carts.AddLine(t.Context(), checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Line: checkout.LineInput{SKU: "beans", Quantity: 1}})
	w.ok(err)
	_, err = w.carts.RemoveLine(t.Context(), checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, LineID: checkout.LineID("beans")})
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
			w.ok(w.observer.Observe(t.Context(), payments.Event{ID: "evt_live", Type: "payment_intent.succeeded", Kind: payments.EventIntent, Intent: in}))
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

func TestStatusThatNobodyKnows(t *testing.T) {
	t.Parallel()
	unknown := true
	strange := func(in payments.Intent, err error) (payments.Intent, error) {
		if unknown {
			in.Status = payments.StatusReview
		}
		return in, err
	}
	g := &scripted{
		pay: func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
			return strange(g.Pay(ctx, r))
		},
		read: func(g checkout.Gateway, ctx context.Context, id string) (payments.Intent, error) {
			return strange(g.Read(ctx, id))
		},
	}
	w := newWorld(t, g.into)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_visa")
	w.wait(10*time.Minute, time.Minute)
	s := w.wantStatus(id, checkout.StatusInProgress)
	if s.Review != "unknown_status" || len(s.Holds) != 1 {
		t.Errorf("review %q, holds %v", s.Review, s.Holds)
	}
	unknown = false
	w.wait(5*time.Minute, time.Minute)
	w.wantPaidOnce(id)
}
