package api_test

import (
	"net/http"
	"strings"
	"testing"

	"kassa/functions/internal/edge"
)

// A raw card number is refused by every route that reads a document, wherever it stands and however it is written, known field
// or not: none of it reaches a handler, a store or the log.
func TestCardNumbersAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	routes := append(append([]edge.Route(nil), s.cart.Routes...), s.checkout.Routes...)
	tried := 0
	for _, r := range routes {
		if r.Body != edge.JSON && r.Body != edge.MergePatch {
			continue
		}
		path := strings.NewReplacer("{id}", "ct_1", "{line}", "li_mug").Replace(r.Pattern)
		for _, body := range []string{
			`{"note":"4242 4242 4242 4242"}`, `{"a":[{"b":{"c":"4242-4242-4242-4242"}}]}`, `{"n":4242424242424242}`, `{"4242424242424242":true}`,
			`{"payment":{"instruments":[{"id":"1","handler_id":"stripe","type":"card","selected":true,` +
				`"credential":{"type":"card","card_number_type":"fpan","number":"5555555555554444","expiry_month":12,"expiry_year":2030,"cvc":"123"}}]}}`,
		} {
			tried++
			s.call(t, r.Method, path, body, s.key()).want(http.StatusBadRequest).wantAt("messages.0.code", "card_number")
		}
	}
	if tried < 40 {
		t.Errorf("only %d documents were tried", tried)
	}
	for _, number := range []string{"4242424242424242", "4242 4242", "4242-4242", "5555555555554444"} {
		if strings.Contains(s.log.String(), number) {
			t.Errorf("the log has %s", number)
		}
	}
}

// UCP's card credential is no credential here, with a number that isn't one either.
func TestCardCredentialsAreNotTaken(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, `,"context":{"address_country":"NL"},"buyer":{"email":"ada@example.com"}`, "mug")
	body := `{"cart_id":"` + cart + `",` + address + `,"payment":{"instruments":[{"id":"1","handler_id":"stripe","type":"card","selected":true,` +
		`"credential":{"type":"card","token":"dpan_1","card_number_type":"dpan"}}]},"expected_total":1785}`
	w := s.call(t, http.MethodPost, "/checkout-sessions", body, me, s.key()).want(http.StatusBadRequest)
	if !strings.Contains(w.at("messages.0.path"), "credential.type") {
		t.Errorf("it is refused for %s", w.Body)
	}
	if charges := s.provider.Ledger(); len(charges) != 0 {
		t.Errorf("the ledger has %+v", charges)
	}
}
