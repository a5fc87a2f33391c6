package pricing

import (
	"fmt"
	"slices"

	"kassa/payments/money"
)

// Price computes a quote. It fails with [ErrUnknownOption] for an option that the country doesn't have for these items in this currency,
// with [ErrNoShipping] if it has none at all for what must be shipped, with [ErrRegionMissing] or [ErrRegionExcluded] where the shop
// doesn't sell in a part of the country, with [ErrRule] for one of Input.Rules that contradicts itself or another, and with an [ItemError]
// for an item that can't be priced. An order that is collected needs no destination: Country is then that of the location, which
// [Rulebook.Pickup] tells.
func Price(in Input) (Quote, error) {
	if known, err := money.ParseCurrency(string(in.Currency)); err != nil || known != in.Currency {
		return Quote{}, fmt.Errorf("%w: %q", money.ErrUnknownCurrency, in.Currency)
	}
	zero := money.Zero(in.Currency)
	q := Quote{Currency: in.Currency, Estimated: in.Country == nil,
		Subtotal: zero, Discount: zero, Shipping: zero, Tax: zero, IncludedTax: zero, Net: zero, Total: zero}
	order := pricingOrder(in.Items)
	in.Items = arrange(in.Items, order)
	if err := q.priceItems(in.Items); err != nil {
		return Quote{}, err
	}
	if err := q.spreadDiscount(in.Discount); err != nil {
		return Quote{}, fmt.Errorf("discount: %w", err)
	}
	if err := q.sell(in); err != nil {
		return Quote{}, err
	}
	if err := q.total(); err != nil {
		return Quote{}, fmt.Errorf("total: %w", err)
	}
	q.Lines = putBack(q.Lines, order)
	q.reallocate(order)
	return q, nil
}

// sell adds what the shop settles: discounts, and with a country shipping and tax.
func (q *Quote) sell(in Input) error {
	var at place
	var refusal error
	if in.Country != nil {
		at, refusal = placeIn(in.Country, in.Region)
		at.reverse = in.Rulebook.reverses(in.Country.Code, in.VATCountry)
	}
	b, err := q.contentsOf(in, refusal)
	if err != nil {
		return err
	}
	chosen, err := q.discount(in, b)
	if err != nil || in.Country == nil {
		return err
	}
	q.TaxIncluded = in.Country.TaxIncluded
	q.offerShipping(in, b, chosen)
	return q.applyTax(in, b, at, chosen.selected)
}

// priceItems makes a line of each item, and the subtotal.
func (q *Quote) priceItems(items []Item) error {
	q.Lines = make([]Line, 0, len(items))
	subtotal := sum{amount: q.Subtotal}
	for _, item := range items {
		line, err := q.priceItem(item)
		if err != nil {
			return &ItemError{LineID: item.LineID, SKU: item.SKU, Err: err}
		}
		q.Lines = append(q.Lines, line)
		subtotal.add(line.Subtotal)
	}
	if subtotal.err != nil {
		return fmt.Errorf("subtotal: %w", subtotal.err)
	}
	q.Subtotal = subtotal.amount
	return nil
}

func (q *Quote) priceItem(item Item) (Line, error) {
	if item.Quantity < 1 {
		return Line{}, fmt.Errorf("%w: %d", ErrQuantity, item.Quantity)
	}
	if err := q.checkPrice(item.Unit); err != nil {
		return Line{}, err
	}
	if item.Weight < 0 {
		return Line{}, fmt.Errorf("%w: weight %d g", ErrNegative, item.Weight)
	}
	subtotal, err := item.Unit.Mul(item.Quantity)
	if err != nil {
		return Line{}, err
	}
	zero := money.Zero(q.Currency)
	return Line{LineID: item.LineID, SKU: item.SKU, Title: item.Title, ImageURL: item.ImageURL, Quantity: item.Quantity,
		Unit: item.Unit, Subtotal: subtotal, Discount: zero, Tax: zero, Total: subtotal}, nil
}

// checkPrice refuses amounts that must not become part of a total. It is what keeps every total a multiple of the step.
func (q *Quote) checkPrice(price money.Money) error {
	switch {
	case price.Currency != q.Currency:
		return fmt.Errorf("%w: price in %q, quote in %q", money.ErrCurrencyMismatch, price.Currency, q.Currency)
	case price.IsNegative():
		return fmt.Errorf("%w: %v", ErrNegative, price)
	case price.Minor%q.Currency.Step() != 0:
		return fmt.Errorf("%w: %v is not a multiple of %v", money.ErrNotChargeable, price, money.New(q.Currency.Step(), q.Currency))
	}
	return nil
}

// spreadDiscount gives each line its part of the discount, which is never more than the line.
func (q *Quote) spreadDiscount(discount money.Money) error {
	if discount == (money.Money{}) {
		return nil
	}
	if err := q.checkPrice(discount); err != nil {
		return err
	}
	q.Discount = money.New(min(discount.Minor, q.Subtotal.Minor), q.Currency)
	if q.Discount.IsZero() {
		return nil
	}
	subtotals := make([]int64, len(q.Lines))
	for i, line := range q.Lines {
		subtotals[i] = line.Subtotal.Minor
	}
	parts, err := spread(q.Discount, subtotals, q.Currency.Step())
	if err != nil {
		return err
	}
	for i := range q.Lines {
		line := &q.Lines[i]
		line.Discount = parts[i]
		if line.Total, err = line.Subtotal.Sub(parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// total adds up, and takes all tax off again for the net.
func (q *Quote) total() error {
	total := sum{amount: money.Zero(q.Currency)}
	for _, line := range q.Lines {
		total.add(line.Total)
	}
	if i := slices.IndexFunc(q.Options, func(o Option) bool { return o.ID == q.Selected }); i >= 0 {
		total.add(q.Options[i].Cost(q.TaxIncluded))
	}
	q.Total = total.amount
	if q.Estimated || total.err != nil {
		return total.err
	}
	net := sum{amount: q.Total}
	net.subtract(q.Tax)
	net.subtract(q.IncludedTax)
	q.Net = net.amount
	return net.err
}
