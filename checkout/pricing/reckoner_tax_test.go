package pricing_test

import (
	"fmt"
	"math/big"
	"sort"
	"strings"

	"kassa/checkout/pricing"
)

// rateOf is what a tax category is taxed at, in millionths.
func (r *reckoner) rateOf(category, region string) (millionths int64, treatment pricing.Treatment) {
	if category == "" {
		category = "standard"
	}
	if common([]string{category}, r.in.Country.TaxExempt) {
		return 0, pricing.TreatmentExempt
	}
	if own, ok := r.in.Country.Regions[region].TaxMillionths[category]; ok {
		return own, ""
	}
	return r.in.Country.TaxRates[category] * 100, ""
}

// europe is the union, in the order in which its members joined.
const europe = "DE FR IT BE NL LU DK IE GR ES PT AT FI SE CY CZ EE HU LV LT MT PL SI SK BG RO HR"

func inEurope(code string) bool { return common([]string{code}, strings.Fields(europe)) }

// taxes taxes what is left of the lines, and the way if there is one.
func (r *reckoner) taxes(all *reckoned, w *way) (added, included, relief *big.Int) {
	added, included, relief = n(0), n(0), n(0)
	region, _ := r.region(r.in.Region)
	reverse := r.settings.ReverseCharge && inEurope(r.in.Country.Code) && inEurope(r.in.VATCountry) &&
		r.in.Country.Code != r.settings.Home && r.in.VATCountry != r.settings.Home
	if w != nil && w.store != nil {
		region, _ = r.region(w.store.Region)
		reverse = false
	}
	type claim struct {
		amount *big.Int
		of     *thing // nil for shipping
	}
	groups := map[string][]claim{}
	rates := map[string]int64{}
	file := func(category string, c claim) {
		millionths, treatment := r.rateOf(category, region)
		if reverse && !r.in.Country.TaxIncluded && treatment == "" {
			millionths, treatment = 0, pricing.TreatmentReverseCharge
		}
		key := fmt.Sprintf("%07d %s", 9_999_999-millionths, treatment)
		groups[key], rates[key] = append(groups[key], c), millionths
	}
	for _, g := range r.goods {
		file(g.TaxCategory, claim{g.left, g})
	}
	if w != nil {
		file(r.in.Country.ShippingTax, claim{less(w.asked, w.waived), nil})
	}
	keys := make([]string, 0, len(groups))
	for key := range groups {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var exempt []string
	net := n(0)
	for _, key := range keys {
		claims := make([]*big.Int, 0, len(groups[key]))
		for _, c := range groups[key] {
			claims = append(claims, c.amount)
		}
		whole, rate, treatment := plus(claims...), rates[key], strings.TrimSpace(key[7:])
		tax, bare, step := nearest(whole, rate, 1_000_000, r.step), whole, r.step
		if r.in.Country.TaxIncluded {
			if !reverse {
				step = n(1)
			}
			bare = nearest(whole, 1_000_000, 1_000_000+rate, step)
			tax = less(whole, bare)
		}
		for i, part := range deal(tax, claims, step) {
			if g := groups[key][i].of; g != nil {
				switch {
				case !r.in.Country.TaxIncluded:
					g.tax, g.paid = part, plus(g.left, part)
				case reverse:
					g.paid = less(g.left, part)
				default:
					g.tax = part
				}
			}
		}
		row := fmt.Sprint(rate, " ", treatment, " ", bare, " ", tax)
		switch {
		case reverse && r.in.Country.TaxIncluded:
			relief = plus(relief, tax)
			if treatment == "" {
				net = plus(net, bare)
			} else if whole.Sign() > 0 {
				exempt = append(exempt, row)
			}
			continue
		case r.in.Country.TaxIncluded:
			included = plus(included, tax)
		default:
			added = plus(added, tax)
		}
		if whole.Sign() > 0 {
			all.Taxes = append(all.Taxes, row)
		}
	}
	if reverse && r.in.Country.TaxIncluded {
		all.Taxes = exempt
		if net.Sign() > 0 {
			all.Taxes = append(all.Taxes, fmt.Sprint(0, " ", pricing.TreatmentReverseCharge, " ", net, " ", 0))
		}
	}
	return added, included, relief
}
