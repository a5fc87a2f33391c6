// Package pricing turns items, a country's rules and a choice of shipping into a Quote: lines, discounts, shipping with its delivery
// window, tax and total. It is a pure function of its input, so that a quote can be repeated and explained.
//
// How amounts come about, in this order, which no order of items, rules or codes in the input changes:
//
//  1. A line's subtotal is unit price times quantity.
//  2. Input.Discount is taken off all lines.
//  3. Discount rules are judged, each by itself: by its period, limits, country, buyer, currency, products and minimum. The minimum is
//     held against the subtotal of the products that the rule is for, before any discount.
//  4. Of those that hold, either all that combine apply, or one exclusive rule alone: whatever leaves the shopper the least to pay
//     for goods and shipping; of equals the combination, then the rule that comes first by 5.
//  5. They apply one after the other, each to what the earlier ones have left of its products: by priority, the lowest first; of equals
//     percentages, then amounts, then free shipping; then by id. A percentage is rounded once, half up, over all its products.
//  6. A discount is spread over its lines in proportion to what is left of them, by largest remainder, before tax.
//  7. Shipping is priced by the weight of what is shipped, and is free from a value of goods that is held against the lines after
//     discount, so that a discount may cost free shipping. Free shipping by a rule is a discount on shipping, and is shown as one.
//  8. Shipping is a taxed line of its own, at the standard rate or that of its own category.
//  9. Tax is rounded once for each rate, half up, over all lines and the shipping that share it, and the result is then spread over them
//     by largest remainder. The alternative, rounding each line, drifts by half a unit a line, so that a receipt with many lines
//     shows a tax that isn't the rate times the net it states. Included tax is gross − round(gross / (1 + rate)), added tax
//     round(net · rate).
//
// Where a unit is left over and claims are equal, the line that comes first by sku gets it.
//
// Every amount that makes up the total is a multiple of the currency's [money.Currency.Step], and with it the total: a price that isn't
// is refused, tax that is added is rounded to a step, and discount and added tax are spread in steps. Included tax is only a statement
// about a total, and stays in minor units. Nothing is negative, and an amount that overflows is an error.
package pricing

import (
	"time"

	"kassa/payments/money"
)

// Item is a line of a cart with what the catalog says about its product. In a country with included tax Unit is a gross price, otherwise
// a net one. An empty TaxCategory means [StandardRate].
type Item struct {
	LineID, SKU, Title, ImageURL string
	Quantity                     int64
	Unit                         money.Money
	TaxCategory                  string
	Shippable                    bool
	// Categories are those of the catalog, which discounts and shipping methods go by.
	Categories []string
	// Weight of one, in grams; zero where it doesn't matter.
	Weight int64
}

// Input is all that a quote depends on.
type Input struct {
	Currency money.Currency
	Items    []Item
	// Discount is taken off the items, never off shipping, and at most their subtotal. The zero value is none. It comes before all rules
	// and isn't among Quote.Applied.
	Discount money.Money
	// Country is where the order goes to, nil while that is unknown: then there is no shipping and no statement on tax, and the quote
	// is an estimate. It must have passed [Country.Validate].
	Country *Country
	// Region is the part of the country, by its ISO 3166-2 code with or without the country's ("CA", "US-CA") or its name in the
	// settings, "" while unknown. It matters in countries with [Country.Regions].
	Region string
	// Option is the id of the chosen shipping option, "" for none yet: then the cheapest is selected, of equals the one listed first,
	// and a pick-up only if there is nothing else. It isn't looked at while there is nothing to ship or no country to ship to.
	Option string
	// Language is that of titles, as a BCP 47 tag.
	Language string
	// Now is when the quote is made. Delivery windows count from its date in the shop's zone, without one in UTC.
	Now time.Time
	// Rulebook is what the shop has settled beyond its countries; nil for nothing.
	Rulebook *Rulebook
	// Rules are discounts besides those of the settings, such as one made for this cart alone. Ids and codes must differ from theirs.
	Rules []DiscountRule
	// Codes are what the shopper typed. Case and spaces around them don't matter, nor does a repetition, and empty ones are passed over.
	Codes []string
	// UsedUp names, by id, the rules that have no use left, in total or for this buyer.
	UsedUp map[string]bool
	// FirstOrder says that the buyer is known to have ordered nothing before.
	FirstOrder bool
	// VATCountry is the country of the buyer's valid VAT id, "" for a consumer. Whether it is valid is for the caller to find out.
	VATCountry string
}

// Quote is a priced cart. Its amounts keep
//
//	Subtotal − Discount + Shipping + Tax − Relief = Total = Net + Tax + IncludedTax
//
// and the totals of the lines and what the selected option costs sum to Total. At most one of Tax, IncludedTax and [Quote.Relief] isn't
// zero.
type Quote struct {
	Currency money.Currency
	Lines    []Line
	Subtotal money.Money // of the items, before discount
	Discount money.Money // what was taken off items and shipping, not negative
	Shipping money.Money // price of the selected option, before discount
	Tax      money.Money // added on top of prices; zero where prices include tax
	// IncludedTax is the tax inside prices. It is part of Total already; never add it.
	IncludedTax money.Money
	Net         money.Money // Total without any tax; zero while Estimated
	Total       money.Money // what is charged
	TaxIncluded bool        // prices include tax
	// ReverseCharge tells that the buyer, a business in another EU country, owes the tax (Council Directive 2006/112/EC, articles 138
	// and 196); an invoice has to say so.
	ReverseCharge bool
	Taxes         []TaxLine // by rate, highest first; none while Estimated
	Options       []Option  // in the order of the country's settings; none if there is nothing to ship
	Selected      string    // id of the option in Shipping, "" without one
	Estimated     bool      // made without a country: shipping and tax are still to come
	// Applied are the discounts that rules gave, in the order in which they were applied. With Input.Discount they sum to Discount.
	Applied []AppliedDiscount
	Refused []RefusedCode // the codes that gave nothing, in the order of Input.Codes
}

// Line is a priced item. Total = Subtotal − Discount, plus Tax where tax is added, less Relief.
type Line struct {
	LineID, SKU, Title, ImageURL         string
	Quantity                             int64
	Unit, Subtotal, Discount, Tax, Total money.Money
	TaxRate                              int64 // basis points
	TaxRest                              int64 // hundredths of a basis point on top, where rates are so fine: 6.625 % is 662 and 50
}

// Option is a way to have the order delivered, between the dates Earliest and Latest (midnight UTC). Tax is the part of the order's
// tax that falls to it when it is selected: inside Price − Discount where prices include tax, otherwise to be added. What it then costs
// is Price − Discount − Relief, plus Tax where tax is added.
type Option struct {
	ID, Title, Carrier string
	Price, Tax         money.Money
	// Discount and Relief are taken off; the zero value, without a currency, where nothing is.
	Discount, Relief money.Money
	Earliest, Latest time.Time
	// Pickup is the id of the location to collect at, "" if the order is brought.
	Pickup string
}

// TaxLine sums what is taxed at one rate, shipping included. Rates of which nothing is due anything, because all is free, are left out.
type TaxLine struct {
	Rate      int64 // basis points
	Net, Tax  money.Money
	Rest      int64 // hundredths of a basis point on top of Rate
	Treatment Treatment
}

// Treatment says why there is no tax on something.
type Treatment string

// A rate of zero is a rate, and no treatment.
const (
	TreatmentExempt        Treatment = "exempt"
	TreatmentReverseCharge Treatment = "reverse_charge"
)

// ShippingDiscount is the part of Discount that was taken off Shipping; the rest are the discounts of the lines.
func (q Quote) ShippingDiscount() money.Money {
	rest := q.Discount
	for _, line := range q.Lines {
		rest.Minor -= line.Discount.Minor
	}
	return rest
}

// Relief is the tax inside prices that the buyer is not charged, because of ReverseCharge. Without, what is charged is never less than
// what is asked for.
func (q Quote) Relief() money.Money {
	return money.New(max(0, q.Subtotal.Minor-q.Discount.Minor+q.Shipping.Minor-q.Total.Minor), q.Currency)
}

// Relief is the line's part of [Quote.Relief].
func (l Line) Relief() money.Money {
	return money.New(max(0, l.Subtotal.Minor-l.Discount.Minor-l.Total.Minor), l.Total.Currency)
}

// Cost is what the option adds to the total when it is selected; taxIncluded is that of its quote.
func (o Option) Cost(taxIncluded bool) money.Money {
	cost := o.Price.Minor - o.Discount.Minor - o.Relief.Minor
	if !taxIncluded {
		cost += o.Tax.Minor
	}
	return money.New(cost, o.Price.Currency)
}
