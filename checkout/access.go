package checkout

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// Caller is who asks, as the edge has it: a guest's capability token or the verified subject of a customer's JWT. Either
// may be empty.
type Caller struct {
	Token    string
	Customer string
}

// Principal names the caller where ids are derived: guests have none, so that their idempotency key is their only secret.
func (c Caller) Principal() string { return c.Customer }

// Access is what a caller has proved about one cart: that its token was made for this cart in some epoch, or who it is. The
// store compares it with the cart as part of the write, so that an edit needs no read.
type Access struct {
	Epoch    int64  // of a guest's token, ≥1; 0 = none
	Customer string // "" = none
}

// Allows reports whether the access reaches a thing of an owner: a customer's things are the customer's alone, a guest's
// are for whoever holds a token of the living epoch.
func (a Access) Allows(customer string, epoch int64) bool {
	if customer != "" {
		return a.Customer == customer
	}
	return a.Epoch > 0 && a.Epoch == epoch
}

// tokenPrefix marks a guest's capability token, so that a leaked one is found by secret scanners.
const tokenPrefix = "kat_"

// Tokens makes and checks capability tokens: HMAC-SHA256 over the cart's id and epoch, so that a replayed create can answer
// the same token and nothing needs storing. The first secret signs, all verify: two during rotation.
type Tokens struct{ secrets [][]byte }

// NewTokens returns Tokens with one or more secrets of ≥32 bytes. CodeInvalid for a shorter one, or none.
func NewTokens(secrets ...[]byte) (Tokens, error) {
	if len(secrets) == 0 {
		return Tokens{}, invalid("secrets", "at least one token secret is needed")
	}
	for _, s := range secrets {
		if len(s) < 32 {
			return Tokens{}, invalid("secrets", "a token secret needs at least 32 bytes")
		}
	}
	return Tokens{secrets: secrets}, nil
}

// Token returns the capability token of a cart in an epoch.
func (t Tokens) Token(cartID string, epoch int64) string {
	return tokenPrefix + strconv.FormatInt(epoch, 10) + "_" + base64.RawURLEncoding.EncodeToString(tokenMAC(t.secrets[0], cartID, epoch))
}

// Access returns what the caller has proved about a cart. A token of another cart, or a forged one, proves nothing.
func (t Tokens) Access(c Caller, cartID string) Access {
	a := Access{Customer: c.Customer}
	rest, ok := strings.CutPrefix(c.Token, tokenPrefix)
	if !ok {
		return a
	}
	number, mac, ok := strings.Cut(rest, "_")
	epoch, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || epoch < 1 || strconv.FormatInt(epoch, 10) != number {
		return a
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(mac)
	if err != nil || base64.RawURLEncoding.EncodeToString(given) != mac { // the decoder skips line breaks
		return a
	}
	for _, s := range t.secrets {
		if hmac.Equal(given, tokenMAC(s, cartID, epoch)) {
			a.Epoch = epoch
		}
	}
	return a
}

func tokenMAC(secret []byte, cartID string, epoch int64) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("kassa cart access 1\x00" + cartID + "\x00" + strconv.FormatInt(epoch, 10)))
	return h.Sum(nil)[:24]
}

// NewMark hashes an idempotency key, scoped to who used it on what, and the fingerprint of the request's body.
func NewMark(scope, key, fingerprint string) Mark {
	return Mark{Key: shortHash(scope, key), Print: shortHash(fingerprint)}
}
