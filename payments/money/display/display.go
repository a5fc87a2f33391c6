// Package display writes amounts for people. It stands apart from money because the library that has CLDR's data computes tables of
// decimals when a program begins: a millisecond of CPU in every start of a function, which those who show nothing need not pay.
package display

import (
	"github.com/bojanz/currency"

	"kassa/payments/money"
)

// Amount is an amount as a reader of the locale expects it, by CLDR: "€ 49,90" in nl, "49,90 kr" in nb for NOK. The spaces inside
// don't break. The locale is a BCP 47 tag such as "nl" or "de-CH"; an unknown one is read as "en".
func Amount(m money.Money, locale string) string {
	amount, err := currency.NewAmount(m.Decimal(), string(m.Currency))
	if err != nil {
		return m.String() // a currency that this release of CLDR doesn't know
	}
	return currency.NewFormatter(currency.NewLocale(locale)).Format(amount)
}
