package money_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"kassa/payments/money"
)

// edges are the numbers around which int64 arithmetic goes wrong.
var edges = []int64{0, 1, -1, 2, -2, 3, 5, 10, 99, 100, 10000, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MaxInt64 - 1,
	math.MaxInt64/2 + 1, math.MinInt64, math.MinInt64 + 1, math.MinInt64 / 2}

// eachPair calls check with all pairs of edges and with random pairs of every size.
func eachPair(check func(a, b int64)) {
	for _, a := range edges {
		for _, b := range edges {
			check(a, b)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		check(anySize(random), anySize(random))
	}
}

func anySize(random *rand.Rand) int64 { return int64(random.Uint64()) >> random.IntN(64) }

// agree checks a result against the exact one: equal where it fits, and otherwise ErrOverflow.
func agree(t *testing.T, operation string, got money.Money, err error, exact *big.Int) {
	t.Helper()
	switch {
	case !exact.IsInt64():
		if !errors.Is(err, money.ErrOverflow) || got != (money.Money{}) {
			t.Errorf("%s = %v, %v, want ErrOverflow: exact is %v", operation, got, err, exact)
		}
	case err != nil || got != money.New(exact.Int64(), "EUR"):
		t.Errorf("%s = %v, %v, want %v", operation, got, err, exact)
	}
}

func TestArithmeticIsExact(t *testing.T) {
	t.Parallel()
	eachPair(func(a, b int64) {
		m, o, x, y := money.New(a, "EUR"), money.New(b, "EUR"), big.NewInt(a), big.NewInt(b)
		got, err := m.Add(o)
		agree(t, "Add", got, err, new(big.Int).Add(x, y))
		got, err = m.Sub(o)
		agree(t, "Sub", got, err, new(big.Int).Sub(x, y))
		got, err = m.Mul(b)
		agree(t, "Mul", got, err, new(big.Int).Mul(x, y))
		got, err = m.Neg()
		agree(t, "Neg", got, err, new(big.Int).Neg(x))
		if got, err := m.Cmp(o); got != x.Cmp(y) || err != nil {
			t.Errorf("Cmp(%d, %d) = %d, %v", a, b, got, err)
		}
		if m.IsZero() != (x.Sign() == 0) || m.IsNegative() != (x.Sign() < 0) {
			t.Errorf("%v: IsZero %t, IsNegative %t", m, m.IsZero(), m.IsNegative())
		}
	})
}

func TestSubUndoesAdd(t *testing.T) {
	t.Parallel()
	eachPair(func(a, b int64) {
		m, o := money.New(a, "EUR"), money.New(b, "EUR")
		sum, err := m.Add(o)
		if err != nil {
			return
		}
		if back, err := sum.Sub(o); back != m || err != nil {
			t.Errorf("(%d + %d) - %d = %v, %v", a, b, b, back, err)
		}
	})
}

func TestShareIsExact(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	checkShare(t, 1<<62+1, 1<<62-1, 1<<60) // rounds up to 1<<64, which would wrap to 0
	eachPair(func(a, num int64) {
		checkShare(t, a, num, anySize(random))
		checkShare(t, a, num, edges[random.IntN(len(edges))])
	})
}

func FuzzShare(f *testing.F) {
	f.Add(int64(4990), int64(10000), int64(12100))
	f.Add(int64(-5), int64(1), int64(2))
	f.Add(int64(math.MinInt64), int64(-1), int64(1))
	f.Fuzz(checkShare)
}

// checkShare compares with a model that doesn't share the method: round half away from zero is floor((2·|p| + |d|) / (2·|d|)), signed.
func checkShare(t *testing.T, a, num, den int64) {
	t.Helper()
	got, err := money.New(a, "EUR").Share(num, den)
	if den == 0 {
		if !errors.Is(err, money.ErrDivisionByZero) {
			t.Errorf("Share(%d, %d, 0): %v", a, num, err)
		}
		return
	}
	product, divisor := new(big.Int).Mul(big.NewInt(a), big.NewInt(num)), big.NewInt(den)
	sign := product.Sign() * divisor.Sign()
	product.Abs(product)
	divisor.Abs(divisor)
	exact := new(big.Int).Lsh(product, 1)
	exact.Add(exact, divisor)
	exact.Quo(exact, divisor.Lsh(divisor, 1))
	if sign < 0 {
		exact.Neg(exact)
	}
	agree(t, "Share", got, err, exact)
}

func TestShareRoundsHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ minor, num, den, want int64 }{
		{5, 1, 2, 3}, {-5, 1, 2, -3}, {5, -1, 2, -3}, {-5, -1, 2, 3}, {5, 1, -2, -3}, // 2.5
		{4, 1, 3, 1}, {5, 1, 3, 2}, {-4, 1, 3, -1}, {-5, 1, 3, -2}, // 1.33, 1.67
		{4990, 10000, 12100, 4124}, // 41.2397
		{0, 7, 3, 0}, {7, 0, 3, 0}, {7, 3, 3, 7},
		{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64}, // only the product inside exceeds 64 bits
	} {
		if got, err := money.New(c.minor, "EUR").Share(c.num, c.den); got.Minor != c.want || err != nil {
			t.Errorf("%d · %d / %d = %v, %v, want %d", c.minor, c.num, c.den, got, err, c.want)
		}
	}
}

func TestCurrenciesDoNotMix(t *testing.T) {
	t.Parallel()
	for _, other := range []money.Money{money.New(1, "USD"), money.Zero("USD"), {}} {
		m := money.New(1, "EUR")
		if got, err := m.Add(other); !errors.Is(err, money.ErrCurrencyMismatch) || got != (money.Money{}) {
			t.Errorf("Add(%v) = %v, %v", other, got, err)
		}
		if got, err := m.Sub(other); !errors.Is(err, money.ErrCurrencyMismatch) || got != (money.Money{}) {
			t.Errorf("Sub(%v) = %v, %v", other, got, err)
		}
		if _, err := m.Cmp(other); !errors.Is(err, money.ErrCurrencyMismatch) {
			t.Errorf("Cmp(%v): %v", other, err)
		}
	}
}

// Stored carts and sessions hold this form.
func TestJSON(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(money.New(-4990, "EUR"))
	if want := `{"minor":-4990,"currency":"EUR"}`; string(encoded) != want || err != nil {
		t.Errorf("Marshal = %s, %v, want %s", encoded, err, want)
	}
	var decoded money.Money
	if err := json.Unmarshal(encoded, &decoded); decoded != money.New(-4990, "EUR") || err != nil {
		t.Errorf("Unmarshal = %v, %v", decoded, err)
	}
}

func TestShareInSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ minor, num, den, step, want int64 }{
		{1000, 1, 3, 10, 330}, {1000, 2, 3, 10, 670}, {1000, 3, 3, 10, 1000}, {150, 1, 3, 100, 100}, {149, 1, 3, 100, 0},
		{-1000, 1, 3, 10, -330}, {5, 1, 2, 1, 3},
	} {
		if got, err := money.New(c.minor, "KWD").ShareInSteps(c.num, c.den, c.step); err != nil || got != money.New(c.want, "KWD") {
			t.Errorf("%d·%d/%d in steps of %d is %v, want %d (%v)", c.minor, c.num, c.den, c.step, got, c.want, err)
		}
	}
	if _, err := money.New(1, "KWD").ShareInSteps(1, 0, 10); !errors.Is(err, money.ErrDivisionByZero) {
		t.Errorf("error %v", err)
	}
}
