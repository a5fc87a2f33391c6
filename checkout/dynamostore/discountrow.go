package dynamostore

import (
	"encoding/json"
	"slices"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// discounts are those of a quote that rules gave. Of the last that took something off lines, what it took follows from what the lines'
// own discounts are and the ones before it have taken.
type discounts struct{ of *pricing.Quote }

func (d discounts) target() any { return &d.of.Applied }

func (d discounts) encode() ([]byte, error) { return d.list().encode() }

func (d discounts) decode(data []byte) error { return d.list().decode(data) }

func (d discounts) list() list[pricing.AppliedDiscount] {
	n := 0
	return list[pricing.AppliedDiscount]{&d.of.Applied, func(a *pricing.AppliedDiscount) any {
		n++
		return whole(appliedRow(d.of, a, n-1))
	}}
}

func appliedRow(q *pricing.Quote, a *pricing.AppliedDiscount, place int) row {
	c := &q.Currency
	return row{of: a, fields: []any{
		&a.RuleID, amount{at: &a.Amount, base: c}, &a.Title, &a.Code,
		usual[bool]{&a.Automatic, func() bool { return a.Code == "" }},
		usual[int]{&a.Priority, func() int { return pricing.DefaultPriority }},
		&a.Limit, &a.PerPerson, &a.FirstOrder, &a.Provisional, allocations{q, a, place},
	}}
}

// allocations are where one discount came from.
type allocations struct {
	quote *pricing.Quote
	of    *pricing.AppliedDiscount
	place int // of the discount among all
}

func (a allocations) target() any { return &a.of.Allocations }

// rest is what the lines were given beyond the discounts before this one.
func (a allocations) rest() []pricing.Allocation {
	taken := map[int]int64{}
	for _, earlier := range a.quote.Applied[:a.place] {
		for _, part := range earlier.Allocations {
			taken[part.Line] += part.Amount.Minor
		}
	}
	var out []pricing.Allocation
	add := func(line int, given int64) {
		if left := given - taken[line]; left != 0 {
			out = append(out, pricing.Allocation{Line: line, Amount: money.New(left, a.quote.Currency)})
		}
	}
	for i, l := range a.quote.Lines {
		add(i, l.Discount.Minor)
	}
	return out
}

// onShipping is the whole discount, taken off shipping.
func (a allocations) onShipping() []pricing.Allocation {
	return []pricing.Allocation{{Line: pricing.AllocatedToShipping, Amount: a.of.Amount}}
}

// encode writes "" for all of it on shipping, nothing for the rest of the lines, else lines and amounts in turn.
func (a allocations) encode() ([]byte, error) {
	switch own := a.of.Allocations; {
	case slices.Equal(own, a.rest()):
		return nil, nil
	case slices.Equal(own, a.onShipping()):
		return []byte(`""`), nil
	}
	flat := make([]any, 0, 2*len(a.of.Allocations))
	for _, part := range a.of.Allocations {
		data, err := amount{at: &part.Amount, base: &a.quote.Currency}.encode()
		if err != nil {
			return nil, err
		}
		if data == nil {
			data = unset
		}
		flat = append(flat, part.Line, json.RawMessage(data))
	}
	return marshal(flat)
}

func (a allocations) decode(data []byte) error {
	switch {
	case data == nil:
		a.of.Allocations = a.rest()
		return nil
	case string(data) == `""`:
		a.of.Allocations = a.onShipping()
		return nil
	}
	var flat []json.RawMessage
	if err := json.Unmarshal(data, &flat); err != nil {
		return err
	}
	for i := 0; i+1 < len(flat); i += 2 {
		var part pricing.Allocation
		if err := json.Unmarshal(flat[i], &part.Line); err != nil {
			return err
		}
		value := []byte(flat[i+1])
		if string(value) == string(unset) {
			value = nil
		}
		if err := (amount{at: &part.Amount, base: &a.quote.Currency}).decode(value); err != nil {
			return err
		}
		a.of.Allocations = append(a.of.Allocations, part)
	}
	return nil
}

// redeemed are the keys under which a session has counted uses: mostly those that paying it counts.
type redeemed struct{ of *checkout.Session }

func (r redeemed) target() any { return &r.of.Redeemed }

func (r redeemed) encode() ([]byte, error) {
	switch own := r.of.Redeemed; {
	case len(own) == 0:
		return nil, nil
	case slices.Equal(own, checkout.RedeemedBy(*r.of)):
		return []byte("1"), nil
	}
	return marshal(r.of.Redeemed)
}

func (r redeemed) decode(data []byte) error {
	switch {
	case data == nil:
		return nil
	case string(data) == "1":
		r.of.Redeemed = checkout.RedeemedBy(*r.of)
		return nil
	}
	return json.Unmarshal(data, &r.of.Redeemed)
}
