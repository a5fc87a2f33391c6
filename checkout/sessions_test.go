package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

func (w *world) cancel(token, id string) (checkout.SessionView, error) {
	return w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.request(token), SessionID: id})
}

func TestSecondCreateReturnsTheLivingSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	if again := w.create(cart); again.Session.ID != id {
		t.Errorf("session %s, want %s", again.Session.ID, id)
	}
	w.pay(cart.Token, id, "pm_card_authenticationRequired")
	again := w.create(cart)
	if again.Session.ID != id || again.Session.Status != checkout.StatusEscalated {
		t.Errorf("session %s is %s", again.Session.ID, again.Session.Status)
	}
	_, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1990))})
	if e := wantCode(t, err, checkout.CodePaymentInProgress); e.CheckoutID != id || e.RetryAfter <= 0 {
		t.Errorf("error %+v", e)
	}
}

func TestCreateFromLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := checkout.CreateSessionInput{Request: w.request(""), Change: everything("NL")}
	in.Change.Lines = linesOf("mug", 1)
	first, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	again, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	if first.Token == "" || again.Token != first.Token || again.Session.ID != first.Session.ID || !again.Replayed {
		t.Fatalf("replay: session %s, same token %v, replayed %v", again.Session.ID, again.Token == first.Token, again.Replayed)
	}
	other := in
	other.Fingerprint = "another body"
	_, err = w.sessions.Create(t.Context(), other)
	wantCode(t, err, checkout.CodeKeyReused)
	cart, err := w.carts.Cart(t.Context(), checkout.Caller{Token: first.Token}, first.Session.CartID)
	w.ok(err)
	w.wantLines(cart, "mug×1")
	w.pay(first.Token, first.Session.ID, "pm_card_visa")
	w.wantPaidOnce(first.Session.ID)
	again, err = w.sessions.Create(t.Context(), in)
	w.ok(err)
	if again.Session.Order == nil || again.Token != first.Token {
		t.Errorf("the key no longer tells: order %v", again.Session.Order)
	}
}

func TestWhatACreateNeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	empty := w.cart()
	in := checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Instrument: method("pm_card_visa")}
	_, err := w.sessions.Create(t.Context(), in)
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.expected_total" {
		t.Errorf("path %s", e.Path)
	}
	in.Key = ""
	_, err = w.sessions.Create(t.Context(), in)
	wantCode(t, err, checkout.CodeMissingKey)
	_, err = w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(empty.Token), CartID: empty.Cart.ID})
	wantCode(t, err, checkout.CodeNothingSellable)
	_, err = w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(empty.Token), CartID: "ct_unknown"})
	wantCode(t, err, checkout.CodeNotFound)
	lines := checkout.CreateSessionInput{Request: w.request("")}
	lines.Change.Lines = linesOf("ghost", 1)
	_, err = w.sessions.Create(t.Context(), lines)
	wantMessage(t, wantCode(t, err, checkout.CodeNothingSellable).Messages, checkout.MsgNotFound, "$.line_items[0]")
	if n := len(w.provider.Ledger()); n != 0 {
		t.Errorf("%d charges", n)
	}
}

func TestCartsBuyerWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	yes := true
	cart, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Lines: linesOf("ebook", 1), Context: checkout.Context{Country: "NL"},
		Buyer: &checkout.Buyer{Email: "anna@example.com", FirstName: "Anna", Consent: &checkout.Consent{Marketing: &yes}}})
	w.ok(err)
	no := false
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: checkout.SessionChange{
		Buyer: checkout.BuyerPatch{Email: ptr("mallory@example.com"), LastName: ptr("de Vries"), Consent: &checkout.Consent{Marketing: &no}}}})
	w.ok(err)
	b := view.Session.Buyer
	if b.Email != "anna@example.com" || b.FirstName != "Anna" || b.LastName != "de Vries" || !*b.Consent.Marketing {
		t.Errorf("buyer %+v", b)
	}
	if view.Session.Status != checkout.StatusReady { // digital: nothing to ship
		t.Errorf("session is %s: %v", view.Session.Status, view.Messages)
	}
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
				_, err := w.sessions.Update(w.Context(), checkout.UpdateSessionInput{Request: w.request(c.Token), SessionID: id, Change: everything("NO")})
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

// The key of an ended session's create answers that session, and opens or pays no other.
func TestKeysOfEndedSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	in := checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL"), Instrument: method("pm_card_chargeDeclined"), ExpectedTotal: ptr(int64(1990))}
	first, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	_, err = w.cancel(cart.Token, first.Session.ID)
	w.ok(err)
	again, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	if again.Session.ID != first.Session.ID || again.Session.Status != checkout.StatusCanceled || !again.Replayed {
		t.Errorf("the key answers %s %s", again.Session.ID, again.Session.Status)
	}
	wantMessage(t, again.Messages, checkout.MsgPaymentFailed, "$.payment")
	in.Fingerprint = "another body"
	_, err = w.sessions.Create(t.Context(), in)
	wantCode(t, err, checkout.CodeKeyReused)
}

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

func TestChangesOfASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	version := w.session(id).Version
	in := checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: checkout.SessionChange{Lines: linesOf("mug", 2, "beans", 1)}}
	in.IfVersion = version + 1
	_, err := w.sessions.Update(t.Context(), in)
	wantCode(t, err, checkout.CodeVersionConflict)
	in.IfVersion = version
	view, err := w.sessions.Update(t.Context(), in)
	w.ok(err)
	if view.Session.Quote.Total.Minor != 2*1495+1250+495 {
		t.Errorf("total %v", view.Session.Quote.Total)
	}
	again, err := w.sessions.Update(t.Context(), in)
	w.ok(err)
	if !again.Replayed || again.Session.Version != view.Session.Version {
		t.Errorf("replayed %v at version %d", again.Replayed, again.Session.Version)
	}
	in.Fingerprint = "another body"
	_, err = w.sessions.Update(t.Context(), in)
	wantCode(t, err, checkout.CodeKeyReused)
	stored, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID)
	w.ok(err)
	w.wantLines(stored, "mug×2 beans×1")
	keyless := checkout.UpdateSessionInput{Request: checkout.Request{Caller: checkout.Caller{Token: cart.Token}}, SessionID: id,
		Change: checkout.SessionChange{Destination: address("NO")}}
	view, err = w.sessions.Update(t.Context(), keyless)
	w.ok(err)
	if view.Session.Quote.Total.Minor != 2*1495+1250+1495 {
		t.Errorf("total %v", view.Session.Quote.Total)
	}
	view = w.update(cart.Token, id, checkout.SessionChange{ClearDestination: true, Buyer: checkout.BuyerPatch{Email: ptr("")}})
	wantMessage(t, view.Messages, checkout.MsgMissing, "$.buyer.email")
	wantMessage(t, view.Messages, checkout.MsgMissing, "$.fulfillment.methods[0].destinations")
	if view.Session.Status != checkout.StatusIncomplete {
		t.Errorf("session is %s", view.Session.Status)
	}
	bad := checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: checkout.SessionChange{Lines: linesOf("mug", 0)}}
	_, err = w.sessions.Update(t.Context(), bad)
	wantCode(t, err, checkout.CodeInvalid)
	bad.Change.Lines = linesOf("ghost", 1)
	_, err = w.sessions.Update(t.Context(), bad)
	wantMessage(t, wantCode(t, err, checkout.CodeNothingSellable).Messages, checkout.MsgNotFound, "$.line_items[0]")
	view = w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("ghost", 1, "retired", 1, "beans", 1)})
	wantMessage(t, view.Messages, checkout.MsgNotFound, "$.line_items[0]")
	wantMessage(t, view.Messages, checkout.MsgItemUnavailable, "$.line_items[1]")
	view = w.update(cart.Token, id, checkout.SessionChange{Destination: address("NL"), Option: ptr("by-drone"), Buyer: everything("NL").Buyer})
	wantMessage(t, view.Messages, checkout.MsgUnknownOption, "")
	if view.Session.Quote.Selected != "standard" || view.Session.Option != "" {
		t.Errorf("option %q, selected %q", view.Session.Option, view.Session.Quote.Selected)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	redacted := w.update(cart.Token, id, checkout.SessionChange{Destination: &checkout.Destination{PostalCode: "1015", Country: "NL"}})
	if redacted.Session.Quote.Total.Minor != 1990 || redacted.Session.Status != checkout.StatusIncomplete {
		t.Errorf("total %v, %s", redacted.Session.Quote.Total, redacted.Session.Status)
	}
	for _, field := range []string{"street_address", "address_locality", "last_name"} {
		wantMessage(t, redacted.Messages, checkout.MsgMissing, "$.fulfillment.methods[0].destinations[0]."+field)
	}
	abroad := w.update(cart.Token, id, checkout.SessionChange{Destination: address("JP")})
	wantMessage(t, abroad.Messages, checkout.MsgUndeliverable, "$.fulfillment.methods[0].destinations[0].address_country")
	if abroad.Session.Status != checkout.StatusIncomplete {
		t.Errorf("session is %s", abroad.Session.Status)
	}
	refused := w.pay(cart.Token, id, "pm_card_visa")
	wantMessage(t, refused.Messages, checkout.MsgUndeliverable, "")
	noCountry := address("")
	blank := w.update(cart.Token, id, checkout.SessionChange{Destination: noCountry})
	wantMessage(t, blank.Messages, checkout.MsgMissing, "$.fulfillment.methods[0].destinations[0].address_country")
	if us := w.update(cart.Token, id, checkout.SessionChange{Destination: address("US")}); us.Session.Status == checkout.StatusReady {
		t.Errorf("a cart in EUR ships to a country that is served in USD alone: %v", us.Session.Quote.Total)
	}
	view, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_visa"),
		Change: checkout.SessionChange{Destination: address("NL")}, ExpectedTotal: ptr(int64(1990))})
	w.ok(err)
	if view.Session.Order == nil {
		t.Errorf("the wallet's address doesn't complete the session: %v", view.Messages)
	}
}

func TestDigitalNeedsACountryForItsTaxAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Lines: linesOf("ebook", 1)})
	w.ok(err)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Change: checkout.SessionChange{Buyer: everything("NL").Buyer}})
	w.ok(err)
	wantMessage(t, view.Messages, checkout.MsgMissing, "$.context.address_country")
	view = w.update(cart.Token, view.Session.ID, checkout.SessionChange{Context: checkout.ContextPatch{Country: ptr("ZZ")}})
	wantMessage(t, view.Messages, checkout.MsgUndeliverable, "$.context.address_country")
	view = w.update(cart.Token, view.Session.ID, checkout.SessionChange{Context: checkout.ContextPatch{Country: ptr("NL")}})
	if view.Session.Status != checkout.StatusReady {
		t.Errorf("session is %s: %v", view.Session.Status, view.Messages)
	}
	w.pay(cart.Token, view.Session.ID, "pm_card_visa")
	w.wantPaidOnce(view.Session.ID)
}

func TestStockIsCutWhenASessionOpens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("lamp", 1, "mug", 12)
	w.ok(w.store.AddStock(t.Context(), "op-lamp", "lamp", -1))
	view := w.open(cart)
	m := wantMessage(t, view.Messages, checkout.MsgQuantityAdjusted, "$.line_items[0]")
	if m.Args["requested"] != "12" || m.Args["quantity"] != "10" || m.Type != checkout.MessageWarning {
		t.Errorf("message %+v", m)
	}
	wantMessage(t, view.Messages, checkout.MsgOutOfStock, "$.line_items[0]")
	stored, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID)
	w.ok(err)
	w.wantLines(stored, "mug×10")
	w.pay(cart.Token, view.Session.ID, "pm_card_visa")
	w.wantPaidOnce(view.Session.ID)
	if w.free("mug") != 0 {
		t.Errorf("%d mugs left", w.free("mug"))
	}
}

// A call that pays cuts nothing down: it is refused, with the new quote.
func TestStockThatRanOutRefusesToPay(t *testing.T) {
	t.Parallel()
	t.Run("create that pays", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 12)
		view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL"),
			Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(99999))})
		w.ok(err)
		wantMessage(t, view.Messages, checkout.MsgCartChanged, "$.line_items")
		w.wantUnpaid(view.Session.ID)
		w.pay(cart.Token, view.Session.ID, "pm_card_visa")
		w.wantPaidOnce(view.Session.ID)
	})
	t.Run("complete", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 5)
		id := w.open(cart).Session.ID
		w.ok(w.store.AddStock(t.Context(), "op-mug", "mug", -7))
		view := w.pay(cart.Token, id, "pm_card_visa")
		wantMessage(t, view.Messages, checkout.MsgCartChanged, "$.line_items")
		wantMessage(t, view.Messages, checkout.MsgQuantityAdjusted, "$.line_items[0]")
		if q := view.Session.Quote; len(q.Lines) != 1 || q.Lines[0].Quantity != 3 || view.Session.Status != checkout.StatusReady {
			t.Errorf("quote %+v, %s", q.Lines, view.Session.Status)
		}
		w.wantUnpaid(id)
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
		w.wantConserved("mug", 3, id)
	})
	t.Run("nothing left", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 5)
		id := w.open(cart).Session.ID
		w.ok(w.store.AddStock(t.Context(), "op-mug", "mug", -10))
		view := w.pay(cart.Token, id, "pm_card_visa")
		wantMessage(t, view.Messages, checkout.MsgCartChanged, "$.line_items")
		wantMessage(t, view.Messages, checkout.MsgOutOfStock, "$.line_items[0]")
		w.wantUnpaid(id)
		w.ok(w.store.AddStock(t.Context(), "op-mug-2", "mug", 10))
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
	})
}

func TestTotalThatCannotBeCharged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dear := checkout.Product{SKU: "yacht", Title: "Yacht", Digital: true, Prices: demoProducts()[0].Prices}
	dear.Prices["EUR"] = 50_000_000
	w.stock(dear)
	view := w.open(w.cart("yacht", 2))
	wantMessage(t, view.Messages, checkout.MsgAmountTooLarge, "$.totals")
	if view := w.open(w.cart("yacht", 1)); view.Session.Status != checkout.StatusReady {
		t.Errorf("half of it is %s: %v", view.Session.Status, view.Messages)
	}
	small := w.cart("penny", 1)
	opened := w.open(small)
	if m := wantMessage(t, opened.Messages, checkout.MsgAmountTooSmall, "$.totals"); m.Args["minimum"] != "50" {
		t.Errorf("message %+v", m)
	}
	w.pay(small.Token, opened.Session.ID, "pm_card_visa")
	w.wantUnpaid(opened.Session.ID)
	if n := len(w.provider.Ledger()); n != 0 {
		t.Errorf("%d charges", n)
	}
	dear.Prices["EUR"] = 1 << 62
	w.stock(dear)
	_, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Lines: linesOf("yacht", 999)})
	wantCode(t, err, checkout.CodeInvalid)
}

func TestZeroTotalTakesStockOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gift := checkout.Product{SKU: "gift", Title: "Gift", Digital: true, Prices: demoProducts()[4].Prices, Stock: stockOf(3)}
	w.stock(gift)
	cart := w.cart("gift", 1)
	id := w.open(cart).Session.ID
	in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id}
	for i := range 3 {
		view, err := w.sessions.Complete(t.Context(), in)
		w.ok(err)
		if view.Session.Order == nil || view.Replayed != (i > 0) || len(view.Session.Notices) != 1 {
			t.Fatalf("order %v, replayed %v, notices %v", view.Session.Order, view.Replayed, view.Session.Notices)
		}
	}
	if w.free("gift") != 2 {
		t.Errorf("%d gifts left", w.free("gift"))
	}
}

func TestOffers(t *testing.T) {
	t.Parallel()
	handlers := func(v checkout.SessionView) string {
		var names []string
		for _, o := range v.Offers {
			names = append(names, o.Handler)
		}
		return fmt.Sprint(names)
	}
	w := newWorld(t)
	if got := handlers(w.open(w.cart("mug", 1))); got != "[apple_pay google_pay stripe]" {
		t.Errorf("offers %s", got)
	}
	if got := handlers(w.open(w.cart("free", 1))); got != "[]" {
		t.Errorf("offers of nothing to pay: %s", got)
	}
	bare := newWorld(t, func(c *checkout.Config) { c.Shop.Wallets = checkout.Wallets{PublishableKey: "pk_test_x"} })
	if got := handlers(bare.open(bare.cart("mug", 1))); got != "[stripe]" {
		t.Errorf("offers %s", got)
	}
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
		w.ok(w.provider.Inject([]sandbox.Fault{{Match: "payment_intents.create", Way: "lost"}, {Match: "payment_intents.create", Way: "error_after"}}[i%2]))
		jobs := []func(){
			func() { _, _ = w.complete(cart.Token, id, "pm_card_visa") },
			func() { _, _ = w.complete(cart.Token, id, "pm_card_authenticationRequired") },
			func() {
				_, _ = w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id, Change: everything("NO")})
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
		_, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1))})
		w.ok(err)
	}
	_, err := w.complete(cart.Token, id, "pm_card_visa")
	if e := wantCode(t, err, checkout.CodeRateLimited); e.RetryAfter <= 0 {
		t.Errorf("error %+v", e)
	}
}
