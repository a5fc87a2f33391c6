package checkout_test

import (
	"sync"
	"testing"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

// vendurehq/vendure#4481: whatever of a merge fails, is lost or comes twice, no line is: a cart filled over two weeks is in one
// cart or in the other, and once the claim is repeated in the current one.
func TestVendure4481MergeLosesNothing(t *testing.T) {
	t.Parallel()
	methods := []string{"Cart", "Person", "ClaimCart"}
	for _, kind := range []string{"merge", "keep"} {
		for _, method := range methods {
			for _, way := range checkouttest.Ways(method) {
				t.Run(kind+"/"+method+" "+string(way), func(t *testing.T) {
					t.Parallel()
					var h *checkouttest.Hostile
					w := newWorld(t, func(c *checkout.Config) {
						h = checkouttest.NewHostile(checkouttest.Stores{Carts: c.Carts, People: c.People}, nil)
						c.Carts, c.People = h.Carts, h.People
					})
					if kind == "merge" {
						w.own("anna", "mug", 3, "ebook", 1)
					}
					guest := w.cart("mug", 5, "beans", 2)
					r := w.by("anna", guest.Token)
					h.Reset()
					h.Next(method, way)
					told, err := w.carts.Claim(t.Context(), r, guest.Cart.ID)
					if err != nil && checkout.ErrorCode(err) != checkout.CodeUnavailable {
						t.Fatal(err)
					}
					if err == nil { // what was told is so
						stored := w.stored(told.Cart.ID)
						if w.wantHeld(stored, held(told.Cart)); stored.Customer != "anna" {
							t.Errorf("the cart is %q's", stored.Customer)
						}
					}
					for range 2 {
						view, err := w.carts.Claim(t.Context(), r, guest.Cart.ID)
						w.ok(err)
						w.wantHeld(view.Cart, map[string]string{"merge": "mug 5, ebook 1, beans 2, ", "keep": "mug 5, beans 2, "}[kind])
						h.Land()
					}
					w.wantHeld(w.mine("anna").Cart, map[string]string{"merge": "mug 5, ebook 1, beans 2, ", "keep": "mug 5, beans 2, "}[kind])
				})
			}
		}
	}
}

// shopware/shopware#8724, and the same cart on two devices: rapid adds from both, while a guest's cart comes in, all count.
func TestShopware8724RapidAddsOnTwoDevicesAndAMerge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stock(checkout.Product{SKU: "pin", Title: "Pin", Prices: demoProducts()[0].Prices})
	current := w.own("anna", "ebook", 1)
	guest := w.cart("mug", 2, "beans", 4)
	var all sync.WaitGroup
	for range 2 {
		for range 20 {
			all.Go(func() {
				for {
					_, err := w.carts.AddLine(t.Context(),
						checkout.LineEditInput{Request: w.by("anna", ""), CartID: current.Cart.ID, Line: linesOf("pin", 1)[0]})
					if err == nil {
						return
					}
					if checkout.ErrorCode(err) != checkout.CodeUnavailable {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	all.Go(func() {
		for range 50 {
			_, err := w.carts.Claim(t.Context(), w.by("anna", guest.Token), guest.Cart.ID)
			if err == nil {
				return
			}
			if checkout.ErrorCode(err) != checkout.CodeUnavailable {
				t.Error(err)
			}
		}
		t.Error("the merge never came through")
	})
	all.Wait()
	got := map[string]int64{}
	for _, l := range w.mine("anna").Cart.Lines {
		got[l.SKU] = l.Quantity
	}
	if len(got) != 4 || got["pin"] != 40 || got["mug"] != 2 || got["beans"] != 4 || got["ebook"] != 1 {
		t.Errorf("the cart holds %v", got)
	}
}

// vendurehq/vendure#263: who signs in after another on the same device doesn't get the other's cart, whatever the app still holds.
func TestVendure263NextCustomerGetsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.cart("mug", 2)
	w.claim("anna", guest)
	_, err := w.carts.Claim(t.Context(), w.by("bob", guest.Token), guest.Cart.ID)
	wantCode(t, err, checkout.CodeNotFound)
	_, err = w.carts.Mine(t.Context(), asCustomer("bob"))
	wantCode(t, err, checkout.CodeNotFound)
	w.wantHeld(w.mine("anna").Cart, "mug 2, ")
}

// vendurehq/vendure#2283, #1454, #1992: a customer's first cart, and one after an order, need no cart from before.
func TestVendure2283SignInWithAndWithoutCarts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.carts.Mine(t.Context(), asCustomer("anna"))
	wantCode(t, err, checkout.CodeNotFound)
	empty, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.request("")})
	w.ok(err)
	w.wantHeld(w.claim("anna", empty).Cart, "")
	w.wantHeld(w.claim("anna", w.cart("mug", 1)).Cart, "mug 1, ")
	w.wantHeld(w.claim("anna", w.cart("mug", 1)).Cart, "mug 1, ")
}

// vendurehq/vendure#762, #911, #3055: whose e-mail has an account may buy as a guest all the same, and sees nothing of it.
func TestVendure762GuestWithTheEmailOfAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.told(order("anna", w.clock.Now(), yes))
	w.own("anna", "mug", 1)
	guest := w.cart("beans", 1)
	view := w.open(guest) // with Anna's e-mail
	if view.Session.Customer != "" || len(view.Session.Known) > 0 {
		t.Errorf("the guest's session: %+v", view.Session)
	}
	paid := w.pay(guest.Token, view.Session.ID, "pm_card_visa")
	if paid.Session.Order == nil || paid.Session.Customer != "" {
		t.Errorf("the guest's order: %+v", paid.Session)
	}
	w.wantHeld(w.mine("anna").Cart, "mug 1, ")
}

// medusajs/medusa#9755: an order is whose cart it was when it was paid; a guest's cart can be claimed, also with a checkout open.
func TestMedusa9755OrderIsTheRightCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest, id := w.opened()
	w.claim("anna", guest)
	for name, caller := range map[string]checkout.Caller{"the guest": {Token: guest.Token}, "another customer": asCustomer("bob")} {
		_, err := w.sessions.Session(t.Context(), caller, id)
		if checkout.ErrorCode(err) != checkout.CodeNotFound {
			t.Errorf("%s sees the checkout: %v", name, err)
		}
		_, err = w.sessions.Complete(t.Context(), checkout.CompleteInput{
			Request: checkout.Request{Caller: caller, Key: w.key(), Fingerprint: "f"}, SessionID: id, Instrument: method("pm_card_visa"),
		})
		wantCode(t, err, checkout.CodeNotFound)
	}
	shown, err := w.sessions.Session(t.Context(), asCustomer("anna"), id)
	w.ok(err)
	if shown.Session.Buyer.Email != "anna@example.com" || shown.Session.Destination == nil {
		t.Errorf("what was typed is gone: %+v", shown.Session)
	}
	paid, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.by("anna", ""), SessionID: id,
		Instrument: method("pm_card_visa")})
	w.ok(err)
	sess := w.wantPaidOnce(id)
	if sess.Customer != "anna" {
		t.Errorf("the order is %q's", sess.Customer)
	}
	for name, c := range map[string]struct {
		caller checkout.Caller
		want   checkout.Code
	}{"anna on another device": {asCustomer("anna"), ""}, "bob": {asCustomer("bob"), checkout.CodeNotFound}, "the guest": {checkout.Caller{Token: guest.Token}, checkout.CodeNotFound}} {
		_, err := w.sessions.Order(t.Context(), c.caller, paid.Session.Order.ID)
		if c.want == "" && err != nil || c.want != "" && checkout.ErrorCode(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// saleor/saleor#12110, #18878: nobody but the customer changes or sees a customer's cart, token or not.
func TestSaleor12110CustomersCartIsClosedToGuests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.own("anna", "mug", 1)
	guest := w.cart("mug", 1)
	w.claim("bob", guest)
	for _, c := range []struct{ id, token string }{{made.Cart.ID, made.Token}, {guest.Cart.ID, guest.Token}, {guest.Cart.ID, w.config.Tokens.Token(guest.Cart.ID, 2)}} {
		for _, caller := range []checkout.Caller{{}, {Token: c.token}, {Token: c.token, Customer: "mallory"}} {
			for what, err := range everywhere(w, caller, c.id, "cs_x_0", "or_x_0") {
				if checkout.ErrorCode(err) != checkout.CodeNotFound {
					t.Errorf("%+v at %s: %v", caller, what, err)
				}
			}
		}
	}
}

// Shopify/checkout-sheet-kit-android#222, -swift#160, #180; mobile-buy-sdk-ios#1200: after signing out, a new guest on the device
// sees nothing of who was there, even if the app has kept everything that it shouldn't.
func TestShopifyAndroid222SignOutLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest, id := w.opened()
	w.claim("anna", guest)
	paid, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.by("anna", ""), SessionID: id,
		Instrument: method("pm_card_visa")})
	w.ok(err)
	next := w.own("anna", "beans", 1)
	open, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.by("anna", ""), CartID: next.Cart.ID,
		Change: everything("NL")})
	w.ok(err)
	// Anna signs out; the app keeps ids and the token that opened her first cart. Somebody begins anew.
	newcomer := w.cart("mug", 1)
	for _, token := range []string{"", guest.Token, newcomer.Token, next.Token} {
		for _, c := range []struct{ cart, session string }{{guest.Cart.ID, id}, {next.Cart.ID, open.Session.ID}} {
			for what, err := range everywhere(w, checkout.Caller{Token: token}, c.cart, c.session, paid.Session.Order.ID) {
				if checkout.ErrorCode(err) != checkout.CodeNotFound {
					t.Errorf("token %q at %s: %v", token, what, err)
				}
			}
		}
	}
	fresh := w.open(newcomer)
	if len(fresh.Session.Known) > 0 || fresh.Session.Customer != "" {
		t.Errorf("the newcomer's checkout: %+v", fresh.Session)
	}
}
