// Package pricing turns items, a country's rules and a choice of shipping into a Quote: lines, discount, shipping with its delivery
// window, tax and total. It is a pure function of its input, so that a quote can be repeated and explained.
//
// How amounts come about, in this order:
//
//   - A line's subtotal is unit price times quantity.
//   - A discount is spread over the lines in proportion to their subtotals, by largest remainder, before tax.
//   - Shipping is a taxed line of its own, at the standard rate.
//   - Tax is rounded once for each rate, half up, over all lines and the shipping that share it, and the result is then spread over them by
//     largest remainder. The alternative, rounding each line, drifts by half a unit a line, so that a receipt with many lines
//     shows a tax that isn't the rate times the net it states. Included tax is gross − round(gross / (1 + rate)), added tax
//     round(net · rate).
//   - Every amount that makes up the total is a multiple of the currency's [money.Currency.Step], and with it the total: a price that isn't
//     is refused, tax that is added is rounded to a step, and discount and added tax are spread in steps. Included tax is only
//     a statement about a total, and stays in minor units.
//
// Nothing is negative, and an amount that overflows is an error.
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
}

// Input is all that a quote depends on.
type Input struct {
	Currency money.Currency
	Items    []Item
	// Discount is taken off the items, never off shipping, and at most their subtotal. The zero value is none.
	Discount money.Money
	// Country is where the order goes to, nil while that is unknown: then there is no shipping and no statement on tax, and the quote
	// is an estimate. It must have passed [Country.Validate].
	Country *Country
	// Option is the id of the chosen shipping option, "" for none yet: then the cheapest is selected, of equals the one listed first.
	// It isn't looked at while there is nothing to ship or no country to ship to.
	Option string
	// Language is that of titles, as a BCP 47 tag.
	Language string
	// Now is when the quote is made: delivery windows count from its date in UTC.
	Now time.Time
}

// Quote is a priced cart. Its amounts keep
//
//	Subtotal − Discount + Shipping + Tax = Total = Net + Tax + IncludedTax
//
// and the totals of the lines, the shipping and the tax added to the shipping sum to Total. One of Tax and IncludedTax is always zero.
type Quote struct {
	Currency money.Currency
	Lines    []Line
	Subtotal money.Money // of the items, before discount
	Discount money.Money // what was taken off, not negative
	Shipping money.Money // price of the selected option
	Tax      money.Money // added on top of prices; zero where prices include tax
	// IncludedTax is the tax inside prices. It is part of Total already; never add it.
	IncludedTax money.Money
	Net         money.Money // Total without any tax; zero while Estimated
	Total       money.Money // what is charged
	TaxIncluded bool        // prices include tax
	Taxes       []TaxLine   // by rate, highest first; none while Estimated
	Options     []Option    // in the order of the country's settings; none if there is nothing to ship
	Selected    string      // id of the option in Shipping, "" without one
	Estimated   bool        // made without a country: shipping and tax are still to come
}

// Line is a priced item. Total = Subtotal − Discount, plus Tax where tax is added.
type Line struct {
	LineID, SKU, Title, ImageURL         string
	Quantity                             int64
	Unit, Subtotal, Discount, Tax, Total money.Money
	TaxRate                              int64 // basis points
}

// Option is a way to have the order delivered, between the dates Earliest and Latest (midnight UTC). Tax is the part of the order's
// tax that falls to it when it is selected: inside Price where prices include tax, otherwise to be added.
type Option struct {
	ID, Title, Carrier string
	Price, Tax         money.Money
	Earliest, Latest   time.Time
}

// TaxLine sums what is taxed at one rate, shipping included. Rates of which nothing is due anything, because all is free, are left out.
type TaxLine struct {
	Rate     int64 // basis points
	Net, Tax money.Money
}
