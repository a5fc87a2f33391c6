// Package merchant is what the shop's merchant does, behind /admin: settings, products and stock, orders, what is kept of people,
// and the keys by which all of this is reached.
//
// Every change, and every look at what is kept of a person, leaves one record of who made it (a key's id), what it was and when.
// Where the store can do both in one commit, it does; elsewhere the record is written first, so that there is no change without one.
// Records hold ids and versions, and nothing that tells of a person.
package merchant

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"

	"kassa/checkout"
)

func invalid(path, message string) *checkout.Error {
	return &checkout.Error{Code: checkout.CodeInvalid, Path: path, Message: message}
}

var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// derived is an id that follows from its parts alone.
func derived(prefix string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return prefix + strings.ToLower(alphabet.EncodeToString(h.Sum(nil)[:15]))
}
