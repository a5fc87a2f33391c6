package display_test

import (
	"math"
	"strings"
	"testing"

	"kassa/payments/money"
	"kassa/payments/money/display"
)

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
		for m, shown := range want {
			if got := visible.Replace(display.Amount(m, locale)); got != shown {
				t.Errorf("%v in %s: %q, want %q", m, locale, got, shown)
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
		if got, want := display.Amount(m, locale), display.Amount(m, like); got != want {
			t.Errorf("in %q: %q, want it as in %q: %q", locale, got, like, want)
		}
	}
	if display.Amount(m, "nl") == display.Amount(m, "en") {
		t.Errorf("the same in nl and en: %q", display.Amount(m, "nl"))
	}
	if got := display.Amount(money.New(12, "???"), "nl"); got != "??? 12" {
		t.Errorf("unknown currency: %q", got)
	}
}

// Every currency is shown with the digits of ISO 4217, whatever CLDR's own habits: an ariary's hundredths are never dropped.
func TestDisplayShowsAllDigits(t *testing.T) {
	t.Parallel()
	for code := range 26 * 26 * 26 {
		c, err := money.ParseCurrency(string([]byte{'A' + byte(code/26/26), 'A' + byte(code/26%26), 'A' + byte(code%26)}))
		if err != nil {
			continue
		}
		m := money.New(1234567, c)
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, display.Amount(m, "en"))
		if digits != "1234567" {
			t.Errorf("%v displays as %q", m, display.Amount(m, "en"))
		}
	}
}

func FuzzAmount(f *testing.F) {
	f.Add(int64(-5), "EUR", "nl")
	f.Add(int64(math.MinInt64), "KWD", "KWD")
	f.Fuzz(func(t *testing.T, minor int64, code, locale string) {
		if m := money.New(minor, money.Currency(code)); display.Amount(m, locale) == "" {
			t.Errorf("%v displays as nothing in %q", m, locale)
		}
	})
}
