package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// bought has a customer buy a mug, agreeing to be remembered, and the outbox told of it.
func (s *stack) bought(t *testing.T, me, street string) {
	t.Helper()
	cart := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`],"context":{"address_country":"NL"}}`, me,
		s.key()).want(http.StatusCreated).at("id")
	to := strings.Replace(address, `"street_address":"Keizersgracht 1"`, `"street_address":"`+street+`"`, 1)
	w := s.call(t, http.MethodPost, "/checkout-sessions",
		`{"cart_id":"`+cart+`","buyer":{"email":"ada@example.com","consent":{"preferences":true}},`+to+`,`+paidBody[1:], me, s.key()).
		want(http.StatusCreated).wantAt("status", "completed")
	if failed := s.outbox.Deliver(t.Context(), []string{w.at("id")}); len(failed) > 0 {
		t.Fatal(failed)
	}
	s.pass(1e9)
}

// On the wire: the next checkout has the addresses with ids, the last one selected; one is chosen by its id; and all that is sent to
// pay is a cart, a payment and the total.
func TestKnownCustomer(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	me := s.bearer(t, "ada")
	s.bought(t, me, "Kade 9")
	s.bought(t, me, "Wijnhaven 9")
	profile := s.call(t, http.MethodGet, "/profile", "", me).want(http.StatusOK).wantAt("remembered", "true", "terms_version", "2026-01", "buyer.email", "ada@example.com",
		"destinations.0.street_address", "Wijnhaven 9", "destinations.1.street_address", "Kade 9", "destinations.2", "")
	s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`]}`, me, s.key()).want(http.StatusCreated)
	cart := s.call(t, http.MethodGet, "/carts/mine", "", me).want(http.StatusOK).wantAt("context.address_country", "NL").at("id")
	const method = "fulfillment.methods.0."
	open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`"}`, me, s.key()).want(http.StatusCreated).wantAt(
		"status", "ready_for_complete", "buyer.consent.preferences", "true", method+"selected_destination_id", profile.at("destinations.0.id"),
		method+"destinations.0.street_address", "Wijnhaven 9", method+"destinations.1.id", profile.at("destinations.1.id"))
	path := "/checkout-sessions/" + open.at("id")
	pick := func(id string) string {
		return `{"fulfillment":{"methods":[{"selected_destination_id":"` + id + `"}]}}`
	}
	s.call(t, http.MethodPatch, path, pick(profile.at("destinations.1.id")), me).want(http.StatusOK).wantAt(
		method+"selected_destination_id", profile.at("destinations.1.id"), method+"destinations.0.street_address", "Kade 9", method+"destinations.1.street_address", "Wijnhaven 9")
	s.call(t, http.MethodPatch, path, pick("da_other"), me).want(http.StatusBadRequest).wantAt("messages.0.path",
		"$.fulfillment.methods[0].selected_destination_id")
	s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`",`+paidBody[1:], me, s.key()).want(http.StatusCreated).wantAt("status",
		"completed")
	s.call(t, http.MethodDelete, "/profile", "", me).want(http.StatusOK).wantAt("remembered", "false", "destinations", "[]", "buyer", "")
}
