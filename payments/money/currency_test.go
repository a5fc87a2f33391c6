package money_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/bojanz/currency"

	"kassa/payments/money"
)

// supported finds every currency of the table by trying all three-letter codes.
func supported() []money.Currency {
	var found []money.Currency
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				if parsed, err := money.ParseCurrency(string([]rune{a, b, c})); err == nil {
					found = append(found, parsed)
				}
			}
		}
	}
	return found
}

func TestParseCurrency(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"EUR", "eur", "Eur"} {
		if c, err := money.ParseCurrency(s); c != "EUR" || err != nil {
			t.Errorf("ParseCurrency(%q) = %q, %v", s, c, err)
		}
	}
	for _, s := range []string{"", "EU", "EURO", " EUR", "XXX", "XTS", "BTC", "€", "ıSK", "BGN", "ANG", "STD"} {
		if c, err := money.ParseCurrency(s); c != "" || !errors.Is(err, money.ErrUnknownCurrency) {
			t.Errorf("ParseCurrency(%q) = %q, %v, want ErrUnknownCurrency", s, c, err)
		}
	}
}

// The table is compared with two other statements of the same facts: CLDR's list of active ISO 4217 currencies with their digits,
// and Stripe's lists of exceptions as its documentation prints them.
func TestTable(t *testing.T) {
	t.Parallel()
	const (
		zeroDecimal  = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
		inHundredths = "ISK UGX"
		threeDecimal = "BHD JOD KWD OMR TND"
	)
	listed := func(list string, c money.Currency) bool { return slices.Contains(strings.Fields(list), string(c)) }
	all := supported()
	for _, c := range strings.Fields(zeroDecimal + " " + inHundredths + " " + threeDecimal + " AUD CAD CHF EUR GBP NOK NZD SEK USD") {
		if !slices.Contains(all, money.Currency(c)) {
			t.Errorf("%s is missing", c)
		}
	}
	for _, c := range all {
		iso, active := currency.GetDigits(string(c))
		if !active {
			t.Errorf("%s is not an active ISO 4217 currency", c)
		}
		if got := c.Exponent(); got != int(iso) {
			t.Errorf("%s has exponent %d, ISO 4217 says %d", c, got, iso)
		}
		// One major unit, as Stripe wants it.
		major := map[int]int64{0: 1, 2: 100, 3: 1000}[c.Exponent()]
		want := int64(100)
		switch {
		case listed(zeroDecimal, c):
			want = 1
		case listed(threeDecimal, c):
			want = 1000
		}
		if got, err := money.New(major, c).ToProvider(); got != want || err != nil {
			t.Errorf("1 %s = %d, %v for the provider, want %d", c, got, err, want)
		}
		step := int64(1)
		switch {
		case c == "MGA":
			step = 100
		case listed(threeDecimal, c):
			step = 10
		}
		if c.Step() != step {
			t.Errorf("%s has step %d, want %d", c, c.Step(), step)
		}
		if c.Minimum().Minor%step != 0 || c.Minimum().IsNegative() || c.Minimum().Currency != c {
			t.Errorf("%s has minimum %v", c, c.Minimum())
		}
	}
}

func TestMinimum(t *testing.T) {
	t.Parallel()
	for c, want := range map[money.Currency]string{
		"USD": "0.50", "EUR": "0.50", "AUD": "0.50", "BRL": "0.50", "CAD": "0.50", "CHF": "0.50", "INR": "0.50", "NZD": "0.50",
		"SGD": "0.50", "GBP": "0.30", "AED": "2.00", "CZK": "15.00", "DKK": "2.50", "HKD": "4.00", "HUF": "175.00", "JPY": "50",
		"MXN": "10.00", "MYR": "2.00", "NOK": "3.00", "PLN": "2.00", "RON": "2.00", "SEK": "3.00", "THB": "10.00", "ARS": "0.50",
		"COP": "0.50", "IDR": "0.50", "ILS": "0.50", "PHP": "0.50", "ZAR": "0.50", "KRW": "50", "KWD": "0.000", "ISK": "0",
	} {
		if got := c.Minimum(); got.Decimal() != want || got.Currency != c {
			t.Errorf("minimum of %s = %v, want %s", c, got, want)
		}
	}
}

func TestUnknownCurrency(t *testing.T) {
	t.Parallel()
	unknown := money.Currency("XXX")
	if unknown.Exponent() != 0 || unknown.Step() != 1 || unknown.Minimum() != money.Zero(unknown) {
		t.Errorf("unknown currency: exponent %d, step %d, minimum %v", unknown.Exponent(), unknown.Step(), unknown.Minimum())
	}
	if _, err := money.New(1, unknown).ToProvider(); !errors.Is(err, money.ErrUnknownCurrency) {
		t.Errorf("ToProvider: %v", err)
	}
	if _, err := money.FromProvider(1, unknown); !errors.Is(err, money.ErrUnknownCurrency) {
		t.Errorf("FromProvider: %v", err)
	}
}
