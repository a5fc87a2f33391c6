package money_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"kassa/payments/money"
)

func TestToProvider(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    money.Money
		want int64
	}{
		{money.New(4990, "EUR"), 4990}, {money.New(500, "JPY"), 500}, {money.New(1500, "HUF"), 1500},
		{money.New(1500, "ISK"), 150000}, {money.New(20000, "UGX"), 2000000},
		{money.New(120000, "MGA"), 1200}, {money.New(12340, "KWD"), 12340},
		{money.Zero("ISK"), 0}, {money.New(-1500, "ISK"), -150000},
	} {
		if got, err := c.m.ToProvider(); got != c.want || err != nil {
			t.Errorf("%v = %d, %v for the provider, want %d", c.m, got, err, c.want)
		}
		if back, err := money.FromProvider(c.want, c.m.Currency); back != c.m || err != nil {
			t.Errorf("provider's %d %s = %v, %v, want %v", c.want, c.m.Currency, back, err, c.m)
		}
	}
}

func TestProviderRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    money.Money
		want error
	}{
		{money.New(120001, "MGA"), money.ErrNotChargeable}, {money.New(120050, "MGA"), money.ErrNotChargeable},
		{money.New(12345, "KWD"), money.ErrNotChargeable}, {money.New(-1, "TND"), money.ErrNotChargeable},
		{money.New(math.MaxInt64/100+1, "ISK"), money.ErrOverflow},
	} {
		if got, err := c.m.ToProvider(); got != 0 || !errors.Is(err, c.want) {
			t.Errorf("%v = %d, %v for the provider, want %v", c.m, got, err, c.want)
		}
	}
	for _, c := range []struct {
		n        int64
		currency money.Currency
		want     error
	}{
		{150001, "ISK", money.ErrNotChargeable}, {99, "UGX", money.ErrNotChargeable}, {math.MaxInt64/100 + 1, "MGA", money.ErrOverflow},
	} {
		if got, err := money.FromProvider(c.n, c.currency); got != (money.Money{}) || !errors.Is(err, c.want) {
			t.Errorf("provider's %d %s = %v, %v, want %v", c.n, c.currency, got, err, c.want)
		}
	}
}

func TestProviderRoundTrip(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	all := supported()
	for range 20000 {
		checkRoundTrip(t, anySize(random), string(all[random.IntN(len(all))]))
	}
}

func FuzzProviderRoundTrip(f *testing.F) {
	for _, c := range []string{"EUR", "JPY", "ISK", "MGA", "KWD", "???"} {
		f.Add(int64(120000), c)
	}
	f.Fuzz(checkRoundTrip)
}

// checkRoundTrip converts n there and back from either side. What is converted comes back; what isn't a multiple of the step isn't.
func checkRoundTrip(t *testing.T, n int64, code string) {
	t.Helper()
	c, err := money.ParseCurrency(code)
	if err != nil {
		return
	}
	m := money.New(n, c)
	wire, err := m.ToProvider()
	if errors.Is(err, money.ErrNotChargeable) != (n%c.Step() != 0) {
		t.Errorf("%v with step %d: %v", m, c.Step(), err)
	}
	if err == nil {
		if back, err := money.FromProvider(wire, c); back != m || err != nil {
			t.Errorf("%v → %d → %v, %v", m, wire, back, err)
		}
	}
	ours, err := money.FromProvider(n, c)
	if err == nil && ours.Minor%c.Step() == 0 {
		if back, err := ours.ToProvider(); back != n || err != nil {
			t.Errorf("provider's %d %s → %v → %d, %v", n, c, ours, back, err)
		}
	}
}
