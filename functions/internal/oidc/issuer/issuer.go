// Package issuer is a small OpenID Connect issuer for tests and the local run: it signs tokens for whoever asks, which no real
// one does. No function on AWS links it.
package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Issuer signs tokens and publishes its keys. Safe for concurrent use.
type Issuer struct {
	url      string
	audience string
	now      func() time.Time

	mu   sync.Mutex
	keys []jose.JSONWebKey // with their private parts; the last one signs
}

// New returns an issuer that is reached at url, with one key. A nil key gets it a fresh one.
func New(url, audience string, now func() time.Time, key *ecdsa.PrivateKey) (*Issuer, error) {
	i := &Issuer{url: url, audience: audience, now: now}
	if key == nil {
		return i, i.Rotate(true)
	}
	return i, i.add(key)
}

// URL is the issuer's name: what tokens have in iss.
func (i *Issuer) URL() string { return i.url }

// Audience is whom its tokens are for.
func (i *Issuer) Audience() string { return i.audience }

// Rotate signs with a fresh key from now on. Without keep the older ones are no longer published.
func (i *Issuer) Rotate(keep bool) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	if !keep {
		i.mu.Lock()
		i.keys = nil
		i.mu.Unlock()
	}
	return i.add(key)
}

func (i *Issuer) add(key *ecdsa.PrivateKey) error {
	k := jose.JSONWebKey{Key: key, Algorithm: string(jose.ES256), Use: "sig"}
	print, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return fmt.Errorf("name a key: %w", err)
	}
	k.KeyID = fmt.Sprintf("%x", print[:8])
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, k)
	return nil
}

// Life is how long a token lasts.
const Life = time.Hour

// Token returns a token for a subject, as a good issuer makes it.
func (i *Issuer) Token(subject string) (string, error) {
	now := i.now()
	return i.Sign(map[string]any{
		"iss": i.url, "aud": i.audience, "sub": subject, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(Life).Unix(),
	})
}

// Sign returns a token with these claims, whatever they are.
func (i *Issuer) Sign(claims map[string]any) (string, error) {
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("make a signer: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Handler serves the issuer under the path of its URL: discovery (/.well-known/openid-configuration), its keys (/jwks), and
// POST /token {"sub": "ada"}, which signs in whoever is named.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{
			"issuer": i.url, "jwks_uri": i.url + "/jwks", "token_endpoint": i.url + "/token",
			"id_token_signing_alg_values_supported": []string{"ES256"}, "subject_types_supported": []string{"public"},
			"response_types_supported": []string{"token"},
		})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, i.published()) })
	mux.HandleFunc("POST /token", i.signIn)
	return mux
}

func (i *Issuer) published() jose.JSONWebKeySet {
	i.mu.Lock()
	defer i.mu.Unlock()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.Public())
	}
	return set
}

func (i *Issuer) signIn(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Subject string `json:"sub"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 4<<10)).Decode(&in)
	if err != nil || strings.TrimSpace(in.Subject) == "" {
		answer(w, http.StatusBadRequest, map[string]string{"error": `want {"sub": "ada"}`})
		return
	}
	token, err := i.Token(in.Subject)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": token, "id_token": token, "token_type": "Bearer", "expires_in": int(Life.Seconds()),
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that has gone is no failure of ours
}
