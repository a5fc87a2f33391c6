package pricing

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kassa/payments/money"
)

// ShippingMethod is a way to get what was ordered: brought, at a flat price or one by weight, or collected at a location, which is free.
type ShippingMethod struct {
	ID string `json:"id"`
	// Title is what the shopper reads, by language; "" or "en" is shown where a language has none.
	Title   map[string]string `json:"title"`
	Carrier string            `json:"carrier,omitempty"`
	// Prices are ISO minor units by currency. In a currency without a price the method isn't offered.
	Prices map[money.Currency]int64 `json:"prices,omitempty"`
	// Bands are prices by weight, in place of Prices. What is heavier than the last isn't shipped by the method.
	Bands []WeightBand `json:"bands,omitempty"`
	// FreeFrom is the value of all lines after discount from which on the method costs nothing; ISO minor units by currency.
	FreeFrom map[money.Currency]int64 `json:"free_from,omitempty"`
	// ExceptCategories aren't shipped by the method: it isn't offered with one of them in the cart.
	ExceptCategories []string `json:"except_categories,omitempty"`
	// Pickup is the id of the location to collect at, "" for a method that brings. The location must be in the country.
	Pickup string `json:"pickup,omitempty"`
	// CutOff is the time of day, as HH:MM, until which an order leaves the same day, "" for the shop's.
	CutOff string `json:"cut_off,omitempty"`
	// Weekdays are the days on which the method delivers ("mon" to "sun"), none for the shop's working days. Locations have their opening.
	Weekdays []string `json:"weekdays,omitempty"`
	// MinDays and MaxDays are the delivery window, in working days after the order leaves.
	MinDays int `json:"min_days"`
	MaxDays int `json:"max_days"`
}

// WeightBand is the price of shipping what weighs FromGrams to ToGrams, both included, together.
type WeightBand struct {
	FromGrams int64 `json:"from_grams"`
	// ToGrams is zero in a last band without end.
	ToGrams int64                    `json:"to_grams,omitempty"`
	Prices  map[money.Currency]int64 `json:"prices"`
}

// TitleIn is the method's title in the language of a BCP 47 tag, else its default title, else its id.
func (m ShippingMethod) TitleIn(language string) string { return titleIn(m.Title, language, m.ID) }

func titleIn(titles map[string]string, language, otherwise string) string {
	primary, _, _ := strings.Cut(language, "-")
	for _, key := range []string{language, primary, "", defaultLanguage} {
		if title := titles[key]; title != "" {
			return title
		}
	}
	return otherwise
}

// price is what the method costs for a weight, false if it doesn't ship it or has no price in the currency.
func (m ShippingMethod) price(c money.Currency, grams int64) (money.Money, bool) {
	if m.Pickup != "" {
		return money.Zero(c), true
	}
	prices := m.Prices
	if len(m.Bands) > 0 {
		i := slices.IndexFunc(m.Bands, func(b WeightBand) bool {
			return grams >= b.FromGrams && (b.ToGrams == 0 || grams <= b.ToGrams)
		})
		if i < 0 {
			return money.Money{}, false
		}
		prices = m.Bands[i].Prices
	}
	minor, ok := prices[c]
	return money.New(minor, c), ok
}

// checkMethod checks a method of a country that has its own currency.
func (v *validation) checkMethod(m ShippingMethod, own money.Currency) {
	v.requireID(m.ID, "id")
	v.requireTitle(m.Title, "title")
	v.checkNames(m.ExceptCategories, "except_categories")
	v.require(m.CutOff == "" || isTime(m.CutOff), "cut_off", "must be a time of day as HH:MM")
	v.checkWeekdays(m.Weekdays, "weekdays")
	if m.Pickup != "" {
		v.checkPickup(m)
	} else {
		v.checkPrices(m, own)
	}
	v.require(m.MinDays >= 0, "min_days", "must not be negative")
	v.require(m.MaxDays >= m.MinDays && m.MaxDays <= longestDays, "max_days", "must be min_days to "+strconv.Itoa(longestDays))
}

// checkPickup refuses what collecting can't have.
func (v *validation) checkPickup(m ShippingMethod) {
	v.require(m.Carrier == "", "carrier", "must not stand with pickup: nobody brings it")
	v.require(len(m.Prices) == 0, "prices", "must not stand with pickup, which is free")
	v.require(len(m.Bands) == 0, "bands", "must not stand with pickup, which is free")
	v.require(len(m.FreeFrom) == 0, "free_from", "must not stand with pickup, which is free")
	v.require(len(m.Weekdays) == 0, "weekdays", "must not stand with pickup: the location has its opening")
}

func (v *validation) checkPrices(m ShippingMethod, own money.Currency) {
	const of = "the country"
	v.require(len(m.Prices) == 0 || len(m.Bands) == 0, "bands", "must not stand with prices")
	if _, ok := m.Prices[own]; !ok && len(m.Bands) == 0 {
		v.fail("prices."+string(own), "is missing: it is the currency of "+of)
	}
	v.checkAmounts(m.Prices, "prices", 0)
	from := int64(0)
	for i, band := range m.Bands {
		v.within(element("bands", i), func() {
			v.checkBand(band, from, i == len(m.Bands)-1)
			if _, ok := band.Prices[own]; !ok {
				v.fail("prices."+string(own), "is missing: it is the currency of "+of)
			}
			v.checkAmounts(band.Prices, "prices", 0)
		})
		from = band.ToGrams + 1
	}
	v.checkAmounts(m.FreeFrom, "free_from", 1)
	v.requireOwn(m.FreeFrom, own, "free_from", of)
	for _, c := range slices.Sorted(maps.Keys(m.FreeFrom)) {
		v.require(m.priced(c), "free_from."+string(c), "is in a currency that the method has no price in")
	}
}

// priced reports whether the method has a price in a currency, for some weight at least.
func (m ShippingMethod) priced(c money.Currency) bool {
	if _, ok := m.Prices[c]; ok {
		return true
	}
	return slices.ContainsFunc(m.Bands, func(b WeightBand) bool {
		_, ok := b.Prices[c]
		return ok
	})
}

// checkBand checks that a band begins where the one before it ends.
func (v *validation) checkBand(band WeightBand, from int64, last bool) {
	switch {
	case band.FromGrams < from:
		v.fail("from_grams", fmt.Sprintf("overlaps with the band before: it must be %d", from))
	case band.FromGrams > from:
		v.fail("from_grams", fmt.Sprintf("leaves a gap: it must be %d", from))
	}
	if band.ToGrams == 0 {
		v.require(last, "to_grams", "is missing: only the last band may have no end")
		return
	}
	v.require(band.ToGrams >= band.FromGrams, "to_grams", "must not be less than from_grams")
}
