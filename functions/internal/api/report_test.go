package api_test

import (
	"net/http"
	"strings"
	"testing"

	"kassa/checkout/merchant"
)

// A purchase is in the report as soon as its notice is handed on, once, and says nothing of anybody.
func TestReport(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.do(t, http.MethodGet, "/admin/report", "").want(http.StatusOK).
		wantAt("from", "2026-10-25", "to", "2026-11-23", "zone", "UTC", "total.carts", "0", "rows", "[]", "lift.verdict", "too_few")

	cart, me := s.newCart(t, `,"context":{"address_country":"NL","platform":"ios"}`, "mug")
	body := strings.Replace(paidBody[:len(paidBody)-1], "pm_card_visa", "pm_card_chargeDeclined", 1) + `,"cart_id":"` + cart +
		`","buyer":{"email":"ada@example.com"},` + address + `}`
	s.call(t, http.MethodPost, "/checkout-sessions", body, me, s.key()).want(http.StatusCreated).wantAt("status", "ready_for_complete")
	body = strings.Replace(body, "pm_card_chargeDeclined", "pm_card_visa", 1)
	s.call(t, http.MethodPost, "/checkout-sessions", body, me, s.key()).want(http.StatusCreated).wantAt("status", "completed")
	for range 2 {
		if _, err := s.outbox.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w := s.do(t, http.MethodGet, "/admin/report?from=2026-11-23", "").want(http.StatusOK)
	w.wantAt("total.carts", "1", "total.sessions", "1", "total.attempts", "2", "total.declined.declined", "1", "total.orders", "1",
		"total.revenue.EUR", "1785", "rows.0.day", "2026-11-23", "rows.0.platform", "ios", "rows.0.funnel.orders", "1",
		"total.first_tap_to_paid.mean_requests", "2")
	if strings.Contains(w.Body.String(), "ada") || strings.Contains(w.Body.String(), cart[3:]) {
		t.Errorf("the report tells of somebody: %s", w.Body)
	}
}

func TestReportIsForItsScope(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, reader := s.newKey(t, merchant.ScopeReport)
	_, clerk := s.newKey(t, merchant.ScopeProducts)
	s.call(t, http.MethodGet, "/admin/report", "", auth(reader)).want(http.StatusOK)
	s.call(t, http.MethodGet, "/admin/report", "", auth(clerk)).want(http.StatusForbidden)
	s.call(t, http.MethodGet, "/admin/report", "").want(http.StatusUnauthorized)
}

func TestReportOfNoDays(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for query, says := range map[string]string{
		"from=yesterday":                "the query's from must be a date",
		"to=2026-02-30":                 "the query's to must be a date",
		"from=2026-11-24":               "the query's from must not be after to",
		"from=2020-01-01&to=2026-11-23": "the query's from must be at most 400 days before to",
		"to=2026-11-23%00":              "the query's to must be a date",
	} {
		w := s.do(t, http.MethodGet, "/admin/report?"+query, "").want(http.StatusBadRequest).wantAt("messages.0.code", "invalid")
		if !strings.Contains(w.at("messages.0.content"), says) {
			t.Errorf("%s: %s, want it to say %q", query, w.at("messages.0.content"), says)
		}
	}
}
