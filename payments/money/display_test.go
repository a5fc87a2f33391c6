package money_test

import (
	"math"
	"strings"
	"testing"

	"github.com/bojanz/currency"

	"kassa/payments/money"
)

// languages are those that Display knows.
var languages = []string{"en", "nl", "nb", "de", "fr"}

// The spaces of CLDR, which don't break: _ stands for U+00A0 and ~ for the narrow U+202F.
var visible = strings.NewReplacer("\u00a0", "_", "\u202f", "~")

func TestDisplay(t *testing.T) {
	t.Parallel()
	euro, minus, kroner, yen, dollar, dinar := money.New(123456789, "EUR"), money.New(-4990, "EUR"), money.New(123456, "NOK"),
		money.New(1234567, "JPY"), money.New(4990, "USD"), money.New(12340, "KWD")
	for language, want := range map[string]map[money.Money]string{
		"nl": {euro: "€_1.234.567,89", minus: "€_-49,90", kroner: "NOK_1.234,56", yen: "JP¥_1.234.567", dollar: "US$_49,90", dinar: "KWD_12,340"},
		"nb": {euro: "1_234_567,89_€", minus: "−49,90_€", kroner: "1_234,56_kr", yen: "1_234_567_¥", dollar: "49,90_$", dinar: "12,340_KWD"},
		"en": {euro: "€1,234,567.89", minus: "-€49.90", kroner: "NOK_1,234.56", yen: "¥1,234,567", dollar: "$49.90", dinar: "KWD_12.340"},
		"de": {euro: "1.234.567,89_€", minus: "-49,90_€", kroner: "1.234,56_NOK", yen: "1.234.567_¥", dollar: "49,90_$", dinar: "12,340_KWD"},
		"fr": {euro: "1~234~567,89_€", minus: "-49,90_€", kroner: "1~234,56_NOK", yen: "1~234~567_¥", dollar: "49,90_$US", dinar: "12,340_KWD"},
	} {
		for m, shown := range want {
			if got := visible.Replace(m.Display(language)); got != shown {
				t.Errorf("%v in %s: %q, want %q", m, language, got, shown)
			}
		}
	}
}

// CLDR itself, as the library that has all of it reads it, says the same of every currency in every language.
func TestDisplayIsCLDRs(t *testing.T) {
	t.Parallel()
	for _, c := range supported() {
		for _, minor := range []int64{0, 1, -1, 9, 99, 100, 999, -1000, 99999, 100000, -123456, 1234567, 123456789, math.MaxInt64, math.MinInt64} {
			m := money.New(minor, c)
			amount, err := currency.NewAmount(m.Decimal(), string(c))
			if err != nil {
				t.Fatal(err)
			}
			for _, language := range languages {
				want := currency.NewFormatter(currency.NewLocale(language)).Format(amount)
				if got := m.Display(language); got != want {
					t.Errorf("%v in %s: %q, want %q", m, language, visible.Replace(got), visible.Replace(want))
				}
			}
		}
	}
}

func TestDisplayOfTheUnknown(t *testing.T) {
	t.Parallel()
	m := money.New(123450, "EUR")
	for _, language := range []string{"xx", "", "NL", "🙂", "und"} {
		if got, want := m.Display(language), m.Display("en"); got != want {
			t.Errorf("in %q: %q, want it as in English: %q", language, got, want)
		}
	}
	if got := money.New(12, "???").Display("nl"); got != "??? 12" {
		t.Errorf("unknown currency: %q", got)
	}
}

func FuzzDisplay(f *testing.F) {
	f.Add(int64(-5), "EUR", "nl")
	f.Add(int64(math.MinInt64), "KWD", "KWD")
	f.Fuzz(func(t *testing.T, minor int64, code, language string) {
		if m := money.New(minor, money.Currency(code)); m.Display(language) == "" {
			t.Errorf("%v displays as nothing in %q", m, language)
		}
	})
}
