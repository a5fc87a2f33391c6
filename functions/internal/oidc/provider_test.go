package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"kassa/checkout"
	"kassa/functions/internal/oidc"
)

const audience = "kassa-app"

// provider is an issuer whose every answer a test can change.
type provider struct {
	t       *testing.T
	url     string
	fetches atomic.Int64 // of the set
	mu      sync.Mutex
	now     time.Time
	set     jose.JSONWebKeySet
	answer  http.HandlerFunc // instead of everything; nil = as it should be
	uri     string           // instead of its own set's address
	name    string           // instead of its own
}

var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey  = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{t: t, now: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		answer, set, uri, name := p.answer, p.set, p.uri, p.name
		p.mu.Unlock()
		if r.URL.Path == "/jwks" {
			p.fetches.Add(1)
		}
		if uri == "" {
			uri = p.url + "/jwks"
		}
		if name == "" {
			name = p.url
		}
		switch {
		case answer != nil:
			answer(w, r)
		case r.URL.Path == "/jwks":
			_ = json.NewEncoder(w).Encode(set)
		case r.URL.Path == "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": name, "jwks_uri": uri})
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	p.publish(public("rsa", &rsaKey().PublicKey), public("ec", &ecKey().PublicKey))
	return p
}

func public(id string, key any) jose.JSONWebKey {
	return jose.JSONWebKey{KeyID: id, Key: key, Use: "sig"}
}

func (p *provider) publish(keys ...jose.JSONWebKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = jose.JSONWebKeySet{Keys: keys}
}

func (p *provider) change(f func(p *provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

func (p *provider) pass(d time.Duration) { p.change(func(p *provider) { p.now = p.now.Add(d) }) }

func (p *provider) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *provider) verifier() *oidc.Verifier {
	p.t.Helper()
	v, err := oidc.New(oidc.Config{Issuer: p.url, Audiences: []string{"another", audience}, Now: p.clock})
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

func (p *provider) claims(edit ...func(c map[string]any)) map[string]any {
	now := p.clock().Unix()
	c := map[string]any{"iss": p.url, "aud": audience, "sub": "ada", "iat": now, "nbf": now, "exp": now + 3600}
	for _, e := range edit {
		e(c)
	}
	return c
}

func set(name string, value any) func(map[string]any) {
	return func(c map[string]any) { c[name] = value }
}

func without(name string) func(map[string]any) { return func(c map[string]any) { delete(c, name) } }

func signed(algorithm jose.SignatureAlgorithm, key any, id string, claims map[string]any, headers ...func(map[jose.HeaderKey]any)) string {
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{}}
	if id != "" {
		options.ExtraHeaders["kid"] = id
	}
	for _, h := range headers {
		h(options.ExtraHeaders)
	}
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options))
	return must(jwt.Signed(signer).Claims(claims).Serialize())
}

func (p *provider) token(edit ...func(map[string]any)) string {
	return signed(jose.ES256, ecKey(), "ec", p.claims(edit...))
}

func wantSubject(t *testing.T, v *oidc.Verifier, token, want string) {
	t.Helper()
	if got, err := v.Subject(t.Context(), token); err != nil || got != want {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

func wantRefused(t *testing.T, v *oidc.Verifier, token string, code checkout.Code) {
	t.Helper()
	if got, err := v.Subject(t.Context(), token); checkout.ErrorCode(err) != code || got != "" {
		t.Fatalf("got %q, %v, want code %s", got, err, code)
	}
}
