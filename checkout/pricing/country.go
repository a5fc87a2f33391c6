package pricing

import (
	"maps"
	"slices"
	"strconv"

	"kassa/payments/money"
)

const (
	defaultLanguage = "en"
	longestDays     = 366
	longestID       = 64
)

// Country is how the shop sells to a country. Shop settings hold one for each.
type Country struct {
	// Code is the country's ISO 3166-1 alpha-2 code.
	Code string `json:"code"`
	// Currency is the one that carts from the country get if they don't ask for another.
	Currency money.Currency `json:"currency"`
	// TaxIncluded tells whether prices, those of shipping too, include tax or have it added.
	TaxIncluded bool `json:"tax_included"`
	// TaxRates are basis points by the tax categories of products. There is always one for [StandardRate].
	TaxRates map[string]int64 `json:"tax_rates"`
	// TaxExempt are tax categories without tax, which is not the same as a rate of zero to those who read the books.
	TaxExempt []string `json:"tax_exempt,omitempty"`
	// ShippingTax is the tax category of shipping, "" for [StandardRate].
	ShippingTax string `json:"shipping_tax,omitempty"`
	// Regions are the parts of the country that are taxed otherwise or not sold to, by ISO 3166-2 code without the country's, such as
	// "CA". Everywhere else, and while the region is unknown, the country's own rates hold.
	Regions map[string]Region `json:"regions,omitempty"`
	// RegionRequired makes the shop sell to the listed regions only: without one there is no quote but [ErrRegionMissing] or
	// [ErrRegionExcluded].
	RegionRequired bool `json:"region_required,omitempty"`
	// Shipping lists the ways to ship, in the order in which they are shown. None: nothing that must be shipped can be sold there.
	Shipping []ShippingMethod `json:"shipping"`
	// ReturnDays is how long an order may be returned, zero for not at all.
	ReturnDays int `json:"return_days"`
	// PayButton is the label of the button that pays, where the law wants certain words, "" where it doesn't.
	PayButton string `json:"pay_button,omitempty"`
}

// Region is a part of a country, such as a state of the US.
type Region struct {
	// Name may be given in place of the code, in any case.
	Name string `json:"name,omitempty"`
	// TaxMillionths are rates by tax category in place of the country's: 66250 is 6.625 %, for which basis points are too coarse. A
	// category without one has the country's.
	TaxMillionths map[string]int64 `json:"tax_millionths,omitempty"`
	// Excluded regions aren't sold to.
	Excluded bool `json:"excluded,omitempty"`
}

// Validate returns nil, or [FieldErrors] that name each wrong field as "countries.CODE.…", in a fixed order. What a country says of
// locations and categories is checked by [Settings.Validate].
func (c Country) Validate() error {
	v := validation{prefix: "countries." + c.Code + "."}
	v.requireCountry(c.Code, "code")
	v.requireCurrency(c.Currency, "currency")
	v.checkTax(c)
	v.checkRegions(c)
	v.require(c.ReturnDays >= 0, "return_days", "must not be negative")
	seen := map[string]bool{}
	for i, method := range c.Shipping {
		v.within(element("shipping", i), func() {
			v.require(!seen[method.ID], "id", "occurs twice")
			seen[method.ID] = true
			v.checkMethod(method, c.Currency)
		})
	}
	return v.result()
}

func (v *validation) checkTax(c Country) {
	if _, ok := c.TaxRates[StandardRate]; !ok {
		v.fail("tax_rates."+StandardRate, "is missing")
	}
	for _, category := range slices.Sorted(maps.Keys(c.TaxRates)) {
		rate := c.TaxRates[category]
		v.require(category != "", "tax_rates", "has a category without a name")
		v.require(rate >= 0 && rate <= wholeRate, "tax_rates."+category, "must be 0 to "+strconv.Itoa(wholeRate)+" basis points")
	}
	v.checkNames(c.TaxExempt, "tax_exempt")
	for i, category := range c.TaxExempt {
		_, rated := c.TaxRates[category]
		v.require(!rated, element("tax_exempt", i), "has a rate in tax_rates too")
	}
	v.require(c.ShippingTax == "" || c.Taxes(c.ShippingTax), "shipping_tax", "is neither in tax_rates nor in tax_exempt")
}

// Taxes reports whether the country knows a tax category: taxes it, or exempts it.
func (c Country) Taxes(category string) bool {
	_, ok := c.TaxRates[category]
	return ok || slices.Contains(c.TaxExempt, category)
}

func (v *validation) checkRegions(c Country) {
	names := map[string]bool{}
	for code := range c.Regions {
		names[fold(code)] = true
	}
	open := false
	for _, code := range slices.Sorted(maps.Keys(c.Regions)) {
		region := c.Regions[code]
		open = open || !region.Excluded
		v.require(isRegion(code), "regions."+code, "must be an ISO 3166-2 code in upper case, without the country's")
		v.within("regions."+code, func() {
			name := fold(region.Name)
			v.require(name == "" || !names[name], "name", "is that of another region")
			names[name] = true
			v.require(!region.Excluded || len(region.TaxMillionths) == 0, "tax_millionths", "must not stand with excluded")
			for _, category := range slices.Sorted(maps.Keys(region.TaxMillionths)) {
				rate := region.TaxMillionths[category]
				_, rated := c.TaxRates[category]
				v.require(rated, "tax_millionths."+category, "has no rate in the country's tax_rates")
				v.require(rate >= 0 && rate <= wholeMillionths, "tax_millionths."+category,
					"must be 0 to "+strconv.Itoa(wholeMillionths)+" millionths")
			}
		})
	}
	v.require(open || !c.RegionRequired, "region_required", "needs a region that isn't excluded")
}
