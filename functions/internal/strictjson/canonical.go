package strictjson

import (
	"encoding/json"
	"slices"
	"strings"
)

// Canonical returns the value as JSON in one form: names sorted, no spaces, numbers normalised. Bodies that mean the same
// have the same fingerprint, however a client's library writes them. (The order and the escapes are not those of RFC 8785;
// nobody but us reads it.)
func (v Value) Canonical() []byte { return v.append(nil) }

func (v Value) append(b []byte) []byte {
	switch v.kind {
	case Null:
		return append(b, "null"...)
	case Bool:
		if v.truth {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case Number:
		return append(b, v.number.text()...)
	case String:
		return appendText(b, v.text)
	case Array:
		b = append(b, '[')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.append(b)
		}
		return append(b, ']')
	case Object:
		return v.appendObject(b)
	}
	return b
}

func (v Value) appendObject(b []byte) []byte {
	sorted := slices.SortedFunc(slices.Values(v.fields), func(x, y field) int { return strings.Compare(x.name, y.name) })
	b = append(b, '{')
	for i, f := range sorted {
		if i > 0 {
			b = append(b, ',')
		}
		b = f.value.append(append(appendText(b, f.name), ':'))
	}
	return append(b, '}')
}

func appendText(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string always marshals
	return append(b, quoted...)
}
