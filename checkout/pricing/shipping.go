package pricing

import (
	"fmt"
	"math"
	"slices"

	"kassa/payments/money"
)

// offer is a method that can take what is to be shipped, before anything makes it cheaper.
type offer struct {
	method   *ShippingMethod
	location *Location // where to collect, nil for a method that brings
	price    money.Money
	freeFrom money.Money // the zero value for never
}

// due is what the method costs when goods are worth so much after discount.
func (o offer) due(goods money.Money) money.Money {
	if o.freeFrom != (money.Money{}) && goods.Minor >= o.freeFrom.Minor {
		return money.Zero(o.price.Currency)
	}
	return o.price
}

// contents is all that the choice among discounts depends on.
type contents struct {
	ships  bool
	known  bool // there is a country
	offers []offer
	chosen int           // index of the offer that the shopper chose, -1 for none
	left   []money.Money // of each line, before rules
	all    []int         // the index of every line
}

// contentsOf lists what is offered to ship the items, and finds the chosen one. Nothing is brought to a region that isn't sold to, and
// refusal is why.
func (q *Quote) contentsOf(in Input, refusal error) (contents, error) {
	b := contents{known: in.Country != nil, chosen: -1, left: make([]money.Money, len(q.Lines)), all: make([]int, len(q.Lines))}
	for i, line := range q.Lines {
		b.left[i], b.all[i] = line.Total, i
	}
	b.ships = slices.ContainsFunc(in.Items, func(item Item) bool { return item.Shippable })
	if !b.ships || !b.known {
		return b, refusal
	}
	grams := weight(in.Items)
	for i := range in.Country.Shipping {
		o, ok, err := q.offer(in, &in.Country.Shipping[i], grams)
		if err != nil {
			return contents{}, err
		}
		if !ok || o.location == nil && refusal != nil {
			continue
		}
		if o.method.ID == in.Option {
			b.chosen = len(b.offers)
		}
		b.offers = append(b.offers, o)
	}
	switch {
	case refusal != nil && b.chosen < 0:
		return contents{}, refusal
	case len(b.offers) == 0:
		return contents{}, fmt.Errorf("%w: %s in %s", ErrNoShipping, in.Country.Code, in.Currency)
	case in.Option != "" && b.chosen < 0:
		return contents{}, fmt.Errorf("%w: %q in %s", ErrUnknownOption, in.Option, in.Country.Code)
	}
	return b, nil
}

// offer prices a method, unless it doesn't take the items or has no price for them.
func (q *Quote) offer(in Input, m *ShippingMethod, grams int64) (offer, bool, error) {
	o := offer{method: m}
	if m.Pickup != "" {
		location, ok := in.Rulebook.Location(m.Pickup)
		if !ok || location.Country != in.Country.Code {
			return offer{}, false, nil
		}
		o.location = &location
	}
	price, ok := m.price(in.Currency, grams)
	if !ok || slices.ContainsFunc(in.Items, func(item Item) bool { return item.Shippable && overlaps(item.Categories, m.ExceptCategories) }) {
		return offer{}, false, nil
	}
	o.price = price
	if free, has := m.FreeFrom[in.Currency]; has {
		o.freeFrom = money.New(free, in.Currency)
	}
	if err := q.checkPrice(o.price); err != nil {
		return offer{}, false, fmt.Errorf("shipping %s to %s: %w", m.ID, in.Country.Code, err)
	}
	return o, true, nil
}

// cheapest is the index of the offer with the lowest cost, of equals the first, and a pick-up only among pick-ups: nobody is sent to a
// store who didn't ask for it.
func (b contents) cheapest(cost func(i int) int64) int {
	best := 0
	for i, o := range b.offers {
		atStore, bestAtStore := o.location != nil, b.offers[best].location != nil
		if atStore == bestAtStore && cost(i) < cost(best) || !atStore && bestAtStore {
			best = i
		}
	}
	return best
}

// weight is that of all that is shipped, or the largest number if it is more: too much for every band either way.
func weight(items []Item) int64 {
	total := int64(0)
	for _, item := range items {
		if !item.Shippable || item.Weight == 0 {
			continue
		}
		if item.Quantity > (math.MaxInt64-total)/item.Weight {
			return math.MaxInt64
		}
		total += item.Weight * item.Quantity
	}
	return total
}

func overlaps(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
