package strictjson

import (
	"strconv"
	"strings"
)

// RefuseCardNumbers returns an *Error that names the first text, number or name in v that holds what looks like the number
// of a payment card: a known prefix, 13–19 digits (spaces and hyphens between them), a valid Luhn sum. Card data never
// reaches this system (PCI DSS SAQ A), not even by mistake. Fields that hold skus, ids and phone numbers are left out:
// they are ours or can't be told apart.
func RefuseCardNumbers(v Value) error {
	if path, found := findCard(v, "$"); found {
		return &Error{Path: path, Kind: CardNumber,
			Reason: "this looks like a card number, which must never be sent here: pay with a wallet's or the provider's token"}
	}
	return nil
}

func findCard(v Value, path string) (string, bool) {
	switch v.kind {
	case String:
		return path, holdsCardNumber(v.text)
	case Number:
		n := v.number
		return path, len(n.digits)+max(n.exp, 0) <= 19 && n.exp >= 0 && isCardNumber(n.digits+strings.Repeat("0", n.exp))
	case Array:
		for i, item := range v.items {
			if at, found := findCard(item, path+"["+strconv.Itoa(i)+"]"); found {
				return at, true
			}
		}
	case Object:
		for _, f := range v.fields {
			at := child(path, f.name)
			if holdsCardNumber(f.name) {
				return at, true
			}
			if exempt(f) {
				continue
			}
			if at, found := findCard(f.value, at); found {
				return at, true
			}
		}
	case Null, Bool:
	}
	return "", false
}

// exempt reports whether a member holds a sku, an id or a phone number: a plain value, or a list of them. An object under
// such a name is searched like any other.
func exempt(f field) bool {
	switch f.name {
	case "id", "ids", "sku", "skus", "phone", "phone_number":
	default:
		if !strings.HasSuffix(f.name, "_id") && !strings.HasSuffix(f.name, "_ids") {
			return false
		}
	}
	if f.value.kind == Array {
		for _, item := range f.value.items {
			if item.kind == Array || item.kind == Object {
				return false
			}
		}
		return true
	}
	return f.value.kind != Object
}

// holdsCardNumber reports whether s holds a card number: groups of digits in a row, nothing but one separator between them.
func holdsCardNumber(s string) bool {
	var groups []string // of the row being read
	start, adjacent := -1, false
	for i, r := range s + "\x00" {
		if r >= '0' && r <= '9' {
			if start < 0 {
				start = i
			}
			if !adjacent {
				groups, adjacent = groups[:0], true
			}
			continue
		}
		if start >= 0 {
			groups, start = append(groups, s[start:i]), -1
			if endsInCardNumber(groups) {
				return true
			}
			adjacent = separator(r)
			continue
		}
		adjacent = adjacent && separator(r)
	}
	return false
}

// endsInCardNumber reports whether some of the last groups make a card number together. A number may follow another one, a
// date say, without anything else between them.
func endsInCardNumber(groups []string) bool {
	digits := ""
	for i := len(groups) - 1; i >= 0 && len(digits) < 19; i-- {
		digits = groups[i] + digits
		if isCardNumber(digits) {
			return true
		}
	}
	return false
}

// separator reports what people put between the groups of a card number: spaces and hyphens of all widths, dots.
func separator(r rune) bool {
	switch r {
	case ' ', '-', '.', '\t', '\u00a0', '\u2009', '\u202f', '\u2007', '\u2010', '\u2011', '\u2012', '\u2013':
		return true
	}
	return false
}

// isCardNumber reports whether digits have the length, the prefix and the check digit of a payment card (ISO/IEC 7812).
func isCardNumber(digits string) bool {
	return len(digits) >= 13 && len(digits) <= 19 && cardPrefix(digits) && luhn(digits)
}

// cardPrefix knows the ranges of Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay and Maestro.
func cardPrefix(digits string) bool {
	four, err := strconv.Atoi(digits[:4])
	if err != nil {
		return false
	}
	two := four / 100
	switch {
	case digits[0] == '4', // Visa
		four >= 2221 && four <= 2720, // Mastercard
		two >= 50 && two <= 69,       // Mastercard, Maestro, Discover, UnionPay
		two == 34, two == 37,         // American Express
		two == 30, two == 36, two == 38, two == 39, // Diners
		four >= 3528 && four <= 3589, // JCB
		two == 81,                    // UnionPay
		four >= 2200 && four <= 2204: // Mir
		return true
	}
	return false
}

func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
