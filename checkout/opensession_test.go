package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/payments"
)

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

// The lamp that a session was opened for is somebody else's by now. Who repeats the request gets that session all the same; who asks anew
// is told.
func TestCreateIsRepeatedWhenTheLastOneIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, faster := w.cart("lamp", 1), w.cart("lamp", 1)
	in := checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL")}
	first, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	w.pay(faster.Token, w.open(faster).Session.ID, "pm_sandbox_processing")
	again, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	if again.Session.ID != first.Session.ID || !again.Replayed {
		t.Errorf("session %s, replayed %v; want %s again", again.Session.ID, again.Replayed, first.Session.ID)
	}
	in.Request = w.request(cart.Token)
	_, err = w.sessions.Create(t.Context(), in)
	wantCode(t, err, checkout.CodeNothingSellable)
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

// The key of an ended session's create answers that session, and opens or pays no other.
func TestKeysOfEndedSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	in := checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL"),
		Instrument: method("pm_card_chargeDeclined"), ExpectedTotal: ptr(int64(1990))}
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

// Bought at once, without a cart before: the cart is made for where the goods go, and keeps what can be sold.
func TestBoughtAtOnceIsPricedForItsDestination(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	change := everything("NO")
	change.Lines = linesOf("mug", 1, "nothing", 1)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(""), Change: change})
	w.ok(err)
	cart := w.stored(view.Session.CartID)
	if cart.Currency != "NOK" || cart.Context.Country != "NO" || len(cart.Lines) != 1 {
		t.Errorf("the cart is in %s for %q and holds %v", cart.Currency, cart.Context.Country, cart.Lines)
	}
	change = everything("NO")
	change.Lines, change.Context = linesOf("mug", 1), checkout.ContextPatch{Country: ptr("NL")}
	view, err = w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(""), Change: change})
	w.ok(err)
	if cart := w.stored(view.Session.CartID); cart.Currency != "EUR" || cart.Context.Country != "NL" {
		t.Errorf("a cart for %q is in %s", cart.Context.Country, cart.Currency)
	}
}

// The session of a cart that is being paid can't be read: no other is opened beside it.
func TestOpenWhenTheSessionCannotBeRead(t *testing.T) {
	t.Parallel()
	var h *checkouttest.Hostile
	w := newWorld(t, func(c *checkout.Config) {
		h = checkouttest.NewHostile(checkouttest.Stores{Sessions: c.Sessions}, nil)
		c.Sessions = h.Sessions
	})
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_authenticationRequired")
	h.Next("Session", checkouttest.Refused)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID})
	if err == nil {
		t.Errorf("answered with session %q", view.Session.ID)
	}
	if again := w.create(cart); again.Session.ID != id {
		t.Errorf("session %q, want %q", again.Session.ID, id)
	}
}

// The time of a declined session is over, and its intent can't be canceled: it isn't said to have ended.
func TestExpiredSessionThatCannotBeEnded(t *testing.T) {
	t.Parallel()
	down := true
	g := &scripted{cancel: func(g checkout.Gateway, ctx context.Context, id, key string) (payments.Intent, error) {
		if down {
			return payments.Intent{}, errors.New("no answer")
		}
		return g.Cancel(ctx, id, key)
	}}
	w := newWorld(t, g.into)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_chargeDeclined")
	w.clock.advance(6 * time.Hour)
	in := checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id}
	_, err := w.sessions.Update(t.Context(), in)
	wantCode(t, err, checkout.CodeUnavailable)
	down = false
	_, err = w.sessions.Update(t.Context(), in)
	wantCode(t, err, checkout.CodeAlreadyCanceled)
	w.wantUnpaid(id)
}
