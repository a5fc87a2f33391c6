package checkout_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/payments/money"
)

func TestCartKeys(t *testing.T) {
	t.Parallel()
	t.Run("create", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		in := checkout.CreateCartInput{Request: w.request(""), Lines: linesOf("mug", 1)}
		first, err := w.carts.Create(t.Context(), in)
		w.ok(err)
		if first.Token == "" || first.Replayed {
			t.Fatalf("token %q, replayed %v", first.Token, first.Replayed)
		}
		_, err = w.carts.AddLine(t.Context(), w.lineEdit(first, "", "beans", 1))
		w.ok(err)
		again, err := w.carts.Create(t.Context(), in)
		w.ok(err)
		if again.Cart.ID != first.Cart.ID || again.Token != first.Token || !again.Replayed {
			t.Errorf("%s %v, want %s", again.Cart.ID, again.Replayed, first.Cart.ID)
		}
		w.wantLines(again, "mug×1 beans×1")
		in.Fingerprint = "another body"
		_, err = w.carts.Create(t.Context(), in)
		wantCode(t, err, checkout.CodeKeyReused)
		in.Caller.Customer = "anna" // another principal's key is another key
		other, err := w.carts.Create(t.Context(), in)
		w.ok(err)
		if other.Cart.ID == first.Cart.ID || other.Cart.Customer != "anna" {
			t.Errorf("anna got cart %s of %q", other.Cart.ID, other.Cart.Customer)
		}
	})
	t.Run("length", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for key, code := range map[string]checkout.Code{
			"": checkout.CodeMissingKey, strings.Repeat("k", 21): checkout.CodeInvalid, strings.Repeat("k", 22): "", strings.Repeat("k", 255): "",
			strings.Repeat("k", 256): checkout.CodeInvalid,
		} {
			_, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: checkout.Request{Key: key}, Lines: linesOf("mug", 1)})
			if code == "" {
				w.ok(err)
			} else {
				wantCode(t, err, code)
			}
			_, err = w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: checkout.Request{Key: key}, SessionID: "cs_x_0"})
			if code == "" {
				code = checkout.CodeNotFound
			}
			wantCode(t, err, code)
		}
		_, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: checkout.Request{Key: "k", Caller: checkout.Caller{Customer: "anna"}}})
		w.ok(err)
	})
	t.Run("edits", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		in := w.lineEdit(cart, "", "mug", 1)
		for i := range 3 {
			view, err := w.carts.AddLine(t.Context(), in)
			w.ok(err)
			if view.Replayed != (i > 0) {
				t.Errorf("call %d: replayed %v", i, view.Replayed)
			}
			w.wantLines(view, "mug×2")
		}
		other := in
		other.Fingerprint = "another body"
		_, err := w.carts.AddLine(t.Context(), other)
		wantCode(t, err, checkout.CodeKeyReused)
		for range 15 {
			_, err := w.carts.SetLine(t.Context(), w.lineEdit(cart, "li_mug", "", 2))
			w.ok(err)
		}
		view, err := w.carts.AddLine(t.Context(), in) // the sixteenth last is still known
		w.ok(err)
		w.wantLines(view, "mug×2")
		_, err = w.carts.SetLine(t.Context(), w.lineEdit(cart, "li_mug", "", 2))
		w.ok(err)
		view, err = w.carts.AddLine(t.Context(), in)
		w.ok(err)
		w.wantLines(view, "mug×3")
	})
	t.Run("edits without a key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		in := w.lineEdit(cart, "", "mug", 1)
		in.Key = ""
		for range 2 {
			_, err := w.carts.AddLine(t.Context(), in)
			w.ok(err)
		}
		view, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID)
		w.ok(err)
		w.wantLines(view, "mug×3")
	})
}

func TestCurrencyOfACart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		context checkout.Context
		want    money.Currency
	}{
		"of the country":             {checkout.Context{Country: "NO"}, "NOK"},
		"asked for":                  {checkout.Context{Country: "NO", Currency: "EUR"}, "EUR"},
		"asked for, not sold in":     {checkout.Context{Country: "NO", Currency: "JPY"}, "NOK"},
		"asked for, no currency":     {checkout.Context{Country: "NO", Currency: "money"}, "NOK"},
		"country unknown":            {checkout.Context{Country: "ZZ"}, "EUR"},
		"nothing known":              {checkout.Context{}, "EUR"},
		"asked for, country unknown": {checkout.Context{Currency: "USD"}, "USD"},
	} {
		view, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Context: tc.context, Lines: linesOf("mug", 1)})
		w.ok(err)
		if view.Cart.Currency != tc.want || view.Quote.Total.Currency != tc.want {
			t.Errorf("%s: cart in %s, quote in %s", name, view.Cart.Currency, view.Quote.Total.Currency)
		}
	}
	view, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Context: checkout.Context{Country: "NO"},
		Lines: linesOf("mug", 1, "lamp", 1)})
	w.ok(err)
	wantMessage(t, view.Messages, checkout.MsgItemUnavailable, "$.line_items[1]") // no price in NOK
	w.wantLines(view, "mug×1")
	if stored := w.stored(view.Cart.ID); len(stored.Lines) != 1 || stored.Version != view.Cart.Version {
		t.Errorf("the cart shows one line, and holds %+v", stored.Lines)
	}
	if view.Quote.Total.Minor != 16900+9900 {
		t.Errorf("total %v", view.Quote.Total)
	}
}

func TestCartTellsWhatItCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(country string, lines ...any) checkout.CartView {
		view, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request(""), Context: checkout.Context{Country: country},
			Lines: linesOf(lines...)})
		w.ok(err)
		return view
	}
	if v := create("NL", "mug", 1); v.Quote.Estimated || v.Quote.Total.Minor != 1990 || v.Quote.Selected != "standard" {
		t.Errorf("estimated %v, total %v, option %q", v.Quote.Estimated, v.Quote.Total, v.Quote.Selected)
	}
	if v := create("", "mug", 1); !v.Quote.Estimated || v.Quote.Total.Minor != 1495 || len(v.Messages) != 0 {
		t.Errorf("estimated %v, total %v, messages %v", v.Quote.Estimated, v.Quote.Total, v.Messages)
	}
	v := create("ZZ", "mug", 1)
	wantMessage(t, v.Messages, checkout.MsgUndeliverable, "")
	if !v.Quote.Estimated {
		t.Error("priced for a country that isn't served")
	}
	v = create("NL", "mug", 12, "lamp", 3)
	m := wantMessage(t, v.Messages, checkout.MsgLowStock, "$.line_items[0]")
	if m.Type != checkout.MessageWarning || m.Args["requested"] != "12" || m.Args["quantity"] != "10" {
		t.Errorf("warning %+v", m)
	}
	wantMessage(t, v.Messages, checkout.MsgLowStock, "$.line_items[1]")
	w.wantLines(v, "mug×12 lamp×3")
	w.ok(w.store.AddStock(t.Context(), "op-lamp", "lamp", -1))
	v, err := w.carts.Cart(t.Context(), checkout.Caller{Token: v.Token}, v.Cart.ID)
	w.ok(err)
	wantMessage(t, v.Messages, checkout.MsgOutOfStock, "$.line_items[1]")
	w.wantLines(v, "mug×12 lamp×3")
}

func TestLifeOfACart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		customer string
		lines    []any
		life     time.Duration
	}{
		{"", nil, checkout.LifeEmptyCart}, {"", []any{"mug", 1}, checkout.LifeGuestCart}, {"anna", []any{"mug", 1}, checkout.LifeCustomerCart},
	} {
		w := newWorld(t)
		r := w.request("")
		r.Caller.Customer = tc.customer
		view, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: r, Lines: linesOf(tc.lines...)})
		w.ok(err)
		caller := checkout.Caller{Customer: tc.customer, Token: view.Token}
		w.clock.advance(tc.life)
		_, err = w.carts.Cart(t.Context(), caller, view.Cart.ID)
		w.ok(err)
		w.clock.advance(time.Second)
		_, err = w.carts.Cart(t.Context(), caller, view.Cart.ID)
		wantCode(t, err, checkout.CodeNotFound)
		_, err = w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(view.Token), CartID: view.Cart.ID})
		wantCode(t, err, checkout.CodeNotFound)
		if len(tc.lines) > 0 {
			_, err = w.carts.AddLine(t.Context(), checkout.LineEditInput{Request: checkout.Request{Caller: caller, Key: w.key()},
				CartID: view.Cart.ID, Line: checkout.LineInput{SKU: "mug", Quantity: 1}})
			wantCode(t, err, checkout.CodeNotFound)
		}
	}
}

func TestPaidCartOutlivesItsLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.pay(cart.Token, id, "pm_card_visa")
	w.clock.advance(2 * checkout.LifeGuestCart)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID})
	w.ok(err)
	if view.Session.Order == nil {
		t.Error("the paid cart has another session")
	}
	_, err = w.carts.AddLine(t.Context(), w.lineEdit(cart, "", "mug", 1))
	if checkout.ErrorCode(err) != checkout.CodeCartLocked && checkout.ErrorCode(err) != checkout.CodeNotFound {
		t.Errorf("edit of a paid cart: %v", err)
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	found, err := w.carts.Lookup(t.Context(), []string{"mug", "ghost", "beans", "mug"})
	w.ok(err)
	var skus []string
	for _, p := range found {
		skus = append(skus, p.SKU)
	}
	if fmt.Sprint(skus) != "[mug beans mug]" {
		t.Errorf("found %v", skus)
	}
	page, err := w.carts.Search(t.Context(), checkout.ProductQuery{Text: "coffee", Limit: 10})
	w.ok(err)
	if len(page.Products) != 1 || page.Products[0].SKU != "beans" {
		t.Errorf("found %+v", page.Products)
	}
	dead := &life{fate: fate{at: 1}}
	broken := newWorld(t, mortal)
	for name, err := range map[string]error{
		"lookup": errOf(broken.carts.Lookup(dead.in(t.Context()), []string{"mug"})),
		"search": errOf(broken.carts.Search(canceled(t), checkout.ProductQuery{Limit: 1})),
	} {
		if err == nil {
			t.Errorf("%s of a dead store succeeds", name)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// The store or the catalogue is away: no answer shows a cart that is none.
func TestCartThatCannotBeShown(t *testing.T) {
	t.Parallel()
	var h *checkouttest.Hostile
	w := newWorld(t, func(c *checkout.Config) {
		h = checkouttest.NewHostile(checkouttest.Stores{Carts: c.Carts, Catalog: c.Catalog}, nil)
		c.Carts, c.Catalog = h.Carts, h.Catalog
	})
	cart := w.cart("mug", 1)
	for _, away := range []string{"Cart", "Products"} {
		h.Next(away, checkouttest.Refused)
		if view, err := w.carts.Cart(t.Context(), checkout.Caller{Token: cart.Token}, cart.Cart.ID); err == nil || view.Cart.ID != "" {
			t.Errorf("%s is away, and the cart is %+v: %v", away, view.Cart, err)
		}
	}
	in := w.lineEdit(cart, "", "beans", 1)
	_, err := w.carts.AddLine(t.Context(), in) // reads the product, then the whole cart's
	w.ok(err)
	in = w.lineEdit(cart, "li_mug", "", 3)
	h.Next("Products", checkouttest.Refused)
	if view, err := w.carts.SetLine(t.Context(), in); err == nil {
		t.Errorf("the catalogue is away, and the cart is %+v", view.Cart)
	}
	view, err := w.carts.SetLine(t.Context(), in)
	w.ok(err)
	if view.Cart.Lines[0].Quantity != 3 {
		t.Errorf("lines %+v", view.Cart.Lines)
	}
}
