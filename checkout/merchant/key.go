package merchant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Scope is a part of what the merchant may do. A key reaches what its scopes name and nothing else.
type Scope string

// Scopes.
const (
	ScopeProducts Scope = "products" // products and stock
	ScopeSettings Scope = "settings" // the shop's settings
	ScopeOrders   Scope = "orders"   // to see orders, fulfil and cancel them, take withdrawals
	ScopeRefunds  Scope = "refunds"  // to give money back
	ScopeReport   Scope = "report"   // figures
	ScopePeople   Scope = "people"   // to see what is kept of a person, and to erase it
	ScopeKeys     Scope = "keys"     // to hand out and revoke keys, and to see who changed what
)

// Scopes lists all scopes.
func Scopes() []Scope {
	return []Scope{ScopeProducts, ScopeSettings, ScopeOrders, ScopeRefunds, ScopeReport, ScopePeople, ScopeKeys}
}

// Key is a credential for /admin. Its secret is shown once, and kept as a hash.
type Key struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Scopes    []Scope   `json:"scopes"`
	Hash      string    `json:"hash"` // SHA-256 of the whole token, hex
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // id of the key that made it
	ExpiresAt time.Time `json:"expires_at"` // zero = never
	RevokedAt time.Time `json:"revoked_at"` // zero = it is good
	LastUsed  string    `json:"last_used"`  // day, as 2026-11-23, UTC; "" = never
	Version   int64     `json:"version"`    // raised by every change but that of LastUsed
	Op        string    `json:"op"`         // id of the last change, by which a retried one recognises itself
	Print     string    `json:"print"`      // fingerprint of the request that made it
}

// KeyStore keeps keys. The contracts of checkout/store.go hold for it.
type KeyStore interface {
	// Key returns a key as last written (strongly consistent). CodeNotFound if there is none.
	Key(ctx context.Context, id string) (Key, error)

	// Keys returns a page of the keys, newest first, and the cursor of the next; "" = there is no more. Eventually consistent.
	Keys(ctx context.Context, limit int, cursor string) ([]Key, string, error)

	// PutKey stores a key and the record of its change, both or nothing. The stored one must be at Version−1; at Version 1
	// there must be none. Otherwise it changes nothing and returns CodeVersionConflict. LastUsed is left as it is stored.
	PutKey(ctx context.Context, k Key, r Record) error

	// TouchKey sets LastUsed of a key, if it exists.
	TouchKey(ctx context.Context, id, day string) error
}

// tokenPrefix marks the merchant's keys, so that a leaked one is found by secret scanners and never mistaken for a shopper's.
const tokenPrefix = "kad_"

// IsToken reports whether a credential has the form of a merchant's key.
func IsToken(token string) bool { return strings.HasPrefix(token, tokenPrefix) }

// token is what the holder of a key sends: its id and a secret of at least 128 bits.
func token(id, secret string) string { return tokenPrefix + id + "_" + strings.ToLower(secret) }

// keyOfToken returns the id of the key that a token names; "" if it names none.
func keyOfToken(token string) string {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	id, secret, found := strings.Cut(rest, "_")
	if !ok || !found || id == "" || len(secret) < 22 || len(token) > 200 {
		return ""
	}
	return id
}

// HashOf is how a token is kept. It needs no slow hash: a token is not chosen by people, and has more bits than can be tried.
func HashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Allows reports whether the key has a scope.
func (k Key) Allows(s Scope) bool { return slices.Contains(k.Scopes, s) }

// good reports whether the key may be used at a time.
func (k Key) good(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}
