package money

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// String is the amount for logs, such as "EUR 49.90". It is never shown to a shopper.
func (m Money) String() string {
	return strings.TrimSpace(string(m.Currency) + " " + m.Decimal())
}

// Decimal is the amount in major units with all of ISO's digits and a point, such as "49.90", "-3.00", or "500" in JPY:
// the form in which Apple Pay and Google Pay want prices. In an unknown currency it counts minor units.
func (m Money) Decimal() string {
	digits := strconv.FormatUint(magnitude(m.Minor), 10)
	if exponent := m.Currency.Exponent(); exponent > 0 {
		if missing := exponent + 1 - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
		point := len(digits) - exponent
		digits = digits[:point] + "." + digits[point:]
	}
	if m.Minor < 0 {
		return "-" + digits
	}
	return digits
}

// Display is the amount as a reader of the language expects it, by CLDR: "€ 49,90" in nl, "49,90 kr" in nb for NOK. The spaces inside
// don't break. The language is a BCP 47 tag such as "nl" or "de-CH", whose region is ignored; an unknown one is read as "en".
func (m Money) Display(language string) string {
	if _, known := units[m.Currency]; !known {
		return m.String()
	}
	at := layoutOf(language)
	l, symbol := &layouts[at], m.Currency.symbol(at)
	pattern := l.positive
	if m.Minor < 0 {
		pattern = l.negative
	}
	// Where symbol and number touch, CLDR wants a space between letters and digits.
	if last, _ := utf8.DecodeLastRuneInString(symbol); strings.Contains(pattern, "¤0") && unicode.IsLetter(last) {
		symbol += "\u00a0"
	}
	whole, fraction, broken := strings.Cut(strings.TrimPrefix(m.Decimal(), "-"), ".")
	number := grouped(whole, l.group)
	if broken {
		number += l.point + fraction
	}
	return strings.Replace(strings.Replace(pattern, "0", number, 1), "¤", symbol, 1)
}

// grouped sets a separator before every third digit from the right.
func grouped(digits, separator string) string {
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + separator + digits[at:]
	}
	return digits
}
