package checkout_test

// Each of these was once a way to pay for too little, to answer for another request, or to ask for nothing.

import (
	"context"
	"errors"
	"testing"
	"time"

	"kassa/checkout"
)

// Customer's cart life
func TestLifeOfACustomersCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := checkout.Caller{Customer: "anna"}
	req := func() checkout.Request { r := w.request(""); r.Caller = anna; return r }
	cart, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: req(), Context: checkout.Context{Country: "NL"},
		Lines: linesOf("mug", 1)})
	w.ok(err)
	s, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: req(), CartID: cart.Cart.ID, Change: everything("NL")})
	w.ok(err)
	w.clock.advance(time.Hour)
	_, err = w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: req(), SessionID: s.Session.ID,
		Change: checkout.SessionChange{Lines: linesOf("mug", 3)}})
	w.ok(err)
	got, err := w.store.Cart(t.Context(), cart.Cart.ID)
	w.ok(err)
	if want := w.clock.Now().Add(checkout.LifeCustomerCart); !got.ExpiresAt.Equal(want) {
		t.Errorf("edited by its session, the cart lives until %v, want %v", got.ExpiresAt, want)
	}
}

// Lines that can't be sold vanish silently from a create with lines; and are paid without
func TestCreateWithUnsellableLines(t *testing.T) {
	t.Parallel()
	t.Run("told", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := checkout.CreateSessionInput{Request: w.request(""), Change: everything("NL")}
		in.Change.Lines = linesOf("ghost", 1, "mug", 1)
		view, err := w.sessions.Create(t.Context(), in)
		w.ok(err)
		wantMessage(t, view.Messages, checkout.MsgNotFound, "$.line_items[0]")
	})
	t.Run("not paid", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := checkout.CreateSessionInput{Request: w.request(""), Change: everything("NL"), Instrument: method("pm_card_visa"),
			ExpectedTotal: ptr(int64(2490))}
		in.Change.Lines = linesOf("retired", 1, "mug", 1)
		view, err := w.sessions.Create(t.Context(), in)
		w.ok(err)
		if view.Session.Order != nil {
			t.Errorf("paid %v for %d of 2 lines", view.Session.Order.Amount, len(view.Session.Quote.Lines))
		}
	})
}

// Cart's context wins
func TestCartsContextWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Change: checkout.SessionChange{Context: checkout.ContextPatch{Country: ptr("NO")}}})
	w.ok(err)
	if view.Session.Context.Country != "NL" {
		t.Errorf("session is priced for %s, the cart for NL", view.Session.Context.Country)
	}
}

// Language of titles
func TestTitlesOfStockMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	view, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""),
		Context: checkout.Context{Country: "NL", Language: "nl"}, Lines: linesOf("mug", 11)})
	w.ok(err)
	if m := wantMessage(t, view.Messages, checkout.MsgLowStock, ""); m.Args["title"] != "Emaille mok" {
		t.Errorf("message in Dutch names %q", m.Args["title"])
	}
}

type strict struct {
	checkout.SessionStore
	*testing.T
}

func (s strict) Session(ctx context.Context, id string) (checkout.Session, error) {
	if id == "" {
		return checkout.Session{}, errors.New("ValidationException: empty key")
	}
	return s.SessionStore.Session(ctx, id)
}

// Empty id
func TestNoStoreIsAskedForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *checkout.Config) { c.Sessions = strict{c.Sessions, t} })
	_, err := w.sessions.Order(t.Context(), checkout.Caller{}, "garbage")
	wantCode(t, err, checkout.CodeNotFound)
}

func TestIfMatchOnCompleteAndCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	r := w.request(cart.Token)
	r.IfVersion = 99
	_, err := w.sessions.Cancel(t.Context(), checkout.CancelSessionInput{Request: r, SessionID: id})
	if checkout.ErrorCode(err) != checkout.CodeVersionConflict {
		t.Errorf("cancel: %v", err)
	}
	r = w.request(cart.Token)
	r.IfVersion = 99
	_, err = w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: r, SessionID: id, Instrument: method("pm_card_visa")})
	if checkout.ErrorCode(err) != checkout.CodeVersionConflict {
		t.Errorf("complete: %v", err)
	}
}

// An empty cart past its life
func TestEmptyCartIsGoneForEdits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart()
	w.clock.advance(7 * time.Hour)
	_, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID)
	wantCode(t, err, checkout.CodeNotFound)
	_, err = w.carts.AddLine(t.Context(), checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Line: checkout.LineInput{SKU: "mug", Quantity: 1}})
	wantCode(t, err, checkout.CodeNotFound)
}

// Settings
func TestSettings(t *testing.T) {
	t.Parallel()
	s := demoShop()
	s.Durations.Lease = -time.Second
	if s.Validate() == nil {
		t.Error("a negative lease is taken")
	}
	s = demoShop()
	s.Links = []checkout.Link{{Type: "terms", URL: "https:///terms"}}
	if s.Validate() == nil {
		t.Error("a link without a host is taken")
	}
}

// A ninety-first stock-kept line by AddLine
func TestRemoveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	_, err := w.carts.RemoveLine(t.Context(), checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID})
	wantCode(t, err, checkout.CodeNotFound)
}

// Same key for a cart and a session made of lines
func TestKeysAreOfARoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.request("")
	_, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: r, Lines: linesOf("mug", 1)})
	w.ok(err)
	r.Fingerprint = "other route"
	in := checkout.CreateSessionInput{Request: r, Change: everything("NL")}
	in.Change.Lines = linesOf("mug", 1)
	_, err = w.sessions.Create(t.Context(), in)
	w.ok(err)
}

// The process dies between cart and session of a create with lines; the repetition pays for what is left of them
func TestRepeatedCreateForgetsWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mortal)
	in := checkout.CreateSessionInput{Request: w.request(""), Change: everything("NL"), Instrument: method("pm_card_visa"),
		ExpectedTotal: ptr(int64(2490))}
	in.Change.Lines = linesOf("retired", 1, "mug", 1)
	l := &life{fate: fate{at: 2, after: true}}
	_, err := w.sessions.Create(l.in(t.Context()), in)
	if err == nil || l.calls[1] != "CreateCart" {
		t.Fatalf("%v %v", l.calls, err)
	}
	view, err := w.sessions.Create(t.Context(), in)
	w.ok(err)
	if view.Session.Order != nil {
		t.Errorf("paid %v for %d of 2 lines", view.Session.Order.Amount, len(view.Session.Quote.Lines))
	}
}

// Base64 skips line breaks
func TestTokenWithALineBreak(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	_, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token + "\n"}, cart.Cart.ID)
	wantCode(t, err, checkout.CodeNotFound)
}
