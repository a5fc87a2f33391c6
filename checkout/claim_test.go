package checkout_test

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

func asCustomer(customer string) checkout.Caller { return checkout.Caller{Customer: customer} }

// by is a request of a customer, who may hold a cart's token beside its own.
func (w *world) by(customer, token string) checkout.Request {
	r := w.request(token)
	r.Caller.Customer = customer
	return r
}

func (w *world) claim(customer string, cart checkout.CartView) checkout.CartView {
	w.Helper()
	view, err := w.carts.Claim(w.Context(), w.by(customer, cart.Token), cart.Cart.ID)
	w.ok(err)
	return view
}

// own makes a cart of a customer.
func (w *world) own(customer string, lines ...any) checkout.CartView {
	w.Helper()
	view, err := w.carts.Create(w.Context(), checkout.CreateCartInput{
		Request: w.by(customer, ""), Context: checkout.Context{Country: "NL", Language: "en"}, Lines: linesOf(lines...),
	})
	w.ok(err)
	return view
}

func (w *world) mine(customer string) checkout.CartView {
	w.Helper()
	view, err := w.carts.Mine(w.Context(), asCustomer(customer))
	w.ok(err)
	return view
}

func (w *world) stored(id string) checkout.Cart {
	w.Helper()
	c, err := w.store.Cart(w.Context(), id)
	w.ok(err)
	return c
}

// held are a cart's lines, as sku and quantity.
func held(c checkout.Cart) string {
	text := ""
	for _, l := range c.Lines {
		text += l.SKU + " " + strconv.FormatInt(l.Quantity, 10) + ", "
	}
	return text
}

func (w *world) wantHeld(c checkout.Cart, want string) {
	w.Helper()
	if got := held(c); got != want {
		w.Fatalf("cart %s holds %q, want %q", c.ID, got, want)
	}
}

// A guest who signs in keeps the cart, on every device, and the cart's old token is worth nothing.
func TestClaimedCartIsTheCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.cart("mug", 2, "beans", 1)
	claimed := w.claim("anna", guest)
	if claimed.Cart.ID != guest.Cart.ID || claimed.Replayed || claimed.Token != "" {
		t.Fatalf("claimed: %+v", claimed)
	}
	w.wantHeld(w.mine("anna").Cart, "mug 2, beans 1, ")
	if got, want := w.stored(guest.Cart.ID), w.mine("anna").Cart; got.Epoch != 2 || got.ExpiresAt != w.clock.Now().Add(checkout.LifeCustomerCart) || got.Version != want.Version {
		t.Errorf("stored: %+v", got)
	}
	for what, err := range everywhere(w, checkout.Caller{Token: guest.Token}, guest.Cart.ID, "cs_x_0", "or_x_0") {
		if checkout.ErrorCode(err) != checkout.CodeNotFound {
			t.Errorf("the dead token at %s: %v", what, err)
		}
	}
	view, err := w.carts.AddLine(t.Context(), checkout.LineEditInput{Request: w.by("anna", ""), CartID: guest.Cart.ID, Line: linesOf("mug", 1)[0]})
	w.ok(err)
	w.wantHeld(view.Cart, "mug 3, beans 1, ")
	if view.Cart.Version != claimed.Cart.Version+1 {
		t.Errorf("the claim answered version %d, the edit after it %d", claimed.Cart.Version, view.Cart.Version)
	}
}

// Of a sku in both carts the larger quantity stays; the answer lists what came; nothing else of the current cart changes.
func TestClaimMergesIntoTheCurrentCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	current := w.own("anna", "mug", 3, "ebook", 1)
	guest := w.cart("mug", 5, "beans", 2, "ebook", 1)
	merged := w.claim("anna", guest)
	if merged.Cart.ID != current.Cart.ID {
		t.Fatalf("merged into %s, want %s", merged.Cart.ID, current.Cart.ID)
	}
	w.wantHeld(merged.Cart, "mug 5, ebook 1, beans 2, ")
	w.wantHeld(w.stored(current.Cart.ID), "mug 5, ebook 1, beans 2, ")
	mug := wantMessage(t, merged.Messages, checkout.MsgLineMerged, "$.line_items[0]")
	beans := wantMessage(t, merged.Messages, checkout.MsgLineMerged, "$.line_items[2]")
	if mug.Args["before"] != "3" || mug.Args["quantity"] != "5" || beans.Args["before"] != "0" || beans.Args["title"] != "Coffee beans" || len(merged.Messages) != 2 {
		t.Errorf("messages: %+v", merged.Messages)
	}
	gone := w.stored(guest.Cart.ID)
	if !gone.Canceled || gone.Customer != "anna" || gone.Claimed.Into != current.Cart.ID {
		t.Errorf("the guest's cart: %+v", gone)
	}
	w.wantHeld(gone, "mug 5, beans 2, ebook 1, ") // as it was
}

// Claimed again, with the same key or another, on this device or the other, nothing more happens.
func TestClaimIsIdempotent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.own("anna", "mug", 1)
	guest := w.cart("mug", 2)
	r := w.by("anna", guest.Token)
	first, err := w.carts.Claim(t.Context(), r, guest.Cart.ID)
	w.ok(err)
	_, err = w.carts.SetLine(t.Context(), checkout.LineEditInput{Request: w.by("anna", ""), CartID: first.Cart.ID, LineID: "li_mug",
		Line: linesOf("", 1)[0]})
	w.ok(err)
	for _, again := range []checkout.Request{r, w.by("anna", guest.Token), w.by("anna", ""), {Caller: asCustomer("anna")}} {
		view, err := w.carts.Claim(t.Context(), again, guest.Cart.ID)
		w.ok(err)
		if view.Cart.ID != first.Cart.ID || !view.Replayed {
			t.Errorf("again: %+v", view)
		}
		w.wantHeld(view.Cart, "mug 1, ") // what was taken out since is not brought back
		wantMessage(t, view.Messages, checkout.MsgLineMerged, "$.line_items[0]")
	}
	other := r
	other.Fingerprint = "another body"
	_, err = w.carts.Claim(t.Context(), other, guest.Cart.ID)
	wantCode(t, err, checkout.CodeKeyReused)

	alone := w.cart("beans", 1)
	kept := w.claim("bob", alone)
	again := w.claim("bob", alone)
	if !again.Replayed || again.Cart.Version != kept.Cart.Version {
		t.Errorf("again: %+v", again)
	}
	beside := w.cart("mug", 1) // merged into one that was claimed itself
	for range 2 {
		if merged := w.claim("bob", beside); merged.Cart.ID != alone.Cart.ID {
			t.Errorf("merged into %s, want %s", merged.Cart.ID, alone.Cart.ID)
		}
	}
	w.clock.advance(checkout.LifeCustomerCart + time.Second)
	_, err = w.carts.Claim(t.Context(), w.by("bob", ""), beside.Cart.ID)
	wantCode(t, err, checkout.CodeNotFound) // what it was merged into is no more
}

func TestClaimsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.cart("mug", 1)
	other := w.cart("mug", 1)
	bobs := w.own("bob", "beans", 1)
	locked, lockedID := w.opened()
	w.ok(errOf(w.complete(locked.Token, lockedID, "pm_card_authenticationRequired")))
	paid, paidID := w.opened()
	w.pay(paid.Token, paidID, "pm_card_visa")
	canceled := w.cart("mug", 1)
	w.ok(errOf(w.carts.Cancel(t.Context(), checkout.CancelCartInput{Request: w.request(canceled.Token), CartID: canceled.Cart.ID})))
	for name, c := range map[string]struct {
		request checkout.Request
		cart    string
		want    checkout.Code
	}{
		"by a guest":              {w.request(guest.Token), guest.Cart.ID, checkout.CodeUnauthorized},
		"by nobody":               {w.request(""), guest.Cart.ID, checkout.CodeUnauthorized},
		"without its token":       {w.by("anna", ""), guest.Cart.ID, checkout.CodeNotFound},
		"with another's token":    {w.by("anna", other.Token), guest.Cart.ID, checkout.CodeNotFound},
		"with another epoch's":    {w.by("anna", w.config.Tokens.Token(guest.Cart.ID, 2)), guest.Cart.ID, checkout.CodeNotFound},
		"of another customer's":   {w.by("anna", ""), bobs.Cart.ID, checkout.CodeNotFound},
		"of another's by a token": {w.by("anna", bobs.Token), bobs.Cart.ID, checkout.CodeNotFound},
		"of none":                 {w.by("anna", guest.Token), "ct_nothing", checkout.CodeNotFound},
		"of one being paid":       {w.by("anna", locked.Token), locked.Cart.ID, checkout.CodeCartLocked},
		"of a paid cart":          {w.by("anna", paid.Token), paid.Cart.ID, checkout.CodeCartLocked},
		"of a canceled cart":      {w.by("anna", canceled.Token), canceled.Cart.ID, checkout.CodeCartCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			before, beforeErr := w.store.Cart(t.Context(), c.cart)
			_, err := w.carts.Claim(t.Context(), c.request, c.cart)
			e := wantCode(t, err, c.want)
			if c.want == checkout.CodeCartLocked && e.CheckoutID == "" {
				t.Error("it doesn't say by which session")
			}
			if after, _ := w.store.Cart(t.Context(), c.cart); beforeErr == nil && after.Version != before.Version {
				t.Error("something has changed")
			}
		})
	}
	if _, err := w.carts.Mine(t.Context(), asCustomer("anna")); checkout.ErrorCode(err) != checkout.CodeNotFound {
		t.Errorf("anna has a cart: %v", err)
	}
	w.clock.advance(checkout.LifeGuestCart + time.Second)
	_, err := w.carts.Claim(t.Context(), w.by("anna", guest.Token), guest.Cart.ID)
	wantCode(t, err, checkout.CodeNotFound)
}

// A merge that would hold too much changes neither cart.
func TestMergeThatIsTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var products []checkout.Product
	var one, two []any
	for i := range 120 {
		sku := fmt.Sprint("p", i)
		products = append(products, checkout.Product{SKU: sku, Title: sku, Prices: demoProducts()[0].Prices})
		if i < 60 {
			one = append(one, sku, 1)
		} else {
			two = append(two, sku, 1)
		}
	}
	w.stock(products...)
	current, guest := w.own("anna", one...), w.cart(two...)
	_, err := w.carts.Claim(t.Context(), w.by("anna", guest.Token), guest.Cart.ID)
	wantCode(t, err, checkout.CodeInvalid)
	if a, b := w.stored(current.Cart.ID), w.stored(guest.Cart.ID); len(a.Lines) != 60 || len(b.Lines) != 60 || b.Customer != "" || b.Canceled {
		t.Errorf("carts of %d and %d lines", len(a.Lines), len(b.Lines))
	}
}

// While the current cart is being paid on another device nothing goes into it; what comes of the payment decides.
func TestClaimWhileTheCurrentCartIsBeingPaid(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		act  func(w *world, sess checkout.Session)
		into bool
	}{
		"it is bought": {func(w *world, sess checkout.Session) {
			w.ok(w.provider.Authenticate(sess.Intent.ID, true))
			w.webhooks()
			w.told(checkout.OutboxItem{ID: "n", Session: w.wantStatus(sess.ID, checkout.StatusCompleted)})
		}, false},
		"the shopper turns back": {func(w *world, sess checkout.Session) {
			_, err := w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.by("anna", ""), SessionID: sess.ID})
			w.ok(err)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			current := w.own("anna", "mug", 1)
			view, err := w.sessions.Create(t.Context(),
				checkout.CreateSessionInput{Request: w.by("anna", ""), CartID: current.Cart.ID, Change: everything("NL")})
			w.ok(err)
			view, err = w.sessions.Complete(t.Context(),
				checkout.CompleteInput{Request: w.by("anna", ""), SessionID: view.Session.ID, Instrument: method("pm_card_authenticationRequired")})
			w.ok(err)
			guest := w.cart("beans", 1)
			_, err = w.carts.Claim(t.Context(), w.by("anna", guest.Token), guest.Cart.ID)
			if e := wantCode(t, err, checkout.CodeCartLocked); e.CheckoutID != view.Session.ID || e.RetryAfter == 0 {
				t.Errorf("refused with %+v", e)
			}
			if shown := w.mine("anna"); shown.Cart.Session != view.Session.ID {
				t.Errorf("the current cart is %+v", shown.Cart)
			}
			end.act(w, view.Session)
			claimed := w.claim("anna", guest)
			if into := claimed.Cart.ID == current.Cart.ID; into != end.into {
				t.Errorf("claimed into %s", claimed.Cart.ID)
			}
			w.wantHeld(w.mine("anna").Cart, map[bool]string{true: "mug 1, beans 1, ", false: "beans 1, "}[end.into])
		})
	}
}

// Two devices that sign in at once, each with a guest's cart, end with one cart that has it all.
func TestTwoDevicesSignInAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	carts := []checkout.CartView{w.cart("mug", 1), w.cart("beans", 2), w.cart("ebook", 1), w.cart("mug", 4)}
	var all sync.WaitGroup
	for _, c := range carts {
		all.Go(func() {
			if _, err := w.carts.Claim(t.Context(), w.by("anna", c.Token), c.Cart.ID); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	lines := w.mine("anna").Cart.Lines
	slices.SortFunc(lines, func(a, b checkout.LineItem) int { return len(b.SKU) - len(a.SKU) })
	got := map[string]int64{}
	for _, l := range lines {
		got[l.SKU] = l.Quantity
	}
	if len(got) != 3 || got["mug"] != 4 || got["beans"] != 2 || got["ebook"] != 1 {
		t.Errorf("the cart holds %v", got)
	}
	open := 0
	for _, c := range carts {
		if stored := w.stored(c.Cart.ID); stored.Customer != "anna" {
			t.Errorf("cart %s is %q's", c.Cart.ID, stored.Customer)
		} else if !stored.Canceled {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d carts are open", open)
	}
}

// A create that was answered late doesn't take the current cart's place, and one that was lost does once it is repeated.
func TestFirstCartIsTheCurrentOne(t *testing.T) {
	t.Parallel()
	var h *checkouttest.Hostile
	w := newWorld(t, func(c *checkout.Config) {
		h = checkouttest.NewHostile(checkouttest.Stores{Carts: c.Carts, People: c.People}, nil)
		c.Carts, c.People = h.Carts, h.People
	})
	in := checkout.CreateCartInput{Request: w.by("anna", ""), Lines: linesOf("mug", 1)}
	h.Next("PutPerson", checkouttest.Refused)
	_, err := w.carts.Create(t.Context(), in)
	wantCode(t, err, checkout.CodeUnavailable)
	made, err := w.carts.Create(t.Context(), in)
	w.ok(err)
	if !made.Replayed || w.mine("anna").Cart.ID != made.Cart.ID {
		t.Error("repeated, it is not the current cart")
	}
	beside := w.own("anna", "beans", 1)
	if w.mine("anna").Cart.ID != made.Cart.ID {
		t.Error("a second cart took its place")
	}
	h.Next("Cart", checkouttest.Refused) // whether there is one already, nobody can tell
	_, err = w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.by("anna", ""), Lines: linesOf("mug", 1)})
	if err == nil || w.mine("anna").Cart.ID != made.Cart.ID {
		t.Errorf("a third cart took its place: %v", err)
	}
	merged, err := w.carts.Claim(t.Context(), w.by("anna", ""), beside.Cart.ID)
	w.ok(err)
	w.wantHeld(merged.Cart, "mug 1, beans 1, ")
	w.ok(errOf(w.carts.Cancel(t.Context(), checkout.CancelCartInput{Request: w.by("anna", ""), CartID: made.Cart.ID})))
	_, err = w.carts.Mine(t.Context(), asCustomer("anna"))
	wantCode(t, err, checkout.CodeNotFound)
	after := w.own("anna", "mug", 2)
	if w.mine("anna").Cart.ID != after.Cart.ID {
		t.Error("after a cancel, the next cart is not the current one")
	}
	w.clock.advance(checkout.LifeCustomerCart + time.Second)
	_, err = w.carts.Mine(t.Context(), asCustomer("anna"))
	wantCode(t, err, checkout.CodeNotFound)
}

func TestMineIsForCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.cart("mug", 1)
	for _, caller := range []checkout.Caller{{}, {Token: guest.Token}} {
		_, err := w.carts.Mine(t.Context(), caller)
		wantCode(t, err, checkout.CodeUnauthorized)
	}
	// Without sign-in there are no customers, and nothing breaks.
	w = newWorld(t, func(c *checkout.Config) { c.People = nil })
	_, err := w.carts.Mine(t.Context(), asCustomer("anna"))
	wantCode(t, err, checkout.CodeUnauthorized)
}

// Discount codes of both carts count, each once, and no more than a cart can have.
func TestMergeKeepsCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	with := func(r checkout.Request, codes ...string) checkout.CartView {
		view, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: r, Lines: linesOf("mug", 1), Codes: codes})
		w.ok(err)
		return view
	}
	current := with(w.by("anna", ""), "spring", "vip")
	w.claim("anna", with(w.request(""), "VIP", "summer"))
	if got := w.stored(current.Cart.ID).Codes; !slices.Equal(got, []string{"SPRING", "VIP", "SUMMER"}) {
		t.Errorf("codes %v", got)
	}
	w.claim("anna", with(w.request(""), "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"))
	if got := w.stored(current.Cart.ID).Codes; len(got) != checkout.MaxCodes {
		t.Errorf("codes %v", got)
	}
}

// A guest's request that is repeated after the cart was claimed shows nothing of what has become the customer's, and opens nothing.
func TestGuestsKeyIsDeadAfterAClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := checkout.CreateCartInput{Request: w.request(""), Lines: linesOf("mug", 1), Buyer: &checkout.Buyer{Email: "anna@example.com"}}
	made, err := w.carts.Create(t.Context(), in)
	w.ok(err)
	buy := checkout.CreateSessionInput{Request: w.request(""), Change: everything("NL")}
	buy.Change.Lines = linesOf("beans", 1)
	bought, err := w.sessions.Create(t.Context(), buy)
	w.ok(err)
	w.claim("anna", made)
	_, err = w.carts.Claim(t.Context(), w.by("anna", bought.Token), bought.Session.CartID)
	w.ok(err)
	view, err := w.carts.Create(t.Context(), in)
	wantCode(t, err, checkout.CodeNotFound)
	if view.Token != "" || len(view.Cart.Lines) > 0 {
		t.Errorf("the guest is answered %+v", view)
	}
	again, err := w.sessions.Create(t.Context(), buy)
	wantCode(t, err, checkout.CodeNotFound)
	if again.Token != "" || again.Session.ID != "" {
		t.Errorf("the guest is answered %+v", again)
	}
}
