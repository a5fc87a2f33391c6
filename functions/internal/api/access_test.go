package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kassa/functions/internal/oidc/issuer"
)

// bearer is the header of a signed-in customer.
func (s *stack) bearer(t *testing.T, subject string) string {
	t.Helper()
	token, err := s.issuer.Token(subject)
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: Bearer " + token
}

// signed is a token of our issuer with other claims than usual.
func (s *stack) signed(t *testing.T, edit func(claims map[string]any)) string {
	t.Helper()
	now := s.clock().Unix()
	claims := map[string]any{"iss": s.issuer.URL(), "aud": audience, "sub": "anna", "iat": now, "exp": now + 3600}
	edit(claims)
	token, err := s.issuer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// handmade is a token with a header of one's own, signed in a way of one's own.
func handmade(t *testing.T, s *stack, header map[string]any, sign func(input []byte) []byte) string {
	t.Helper()
	now := s.clock().Unix()
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := part(header) + "." + part(map[string]any{"iss": s.issuer.URL(), "aud": audience, "sub": "anna", "iat": now, "exp": now + 3600})
	return input + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(input)))
}

// published is the issuer's public key, as anybody can have it.
func published(t *testing.T, i *issuer.Issuer) jose.JSONWebKey {
	t.Helper()
	w := httptest.NewRecorder()
	i.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/jwks", nil))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) == 0 {
		t.Fatalf("keys: %v, %s", err, w.Body)
	}
	return set.Keys[0]
}

// things are one owner's.
type things struct{ cart, session, order, token string }

// owned makes a cart with a checkout, and an order, of a customer, or of a guest.
func (s *stack) owned(t *testing.T, headers ...string) (open, bought things) {
	t.Helper()
	for i, to := range []*things{&open, &bought} {
		made := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`],"context":{"address_country":"NL"},"buyer":{"email":"anna@example.com"}}`,
			append(headers, s.key())...).want(http.StatusCreated)
		to.cart, to.token = made.at("id"), made.at("access_token")
		mine := headers
		if len(mine) == 0 {
			mine = []string{"Authorization: Bearer " + to.token}
		}
		body := `{"cart_id":"` + to.cart + `",` + address + `}`
		if i == 1 {
			body = strings.TrimSuffix(body, "}") + "," + paidBody[1:]
		}
		w := s.call(t, http.MethodPost, "/checkout-sessions", body, append(mine, s.key())...).want(http.StatusCreated)
		to.session, to.order = w.at("id"), w.at("order.id")
	}
	return open, bought
}

// open are the routes that are the same for everybody.
var openRoutes = []string{
	"POST /carts", "POST /catalog/search", "POST /catalog/lookup", "POST /catalog/product", "GET /health", "GET /openapi.yaml", "GET /o/{token}",
	"POST /recoveries", "GET /r/{token}", // whose token is in the request itself
	"GET /.well-known/ucp", "GET /.well-known/apple-app-site-association", "GET /.well-known/assetlinks.json",
}

// asked is one request about somebody's things.
type asked struct {
	route, path, body string
	personal          bool // about whoever asks: no id is named
}

// asks lists a request for every route that names somebody's things, or is about who asks.
func (s *stack) asks(t *testing.T, of things) []asked {
	t.Helper()
	bodies := map[string]string{
		"PUT /carts/{id}": `{"line_items":[` + itemsOf("mug") + `]}`, "POST /carts/{id}/claim": `{"access_token":"` + of.token + `"}`,
		"POST /carts/{id}/line-items": itemsOf("mug"), "PATCH /carts/{id}/line-items/{line}": `{"quantity":2}`,
		"POST /checkout-sessions": `{"cart_id":"` + of.cart + `"}`, "PUT /checkout-sessions/{id}": `{` + address + `}`,
		"PATCH /checkout-sessions/{id}": `{` + address + `}`, "POST /checkout-sessions/{id}/complete": paidBody,
		"POST /checkout-sessions/{id}/prepare": paidBody, "POST /orders/{id}/withdrawals": `{}`,
		"PUT /devices/{id}": `{"cart_id":"` + of.cart + `","push_token":"abc","platform":"ios","permission":"granted"}`,
	}
	var all []asked
	for _, route := range slices.Concat(s.cart.Routes, s.checkout.Routes) {
		name := route.Method + " " + route.Pattern
		if slices.Contains(openRoutes, name) {
			continue
		}
		a := asked{route: name, body: bodies[name]}
		id := map[string]string{"carts": of.cart, "checkout-sessions": of.session, "orders": of.order,
			"devices": "installation-1"}[strings.Split(route.Pattern, "/")[1]]
		a.path = strings.NewReplacer("{id}", id, "{line}", "li_mug", "{card}", "pm_nobodys").Replace(route.Pattern)
		a.personal = !strings.Contains(route.Pattern, "{id}") && name != "POST /checkout-sessions"
		if id == "" && !a.personal {
			t.Fatalf("this test knows nothing of %s", name)
		}
		all = append(all, a)
	}
	if len(all) < 17 {
		t.Fatalf("only %d routes are about somebody's things", len(all))
	}
	return all
}

var anyID = regexp.MustCompile(`(ct|cs|or)_[a-z0-9_]+`)

// Every route with every credential: what is another's answers as what doesn't exist, to the byte; what can't be trusted answers
// 401, whatever it asks for; and a customer's own things answer on any device.
func TestAccessMatrix(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	anna := s.bearer(t, "anna")
	open, bought := s.owned(t, anna)
	open.order = bought.order
	guest, guestBought := s.owned(t)
	guest.order = guestBought.order
	stranger, _ := s.owned(t)
	claimed, _ := s.owned(t)
	s.call(t, http.MethodPost, "/carts/"+claimed.cart+"/claim", `{"access_token":"`+claimed.token+`"}`, anna).want(http.StatusOK)
	claimed.order = bought.order
	unknown := things{"ct_0000000000000000000000000a", "cs_0000000000000000000000000a_0", "or_0000000000000000000000000a_0", open.token}

	key := published(t, s.issuer)
	der, err := x509.MarshalPKIXPublicKey(key.Key)
	if err != nil {
		t.Fatal(err)
	}
	mallory, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	forger, err := issuer.New(s.issuer.URL(), audience, s.clock, mallory)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := forger.Token("anna")
	if err != nil {
		t.Fatal(err)
	}
	hs256 := func(input []byte) []byte {
		h := hmac.New(sha256.New, der)
		_, _ = h.Write(input)
		return h.Sum(nil)
	}
	none := func([]byte) []byte { return nil }
	for who, c := range map[string]struct {
		header   string
		known    bool // who it is can be told: what is not theirs is unknown to them
		customer bool
	}{
		"nobody":                  {"", true, false},
		"another guest":           {"Authorization: Bearer " + stranger.token, true, false},
		"the dead token":          {"Authorization: Bearer " + claimed.token, true, false},
		"a customer's cart token": {"Authorization: Bearer " + open.token, true, false},
		"a forged cart token":     {"Authorization: Bearer kat_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true, false},
		"another customer":        {s.bearer(t, "bob"), true, true},
		"basic":                   {"Authorization: Basic YW5uYTphbm5h", false, false},
		"an empty token":          {"Authorization: Bearer ", false, false},
		"two tokens":              {"Authorization: Bearer " + open.token + " " + guest.token, false, false},
		"garbage":                 {"Authorization: Bearer abc.def.ghi", false, false},
		"a merchant's key":        {"Authorization: Bearer kad_abc", false, false},
		"expired": {"Authorization: Bearer " + s.signed(t, func(c map[string]any) { c["exp"] = s.clock().Unix() - 61 }), false,
			false},
		"not yet": {"Authorization: Bearer " + s.signed(t, func(c map[string]any) { c["nbf"] = s.clock().Unix() + 61 }), false,
			false},
		"wrong audience": {"Authorization: Bearer " + s.signed(t, func(c map[string]any) { c["aud"] = "other-app" }), false, false},
		"wrong issuer": {"Authorization: Bearer " + s.signed(t, func(c map[string]any) { c["iss"] = "https://other.example" }), false,
			false},
		"alg none":                {"Authorization: Bearer " + handmade(t, s, map[string]any{"alg": "none"}, none), false, false},
		"the public key as HS256": {"Authorization: Bearer " + handmade(t, s, map[string]any{"alg": "HS256", "kid": key.KeyID}, hs256), false, false},
		"another's key":           {"Authorization: Bearer " + forged, false, false},
		"too long":                {"Authorization: Bearer " + strings.Repeat("a", 9<<10), false, false},
	} {
		t.Run(who, func(t *testing.T) {
			none := s.asks(t, unknown)
			wants := make([]reply, len(none))
			for i, a := range none {
				wants[i] = s.call(t, strings.Fields(a.route)[0], a.path, a.body, c.header, s.key())
			}
			for name, of := range map[string]things{"a customer's": open, "a claimed": claimed, "a guest's": guest} {
				for i, a := range s.asks(t, of) {
					if name == "a guest's" && c.customer && strings.HasSuffix(a.route, "/claim") {
						continue // who has both credentials may
					}
					got := s.call(t, strings.Fields(a.route)[0], a.path, a.body, c.header, s.key())
					want := wants[i]
					expected := http.StatusNotFound
					switch {
					case !c.known, !c.customer && (a.personal || strings.HasSuffix(a.route, "/claim")):
						expected = http.StatusUnauthorized
					case a.personal && a.route != "GET /carts/mine":
						expected = http.StatusOK // their own profile, of which there is nothing
					}
					if got.Code != expected || anyID.ReplaceAllString(got.Body.String(), "") != anyID.ReplaceAllString(want.Body.String(), "") || want.Code != expected {
						t.Errorf("%s of %s things: %d, want %d\n%s\nunknown: %d\n%s", a.route, name, got.Code, expected, got.Body, want.Code,
							want.Body)
					}
					if strings.Contains(got.Body.String(), "anna") || strings.Contains(got.Body.String(), of.cart[3:]) {
						t.Errorf("%s of %s things tells %s", a.route, name, got.Body)
					}
				}
			}
		})
	}
	t.Run("the customer on another device", func(t *testing.T) {
		s.pass(time.Minute)
		other := s.bearer(t, "anna")
		for name, of := range map[string]things{"made": open, "claimed": claimed} {
			for _, a := range s.asks(t, of) {
				w := s.call(t, strings.Fields(a.route)[0], a.path, a.body, other, s.key())
				if w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden || w.Code == http.StatusNotFound && !a.personal {
					t.Errorf("%s of what they %s: %d %s", a.route, name, w.Code, w.Body)
				}
			}
		}
	})
}

// Shopify/mobile-buy-sdk-ios#976: what an earlier customer's cookies say counts more than the new customer's token. There are none to
// keep: no answer sets one, and none that comes along changes anything.
func TestNobodyIsRememberedByCookies(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	anna := s.bearer(t, "anna")
	open, bought := s.owned(t, anna)
	open.order = bought.order
	for _, a := range s.asks(t, open) {
		method := strings.Fields(a.route)[0]
		for _, headers := range [][]string{{anna, s.key()}, {s.bearer(t, "bob"), "Cookie: session=" + open.token, s.key()}, {"Cookie: session=" + open.token, s.key()}} {
			w := s.call(t, method, a.path, a.body, headers...)
			if cookie := w.Header().Get("Set-Cookie"); cookie != "" {
				t.Errorf("%s sets %s", a.route, cookie)
			}
			if headers[0] != anna && strings.Contains(w.Body.String(), "anna") {
				t.Errorf("%s of Anna's things tells: %s", a.route, w.Body)
			}
		}
	}
}
