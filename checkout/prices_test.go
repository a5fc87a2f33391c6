package checkout_test

import (
	"slices"
	"strings"
	"testing"
	_ "time/tzdata"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// pricedShop is the demo shop with prices of all sorts: codes, pick-up in two stores, states, a Belgian who may be a business.
func pricedShop() checkout.Shop {
	s := demoShop()
	nl, us := s.Countries["NL"], s.Countries["US"]
	nl.Shipping = append(nl.Shipping,
		pricing.ShippingMethod{ID: "collect-ams", Title: map[string]string{"en": "Amsterdam"}, Pickup: "ams", MaxDays: 1},
		pricing.ShippingMethod{ID: "collect-rtm", Title: map[string]string{"en": "Rotterdam"}, Pickup: "rtm", MaxDays: 1})
	us.Regions = map[string]pricing.Region{"NY": {Name: "New York", TaxMillionths: map[string]int64{"standard": 88750}}, "HI": {Excluded: true}}
	s.Countries["NL"], s.Countries["US"] = nl, us
	s.Countries["BE"] = pricing.Country{Code: "BE", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100},
		Shipping: []pricing.ShippingMethod{{ID: "bpost", Title: map[string]string{"en": "Post"}, Prices: map[money.Currency]int64{"EUR": 847}}}}
	store := func(id, city string) pricing.Location {
		return pricing.Location{ID: id, Name: "Veldwerk " + city, Street: "Damrak 1", PostalCode: "1012 LG", City: city, Country: "NL",
			Opening: []pricing.Opening{{Days: []string{"mon", "tue", "wed", "thu", "fri", "sat"}, From: "10:00", To: "18:00"}}}
	}
	s.Pricing = pricing.Settings{
		Home: "NL", ReverseCharge: true, Locations: []pricing.Location{store("ams", "Amsterdam"), store("rtm", "Rotterdam")},
		Delivery: pricing.Delivery{Zone: "Europe/Amsterdam", CutOff: "16:00"},
		Discounts: []pricing.DiscountRule{
			{ID: "ten", Title: map[string]string{"en": "Ten percent"}, Code: "TEN", BasisPoints: 1000},
			{ID: "lamps", Title: map[string]string{"en": "Off lamps"}, Code: "LAMP", Products: []string{"lamp"},
				Amounts: map[money.Currency]int64{"EUR": 1000, "NOK": 9000, "USD": 1000}},
			{ID: "bulk", Title: map[string]string{"en": "Bulk"}, BasisPoints: 500,
				Minimum: map[money.Currency]int64{"EUR": 10000, "NOK": 99900, "USD": 9900}},
		},
	}
	return s
}

func priced(c *checkout.Config) { c.Shop = pricedShop() }

// with makes a guest's cart that has codes.
func (w *world) with(codes []string, lines ...any) checkout.CartView {
	w.Helper()
	view, err := w.carts.Create(w.Context(), checkout.CreateCartInput{
		Request: w.request(""), Context: checkout.Context{Country: "NL", Language: "en"}, Lines: linesOf(lines...), Codes: codes,
	})
	w.ok(err)
	return view
}

// A code is taken in any case and with spaces; the estimate on the cart has its discount, and the session, the charge and the order too.
func TestACodeGoesFromTheCartToTheOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced)
	cart := w.with([]string{" t e n", "TEN", ""}, "mug", 2)
	if !slices.Equal(cart.Cart.Codes, []string{"TEN"}) || cart.Quote.Discount.Minor != 299 || cart.Quote.Total.Minor != 2990-299+495 || cart.Quote.Estimated {
		t.Fatalf("the cart has %v and %+v", cart.Cart.Codes, cart.Quote)
	}
	open := w.open(cart)
	if applied := open.Session.Quote.Applied; len(applied) != 1 || applied[0].RuleID != "ten" || applied[0].Amount.Minor != 299 {
		t.Fatalf("the session's discounts are %+v", applied)
	}
	if done := w.pay(cart.Token, open.Session.ID, "pm_card_visa"); done.Session.Order == nil || done.Session.Order.Amount.Minor != 3186 {
		t.Fatalf("the order is %+v", done.Session.Order)
	}
	w.wantPaidOnce(open.Session.ID)
}

// Every code that gives nothing is told of, at its place, with the reason; what it gives later comes by itself.
func TestCodesThatGiveNothingSayWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced)
	cart := w.with([]string{"nope", "LAMP"}, "mug", 1)
	m := wantMessage(t, cart.Messages, checkout.MsgCodeInvalid, "$.discounts.codes[0]")
	if m.Type != checkout.MessageWarning || m.Args["reason"] != string(pricing.ReasonUnknown) || m.Args["code"] != "NOPE" {
		t.Errorf("an unknown code is told as %+v", m)
	}
	if m := wantMessage(t, cart.Messages, checkout.MsgCodeInvalid, "$.discounts.codes[1]"); m.Args["reason"] != string(pricing.ReasonNotForProducts) {
		t.Errorf("a code for other products is told as %+v", m)
	}
	view, err := w.carts.AddLine(w.Context(), checkout.LineEditInput{
		Request: w.request(cart.Token), CartID: cart.Cart.ID, Line: checkout.LineInput{SKU: "lamp", Quantity: 1},
	})
	w.ok(err)
	if view.Quote.Discount.Minor != 520+1000 || len(view.Quote.Refused) != 1 { // 5 % of 103.95 is 5.1975
		t.Errorf("with a lamp: %+v, refused %+v", view.Quote.Discount, view.Quote.Refused)
	}
	view.Token = cart.Token
	open := w.open(view)
	for range 2 { // not only in the answer to the change
		wantMessage(t, open.Messages, checkout.MsgCodeInvalid, "$.discounts.codes[0]")
		open, err = w.sessions.Session(w.Context(), checkout.Caller{Token: cart.Token}, open.Session.ID)
		w.ok(err)
	}
	if cleared := w.update(cart.Token, open.Session.ID, checkout.SessionChange{Codes: []string{}}); len(cleared.Session.Codes) != 0 || cleared.Session.Quote.Discount.Minor != 520 {
		t.Errorf("without codes: %+v", cleared.Session.Quote.Discount)
	}
}

func TestCodesOfACart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced)
	cart := w.with([]string{"ten"}, "mug", 1)
	replace := func(codes []string) (checkout.CartView, error) {
		return w.carts.Replace(w.Context(), checkout.ReplaceCartInput{
			Request: w.request(cart.Token), CartID: cart.Cart.ID, Lines: linesOf("mug", 2), Context: checkout.Context{Country: "NL"}, Codes: codes,
		})
	}
	kept, err := replace(nil)
	if w.ok(err); !slices.Equal(kept.Cart.Codes, []string{"TEN"}) {
		t.Errorf("codes that aren't mentioned are %v", kept.Cart.Codes)
	}
	cleared, err := replace([]string{})
	if w.ok(err); len(cleared.Cart.Codes) != 0 {
		t.Errorf("an empty list leaves %v", cleared.Cart.Codes)
	}
	_, err = replace([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"})
	wantCode(t, err, checkout.CodeInvalid)
	_, err = replace([]string{strings.Repeat("x", 65)})
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.discounts.codes[0]" {
		t.Errorf("a code that no code can be is refused at %s", e.Path)
	}
}

// Who collects pays no shipping and needs no address; with more than one store, one has to be chosen.
func TestCollecting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced)
	cart := w.cart("mug", 1)
	email := checkout.BuyerPatch{Email: ptr("anna@example.com"), LastName: ptr("de Vries")}
	view, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{
		Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: checkout.SessionChange{Buyer: email, Collect: ptr(true)},
	})
	w.ok(err)
	wantMessage(t, view.Messages, checkout.MsgMissing, "$.fulfillment.methods[0].selected_destination_id")
	id := view.Session.ID
	view = w.update(cart.Token, id, checkout.SessionChange{Location: ptr("rtm")})
	if s := view.Session; s.Status != checkout.StatusReady || s.Option != "collect-rtm" || s.Quote.Total.Minor != 1495 {
		t.Fatalf("collected in Rotterdam: %s, %q, %v, %v", s.Status, s.Option, s.Quote.Total, view.Messages)
	}
	unknown := w.update(cart.Token, id, checkout.SessionChange{Location: ptr("nyc")})
	wantMessage(t, unknown.Messages, checkout.MsgUnknownOption, "$.fulfillment.methods[0].selected_destination_id")
	w.update(cart.Token, id, checkout.SessionChange{Option: ptr("collect-ams")})
	contact := address("NL")
	contact.FirstName, contact.LastName, contact.Phone = "Bea", "Bakker", "+31687654321"
	told := w.update(cart.Token, id, checkout.SessionChange{Destination: contact})
	if b := told.Session.Buyer; b.FirstName != "" || b.LastName != "de Vries" || b.Phone != "+31687654321" { // what was lacking, and no more
		t.Errorf("who collects is %+v", b)
	}
	other := *contact
	other.Phone = "+31611111111"
	if b := w.update(cart.Token, id, checkout.SessionChange{Destination: &other}).Session.Buyer; b.Phone != "+31687654321" {
		t.Errorf("another contact's phone number is %s", b.Phone)
	}
	if m := wantMessage(t, told.Messages, checkout.MsgAddressUnused, "$.fulfillment.methods[0].destinations[0]"); m.Type != checkout.MessageWarning {
		t.Errorf("an address that isn't needed is told as %+v", m)
	}
	if s := told.Session; s.Option != "collect-ams" || s.Destination != nil || s.Status != checkout.StatusReady {
		t.Errorf("an address changes where it is collected: %+v", s)
	}
	brought := w.update(cart.Token, id, checkout.SessionChange{Collect: ptr(false), Destination: address("NL")}).Session
	if brought.Collect || brought.Option != "" || brought.Quote.Total.Minor != 1990 || brought.Status != checkout.StatusReady {
		t.Errorf("brought after all: %+v", brought)
	}
	w.update(cart.Token, id, checkout.SessionChange{Option: ptr("collect-ams")})
	w.pay(cart.Token, id, "pm_card_visa")
	if s := w.wantPaidOnce(id); s.Order.Amount.Minor != 1495 {
		t.Errorf("paid %v", s.Order.Amount)
	}
	nameless := w.cart("mug", 1)
	view, err = w.sessions.Create(w.Context(), checkout.CreateSessionInput{
		Request: w.request(nameless.Token), CartID: nameless.Cart.ID,
		Change: checkout.SessionChange{Buyer: checkout.BuyerPatch{Email: ptr("bea@example.com")}, Collect: ptr(true), Location: ptr("rtm")},
	})
	w.ok(err)
	named := w.update(nameless.Token, view.Session.ID, checkout.SessionChange{Destination: contact}).Session
	if b := named.Buyer; b.FirstName != "Bea" || b.LastName != "Bakker" || named.Status != checkout.StatusReady {
		t.Errorf("who collects is %+v, session %s", b, named.Status)
	}
	abroad := w.cart("mug", 1)
	view, err = w.sessions.Create(w.Context(), checkout.CreateSessionInput{
		Request: w.request(abroad.Token), CartID: abroad.Cart.ID, Change: checkout.SessionChange{Destination: address("BE"), Collect: ptr(true)},
	})
	w.ok(err)
	wantMessage(t, view.Messages, checkout.MsgNoPickup, "")
	if view.Session.Collect {
		t.Error("it is collected where there is no store")
	}
}

// A business elsewhere in the EU pays without tax; where the shop is, it pays like a consumer.
func TestBusinessesInTheUnion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced)
	for _, c := range []struct {
		country, vat string
		total        int64
		reverse      bool
	}{
		{"BE", " be 0123.456.749", 1936, true}, // (1495 + 847) / 1.21 = 1935.5
		{"BE", "", 2342, false},
		{"BE", "NL123456789B01", 2342, false},
		{"NL", "NL123456789B01", 1990, false},
	} {
		cart := w.cart("mug", 1)
		ch := everything(c.country)
		ch.Buyer.VATID = &c.vat
		view, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: ch})
		w.ok(err)
		if q := view.Session.Quote; q.Total.Minor != c.total || q.ReverseCharge != c.reverse || view.Session.Status != checkout.StatusReady {
			t.Errorf("%s to %s: %v, reverse charge %v", c.vat, c.country, q.Total, q.ReverseCharge)
		}
		w.pay(cart.Token, view.Session.ID, "pm_card_visa")
		w.wantPaidOnce(view.Session.ID)
	}
}

// Tax in the US depends on the state: without one nothing can be paid, and some aren't sold to.
func TestStates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced)
	view, err := w.carts.Create(w.Context(), checkout.CreateCartInput{
		Request: w.request(""), Context: checkout.Context{Country: "US", Region: "NY"}, Lines: linesOf("mug", 1),
	})
	w.ok(err)
	if q := view.Quote; q.Tax.Minor != 213 || q.Total.Minor != 1600+795+213 { // 8.875 % of 23.95 is 2.1256
		t.Errorf("a cart in New York: tax %v, total %v", q.Tax, q.Total)
	}
	to := func(region string) *checkout.Destination {
		d := address("US")
		d.Region = region
		return d
	}
	open, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{Request: w.request(view.Token), CartID: view.Cart.ID,
		Change: checkout.SessionChange{Buyer: checkout.BuyerPatch{Email: ptr("anna@example.com")}, Destination: to("")}})
	w.ok(err)
	wantMessage(t, open.Messages, checkout.MsgMissing, "$.fulfillment.methods[0].destinations[0].address_region")
	if away := w.update(view.Token, open.Session.ID, checkout.SessionChange{Destination: to("HI")}); away.Session.Status != checkout.StatusIncomplete {
		t.Error("Hawaii can be paid for")
	} else {
		wantMessage(t, away.Messages, checkout.MsgUndeliverable, "")
	}
	if there := w.update(view.Token, open.Session.ID, checkout.SessionChange{Destination: to("New York")}).Session; there.Status != checkout.StatusReady || there.Quote.Total.Minor != 2608 {
		t.Errorf("New York: %s, %v", there.Status, there.Quote.Total)
	}
}

// A product that the country has no tax rate for can't be sold there, and the rest can.
func TestProductWithoutATaxRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced)
	view, err := w.carts.Create(w.Context(), checkout.CreateCartInput{
		Request: w.request(""), Context: checkout.Context{Country: "BE"}, Lines: linesOf("mug", 1, "beans", 1, "lamp", 1),
	})
	w.ok(err)
	wantMessage(t, view.Messages, checkout.MsgItemUnavailable, "$.line_items[1]")
	if len(view.Cart.Lines) != 2 || view.Quote.Total.Minor != 1495+8900+847-520 {
		t.Errorf("what is left is %+v for %v", view.Cart.Lines, view.Quote.Total)
	}
}

// One cart has one currency, whatever is asked for later.
func TestTwoCurrenciesInOneCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, priced)
	cart := w.cart("mug", 1)
	view, err := w.carts.Replace(w.Context(), checkout.ReplaceCartInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Lines: linesOf("mug", 2), Context: checkout.Context{Country: "NO", Currency: "NOK"}})
	w.ok(err)
	m := wantMessage(t, view.Messages, checkout.MsgCurrencyKept, "$.context.currency")
	if m.Args["currency"] != "EUR" || view.Quote.Currency != "EUR" || view.Quote.Total.Minor != 2990+1495 {
		t.Errorf("the cart is priced at %v, and tells %+v", view.Quote.Total, m)
	}
	nok, err := w.carts.Create(w.Context(), checkout.CreateCartInput{
		Request: w.request(""), Context: checkout.Context{Country: "NO"}, Lines: linesOf("mug", 1, "lamp", 1), // the lamp has a price in euros only
	})
	w.ok(err)
	wantMessage(t, nok.Messages, checkout.MsgItemUnavailable, "$.line_items[1]")
}

func TestPriceSettingsNameTheirFields(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*checkout.Shop){
		"(pricing.discounts[0].basis_points)": func(s *checkout.Shop) { s.Pricing.Discounts[0].FreeShipping = true },
		"(pricing.discounts[2].code)":         func(s *checkout.Shop) { s.Pricing.Discounts[2].Code = "ten" },
		"(pricing.home)":                      func(s *checkout.Shop) { s.Pricing.Home = "Holland" },
		"(pricing.delivery.zone)":             func(s *checkout.Shop) { s.Pricing.Delivery.Zone = "Amsterdam" },
		"(pricing.locations[1].id)":           func(s *checkout.Shop) { s.Pricing.Locations[1].ID = "ams" },
		"(countries.NL.shipping[2].pickup)":   func(s *checkout.Shop) { s.Pricing.Locations = s.Pricing.Locations[:1] },
		"(pricing.discounts[1].amounts.EUR)":  func(s *checkout.Shop) { delete(s.Pricing.Discounts[1].Amounts, "EUR") },
	} {
		shop := pricedShop()
		spoil(&shop)
		if err := shop.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := pricedShop().Validate(); err != nil {
		t.Error(err)
	}
}
