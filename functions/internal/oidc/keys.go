package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"kassa/checkout"
)

// How long keys are used, and how often the issuer is asked for them.
const (
	fresh = time.Hour        // then they are fetched again, so that one that was withdrawn goes
	last  = 24 * time.Hour   // while the issuer is down, the last good ones are kept for so long
	floor = 30 * time.Second // between two fetches, whatever key ids callers make up
	again = 2 * time.Second  // between two fetches while there are no keys at all
)

// Bounds of a fetch: a token's check waits for it.
const (
	fetchLimit = 3 * time.Second
	maxBody    = 256 << 10
	maxKeys    = 100
	minRSA     = 2048 // bits
)

// keys are the issuer's, kept in memory.
type keys struct {
	config Config
	http   func() *http.Client
	turn   chan struct{} // held by the one who fetches

	mu      sync.Mutex // guards all below
	set     []jose.JSONWebKey
	uri     string // of the set, as the issuer's discovery document has it; "" = not known
	fetched time.Time
	tried   time.Time
}

func newKeys(c Config) *keys {
	k := &keys{config: c, http: sync.OnceValue(client), turn: make(chan struct{}, 1)}
	if c.HTTP != nil {
		k.http = func() *http.Client { return c.HTTP }
	}
	return k
}

// client trusts the system's roots, which Go reads at the first handshake. It follows no redirect: discovery and keys are where
// the issuer says, or they are not its own.
func client() *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 2 * time.Second, ResponseHeaderTimeout: 2 * time.Second, MaxResponseHeaderBytes: 64 << 10,
			DisableKeepAlives: true, // by the next fetch the connection would have died in a frozen environment
			ForceAttemptHTTP2: true,
		},
	}
}

// find returns the keys that may have signed a token of this key id and algorithm, mostly one. An id that isn't known has the
// set fetched, at most once every floor. CodeUnauthorized if the issuer has no such key, CodeUnavailable if it can't be asked.
func (k *keys) find(ctx context.Context, id, algorithm string) ([]any, error) {
	now := k.config.Now()
	found, age, _ := k.look(now, id, algorithm)
	switch {
	case len(found) > 0 && age < fresh:
		return found, nil
	case len(found) > 0: // what there is will do: nobody waits for another one's fetch
		select {
		case k.turn <- struct{}{}:
			k.refresh(ctx, now)
			<-k.turn
		default:
		}
	default:
		select {
		case k.turn <- struct{}{}:
			k.refresh(ctx, now)
			<-k.turn
		case <-ctx.Done():
			return nil, &checkout.Error{Code: checkout.CodeUnavailable, Message: "the sign-in's keys did not come in time", Err: ctx.Err()}
		}
	}
	found, _, known := k.look(now, id, algorithm)
	if len(found) > 0 {
		return found, nil
	}
	if !known {
		return nil, &checkout.Error{Code: checkout.CodeUnavailable, Message: "the sign-in's keys can't be had", RetryAfter: again}
	}
	return nil, untrusted("has no key of the issuer")
}

// look returns the keys that fit, how old the set is, and whether there is one that may still be used.
func (k *keys) look(now time.Time, id, algorithm string) (found []any, age time.Duration, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age = now.Sub(k.fetched)
	if k.fetched.IsZero() || age >= last {
		return nil, age, false
	}
	for _, key := range k.set {
		if (key.KeyID == id || id == "") && (key.Algorithm == "" || key.Algorithm == algorithm) && signs(key.Key, algorithm) {
			found = append(found, key.Key)
		}
	}
	if id == "" && len(found) > 1 {
		return nil, age, true // OIDC Core §10.1: where there are several keys, a token must name its own
	}
	return found, age, true
}

// signs reports whether a key is of the kind that an algorithm takes, and strong enough.
func signs(key any, algorithm string) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return (strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")) && key.N.BitLen() >= minRSA
	case *ecdsa.PublicKey:
		return algorithm == map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Curve.Params().BitSize]
	}
	return false
}

// refresh fetches the set, unless somebody has just tried. What can't be fetched leaves the last good keys.
func (k *keys) refresh(ctx context.Context, now time.Time) {
	k.mu.Lock()
	wait, uri := floor, k.uri
	if k.fetched.IsZero() {
		wait = again
	}
	soon := !k.tried.IsZero() && now.Sub(k.tried) < wait
	if !soon {
		k.tried = now
	}
	k.mu.Unlock()
	if soon {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	set, uri, err := k.fetch(ctx, uri)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.uri = "" // it may have moved
		k.config.Logger.WarnContext(ctx, "keys of the sign-in can't be fetched", "error", err.Error(), "kept", len(k.set))
		return
	}
	k.set, k.uri, k.fetched = set, uri, now
}

// fetch reads the discovery document, where the set's address isn't known, and the set.
func (k *keys) fetch(ctx context.Context, uri string) ([]jose.JSONWebKey, string, error) {
	if uri == "" {
		var document struct {
			Issuer string `json:"issuer"`
			URI    string `json:"jwks_uri"`
		}
		if err := k.get(ctx, strings.TrimSuffix(k.config.Issuer, "/")+"/.well-known/openid-configuration", &document); err != nil {
			return nil, "", err
		}
		if document.Issuer != k.config.Issuer { // OIDC Discovery §4.3
			return nil, "", errors.New("the discovery document is another issuer's")
		}
		if err := trusted(document.URI); err != nil || !strings.HasPrefix(document.URI, "https:") && strings.HasPrefix(k.config.Issuer, "https:") {
			return nil, "", errors.New("the discovery document's jwks_uri can't be trusted")
		}
		uri = document.URI
	}
	var list struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := k.get(ctx, uri, &list); err != nil {
		return nil, "", err
	}
	if len(list.Keys) > maxKeys {
		return nil, "", fmt.Errorf("the set has %d keys", len(list.Keys))
	}
	var set []jose.JSONWebKey
	for _, raw := range list.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			set = append(set, key) // others are for encryption, or of a kind that nobody here knows
		}
	}
	if len(set) == 0 {
		return nil, "", errors.New("the set has no key to verify with")
	}
	return set, uri, nil
}

func (k *keys) get(ctx context.Context, address string, to any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", address, err)
	}
	r.Header.Set("Accept", "application/json")
	answer, err := k.http().Do(r)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", address, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("fetch %s: status %d", address, answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("more than %d bytes", maxBody)
	}
	if err == nil {
		err = json.Unmarshal(body, to)
	}
	if err != nil {
		return fmt.Errorf("fetch %s: %w", address, err)
	}
	return nil
}
