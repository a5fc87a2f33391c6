// Package money computes with amounts of money exactly: a count of the currency's ISO 4217 minor units in an int64, never a float.
//
// Arithmetic that would overflow or mix currencies is an error, parts of a split sum to the whole, and the provider's own units,
// which differ from ISO's for some currencies, exist only between [Money.ToProvider] and [FromProvider].
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Errors of arithmetic, to be tested for with errors.Is.
var (
	ErrOverflow         = errors.New("amount overflows")
	ErrCurrencyMismatch = errors.New("currencies differ")
	ErrDivisionByZero   = errors.New("division by zero")
)

// Money is an amount in minor units of the currency as ISO 4217 defines them: 4990 EUR is € 49.90, 500 JPY is ¥ 500.
// The zero value is an amount of no currency, which mixes with none.
type Money struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}

// New makes an amount from minor units. It doesn't check the currency: codes from outside come in through [ParseCurrency].
func New(minor int64, c Currency) Money { return Money{Minor: minor, Currency: c} }

// Zero is nothing, in a currency.
func Zero(c Currency) Money { return Money{Currency: c} }

// IsZero reports whether the amount is zero, in whatever currency.
func (m Money) IsZero() bool { return m.Minor == 0 }

// IsNegative reports whether the amount is below zero.
func (m Money) IsNegative() bool { return m.Minor < 0 }

// Add is m + o. It fails with [ErrOverflow] or [ErrCurrencyMismatch].
func (m Money) Add(o Money) (Money, error) {
	if err := m.matches(o); err != nil {
		return Money{}, err
	}
	sum := m.Minor + o.Minor
	if (sum > m.Minor) != (o.Minor > 0) {
		return Money{}, fmt.Errorf("%w: %v + %v", ErrOverflow, m, o)
	}
	return New(sum, m.Currency), nil
}

// Sub is m - o. It fails with [ErrOverflow] or [ErrCurrencyMismatch].
func (m Money) Sub(o Money) (Money, error) {
	if err := m.matches(o); err != nil {
		return Money{}, err
	}
	diff := m.Minor - o.Minor
	if (diff < m.Minor) != (o.Minor > 0) {
		return Money{}, fmt.Errorf("%w: %v - %v", ErrOverflow, m, o)
	}
	return New(diff, m.Currency), nil
}

// Mul is m times n, such as a unit price times a quantity. It fails with [ErrOverflow].
func (m Money) Mul(n int64) (Money, error) { return m.Share(n, 1) }

// Neg is -m. It fails with [ErrOverflow] for the one int64 that has no opposite.
func (m Money) Neg() (Money, error) { return m.Share(-1, 1) }

// Cmp is -1 if m is less than o, 0 if they are equal and +1 if m is more. It fails with [ErrCurrencyMismatch].
func (m Money) Cmp(o Money) (int, error) {
	if err := m.matches(o); err != nil {
		return 0, err
	}
	switch {
	case m.Minor < o.Minor:
		return -1, nil
	case m.Minor > o.Minor:
		return 1, nil
	}
	return 0, nil
}

// Share is m·num/den, rounded half away from zero to a whole minor unit; for a tax rate in basis points den is 10000. The product
// inside has 128 bits, so only a result that doesn't fit fails with [ErrOverflow]; den = 0 fails with [ErrDivisionByZero].
func (m Money) Share(num, den int64) (Money, error) {
	if den == 0 {
		return Money{}, fmt.Errorf("%w: %v · %d / 0", ErrDivisionByZero, m, num)
	}
	overflow := func() (Money, error) {
		return Money{}, fmt.Errorf("%w: %v · %d / %d", ErrOverflow, m, num, den)
	}
	divisor := magnitude(den)
	hi, lo := bits.Mul64(magnitude(m.Minor), magnitude(num))
	if hi >= divisor { // the quotient needs more than 64 bits
		return overflow()
	}
	quotient, rest := bits.Div64(hi, lo, divisor)
	if rest >= divisor-rest {
		if quotient == math.MaxUint64 {
			return overflow()
		}
		quotient++
	}
	minor, ok := signed(quotient, (m.Minor < 0) != (num < 0) != (den < 0))
	if !ok {
		return overflow()
	}
	return New(minor, m.Currency), nil
}

// ShareInSteps is [Money.Share], rounded to a whole step, such as that of [Currency.Step].
func (m Money) ShareInSteps(num, den, step int64) (Money, error) {
	share, err := m.Share(num, den*step)
	if err != nil {
		return Money{}, err
	}
	return share.Mul(step)
}

func (m Money) matches(o Money) error {
	if m.Currency != o.Currency {
		return fmt.Errorf("%w: %q and %q", ErrCurrencyMismatch, m.Currency, o.Currency)
	}
	return nil
}

// magnitude is |n|, also for the smallest int64, whose magnitude no int64 holds.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n) //nolint:gosec // two's complement: right for the smallest int64 too
	}
	return uint64(n)
}

// signed puts a sign to a magnitude, and reports whether the result fits.
func signed(magnitude uint64, negative bool) (int64, bool) {
	if negative {
		return int64(-magnitude), magnitude <= 1<<63 //nolint:gosec // the second result says whether it fits
	}
	return int64(magnitude), magnitude <= math.MaxInt64 //nolint:gosec // the second result says whether it fits
}
