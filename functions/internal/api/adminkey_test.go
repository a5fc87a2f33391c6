package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout/merchant"
)

// Each route takes keys with its own scope; all others are refused, whatever they open elsewhere.
func TestKeysReachTheirScopesOnly(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	_, guest := s.newCart(t, "", "mug")
	tokens := map[merchant.Scope]string{}
	for _, scope := range merchant.Scopes() {
		_, tokens[scope] = s.newKey(t, scope)
	}
	for _, route := range s.admin.Routes {
		path := strings.ReplaceAll(route.Pattern, "{id}", "1")
		if !slices.Contains(merchant.Scopes(), route.Scope) || !strings.HasPrefix(path, "/admin/") {
			t.Errorf("%s %s has scope %q", route.Method, path, route.Scope)
		}
		for _, credential := range []string{"", guest, auth("kat_1_AAAA"), auth("ey.customer.jwt"), auth("kad_root_00000000000000000000000000000000"), auth("kad_x_" + strings.Repeat("a", 30)), auth(strings.Repeat("k", 40))} {
			headers := []string{s.key()}
			if credential != "" {
				headers = append(headers, credential)
			}
			if w := s.call(t, route.Method, path, "{}", headers...); w.Code != http.StatusUnauthorized {
				t.Errorf("%s %s with %q answers %d", route.Method, path, credential, w.Code)
			}
		}
		for scope, token := range tokens {
			body := "{}"
			if route.Method == http.MethodGet {
				body = ""
			}
			w := s.call(t, route.Method, path, body, auth(token))
			if refused := w.Code == http.StatusForbidden; refused == (scope == route.Scope) || w.Code == http.StatusUnauthorized {
				t.Errorf("%s %s, of scope %s, answers a key with %s %d", route.Method, path, route.Scope, scope, w.Code)
			}
		}
	}
	for _, token := range []string{rootKey, tokens[merchant.ScopeOrders]} {
		s.call(t, http.MethodGet, "/carts/ct_1", "", auth(token)).want(http.StatusUnauthorized)
		s.call(t, http.MethodPost, "/checkout-sessions", `{"line_items":[]}`, auth(token), s.key()).want(http.StatusUnauthorized)
	}
	if strings.Contains(s.log.String(), rootKey) || strings.Contains(s.log.String(), tokens[merchant.ScopeKeys]) {
		t.Error("the log holds a key")
	}
}

func TestKeysAreHandedOutExpireAndAreRevoked(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	key := s.key()
	body := `{"name":"boss","scopes":["keys","products","products"],"expires_at":"2026-11-30T00:00:00Z"}`
	w := s.do(t, http.MethodPost, "/admin/keys", body, key).want(http.StatusCreated).wantAt("scopes", `["keys","products"]`, "created_by", "root")
	boss, token := w.at("id"), w.at("token")
	if w.Header().Get("Location") != "/admin/keys/"+boss || !strings.HasPrefix(token, "kad_"+boss+"_") {
		t.Errorf("key %s at %s, token %s", boss, w.Header().Get("Location"), token)
	}
	if again := s.do(t, http.MethodPost, "/admin/keys", body, key).want(http.StatusCreated).wantAt("id", boss, "token", ""); again.Header().Get("Idempotent-Replayed") != "true" {
		t.Error("the repetition is not marked")
	}
	s.do(t, http.MethodPost, "/admin/keys", strings.Replace(body, "boss", "other", 1), key).want(http.StatusConflict).wantAt("messages.0.code",
		"idempotency_conflict")
	s.do(t, http.MethodPost, "/admin/keys", body).want(http.StatusBadRequest).wantAt("messages.0.code", "missing_key")
	for path, bad := range map[string]string{
		"$.name":       `{"name":" ","scopes":["keys"]}`,
		"$.scopes":     `{"name":"x","scopes":[]}`,
		"$.scopes[1]":  `{"name":"x","scopes":["keys","all"]}`,
		"$.expires_at": `{"name":"x","scopes":["keys"],"expires_at":"2026-11-23T09:30:00Z"}`,
		"$.scope":      `{"name":"x","scope":["keys"]}`,
	} {
		s.do(t, http.MethodPost, "/admin/keys", bad, s.key()).want(http.StatusBadRequest).wantAt("messages.0.path", path)
	}

	// A key gives what it has: scopes and time.
	mine := []string{auth(token)}
	s.call(t, http.MethodPost, "/admin/keys", `{"name":"x","scopes":["refunds"]}`,
		append(mine, s.key())...).want(http.StatusForbidden).wantAt("messages.0.path", "$.scopes[0]")
	s.call(t, http.MethodPost, "/admin/keys", `{"name":"x","scopes":["keys"],"expires_at":"2027-01-01T00:00:00Z"}`,
		append(mine, s.key())...).want(http.StatusForbidden)
	child := s.call(t, http.MethodPost, "/admin/keys", `{"name":"x","scopes":["products"]}`, append(mine, s.key())...).want(http.StatusCreated).
		wantAt("expires_at", "2026-11-30T00:00:00Z", "created_by", boss)

	list := s.do(t, http.MethodGet, "/admin/keys", "").want(http.StatusOK)
	if strings.Contains(list.Body.String(), "token") || strings.Contains(list.Body.String(), merchant.HashOf(token)) {
		t.Errorf("the list shows secrets: %s", list.Body)
	}
	seen := ""
	for i := range 2 {
		if list.at(fmt.Sprintf("keys.%d.id", i)) == boss {
			seen = list.at(fmt.Sprintf("keys.%d.last_used", i))
		}
	}
	if seen != "2026-11-23" {
		t.Errorf("the key was last used on %q", seen)
	}
	s.call(t, http.MethodDelete, "/admin/keys/"+child.at("id"), "", mine...).want(http.StatusOK).wantAt("revoked_at", "2026-11-23T09:30:00Z")
	s.pass(time.Hour)
	s.call(t, http.MethodDelete, "/admin/keys/"+child.at("id"), "", mine...).want(http.StatusOK).wantAt("revoked_at", "2026-11-23T09:30:00Z")
	s.call(t, http.MethodGet, "/admin/stock", "", auth(child.at("token"))).want(http.StatusUnauthorized)
	s.do(t, http.MethodDelete, "/admin/keys/root", "").want(http.StatusNotFound)
	s.call(t, http.MethodGet, "/admin/stock", "", mine...).want(http.StatusOK)
	s.pass(7 * 24 * time.Hour)
	s.call(t, http.MethodGet, "/admin/stock", "", mine...).want(http.StatusUnauthorized)
}
