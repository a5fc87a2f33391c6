package pricing

import (
	"fmt"
	"slices"

	"kassa/payments/money"
)

// StandardRate is the tax category that every country has a rate for. Shipping is taxed at it.
const StandardRate = "standard"

// wholeRate is a rate of 100 %: rates are in basis points.
const wholeRate = 10_000

// taxed is an amount with the rate at which it is taxed: a line after discount, or shipping.
type taxed struct {
	amount money.Money
	rate   int64
}

// setRates looks up the tax rate of each item.
func (q *Quote) setRates(in Input) error {
	for i, item := range in.Items {
		rate, err := in.Country.taxRate(item.TaxCategory)
		if err != nil {
			return &ItemError{LineID: item.LineID, SKU: item.SKU, Err: err}
		}
		q.Lines[i].TaxRate = rate
	}
	return nil
}

func (c Country) taxRate(category string) (int64, error) {
	if category == "" {
		category = StandardRate
	}
	rate, ok := c.TaxRates[category]
	if !ok || rate < 0 || rate > wholeRate {
		return 0, fmt.Errorf("%w: %q in %s", ErrUnknownTaxCategory, category, c.Code)
	}
	return rate, nil
}

// applyTax computes the tax of the lines with the selected option, and for each other option what its own part would be.
func (q *Quote) applyTax(country *Country, selected int) error {
	all := make([]taxed, len(q.Lines), len(q.Lines)+1)
	for i, line := range q.Lines {
		all[i] = taxed{line.Total, line.TaxRate}
	}
	if len(q.Options) == 0 {
		parts, groups, err := q.taxes(all)
		if err != nil {
			return err
		}
		return q.setTax(parts, groups)
	}
	standard, err := country.taxRate(StandardRate)
	if err != nil {
		return err
	}
	all = append(all, taxed{}) // the option, in turn
	last := len(all) - 1
	for i := range q.Options {
		option := &q.Options[i]
		all[last] = taxed{option.Price, standard}
		parts, groups, err := q.taxes(all)
		if err != nil {
			return fmt.Errorf("option %s: %w", option.ID, err)
		}
		option.Tax = parts[last]
		if i == selected {
			if err := q.setTax(parts, groups); err != nil {
				return err
			}
		}
	}
	return nil
}

// setTax sets the tax of the quote and of its lines, whose parts come first.
func (q *Quote) setTax(parts []money.Money, groups []TaxLine) error {
	q.Taxes = groups
	tax := sum{amount: money.Zero(q.Currency)}
	for _, group := range groups {
		tax.add(group.Tax)
	}
	for i := range q.Lines {
		line := &q.Lines[i]
		line.Tax = parts[i]
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

// taxes computes the tax of each rate once, over the sum of all that is taxed at it, and splits it into parts, one for each of all.
func (q *Quote) taxes(all []taxed) (parts []money.Money, groups []TaxLine, err error) {
	parts = make([]money.Money, len(all))
	for _, rate := range rates(all) {
		var members []money.Money
		whole := sum{amount: money.Zero(q.Currency)}
		for _, t := range all {
			if t.rate == rate {
				members = append(members, t.amount)
				whole.add(t.amount)
			}
		}
		if whole.err != nil {
			return nil, nil, whole.err
		}
		group, step, err := q.taxGroup(whole.amount, rate)
		if err != nil {
			return nil, nil, err
		}
		shares, err := spread(group.Tax, members, step)
		if err != nil {
			return nil, nil, err
		}
		for i, t := range all {
			if t.rate == rate {
				parts[i], shares = shares[0], shares[1:]
			}
		}
		if !whole.amount.IsZero() {
			groups = append(groups, group)
		}
	}
	return parts, groups, nil
}

// taxGroup is the tax on the sum of all that is taxed at one rate, and the step in which it was rounded and is to be split. Amounts are
// never negative, so that rounding half away from zero is half up.
func (q *Quote) taxGroup(whole money.Money, rate int64) (group TaxLine, step int64, err error) {
	group, step = TaxLine{Rate: rate}, int64(1)
	if q.TaxIncluded {
		if group.Net, err = whole.Share(wholeRate, wholeRate+rate); err == nil {
			group.Tax, err = whole.Sub(group.Net)
		}
		return group, step, err
	}
	step = q.Currency.Step()
	group.Net = whole
	if group.Tax, err = whole.Share(rate, wholeRate*step); err == nil {
		group.Tax, err = group.Tax.Mul(step)
	}
	return group, step, err
}

// rates lists the rates that occur, highest first.
func rates(all []taxed) []int64 {
	var found []int64
	for _, t := range all {
		found = append(found, t.rate)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	slices.Reverse(found)
	return found
}
