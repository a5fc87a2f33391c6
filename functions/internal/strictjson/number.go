package strictjson

import (
	"math"
	"strconv"
	"strings"
)

// number is a decimal number in its one normal form: digits·10^exp, digits without zeros at either end ("" is zero).
type number struct {
	negative bool
	digits   string
	exp      int
}

// maxExponent bounds exponents: nothing of ours is that large, and sums of exponents can't overflow.
const maxExponent = 1_000_000

// parseNumber reads a JSON number. It never expands an exponent, so that a short text can't cost much.
func parseNumber(s string) (number, bool) {
	var n number
	s, n.negative = strings.TrimPrefix(s, "-"), strings.HasPrefix(s, "-")
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	if exponent != "" {
		e, err := strconv.Atoi(exponent)
		if err != nil || e > maxExponent || e < -maxExponent {
			return number{}, false
		}
		n.exp = e
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	n.exp -= len(fraction)
	digits := whole + fraction
	trimmed := strings.TrimRight(digits, "0")
	n.exp += len(digits) - len(trimmed)
	n.digits = strings.TrimLeft(trimmed, "0")
	if n.digits == "" {
		return number{}, true // no -0 and no 0e5
	}
	return n, true
}

// text returns the normal form, itself a JSON number.
func (n number) text() string {
	if n.digits == "" {
		return "0"
	}
	s := n.digits
	if n.negative {
		s = "-" + s
	}
	if n.exp == 0 {
		return s
	}
	return s + "e" + strconv.Itoa(n.exp)
}

// integer returns the number as an int64; false if it has a fraction or doesn't fit. 5.0 and 5e0 are the integer 5, as JSON
// Schema has it.
func (n number) integer() (int64, bool) {
	if n.digits == "" {
		return 0, true
	}
	if n.exp < 0 || len(n.digits)+n.exp > len(strconv.Itoa(math.MaxInt64)) {
		return 0, false
	}
	s := n.digits + strings.Repeat("0", n.exp)
	if n.negative {
		s = "-" + s
	}
	i, err := strconv.ParseInt(s, 10, 64)
	return i, err == nil
}
