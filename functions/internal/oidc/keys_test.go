package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kassa/checkout"
)

func TestKeysThatAreNotUsed(t *testing.T) {
	t.Parallel()
	weak := must(rsa.GenerateKey(rand.Reader, 1024))
	for name, test := range map[string]struct {
		key   jose.JSONWebKey
		token func(p *provider) string
	}{
		"for encryption": {jose.JSONWebKey{KeyID: "k", Key: &ecKey().PublicKey, Use: "enc"},
			func(p *provider) string { return signed(jose.ES256, ecKey(), "k", p.claims()) }},
		"of another algorithm": {jose.JSONWebKey{KeyID: "k", Key: &rsaKey().PublicKey, Algorithm: "PS256"},
			func(p *provider) string { return signed(jose.RS256, rsaKey(), "k", p.claims()) }},
		"too weak": {public("k", &weak.PublicKey), func(p *provider) string { return signed(jose.RS256, weak, "k", p.claims()) }},
		"shared": {jose.JSONWebKey{KeyID: "k", Key: []byte(strings.Repeat("k", 32))},
			func(p *provider) string { return signed(jose.ES256, ecKey(), "k", p.claims()) }},
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
