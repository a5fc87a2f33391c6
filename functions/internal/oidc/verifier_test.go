package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"kassa/checkout"
	"kassa/functions/internal/oidc"
	"kassa/functions/internal/oidc/issuer"
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

func TestTokensThatAreTaken(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.verifier()
	for _, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512} {
		wantSubject(t, v, signed(algorithm, rsaKey(), "rsa", p.claims()), "ada")
	}
	for name, edit := range map[string]func(map[string]any){
		"as it should be": func(map[string]any) {}, "many audiences": set("aud", []string{"x", audience}), "the other audience": set("aud", "another"),
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
		"alg none":                           forged(map[string]any{"alg": "none"}, p.claims(), unsigned),
		"alg NONE":                           forged(map[string]any{"alg": "NONE", "kid": "ec"}, p.claims(), unsigned),
		"no alg":                             forged(map[string]any{"kid": "ec"}, p.claims(), unsigned),
		"HS256 with the public key":          forged(map[string]any{"alg": "HS256", "kid": "rsa"}, p.claims(), hmacWith(der)),
		"HS256 with the public key as PEM":   forged(map[string]any{"alg": "HS256", "kid": "rsa"}, p.claims(), hmacWith(publicPEM)),
		"RS256 that says the EC key":         signed(jose.RS256, rsaKey(), "ec", p.claims()),
		"ES256 that says the RSA key":        signed(jose.ES256, ecKey(), "rsa", p.claims()),
		"somebody else's key":                signed(jose.ES256, mallory, "ec", p.claims()),
		"somebody else's key, in the token":  signed(jose.ES256, mallory, "ec", p.claims(), func(h map[jose.HeaderKey]any) { h["jwk"] = embedded }),
		"an unknown key":                     signed(jose.ES256, ecKey(), "other", p.claims()),
		"an unknown critical header":         forged(map[string]any{"alg": "ES256", "kid": "ec", "crit": []string{"x"}, "x": 1}, p.claims(), unsigned),
		"a logout token":                     signed(jose.ES256, ecKey(), "ec", p.claims(), func(h map[jose.HeaderKey]any) { h["typ"] = "logout+jwt" }),
		"a type that is no text":             forged(map[string]any{"alg": "ES256", "kid": "ec", "typ": 1}, p.claims(), unsigned),
		"another issuer":                     p.token(set("iss", "https://other.example")),
		"an issuer with a slash more":        p.token(set("iss", p.url+"/")),
		"no issuer":                          p.token(without("iss")),
		"wrong audience":                     p.token(set("aud", "other-app")),
		"no audience":                        p.token(without("aud")),
		"an empty audience":                  p.token(set("aud", []string{})),
		"expired":                            p.token(set("exp", now-61)),
		"without end":                        p.token(without("exp")),
		"not yet":                            p.token(set("nbf", now+61)),
		"issued tomorrow":                    p.token(set("iat", now+86400)),
		"nobody's":                           p.token(without("sub")),
		"with an empty subject":              p.token(set("sub", "")),
		"with a subject that is too long":    p.token(set("sub", strings.Repeat("a", 256))),
		"with a subject that breaks lines":   p.token(set("sub", "ada\nbob")),
		"with a subject that is a number":    p.token(set("sub", 7)),
		"with other claims than were signed": strings.Split(p.token(set("sub", "bob")), ".")[0] + "." + strings.Split(p.token(set("sub", "bob")), ".")[1] + "." + parts[2],
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
		token := signed(jose.ES256, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), "ec", p.claims(), func(h map[jose.HeaderKey]any) { h[header] = trap.URL })
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

func TestKeysThatAreNotUsed(t *testing.T) {
	t.Parallel()
	weak := must(rsa.GenerateKey(rand.Reader, 1024))
	for name, test := range map[string]struct {
		key   jose.JSONWebKey
		token func(p *provider) string
	}{
		"for encryption":       {jose.JSONWebKey{KeyID: "k", Key: &ecKey().PublicKey, Use: "enc"}, func(p *provider) string { return signed(jose.ES256, ecKey(), "k", p.claims()) }},
		"of another algorithm": {jose.JSONWebKey{KeyID: "k", Key: &rsaKey().PublicKey, Algorithm: "PS256"}, func(p *provider) string { return signed(jose.RS256, rsaKey(), "k", p.claims()) }},
		"too weak":             {public("k", &weak.PublicKey), func(p *provider) string { return signed(jose.RS256, weak, "k", p.claims()) }},
		"shared":               {jose.JSONWebKey{KeyID: "k", Key: []byte(strings.Repeat("k", 32))}, func(p *provider) string { return signed(jose.ES256, ecKey(), "k", p.claims()) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			p.publish(public("ec", &ecKey().PublicKey), test.key)
			v := p.verifier()
			wantSubject(t, v, p.token(), "ada")
			wantRefused(t, v, test.token(p), checkout.CodeUnauthorized)
		})
	}
}

// A key that the issuer has just begun to use is found; the keys that it withdraws are out within the hour.
func TestRotation(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.verifier()
	old := p.token()
	wantSubject(t, v, old, "ada")
	next := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p.publish(public("next", &next.PublicKey))
	p.pass(31 * time.Second)
	wantSubject(t, v, old, "ada") // from memory
	wantSubject(t, v, signed(jose.ES256, next, "next", p.claims()), "ada")
	wantRefused(t, v, p.token(), checkout.CodeUnauthorized)

	p = newProvider(t)
	v = p.verifier()
	wantSubject(t, v, p.token(), "ada")
	p.publish(public("rsa", &rsaKey().PublicKey))
	p.pass(61 * time.Minute)
	wantRefused(t, v, p.token(), checkout.CodeUnauthorized)
}

// Whoever makes up key ids can't make us ask the issuer again and again.
func TestUnknownKeysAreAskedForSeldom(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.verifier()
	wantSubject(t, v, p.token(), "ada")
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			_, _ = v.Subject(t.Context(), signed(jose.ES256, ecKey(), fmt.Sprint("made-up-", i), p.claims()))
		})
	}
	all.Wait()
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("within the floor, the keys were fetched %d times", n)
	}
	for range 10 {
		p.pass(31 * time.Second)
		for i := range 10 {
			wantRefused(t, v, signed(jose.ES256, ecKey(), fmt.Sprint("x", i), p.claims()), checkout.CodeUnauthorized)
		}
	}
	if n := p.fetches.Load(); n != 11 {
		t.Errorf("the keys were fetched %d times, want once each 30 s", n)
	}
}

func TestFirstTokensShareOneFetch(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	v := p.verifier()
	token := p.token()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := v.Subject(t.Context(), token); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

// Ways in which an issuer fails.
var failures = map[string]func(p *provider){
	"down": func(p *provider) {
		p.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	},
	"no JSON": func(p *provider) {
		p.answer = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }
	},
	"cut off": func(p *provider) {
		p.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	},
	"endless": func(p *provider) {
		p.answer = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"keys":["` + strings.Repeat("x", 300<<10) + `"]}`))
		}
	},
	"elsewhere": func(p *provider) {
		p.answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved", http.StatusFound) }
	},
	"without keys": func(p *provider) { p.set = jose.JSONWebKeySet{} },
	"with too many keys": func(p *provider) {
		for i := range 101 {
			p.set.Keys = append(p.set.Keys, public(fmt.Sprint(i), &ecKey().PublicKey))
		}
	},
}

// While the issuer is down, those who are signed in stay so: for a day, by the last good keys.
func TestLastGoodKeysAreKept(t *testing.T) {
	t.Parallel()
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			v := p.verifier()
			wantSubject(t, v, p.token(), "ada")
			p.change(fail)
			for range 5 {
				p.pass(4 * time.Hour)
				wantSubject(t, v, p.token(), "ada")
				wantRefused(t, v, signed(jose.ES256, ecKey(), "unknown", p.claims()), checkout.CodeUnauthorized)
			}
			p.pass(4 * time.Hour)
			wantRefused(t, v, p.token(), checkout.CodeUnavailable)
			p.change(func(p *provider) { p.answer = nil })
			p.publish(public("ec", &ecKey().PublicKey))
			p.pass(31 * time.Second)
			wantSubject(t, v, p.token(), "ada")
		})
	}
}

// Without any keys nobody is let in, and nobody is told that the token was bad.
func TestIssuerThatWasNeverThere(t *testing.T) {
	t.Parallel()
	more := maps.Clone(failures)
	more["another's document"] = func(p *provider) { p.name = "https://other.example" }
	more["a set in the clear, elsewhere"] = func(p *provider) { p.uri = "http://other.example/jwks" }
	more["no address"] = func(p *provider) { p.uri = "x" }
	for name, fail := range more {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			p.change(fail)
			v := p.verifier()
			wantRefused(t, v, p.token(), checkout.CodeUnavailable)
			wantRefused(t, v, "abc", checkout.CodeUnauthorized) // needs no key to be seen through
			p.change(func(p *provider) { p.answer, p.name, p.uri = nil, "", "" })
			p.publish(public("ec", &ecKey().PublicKey))
			p.pass(3 * time.Second)
			wantSubject(t, v, p.token(), "ada")
		})
	}
}

// A slow issuer holds up nobody for longer than the caller has time.
func TestSlowIssuer(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	release := make(chan struct{})
	p.change(func(p *provider) { p.answer = func(http.ResponseWriter, *http.Request) { <-release } })
	defer close(release)
	v := p.verifier()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := v.Subject(ctx, p.token()); checkout.ErrorCode(err) != checkout.CodeUnavailable {
		t.Errorf("got %v", err)
	}
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
