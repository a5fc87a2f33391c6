package money

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// ErrWeights reports weights that nothing can be split by: none at all, or a negative one.
var ErrWeights = errors.New("weights must be one or more and not negative")

// Split divides m into one part for each weight, in proportion and summing to exactly m, by largest remainder: each part is rounded
// towards zero, and the minor units that are then left go one each to the parts that lost most by it, of equals to the earlier.
// A part of weight zero gets nothing, but if all weights are zero the parts are even. Fails with [ErrWeights], and with
// [ErrOverflow] if the weights sum to more than 64 bits.
func (m Money) Split(weights []int64) ([]Money, error) {
	shares, total, err := proportions(weights)
	if err != nil {
		return nil, err
	}
	whole := magnitude(m.Minor)
	parts := make([]uint64, len(shares))
	rests := make([]uint64, len(shares))
	left := whole
	for i, share := range shares {
		// hi < total always, because share ≤ total: Div64 can't overflow.
		hi, lo := bits.Mul64(whole, share)
		parts[i], rests[i] = bits.Div64(hi, lo, total)
		left -= parts[i]
	}
	for _, i := range byRest(rests)[:left] {
		parts[i]++
	}
	split := make([]Money, len(parts))
	for i, part := range parts {
		minor, _ := signed(part, m.Minor < 0) // a part is never larger than m
		split[i] = New(minor, m.Currency)
	}
	return split, nil
}

// proportions checks weights and sums them; weights that are all zero become all one.
func proportions(weights []int64) (shares []uint64, total uint64, err error) {
	if len(weights) == 0 {
		return nil, 0, ErrWeights
	}
	shares = make([]uint64, len(weights))
	for i, weight := range weights {
		if weight < 0 {
			return nil, 0, fmt.Errorf("%w: %d", ErrWeights, weight)
		}
		shares[i] = uint64(weight)
		var carry uint64
		if total, carry = bits.Add64(total, shares[i], 0); carry > 0 {
			return nil, 0, fmt.Errorf("%w: sum of weights", ErrOverflow)
		}
	}
	if total == 0 {
		for i := range shares {
			shares[i] = 1
		}
		total = uint64(len(shares))
	}
	return shares, total, nil
}

// byRest lists the indexes of rests, largest rest first and of equals the earlier first.
func byRest(rests []uint64) []int {
	order := make([]int, len(rests))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rests[b], rests[a]) })
	return order
}
