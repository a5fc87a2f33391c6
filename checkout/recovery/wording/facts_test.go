package wording_test

import (
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/checkout/recovery/wording"
	"kassa/payments/money"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func eur(minor int64) money.Money { return money.New(minor, "EUR") }

var sent = time.Date(2026, 10, 7, 15, 4, 0, 0, time.UTC)

func shop(t testing.TB) wording.Shop {
	return wording.Shop{
		Name: "Kade 9", BaseURL: "https://kade9.example", Zone: zone(t, "Europe/Amsterdam"),
		Links: []checkout.Link{
			{Type: "privacy_policy", URL: "https://kade9.example/privacy", Title: "Privacy"},
			{Type: "terms_of_service", URL: "https://kade9.example/terms", Title: "Terms"},
			{Type: "refund_policy", URL: "https://kade9.example/returns", Title: "Returns within 30 days"},
		},
		Settings: wording.Settings{
			Colour: "#0b5d5e", From: "orders@kade9.example",
			Trader: wording.Trader{
				Name: "Kade 9 B.V.", Address: "Wijnhaven 9, 3011 WH Rotterdam, Nederland", Email: "hello@kade9.example",
				Phone: "+31 10 555 0109", Registration: "KvK 55501090", VATID: "NL855501090B01",
			},
		},
	}
}

// titles of the sample's products, as the catalogue has them.
var titles = map[string][2]string{
	"en": {"Kade house espresso, 250 g", "Stoneware espresso cups, set of 2"},
	"nl": {"Kade huisespresso, 250 g", "Steengoed espressokopjes, set van 2"},
	"nb": {"Kade husespresso, 250 g", "Espressokopper i steingods, 2 stk."},
	"de": {"Kade Hausespresso, 250 g", "Espressotassen aus Steinzeug, 2er-Set"},
	"fr": {"Espresso maison Kade, 250 g", "Tasses à espresso en grès, lot de 2"},
}

var offers = map[string]string{"en": "10% off", "nl": "10% korting", "nb": "10 % rabatt", "de": "10 % Rabatt", "fr": "10 % de réduction"}

var methods = map[string]string{"en": "Standard delivery", "nl": "Standaard bezorging", "nb": "Standard levering", "de": "Standardversand",
	"fr": "Livraison standard"}

func lines(language string) []wording.Line {
	return []wording.Line{
		{Title: titles[language][0], Quantity: 2, Unit: eur(995), Total: eur(1990), ImageURL: "/images/beans.jpg"},
		{Title: titles[language][1], Quantity: 1, Unit: eur(2200), Total: eur(2200)},
	}
}

// followUp are the facts of a cart that was left.
func followUp(t testing.TB, language, channel, reason string, incentive bool) wording.Facts {
	f := wording.Facts{
		Shop: shop(t), Now: sent, Locale: language, Zone: zone(t, "Europe/Oslo"), Channel: channel, Reason: reason, FirstName: "Ada",
		Lines: lines(language), Total: eur(4190), Link: "https://kade9.example/r/TOKEN",
	}
	if channel == wording.Email {
		f.Unsubscribe = "https://kade9.example/unsubscribe/TOKEN"
	}
	if incentive {
		f.Incentive = &wording.Incentive{Code: "KOM-7F3K-9QXM", Title: offers[language], Until: sent.Add(72 * time.Hour)}
	}
	return f
}

// order is that of the README's purchase.
func order(language string) *wording.Order {
	return &wording.Order{
		ID: "or_7k3m9_0", PlacedAt: sent, Country: "NL", Ships: true, Terms: "2026-01", ReturnDays: 30, WithdrawalDays: 30, Method: "Visa •••• 4242",
		Address: []string{"Ada Visser", "Wijnhaven 9", "3011 WH Rotterdam", "NL"},
		Quote: pricing.Quote{
			Currency: "EUR", Subtotal: eur(4190), Discount: eur(0), Shipping: eur(495), Tax: eur(0), IncludedTax: eur(632), Net: eur(4053),
			Total:       eur(4685),
			TaxIncluded: true, Selected: "standard",
			Taxes: []pricing.TaxLine{{Rate: 2100, Net: eur(2227), Tax: eur(468)}, {Rate: 900, Net: eur(1826), Tax: eur(164)}},
			Options: []pricing.Option{{
				ID: "standard", Title: methods[language], Carrier: "PostNL", Price: eur(495),
				Earliest: time.Date(2026, 10, 8, 0, 0, 0, 0, time.UTC), Latest: time.Date(2026, 10, 9, 0, 0, 0, 0, time.UTC),
			}},
		},
	}
}

func service(t testing.TB, language, reason string) wording.Facts {
	return wording.Facts{
		Shop: shop(t), Now: sent, Locale: language, Channel: wording.Email, Service: true, Reason: reason, FirstName: "Ada",
		Lines: lines(language), Total: eur(4685), Link: "https://kade9.example/o/TOKEN", Order: order(language),
		Refund: &wording.Refund{Amount: eur(2200)},
		Parcel: &wording.Parcel{Carrier: "PostNL", Tracking: "3SKADE0001", TrackingURL: "https://track.example/3SKADE0001"},
	}
}

func render(t testing.TB, f wording.Facts) wording.Rendered {
	t.Helper()
	r, err := wording.Render(f)
	if err != nil {
		t.Fatalf("%s, %s, %s: %v", f.Locale, f.Channel, f.Reason, err)
	}
	return r
}
