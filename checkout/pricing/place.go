package pricing

import (
	"fmt"
	"slices"
	"strings"
)

// wholeMillionths is a rate of 100 %, in the unit that tax is computed in.
const wholeMillionths = 1_000_000

// perBasisPoint is how many millionths a basis point has.
const perBasisPoint = wholeMillionths / wholeRate

// place is where an order is taxed.
type place struct {
	country *Country
	region  Region // the zero value where the country's own rates hold
	reverse bool   // the buyer owes the tax
}

// taxRate is how something is taxed.
type taxRate struct {
	millionths int64
	treatment  Treatment
}

// points is the rate in basis points, and what that leaves out in hundredths of one.
func (r taxRate) points() (whole, rest int64) {
	return r.millionths / perBasisPoint, r.millionths % perBasisPoint
}

// placeIn finds the region of a country. It fails with [ErrRegionMissing] or [ErrRegionExcluded] where nothing is sold,
// and then knows the country still: what is collected in a store goes nowhere.
func placeIn(country *Country, name string) (place, error) {
	at := place{country: country}
	region, known := country.region(name)
	switch {
	case known && region.Excluded, !known && country.RegionRequired && fold(name) != "":
		return at, fmt.Errorf("%w: %q in %s", ErrRegionExcluded, name, country.Code)
	case !known && country.RegionRequired:
		return at, fmt.Errorf("%w: %s", ErrRegionMissing, country.Code)
	}
	at.region = region
	return at, nil
}

// Sells returns nil if the shop sells to a region of the country, else [ErrRegionMissing] or [ErrRegionExcluded].
func (c Country) Sells(region string) error {
	_, err := placeIn(&c, region)
	return err
}

// region finds a region by its code, with or without the country's, or by its name.
func (c *Country) region(name string) (Region, bool) {
	folded := fold(name)
	if region, ok := c.Regions[strings.TrimPrefix(folded, c.Code+"-")]; ok {
		return region, true
	}
	for _, region := range c.Regions { // names differ, so that their order doesn't matter
		if folded != "" && fold(region.Name) == folded {
			return region, true
		}
	}
	return Region{}, false
}

// fold is the form in which regions are compared.
func fold(name string) string { return strings.ToUpper(strings.TrimSpace(name)) }

// rate is that of a tax category. One that can't be isn't taken from settings that nobody validated.
func (p place) rate(category string) (taxRate, error) {
	if category == "" {
		category = StandardRate
	}
	if slices.Contains(p.country.TaxExempt, category) {
		return taxRate{treatment: TreatmentExempt}, nil
	}
	points, ok := p.country.TaxRates[category]
	rate := taxRate{millionths: points * perBasisPoint}
	if own, has := p.region.TaxMillionths[category]; has {
		rate.millionths = own
	}
	if !ok || points < 0 || points > wholeRate || rate.millionths < 0 || rate.millionths > wholeMillionths {
		return taxRate{}, fmt.Errorf("%w: %q in %s", ErrUnknownTaxCategory, category, p.country.Code)
	}
	if p.reverse && !p.country.TaxIncluded {
		return taxRate{treatment: TreatmentReverseCharge}, nil
	}
	return rate, nil
}

// shippingRate is that of shipping.
func (p place) shippingRate() (taxRate, error) { return p.rate(p.country.ShippingTax) }

// union are the member states of the European Union by ISO 3166-1 code: where reverse charge exists.
var union = map[string]bool{
	"AT": true, "BE": true, "BG": true, "CY": true, "CZ": true, "DE": true, "DK": true, "EE": true, "ES": true,
	"FI": true, "FR": true, "GR": true, "HR": true, "HU": true, "IE": true, "IT": true, "LT": true, "LU": true,
	"LV": true, "MT": true, "NL": true, "PL": true, "PT": true, "RO": true, "SE": true, "SI": true, "SK": true,
}

// reverses reports whether an order that is brought to a country is taxed by reverse charge: it crosses a border within the union, to a
// business that another member state than the shop's knows by its VAT id.
func (b *Rulebook) reverses(to, vatCountry string) bool {
	return b != nil && b.reverseCharge && to != b.home && vatCountry != b.home && union[to] && union[vatCountry]
}
