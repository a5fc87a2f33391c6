package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// Whoever has the link sees what was bought, in their own language, and nobody's name: the page can do nothing but show.
func TestOrderPage(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, `,"context":{"address_country":"NL"},"buyer":{"email":"canary@example.com","first_name":"Canaria","last_name":"Vogel","phone_number":"+31687654321"}`, "mug")
	done := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`",`+address+`,`+paidBody[1:], me, s.key()).want(http.StatusCreated)
	path, ok := strings.CutPrefix(done.at("order.permalink_url"), "https://shop.example")
	if !ok || !strings.HasPrefix(path, "/o/"+done.at("order.id")+".") {
		t.Fatalf("the permalink is %s", done.at("order.permalink_url"))
	}
	order := s.call(t, http.MethodGet, "/orders/"+done.at("order.id"), "", me).want(http.StatusOK)
	order.wantAt("permalink_url", done.at("order.permalink_url"))

	page := s.call(t, http.MethodGet, path, "", "Accept-Language: nl").want(http.StatusOK)
	text := page.Body.String()
	for _, wanted := range []string{`<html lang="nl">`, "Fjord &amp; Fern", "1 × Mug", "Btw 21", "binnen 14 dagen", "NL/TXT/?uri=CELEX:32011L0083", "Voorwaarden", done.at("order.id")} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the page lacks %q:\n%s", wanted, text)
		}
	}
	for _, private := range []string{"canary", "Canaria", "Vogel", "687654321", "Keizersgracht", "1015", "Visser", "kat_1", "<script", "pm_card"} {
		if strings.Contains(text, private) {
			t.Errorf("the page shows %q:\n%s", private, text)
		}
	}
	for name, wanted := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex",
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
	} {
		if got := page.Header().Get(name); !strings.HasPrefix(got, wanted) {
			t.Errorf("%s is %q", name, got)
		}
	}
	if len(text) > 8<<10 {
		t.Errorf("the page has %d bytes", len(text))
	}
	if strings.Contains(s.log.String(), strings.TrimPrefix(path, "/o/")) {
		t.Error("the log has the page's address")
	}
}

// An order's id, a wrong secret or somebody else's opens nothing, and tells nothing: unknown orders are answered the same.
func TestOrderPageOfNobody(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	buy := func() string {
		cart, me := s.newCart(t, `,"context":{"address_country":"NL"},"buyer":{"email":"ada@example.com"}`, "mug")
		done := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`",`+address+`,`+paidBody[1:], me,
			s.key()).want(http.StatusCreated)
		return strings.TrimPrefix(done.at("order.permalink_url"), "https://shop.example/o/")
	}
	one, other := buy(), buy()
	id, secret, _ := strings.Cut(one, ".")
	otherID, _, _ := strings.Cut(other, ".")
	unknown := s.call(t, http.MethodGet, "/o/or_unknown_0.AAAAAAAAAAAAAAAA", "").want(http.StatusNotFound)
	for _, token := range []string{id, id + ".", id + "." + secret[1:], id + "." + strings.ToLower(secret) + "x", otherID + "." + secret, "x"} {
		w := s.call(t, http.MethodGet, "/o/"+token, "").want(http.StatusNotFound)
		if w.Body.String() != unknown.Body.String() {
			t.Errorf("%s is answered differently: %s", token, w.Body)
		}
	}
	// What opens the page opens nothing else.
	s.call(t, http.MethodGet, "/orders/"+id, "", "Authorization: Bearer "+one).want(http.StatusUnauthorized)
	s.call(t, http.MethodGet, "/orders/"+one, "").want(http.StatusNotFound)
}
