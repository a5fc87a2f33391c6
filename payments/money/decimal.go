package money

import (
	"strconv"
	"strings"
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
