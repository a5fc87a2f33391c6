package ucp_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/functions/internal/ucp"
	"kassa/payments/money"
)

var now = time.Date(2026, time.November, 23, 9, 30, 0, 0, time.UTC)

func shop() checkout.Shop {
	standard := map[string]string{"": "Standard", "nl": "Standaard", "de": "Standard"}
	return checkout.Shop{
		Name: "Fjord & Fern", BaseURL: "https://shop.example", ReturnURL: "https://shop.example/return", Country: "NL",
		DefaultCountry: "NL", Languages: []string{"en", "nl", "nb", "de", "fr"}, Terms: "2026-01",
		Countries: map[string]pricing.Country{
			"NL": {Code: "NL", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "books": 900}, ReturnDays: 14,
				PayButton: "Bestelling met betaalplicht", Shipping: []pricing.ShippingMethod{
					{ID: "standard", Title: standard, Carrier: "PostNL", Prices: map[money.Currency]int64{"EUR": 495}, MinDays: 1, MaxDays: 3},
					{ID: "express", Title: map[string]string{"": "Express"}, Prices: map[money.Currency]int64{"EUR": 995}, MinDays: 1, MaxDays: 1},
				}},
			"US": {Code: "US", Currency: "USD", TaxRates: map[string]int64{"standard": 825, "books": 0}, Shipping: []pricing.ShippingMethod{
				{ID: "ground", Title: standard, Prices: map[money.Currency]int64{"USD": 700}, MinDays: 3, MaxDays: 6}}},
			"KW": {Code: "KW", Currency: "KWD", TaxIncluded: true, TaxRates: map[string]int64{"standard": 0}, Shipping: []pricing.ShippingMethod{
				{ID: "air", Title: standard, Prices: map[money.Currency]int64{"KWD": 2500}, MinDays: 5, MaxDays: 9}}},
			"JP": {Code: "JP", Currency: "JPY", TaxIncluded: true, TaxRates: map[string]int64{"standard": 1000}, Shipping: []pricing.ShippingMethod{
				{ID: "air", Title: standard, Prices: map[money.Currency]int64{"JPY": 1200}, MinDays: 5, MaxDays: 9}}},
		},
		Links: []checkout.Link{
			{Type: "terms_of_service", URL: "https://shop.example/terms"},
			{Type: "refund_policy", URL: "https://shop.example/returns", Title: "Returns"},
		},
		Wallets: checkout.Wallets{
			PublishableKey: "pk_test_123", ProviderVersion: "2024-06-20", AppleMerchantID: "merchant.example.shop", GooglePay: true,
			GoogleMerchantID: "BCR2DN", Networks: []string{"visa", "mastercard", "amex"}, Test: true,
		},
	}
}

func wire(t *testing.T) *ucp.Wire {
	t.Helper()
	w, err := ucp.New(shop(), "")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// quote prices two mugs and a book, less a discount, for a country.
func quote(t *testing.T, country, option, language string, discount int64) checkout.Quote {
	t.Helper()
	currency := money.Currency("EUR")
	in := pricing.Input{Option: option, Language: language, Now: now}
	if c, ok := shop().Countries[country]; ok {
		in.Country, currency = &c, c.Currency
	}
	in.Currency, in.Discount = currency, money.New(discount, currency)
	in.Items = []pricing.Item{
		{LineID: "li_mug", SKU: "mug", Title: "Mug", ImageURL: "https://shop.example/mug.jpg", Quantity: 2, Unit: money.New(1290, currency),
			Shippable: true},
		{LineID: "li_book", SKU: "book", Title: "Book", Quantity: 1, Unit: money.New(2410, currency), TaxCategory: "books", Shippable: true},
	}
	if country == "KW" || country == "JP" {
		in.Items = in.Items[:1]
	}
	q, err := pricing.Price(in)
	if err != nil {
		t.Fatal(err)
	}
	return checkout.Quote{Quote: q, Version: 1, CartVersion: 3, PricedAt: now}
}

// richShop has discounts, a store to collect from, a Belgian neighbour and a state with a tax of its own.
func richShop() checkout.Shop {
	s := shop()
	nl, us := s.Countries["NL"], s.Countries["US"]
	nl.Shipping = append(nl.Shipping, pricing.ShippingMethod{ID: "collect", Title: map[string]string{"": "Damrak"}, Pickup: "ams", MaxDays: 1})
	us.Regions = map[string]pricing.Region{"NJ": {Name: "New Jersey", TaxMillionths: map[string]int64{"standard": 66250}}}
	s.Countries["NL"], s.Countries["US"] = nl, us
	s.Countries["BE"] = pricing.Country{Code: "BE", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "books": 600},
		Shipping: []pricing.ShippingMethod{{ID: "bpost", Title: map[string]string{"": "Post"}, Prices: map[money.Currency]int64{"EUR": 595}, MinDays: 1, MaxDays: 2}}}
	s.Pricing = pricing.Settings{
		Home: "NL", ReverseCharge: true, Delivery: pricing.Delivery{Zone: "Europe/Amsterdam", CutOff: "16:00"},
		Locations: []pricing.Location{{ID: "ams", Name: "Fjord & Fern Damrak", Street: "Damrak 1", PostalCode: "1012 LG", City: "Amsterdam", Country: "NL",
			Opening: []pricing.Opening{{Days: []string{"tue", "sat"}, From: "10:00", To: "18:00"}}}},
		Discounts: []pricing.DiscountRule{
			{ID: "ten", Title: map[string]string{"": "Ten percent off", "nl": "Tien procent"}, Code: "TEN", BasisPoints: 1000, Limit: 100,
				Priority: 10},
			{ID: "free", Title: map[string]string{"": "Free shipping"}, Code: "FREE", FreeShipping: true},
			{ID: "books", Title: map[string]string{"": "Book week"}, Products: []string{"book"}, BasisPoints: 500},
		},
	}
	return s
}

func richWire(t *testing.T) *ucp.Wire {
	t.Helper()
	w, err := ucp.New(richShop(), "")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// richQuote prices the same for a country of the rich shop.
func richQuote(t *testing.T, code, option, language, vat string, codes ...string) checkout.Quote {
	t.Helper()
	s := richShop()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	book, err := s.Pricing.Rulebook(s.Countries)
	if err != nil {
		t.Fatal(err)
	}
	country := s.Countries[code]
	q, err := pricing.Price(pricing.Input{
		Country: &country, Currency: country.Currency, Region: "NJ", Option: option, Language: language, Now: now, Rulebook: book,
		Codes: codes, VATCountry: vat,
		Items: []pricing.Item{
			{LineID: "li_mug", SKU: "mug", Title: "Mug", Quantity: 2, Unit: money.New(1290, country.Currency), Shippable: true},
			{LineID: "li_book", SKU: "book", Title: "Book", Quantity: 1, Unit: money.New(2410, country.Currency), TaxCategory: "books",
				Shippable: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return checkout.Quote{Quote: q, Version: 1, CartVersion: 3, PricedAt: now}
}

func fullDestination() *checkout.Destination {
	return &checkout.Destination{
		ID: "home", FirstName: "Ada", LastName: "Visser", Street: "Keizersgracht 1", City: "Amsterdam", PostalCode: "1015 CJ", Country: "NL",
	}
}

func ready(t *testing.T) checkout.SessionView {
	t.Helper()
	yes := true
	return checkout.SessionView{
		Session: checkout.Session{
			ID: "cs_1", CartID: "ca_1", Version: 4, Status: checkout.StatusReady, Ships: true,
			Context: checkout.Context{Country: "NL", Language: "en"}, Destination: fullDestination(),
			Buyer: checkout.Buyer{Email: "ada@example.com", Phone: "+31612345678", Consent: &checkout.Consent{Marketing: &yes}},
			Quote: quote(t, "NL", "", "en", 500), ExpiresAt: now.Add(6 * time.Hour),
		},
		Offers: []checkout.Offer{
			{Handler: checkout.HandlerApplePay, Methods: []string{"card"}}, {Handler: checkout.HandlerGooglePay, Methods: []string{"card"}},
			{Handler: checkout.HandlerStripe, Methods: []string{"card", "ideal"}},
		},
	}
}
