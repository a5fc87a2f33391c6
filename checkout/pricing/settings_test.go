package pricing_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// wrongFields are the fields that an error names.
func wrongFields(t *testing.T, err error) []string {
	t.Helper()
	var fields pricing.FieldErrors
	if err != nil && !errors.As(err, &fields) {
		t.Fatalf("not about fields: %v", err)
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Field)
	}
	return names
}

func TestSettingsFromJSON(t *testing.T) {
	t.Parallel()
	const text = `{
		"home": "NL", "categories": ["books"], "reverse_charge": true,
		"discounts": [{"id": "welcome", "title": {"": "Welcome"}, "code": "WELCOME10", "basis_points": 1000, "except_categories": ["books"],
			"minimum": {"EUR": 2500}, "from": "2026-01-01T00:00:00+01:00", "until": "2027-01-01T00:00:00+01:00", "first_order": true,
			"countries": ["NL"], "limit": 1000, "per_person": 1, "exclusive": true, "priority": 10}],
		"locations": [{"id": "ams", "name": "Winkel", "street_address": "Damrak 1", "postal_code": "1012 LG", "address_locality": "Amsterdam",
			"address_country": "NL", "opening": [{"days": ["mon", "tue"], "from": "10:00", "to": "18:00"}]}],
		"delivery": {"zone": "Europe/Amsterdam", "cut_off": "16:00", "working_days": ["mon", "sat"], "holidays": {"NL": ["2026-04-27"]}}
	}`
	winter := time.FixedZone("", 3600)
	want := pricing.Settings{
		Home: "NL", Categories: []string{"books"}, ReverseCharge: true,
		Discounts: []pricing.DiscountRule{{ID: "welcome", Title: titled("Welcome"), Code: "WELCOME10", BasisPoints: 1000, ExceptCategories: []string{"books"},
			Minimum: map[money.Currency]int64{"EUR": 2500}, From: time.Date(2026, 1, 1, 0, 0, 0, 0, winter),
			Until:      time.Date(2027, 1, 1, 0, 0, 0, 0, winter),
			FirstOrder: true, Countries: []string{"NL"}, Limit: 1000, PerPerson: 1, Exclusive: true, Priority: 10}},
		Locations: []pricing.Location{{ID: "ams", Name: "Winkel", Street: "Damrak 1", PostalCode: "1012 LG", City: "Amsterdam", Country: "NL",
			Opening: []pricing.Opening{{Days: []string{"mon", "tue"}, From: "10:00", To: "18:00"}}}},
		Delivery: pricing.Delivery{Zone: "Europe/Amsterdam", CutOff: "16:00", WorkingDays: []string{"mon", "sat"},
			Holidays: map[string][]string{"NL": {"2026-04-27"}}},
	}
	var got pricing.Settings
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := got.Validate(map[string]pricing.Country{"NL": *netherlands()}); err != nil {
		t.Error(err)
	}
	empty, err := json.Marshal(pricing.Settings{Discounts: []pricing.DiscountRule{{ID: "a"}}})
	if err != nil || string(empty) != `{"discounts":[{"id":"a","title":null}]}` {
		t.Errorf("%s, %v", empty, err)
	}
}

func TestSettingsThatContradictThemselves(t *testing.T) {
	t.Parallel()
	type settings = *pricing.Settings
	type countries = map[string]pricing.Country
	rule := func(i int, f func(*pricing.DiscountRule)) func(settings, countries) {
		return func(s settings, _ countries) { f(&s.Discounts[i]) }
	}
	method := func(code string, i int, f func(*pricing.ShippingMethod)) func(settings, countries) {
		return func(_ settings, c countries) { f(&c[code].Shipping[i]) }
	}
	place := func(f func(*pricing.Location)) func(settings, countries) {
		return func(s settings, _ countries) { f(&s.Locations[0]) }
	}
	for name, c := range map[string]struct {
		change func(settings, countries)
		want   string // fields, separated by spaces
	}{
		"valid": {func(settings, countries) {}, ""},
		"nothing": {func(s settings, c countries) {
			*s = pricing.Settings{}
			maps.DeleteFunc(c, func(code string, _ pricing.Country) bool { return code == "NL" })
		}, ""},
		"home":         {func(s settings, _ countries) { s.Home, s.ReverseCharge, s.Delivery.Holidays = "nl", false, nil }, "home"},
		"no category":  {func(s settings, _ countries) { s.Categories = append(s.Categories, "") }, "categories[3]"},
		"one twice":    {func(s settings, _ countries) { s.Categories = append(s.Categories, "books") }, "categories[3]"},
		"norway's vat": {func(s settings, _ countries) { s.Home = "NO" }, "reverse_charge"},
		"nobody's vat": {func(s settings, _ countries) { s.Home = "" }, "reverse_charge"},

		"no rule id":            {rule(0, func(r *pricing.DiscountRule) { r.ID = "" }), "discounts[0].id"},
		"long rule id":          {rule(0, func(r *pricing.DiscountRule) { r.ID = strings.Repeat("x", 65) }), "discounts[0].id"},
		"two rules with one id": {rule(1, func(r *pricing.DiscountRule) { r.ID = "welcome" }), "discounts[1].id"},
		"two with one code":     {rule(2, func(r *pricing.DiscountRule) { r.Code = "wELKOM10" }), "discounts[2].code"},
		"code with a space":     {rule(0, func(r *pricing.DiscountRule) { r.Code = "WELKOM 10" }), "discounts[0].code"},
		"code with an accent":   {rule(0, func(r *pricing.DiscountRule) { r.Code = "NOËL" }), "discounts[0].code"},
		"no rule title":         {rule(0, func(r *pricing.DiscountRule) { r.Title = map[string]string{"nl": "Welkom"} }), "discounts[0].title"},
		"gives nothing":         {rule(0, func(r *pricing.DiscountRule) { r.BasisPoints = 0 }), "discounts[0].basis_points"},
		"gives two things":      {rule(0, func(r *pricing.DiscountRule) { r.FreeShipping = true }), "discounts[0].basis_points"},
		"more than 100 %":       {rule(0, func(r *pricing.DiscountRule) { r.BasisPoints = 10001 }), "discounts[0].basis_points"},
		"less than 0 %":         {rule(0, func(r *pricing.DiscountRule) { r.BasisPoints = -1 }), "discounts[0].basis_points"},
		"negative amount":       {rule(1, func(r *pricing.DiscountRule) { r.Amounts["EUR"] = -1 }), "discounts[1].amounts.EUR"},
		"amount of nothing":     {rule(1, func(r *pricing.DiscountRule) { r.Amounts["EUR"] = 0 }), "discounts[1].amounts.EUR"},
		"unknown currency":      {rule(1, func(r *pricing.DiscountRule) { r.Amounts["eur"] = 1 }), "discounts[1].amounts.eur"},
		"amount between steps": {rule(1, func(r *pricing.DiscountRule) { r.Amounts["MGA"] = 150 }),
			"discounts[1].amounts.MGA discounts[1].amounts.MGA"},
		"amount sold nowhere":  {rule(1, func(r *pricing.DiscountRule) { r.Amounts["DKK"] = 3500 }), "discounts[1].amounts.DKK"},
		"minimum sold nowhere": {rule(1, func(r *pricing.DiscountRule) { r.Minimum["SEK"] = 3500 }), "discounts[1].minimum.SEK"},
		"amount without own": {rule(1, func(r *pricing.DiscountRule) { r.Amounts = map[money.Currency]int64{"USD": 100} }),
			"discounts[1].amounts.EUR"},
		"everywhere, not in NOK": {rule(2, func(r *pricing.DiscountRule) { r.Countries = nil }), "discounts[2].amounts.NOK discounts[2].amounts.USD"},
		"minimum without own": {rule(4, func(r *pricing.DiscountRule) { r.Minimum = map[money.Currency]int64{"EUR": 1} }),
			"discounts[4].minimum.NOK"},
		"negative minimum":      {rule(1, func(r *pricing.DiscountRule) { r.Minimum["EUR"] = -1 }), "discounts[1].minimum.EUR"},
		"ends before it starts": {rule(4, func(r *pricing.DiscountRule) { r.Until = r.From.Add(-1) }), "discounts[4].until"},
		"ends as it starts":     {rule(4, func(r *pricing.DiscountRule) { r.Until = r.From }), "discounts[4].until"},
		"product twice":         {rule(0, func(r *pricing.DiscountRule) { r.Products = []string{"a", "b", "a"} }), "discounts[0].products[2]"},
		"unknown category":      {rule(0, func(r *pricing.DiscountRule) { r.Categories = []string{"shoes"} }), "discounts[0].categories[0]"},
		"unknown exception": {rule(0, func(r *pricing.DiscountRule) { r.ExceptCategories = []string{"books", "shoes"} }),
			"discounts[0].except_categories[1]"},
		"for and not for":        {rule(0, func(r *pricing.DiscountRule) { r.Categories = []string{"books"} }), "discounts[0].except_categories[0]"},
		"unknown country":        {rule(0, func(r *pricing.DiscountRule) { r.Countries = []string{"SE"} }), "discounts[0].countries[0]"},
		"unknown method":         {rule(6, func(r *pricing.DiscountRule) { r.Methods = []string{"dhl"} }), "discounts[6].methods[0]"},
		"free pick-up":           {rule(6, func(r *pricing.DiscountRule) { r.Methods = []string{"ups", "amsterdam"} }), "discounts[6].methods[1]"},
		"method of a percentage": {rule(5, func(r *pricing.DiscountRule) { r.Methods = []string{"ups"} }), "discounts[5].methods"},
		"free where none goes":   {rule(6, func(r *pricing.DiscountRule) { r.Methods = []string{"ups", "posten"} }), "discounts[6].methods[1]"},
		"free, brought nowhere": {func(s settings, c countries) {
			nl := c["NL"]
			nl.Shipping, s.Discounts[6].Methods, s.Discounts[6].Countries = nl.Shipping[:1], nil, []string{"NL"}
			c["NL"] = nl
		}, "discounts[6].free_shipping"},
		"minted with a code":      {rule(0, func(r *pricing.DiscountRule) { r.Minted, r.PerPerson = true, 0 }), "discounts[0].code"},
		"minted with a limit":     {rule(2, func(r *pricing.DiscountRule) { r.Minted, r.Code = true, "" }), "discounts[2].limit"},
		"minted for each":         {rule(0, func(r *pricing.DiscountRule) { r.Minted, r.Code = true, "" }), "discounts[0].per_person"},
		"negative limit":          {rule(2, func(r *pricing.DiscountRule) { r.Limit = -1 }), "discounts[2].limit"},
		"negative per person":     {rule(0, func(r *pricing.DiscountRule) { r.PerPerson = -1 }), "discounts[0].per_person"},
		"one person has all":      {rule(2, func(r *pricing.DiscountRule) { r.PerPerson = 101 }), "discounts[2].per_person"},
		"one person may have all": {rule(2, func(r *pricing.DiscountRule) { r.PerPerson = r.Limit }), ""},
		"more than one is first":  {rule(0, func(r *pricing.DiscountRule) { r.PerPerson = 2 }), "discounts[0].per_person"},
		"negative priority":       {rule(0, func(r *pricing.DiscountRule) { r.Priority = -1 }), "discounts[0].priority"},

		"two locations with one id": {func(s settings, _ countries) { s.Locations = append(s.Locations, s.Locations[0]) }, "locations[1].id"},
		"no address":                {place(func(l *pricing.Location) { l.Street = "" }), "locations[0].street_address"},
		"no country": {place(func(l *pricing.Location) { l.Country = "" }),
			"locations[0].address_country locations[0].address_country countries.NL.shipping[0].pickup"},
		"country not sold to": {place(func(l *pricing.Location) { l.Country = "SE" }),
			"locations[0].address_country countries.NL.shipping[0].pickup"},
		"never open":             {place(func(l *pricing.Location) { l.Opening = nil }), "locations[0].opening"},
		"open on no day":         {place(func(l *pricing.Location) { l.Opening[0].Days = nil }), "locations[0].opening[0].days"},
		"open on an unknown day": {place(func(l *pricing.Location) { l.Opening[0].Days[1] = "Wed" }), "locations[0].opening[0].days[1]"},
		"open before dawn": {place(func(l *pricing.Location) { l.Opening[0].From = "9:00" }),
			"locations[0].opening[0].from locations[0].opening[0].to"},
		"closes before it opens": {place(func(l *pricing.Location) { l.Opening[0].To = "10:00" }), "locations[0].opening[0].to"},
		"open twice at once": {place(func(l *pricing.Location) {
			l.Opening = append(l.Opening, pricing.Opening{Days: []string{"mon", "sat"}, From: "17:59", To: "20:00"})
		}), "locations[0].opening[1].from"},
		"open in the evening": {place(func(l *pricing.Location) {
			l.Opening = append(l.Opening, pricing.Opening{Days: []string{"mon", "sat"}, From: "18:00", To: "20:00"})
		}), ""},
		"open in the morning": {place(func(l *pricing.Location) {
			l.Opening = append(l.Opening, pricing.Opening{Days: []string{"mon", "sat"}, From: "08:00", To: l.Opening[0].From})
		}), ""},
		"store in Hawaii": {func(s settings, c countries) {
			c["US"].Shipping[0].Title[""] = "UPS"
			s.Locations = append(s.Locations, pricing.Location{ID: "hi", Name: "Store", Street: "1", PostalCode: "1", City: "Honolulu", Region: "HI",
				Country: "US", Opening: s.Locations[0].Opening})
		}, "locations[1].address_region"},

		"unknown zone":        {func(s settings, _ countries) { s.Delivery.Zone = "Europe/Mokum" }, "delivery.zone"},
		"zone of the machine": {func(s settings, _ countries) { s.Delivery.Zone = "Local" }, "delivery.zone"},
		"no zone": {func(s settings, _ countries) { s.Delivery.Zone = "" },
			"delivery.zone countries.NL.shipping[2].cut_off countries.NL.shipping[2].weekdays"},
		"cut-off":                 {func(s settings, _ countries) { s.Delivery.CutOff = "24:00" }, "delivery.cut_off"},
		"cut-off with a letter":   {func(s settings, _ countries) { s.Delivery.CutOff = "1x:00" }, "delivery.cut_off"},
		"cut-off at 09:0x":        {func(s settings, _ countries) { s.Delivery.CutOff = "09:0x" }, "delivery.cut_off"},
		"cut-off at the last":     {func(s settings, _ countries) { s.Delivery.CutOff = "23:59" }, ""},
		"cut-off with seconds":    {func(s settings, _ countries) { s.Delivery.CutOff = "16:00:00" }, "delivery.cut_off"},
		"unknown working day":     {func(s settings, _ countries) { s.Delivery.WorkingDays = []string{"mon", "monday"} }, "delivery.working_days[1]"},
		"working day twice":       {func(s settings, _ countries) { s.Delivery.WorkingDays = []string{"mon", "mon"} }, "delivery.working_days[1]"},
		"holidays elsewhere":      {func(s settings, _ countries) { s.Delivery.Holidays["SE"] = nil }, "delivery.holidays.SE"},
		"holiday of no calendar":  {func(s settings, _ countries) { s.Delivery.Holidays["NL"][1] = "2026-02-29" }, "delivery.holidays.NL[1]"},
		"holiday that is no date": {func(s settings, _ countries) { s.Delivery.Holidays["NL"][1] = "Kerst" }, "delivery.holidays.NL[1]"},
		"holiday twice": {func(s settings, _ countries) { s.Delivery.Holidays["NL"][1] = s.Delivery.Holidays["NL"][0] },
			"delivery.holidays.NL[1]"},

		"price sold nowhere": {method("NL", 2, func(m *pricing.ShippingMethod) { m.Prices["GBP"] = 900 }),
			"countries.NL.shipping[2].prices.GBP"},
		"band sold nowhere": {method("NL", 1, func(m *pricing.ShippingMethod) { m.Bands[1].Prices["GBP"] = 900 }),
			"countries.NL.shipping[1].bands[1].prices.GBP"},
		"method for no category": {method("NL", 2, func(m *pricing.ShippingMethod) { m.ExceptCategories = []string{"pianos"} }),
			"countries.NL.shipping[2].except_categories[0]"},
		"pick-up nowhere": {method("NL", 0, func(m *pricing.ShippingMethod) { m.Pickup = "rotterdam" }), "countries.NL.shipping[0].pickup"},
		"pick-up abroad": {method("BE", 0, func(m *pricing.ShippingMethod) { *m = pricing.ShippingMethod{ID: "over", Pickup: "ams"} }),
			"countries.BE.shipping[0].pickup"},
		"pick-up of another's id": {method("BE", 0, func(m *pricing.ShippingMethod) { m.ID = "amsterdam" }),
			"countries.BE.shipping[0].id countries.NL.shipping[0].id"},
	} {
		s, all := shop()
		c.change(&s, all)
		err := s.Validate(all)
		if diff := cmp.Diff(strings.Fields(c.want), wrongFields(t, err), cmp.Transformer("none", func(l []string) []string { return append([]string{}, l...) })); diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
		if book, err := s.Rulebook(all); (err == nil) != (c.want == "") || (book == nil) != (err != nil) {
			t.Errorf("%s: made ready: %v, %v", name, book, err)
		}
	}
}

func TestCountriesThatContradictThemselves(t *testing.T) {
	t.Parallel()
	band := func(from, to int64) pricing.WeightBand {
		return pricing.WeightBand{FromGrams: from, ToGrams: to, Prices: map[money.Currency]int64{"EUR": 495}}
	}
	bands := func(list ...pricing.WeightBand) func(*pricing.Country) {
		return func(c *pricing.Country) { c.Shipping[1].Bands = list }
	}
	for name, c := range map[string]struct {
		code   string
		change func(*pricing.Country)
		want   string
	}{
		"two bands":             {"NL", bands(band(0, 10), band(11, 20)), ""},
		"last without end":      {"NL", bands(band(0, 10), band(11, 0)), ""},
		"a gap":                 {"NL", bands(band(0, 10), band(12, 20)), "shipping[1].bands[1].from_grams"},
		"an overlap":            {"NL", bands(band(0, 10), band(10, 20)), "shipping[1].bands[1].from_grams"},
		"begins too late":       {"NL", bands(band(1, 10)), "shipping[1].bands[0].from_grams"},
		"begins below zero":     {"NL", bands(band(-1, 10)), "shipping[1].bands[0].from_grams"},
		"ends before it begins": {"NL", bands(band(0, 10), band(11, 9)), "shipping[1].bands[1].to_grams"},
		"no end but not last":   {"NL", bands(band(0, 0), band(1, 10)), "shipping[1].bands[0].to_grams"},
		"band without own price": {"NL", bands(pricing.WeightBand{Prices: map[money.Currency]int64{"USD": 1}}),
			"shipping[1].bands[0].prices.EUR shipping[1].free_from.EUR"},
		"negative band price": {"NL", bands(pricing.WeightBand{Prices: map[money.Currency]int64{"EUR": -1}}), "shipping[1].bands[0].prices.EUR"},
		"bands and prices":    {"NL", func(c *pricing.Country) { c.Shipping[1].Prices = map[money.Currency]int64{"EUR": 1} }, "shipping[1].bands"},
		"free from nothing":   {"NL", func(c *pricing.Country) { c.Shipping[1].FreeFrom["EUR"] = 0 }, "shipping[1].free_from.EUR"},
		"free from, not in own": {"NL", func(c *pricing.Country) { c.Shipping[1].FreeFrom = map[money.Currency]int64{"USD": 1} },
			"shipping[1].free_from.EUR shipping[1].free_from.USD"},
		"free from no price":  {"NL", func(c *pricing.Country) { c.Shipping[1].FreeFrom["NOK"] = 100000 }, "shipping[1].free_from.NOK"},
		"cut-off of a method": {"NL", func(c *pricing.Country) { c.Shipping[2].CutOff = "noon" }, "shipping[2].cut_off"},
		"weekday of a method": {"NL", func(c *pricing.Country) { c.Shipping[2].Weekdays[0] = "Monday" }, "shipping[2].weekdays[0]"},
		"exception twice": {"NL", func(c *pricing.Country) { c.Shipping[2].ExceptCategories = []string{"bulky", "bulky"} },
			"shipping[2].except_categories[1]"},
		"pick-up with a carrier": {"NL", func(c *pricing.Country) { c.Shipping[0].Carrier = "PostNL" }, "shipping[0].carrier"},
		"pick-up with prices": {"NL", func(c *pricing.Country) { c.Shipping[0].Prices = map[money.Currency]int64{"EUR": 0} },
			"shipping[0].prices"},
		"pick-up with bands":  {"NL", func(c *pricing.Country) { c.Shipping[0].Bands = c.Shipping[1].Bands }, "shipping[0].bands"},
		"pick-up free from":   {"NL", func(c *pricing.Country) { c.Shipping[0].FreeFrom = c.Shipping[1].FreeFrom }, "shipping[0].free_from"},
		"pick-up on weekdays": {"NL", func(c *pricing.Country) { c.Shipping[0].Weekdays = []string{"mon"} }, "shipping[0].weekdays"},

		"exempt and rated":        {"NL", func(c *pricing.Country) { c.TaxExempt = []string{"vouchers", "books"} }, "tax_exempt[1]"},
		"exempt twice":            {"NL", func(c *pricing.Country) { c.TaxExempt = []string{"vouchers", "vouchers"} }, "tax_exempt[1]"},
		"shipping taxed as what":  {"NL", func(c *pricing.Country) { c.ShippingTax = "freight" }, "shipping_tax"},
		"shipping exempt":         {"NL", func(c *pricing.Country) { c.ShippingTax = "vouchers" }, ""},
		"region in lower case":    {"US", func(c *pricing.Country) { c.Regions["ca"] = pricing.Region{} }, "regions.ca"},
		"region with country":     {"US", func(c *pricing.Country) { c.Regions["US-CA"] = pricing.Region{} }, "regions.US-CA"},
		"region too long":         {"US", func(c *pricing.Country) { c.Regions["WASH"] = pricing.Region{} }, "regions.WASH"},
		"regions of all kinds":    {"US", func(c *pricing.Country) { c.Regions["A0Z"], c.Regions["9"] = pricing.Region{}, pricing.Region{} }, ""},
		"two regions of one name": {"US", func(c *pricing.Country) { c.Regions["WA"] = pricing.Region{Name: "new york"} }, "regions.WA.name"},
		"name is a code":          {"US", func(c *pricing.Country) { c.Regions["WA"] = pricing.Region{Name: "NJ"} }, "regions.WA.name"},
		"excluded, but taxed": {"US", func(c *pricing.Country) {
			c.Regions["WA"] = pricing.Region{Excluded: true, TaxMillionths: map[string]int64{"standard": 1}}
		}, "regions.WA.tax_millionths"},
		"category of a region": {"US", func(c *pricing.Country) { c.Regions["NJ"].TaxMillionths["food"] = 1 }, "regions.NJ.tax_millionths.food"},
		"region above 100 %": {"US", func(c *pricing.Country) { c.Regions["NJ"].TaxMillionths["standard"] = 1_000_001 },
			"regions.NJ.tax_millionths.standard"},
		"region at 100 %": {"US", func(c *pricing.Country) { c.Regions["NJ"].TaxMillionths["standard"] = 1_000_000 }, ""},
		"region below 0 %": {"US", func(c *pricing.Country) { c.Regions["NJ"].TaxMillionths["standard"] = -1 },
			"regions.NJ.tax_millionths.standard"},
		"region required, no one": {"US", func(c *pricing.Country) { c.Regions, c.RegionRequired = nil, true }, "region_required"},
		"region required, all out": {"US", func(c *pricing.Country) {
			c.Regions, c.RegionRequired = map[string]pricing.Region{"HI": {Excluded: true}}, true
		}, "region_required"},
	} {
		_, all := shop()
		country := all[c.code]
		c.change(&country)
		var want []string
		for _, field := range strings.Fields(c.want) {
			want = append(want, "countries."+c.code+"."+field)
		}
		if diff := cmp.Diff(want, wrongFields(t, country.Validate())); diff != "" {
			t.Errorf("%s: %v %s", name, country.Validate(), diff)
		}
	}
}

// Reverse charge is for shops in the member states of the European Union, all of them.
func TestReverseChargeIsForTheUnion(t *testing.T) {
	t.Parallel()
	members := strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
	for _, home := range append(members, "CH", "GB", "IS", "LI", "NO", "US") {
		s, all := shop()
		s.Home = home
		if refused := slices.Contains(wrongFields(t, s.Validate(all)), "reverse_charge"); refused == slices.Contains(members, home) {
			t.Errorf("a shop in %s: refused %v", home, refused)
		}
	}
}

func TestRuleValidatesAlone(t *testing.T) {
	t.Parallel()
	r := percent("a", 1000, code("a b"))
	r.Priority = -1
	if diff := cmp.Diff([]string{"code", "priority"}, wrongFields(t, r.Validate())); diff != "" {
		t.Error(diff)
	}
	for typed, want := range map[string]bool{"azAZ09-_": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, "a`": false, "z{": false,
		"A@": false, "Z[": false, "0/": false, "9:": false} {
		if err := percent("a", 1000, code(typed)).Validate(); (err == nil) != want {
			t.Errorf("code %q: %v", typed, err)
		}
	}
}

// A rulebook stands on what it was made of, and is read by any number of quotes at once.
func TestRulebookIsShared(t *testing.T) {
	t.Parallel()
	in := inShop(t, "NL", func(s *pricing.Settings, _ map[string]pricing.Country) {
		s.Discounts = append(s.Discounts, percent("third", 100)) // the automatic ones then leave room behind them, which nobody may write to
	})
	in.Items = []pricing.Item{item("lamp", 2, 4990, "EUR", "", 1200)}
	want := price(t, in)
	totals := make(chan money.Money)
	for range 8 {
		go func() {
			own := in
			own.Rules = []pricing.DiscountRule{percent("own", 1000)}
			if _, err := pricing.Price(own); err != nil {
				t.Error(err)
			}
			q, err := pricing.Price(in)
			if err != nil {
				t.Error(err)
			}
			totals <- q.Total
		}()
	}
	for range 8 {
		if got := <-totals; got != want.Total {
			t.Errorf("%v, want %v", got, want.Total)
		}
	}
	if got := price(t, in); !slices.Equal(gave(got), gave(want)) {
		t.Errorf("%v, want %v", gave(got), gave(want))
	}
}
