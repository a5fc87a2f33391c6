package pricing

import (
	"cmp"
	"fmt"
	"slices"

	"kassa/payments/money"
)

// StandardRate is the tax category that every country has a rate for. Shipping is taxed at it, unless the country says otherwise.
const StandardRate = "standard"

// wholeRate is a rate of 100 %: rates are in basis points.
const wholeRate = 10_000

// taxed is an amount with the rate at which it is taxed: a line after discount, or shipping.
type taxed struct {
	amount money.Money
	rate   taxRate
}

// taxation is the tax on the lines with one of the options.
type taxation struct {
	rates  []taxRate     // of each line, then of the option
	parts  []money.Money // of the tax, for each line and then the option
	groups []TaxLine
	relief bool // the parts are inside prices, and aren't charged
}

// applyTax taxes the lines with the selected option, and for each other option computes what its own part would be.
func (q *Quote) applyTax(in Input, b contents, to place, selected int) error {
	if len(q.Options) == 0 {
		t, err := q.taxAt(in, to, nil)
		if err != nil {
			return err
		}
		q.ReverseCharge = to.reverse
		return q.setTax(t)
	}
	for i := range q.Options {
		option := &q.Options[i]
		at, err := to.orStore(b.offers[i].location)
		if err != nil {
			return err
		}
		if i != selected && b.offers[i].location != nil {
			continue // free, so that there is nothing to tax
		}
		t, err := q.taxAt(in, at, option)
		if err != nil {
			return err
		}
		part := t.parts[len(q.Lines)]
		switch {
		case !t.relief:
			option.Tax = part
			if cost := option.Cost(q.TaxIncluded); cost.IsNegative() {
				return fmt.Errorf("%w: %v with tax of %v", money.ErrOverflow, option.Price, part)
			}
		case !part.IsZero():
			option.Relief = part
		}
		if i == selected {
			q.ReverseCharge = at.reverse
			if err := q.setTax(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// orStore is where an order is taxed that is collected at a location, if there is one: there, and as any other bought in the store.
func (p place) orStore(location *Location) (place, error) {
	if location == nil {
		return p, nil
	}
	return placeIn(p.country, location.Region)
}

// taxAt computes the tax of the lines, and of an option if there is one.
func (q *Quote) taxAt(in Input, at place, option *Option) (taxation, error) {
	all := make([]taxed, len(q.Lines), len(q.Lines)+1)
	for i := range in.Items {
		item, line := &in.Items[i], &q.Lines[i]
		rate, err := at.rate(item.TaxCategory)
		if err != nil {
			return taxation{}, &ItemError{LineID: item.LineID, SKU: item.SKU, Err: err}
		}
		all[i] = taxed{money.New(line.Subtotal.Minor-line.Discount.Minor, q.Currency), rate}
	}
	if option != nil {
		rate, err := at.shippingRate()
		if err != nil {
			return taxation{}, fmt.Errorf("tax of shipping: %w", err)
		}
		all = append(all, taxed{money.New(option.Price.Minor-option.Discount.Minor, q.Currency), rate})
	}
	t, err := q.taxes(all, at.reverse && q.TaxIncluded)
	if err != nil {
		return taxation{}, fmt.Errorf("tax: %w", err)
	}
	return t, nil
}

// taxes computes the tax of each rate once, over the sum of all that is taxed at it, and splits it into parts, one for each of all.
func (q *Quote) taxes(all []taxed, relief bool) (taxation, error) {
	t := taxation{rates: make([]taxRate, len(all)), parts: make([]money.Money, len(all)), relief: relief}
	for i := range all {
		t.rates[i] = all[i].rate
	}
	members := make([]int64, 0, len(all))
	for _, rate := range distinct(t.rates) {
		members = members[:0]
		whole := sum{amount: money.Zero(q.Currency)}
		for _, one := range all {
			if one.rate == rate {
				members = append(members, one.amount.Minor)
				whole.add(one.amount)
			}
		}
		if whole.err != nil {
			return taxation{}, whole.err
		}
		step := q.taxStep(relief)
		group, err := q.taxGroup(whole.amount, rate, step)
		if err != nil {
			return taxation{}, err
		}
		shares, err := spread(group.Tax, members, step)
		if err != nil {
			return taxation{}, err
		}
		for i := range all {
			if all[i].rate == rate {
				t.parts[i], shares = shares[0], shares[1:]
			}
		}
		if !whole.amount.IsZero() {
			t.groups = append(t.groups, group)
		}
	}
	return t, nil
}

// taxStep is what tax is rounded to: what is charged, or taken off a charge, must be a multiple of the currency's step.
func (q *Quote) taxStep(relief bool) int64 {
	if q.TaxIncluded && !relief {
		return 1
	}
	return q.Currency.Step()
}

// taxGroup is the tax on the sum of all that is taxed at one rate. Amounts are never negative, so that rounding half away from zero is
// half up.
func (q *Quote) taxGroup(whole money.Money, rate taxRate, step int64) (group TaxLine, err error) {
	group.Treatment = rate.treatment
	group.Rate, group.Rest = rate.points()
	if q.TaxIncluded {
		if group.Net, err = whole.ShareInSteps(wholeMillionths, wholeMillionths+rate.millionths, step); err == nil {
			group.Tax, err = whole.Sub(group.Net)
		}
		return group, err
	}
	group.Net = whole
	group.Tax, err = whole.ShareInSteps(rate.millionths, wholeMillionths, step)
	return group, err
}

// setTax sets the tax of the quote and of its lines, or takes it off where the buyer has relief.
func (q *Quote) setTax(t taxation) error {
	if t.relief {
		return q.setRelief(t)
	}
	q.Taxes = t.groups
	tax := sum{amount: money.Zero(q.Currency)}
	for _, group := range t.groups {
		tax.add(group.Tax)
	}
	for i := range q.Lines {
		line := &q.Lines[i]
		line.Tax = t.parts[i]
		line.TaxRate, line.TaxRest = t.rates[i].points()
		if !q.TaxIncluded {
			total := sum{amount: line.Total}
			total.add(line.Tax)
			if total.err != nil {
				return total.err
			}
			line.Total = total.amount
		}
	}
	if q.TaxIncluded {
		q.IncludedTax = tax.amount
	} else {
		q.Tax = tax.amount
	}
	return tax.err
}

// setRelief takes the tax out of prices that include it: what is left is net, at no rate. What has no tax anyway stays as it is.
func (q *Quote) setRelief(t taxation) error {
	net := sum{amount: money.Zero(q.Currency)}
	var others []TaxLine
	for _, group := range t.groups {
		if group.Treatment != "" {
			others = append(others, group)
			continue
		}
		net.add(group.Net)
	}
	for i := range q.Lines {
		line := &q.Lines[i]
		line.Total.Minor -= t.parts[i].Minor // a part is never more than the line
	}
	if !net.amount.IsZero() {
		q.Taxes = append(q.Taxes, TaxLine{Net: net.amount, Tax: money.Zero(q.Currency), Treatment: TreatmentReverseCharge})
	}
	q.Taxes = append(q.Taxes, others...)
	slices.SortStableFunc(q.Taxes, func(a, b TaxLine) int { return cmp.Compare(a.Treatment, b.Treatment) })
	return net.err
}

// distinct lists the rates that occur, highest first.
func distinct(rates []taxRate) []taxRate {
	found := slices.Clone(rates)
	slices.SortFunc(found, func(a, b taxRate) int {
		return cmp.Or(cmp.Compare(b.millionths, a.millionths), cmp.Compare(a.treatment, b.treatment))
	})
	return slices.Compact(found)
}
