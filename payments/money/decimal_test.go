package money_test

import (
	"math"
	"math/big"
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
	})
}
