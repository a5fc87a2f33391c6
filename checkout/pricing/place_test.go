package pricing_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

func TestRegions(t *testing.T) {
	t.Parallel()
	in := inShop(t, "US")
	in.Items = []pricing.Item{item("mug", 1, 10000, "USD", "", 0)} // with 5.99 of shipping 105.99
	for region, want := range map[string]int64{
		"NJ": 702, "US-NJ": 702, " nj ": 702, "New Jersey": 702, "NY": 941, "new york": 941, "": 0, "OR": 0, "Jersey": 0,
	} {
		in.Region = region
		if q := price(t, in); q.Tax.Minor != want {
			t.Errorf("%q: tax of %v, want %d", region, q.Tax, want)
		}
	}
	in.Region = "NJ"
	if l := price(t, in).Lines[0]; l.TaxRate != 662 || l.TaxRest != 50 {
		t.Errorf("6.625 %% is told as %d and %d", l.TaxRate, l.TaxRest)
	}
}

func TestRegionRefusals(t *testing.T) {
	t.Parallel()
	required := func(_ *pricing.Settings, countries map[string]pricing.Country) {
		us := countries["US"]
		us.RegionRequired = true
		countries["US"] = us
	}
	for name, c := range map[string]struct {
		region   string
		required bool
		want     error
	}{
		"excluded":           {"HI", false, pricing.ErrRegionExcluded},
		"excluded by name":   {"hawaii", true, pricing.ErrRegionExcluded},
		"missing, required":  {" ", true, pricing.ErrRegionMissing},
		"unlisted, required": {"OR", true, pricing.ErrRegionExcluded},
		"listed, required":   {"NY", true, nil},
		"missing":            {"", false, nil},
	} {
		in := inShop(t, "US")
		if c.required {
			in = inShop(t, "US", required)
		}
		in.Region = c.region
		for _, shippable := range []bool{true, false} {
			mug := item("mug", 1, 10000, "USD", "", 0)
			mug.Shippable = shippable
			in.Items = []pricing.Item{mug}
			if _, err := pricing.Price(in); !errors.Is(err, c.want) {
				t.Errorf("%s, shippable %v: %v, want %v", name, shippable, err, c.want)
			}
		}
	}
}

// Without the VAT id of another member state there is no reverse charge, nor within the shop's own country, nor outside the union.
func TestReverseCharge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		country, vat string
		off          bool
		want         bool
	}{
		"Dutch shop to a Belgian business":         {"BE", "BE", false, true},
		"to a German business in Belgium":          {"BE", "DE", false, true},
		"to a consumer":                            {"BE", "", false, false},
		"to a Dutch business in Belgium":           {"BE", "NL", false, false},
		"within the Netherlands":                   {"NL", "NL", false, false},
		"to a Belgian business in the Netherlands": {"NL", "BE", false, false},
		"to Norway":                                   {"NO", "DE", false, false},
		"to a Norwegian business in Belgium":          {"BE", "NO", false, false},
		"to a Belgian business, with the rule off":    {"BE", "BE", true, false},
		"to an unknown country's business in Belgium": {"BE", "XX", false, false},
	} {
		in := inShop(t, c.country, func(s *pricing.Settings, _ map[string]pricing.Country) { s.ReverseCharge = !c.off })
		in.VATCountry = c.vat
		in.Items = []pricing.Item{item("chair", 1, 12100, in.Currency, "", 0)}
		q := price(t, in)
		if q.ReverseCharge != c.want || (q.Relief().Minor > 0) != c.want || (q.Lines[0].Relief().Minor > 0) != c.want || (q.IncludedTax.Minor == 0) != c.want {
			t.Errorf("%s: reverse charge %v, relief %v, tax %v", name, q.ReverseCharge, q.Relief(), q.IncludedTax)
		}
	}
}

// Where prices are net, reverse charge leaves them as they are and adds nothing.
func TestReverseChargeOnNetPrices(t *testing.T) {
	t.Parallel()
	in := inShop(t, "BE", func(_ *pricing.Settings, countries map[string]pricing.Country) {
		be := countries["BE"]
		be.TaxIncluded = false
		countries["BE"] = be
	})
	in.Items, in.VATCountry = []pricing.Item{item("chair", 1, 10000, "EUR", "", 0)}, "FR"
	q := price(t, in)
	want := []pricing.TaxLine{{Net: money.New(10847, "EUR"), Tax: money.Zero("EUR"), Treatment: pricing.TreatmentReverseCharge}}
	if diff := cmp.Diff(want, q.Taxes); diff != "" || !q.ReverseCharge || q.Total.Minor != 10847 {
		t.Errorf("total %v, %s", q.Total, diff)
	}
}

// Relief comes off what is charged, and so is a multiple of the currency's step: 10.050 / 1.21 = 8.306 (8.3058), in steps of ten 8.310.
func TestReverseChargeInSteps(t *testing.T) {
	t.Parallel()
	in := inShop(t, "BE")
	in.Currency, in.VATCountry = "KWD", "BE"
	in.Items = []pricing.Item{item("file", 1, 10050, "KWD", "", 0)}
	in.Items[0].Shippable = false
	if q := price(t, in); q.Total.Minor != 8310 || q.Relief().Minor != 1740 {
		t.Errorf("total %v, relief %v", q.Total, q.Relief())
	}
}

// Tax is in euro cents, relief too: what an option costs is told for each of them.
func TestReverseChargeOnOptions(t *testing.T) {
	t.Parallel()
	in := inShop(t, "BE")
	in.Items, in.VATCountry = []pricing.Item{item("chair", 1, 12100, "EUR", "", 0)}, "BE"
	if o := price(t, in).Options[0]; o.Price.Minor != 847 || o.Relief.Minor != 147 || o.Cost(true).Minor != 700 || !o.Tax.IsZero() {
		t.Errorf("%+v", o)
	}
	in.VATCountry = ""
	if o := price(t, in).Options[0]; o.Price.Minor != 847 || o.Relief.Minor != 0 || o.Cost(true).Minor != 847 || o.Tax.Minor != 147 {
		t.Errorf("%+v", o)
	}
}

func TestShippingTaxCategory(t *testing.T) {
	t.Parallel()
	in := withRules()
	in.Country.ShippingTax = "books"
	// 495 / 1.09 = 454 (454.1)
	if o := price(t, in).Options[0]; o.Tax.Minor != 41 {
		t.Errorf("%+v", o)
	}
}

func TestPickup(t *testing.T) {
	t.Parallel()
	in := inShop(t, "NL")
	in.Items = []pricing.Item{item("lamp", 1, 4990, "EUR", "", 1200)}
	if q := price(t, in); q.Selected != "home" || q.Options[0].Pickup != "ams" || q.Options[0].Cost(true).Minor != 0 || q.Options[1].Pickup != "" {
		t.Errorf("nobody asked to collect: %+v", q)
	}
	in.Option = "amsterdam"
	if q := price(t, in); q.Selected != "amsterdam" || q.Total.Minor != 4990 || !q.Options[0].Tax.IsZero() {
		t.Errorf("collected: %+v", q)
	}
	location, ok := in.Rulebook.Pickup("amsterdam")
	if !ok || location.Country != "NL" || location.City != "Amsterdam" {
		t.Errorf("%+v, %v", location, ok)
	}
	if _, ok := in.Rulebook.Pickup("home"); ok {
		t.Error("home is a location")
	}
	if _, ok := (*pricing.Rulebook)(nil).Pickup("amsterdam"); ok {
		t.Error("no settings have a location")
	}
	in.Rulebook = nil
	if _, err := pricing.Price(in); !errors.Is(err, pricing.ErrUnknownOption) {
		t.Errorf("without locations: %v", err)
	}
}

// A location is collected at by its pick-up, of several always the same one.
func TestCollect(t *testing.T) {
	t.Parallel()
	in := inShop(t, "NL", storeIn("NY", false), func(_ *pricing.Settings, countries map[string]pricing.Country) {
		nl := countries["NL"]
		for _, id := range []string{"zuid", "amstel", "noord"} {
			nl.Shipping = append(nl.Shipping, pricing.ShippingMethod{ID: id, Title: titled(id), Pickup: "ams"})
		}
		countries["NL"] = nl
	})
	for location, want := range map[string]string{"ams": "amstel", "us": "store", "home": "", "": ""} {
		if option, ok := in.Rulebook.Collect(location); option != want || ok != (want != "") {
			t.Errorf("at %q by %q, %v; want %q", location, option, ok, want)
		}
	}
	for _, book := range []*pricing.Rulebook{nil, {}} {
		if option, ok := book.Collect("ams"); ok || option != "" {
			t.Errorf("no settings have a pick-up: %q", option)
		}
	}
}

// storeIn gives the American shop a store.
func storeIn(region string, only bool) func(*pricing.Settings, map[string]pricing.Country) {
	return func(s *pricing.Settings, countries map[string]pricing.Country) {
		us := countries["US"]
		us.RegionRequired = true
		if only {
			us.Shipping = nil
		}
		us.Shipping = append(us.Shipping, pricing.ShippingMethod{ID: "store", Title: titled("Store"), Pickup: "us"})
		countries["US"] = us
		s.Locations = append(s.Locations, pricing.Location{ID: "us", Name: "Store", Street: "1 Main St", PostalCode: "1", City: "X", Region: region, Country: "US",
			Opening: s.Locations[0].Opening})
		s.Discounts = nil
	}
}

// What is collected is taxed in the store, whatever the shopper's address, and needs none.
func TestPickupIsTaxedInTheStore(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"NJ", "HI", ""} {
		in := inShop(t, "US", storeIn("NY", false))
		in.Items, in.Region, in.Option = []pricing.Item{item("mug", 1, 10000, "USD", "", 0)}, region, "store"
		q := price(t, in)
		if q.Tax.Minor != 888 { // 8.875 % of 10000 is 887.5
			t.Errorf("from %q: tax of %v", region, q.Tax)
		}
		// 6.625 % of 10599 is 702 (702.2), of which 599 bear 40 (39.7).
		if brought := len(q.Options) == 2; brought != (region == "NJ") || brought && q.Options[0].Tax.Minor != 40 {
			t.Errorf("from %q: %+v", region, q.Options)
		}
	}
}

func TestOnlyPickup(t *testing.T) {
	t.Parallel()
	in := inShop(t, "US", storeIn("NJ", true))
	in.Items, in.Region = []pricing.Item{item("mug", 1, 10000, "USD", "", 0)}, "NY"
	if q := price(t, in); q.Selected != "store" || q.Tax.Minor != 663 {
		t.Errorf("where there is nothing else: %+v", q)
	}
	in.Region = "HI"
	if _, err := pricing.Price(in); !errors.Is(err, pricing.ErrRegionExcluded) {
		t.Errorf("nobody in Hawaii asked for a store: %v", err)
	}
}

func TestMethodsByWeightAndCategory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grams    int64
		category string
		want     map[string]int64
	}{
		"weightless":             {0, "", map[string]int64{"home": 495, "express": 995}},
		"to the gram":            {1000, "", map[string]int64{"home": 495, "express": 995}},
		"a gram more":            {1001, "", map[string]int64{"home": 695, "express": 995}}, // of which there are two
		"to the end":             {5000, "", map[string]int64{"home": 695, "express": 995}},
		"too heavy":              {5001, "", map[string]int64{"express": 995}},
		"bulky":                  {100, "bulky", map[string]int64{"home": 495}},
		"too heavy, bulky":       {5001, "bulky", map[string]int64{}},
		"more than can be added": {1 << 62, "", map[string]int64{"express": 995}},
	} {
		in := inShop(t, "NL")
		in.Option = "amsterdam"
		in.Items = []pricing.Item{item("box", 2, 100, "EUR", "", c.grams, c.category), item("file", 9, 100, "EUR", "", 900)}
		in.Items[1].Shippable = false
		got := map[string]int64{}
		for _, o := range price(t, in).Options {
			if o.Pickup == "" {
				got[o.ID] = o.Price.Minor
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	in := withRules()
	in.Items[0].Weight = -1
	if _, err := pricing.Price(in); !errors.Is(err, pricing.ErrNegative) {
		t.Errorf("negative weight: %v", err)
	}
}
