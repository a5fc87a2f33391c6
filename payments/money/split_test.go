package money_test

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/payments/money"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		minor   int64
		weights []int64
		want    []int64
	}{
		"in proportion":                    {100, []int64{1, 3}, []int64{25, 75}},
		"one left, equal rests: the first": {100, []int64{1, 1, 1}, []int64{34, 33, 33}},
		"two left, equal rests":            {101, []int64{1, 1, 1}, []int64{34, 34, 33}},
		"two left: the largest rests":      {10, []int64{1, 2, 4}, []int64{1, 3, 6}}, // 1.43, 2.86, 5.71
		"a later part with a larger rest":  {5, []int64{3, 1}, []int64{4, 1}},        // 3.75, 1.25
		"negative, as a discount":          {-100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		"weight zero gets nothing":         {7, []int64{0, 1, 0, 1}, []int64{0, 4, 0, 3}},
		"all zero: even":                   {7, []int64{0, 0}, []int64{4, 3}},
		"nothing":                          {0, []int64{5, 1}, []int64{0, 0}},
		"one":                              {42, []int64{9}, []int64{42}},
		"the smallest amount":              {math.MinInt64, []int64{1, 1}, []int64{math.MinInt64 / 2, math.MinInt64 / 2}},
		"the smallest amount whole":        {math.MinInt64, []int64{1}, []int64{math.MinInt64}},
		"large weights":                    {3, []int64{math.MaxInt64, math.MaxInt64}, []int64{2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts, err := money.New(c.minor, "EUR").Split(c.weights)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, part := range parts {
				got = append(got, part.Minor)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		weights []int64
		want    error
	}{
		"no weights":             {nil, money.ErrWeights},
		"a negative weight":      {[]int64{1, -1, 1}, money.ErrWeights},
		"weights beyond 64 bits": {[]int64{math.MaxInt64, math.MaxInt64, math.MaxInt64}, money.ErrOverflow},
	} {
		if parts, err := money.New(100, "EUR").Split(c.weights); !errors.Is(err, c.want) || parts != nil {
			t.Errorf("%s: %v, %v, want %v", name, parts, err, c.want)
		}
	}
}

func TestSplitProperties(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		weights := make([]int64, 1+random.IntN(12))
		for i := range weights {
			weights[i] = int64(random.Uint64() >> (5 + random.IntN(59)))
		}
		checkSplit(t, anySize(random), weights)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(int64(100), []byte{1, 1, 1})
	f.Add(int64(math.MinInt64), []byte{0, 0})
	f.Fuzz(func(t *testing.T, minor int64, raw []byte) {
		var weights []int64
		for len(raw) > 0 {
			var word [8]byte
			raw = raw[copy(word[:], raw):]
			weights = append(weights, int64(binary.LittleEndian.Uint64(word[:])))
		}
		checkSplit(t, minor, weights)
	})
}

// checkSplit checks what is promised: parts sum to the whole, each lies less than one unit from its exact share, none crosses zero,
// and a part that was rounded away from zero lost at least as much as any that was not.
func checkSplit(t *testing.T, minor int64, weights []int64) {
	t.Helper()
	parts, err := money.New(minor, "EUR").Split(weights)
	if err != nil {
		if !errors.Is(err, money.ErrWeights) && !errors.Is(err, money.ErrOverflow) {
			t.Errorf("Split(%d, %v): %v", minor, weights, err)
		}
		return
	}
	total, sum := new(big.Int), new(big.Int)
	for _, weight := range weights {
		total.Add(total, big.NewInt(weight))
	}
	even := total.Sign() == 0
	if even {
		total.SetInt64(int64(len(weights)))
	}
	smallestRaised, largestNot := big.NewRat(1, 1), new(big.Rat)
	for i, part := range parts {
		sum.Add(sum, big.NewInt(part.Minor))
		weight := big.NewInt(weights[i])
		if even {
			weight.SetInt64(1)
		}
		exact := new(big.Rat).SetFrac(weight.Mul(weight, big.NewInt(minor)), total)
		got := new(big.Rat).SetInt64(part.Minor)
		if part.Minor != 0 && got.Sign() != exact.Sign() {
			t.Errorf("Split(%d, %v)[%d] = %v, exact is %v", minor, weights, i, part, exact)
		}
		lost := exact.Sub(exact.Abs(exact), got.Abs(got))
		switch {
		case lost.Sign() < 0: // raised
			if rest := lost.Add(lost, big.NewRat(1, 1)); rest.Cmp(smallestRaised) < 0 {
				smallestRaised = rest
			}
		case lost.Cmp(largestNot) > 0:
			largestNot = lost
		}
	}
	if !sum.IsInt64() || sum.Int64() != minor {
		t.Errorf("Split(%d, %v) sums to %v", minor, weights, sum)
	}
	one := big.NewRat(1, 1)
	if largestNot.Cmp(one) >= 0 || smallestRaised.Sign() <= 0 || smallestRaised.Cmp(largestNot) < 0 && smallestRaised.Cmp(one) < 0 {
		t.Errorf("Split(%d, %v) = %v: raised at %v, not at %v", minor, weights, parts, smallestRaised, largestNot)
	}
}
