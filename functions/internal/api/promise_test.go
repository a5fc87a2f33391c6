package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The same key gives the same result; with another body it is refused.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	key := s.key()
	body := `{"line_items":[{"item":{"id":"mug"},"quantity":1}],"context":{"language":"nl"}}`
	first := s.call(t, http.MethodPost, "/carts", body, key).want(http.StatusCreated)
	if first.Header().Get("Idempotent-Replayed") != "" || first.Header().Get("Location") != "/carts/"+first.at("id") {
		t.Errorf("headers %v", first.Header())
	}
	s.pass(time.Hour)
	for name, same := range map[string]struct{ body, key string }{
		"the same":            {body, key},
		"written another way": {` { "context" : {"language":"\u006el"}, "line_items" : [ {"quantity":1.0, "item":{"id":"mug"}} ] }`, key},
		"quoted key":          {body, `Idempotency-Key: "` + strings.TrimPrefix(key, "Idempotency-Key: ") + `"`},
	} {
		w := s.call(t, http.MethodPost, "/carts", same.body, same.key).want(http.StatusCreated)
		if w.Body.String() != first.Body.String() || w.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: %v %s", name, w.Header(), w.Body)
		}
	}
	s.call(t, http.MethodPost, "/carts", strings.Replace(body, "1", "2", 1), key).want(http.StatusConflict).wantAt("messages.0.code",
		"idempotency_conflict")

	me := "Authorization: Bearer " + first.at("access_token")
	lines := "/carts/" + first.at("id") + "/line-items"
	edit := s.key()
	s.call(t, http.MethodPost, lines, `{"item":{"id":"mug"},"quantity":2}`, me, edit).want(http.StatusOK).wantAt("line_items.0.quantity", "3",
		"access_token", "")
	again := s.call(t, http.MethodPost, lines, `{"item":{"id":"mug"},"quantity":2}`, me, edit).want(http.StatusOK).wantAt("line_items.0.quantity",
		"3")
	if again.Header().Get("Idempotent-Replayed") != "true" {
		t.Error("an edit's replay is not marked")
	}
	s.call(t, http.MethodPost, lines, `{"item":{"id":"mug"},"quantity":9}`, me, edit).want(http.StatusConflict).wantAt("messages.0.code",
		"idempotency_conflict")
	s.call(t, http.MethodPatch, lines+"/li_mug", `{"quantity":7}`, me,
		"Content-Type: application/merge-patch+json").want(http.StatusOK).wantAt("line_items.0.quantity", "7")
	s.call(t, http.MethodDelete, lines+"/li_mug", "", me).want(http.StatusOK).wantAt("line_items", "[]")
}

// An answer's ETag guards the next change.
func TestVersions(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, "", "mug")
	tag := s.call(t, http.MethodGet, "/carts/"+cart, "", me).Header().Get("ETag")
	if tag != `"1"` {
		t.Fatalf("ETag %s", tag)
	}
	put := `{"line_items":[{"item":{"id":"mug"},"quantity":4}]}`
	w := s.call(t, http.MethodPut, "/carts/"+cart, put, me, "If-Match: "+tag).want(http.StatusOK).wantAt("line_items.0.quantity", "4")
	if w.Header().Get("ETag") != `"2"` {
		t.Errorf("ETag %s", w.Header().Get("ETag"))
	}
	s.call(t, http.MethodPut, "/carts/"+cart, put, me, "If-Match: "+tag).want(http.StatusConflict).wantAt("messages.0.code", "version_conflict")
	s.call(t, http.MethodPut, "/carts/"+cart, put, me, "If-Match: *").want(http.StatusOK)
	open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`"}`, me, s.key()).want(http.StatusCreated)
	path := "/checkout-sessions/" + open.at("id")
	s.call(t, http.MethodPatch, path, `{"buyer":{"email":"a@b.no"}}`, me, "If-Match: "+open.Header().Get("ETag")).want(http.StatusOK)
	s.call(t, http.MethodPatch, path, `{"buyer":{"email":"c@b.no"}}`, me,
		"If-Match: "+open.Header().Get("ETag")).want(http.StatusConflict).wantAt("messages.0.code", "version_conflict")
}

// The body's context goes before Accept-Language, and that before what the cart was made in.
func TestLanguages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for accept, want := range map[string]string{
		"": "Subtotal", "nl-NL,nl;q=0.9,en;q=0.8": "Subtotaal", "sv, de;q=0.2, nb;q=0.7": "Delsum", "de": "Zwischensumme",
		"fr;q=0, en;q=0.1": "Subtotal", "*": "Subtotal", "sv": "Subtotal", "nl;q=x, fr;q=0.3": "Sous-total", "no": "Delsum",
	} {
		w := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`]}`, s.key(), "Accept-Language: "+accept)
		if got := w.want(http.StatusCreated).at("totals.0.display_text"); got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
	nl := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`],"context":{"language":"nl"}}`, s.key(),
		"Accept-Language: de").want(http.StatusCreated)
	nl.wantAt("totals.0.display_text", "Subtotaal", "context.language", "nl", "line_items.0.item.title", "Mok")
	me := "Authorization: Bearer " + nl.at("access_token")
	s.call(t, http.MethodGet, "/carts/"+nl.at("id"), "", me).wantAt("totals.0.display_text", "Subtotaal")
	s.call(t, http.MethodGet, "/carts/"+nl.at("id"), "", me, "Accept-Language: fr").wantAt("totals.0.display_text", "Sous-total")
	s.call(t, http.MethodPost, "/catalog/search", `{"query":"mug"}`, "Accept-Language: nl").want(http.StatusOK).wantAt("products.0.title", "Mok")
}

// Whoever is not the owner gets the same answer as for what doesn't exist, on every route.
func TestOthersSeeNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, `,"context":{"address_country":"NL"},"buyer":{"email":"ada@example.com"}`, "mug")
	_, other := s.newCart(t, "", "mug")
	session := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`",`+address+`,`+paidBody[1:], me,
		s.key()).want(http.StatusCreated)
	session.wantAt("status", "completed")
	routes := []struct{ method, path, body string }{
		{"GET", "/carts/ID", ""}, {"PUT", "/carts/ID", `{"line_items":[]}`}, {"POST", "/carts/ID/cancel", ""},
		{"POST", "/carts/ID/line-items", `{"item":{"id":"mug"},"quantity":1}`}, {"PATCH", "/carts/ID/line-items/li_mug", `{"quantity":1}`},
		{"DELETE", "/carts/ID/line-items/li_mug", ""}, {"POST", "/checkout-sessions", `{"cart_id":"ID"}`},
		{"GET", "/checkout-sessions/ID", ""}, {"PUT", "/checkout-sessions/ID", `{}`},
		{"PATCH", "/checkout-sessions/ID", `{"buyer":{"email":"a@b.no"}}`},
		{"POST", "/checkout-sessions/ID/complete", `{"expected_total":1}`}, {"POST", "/checkout-sessions/ID/cancel", ""}, {"GET", "/orders/ID", ""},
	}
	token := strings.TrimPrefix(me, "Authorization: Bearer ")
	flipped := "Authorization: Bearer " + token[:len(token)-2] + string('A'+('B'-token[len(token)-2])&1) + token[len(token)-1:]
	for _, r := range routes {
		id := map[bool]string{true: cart, false: session.at("id")}[strings.HasPrefix(r.path, "/carts") || r.path == "/checkout-sessions"]
		if strings.HasPrefix(r.path, "/orders") {
			id = session.at("order.id")
		}
		fill := func(text, id string) string { return strings.ReplaceAll(text, "ID", id) }
		for name, credential := range map[string]string{
			"nobody": "X-None: 1", "another guest": other, "a forger": flipped,
			"an old epoch": "Authorization: Bearer " + strings.Replace(token, "kat_1_", "kat_2_", 1),
		} {
			theirs := s.call(t, r.method, fill(r.path, id), fill(r.body, id), credential, s.key())
			unknown := s.call(t, r.method, fill(r.path, "ct_unknown"), fill(r.body, "ct_unknown"), credential, s.key())
			if theirs.Code != http.StatusNotFound || unknown.Code != http.StatusNotFound {
				t.Errorf("%s %s as %s: %d, unknown: %d\n%s", r.method, r.path, name, theirs.Code, unknown.Code, theirs.Body)
			}
			if a, b := strings.ReplaceAll(theirs.Body.String(), id, "X"), strings.ReplaceAll(unknown.Body.String(), "ct_unknown", "X"); a != b {
				t.Errorf("%s %s as %s differs:\n%s\n%s", r.method, r.path, name, a, b)
			}
		}
	}
}

// No log line holds what people are or what opens something.
func TestLogsHoldIdsOnly(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, `,"context":{"address_country":"NL","postal_code":"1015CJ"},"buyer":{"email":"canary@example.com","first_name":"Canaria","phone_number":"+31687654321"}`, "mug")
	key := s.key()
	body := `{"cart_id":"` + cart + `",` + address + `,` + paidBody[1:]
	done := s.call(t, http.MethodPost, "/checkout-sessions?email=canary@example.com", body, me, key, "Request-Id: trace-7").want(http.StatusCreated)
	s.call(t, http.MethodPost, "/carts", `{"line_items":[],"buyer":{"last_name":"4242424242424242"}}`, s.key()).want(http.StatusBadRequest)
	s.call(t, http.MethodPost, "/carts", `{"line_items":[],"4242424242424242":1}`, s.key()).want(http.StatusBadRequest)
	s.call(t, http.MethodGet, "/carts/canary@example.com", "", me).want(http.StatusNotFound)
	s.call(t, http.MethodGet, "/elsewhere/canary@example.com", "", me).want(http.StatusNotFound)
	text := s.log.String()
	for _, secret := range []string{
		"canary", "Canaria", "687654321", "1015", "Keizersgracht", "Visser", "kat_1", strings.TrimPrefix(key, "Idempotency-Key: "), "pm_card", "4242",
		"_secret_",
	} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q:\n%s", secret, text)
		}
	}
	for _, wanted := range []string{`"request_id":"trace-7"`, `"route":"/checkout-sessions"`, `"status":201`, `"code":"card_number"`, `"duration_ms":0`, `"route":"none"`} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the log lacks %s", wanted)
		}
	}
	if !strings.Contains(text, cart) && !strings.Contains(text, done.at("id")) {
		t.Error("the log has no ids")
	}
}
