package checkout_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// Cases of docs/promises.md that need a story of their own: each is named after the thread in which somebody wrote it down.

// spree/spree#13938: the app and the webhook both record the payment, and the card is kept twice. A card that was entered twice is
// shown once, and forgotten as often as it was entered.
func TestSpree13938ACardKeptTwiceIsOneCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keepCard("ada", "pm_card_mastercard")
	for range 3 {
		w.keepCard("ada", "pm_card_visa")
		w.webhooks()
		w.clock.advance(time.Minute)
	}
	cart := w.cartOf("ada", "mug", 1)
	view := w.open(cart)
	cards := view.Session.Wallet.Cards
	if len(cards) != 2 || cards[0].Brand != "visa" || cards[1].Brand != "mastercard" {
		t.Fatalf("the wallet has %+v", cards)
	}
	paid, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: view.Session.ID,
		Instrument: saved(cards[0].ID)})
	w.ok(err)
	w.wantPaidOnce(paid.Session.ID)
	w.ok(w.sessions.ForgetCard(t.Context(), checkout.Caller{Customer: "ada"}, cards[0].ID))
	if left := w.open(w.cartOf("ada", "mug", 1)).Session.Wallet.Cards; len(left) != 1 || left[0].Brand != "mastercard" {
		t.Errorf("forgotten, it is still there: %+v", left)
	}
}

// vendurehq/vendure#3153: what stands in both carts is deleted by the merge.
func TestVendure3153WhatIsInBothCartsStays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		own, guest []any
		want       string
	}{
		"the guest's has more":    {[]any{"mug", 1, "lamp", 1}, []any{"mug", 3}, "mug 3, lamp 1, "},
		"the customer's has more": {[]any{"mug", 3, "lamp", 1}, []any{"mug", 1}, "mug 3, lamp 1, "},
		"both are the same":       {[]any{"mug", 2}, []any{"mug", 2}, "mug 2, "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.own("anna", c.own...)
			w.wantHeld(w.claim("anna", w.cart(c.guest...)).Cart, c.want)
			w.wantHeld(w.mine("anna").Cart, c.want)
		})
	}
}

// vendurehq/nextjs-starter-vendure#12: who is asked to sign in at the checkout finds an empty cart behind it.
func TestNextjsStarterVendure12SigningInAtTheCheckoutKeepsTheCart(t *testing.T) {
	t.Parallel()
	for name, own := range map[string][]any{"a first cart": nil, "a cart from before": {"beans", 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			want := "mug 1, "
			if own != nil {
				w.own("anna", own...)
				want = "beans 1, mug 1, "
			}
			guest, _ := w.opened() // at the checkout, with an address
			claimed := w.claim("anna", guest)
			w.wantHeld(claimed.Cart, want)
			view, err := w.sessions.Create(t.Context(),
				checkout.CreateSessionInput{Request: w.by("anna", ""), CartID: claimed.Cart.ID, Change: everything("NL")})
			w.ok(err)
			_, err = w.sessions.Complete(t.Context(),
				checkout.CompleteInput{Request: w.by("anna", ""), SessionID: view.Session.ID, Instrument: method("pm_card_visa")})
			w.ok(err)
			if s := w.wantPaidOnce(view.Session.ID); s.Customer != "anna" || len(s.Quote.Lines) != 1+len(own)/2 {
				t.Errorf("the order is %q's, of %d lines", s.Customer, len(s.Quote.Lines))
			}
		})
	}
}

// Shopify/mobile-buy-sdk-ios#976: a second customer signs in on the phone, and the checkout shows the first one's addresses and cards,
// because what the app has kept of them counts more than the new token.
func TestShopifyIOS976AnotherCustomersTokenShowsNothingOfTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest, id := w.opened()
	w.claim("anna", guest)
	kept := w.keepCard("anna", "pm_card_visa")
	w.told(order("anna", w.clock.Now(), yes))
	// The app sends Bob's token with all that it has of Anna's beside it.
	caller := checkout.Caller{Customer: "bob", Token: guest.Token}
	for what, err := range everywhere(w, caller, guest.Cart.ID, id, kept.Order.ID) {
		if checkout.ErrorCode(err) != checkout.CodeNotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	r := w.by("bob", guest.Token)
	mine, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: r, Context: checkout.Context{Country: "NL"},
		Lines: linesOf("beans", 1)})
	w.ok(err)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.by("bob", guest.Token), CartID: mine.Cart.ID})
	w.ok(err)
	if s := view.Session; s.Customer != "bob" || s.Buyer.Email != "" || len(s.Known) > 0 || s.Destination != nil || len(s.Wallet.Cards) > 0 {
		t.Errorf("Bob's checkout shows %+v, %+v, %+v", s.Buyer, s.Known, s.Wallet)
	}
	if p := w.profile("bob"); p.Agreed != nil || len(p.Destinations) > 0 {
		t.Errorf("Bob's profile is %+v", p)
	}
}

// vendurehq/vendure#3065, #3508: two open the payment sheet for the last one, and whoever is slower is charged and stuck.
func TestVendure3065LastUnitInTwoSheets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.cart("lamp", 1), w.cart("lamp", 1)
	one, two := w.open(first).Session.ID, w.open(second).Session.ID
	slow := w.prepare(first.Token, one)
	refused, err := w.sessions.Prepare(t.Context(), checkout.PrepareInput{Request: w.request(second.Token), SessionID: two})
	if err != nil {
		wantCode(t, err, checkout.CodeNothingSellable)
	} else {
		wantMessage(t, refused.Messages, checkout.MsgOutOfStock, "")
	}
	if n := len(w.intents(two)); n != 0 {
		t.Fatalf("the second has %d intents to pay", n)
	}
	w.wait(12*time.Minute, time.Minute) // the first leaves the sheet open, and gets tea
	if w.free("lamp") != 1 {
		t.Fatalf("%d lamps after the hold", w.free("lamp"))
	}
	w.pay(second.Token, two, "pm_card_visa")
	w.wantPaidOnce(two)
	if a := w.sheet(slow, "payment_method", "pm_card_visa"); a.Status == http.StatusOK {
		t.Error("the sheet of the one who was too late still pays")
	}
	w.webhooks()
	w.tick()
	w.wantUnpaid(one)
	w.wantConserved("lamp", 1, one, two)
	// Not stuck: something else can be bought in the same cart.
	view := w.update(first.Token, one, checkout.SessionChange{Lines: linesOf("beans", 1)})
	w.pay(first.Token, view.Session.ID, "pm_card_visa")
	w.wantPaidOnce(view.Session.ID)
}

// medusajs/medusa#16502: two lines of one cart share an inventory item, each is compared with all of the stock, and their sum is sold.
func TestMedusa16502LinesOfOneProductShareItsStock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 6, "mug", 6) // of ten
	w.wantHeld(cart.Cart, "mug 12, ")
	wantMessage(t, cart.Messages, checkout.MsgLowStock, "$.line_items[0]")
	view := w.open(cart)
	if m := wantMessage(t, view.Messages, checkout.MsgQuantityAdjusted, "$.line_items[0]"); m.Args["quantity"] != "10" {
		t.Errorf("cut down to %s", m.Args["quantity"])
	}
	w.pay(cart.Token, view.Session.ID, "pm_card_visa")
	w.wantPaidOnce(view.Session.ID)
	if w.free("mug") != 0 {
		t.Errorf("%d mugs are left", w.free("mug"))
	}
	now := checkout.SessionChange{Lines: linesOf("beans", 1, "mug", 1, "mug", 1)}
	other, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(""), Change: now})
	w.ok(err)
	if q := other.Session.Quote; len(q.Lines) != 1 || q.Lines[0].SKU != "beans" {
		t.Errorf("with no mug left it sells %+v", q.Lines)
	}
}

// nopSolutions/nopCommerce#8085: a drop sells out within a second, and more is sold than there is.
func TestNopCommerce8085ADropSellsWhatThereIs(t *testing.T) {
	t.Parallel()
	const buyers, units = 60, 5
	w := newWorld(t)
	w.stock(checkout.Product{SKU: "drop", Title: "Drop", Prices: map[money.Currency]int64{"EUR": 4900}, Stock: stockOf(units)})
	carts, ids := make([]checkout.CartView, buyers), make([]string, buyers)
	for i := range buyers {
		carts[i] = w.cart("drop", 1)
		ids[i] = w.open(carts[i]).Session.ID
	}
	var all sync.WaitGroup
	var orders, told atomic.Int64
	for i := range buyers {
		all.Go(func() {
			for range 100 {
				view, err := w.complete(carts[i].Token, ids[i], "pm_card_visa")
				switch {
				case checkout.ErrorCode(err) == checkout.CodeUnavailable && err != nil: // many want one item: come back
					continue
				case err == nil && view.Session.Order != nil:
					orders.Add(1)
				case err == nil || checkout.ErrorCode(err) == checkout.CodeNothingSellable:
					told.Add(1)
				default:
					t.Error(err)
				}
				return
			}
			t.Error("somebody never got an answer")
		})
	}
	all.Wait()
	charged := 0
	for _, c := range w.provider.Ledger() {
		if c.Captured > 0 {
			charged++
		}
	}
	if orders.Load() != units || told.Load() != buyers-units || charged != units || w.free("drop") != 0 {
		t.Errorf("%d orders, %d were told no, %d charged, %d left", orders.Load(), told.Load(), charged, w.free("drop"))
	}
	w.wantConserved("drop", units, ids...)
}

// woocommerce/woocommerce-gateway-stripe#253, #409, #2806: the order has another address than the one that was chosen in the sheet, a
// part of it, or none.
func TestWooStripe253AddressChosenInTheSheetIsTheOrders(t *testing.T) {
	t.Parallel()
	chosen := func(country string) checkout.SessionChange {
		return checkout.SessionChange{
			Buyer: checkout.BuyerPatch{Email: ptr("anna@example.com"), Phone: ptr("+31612345678")},
			Destination: &checkout.Destination{FirstName: "Anna", LastName: "de Vries", Street: "Wijnhaven 9", Extended: "2 hoog", City: "Rotterdam",
				PostalCode: "3011 WH", Country: country},
		}
	}
	complete := func(w *world, cart checkout.CartView, id string, ch checkout.SessionChange) checkout.SessionView {
		view, err := w.sessions.Complete(w.Context(),
			checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_visa"), Change: ch})
		w.ok(err)
		return view
	}
	t.Run("all of it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID // with the address from before
		// While the sheet is open, wallets show a part of the address only.
		w.update(cart.Token, id, checkout.SessionChange{Destination: &checkout.Destination{City: "Rotterdam", PostalCode: "3011", Country: "NL"}})
		complete(w, cart, id, chosen("NL"))
		s := w.wantPaidOnce(id)
		want := *chosen("NL").Destination
		want.ID = s.Destination.ID
		if *s.Destination != want || s.Buyer.Phone != "+31612345678" {
			t.Errorf("the order goes to %+v, %+v", s.Destination, s.Buyer)
		}
	})
	t.Run("elsewhere, and dearer", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		refused := complete(w, cart, id, chosen("NO"))
		wantMessage(t, refused.Messages, checkout.MsgPriceChanged, "$.totals")
		w.wantUnpaid(id)
		complete(w, cart, id, checkout.SessionChange{})
		if s := w.wantPaidOnce(id); s.Destination.Country != "NO" || s.Order.Amount.Minor != 1495+1495 {
			t.Errorf("the order goes to %+v for %v", s.Destination, s.Order.Amount)
		}
	})
}

// Automattic/woocommerce-payments#9593: once an address without a shipping option was chosen, the sheet never opens again.
func TestWooPayments9593AddressWithoutShippingOpensAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	for range 2 {
		abroad := w.update(cart.Token, id, checkout.SessionChange{Destination: address("JP")})
		wantMessage(t, abroad.Messages, checkout.MsgUndeliverable, "$.fulfillment.methods[0].destinations[0].address_country")
		if len(abroad.Session.Quote.Options) != 0 || len(abroad.Offers) == 0 || abroad.Session.Quote.Total.Minor != 1495 {
			t.Fatalf("options %v, offers %v, total %v", abroad.Session.Quote.Options, abroad.Offers, abroad.Session.Quote.Total)
		}
		home := w.update(cart.Token, id, checkout.SessionChange{Destination: address("NL")})
		if home.Session.Status != checkout.StatusReady || len(home.Session.Quote.Options) != 1 || home.Session.Quote.Total.Minor != 1990 {
			t.Fatalf("back home it is %s: %v", home.Session.Status, home.Messages)
		}
	}
	w.pay(cart.Token, id, "pm_card_visa")
	w.wantPaidOnce(id)
}

// craftcms/commerce#3714: a price moves between payment and order, and the order says something else than was paid.
func TestCraft3714PriceMovesWhileTheShopperPays(t *testing.T) {
	t.Parallel()
	for name, pay := range map[string]func(w *world, cart checkout.CartView, id string, move func()){
		"in the sheet": func(w *world, cart checkout.CartView, id string, move func()) {
			view := w.prepare(cart.Token, id)
			move()
			w.sheet(view, "payment_method", "pm_card_visa")
		},
		"at the bank": func(w *world, cart checkout.CartView, id string, move func()) {
			view := w.pay(cart.Token, id, "pm_card_authenticationRequired")
			move()
			w.ok(w.provider.Authenticate(view.Session.Intent.ID, true))
		},
		"at a slow bank": func(w *world, cart checkout.CartView, id string, move func()) {
			w.pay(cart.Token, id, "pm_sandbox_processing")
			move()
			w.later(11 * time.Minute)
		},
	} {
		for _, price := range []int64{995, 2595} {
			t.Run(fmt.Sprint(name, " ", price), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				cart, id := w.opened()
				pay(w, cart, id, func() {
					mug := demoProducts()[0]
					mug.Prices["EUR"] = price
					w.stock(mug)
				})
				w.webhooks()
				w.get(cart.Token, id)
				if s := w.wantPaidOnce(id); s.Order.Amount.Minor != 1990 || s.Quote.Lines[0].Unit.Minor != 1495 {
					t.Errorf("paid %v, of which a mug %v", s.Order.Amount, s.Quote.Lines[0].Unit)
				}
			})
		}
	}
}

// flutter-stripe/flutter_stripe#462, #1345, #2036, #2073, stripe/stripe-react-native#1156: without a way back into the app iOS offers no
// iDEAL, and who has paid is left in the browser. Every sheet is told the way back, and what counts is what the bank has said.
func TestFlutterStripe2036EverySheetKnowsTheWayBack(t *testing.T) {
	t.Parallel()
	for kind, at := range redirects {
		w := newEurope(t)
		token, id := w.abroad(at.country, at.currency, at.platform)
		view := w.prepare(token, id)
		if got := view.Session.Intent.Action.ReturnURL; got != w.config.Shop.ReturnURL || got == "" {
			t.Errorf("%s: the sheet leads back to %q", kind, got)
		}
		if attempt := w.session(id).Attempt; attempt.ReturnURL != w.config.Shop.ReturnURL {
			t.Errorf("%s: the provider was told %q", kind, attempt.ReturnURL)
		}
		w.sheet(view, "payment_method_data[type]", kind)
		w.ok(w.provider.Authenticate(view.Session.Intent.ID, true))
		w.webhooks() // the shopper never comes back to the app
		w.wantPaidOnce(id)
	}
}

// Shopify/checkout-sheet-kit-swift#599: a wallet that is set up wrongly can't open its sheet, says nothing, and the app loads for ever.
// Such settings are refused, and what isn't set up is not offered.
func TestCheckoutSheetKitSwift599WalletThatCannotOpen(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*checkout.Wallets){
		"no publishable key":           func(w *checkout.Wallets) { w.PublishableKey = "" },
		"no networks":                  func(w *checkout.Wallets) { w.Networks = nil },
		"networks of none":             func(w *checkout.Wallets) { w.Networks = []string{"VISA"} },
		"no merchant id in production": func(w *checkout.Wallets) { w.GoogleMerchantID = "" },
	} {
		shop := demoShop()
		spoil(&shop.Wallets)
		if err := shop.Validate(); checkout.ErrorCode(err) != checkout.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct {
		edit func(*checkout.Wallets)
		gone string
	}{
		{func(w *checkout.Wallets) { w.AppleMerchantID = "" }, checkout.HandlerApplePay},
		{func(w *checkout.Wallets) { w.GooglePay, w.GoogleMerchantID = false, "" }, checkout.HandlerGooglePay},
	} {
		w := newWorld(t, func(config *checkout.Config) { c.edit(&config.Shop.Wallets) })
		cart := w.cart("mug", 1)
		view := w.open(cart)
		for _, o := range view.Offers {
			if o.Handler == c.gone {
				t.Errorf("%s is offered", c.gone)
			}
		}
		in := method("pm_card_visa")
		in.Handler = c.gone
		refused, err := w.sessions.Complete(t.Context(),
			checkout.CompleteInput{Request: w.request(cart.Token), SessionID: view.Session.ID, Instrument: in})
		w.ok(err)
		wantMessage(t, refused.Messages, checkout.MsgHandlerUnknown, "$.payment.instruments[0].handler_id")
	}
}

// medusajs/medusa#14746: somebody refunds at the provider's dashboard, the shop tries it once more, fails, and shows the order as paid for
// ever. Also before any event has told of it, the order ends as what it is: refunded once.
func TestMedusa14746RefundedAtTheProviderBeforeWeKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_visa", "mug", 1)
	w.stripe("/v1/refunds", map[string][]string{"payment_intent": {w.order(id).Order.IntentID}})
	view, err := w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: id, All: true})
	w.ok(err)
	if rs := view.Session.Order.Refunds; rs[0].State != checkout.RefundFailed || view.Session.Review != "refund_failed" {
		t.Errorf("our own refund is %+v, review %q", rs, view.Session.Review)
	}
	w.webhooks()
	w.wait(10*time.Minute, time.Minute)
	s := w.order(id)
	done := 0
	for _, r := range s.Order.Refunds {
		if r.State == checkout.RefundDone {
			done++
		}
	}
	if done != 1 || !s.Order.Refundable().IsZero() || w.kept(id) != 0 {
		t.Errorf("refunds %+v, refundable %v, kept %d", s.Order.Refunds, s.Order.Refundable(), w.kept(id))
	}
}
