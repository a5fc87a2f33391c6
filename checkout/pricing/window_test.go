package pricing_test

import (
	"testing"
	"time"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

func TestOptionSelection(t *testing.T) {
	t.Parallel()
	country := netherlands()
	country.Shipping = []pricing.ShippingMethod{flat("express", "EUR", 1295), flat("home", "EUR", 495), flat("point", "EUR", 495),
		flat("dollars", "USD", 1)}
	in := pricing.Input{Currency: "EUR", Country: country, Items: []pricing.Item{goods("lamp", 1, money.New(4990, "EUR"), "")}}
	for option, want := range map[string]struct {
		selected string
		total    int64
	}{
		"": {"home", 5485}, "express": {"express", 6285}, "point": {"point", 5485},
	} {
		in.Option = option
		q := price(t, in)
		if q.Selected != want.selected || q.Total.Minor != want.total {
			t.Errorf("option %q: %q selected, total %v", option, q.Selected, q.Total)
		}
		if len(q.Options) != 3 || q.Options[0].ID != "express" || q.Options[1].ID != "home" || q.Options[2].ID != "point" {
			t.Errorf("options: %+v", q.Options)
		}
	}
}

// The tax of an option doesn't depend on which one is selected.
func TestOptionTax(t *testing.T) {
	t.Parallel()
	country := netherlands()
	country.Shipping = []pricing.ShippingMethod{flat("home", "EUR", 495), flat("express", "EUR", 1295)}
	for _, option := range []string{"home", "express"} {
		q := price(t, pricing.Input{Currency: "EUR", Country: country, Option: option,
			Items: []pricing.Item{goods("book", 1, money.New(1250, "EUR"), "books")}})
		// 4.95 − 4.95/1.21 = 0.859 and 12.95 − 12.95/1.21 = 2.248
		if q.Options[0].Tax.Minor != 86 || q.Options[1].Tax.Minor != 225 {
			t.Errorf("with %s selected: %v and %v", option, q.Options[0].Tax, q.Options[1].Tax)
		}
	}
}

func TestNothingToShip(t *testing.T) {
	t.Parallel()
	voucher := goods("voucher", 1, money.New(2500, "EUR"), "")
	voucher.Shippable = false
	in := pricing.Input{Currency: "EUR", Country: netherlands(), Option: "drone", Items: []pricing.Item{voucher}}
	q := price(t, in)
	if q.Options != nil || q.Selected != "" || !q.Shipping.IsZero() || q.Total.Minor != 2500 || q.IncludedTax.Minor != 434 || q.Estimated {
		t.Errorf("quote: %+v", q)
	}
	in.Country.Shipping = nil
	price(t, in)
	in.Option, in.Country, in.Items = "", netherlands(), append(in.Items, goods("card", 1, money.New(250, "EUR"), ""))
	if q := price(t, in); q.Selected != "home" {
		t.Errorf("a shippable item with it: %+v", q.Options)
	}
}

func TestDeliveryWindow(t *testing.T) {
	t.Parallel()
	tokyo := time.FixedZone("JST", 9*3600)
	for name, c := range map[string]struct {
		now              time.Time
		min, max         int
		earliest, latest time.Time
	}{
		"over a weekend":              {friday, 1, 3, date(10, 5), date(10, 7)},
		"within a week":               {date(9, 28), 1, 4, date(9, 29), date(10, 2)},
		"same day":                    {friday, 0, 0, date(10, 2), date(10, 2)},
		"a whole week, and two":       {friday, 5, 10, date(10, 9), date(10, 16)},
		"into the next weekend":       {date(9, 30), 2, 3, date(10, 2), date(10, 5)},
		"from Saturday":               {date(10, 3), 1, 5, date(10, 5), date(10, 9)},
		"from Sunday":                 {date(10, 4), 1, 6, date(10, 5), date(10, 12)},
		"same day on a Saturday":      {date(10, 3), 0, 1, date(10, 5), date(10, 5)},
		"the date is that of UTC":     {time.Date(2026, 10, 3, 3, 0, 0, 0, tokyo), 0, 1, date(10, 2), date(10, 5)},
		"over the end of winter time": {date(3, 27), 1, 2, date(3, 30), date(3, 31)},
	} {
		country := netherlands()
		country.Shipping[0].MinDays, country.Shipping[0].MaxDays = c.min, c.max
		q := price(t, pricing.Input{Currency: "EUR", Country: country, Now: c.now,
			Items: []pricing.Item{goods("lamp", 1, money.New(4990, "EUR"), "")}})
		if o := q.Options[0]; o.Earliest != c.earliest || o.Latest != c.latest {
			t.Errorf("%s: %v to %v, want %v to %v", name, o.Earliest, o.Latest, c.earliest, c.latest)
		}
	}
}

// Counting the days one by one finds the same window.
func TestDeliveryWindowCountsWorkingDays(t *testing.T) {
	t.Parallel()
	country := netherlands()
	in := pricing.Input{Currency: "EUR", Country: country, Items: []pricing.Item{goods("lamp", 1, money.New(4990, "EUR"), "")}}
	for offset := range 7 {
		for days := 1; days <= 40; days++ {
			in.Now = date(10, 1+offset)
			country.Shipping[0].MinDays, country.Shipping[0].MaxDays = days, days
			day, counted := in.Now, 0
			for counted < days {
				day = day.Add(24 * time.Hour)
				if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
					counted++
				}
			}
			if got := price(t, in).Options[0].Latest; got != day {
				t.Fatalf("%d working days after %v: %v, want %v", days, in.Now, got, day)
			}
		}
	}
}

func TestTitleIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		titles         map[string]string
		language, want string
	}{
		"exact":            {map[string]string{"nl": "Thuis", "nl-BE": "Aan huis", "en": "Home"}, "nl-BE", "Aan huis"},
		"primary language": {map[string]string{"nl": "Thuis", "en": "Home"}, "nl-NL", "Thuis"},
		"default":          {map[string]string{"nl": "Thuis", "": "Post", "en": "Home"}, "fr", "Post"},
		"English":          {map[string]string{"nl": "Thuis", "en": "Home"}, "fr", "Home"},
		"no language":      {map[string]string{"nl": "Thuis", "en": "Home"}, "", "Home"},
		"nothing":          {nil, "nl", "home"},
	} {
		if got := (pricing.ShippingMethod{ID: "home", Title: c.titles}).TitleIn(c.language); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
