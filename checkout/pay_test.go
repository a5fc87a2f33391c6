package checkout_test

import (
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments/sandbox"
)

func TestCompletePaysInOneCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 2, "beans", 1)
	opened := w.open(cart)
	if opened.Session.Status != checkout.StatusReady {
		t.Fatalf("opened session is %s: %v", opened.Session.Status, opened.Messages)
	}
	view := w.pay(cart.Token, opened.Session.ID, "pm_card_visa")
	if view.Session.Order == nil {
		t.Fatalf("no order: %+v", view.Messages)
	}
	s := w.wantPaidOnce(opened.Session.ID)
	if got := w.free("mug"); got != 8 {
		t.Errorf("8 mugs should be left, not %d", got)
	}
	if want := int64(2*1495 + 1250 + 495); s.Order.Amount.Minor != want {
		t.Errorf("paid %d, want %d", s.Order.Amount.Minor, want)
	}
	order, err := w.sessions.Order(t.Context(), checkout.Caller{Token: cart.Token}, s.Order.ID)
	w.ok(err)
	if order.Session.ID != s.ID {
		t.Errorf("order shows session %s", order.Session.ID)
	}
}

func TestCreateThatPays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	in := checkout.CreateSessionInput{
		Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL"), Instrument: method("pm_card_visa"),
		ExpectedTotal: ptr(int64(1990)),
	}
	first, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	w.wantPaidOnce(first.Session.ID)
	again, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	if !again.Replayed || again.Session.Order.ID != first.Session.Order.ID {
		t.Errorf("the same request again: replayed %v, order %v", again.Replayed, again.Session.Order)
	}
	in.Request = w.request(cart.Token)
	other, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	if other.Session.Order == nil || other.Session.ID != first.Session.ID {
		t.Errorf("a new key for the paid cart must answer its session")
	}
	w.wantPaidOnce(first.Session.ID)
}

func TestFiftyParallelCopiesPayOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	in := checkout.CreateSessionInput{
		Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL"), Instrument: method("pm_card_visa"),
		ExpectedTotal: ptr(int64(1990)),
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	orders := map[string]int{}
	for range 50 {
		group.Go(func() {
			view, err := w.sessions.Create(t.Context(), in)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if e := wantCode(t, err, checkout.CodePaymentInProgress); e.RetryAfter <= 0 {
					t.Error("409 without a time to come back")
				}
				return
			}
			orders[view.Session.Order.ID]++
		})
	}
	group.Wait()
	if len(orders) != 1 {
		t.Errorf("orders %v, want one", orders)
	}
	w.wantPaidOnce(checkout.SessionID(cart.Cart.ID, 0))
}

func TestDeclinedThenPaidOnTheSameIntent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	view := w.pay(cart.Token, id, "pm_card_chargeDeclinedInsufficientFunds")
	m := wantMessage(t, view.Messages, checkout.MsgPaymentFailed, "$.payment")
	if m.Args["reason"] != "use_other_method" || view.Session.Status != checkout.StatusReady {
		t.Errorf("decline shows %v on a session %s", m, view.Session.Status)
	}
	declined := w.wantUnpaid(id)
	if w.free("mug") != 10 {
		t.Errorf("stock must be back")
	}
	w.pay(cart.Token, id, "pm_card_visa")
	if s := w.wantPaidOnce(id); s.Order.IntentID != declined.Intent.ID {
		t.Errorf("paid on intent %s, declined on %s", s.Order.IntentID, declined.Intent.ID)
	}
}

func TestDeclinedKeyRepeatsItsDeclineWhileUnpaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_chargeDeclined")}
	_, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	_, err = w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id,
		Change: checkout.SessionChange{Buyer: checkout.BuyerPatch{Phone: ptr("+31612345678")}}})
	w.ok(err)
	again, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	wantMessage(t, again.Messages, checkout.MsgPaymentFailed, "$.payment")
	if !again.Replayed {
		t.Error("not marked as replayed")
	}
	w.pay(cart.Token, id, "pm_card_visa")
	paid, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	if paid.Session.Order == nil || len(paid.Messages) != 0 {
		t.Errorf("after the payment the key shows %v, order %v", paid.Messages, paid.Session.Order)
	}
}

func TestThreeDSecure(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		succeed bool
		by      func(*world, string, string)
		want    checkout.Status
	}{
		"webhook":  {true, func(w *world, _, _ string) { w.webhooks() }, checkout.StatusCompleted},
		"read":     {true, func(w *world, token, id string) { w.clock.advance(6 * time.Second); w.get(token, id) }, checkout.StatusCompleted},
		"deadline": {true, func(w *world, _, _ string) { w.later(20 * time.Minute) }, checkout.StatusCompleted},
		"failed, webhook": {false, func(w *world, _, _ string) {
			w.webhooks()
			w.tick()
		}, checkout.StatusReady},
		"failed, read": {false, func(w *world, token, id string) { w.clock.advance(6 * time.Second); w.get(token, id) }, checkout.StatusReady},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cart := w.cart("mug", 1)
			id := w.open(cart).Session.ID
			view := w.pay(cart.Token, id, "pm_card_authenticationRequired")
			if view.Session.Status != checkout.StatusEscalated || view.Session.Intent.Action == nil || view.Session.Intent.ClientSecret == "" {
				t.Fatalf("session is %s with action %+v", view.Session.Status, view.Session.Intent)
			}
			wantMessage(t, view.Messages, checkout.MsgActionRequired, "$.payment")
			if w.free("mug") != 9 {
				t.Error("stock must be held while the shopper acts")
			}
			w.ok(w.provider.Authenticate(view.Session.Intent.ID, tc.succeed))
			tc.by(w, cart.Token, id)
			if w.wantStatus(id, tc.want); tc.want == checkout.StatusCompleted {
				w.wantPaidOnce(id)
				return
			}
			w.wantUnpaid(id)
			w.pay(cart.Token, id, "pm_card_visa")
			w.wantPaidOnce(id)
		})
	}
}

// get shows a session as the app would.
func (w *world) get(token, id string) checkout.SessionView {
	w.Helper()
	view, err := w.sessions.Session(w.Context(), callerOf(token), id)
	w.ok(err)
	return view
}

func TestShopperWhoNeverComesBackFromTheBank(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	w.pay(cart.Token, id, "pm_card_authenticationRequired")
	w.later(19 * time.Minute)
	w.wantStatus(id, checkout.StatusEscalated)
	w.later(2 * time.Minute)
	w.wantStatus(id, checkout.StatusReady)
	w.wantUnpaid(id)
	w.pay(cart.Token, id, "pm_card_visa")
	w.wantPaidOnce(id)
}

func TestShopperTurnsBackFromTheBank(t *testing.T) {
	t.Parallel()
	change := checkout.SessionChange{Buyer: checkout.BuyerPatch{Phone: ptr("+31612345678")}}
	t.Run("in time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		w.pay(cart.Token, id, "pm_card_authenticationRequired")
		view, err := w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: change})
		w.ok(err)
		if view.Session.Status != checkout.StatusReady || view.Session.Buyer.Phone == "" {
			t.Errorf("session is %s, phone %q", view.Session.Status, view.Session.Buyer.Phone)
		}
		w.wantUnpaid(id)
		w.webhooks() // the cancellation, late
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
	})
	t.Run("after the money", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		paying := w.pay(cart.Token, id, "pm_card_authenticationRequired")
		w.ok(w.provider.Authenticate(paying.Session.Intent.ID, true))
		view, err := w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: change})
		w.ok(err)
		if view.Session.Order == nil {
			t.Errorf("the money won, but the answer is %s", view.Session.Status)
		}
		w.wantPaidOnce(id)
	})
}

func TestSlowBank(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	view := w.pay(cart.Token, id, "pm_sandbox_processing")
	if view.Session.Status != checkout.StatusInProgress {
		t.Fatalf("session is %s", view.Session.Status)
	}
	wantMessage(t, view.Messages, checkout.MsgPaymentRunning, "$.payment")
	_, err := w.complete(cart.Token, id, "pm_card_visa")
	wantCode(t, err, checkout.CodePaymentInProgress)
	changed, err := w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id,
		Change: everything("NO")})
	w.ok(err)
	if changed.Session.Destination.Country != "NL" {
		t.Error("a session that is being paid was changed")
	}
	w.clock.advance(10 * time.Minute)
	w.webhooks()
	w.wantPaidOnce(id)
}

func TestZeroTotalNeedsNoPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("free", 1)
	id := w.open(cart).Session.ID
	view, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id})
	w.ok(err)
	if view.Session.Order == nil || view.Session.Order.IntentID != "" {
		t.Fatalf("order %+v, messages %v", view.Session.Order, view.Messages)
	}
	if n := len(w.provider.Ledger()); n != 0 {
		t.Errorf("the provider saw %d charges", n)
	}
}

func TestUndecidedCalls(t *testing.T) {
	t.Parallel()
	for _, way := range []sandbox.Way{sandbox.WayRefused, sandbox.WayLost, sandbox.WayErrorAfter, sandbox.WayErrorBefore, sandbox.WayConflict,
		sandbox.WayRateLimited, sandbox.WayBadGateway, sandbox.WayDelayed} {
		for _, pm := range []string{"pm_card_visa", "pm_card_chargeDeclined"} {
			t.Run(string(way)+" "+pm, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				cart := w.cart("mug", 1)
				id := w.open(cart).Session.ID
				w.ok(w.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: way}))
				in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method(pm)}
				view, err := w.sessions.Complete(t.Context(), in)
				w.ok(err)
				if view.Session.Status != checkout.StatusInProgress {
					t.Fatalf("session is %s before anything is known", view.Session.Status)
				}
				_, err = w.complete(cart.Token, id, "pm_card_visa")
				wantCode(t, err, checkout.CodePaymentInProgress)
				for range 30 { // within 15 minutes all is decided
					w.later(30 * time.Second)
				}
				if s := w.session(id); s.Status == checkout.StatusCompleted {
					w.wantPaidOnce(id)
				} else {
					w.wantStatus(id, checkout.StatusReady)
					w.wantUnpaid(id)
				}
				if pm == "pm_card_visa" && way != sandbox.WayErrorBefore {
					w.wantPaidOnce(id)
				}
				again, err := w.sessions.Complete(t.Context(), in)
				w.ok(err)
				if !again.Replayed {
					t.Error("the same key was not recognised")
				}
			})
		}
	}
}

func TestSameKeyDrivesAnUndecidedPaymentForward(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	w.ok(w.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayLost}))
	in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_visa")}
	_, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	view, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	if view.Session.Order == nil {
		t.Fatalf("the same key left the session %s", view.Session.Status)
	}
	w.wantPaidOnce(id)
}
