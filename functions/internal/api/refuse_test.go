package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// Every malformed request is refused with the status and code that the API promises, and says which field is at fault.
func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, `,"context":{"address_country":"NL"}`, "mug")
	session := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`"}`, me, s.key()).want(http.StatusCreated).at("id")
	carts, sessions := "/carts/"+cart, "/checkout-sessions/"+session
	good := `{"line_items":[]}`
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		code, field        string
	}{
		"no JSON":           {"POST", "/carts", `{"line_items":`, nil, 400, "invalid", "$"},
		"no body":           {"POST", "/carts", "", []string{"Content-Type: application/json"}, 400, "invalid", "$"},
		"trailing data":     {"POST", "/carts", good + `{}`, nil, 400, "invalid", "$"},
		"duplicate key":     {"POST", "/carts", `{"line_items":[],"line_items":[]}`, nil, 400, "invalid", "$.line_items"},
		"key in other case": {"POST", "/carts", `{"line_items":[],"Line_items":[{}]}`, nil, 400, "invalid", "$.Line_items"},
		"invalid UTF-8":     {"POST", "/carts", "{\"line_items\":[],\"x\":\"\xff\"}", nil, 400, "invalid", "$"},
		"33 deep":           {"POST", "/carts", `{"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, nil, 400, "invalid", "$"},
		"over 64 KiB":       {"POST", "/carts", `{"line_items":[],"x":"` + strings.Repeat("x", 64<<10) + `"}`, nil, 413, "content_too_large", ""},
		"missing lines":     {"POST", "/carts", `{}`, nil, 400, "missing", "$.line_items"},
		"quantity 0": {"POST", "/carts", `{"line_items":[{"item":{"id":"mug"},"quantity":0}]}`, nil, 400, "invalid",
			"$.line_items[0].quantity"},
		"quantity 1000": {"POST", "/carts", `{"line_items":[{"item":{"id":"mug"},"quantity":1000}]}`, nil, 400, "invalid",
			"$.line_items[0].quantity"},
		"quantity 1.5": {"POST", "/carts", `{"line_items":[{"item":{"id":"mug"},"quantity":1.5}]}`, nil, 400, "invalid",
			"$.line_items[0].quantity"},
		"quantity 1e309": {"POST", "/carts", `{"line_items":[{"item":{"id":"mug"},"quantity":1e309}]}`, nil, 400, "invalid",
			"$.line_items[0].quantity"},
		"sum over 999": {"POST", "/carts", `{"line_items":[{"item":{"id":"mug"},"quantity":999},{"item":{"id":"mug"},"quantity":1}]}`, nil, 400,
			"invalid", "$.line_items[1].quantity"},
		"101 lines": {"POST", "/carts", `{"line_items":[` +
			strings.TrimSuffix(strings.Repeat(`{"item":{"id":"mug"},"quantity":1},`, 101), ",") + `]}`, nil, 400, "invalid", "$.line_items"},
		"card number": {"POST", "/carts", `{"line_items":[],"buyer":{"first_name":"4000 0566 5566 5556"}}`, nil, 400, "card_number",
			"$.buyer.first_name"},
		"unknown field, own": {"POST", carts + "/line-items", `{"item":{"id":"mug"},"quantity":1,"price":0}`, []string{me}, 400, "invalid",
			"$.price"},
		"quantity, own":      {"PATCH", carts + "/line-items/li_mug", `{"quantity":0}`, []string{me}, 400, "invalid", "$.quantity"},
		"unknown, own patch": {"PATCH", carts + "/line-items/li_mug", `{"quantity":1,"totals":[]}`, []string{me}, 400, "invalid", "$.totals"},
		"paid without total": {"POST", "/checkout-sessions",
			strings.Replace(paidBody, `,"expected_total":1785`, `,"line_items":[{"item":{"id":"mug"},"quantity":1}]`, 1), nil, 400, "invalid",
			"$.expected_total"},
		"negative total": {"POST", sessions + "/complete", `{"expected_total":-1}`, []string{me}, 400, "invalid", "$.expected_total"},
		"token": {"POST", sessions + "/complete", strings.Replace(paidBody, "pm_card_visa", "tok_visa", 1), []string{me}, 400, "invalid",
			"$.payment.instruments[0].credential.token"},
		"email": {"PATCH", sessions, `{"buyer":{"email":"nobody"}}`, []string{me}, 400, "invalid", "$.buyer.email"},
		"phone": {"PATCH", sessions, `{"buyer":{"phone_number":"++"}}`, []string{me}, 400, "invalid", "$.buyer.phone_number"},
		"country": {"PUT", sessions, `{"context":{"address_country":"Norway"}}`, []string{me}, 400, "invalid",
			"$.context.address_country"},
		"unheard-of method": {"PATCH", sessions, `{"fulfillment":{"methods":[{"type":"drone"}]}}`, []string{me}, 400, "invalid",
			"$.fulfillment.methods[0].type"},
		"no lines": {"POST", "/checkout-sessions", `{}`, nil, 400, "missing", "$.line_items"},

		"no key": {"POST", "/carts", good, []string{"Idempotency-Key: "}, 400, "missing_key", ""},
		"no key, session": {"POST", "/checkout-sessions", `{"cart_id":"` + cart + `"}`, []string{me, "Idempotency-Key: "}, 400, "missing_key",
			""},
		"no key, complete":     {"POST", sessions + "/complete", paidBody, []string{me, "Idempotency-Key: "}, 400, "missing_key", ""},
		"short key of a guest": {"POST", "/carts", good, []string{"Idempotency-Key: ", "Idempotency-Key: short"}, 400, "invalid", ""},
		"key of 256": {"POST", "/carts", good, []string{"Idempotency-Key: ", "Idempotency-Key: " + strings.Repeat("k", 256)}, 400,
			"invalid", ""},
		"key with a tab": {"POST", "/carts", good, []string{"Idempotency-Key: ", "Idempotency-Key: 0f8fad5b-d9cb-469f-a165-7\t0867728950e"},
			400, "invalid", ""},
		"two keys": {"POST", "/carts", good, []string{"Idempotency-Key: 0f8fad5b-d9cb-469f-a165-70867728950e"}, 400, "invalid", ""},
		"unfinished quote": {"POST", "/carts", good, []string{"Idempotency-Key: ", `Idempotency-Key: "0f8fad5b-d9cb-469f-a165-70867728950e`},
			400, "invalid", ""},
		"If-Match":        {"PUT", carts, good, []string{me, "If-Match: 3"}, 400, "invalid", ""},
		"weak If-Match":   {"PUT", carts, good, []string{me, `If-Match: W/"1"`}, 400, "invalid", ""},
		"another version": {"PUT", carts, good, []string{me, `If-Match: "77"`}, 409, "version_conflict", ""},
		"a version of UCP": {"GET", carts, "", []string{me, `UCP-Agent: profile="https://a.example", version="2025-01-01"`}, 422,
			"version_unsupported", ""},
		"a version, parameter": {"GET", carts, "", []string{me, `UCP-Agent: profile="https://a.example";version=2027-01-01`}, 422,
			"version_unsupported", ""},
		"form": {"POST", "/carts", good, []string{"Content-Type: application/x-www-form-urlencoded"}, 415, "unsupported_media_type",
			""},
		"patch of another type": {"PATCH", sessions, `{}`, []string{me, "Content-Type: application/json-patch+json"}, 415, "unsupported_media_type",
			""},
		"merge patch, no PATCH": {"PUT", sessions, `{}`, []string{me, "Content-Type: application/merge-patch+json"}, 415, "unsupported_media_type",
			""},
		"latin1": {"POST", "/carts", good, []string{"Content-Type: application/json; charset=iso-8859-1"}, 415,
			"unsupported_media_type", ""},
		"no credential":          {"GET", carts, "", nil, 404, "not_found", ""},
		"a JWT":                  {"GET", carts, "", []string{"Authorization: Bearer eyJhbGciOiJub25lIn0.e30."}, 401, "unauthorized", ""},
		"another scheme":         {"GET", carts, "", []string{"Authorization: Basic YTpi"}, 401, "unauthorized", ""},
		"two credentials":        {"GET", carts, "", []string{me, me}, 401, "unauthorized", ""},
		"headers":                {"GET", carts, "", []string{me, "X-Filler: " + strings.Repeat("x", 17<<10)}, 431, "headers_too_large", ""},
		"no such path":           {"GET", "/card", "", nil, 404, "not_found", ""},
		"path with a dot":        {"GET", "/carts/../health", "", nil, 404, "not_found", ""},
		"path with two slashes":  {"GET", "//carts", "", nil, 404, "not_found", ""},
		"slash at the end":       {"GET", "/health/", "", nil, 404, "not_found", ""},
		"id of another alphabet": {"GET", "/carts/%F0%9F%92%A9", "", []string{me}, 404, "not_found", ""},
		"no such method":         {"DELETE", carts, "", []string{me}, 405, "method_not_allowed", ""},
		"no such session":        {"GET", "/checkout-sessions/cs_nix", "", []string{me}, 404, "not_found", ""},
		"no such order":          {"GET", "/orders/or_nix", "", []string{me}, 404, "not_found", ""},
		"no such line":           {"PATCH", carts + "/line-items/li_ebook", `{"quantity":2}`, []string{me}, 404, "not_found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			headers := append([]string{s.key()}, c.headers...)
			w := s.call(t, c.method, c.path, c.body, headers...)
			w.want(c.status).wantAt("ucp.status", "error", "messages.0.type", "error", "messages.0.code", c.code)
			if c.field != "" {
				w.wantAt("messages.0.path", c.field)
			}
			if w.at("messages.0.content") == "" || w.at("messages.0.severity") == "" {
				t.Errorf("no text or severity in %s", w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Request-Id") == "" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// All that is wrong is said at once.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.call(t, http.MethodPost, "/carts", `{"line_items":[{"item":{"id":"mug"},"quantity":0},{"quantity":1}],"buyer":{"email":"x"}}`, s.key())
	w.want(http.StatusBadRequest).wantAt(
		"messages.0.path", "$.line_items[0].quantity", "messages.1.path", "$.line_items[1].item", "messages.1.code", "missing", "messages.2.path", "$.buyer.email")
}

func TestAllow(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for path, want := range map[string]string{
		"/carts": "POST", "/carts/x": "GET, PUT, HEAD", "/checkout-sessions/x": "GET, PATCH, PUT, HEAD", "/webhooks/stripe": "POST",
	} {
		w := s.call(t, http.MethodOptions, path, "").want(http.StatusMethodNotAllowed)
		if got := w.Header().Get("Allow"); got != want {
			t.Errorf("%s allows %q, want %q", path, got, want)
		}
	}
}

// Fields that a client has no say in are ignored on UCP's routes, like all that it doesn't know.
func TestFieldsThatAreNotRead(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.call(t, http.MethodPost, "/carts", `{"id":"ct_mine","currency":"USD","status":"canceled","owner":"me","version":9,
		"totals":[{"type":"total","amount":1}],"line_items":[{"id":"x","item":{"id":"mug","price":1,"title":"Cheap"},"quantity":1,"totals":[],"price":1}],
		"signals":{"dev.ucp.buyer_ip":"::1"},"attribution":{"campaign":"x"},"context":{"intent":"gift","eligibility":["com.example.vip"]}}`, s.key())
	w.want(http.StatusCreated).wantAt("currency", "EUR", "status", "open", "line_items.0.item.price", "1290", "line_items.0.item.title", "Mug",
		"line_items.0.id", "li_mug")
	if w.at("id") == "ct_mine" {
		t.Error("a client names its cart")
	}
}

// What can't be sold is no malformed request: the rest stands, and if nothing is left the answer says so in a 200.
func TestUnsellable(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("nix", "mug", "withdrawn")+`]}`, s.key(),
		"Accept-Language: nl").want(http.StatusCreated)
	w.wantAt("line_items.0.item.id", "mug", "line_items.1", "",
		"messages.0.code", "not_found", "messages.0.path", "$.line_items[0]", "messages.0.content", "nix zit niet in ons assortiment.",
		"messages.1.code", "item_unavailable", "messages.1.path", "$.line_items[2]")
	for _, path := range []string{"/carts", "/checkout-sessions"} {
		none := s.call(t, http.MethodPost, path, `{"line_items":[`+itemsOf("nix", "withdrawn")+`]}`, s.key()).want(http.StatusOK)
		none.wantAt("ucp.status", "error", "messages.0.code", "not_found", "messages.0.path", "$.line_items[0]", "id", "")
	}
	cart, me := s.newCart(t, "", "mug")
	none := s.call(t, http.MethodPost, "/carts/"+cart+"/line-items", `{"item":{"id":"nix"},"quantity":1}`, me).want(http.StatusOK)
	none.wantAt("ucp.status", "error", "messages.0.code", "not_found", "messages.0.path", "$.item.id")
	many := s.call(t, http.MethodPost, "/carts/"+cart+"/line-items", `{"item":{"id":"scarce"},"quantity":5}`, me).want(http.StatusOK)
	many.wantAt("line_items.1.quantity", "5", "messages.0.type", "warning", "messages.0.code", "quantity_unavailable", "messages.0.details.quantity",
		"3")
	cut := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`"}`, me, s.key()).want(http.StatusCreated)
	cut.wantAt("line_items.1.quantity", "3", "messages.0.code", "quantity_adjusted", "messages.0.path", "$.line_items[1]")
}
