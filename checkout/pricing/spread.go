package pricing

import (
	"cmp"
	"slices"

	"kassa/payments/money"
)

// pricingOrder lists the indexes of items in the order in which they are priced: by sku and line. Where a unit is left over, of discount or tax,
// equal claims are settled by that order; were it the cart's, moving a line could change the total, as lines are taxed at different rates.
func pricingOrder(items []Item) []int {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(items[a].SKU, items[b].SKU), cmp.Compare(items[a].LineID, items[b].LineID))
	})
	return order
}

func arrange(items []Item, order []int) []Item {
	arranged := make([]Item, len(items))
	for i, place := range order {
		arranged[i] = items[place]
	}
	return arranged
}

// putBack undoes arrange.
func putBack(lines []Line, order []int) []Line {
	restored := make([]Line, len(lines))
	for i, place := range order {
		restored[place] = lines[i]
	}
	return restored
}

// reallocate makes allocations say where lines stand in the cart, and puts them into that order.
func (q *Quote) reallocate(order []int) {
	for _, applied := range q.Applied {
		for i := range applied.Allocations {
			if a := &applied.Allocations[i]; a.Line != AllocatedToShipping {
				a.Line = order[a.Line]
			}
		}
		slices.SortFunc(applied.Allocations, func(a, b Allocation) int { return cmp.Compare(a.Line, b.Line) })
	}
}

// spread splits an amount in proportion to others, given in minor units, by largest remainder and in whole steps, of which all of them are
// multiples. A part is then never more than what it is in proportion to, unless the amount is more than all.
func spread(amount money.Money, over []int64, step int64) ([]money.Money, error) {
	parts, err := money.New(amount.Minor/step, amount.Currency).Split(over)
	if err != nil {
		return nil, err
	}
	for i := range parts {
		parts[i].Minor *= step // again no more than amount
	}
	return parts, nil
}

// sum adds amounts up to the first error, which it keeps.
type sum struct {
	amount money.Money
	err    error
}

func (s *sum) add(m money.Money) { s.apply(money.Money.Add, m) }

func (s *sum) subtract(m money.Money) { s.apply(money.Money.Sub, m) }

func (s *sum) apply(operation func(a, b money.Money) (money.Money, error), m money.Money) {
	if s.err == nil {
		s.amount, s.err = operation(s.amount, m)
	}
}
