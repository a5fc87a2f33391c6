package money_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"kassa/payments/money"
)

func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m               money.Money
		decimal, logged string
	}{
		{money.New(4990, "EUR"), "49.90", "EUR 49.90"}, {money.New(-300, "EUR"), "-3.00", "EUR -3.00"},
		{money.New(5, "EUR"), "0.05", "EUR 0.05"}, {money.New(-5, "EUR"), "-0.05", "EUR -0.05"}, {money.Zero("EUR"), "0.00", "EUR 0.00"},
		{money.New(500, "JPY"), "500", "JPY 500"}, {money.Zero("JPY"), "0", "JPY 0"}, {money.New(1500, "ISK"), "1500", "ISK 1500"},
		{money.New(12340, "KWD"), "12.340", "KWD 12.340"}, {money.New(7, "KWD"), "0.007", "KWD 0.007"},
		{money.New(120000, "MGA"), "1200.00", "MGA 1200.00"},
		{money.New(math.MinInt64, "EUR"), "-92233720368547758.08", "EUR -92233720368547758.08"},
		{money.New(math.MaxInt64, "JPY"), "9223372036854775807", "JPY 9223372036854775807"},
		{money.Money{}, "0", "0"}, {money.New(12, "???"), "12", "??? 12"},
	} {
		if got := c.m.Decimal(); got != c.decimal {
			t.Errorf("Decimal of %d %s = %q, want %q", c.m.Minor, c.m.Currency, got, c.decimal)
		}
		if got := c.m.String(); got != c.logged {
			t.Errorf("String of %d %s = %q, want %q", c.m.Minor, c.m.Currency, got, c.logged)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	f.Add(int64(-5), "EUR")
	f.Add(int64(math.MinInt64), "KWD")
	f.Fuzz(func(t *testing.T, minor int64, code string) {
		m := money.New(minor, money.Currency(code))
		parsed, ok := new(big.Rat).SetString(m.Decimal())
		if !ok {
			t.Fatalf("Decimal of %d %q = %q", minor, code, m.Decimal())
		}
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(m.Currency.Exponent())), nil)
		if want := new(big.Rat).SetFrac(big.NewInt(minor), scale); parsed.Cmp(want) != 0 {
			t.Errorf("Decimal of %d %q = %q, want %v", minor, code, m.Decimal(), want)
		}
		if m.Display(code) == "" {
			t.Errorf("%v displays as nothing", m)
		}
	})
}

// The spaces of CLDR, which don't break: _ stands for U+00A0 and ~ for the narrow U+202F.
var visible = strings.NewReplacer("\u00a0", "_", "\u202f", "~")

func TestDisplay(t *testing.T) {
	t.Parallel()
	euro, minus, kroner, yen, dollar, dinar := money.New(123456789, "EUR"), money.New(-4990, "EUR"), money.New(123456, "NOK"),
		money.New(1234567, "JPY"), money.New(4990, "USD"), money.New(12340, "KWD")
	for locale, want := range map[string]map[money.Money]string{
		"nl": {euro: "€_1.234.567,89", minus: "€_-49,90", kroner: "NOK_1.234,56", yen: "JP¥_1.234.567", dollar: "US$_49,90", dinar: "KWD_12,340"},
		"nb": {euro: "1_234_567,89_€", minus: "−49,90_€", kroner: "1_234,56_kr", yen: "1_234_567_¥", dollar: "49,90_$", dinar: "12,340_KWD"},
		"en": {euro: "€1,234,567.89", minus: "-€49.90", kroner: "NOK_1,234.56", yen: "¥1,234,567", dollar: "$49.90", dinar: "KWD_12.340"},
		"de": {euro: "1.234.567,89_€", minus: "-49,90_€", kroner: "1.234,56_NOK", yen: "1.234.567_¥", dollar: "49,90_$", dinar: "12,340_KWD"},
		"fr": {euro: "1~234~567,89_€", minus: "-49,90_€", kroner: "1~234,56_NOK", yen: "1~234~567_¥", dollar: "49,90_$US", dinar: "12,340_KWD"},
	} {
		for m, display := range want {
			if got := visible.Replace(m.Display(locale)); got != display {
				t.Errorf("%v in %s: %q, want %q", m, locale, got, display)
			}
		}
	}
}

func TestDisplayLocale(t *testing.T) {
	t.Parallel()
	m := money.New(123450, "EUR")
	for locale, like := range map[string]string{
		"nl-NL": "nl", "nb_NO": "nb", "no": "nb", "NL": "nl", // variants of one language
		"xx": "en", "": "en", "*": "en", "x-y-z": "en", "🙂": "en", "und": "en", // unknown
	} {
		if got, want := m.Display(locale), m.Display(like); got != want {
			t.Errorf("in %q: %q, want it as in %q: %q", locale, got, like, want)
		}
	}
	if m.Display("nl") == m.Display("en") {
		t.Errorf("the same in nl and en: %q", m.Display("nl"))
	}
	if got := money.New(12, "???").Display("nl"); got != "??? 12" {
		t.Errorf("unknown currency: %q", got)
	}
}

// Every currency is shown with the digits of ISO 4217, whatever CLDR's own habits: an ariary's hundredths are never dropped.
func TestDisplayShowsAllDigits(t *testing.T) {
	t.Parallel()
	for _, c := range supported() {
		m := money.New(1234567, c)
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, m.Display("en"))
		if digits != "1234567" {
			t.Errorf("%v displays as %q", m, m.Display("en"))
		}
	}
}
