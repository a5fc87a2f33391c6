package merchant

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"kassa/checkout"
)

// KeysConfig is what Keys is made of.
type KeysConfig struct {
	Store KeyStore
	// Root are hashes (HashOf) of tokens of the key "root", with which a deployment begins: it has all scopes, never expires and
	// lies in no store. Two while one takes the place of the other; none: it is switched off.
	Root   []string
	Now    func() time.Time
	NewID  func() string // random, ≥128 bits
	Logger *slog.Logger
}

// RootKey is the id of the key that a deployment begins with.
const RootKey = "root"

// Keys hands out the merchant's keys and tells what they reach.
type Keys struct{ KeysConfig }

// NewKeys returns the service of keys. CodeInvalid if something that it needs is missing, or a root is no hash.
func NewKeys(c KeysConfig) (*Keys, error) {
	if c.Store == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "keys need a store, a clock and ids")
	}
	for _, hash := range c.Root {
		if len(hash) != len(HashOf("")) || strings.Trim(hash, "0123456789abcdef") != "" {
			return nil, invalid("root", "the root key is given as the SHA-256 of its token, in 64 hex digits")
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Keys{c}, nil
}

// Check returns the key that a token is of. CodeUnauthorized for a token that is unknown, revoked or past its time, which look
// alike; CodeForbidden for a good one without the scope.
func (s *Keys) Check(ctx context.Context, token string, scope Scope) (Key, error) {
	now := s.Now()
	k, err := s.find(ctx, token)
	if err != nil {
		return Key{}, err
	}
	same := subtle.ConstantTimeCompare([]byte(k.Hash), []byte(HashOf(token))) == 1
	if !same || !k.good(now) {
		return Key{}, &checkout.Error{Code: checkout.CodeUnauthorized, Message: "this key is not good"}
	}
	if !k.Allows(scope) {
		return Key{}, &checkout.Error{Code: checkout.CodeForbidden, Message: "this key lacks the scope " + string(scope)}
	}
	s.touch(ctx, k, now)
	return k, nil
}

// find returns the key that a token names, or one that no token is of.
func (s *Keys) find(ctx context.Context, token string) (Key, error) {
	id := keyOfToken(token)
	switch id {
	case "":
		return Key{}, nil
	case RootKey:
		k := Key{ID: RootKey, Name: RootKey, Scopes: Scopes()}
		for _, hash := range s.Root {
			if subtle.ConstantTimeCompare([]byte(hash), []byte(HashOf(token))) == 1 {
				k.Hash = hash
			}
		}
		return k, nil
	}
	k, err := s.Store.Key(ctx, id)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return Key{}, nil
	}
	return k, err
}

// touch notes the day on which a key was used, once a day. That it can't is no reason to refuse the key.
func (s *Keys) touch(ctx context.Context, k Key, now time.Time) {
	day := now.UTC().Format(time.DateOnly)
	if k.ID == RootKey || k.LastUsed == day {
		return
	}
	if err := s.Store.TouchKey(ctx, k.ID, day); err != nil {
		s.Logger.WarnContext(ctx, "use of a key can't be noted", "key", k.ID, "error", err.Error())
	}
}

// CreateKey is a wish for a key.
type CreateKey struct {
	By          Key    // that asks
	Request     string // its idempotency key; required
	Fingerprint string
	Name        string
	Scopes      []Scope
	ExpiresAt   time.Time // zero = when By does
}

// Create makes a key and returns it with its token, which nobody sees again: the repetition of a request returns the key alone,
// and true. A key hands out what it has itself and no more: scopes, and time. CodeMissingKey without an idempotency key.
func (s *Keys) Create(ctx context.Context, in CreateKey) (k Key, secret string, replayed bool, err error) {
	now := s.Now()
	if in.Request == "" {
		return Key{}, "", false, missingKey()
	}
	if in.ExpiresAt.IsZero() {
		in.ExpiresAt = in.By.ExpiresAt
	}
	if err := in.validate(now); err != nil {
		return Key{}, "", false, err
	}
	id := derived("", "key", in.By.ID, in.Request)
	secret = token(id, s.NewID())
	k = Key{
		ID: id, Name: in.Name, Scopes: sorted(in.Scopes), Hash: HashOf(secret), CreatedAt: now, CreatedBy: in.By.ID, ExpiresAt: in.ExpiresAt,
		Version: 1, Op: s.NewID(), Print: in.Fingerprint,
	}
	err = s.Store.PutKey(ctx, k, s.record(now, in.By.ID, "key.create", k, nil))
	if checkout.ErrorCode(err) != checkout.CodeVersionConflict {
		return k, secret, false, err
	}
	there, err := s.Store.Key(ctx, id)
	if err == nil && there.Print != in.Fingerprint {
		err = keyReused()
	}
	return there, "", true, err
}

func missingKey() error {
	return &checkout.Error{Code: checkout.CodeMissingKey, Message: "this request needs an Idempotency-Key header"}
}

func keyReused() error {
	return &checkout.Error{Code: checkout.CodeKeyReused, Message: "the Idempotency-Key was used for another request"}
}

func (in CreateKey) validate(now time.Time) error {
	if n := len(strings.TrimSpace(in.Name)); n == 0 || len(in.Name) > 100 {
		return invalid("$.name", "a name of 1 to 100 bytes tells who holds the key")
	}
	if len(in.Scopes) == 0 {
		return invalid("$.scopes", "at least one scope is needed")
	}
	for i, scope := range in.Scopes {
		at := "$.scopes[" + strconv.Itoa(i) + "]"
		switch {
		case !slices.Contains(Scopes(), scope):
			return invalid(at, "there is no such scope")
		case !in.By.Allows(scope):
			return &checkout.Error{Code: checkout.CodeForbidden, Path: at, Message: "a key can't give the scope " + string(scope) + ", which it lacks"}
		}
	}
	switch {
	case !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now):
		return invalid("$.expires_at", "must be in the future")
	case !in.By.ExpiresAt.IsZero() && in.ExpiresAt.After(in.By.ExpiresAt):
		return &checkout.Error{Code: checkout.CodeForbidden, Path: "$.expires_at", Message: "a key can't give more time than it has"}
	}
	return nil
}

func sorted(scopes []Scope) []Scope { return slices.Compact(slices.Sorted(slices.Values(scopes))) }

// Revoke ends a key at once. One that has ended stays as it is. CodeNotFound if there is none, as for the root key, which is taken
// out of the deployment's settings instead.
func (s *Keys) Revoke(ctx context.Context, by Key, id string) (Key, error) {
	now := s.Now()
	for range 3 {
		k, err := s.Store.Key(ctx, id)
		if err != nil || !k.RevokedAt.IsZero() {
			return k, err
		}
		k.RevokedAt, k.Version, k.Op = now, k.Version+1, s.NewID()
		err = s.Store.PutKey(ctx, k, s.record(now, by.ID, "key.revoke", k, &k))
		if checkout.ErrorCode(err) != checkout.CodeVersionConflict {
			return k, err
		}
	}
	return Key{}, &checkout.Error{Code: checkout.CodeUnavailable, Message: "key " + id + " is being changed by others"}
}

// Keys returns a page of the keys, newest first.
func (s *Keys) Keys(ctx context.Context, cursor string) ([]Key, string, error) {
	keys, next, err := s.Store.Keys(ctx, 100, cursor)
	if err != nil {
		return nil, "", fmt.Errorf("list keys: %w", err)
	}
	return keys, next, nil
}

// record is that of a key's change. Its name may be a person's: it stays out.
func (s *Keys) record(now time.Time, by, action string, k Key, before *Key) Record {
	shown := func(k Key) json.RawMessage {
		text, _ := json.Marshal(struct { // of text
			Scopes    []Scope   `json:"scopes"`
			ExpiresAt time.Time `json:"expires_at,omitzero"`
			RevokedAt time.Time `json:"revoked_at,omitzero"`
		}{k.Scopes, k.ExpiresAt, k.RevokedAt})
		return text
	}
	r := Record{ID: derived("au_", action, k.ID, k.Op), At: now, Key: by, Action: action, Target: k.ID, After: shown(k), Outcome: OutcomeDone, Op: k.Op}
	if before != nil {
		old := *before
		old.RevokedAt = time.Time{}
		r.Before = shown(old)
	}
	return r
}
