package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// What the law of the shopper's country wants said stands in the checkout before it is paid, and in the order after: terms
// and returns with their versions, the right to withdraw with its form, a button that says what it does, and VAT.
func TestLawIsShown(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for country, button := range map[string]string{"NL": "Bestelling met betalingsverplichting", "NO": "Bestilling med betalingsplikt"} {
		language := map[string]string{"NL": "nl", "NO": "nb"}[country]
		cart, me := s.newCart(t, `,"context":{"address_country":"`+country+`"},"buyer":{"email":"ada@example.com"}`, "ebook")
		open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`"}`, me, s.key(),
			"Accept-Language: "+language).want(http.StatusCreated)
		open.wantAt("pay_button", button, "terms_version", "2026-01", "returns_version", "2026-01", "withdrawal.days", "14", "links.0.type",
			"terms_of_service")
		if !strings.Contains(open.at("withdrawal.text"), "14") || !strings.HasPrefix(open.at("withdrawal.form_url"), "https://") {
			t.Errorf("%s: %s", country, open.at("withdrawal"))
		}
		if totals := open.at("totals"); !strings.Contains(totals, map[string]string{"NL": "Btw 21", "NO": "Mva. 25"}[country]) {
			t.Errorf("%s: no VAT in %s", country, totals)
		}
		total := open.at("totals.1.amount")
		done := s.call(t, http.MethodPost, "/checkout-sessions/"+open.at("id")+"/complete",
			strings.TrimSuffix(paidBody[:strings.Index(paidBody, `"expected_total"`)], ",")+`,"expected_total":`+total+`}`, me, s.key()).want(http.StatusOK)
		s.call(t, http.MethodGet, "/orders/"+done.at("order.id"), "", me).want(http.StatusOK).
			wantAt("withdrawal.days", "14", "terms_version", "2026-01", "returns_version", "2026-01")
	}
}
