package pricing

import (
	"cmp"
	"fmt"
	"slices"

	"kassa/payments/money"
)

// step is what one rule takes off.
type step struct {
	candidate
	amount money.Money
	parts  []money.Money // of the candidate's lines; none for free shipping
}

// stack is a set of rules applied one after the other, and what comes of it.
type stack struct {
	steps    []step
	left     []money.Money // of each line
	shipping []charge      // by offer
	selected int           // index of the offer that is paid for, -1 for none
	due      money.Money   // for goods and the selected offer
}

// charge is what an offer costs in a stack.
type charge struct {
	price, discount money.Money
	by              int // index of the step that gives the discount
}

func (c charge) due() int64 { return c.price.Minor - c.discount.Minor }

// discount applies the rules that leave the shopper the least to pay: all that combine, or an exclusive one alone.
func (q *Quote) discount(in Input, b contents) (stack, error) {
	found, err := q.judge(in, b)
	if err != nil {
		return stack{}, err
	}
	var together []candidate
	var choices [][]candidate
	for i, c := range found {
		if c.Exclusive {
			choices = append(choices, found[i:i+1])
		} else {
			together = append(together, c)
		}
	}
	if len(together) > 0 || len(choices) == 0 {
		choices = slices.Insert(choices, 0, together)
	}
	var best stack
	for i, choice := range choices {
		s, err := q.pile(b, choice)
		if err != nil {
			return stack{}, err
		}
		if i == 0 || s.due.Minor < best.due.Minor {
			best = s
		}
	}
	if err := q.take(in, b, best); err != nil {
		return stack{}, err
	}
	q.refuseOthers(in, found, best)
	return best, nil
}

// pile applies rules in their order: discounts on goods take what there is to take, then shipping is priced for what is left.
func (q *Quote) pile(b contents, rules []candidate) (stack, error) {
	s := stack{left: slices.Clone(b.left), selected: b.chosen, steps: make([]step, len(rules))}
	scratch := make([]int64, 0, len(s.left))
	for i, c := range rules {
		s.steps[i] = step{candidate: c, amount: money.Zero(q.Currency)}
		if !c.FreeShipping {
			if err := q.takeFromLines(&s.steps[i], s.left, scratch); err != nil {
				return stack{}, fmt.Errorf("discount %s: %w", c.ID, err)
			}
		}
	}
	due := sum{amount: money.Zero(q.Currency)}
	for _, left := range s.left {
		due.add(left)
	}
	s.shipping = s.charges(b.offers, due.amount)
	if len(b.offers) > 0 {
		if s.selected < 0 {
			s.selected = b.cheapest(func(i int) int64 { return s.shipping[i].due() })
		}
		paid := s.shipping[s.selected]
		due.add(paid.price)
		due.subtract(paid.discount)
		if !paid.discount.IsZero() {
			s.steps[paid.by].amount = paid.discount
		}
	}
	s.due = due.amount
	return s, due.err
}

// takeFromLines takes a rule's discount off what is left of its lines. The scratch has room for all of them.
func (q *Quote) takeFromLines(s *step, left []money.Money, scratch []int64) error {
	base := money.Zero(q.Currency) // the sum of all lines doesn't overflow, nor does that of some
	mine := scratch[:len(s.lines)]
	for i, line := range s.lines {
		mine[i] = left[line].Minor
		base.Minor += mine[i]
	}
	amount, err := q.amountOf(s.rule, base)
	if err != nil || amount.IsZero() {
		return err
	}
	s.amount = amount
	if s.parts, err = spread(amount, mine, q.Currency.Step()); err != nil {
		return err
	}
	for i, line := range s.lines {
		left[line].Minor -= s.parts[i].Minor // a part is never more than what it is taken from
	}
	return nil
}

// amountOf is what a rule takes off a base, in steps and never more than it.
func (q *Quote) amountOf(r *rule, base money.Money) (money.Money, error) {
	if minor, ok := r.Amounts[q.Currency]; ok {
		return money.New(min(minor, base.Minor), q.Currency), nil
	}
	return base.ShareInSteps(r.BasisPoints, wholeRate, q.Currency.Step())
}

// charges prices the offers for goods of a value, and takes off what the first rule for it does.
func (s *stack) charges(offers []offer, goods money.Money) []charge {
	charges := make([]charge, len(offers))
	for i, o := range offers {
		price := o.due(goods)
		charges[i] = charge{price: price, discount: money.Zero(price.Currency)}
		for j, st := range s.steps {
			if st.FreeShipping && (len(st.Methods) == 0 || slices.Contains(st.Methods, o.method.ID)) {
				charges[i].discount, charges[i].by = price, j
				break
			}
		}
	}
	return charges
}

// take writes a stack into the quote.
func (q *Quote) take(in Input, b contents, s stack) error {
	discount := sum{amount: money.Zero(q.Currency)}
	for i := range q.Lines {
		line := &q.Lines[i]
		line.Total = s.left[i]
		line.Discount = money.New(line.Subtotal.Minor-line.Total.Minor, q.Currency)
		discount.add(line.Discount)
	}
	if s.selected >= 0 {
		paid := s.shipping[s.selected]
		q.Selected, q.Shipping = b.offers[s.selected].method.ID, paid.price
		discount.add(paid.discount)
	}
	q.Discount = discount.amount
	for _, st := range s.steps {
		applied := AppliedDiscount{RuleID: st.ID, Title: st.TitleIn(in.Language), Code: st.Code, Automatic: st.Code == "",
			Priority: st.priority(), Amount: st.amount, Provisional: st.FreeShipping && !b.known,
			Limit: st.Limit, PerPerson: st.PerPerson, FirstOrder: st.FirstOrder}
		if applied.Amount.IsZero() && !applied.Provisional {
			continue
		}
		applied.Allocations = st.allocations()
		q.Applied = append(q.Applied, applied)
	}
	return discount.err
}

// allocations say where the step took its amount from, in the order in which lines are priced.
func (s step) allocations() []Allocation {
	if s.FreeShipping {
		if s.amount.IsZero() {
			return nil
		}
		return []Allocation{{Line: AllocatedToShipping, Amount: s.amount}}
	}
	parts := make([]Allocation, 0, len(s.parts))
	for i, part := range s.parts {
		if !part.IsZero() {
			parts = append(parts, Allocation{Line: s.lines[i], Amount: part})
		}
	}
	return parts
}

// refuseOthers says why the codes that hold but gave nothing gave nothing.
func (q *Quote) refuseOthers(in Input, found []candidate, s stack) {
	for _, c := range found {
		if c.code < 0 || slices.ContainsFunc(q.Applied, func(a AppliedDiscount) bool { return a.RuleID == c.ID }) {
			continue
		}
		reason := ReasonNoEffect
		if len(q.Applied) > 0 && !slices.ContainsFunc(s.steps, func(st step) bool { return st.rule == c.rule }) {
			reason = ReasonNotCombinable
		}
		q.refuse(in, c, reason)
	}
	slices.SortFunc(q.Refused, func(a, b RefusedCode) int { return cmp.Compare(a.Index, b.Index) })
}
