package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// basket makes a cart of skus and quantities, in a country, with discount codes and a buyer of its own.
func (s shopper) basket(email, country, region string, codes []string, lines ...string) (cart, reply) {
	s.t.Helper()
	var items []string
	for _, l := range lines {
		sku, n, _ := strings.Cut(l, " ")
		items = append(items, `{"item":{"id":"`+sku+`"},"quantity":`+n+`}`)
	}
	body := `{"line_items":[` + strings.Join(items, ",") + `],"context":{"address_country":"` + country + `","address_region":"` + region + `"},` +
		`"discounts":{"codes":["` + strings.Join(codes, `","`) + `"]},"buyer":{"email":"` + email + `"}}`
	a := s.do(http.MethodPost, "/carts", body, "Idempotency-Key", key()).want(http.StatusCreated)
	return cart{a.at("id"), a.at("access_token")}, a
}

// to is a body's part that has goods shipped somewhere.
func to(city, code, region, country string) string {
	return `"fulfillment":{"methods":[{"type":"shipping","destinations":[{"first_name":"Ada","last_name":"Visser","street_address":"Street 1",` +
		`"address_locality":"` + city + `","postal_code":"` + code + `","address_region":"` + region + `","address_country":"` + country + `"}]}]}`
}

// entries lists totals as "type amount", and the parts of the total after it.
func (a reply) entries(path string) []string {
	a.t.Helper()
	var out []string
	for i := 0; a.at(fmt.Sprintf("%s.%d.type", path, i)) != ""; i++ {
		at := fmt.Sprintf("%s.%d.", path, i)
		out = append(out, a.at(at+"type")+" "+a.at(at+"amount"))
		for j := 0; a.at(fmt.Sprintf("%slines.%d.amount", at, j)) != ""; j++ {
			out = append(out, "of which "+a.at(fmt.Sprintf("%slines.%d.amount", at, j)))
		}
	}
	return out
}

func (a reply) wantEntries(path string, want ...string) reply {
	a.t.Helper()
	if got := a.entries(path); !slices.Equal(got, want) {
		a.t.Fatalf("%s are\n%q, want\n%q", path, got, want)
	}
	return a
}

// The figures are worked by hand, in cents; what stands in brackets is before rounding.
func TestDutchPurchase(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, made := s.basket("ada@example.nl", "NL", "", []string{" welcome 10 "}, "beans-kade-250 2", "cup-espresso-2 1", "book-quay 1")
	// Goods 2·995 + 2200 + 2450 = 6640. WELCOME10 is 10 % of all but the book: 419 of 4190, 199 off the beans and 220 off the cups.
	// 2·250 + 420 + 740 = 1660 g: 495. 21 %: 2200 − 220 + 495 = 2475, /1.21 = 2045 (2045.5). 9 %: 1990 − 199 + 2450 = 4241,
	// /1.09 = 3891 (3890.8).
	totals := []string{"subtotal 6640", "discount -419", "fulfillment 495", "total 6716", "of which 5936", "of which 430", "of which 350"}
	made.wantEntries("totals", totals...).wantAt("discounts.codes", `["WELCOME10"]`).wantAt("messages", "[]").wantAt("totals_estimated", "false")
	open := s.buy(c, `{"cart_id":"`+c.id+`",`+to("Rotterdam", "3011 WH", "", "NL")+`}`, key()).want(http.StatusCreated).wantEntries("totals",
		totals...)
	open.wantEntries("line_items.0.totals", "subtotal 1990", "discount -199", "total 1791")
	open.wantEntries("line_items.1.totals", "subtotal 2200", "discount -220", "total 1980")
	open.wantEntries("line_items.2.totals", "subtotal 2450", "total 2450")
	open.wantAt("discounts.applied.0.title", "10 % off your first order").wantAt("discounts.applied.0.code", "WELCOME10").
		wantAt("discounts.applied.0.allocations.1.path", "$.line_items[1]").wantAt("discounts.applied.0.allocations.1.amount", "220")
	ideal := s.sdk("/v1/payment_methods", url.Values{"type": {"ideal"}, "billing_details[name]": {"Ada Visser"}})
	id, _ := ideal["id"].(string)
	escalated := s.complete(c, open.at("id"), id, 6716).want(http.StatusOK).wantAt("status", "requires_escalation")
	s.act(escalated, "succeed")
	s.advance("0s")
	done := s.session(c, open.at("id")).wantAt("status", "completed")
	s.wantCharge(open.at("id"), 6716)
	s.do(http.MethodGet, "/orders/"+done.at("order.id"), "", "Authorization", c.auth()).want(http.StatusOK).wantEntries("totals", totals...).
		wantAt("discounts.applied.0.amount", "419")
	// The first order is had: the code is no longer for Ada, who is told so.
	_, again := s.basket("Ada@example.nl", "NL", "", []string{"WELCOME10"}, "cup-espresso-2 1")
	again.wantAt("messages.0.code", "discount_code_user_ineligible").wantAt("messages.0.path", "$.discounts.codes[0]").wantEntries("totals",
		"subtotal 2200", "fulfillment 495", "total 2695", "of which 2227", "of which 468") // 2695 / 1.21 = 2227 (2227.3)
}

func TestBelgianPurchase(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, _ := s.basket("luc@example.be", "BE", "", nil, "kettle-stove 1", "beans-yirga-250 3")
	// Goods 6450 + 3·1350 = 10500. 5 % from 100 euros: 525, of which 322.5 and 202.5; the odd cent is the beans'. Goods after that 9975: shipping
	// is free from 75 euros. 21 %: 6450 − 322 = 6128, /1.21 = 5064 (5064.5). 6 %: 4050 − 203 = 3847, /1.06 = 3629 (3629.2).
	totals := []string{"subtotal 10500", "discount -525", "fulfillment 0", "total 9975", "of which 8693", "of which 1064", "of which 218"}
	open := s.buy(c, `{"cart_id":"`+c.id+`",`+to("Gent", "9000", "", "BE")+`}`, key()).want(http.StatusCreated).wantEntries("totals", totals...)
	open.wantEntries("line_items.0.totals", "subtotal 6450", "discount -322", "total 6128").
		wantEntries("line_items.1.totals", "subtotal 4050", "discount -203", "total 3847").wantAt("discounts.applied.0.automatic", "true")
	// A business pays what is net: 9975 − 1064 − 218. Half a VAT id is refused.
	vat := func(id string) reply {
		return s.do(http.MethodPatch, "/checkout-sessions/"+open.at("id"), `{"buyer":{"vat_id":"`+id+`"}}`, "Authorization", c.auth())
	}
	vat("BE0123").want(http.StatusBadRequest).wantAt("messages.0.path", "$.buyer.vat_id")
	vat("be 0123.456.749").want(http.StatusOK).wantAt("buyer.vat_id", "BE0123456749").wantEntries("totals",
		"subtotal 10500", "discount -525", "fulfillment 0", "reverse_charge -1282", "total 8693", "of which 8693", "of which 0")
	vat("").want(http.StatusOK).wantEntries("totals", totals...)
	method := s.sdk("/v1/payment_methods", url.Values{"type": {"bancontact"}, "billing_details[name]": {"Luc Peeters"}})
	id, _ := method["id"].(string)
	escalated := s.complete(c, open.at("id"), id, 9975).want(http.StatusOK).wantAt("status", "requires_escalation")
	s.act(escalated, "succeed")
	s.advance("0s")
	s.session(c, open.at("id")).wantAt("status", "completed")
	s.wantCharge(open.at("id"), 9975)
}

func TestNorwegianPurchase(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, made := s.basket("kari@example.no", "NO", "", nil, "beans-kiambu-250 2", "french-press-8 1", "book-quay 1")
	// Goods 2·16900 + 45900 + 28900 = 108600. 10000 off from 75000 of what is no book, which is 79700: 4241 (4240.9) and 5759 (5759.1). That
	// leaves 98600, less than the 100000 from which on shipping is free: 9900. 25 %: 45900 − 5759 + 9900 = 50041, /1.25 = 40033 (40032.8).
	// 15 %: 33800 − 4241 = 29559, /1.15 = 25703 (25703.5). Books are taxed at nothing.
	totals := []string{"subtotal 108600", "discount -10000", "fulfillment 9900", "total 108500",
		"of which 94636", "of which 10008", "of which 3856", "of which 0"}
	made.wantAt("currency", "NOK").wantEntries("totals", totals...)
	open := s.buy(c, `{"cart_id":"`+c.id+`",`+to("Bergen", "5003", "", "NO")+`}`, key()).want(http.StatusCreated).wantEntries("totals", totals...)
	open.wantEntries("line_items.0.totals", "subtotal 33800", "discount -4241", "total 29559").
		wantEntries("line_items.1.totals", "subtotal 45900", "discount -5759", "total 40141").
		wantEntries("line_items.2.totals", "subtotal 28900", "total 28900")
	s.complete(c, open.at("id"), "pm_card_visa", 108500).want(http.StatusOK).wantAt("status", "completed")
	s.wantCharge(open.at("id"), 108500)
}

func TestAmericanPurchase(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, _ := s.basket("joe@example.com", "US", "NY", []string{"quay5", "ShipFree"}, "mug-quay 3", "beans-kade-250 1", "book-quay 1")
	// Goods 3·1799 + 1099 + 2699 = 9195. QUAY5 takes 500 off all but the book: 415 (415.4) and 85 (84.6). SHIPFREE takes the 1899 of shipping.
	// New York's 8.875 % of 5397 − 415 + 2699 = 7681 are 682 (681.7); coffee is food, at nothing.
	totals := []string{"subtotal 9195", "discount -500", "discount -1899", "fulfillment 1899", "tax 682", "total 9377"}
	open := s.buy(c, `{"cart_id":"`+c.id+`",`+to("Albany", "12207", "New York", "US")+`}`, key()).want(http.StatusCreated).wantEntries("totals",
		totals...)
	// Of the tax, 442 (442.4) fall to 4982 and 240 (239.6) to 2699.
	open.wantEntries("line_items.0.totals", "subtotal 5397", "discount -415", "tax 442", "total 5424").
		wantEntries("line_items.1.totals", "subtotal 1099", "discount -85", "total 1014").
		wantEntries("line_items.2.totals", "subtotal 2699", "tax 240", "total 2939").
		wantAt("discounts.applied.1.allocations.0.path", "$.totals[?@.type=='fulfillment']")
	patch := func(region string) reply {
		return s.do(http.MethodPatch, "/checkout-sessions/"+open.at("id"), `{`+to("Somewhere", "1", region, "US")+`}`, "Authorization",
			c.auth()).want(http.StatusOK)
	}
	patch("").wantAt("status", "incomplete").wantAt("messages.0.code", "missing").
		wantAt("messages.0.path", "$.fulfillment.methods[0].destinations[0].address_region")
	patch("HI").wantAt("status", "incomplete").wantAt("messages.0.code", "address_undeliverable")
	patch("OR").wantEntries("totals", "subtotal 9195", "discount -500", "discount -1899", "fulfillment 1899", "total 8695")
	patch("NY").wantEntries("totals", totals...)
	s.complete(c, open.at("id"), "pm_card_us", 9377).want(http.StatusOK).wantAt("status", "completed")
	s.wantCharge(open.at("id"), 9377)
}

// Collected on the quay: no shipping, no address, and an order that says where.
func TestCollectedOrder(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, _ := s.basket("ada@example.nl", "NL", "", nil, "mug-quay 1")
	open := s.buy(c, `{"cart_id":"`+c.id+`"}`, key()).want(http.StatusCreated).wantAt("status", "incomplete")
	open.wantAt("fulfillment.available_methods.0.type", "pickup").wantAt("fulfillment.available_methods.0.destinations.0.id", "quay")
	patch := func(body string) reply {
		return s.do(http.MethodPatch, "/checkout-sessions/"+open.at("id"), body, "Authorization", c.auth())
	}
	refused := patch(`{"fulfillment":{"methods":[{"type":"pickup","destinations":[{"id":"quay","street_address":"Street 1"}]}]}}`).want(http.StatusBadRequest)
	refused.wantAt("messages.0.path", "$.fulfillment.methods[0].destinations[0]")
	collected := patch(`{"buyer":{"last_name":"Visser"},"fulfillment":{"methods":[{"type":"pickup","selected_destination_id":"quay"}]}}`).want(http.StatusOK)
	collected.wantAt("status", "ready_for_complete").wantAt("fulfillment.methods.0.destinations.0.name", "Kade 9").
		wantAt("fulfillment.methods.0.groups.0.selected_option_id", "collect").
		wantEntries("totals", "subtotal 1650", "fulfillment 0", "total 1650", "of which 1364", "of which 286") // 1650 / 1.21 = 1364 (1363.6)
	told := patch(`{"fulfillment":{"methods":[{"destinations":[{"street_address":"Street 1","address_country":"NL"}]}]}}`).want(http.StatusOK)
	told.wantAt("messages.0.code", "address_unused").wantAt("messages.0.type", "warning").wantAt("status", "ready_for_complete")
	done := s.complete(c, open.at("id"), "pm_card_visa", 1650).want(http.StatusOK).wantAt("status", "completed")
	s.do(http.MethodGet, "/orders/"+done.at("order.id"), "", "Authorization", c.auth()).want(http.StatusOK).
		wantAt("fulfillment.expectations.0.method_type", "pickup").wantAt("fulfillment.expectations.0.destination.street_address", "Wijnhaven 9")
}

// A code for one use, and 200 shoppers who pay with it at the same moment, over HTTP.
func TestOneUseAmongTwoHundred(t *testing.T) {
	t.Parallel()
	s := start(t)
	const rivals = 200
	carts, ids := make([]cart, rivals), make([]string, rivals)
	inTens := func(do func(i int)) {
		var group sync.WaitGroup
		for worker := range 20 {
			group.Go(func() {
				for i := worker; i < rivals; i += 20 {
					do(i)
				}
			})
		}
		group.Wait()
	}
	inTens(func(i int) {
		carts[i], _ = s.basket(fmt.Sprintf("p%d@example.nl", i), "NL", "", []string{"QUAY5"}, "mug-quay 1")
		ids[i] = s.open(carts[i]).wantEntries("totals", "subtotal 1650", "discount -500", "fulfillment 495", "total 1645", "of which 1360",
			"of which 285").at("id")
	})
	replies := make([]reply, rivals)
	var group sync.WaitGroup
	for i := range rivals {
		group.Go(func() { replies[i] = s.complete(carts[i], ids[i], "pm_card_visa", 1645) })
	}
	group.Wait()
	won := 0
	for _, a := range replies {
		a.want(http.StatusOK)
		if a.at("status") == "completed" {
			won++
			continue
		}
		a.wantAt("status", "ready_for_complete")
		if codes := a.messageCodes(); a.total() != 2145 || !slices.Contains(codes, "price_changed") || !slices.Contains(codes, "discount_code_invalid") {
			t.Fatalf("who is late is told %v", codes)
		}
	}
	if charges := s.charges(); won != 1 || len(charges) != 1 || charges[0].Amount != 1645 {
		t.Errorf("%d have it, the ledger has %+v", won, charges)
	}
}

// A currency that a wallet can't show, and one that a cart can't change to.
func TestCurrenciesOfACart(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("mug-quay")
	put := s.do(http.MethodPut, "/carts/"+c.id, `{"line_items":[{"item":{"id":"mug-quay"},"quantity":1}],"context":{"address_country":"NL","currency":"NOK"}}`,
		"Authorization", c.auth()).want(http.StatusOK)
	put.wantAt("currency", "EUR").wantAt("messages.0.code", "currency_unavailable").wantAt("messages.0.path", "$.context.currency")
}
