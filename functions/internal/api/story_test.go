package api_test

import (
	"net/http"
	"testing"
)

const paidBody = `{"payment":{"instruments":[{"id":"1","handler_id":"apple_pay","type":"card","selected":true,` +
	`"credential":{"type":"stripe_payment_method","token":"pm_card_visa"}}]},"expected_total":1785}`

const address = `"fulfillment":{"methods":[{"type":"shipping","destinations":[{"id":"home","first_name":"Ada","last_name":"Visser",` +
	`"street_address":"Keizersgracht 1","address_locality":"Amsterdam","postal_code":"1015 CJ","address_country":"NL"}]}]}`

// A shopper fills a cart, opens the sheet, is quoted for a redacted address and pays with the wallet.
func TestFromCartToOrder(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, `,"context":{"address_country":"NL"}`, "mug")
	s.call(t, http.MethodGet, "/carts/"+cart, "", me).want(http.StatusOK).wantAt("totals_estimated", "false", "line_items.0.item.price", "1290")

	open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`"}`, me, s.key()).want(http.StatusCreated)
	open.wantAt("status", "incomplete", "cart_id", cart, "payment.instruments", "[]")
	id := open.at("id")

	sheet := s.call(t, http.MethodPatch, "/checkout-sessions/"+id,
		`{"fulfillment":{"methods":[{"destinations":[{"address_locality":"Amsterdam","postal_code":"1015","address_country":""}]}]}}`, me).want(http.StatusOK)
	sheet.wantAt("fulfillment.methods.0.destinations.0.type", "shipping", "fulfillment.methods.0.groups.0.selected_option_id", "standard")
	if got := sheet.total("total"); got != 1785 {
		t.Errorf("the sheet shows %d", got)
	}

	express := s.call(t, http.MethodPatch, "/checkout-sessions/"+id,
		`{"fulfillment":{"methods":[{"groups":[{"selected_option_id":"express"}]}]}}`, me).want(http.StatusOK)
	express.wantAt("fulfillment.methods.0.destinations.0.postal_code", "1015")
	if got := express.total("fulfillment"); got != 995 {
		t.Errorf("express costs %d", got)
	}
	s.call(t, http.MethodPatch, "/checkout-sessions/"+id,
		`{"fulfillment":{"methods":[{"groups":[{"selected_option_id":null}]}]}}`, me).want(http.StatusOK)

	body := paidBody[:len(paidBody)-1] + `,"buyer":{"email":"ada@example.com"},` + address + `}`
	key := s.key()
	done := s.call(t, http.MethodPost, "/checkout-sessions/"+id+"/complete", body, me, key).want(http.StatusOK)
	done.wantAt("status", "completed", "continue_url", "", "expires_at", "")
	if done.at("order.id") == "" || done.at("order.permalink_url") == "" {
		t.Errorf("no order in %s", done.Body)
	}
	again := s.call(t, http.MethodPost, "/checkout-sessions/"+id+"/complete", body, me, key).want(http.StatusOK)
	if again.Header().Get("Idempotent-Replayed") != "true" || again.Body.String() != done.Body.String() {
		t.Errorf("the replay differs: %s", again.Body)
	}
	order := s.call(t, http.MethodGet, "/orders/"+done.at("order.id"), "", me).want(http.StatusOK)
	order.wantAt("checkout_id", id, "line_items.0.quantity.total", "1", "fulfillment.expectations.0.destination.street_address", "Keizersgracht 1")
	if charges := s.provider.Ledger(); len(charges) != 1 || charges[0].Captured != 1785 {
		t.Errorf("the provider has %+v", charges)
	}
}
