package pricing_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// titled is a title in one language.
func titled(text string) map[string]string { return map[string]string{"": text} }

// shop is a shop in Amsterdam that sells to four countries; each call makes one of its own.
func shop() (pricing.Settings, map[string]pricing.Country) {
	band := func(from, to, eur int64) pricing.WeightBand {
		return pricing.WeightBand{FromGrams: from, ToGrams: to, Prices: map[money.Currency]int64{"EUR": eur}}
	}
	brought := func(id string, c money.Currency, price, free int64) pricing.ShippingMethod {
		m := pricing.ShippingMethod{ID: id, Title: titled(id), Carrier: "Post", Prices: map[money.Currency]int64{c: price}, MinDays: 2, MaxDays: 4}
		if free > 0 {
			m.FreeFrom = map[money.Currency]int64{c: free}
		}
		return m
	}
	home := pricing.ShippingMethod{ID: "home", Title: titled("Thuisbezorgd"), Carrier: "PostNL", FreeFrom: map[money.Currency]int64{"EUR": 10000},
		Bands: []pricing.WeightBand{band(0, 2000, 495), band(2001, 10000, 695)}, MinDays: 1, MaxDays: 2}
	express := pricing.ShippingMethod{ID: "express", Title: titled("Vandaag"), Carrier: "Fietskoerier", Prices: map[money.Currency]int64{"EUR": 995},
		ExceptCategories: []string{"bulky"}, CutOff: "12:00", Weekdays: []string{"mon", "tue", "wed", "thu", "fri", "sat"}}
	collect := pricing.ShippingMethod{ID: "amsterdam", Title: titled("Ophalen"), Pickup: "ams", MaxDays: 1}
	countries := map[string]pricing.Country{
		"NL": {Code: "NL", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "books": 900}, TaxExempt: []string{"vouchers"},
			Shipping: []pricing.ShippingMethod{collect, home, express}, ReturnDays: 14, PayButton: "Bestelling met betaalplicht"},
		"BE": {Code: "BE", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "books": 600},
			Shipping: []pricing.ShippingMethod{brought("bpost", "EUR", 847, 0)}, ReturnDays: 14},
		"NO": {Code: "NO", Currency: "NOK", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2500, "food": 1500},
			Shipping: []pricing.ShippingMethod{brought("posten", "NOK", 7900, 60000)}, ReturnDays: 14},
		"US": {Code: "US", Currency: "USD", TaxRates: map[string]int64{"standard": 0, "clothing": 0},
			Regions: map[string]pricing.Region{
				"NJ": {Name: "New Jersey", TaxMillionths: map[string]int64{"standard": 66250}},
				"NY": {Name: "New York", TaxMillionths: map[string]int64{"standard": 88750, "clothing": 40000}},
				"HI": {Name: "Hawaii", Excluded: true},
			},
			Shipping: []pricing.ShippingMethod{brought("ups", "USD", 599, 0)}},
	}
	settings := pricing.Settings{
		Home: "NL", Categories: []string{"books", "bulky", "furniture"}, ReverseCharge: true,
		Locations: []pricing.Location{{ID: "ams", Name: "Winkel", Street: "Damrak 1", PostalCode: "1012 LG", City: "Amsterdam", Country: "NL",
			Opening: []pricing.Opening{{Days: []string{"tue", "wed", "thu", "fri", "sat"}, From: "10:00", To: "18:00"}}}},
		Delivery: pricing.Delivery{Zone: "Europe/Amsterdam", CutOff: "16:00",
			Holidays: map[string][]string{"NL": {"2026-04-27", "2026-12-25", "2026-12-26"}, "NO": {"2026-05-14", "2026-05-17"}}},
		Discounts: []pricing.DiscountRule{
			{ID: "welcome", Title: titled("Welkom"), Code: "Welkom10", BasisPoints: 1000, ExceptCategories: []string{"books"}, Priority: 10,
				FirstOrder: true, PerPerson: 1},
			{ID: "autumn", Title: titled("Herfst"), Amounts: map[money.Currency]int64{"EUR": 500}, Minimum: map[money.Currency]int64{"EUR": 7500},
				ExceptCategories: []string{"books"}, Priority: 20, Countries: []string{"NL"}},
			{ID: "ten", Title: titled("Tien euro"), Code: "TIEN", Amounts: map[money.Currency]int64{"EUR": 1000}, Countries: []string{"NL", "BE"},
				Limit: 100},
			{ID: "hundred", Title: titled("Hundre kroner"), Amounts: map[money.Currency]int64{"NOK": 10000},
				Minimum: map[money.Currency]int64{"NOK": 50000}, Countries: []string{"NO"}},
			{ID: "yule", Title: titled("Jul"), Code: "JUL20", BasisPoints: 2000, Exclusive: true, Countries: []string{"NO"},
				From: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 25, 0, 0, 0, 0, time.UTC)},
			{ID: "save", Title: titled("Save 15 %"), Code: "SAVE15", BasisPoints: 1500, Countries: []string{"US"}},
			{ID: "shipfree", Title: titled("Free shipping"), Code: "SHIPFREE", FreeShipping: true, Methods: []string{"ups"},
				Countries: []string{"US"}},
		},
	}
	return settings, countries
}

// inShop makes an input for a country of the shop.
func inShop(t *testing.T, code string, change ...func(*pricing.Settings, map[string]pricing.Country)) pricing.Input {
	t.Helper()
	settings, countries := shop()
	for _, f := range change {
		f(&settings, countries)
	}
	for _, c := range countries {
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	book, err := settings.Rulebook(countries)
	if err != nil {
		t.Fatal(err)
	}
	country := countries[code]
	return pricing.Input{Currency: country.Currency, Country: &country, Rulebook: book, Now: friday}
}

func item(sku string, quantity, price int64, c money.Currency, tax string, grams int64, categories ...string) pricing.Item {
	i := goods(sku, quantity, money.New(price, c), tax)
	i.Weight, i.Categories = grams, categories
	return i
}

// bill is what a worked example states, in minor units.
type bill struct {
	Discounts []int64 // of the lines
	Applied   map[string]int64
	Taxes     [][3]int64 // rate in basis points, net, tax
	Shipping  int64
	Relief    int64
	Total     int64
}

func billOf(q pricing.Quote) bill {
	b := bill{Applied: map[string]int64{}, Shipping: q.Shipping.Minor, Relief: q.Relief().Minor, Total: q.Total.Minor}
	for _, l := range q.Lines {
		b.Discounts = append(b.Discounts, l.Discount.Minor)
	}
	for _, a := range q.Applied {
		b.Applied[a.RuleID] = a.Amount.Minor
	}
	for _, tax := range q.Taxes {
		b.Taxes = append(b.Taxes, [3]int64{tax.Rate, tax.Net.Minor, tax.Tax.Minor})
	}
	return b
}

// The figures are worked by hand, in minor units; what stands in brackets is before rounding.
func TestShopsWorkedByHand(t *testing.T) {
	t.Parallel()
	dutch := []pricing.Item{item("lamp", 2, 4990, "EUR", "", 1200), item("novel", 1, 1250, "EUR", "books", 400, "books")}
	belgian := []pricing.Item{item("chair", 3, 12100, "EUR", "", 0), item("novel", 1, 1060, "EUR", "books", 0, "books")}
	norwegian := []pricing.Item{item("cheese", 3, 8900, "NOK", "food", 0), item("slicer", 1, 39900, "NOK", "", 0)}
	american := []pricing.Item{item("mug", 3, 1999, "USD", "", 0), item("shirt", 1, 2500, "USD", "clothing", 0)}
	for name, c := range map[string]struct {
		country string
		set     func(*pricing.Input)
		want    bill
	}{
		// WELKOM10: 998 of 9980, not off the book; autumn: 500 of the 8982 that are left. Goods 9732, less than the 10000 for free shipping.
		// 2·1200 + 400 = 2800 g: 695. 21 %: 8482 + 695 = 9177, /1.21 = 7584 (7584.3). 9 %: 1250 / 1.09 = 1147 (1146.8).
		"Dutch, brought": {"NL", func(in *pricing.Input) {
			in.Items, in.Codes, in.FirstOrder = dutch, []string{" welkom10 "}, true
		}, bill{[]int64{1498, 0}, map[string]int64{"welcome": 998, "autumn": 500}, [][3]int64{{2100, 7584, 1593}, {900, 1147, 103}}, 695, 0, 10427}},
		// As before without shipping: 8482 / 1.21 = 7010 (7009.9).
		"Dutch, collected": {"NL", func(in *pricing.Input) {
			in.Items, in.Codes, in.FirstOrder, in.Option = dutch, []string{"WELKOM10"}, true, "amsterdam"
		}, bill{[]int64{1498, 0}, map[string]int64{"welcome": 998, "autumn": 500}, [][3]int64{{2100, 7010, 1472}, {900, 1147, 103}}, 0, 0, 9732}},
		// Without the code 9980 − 500 + 1250 = 10730, so that shipping is free. 9480 / 1.21 = 7835 (7834.7).
		"Dutch, free shipping": {"NL", func(in *pricing.Input) { in.Items = dutch },
			bill{[]int64{500, 0}, map[string]int64{"autumn": 500}, [][3]int64{{2100, 7835, 1645}, {900, 1147, 103}}, 0, 0, 10730}},
		// A voucher isn't taxed when it is sold: 2500 as it is, and a lamp of 4990 + 495 = 5485, /1.21 = 4533 (4533.1).
		"Dutch, exempt voucher": {"NL", func(in *pricing.Input) {
			in.Items = []pricing.Item{item("lamp", 1, 4990, "EUR", "", 1200), item("voucher", 1, 2500, "EUR", "vouchers", 0, "books")}
		}, bill{[]int64{0, 0}, map[string]int64{}, [][3]int64{{2100, 4533, 952}, {0, 2500, 0}}, 495, 0, 7985}},
		// 1000 over 36300 and 1060: 972 (971.6) and 28 (28.4). 21 %: 35328 + 847 = 36175, /1.21 = 29897 (29896.7).
		// 6 %: 1032 / 1.06 = 974 (973.6).
		"Belgian consumer": {"BE", func(in *pricing.Input) { in.Items, in.Codes = belgian, []string{"tien"} },
			bill{[]int64{972, 28}, map[string]int64{"ten": 1000}, [][3]int64{{2100, 29897, 6278}, {600, 974, 58}}, 847, 0, 37207}},
		// The same without the tax: 37207 − 6278 − 58.
		"Belgian business": {"BE", func(in *pricing.Input) {
			in.Items, in.Codes, in.VATCountry = belgian, []string{"tien"}, "BE"
		}, bill{[]int64{972, 28}, map[string]int64{"ten": 1000}, [][3]int64{{0, 30871, 0}}, 847, 6336, 30871}},
		// The automatic 10000 would leave 56600 + 7900; JUL20 alone takes 13320, 5340 and 7980, and leaves 53280 + 7900.
		// 25 %: 31920 + 7900 = 39820, /1.25 = 31856. 15 %: 21360 / 1.15 = 18574 (18573.9).
		"Norwegian, the better discount": {"NO", func(in *pricing.Input) { in.Items, in.Codes = norwegian, []string{"jul20"} },
			bill{[]int64{5340, 7980}, map[string]int64{"yule": 13320}, [][3]int64{{2500, 31856, 7964}, {1500, 18574, 2786}}, 7900, 0, 61180}},
		// 10000 over 26700 and 39900: 4009 (4009.0) and 5991 (5991.0). 25 %: 33909 + 7900 = 41809, /1.25 = 33447 (33447.2).
		// 15 %: 22691 / 1.15 = 19731 (19731.3).
		"Norwegian, automatic": {"NO", func(in *pricing.Input) { in.Items = norwegian },
			bill{[]int64{4009, 5991}, map[string]int64{"hundred": 10000}, [][3]int64{{2500, 33447, 8362}, {1500, 19731, 2960}}, 7900, 0, 64500}},
		// 15 % of 8497 is 1275 (1274.6), over 5997 and 2500: 900 (899.9) and 375 (375.1). Shipping of 599 is waived.
		// 6.625 % of 5097 is 338 (337.7); clothing is at 0 % in New Jersey.
		"American, New Jersey": {"US", func(in *pricing.Input) {
			in.Items, in.Codes, in.Region = american, []string{"shipfree", "save15"}, "US-NJ"
		}, bill{[]int64{900, 375}, map[string]int64{"save": 1275, "shipfree": 599}, [][3]int64{{662, 5097, 338}, {0, 2125, 0}}, 599, 0, 7560}},
		// 8.875 % of 5997 + 599 = 6596 is 585 (585.4), 4 % of 2500 is 100.
		"American, New York": {"US", func(in *pricing.Input) { in.Items, in.Region = american, "new york" },
			bill{[]int64{0, 0}, map[string]int64{}, [][3]int64{{887, 6596, 585}, {400, 2500, 100}}, 599, 0, 9781}},
		// No tax where the shop has none to collect.
		"American, elsewhere": {"US", func(in *pricing.Input) { in.Items, in.Region = american, "OR" },
			bill{[]int64{0, 0}, map[string]int64{}, [][3]int64{{0, 9096, 0}}, 599, 0, 9096}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := inShop(t, c.country)
			c.set(&in)
			if diff := cmp.Diff(c.want, billOf(price(t, in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Everything that is said of discounts, for one cart.
func TestDiscountsSayWhy(t *testing.T) {
	t.Parallel()
	in := inShop(t, "NL")
	in.Items = []pricing.Item{item("novel", 1, 1250, "EUR", "books", 400, "books"), item("vase", 1, 3333, "EUR", "", 900),
		item("lamp", 2, 4990, "EUR", "", 1200)}
	in.Codes, in.FirstOrder = []string{"gone", "tien", "\tWELKOM10\n", "TIEN", ""}, true
	q := price(t, in)
	eur := func(minor int64) money.Money { return money.New(minor, "EUR") }
	// 10 % of 13313 is 1331 (1331.3), over lamp and vase 998 (997.8) and 333 (333.2). 500 over 8982 and 3000: 375 (374.8) and 125 (125.2).
	// 1000 over 8607, 1250 and 2875: 676 (676.0), 98 (98.2) and 226 (225.8).
	want := []pricing.AppliedDiscount{
		{RuleID: "welcome", Title: "Welkom", Code: "Welkom10", Priority: 10, Amount: eur(1331), PerPerson: 1, FirstOrder: true,
			Allocations: []pricing.Allocation{{Line: 1, Amount: eur(333)}, {Line: 2, Amount: eur(998)}}},
		{RuleID: "autumn", Title: "Herfst", Automatic: true, Priority: 20, Amount: eur(500),
			Allocations: []pricing.Allocation{{Line: 1, Amount: eur(125)}, {Line: 2, Amount: eur(375)}}},
		{RuleID: "ten", Title: "Tien euro", Code: "TIEN", Priority: 100, Amount: eur(1000), Limit: 100,
			Allocations: []pricing.Allocation{{Line: 0, Amount: eur(98)}, {Line: 1, Amount: eur(226)}, {Line: 2, Amount: eur(676)}}},
	}
	if diff := cmp.Diff(want, q.Applied); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]pricing.RefusedCode{{Index: 0, Code: "gone", Reason: pricing.ReasonUnknown}}, q.Refused); diff != "" {
		t.Error(diff)
	}
}
