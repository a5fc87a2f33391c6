package money

import (
	"errors"
	"fmt"
)

// ErrNotChargeable reports an amount that one side's units can't express: not a multiple of [Currency.Step] on the way to the
// provider, a fraction of the ISO minor unit on the way back.
var ErrNotChargeable = errors.New("amount is not chargeable in this currency")

// ToProvider is the amount in Stripe's units, as they stand on the wire: ISO's minor units except for ISK and UGX, which Stripe counts
// in hundredths, and MGA, which it counts whole. It never rounds: an amount that isn't a multiple of [Currency.Step] fails with
// [ErrNotChargeable]. Fails with [ErrUnknownCurrency] and [ErrOverflow] too. The sign is kept.
func (m Money) ToProvider() (int64, error) {
	u, ok := units[m.Currency]
	if !ok {
		return 0, fmt.Errorf("%w: %q", ErrUnknownCurrency, m.Currency)
	}
	if m.Minor%u.step != 0 {
		return 0, fmt.Errorf("%w: %v is not a multiple of %v", ErrNotChargeable, m, New(u.step, m.Currency))
	}
	converted, err := m.Share(power(u.provider-u.iso), power(u.iso-u.provider))
	return converted.Minor, err
}

// FromProvider is the amount that Stripe states as n, the inverse of [Money.ToProvider]. It fails with [ErrUnknownCurrency],
// [ErrOverflow], and, where n is a fraction of our minor unit (ISK, UGX), with [ErrNotChargeable].
func FromProvider(n int64, c Currency) (Money, error) {
	u, ok := units[c]
	if !ok {
		return Money{}, fmt.Errorf("%w: %q", ErrUnknownCurrency, c)
	}
	divisor := power(u.provider - u.iso)
	if n%divisor != 0 {
		return Money{}, fmt.Errorf("%w: provider's %d %s is a fraction of the minor unit", ErrNotChargeable, n, c)
	}
	return New(n, c).Share(power(u.iso-u.provider), divisor)
}

// power is 10 to the n-th, and 1 for a negative n.
func power(n int) int64 {
	p := int64(1)
	for ; n > 0; n-- {
		p *= 10
	}
	return p
}
