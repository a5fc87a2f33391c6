package pricing

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"kassa/payments/money"
)

// Settings are what a shop settles about prices besides its countries. [Settings.Rulebook] makes them ready to price by.
type Settings struct {
	// Home is the country that orders are sent from, by ISO 3166-1 alpha-2 code: its holidays are the shop's, and reverse charge is what
	// crosses its border.
	Home string `json:"home,omitempty"`
	// Categories are the categories of the catalog that these settings and the countries' speak of.
	Categories []string       `json:"categories,omitempty"`
	Discounts  []DiscountRule `json:"discounts,omitempty"`
	Locations  []Location     `json:"locations,omitempty"`
	Delivery   Delivery       `json:"delivery,omitzero"`
	// ReverseCharge leaves the tax to businesses with a VAT id of another EU country than Home. Without it they pay like consumers.
	ReverseCharge bool `json:"reverse_charge,omitempty"`
}

// Delivery is when orders leave.
type Delivery struct {
	// Zone is the shop's IANA time zone, such as "Europe/Amsterdam". Without one there are no cut-off, working days and holidays.
	Zone string `json:"zone,omitempty"`
	// CutOff is the time of day, as HH:MM, until which an order leaves the same day, "" for midnight.
	CutOff string `json:"cut_off,omitempty"`
	// WorkingDays are when orders leave ("mon" to "sun"), none for Monday to Friday.
	WorkingDays []string `json:"working_days,omitempty"`
	// Holidays are dates (2006-01-02) by country: nothing leaves on those of Home, and nothing arrives on those of where it goes.
	Holidays map[string][]string `json:"holidays,omitempty"`
}

// Validate returns nil, or [FieldErrors] that name each wrong field, in a fixed order. The countries are those of the same shop; that each
// of them is valid in itself is for [Country.Validate] to say, but what they say of locations, categories and zones is checked here.
func (s Settings) Validate(countries map[string]Country) error {
	v := validation{}
	if s.Home != "" {
		v.requireCountry(s.Home, "home")
	}
	v.checkNames(s.Categories, "categories")
	s.checkDiscounts(&v, countries)
	s.checkLocations(&v, countries)
	s.checkDelivery(&v, countries)
	v.require(!s.ReverseCharge || union[s.Home], "reverse_charge", "needs a home in the EU")
	s.checkMethods(&v, countries)
	return v.result()
}

func (s Settings) checkDiscounts(v *validation, countries map[string]Country) {
	categories, methods, sold := setOf(s.Categories), map[string]bool{}, currenciesOf(countries)
	for _, c := range countries {
		for _, m := range c.Shipping {
			methods[m.ID] = methods[m.ID] || m.Pickup == ""
		}
	}
	ids, codes := map[string]bool{}, map[string]bool{}
	for i, r := range s.Discounts {
		v.within(element("discounts", i), func() {
			v.checkRule(r)
			v.require(!ids[r.ID], "id", "is that of another rule")
			code := NormalizeCode(r.Code)
			v.require(code == "" || !codes[code], "code", "is that of another rule")
			ids[r.ID], codes[code] = true, true
			requireKnown(v, r.Categories, categories, "categories", "category")
			requireKnown(v, r.ExceptCategories, categories, "except_categories", "category")
			requireKnown(v, r.Countries, countries, "countries", "country")
			requireKnown(v, r.Methods, methods, "methods", "shipping method")
			for j, id := range r.Methods {
				brings, known := methods[id]
				v.require(brings || !known, element("methods", j), "is a pick-up, which is free")
			}
			v.requireOwnOf(r, countries)
			v.requireSold(r.Amounts, sold, "amounts")
			v.requireSold(r.Minimum, sold, "minimum")
			v.requireShipping(r, methods, countries)
		})
	}
}

// currenciesOf are those that carts can be in.
func currenciesOf(countries map[string]Country) map[money.Currency]bool {
	sold := map[money.Currency]bool{}
	for _, c := range countries {
		sold[c.Currency] = true
	}
	return sold
}

// requireShipping demands that a rule for free shipping finds some where it is for.
func (v *validation) requireShipping(r DiscountRule, methods map[string]bool, countries map[string]Country) {
	if !r.FreeShipping {
		return
	}
	there := map[string]bool{}
	for code, c := range countries {
		for _, m := range c.Shipping {
			if m.Pickup == "" && (len(r.Countries) == 0 || slices.Contains(r.Countries, code)) {
				there[m.ID] = true
			}
		}
	}
	v.require(len(there) > 0, "free_shipping", "is for countries that nothing is brought to")
	for j, id := range r.Methods {
		v.require(there[id] || !methods[id] || len(there) == 0, element("methods", j), "is in none of the rule's countries")
	}
}

// requireOwnOf demands that a rule with amounts has them in the currency of each country that it is for.
func (v *validation) requireOwnOf(r DiscountRule, countries map[string]Country) {
	codes := r.Countries
	if len(codes) == 0 {
		codes = slices.Sorted(maps.Keys(countries))
	}
	for _, code := range codes {
		if country, ok := countries[code]; ok {
			v.requireOwn(r.Amounts, country.Currency, "amounts", code)
			v.requireOwn(r.Minimum, country.Currency, "minimum", code)
		}
	}
}

func (s Settings) checkLocations(v *validation, countries map[string]Country) {
	seen := map[string]bool{}
	for i, l := range s.Locations {
		v.within(element("locations", i), func() {
			v.checkLocation(l)
			v.require(!seen[l.ID], "id", "is that of another location")
			seen[l.ID] = true
			country, ok := countries[l.Country]
			v.require(ok, "address_country", "is no country of the settings")
			if _, err := placeIn(&country, l.Region); err != nil && ok {
				v.fail("address_region", "is not sold to: "+err.Error())
			}
		})
	}
}

func (s Settings) checkDelivery(v *validation, countries map[string]Country) {
	d := s.Delivery
	if d.Zone != "" {
		_, err := time.LoadLocation(d.Zone)
		v.require(err == nil && d.Zone != "Local", "delivery.zone", "must be an IANA time zone, such as Europe/Amsterdam")
	}
	v.require(d.Zone != "" || d.CutOff == "" && len(d.WorkingDays) == 0 && len(d.Holidays) == 0, "delivery.zone",
		"is missing: cut_off, working_days and holidays are in it")
	v.require(d.CutOff == "" || isTime(d.CutOff), "delivery.cut_off", "must be a time of day as HH:MM")
	v.checkWeekdays(d.WorkingDays, "delivery.working_days")
	for _, code := range slices.Sorted(maps.Keys(d.Holidays)) {
		_, known := countries[code]
		field := "delivery.holidays." + code
		v.require(known || code == s.Home, field, "is neither home nor a country of the settings")
		v.checkNames(d.Holidays[code], field)
		for i, date := range d.Holidays[code] {
			_, err := time.Parse(time.DateOnly, date)
			v.require(err == nil, element(field, i), "must be a date as YYYY-MM-DD")
		}
	}
}

// checkMethods checks what the countries' shipping methods refer to.
func (s Settings) checkMethods(v *validation, countries map[string]Country) {
	categories := setOf(s.Categories)
	locations := make(map[string]Location, len(s.Locations))
	for _, l := range s.Locations {
		locations[l.ID] = l
	}
	uses, pickups := usesOf(countries)
	sold := currenciesOf(countries)
	for _, code := range slices.Sorted(maps.Keys(countries)) {
		for i, m := range countries[code].Shipping {
			v.within(element("countries."+code+".shipping", i), func() {
				requireKnown(v, m.ExceptCategories, categories, "except_categories", "category")
				v.requireSold(m.Prices, sold, "prices")
				for j, band := range m.Bands {
					v.requireSold(band.Prices, sold, element("bands", j)+".prices")
				}
				v.require(s.Delivery.Zone != "" || m.CutOff == "", "cut_off", "needs delivery.zone")
				v.require(s.Delivery.Zone != "" || len(m.Weekdays) == 0, "weekdays", "needs delivery.zone")
				v.require(!pickups[m.ID] || uses[m.ID] == 1, "id", "is that of a pick-up and of another method")
				l, ok := locations[m.Pickup]
				v.require(ok || m.Pickup == "", "pickup", "is no location of the settings: "+strconv.Quote(m.Pickup))
				v.require(!ok || l.Country == code, "pickup", "is a location in another country")
			})
		}
	}
}

// usesOf counts how many methods have an id, and tells which ids are those of pick-ups: an option that is one says where it is.
func usesOf(countries map[string]Country) (uses map[string]int, pickups map[string]bool) {
	uses, pickups = map[string]int{}, map[string]bool{}
	for _, c := range countries {
		for _, m := range c.Shipping {
			uses[m.ID]++
			pickups[m.ID] = pickups[m.ID] || m.Pickup != ""
		}
	}
	return uses, pickups
}
