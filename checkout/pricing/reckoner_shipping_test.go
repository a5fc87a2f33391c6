package pricing_test

import (
	"math/big"
	"strings"

	"kassa/checkout/pricing"
)

// region is the name under which the settings know where the order goes: "" elsewhere. It fails where nothing is sold.
func (r *reckoner) region(name string) (code, failure string) {
	name = strings.TrimSpace(strings.ToUpper(name))
	found := ""
	for code, region := range r.in.Country.Regions {
		if name == code || name == r.in.Country.Code+"-"+code || name != "" && name == strings.ToUpper(region.Name) {
			found = code
		}
	}
	switch {
	case found != "" && r.in.Country.Regions[found].Excluded:
		return "", "region excluded"
	case found == "" && r.in.Country.RegionRequired && name == "":
		return "", "region missing"
	case found == "" && r.in.Country.RegionRequired:
		return "", "region excluded"
	}
	return found, ""
}

// findWays lists the shipping options.
func (r *reckoner) findWays() (failure string) {
	ships, grams := false, n(0)
	for _, g := range r.goods {
		if g.Shippable {
			ships = true
			grams.Add(grams, product(g.Weight, g.Quantity))
		}
	}
	if r.in.Country == nil {
		return ""
	}
	_, failure = r.region(r.in.Region)
	if !ships {
		return failure
	}
	chosen := false
	for _, m := range r.in.Country.Shipping {
		w := &way{method: m, price: n(0)}
		if m.Pickup != "" {
			for i := range r.settings.Locations {
				if l := &r.settings.Locations[i]; l.ID == m.Pickup && l.Country == r.in.Country.Code {
					w.store = l
				}
			}
			if w.store == nil {
				continue
			}
		} else if !r.pricedWay(w, grams) || failure != "" {
			continue
		}
		if r.keptFrom(m) {
			continue
		}
		chosen = chosen || m.ID == r.in.Option
		r.options = append(r.options, w)
	}
	switch {
	case failure != "" && !chosen:
		return failure
	case len(r.options) == 0:
		return "no shipping"
	case r.in.Option != "" && !chosen:
		return "unknown option"
	}
	return ""
}

func (r *reckoner) pricedWay(w *way, grams *big.Int) bool {
	prices := w.method.Prices
	for _, band := range w.method.Bands {
		if grams.Cmp(n(band.FromGrams)) >= 0 && (band.ToGrams == 0 || grams.Cmp(n(band.ToGrams)) <= 0) {
			prices = band.Prices
		}
	}
	price, ok := prices[r.in.Currency]
	w.price = n(price)
	return ok
}

func (r *reckoner) keptFrom(m pricing.ShippingMethod) bool {
	for _, g := range r.goods {
		if g.Shippable && common(g.Categories, m.ExceptCategories) {
			return true
		}
	}
	return false
}

func common(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

// chosenWay is the option that is paid for: the shopper's, else what costs least to bring, else a store.
func (r *reckoner) chosenWay() *way {
	var best *way
	for _, w := range r.options {
		if r.in.Option != "" {
			if w.method.ID == r.in.Option {
				return w
			}
			continue
		}
		switch {
		case best == nil, best.store != nil && w.store == nil:
			best = w
		case best.store == nil && w.store != nil:
		case less(w.asked, w.waived).Cmp(less(best.asked, best.waived)) < 0:
			best = w
		}
	}
	return best
}
