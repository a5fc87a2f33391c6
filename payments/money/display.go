package money

import (
	"strconv"
	"strings"

	"github.com/bojanz/currency"
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

// Display is the amount as a reader of the locale expects it, by CLDR: "€ 49,90" in nl, "49,90 kr" in nb for NOK. The spaces inside
// don't break. The locale is a BCP 47 tag such as "nl" or "de-CH"; an unknown one is read as "en".
func (m Money) Display(locale string) string {
	amount, err := currency.NewAmount(m.Decimal(), string(m.Currency))
	if err != nil {
		return m.String() // a currency that this release of CLDR doesn't know
	}
	return currency.NewFormatter(currency.NewLocale(locale)).Format(amount)
}
