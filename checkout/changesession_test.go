package checkout_test

import (
	"testing"

	"kassa/checkout"
)

func TestChangesOfASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	version := w.session(id).Version
	in := checkout.UpdateSessionInput{Request: w.request(cart.Token), SessionID: id,
		Change: checkout.SessionChange{Lines: linesOf("mug", 2, "beans", 1)}}
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
