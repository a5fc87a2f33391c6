package money

import (
	"errors"
	"fmt"
	"strings"
)

// ErrUnknownCurrency reports a code that is not in the table below: not an active ISO 4217 code, or one that the provider can't charge.
var ErrUnknownCurrency = errors.New("unknown currency")

// Currency is an ISO 4217 alphabetic code in upper case, such as "EUR". Codes from outside come in through [ParseCurrency].
type Currency string

// ParseCurrency reads an ISO 4217 alphabetic code in any case. It fails with [ErrUnknownCurrency] on anything that can't be charged.
func ParseCurrency(s string) (Currency, error) {
	if len(s) == 3 {
		c := Currency(strings.ToUpper(s))
		if _, ok := units[c]; ok {
			return c, nil
		}
	}
	return "", fmt.Errorf("%w: %q", ErrUnknownCurrency, s)
}

// Exponent is the number of digits of the minor unit in ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD.
// It is 0 for an unknown currency.
func (c Currency) Exponent() int { return units[c].iso }

// Minimum is the provider's smallest charge, where it publishes one, and otherwise zero. The true limit holds after conversion to the
// currency of settlement, so this is a check made early, before a payment sheet opens, and not a promise:
// the provider may still answer amount_too_small.
func (c Currency) Minimum() Money { return New(units[c].minimum, c) }

// Step is the granularity of a chargeable amount, in ISO minor units: 1 for most, 100 for MGA, which is charged in whole ariary,
// and 10 for the three-decimal currencies, whose last digit the provider wants to be 0. It is 1 for an unknown currency.
func (c Currency) Step() int64 { return max(1, units[c].step) }

// unit is a row of the currency table. iso and provider count the decimals of the minor unit as ISO 4217 and as the provider
// defines it; step and minimum are in ISO minor units.
type unit struct {
	iso, provider int
	step, minimum int64
}

// units holds every active ISO 4217 currency that Stripe charges in. It is written out, and not derived from a library, because three
// authorities disagree: ISO 4217, Stripe (ISK, UGX and MGA differ from ISO) and CLDR (which drops the decimals of COP, IDR and others
// for display). Sources: the ISO 4217 list of active codes; Stripe, "Supported currencies", with its zero-decimal, three-decimal and
// special cases and its minimum charge amounts. Withdrawn codes (ANG, BGN, HRK, SLL, STD …) are left out on purpose.
var units = map[Currency]unit{
	"AED": {2, 2, 1, 200}, "AFN": {2, 2, 1, 0}, "ALL": {2, 2, 1, 0}, "AMD": {2, 2, 1, 0}, "AOA": {2, 2, 1, 0},
	"ARS": {2, 2, 1, 50}, "AUD": {2, 2, 1, 50}, "AWG": {2, 2, 1, 0}, "AZN": {2, 2, 1, 0}, "BAM": {2, 2, 1, 0},
	"BBD": {2, 2, 1, 0}, "BDT": {2, 2, 1, 0}, "BHD": {3, 3, 10, 0}, "BIF": {0, 0, 1, 0}, "BMD": {2, 2, 1, 0},
	"BND": {2, 2, 1, 0}, "BOB": {2, 2, 1, 0}, "BRL": {2, 2, 1, 50}, "BSD": {2, 2, 1, 0}, "BWP": {2, 2, 1, 0},
	"BYN": {2, 2, 1, 0}, "BZD": {2, 2, 1, 0}, "CAD": {2, 2, 1, 50}, "CDF": {2, 2, 1, 0}, "CHF": {2, 2, 1, 50},
	"CLP": {0, 0, 1, 0}, "CNY": {2, 2, 1, 0}, "COP": {2, 2, 1, 50}, "CRC": {2, 2, 1, 0}, "CVE": {2, 2, 1, 0},
	"CZK": {2, 2, 1, 1500}, "DJF": {0, 0, 1, 0}, "DKK": {2, 2, 1, 250}, "DOP": {2, 2, 1, 0}, "DZD": {2, 2, 1, 0},
	"EGP": {2, 2, 1, 0}, "ETB": {2, 2, 1, 0}, "EUR": {2, 2, 1, 50}, "FJD": {2, 2, 1, 0}, "FKP": {2, 2, 1, 0},
	"GBP": {2, 2, 1, 30}, "GEL": {2, 2, 1, 0}, "GIP": {2, 2, 1, 0}, "GMD": {2, 2, 1, 0}, "GNF": {0, 0, 1, 0},
	"GTQ": {2, 2, 1, 0}, "GYD": {2, 2, 1, 0}, "HKD": {2, 2, 1, 400}, "HNL": {2, 2, 1, 0}, "HTG": {2, 2, 1, 0},
	"HUF": {2, 2, 1, 17500}, "IDR": {2, 2, 1, 50}, "ILS": {2, 2, 1, 50}, "INR": {2, 2, 1, 50}, "ISK": {0, 2, 1, 0},
	"JMD": {2, 2, 1, 0}, "JOD": {3, 3, 10, 0}, "JPY": {0, 0, 1, 50}, "KES": {2, 2, 1, 0}, "KGS": {2, 2, 1, 0},
	"KHR": {2, 2, 1, 0}, "KMF": {0, 0, 1, 0}, "KRW": {0, 0, 1, 50}, "KWD": {3, 3, 10, 0}, "KYD": {2, 2, 1, 0},
	"KZT": {2, 2, 1, 0}, "LAK": {2, 2, 1, 0}, "LBP": {2, 2, 1, 0}, "LKR": {2, 2, 1, 0}, "LRD": {2, 2, 1, 0},
	"LSL": {2, 2, 1, 0}, "MAD": {2, 2, 1, 0}, "MDL": {2, 2, 1, 0}, "MGA": {2, 0, 100, 0}, "MKD": {2, 2, 1, 0},
	"MMK": {2, 2, 1, 0}, "MNT": {2, 2, 1, 0}, "MOP": {2, 2, 1, 0}, "MUR": {2, 2, 1, 0}, "MVR": {2, 2, 1, 0},
	"MWK": {2, 2, 1, 0}, "MXN": {2, 2, 1, 1000}, "MYR": {2, 2, 1, 200}, "MZN": {2, 2, 1, 0}, "NAD": {2, 2, 1, 0},
	"NGN": {2, 2, 1, 0}, "NIO": {2, 2, 1, 0}, "NOK": {2, 2, 1, 300}, "NPR": {2, 2, 1, 0}, "NZD": {2, 2, 1, 50},
	"OMR": {3, 3, 10, 0}, "PAB": {2, 2, 1, 0}, "PEN": {2, 2, 1, 0}, "PGK": {2, 2, 1, 0}, "PHP": {2, 2, 1, 50},
	"PKR": {2, 2, 1, 0}, "PLN": {2, 2, 1, 200}, "PYG": {0, 0, 1, 0}, "QAR": {2, 2, 1, 0}, "RON": {2, 2, 1, 200},
	"RSD": {2, 2, 1, 0}, "RUB": {2, 2, 1, 0}, "RWF": {0, 0, 1, 0}, "SAR": {2, 2, 1, 0}, "SBD": {2, 2, 1, 0},
	"SCR": {2, 2, 1, 0}, "SEK": {2, 2, 1, 300}, "SGD": {2, 2, 1, 50}, "SHP": {2, 2, 1, 0}, "SLE": {2, 2, 1, 0},
	"SOS": {2, 2, 1, 0}, "SRD": {2, 2, 1, 0}, "SZL": {2, 2, 1, 0}, "THB": {2, 2, 1, 1000}, "TJS": {2, 2, 1, 0},
	"TND": {3, 3, 10, 0}, "TOP": {2, 2, 1, 0}, "TRY": {2, 2, 1, 0}, "TTD": {2, 2, 1, 0}, "TWD": {2, 2, 1, 0},
	"TZS": {2, 2, 1, 0}, "UAH": {2, 2, 1, 0}, "UGX": {0, 2, 1, 0}, "USD": {2, 2, 1, 50}, "UYU": {2, 2, 1, 0},
	"UZS": {2, 2, 1, 0}, "VND": {0, 0, 1, 0}, "VUV": {0, 0, 1, 0}, "WST": {2, 2, 1, 0}, "XAF": {0, 0, 1, 0},
	"XCD": {2, 2, 1, 0}, "XCG": {2, 2, 1, 0}, "XOF": {0, 0, 1, 0}, "XPF": {0, 0, 1, 0}, "YER": {2, 2, 1, 0},
	"ZAR": {2, 2, 1, 50}, "ZMW": {2, 2, 1, 0},
}
