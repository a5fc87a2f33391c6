package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kassa/checkout"
	"kassa/functions/internal/oidc"
	"kassa/functions/internal/oidc/issuer"
)

func TestTokensThatAreTaken(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.verifier()
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512} {
		wantSubject(t, v, signed(algorithm, rsaKey(), "rsa", p.claims()), "ada")
	}
	for name, edit := range map[string]func(map[string]any){
		"as it should be": func(map[string]any) {}, "many audiences": set("aud", []string{"x", audience}),
		"the other audience":   set("aud", "another"),
		"no times but its end": func(c map[string]any) { delete(c, "iat"); delete(c, "nbf") },
		"the issuer's clock goes before ours": func(c map[string]any) {
			c["iat"], c["nbf"] = p.clock().Unix()+60, p.clock().Unix()+60
		},
		"just expired by ours": set("exp", p.clock().Unix()-60), "other claims": set("email", "ada@example.com"),
	} {
		t.Run(name, func(t *testing.T) { wantSubject(t, v, p.token(edit), "ada") })
	}
	for _, kind := range []string{"JWT", "at+jwt", "application/at+jwt"} {
		wantSubject(t, v, signed(jose.ES256, ecKey(), "ec", p.claims(), func(h map[jose.HeaderKey]any) { h["typ"] = kind }), "ada")
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

// forged is a token made by hand.
func forged(header, claims map[string]any, sign func(input string) []byte) string {
	encode := func(v any) string { return base64.RawURLEncoding.EncodeToString(must(json.Marshal(v))) }
	input := encode(header) + "." + encode(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(sign(input))
}

func unsigned(string) []byte { return nil }

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.verifier()
	now := p.clock().Unix()
	good := p.token()
	hmacWith := func(secret []byte) func(string) []byte {
		return func(input string) []byte {
			h := hmac.New(sha256.New, secret)
			_, _ = h.Write([]byte(input))
			return h.Sum(nil)
		}
	}
	der := must(x509.MarshalPKIXPublicKey(&rsaKey().PublicKey))
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	mallory := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	embedded := jose.JSONWebKey{KeyID: "ec", Key: &mallory.PublicKey}
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"empty": "", "no JWT": "abc", "two parts": parts[0] + "." + parts[1], "without signature": parts[0] + "." + parts[1] + ".",
		"four parts": good + ".x", "encrypted": "a.b.c.d.e", "too long": p.token(set("x", strings.Repeat("x", 9000))),
		"alg none":                          forged(map[string]any{"alg": "none"}, p.claims(), unsigned),
		"alg NONE":                          forged(map[string]any{"alg": "NONE", "kid": "ec"}, p.claims(), unsigned),
		"no alg":                            forged(map[string]any{"kid": "ec"}, p.claims(), unsigned),
		"HS256 with the public key":         forged(map[string]any{"alg": "HS256", "kid": "rsa"}, p.claims(), hmacWith(der)),
		"HS256 with the public key as PEM":  forged(map[string]any{"alg": "HS256", "kid": "rsa"}, p.claims(), hmacWith(publicPEM)),
		"RS256 that says the EC key":        signed(jose.RS256, rsaKey(), "ec", p.claims()),
		"ES256 that says the RSA key":       signed(jose.ES256, ecKey(), "rsa", p.claims()),
		"somebody else's key":               signed(jose.ES256, mallory, "ec", p.claims()),
		"somebody else's key, in the token": signed(jose.ES256, mallory, "ec", p.claims(), func(h map[jose.HeaderKey]any) { h["jwk"] = embedded }),
		"an unknown key":                    signed(jose.ES256, ecKey(), "other", p.claims()),
		"an unknown critical header": forged(map[string]any{"alg": "ES256", "kid": "ec", "crit": []string{"x"}, "x": 1}, p.claims(),
			unsigned),
		"a logout token": signed(jose.ES256, ecKey(), "ec", p.claims(),
			func(h map[jose.HeaderKey]any) { h["typ"] = "logout+jwt" }),
		"a type that is no text":           forged(map[string]any{"alg": "ES256", "kid": "ec", "typ": 1}, p.claims(), unsigned),
		"another issuer":                   p.token(set("iss", "https://other.example")),
		"an issuer with a slash more":      p.token(set("iss", p.url+"/")),
		"no issuer":                        p.token(without("iss")),
		"wrong audience":                   p.token(set("aud", "other-app")),
		"no audience":                      p.token(without("aud")),
		"an empty audience":                p.token(set("aud", []string{})),
		"expired":                          p.token(set("exp", now-61)),
		"without end":                      p.token(without("exp")),
		"not yet":                          p.token(set("nbf", now+61)),
		"issued tomorrow":                  p.token(set("iat", now+86400)),
		"nobody's":                         p.token(without("sub")),
		"with an empty subject":            p.token(set("sub", "")),
		"with a subject that is too long":  p.token(set("sub", strings.Repeat("a", 256))),
		"with a subject that breaks lines": p.token(set("sub", "ada\nbob")),
		"with a subject that is a number":  p.token(set("sub", 7)),
		"with other claims than were signed": strings.Split(p.token(set("sub", "bob")), ".")[0] + "." +
			strings.Split(p.token(set("sub", "bob")), ".")[1] + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, v, token, checkout.CodeUnauthorized) })
	}
	wantSubject(t, v, good, "ada")
}

// Every bit of a token counts but those that base64 doesn't use.
func TestEveryByteOfATokenCounts(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.verifier()
	good := p.token()
	for i := range len(good) - 1 {
		bad := []byte(good)
		if bad[i] == '.' {
			continue
		}
		bad[i] = map[bool]byte{true: 'B', false: 'A'}[bad[i] == 'A']
		if i == strings.LastIndexByte(good, '.')-1 || i == strings.IndexByte(good, '.')-1 {
			continue // the last character of a part may hold bits that stand for nothing
		}
		wantRefused(t, v, string(bad), checkout.CodeUnauthorized)
	}
}

// Nothing that a token names is fetched.
func TestAddressesInTokensAreNotFetched(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	var visits atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	t.Cleanup(trap.Close)
	v := p.verifier()
	for _, header := range []jose.HeaderKey{"jku", "x5u"} {
		token := signed(jose.ES256, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), "ec", p.claims(),
			func(h map[jose.HeaderKey]any) { h[header] = trap.URL })
		wantRefused(t, v, token, checkout.CodeUnauthorized)
		wantSubject(t, v, signed(jose.ES256, ecKey(), "ec", p.claims(), func(h map[jose.HeaderKey]any) { h[header] = trap.URL }), "ada")
	}
	if visits.Load() > 0 {
		t.Error("a token had something fetched")
	}
}

// One key needs no id.
func TestTokenWithoutKeyID(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.verifier()
	token := signed(jose.ES256, ecKey(), "", p.claims())
	wantSubject(t, v, token, "ada") // one of the two is of its kind
	p.publish(public("ec", &ecKey().PublicKey), public("ec2", &must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).PublicKey))
	p.pass(2 * time.Hour)
	wantRefused(t, v, signed(jose.ES256, ecKey(), "", p.claims()), checkout.CodeUnauthorized)
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ issuer, audience, want string }{
		"no audience":        {"https://id.example", "", "OIDC_AUDIENCE"},
		"an empty audience":  {"https://id.example", " , ", "OIDC_AUDIENCE"},
		"no issuer":          {"", "app", "OIDC_ISSUER"},
		"in the clear":       {"http://id.example", "app", "https"},
		"a look-alike":       {"http://localhost.example", "app", "https"},
		"no URL":             {"id.example", "app", "URL"},
		"with a password":    {"https://a:b@id.example", "app", "URL"},
		"with a query":       {"https://id.example?x=1", "app", "URL"},
		"of another kind":    {"file:///etc/keys", "app", "URL"},
		"of another kind, 2": {"ftp://id.example", "app", "https"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := oidc.FromEnvironment(test.issuer, test.audience, oidc.Config{Now: time.Now})
			if err == nil || v != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error that names %s", err, test.want)
			}
		})
	}
	if v, err := oidc.FromEnvironment("", "", oidc.Config{}); v != nil || err != nil {
		t.Errorf("nothing configured: %v, %v", v, err)
	}
	p := newProvider(t)
	v, err := oidc.FromEnvironment(p.url, " ios , "+audience+",", oidc.Config{Now: p.clock})
	if err != nil {
		t.Fatal(err)
	}
	wantSubject(t, v, p.token(), "ada")
	wantSubject(t, v, p.token(set("aud", "ios")), "ada")
}

// The issuer of tests and of the local run is one that the verifier takes.
func TestOwnIssuer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/dev/oidc", handler).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	i := must(issuer.New(server.URL+"/dev/oidc", audience, clock, nil))
	handler = i.Handler()
	v := must(oidc.New(oidc.Config{Issuer: i.URL(), Audiences: []string{i.Audience()}, Now: clock}))
	answer := must(http.Post(server.URL+"/dev/oidc/token", "application/json", strings.NewReader(`{"sub": "ada"}`)))
	defer answer.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	wantSubject(t, v, token.Access, "ada")
	bad := must(http.Post(server.URL+"/dev/oidc/token", "application/json", strings.NewReader(`{}`)))
	defer bad.Body.Close()
	if bad.StatusCode != http.StatusBadRequest {
		t.Errorf("a token for nobody: %d", bad.StatusCode)
	}
	if err := i.Rotate(false); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	wantSubject(t, v, must(i.Token("bob")), "bob")
	wantRefused(t, v, token.Access, checkout.CodeUnauthorized)
}
