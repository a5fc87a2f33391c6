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

// A cancellation is never late: the intent that an earlier attempt made, and this one waits on, is over.
func TestCancellationToldOfTheAttemptBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_chargeDeclined")
	w.webhooks()
	waiting := w.pay(cart.Token, id, "pm_card_authenticationRequired").Session
	if waiting.Attempt.N != 2 || waiting.Attempt.UpdateKey != "" || !waiting.Watch.At.Equal(w.clock.Now().Add(20*time.Minute)) {
		t.Fatalf("attempt %+v, watch %v", waiting.Attempt, waiting.Watch)
	}
	w.webhooks()
	w.stripe("/v1/payment_intents/"+waiting.Intent.ID+"/cancel", nil)
	w.webhooks()
	w.wantUnpaid(id)
	w.wantStatus(id, checkout.StatusReady)
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
		"cs_garbage", "cs_0000000000000000000000000_0", "cs__0", "cs_x_-1", "cs_x_99999999999", "ct_x_0", "or_" + cart.Cart.ID[3:] + "_0",
		cart.Cart.ID,
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
