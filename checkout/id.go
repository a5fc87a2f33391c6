package checkout

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// derive returns an id that follows from its parts alone: 26 characters of base32, 130 bits.
func derive(prefix string, parts ...string) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's: none looks like another
	sum := digest(parts)
	var b strings.Builder
	b.WriteString(prefix)
	for i, bits, n := 0, 0, 0; b.Len() < len(prefix)+26; {
		if n < 5 {
			bits, n, i = bits<<8|int(sum[i]), n+8, i+1
		}
		b.WriteByte(alphabet[bits>>(n-5)&31])
		bits, n = bits&(1<<(n-5)-1), n-5
	}
	return b.String()
}

func shortHash(parts ...string) string { return hex.EncodeToString(digest(parts)[:8]) }

// digest hashes parts so that no others have the same text in a row.
func digest(parts []string) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return h.Sum(nil)
}

// CartID returns the id of the cart that a create makes: it follows from who asked and the key, so that the conditional
// put of the cart is itself the record of the request. Route keeps the keys of different routes apart.
func CartID(route, principal, key string) string { return derive("ct_", route, principal, key) }

// SessionID returns the id of the session of a cart in a round. It names its cart, so that both are read in one trip.
func SessionID(cartID string, round int) string {
	return "cs_" + strings.TrimPrefix(cartID, "ct_") + "_" + strconv.Itoa(round)
}

// CartOfSession returns the id of a session's cart; "" if it is no session's id.
func CartOfSession(sessionID string) string {
	rest, ok := strings.CutPrefix(sessionID, "cs_")
	cart, round, found := strings.Cut(rest, "_")
	if _, err := strconv.ParseUint(round, 10, 31); !ok || !found || err != nil || cart == "" {
		return ""
	}
	return "ct_" + cart
}

// RoundOfSession returns the round of its cart in which a session was opened; 0 if it is no session's id.
func RoundOfSession(sessionID string) int {
	if CartOfSession(sessionID) == "" {
		return 0
	}
	round, _ := strconv.Atoi(sessionID[strings.LastIndexByte(sessionID, '_')+1:]) // CartOfSession has read it
	return round
}

// OrderID returns the id of the order that a session becomes, and SessionOfOrder the way back: an order is found without
// an index.
func OrderID(sessionID string) string { return "or_" + strings.TrimPrefix(sessionID, "cs_") }

// SessionOfOrder returns the id of the session that an order was; "" if it is no order's id.
func SessionOfOrder(orderID string) string {
	rest, ok := strings.CutPrefix(orderID, "or_")
	if !ok || CartOfSession("cs_"+rest) == "" {
		return ""
	}
	return "cs_" + rest
}
