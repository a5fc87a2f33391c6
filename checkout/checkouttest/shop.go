package checkouttest

import (
	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// Shop returns a shop that sells to the Netherlands (EUR, tax included), Norway (NOK, tax included) and the United States
// (USD, tax added).
func Shop() checkout.Shop {
	return checkout.Shop{
		Name: "Fjord & Polder", BaseURL: "https://shop.example.com", ReturnURL: "https://shop.example.com/return",
		Country: "NL", DefaultCountry: "NL", Languages: []string{"en", "nl", "nb", "de", "fr"},
		Countries: map[string]pricing.Country{
			"NL": country("NL", "EUR", true, map[string]int64{pricing.StandardRate: 2100, "reduced": 900}, "Bestelling met betaalplicht"),
			"NO": country("NO", "NOK", true, map[string]int64{pricing.StandardRate: 2500, "reduced": 1500}, ""),
			"US": country("US", "USD", false, map[string]int64{pricing.StandardRate: 825, "reduced": 0}, ""),
		},
		Links: []checkout.Link{
			{Type: "terms_of_service", URL: "https://shop.example.com/terms"},
			{Type: "privacy_policy", URL: "https://shop.example.com/privacy"},
			{Type: "refund_policy", URL: "https://shop.example.com/returns"},
		},
		Terms: "2026-01",
		Wallets: checkout.Wallets{
			PublishableKey: "pk_test_51example", ProviderVersion: "2023-10-16", AppleMerchantID: "merchant.com.example.shop",
			GooglePay: true, GoogleMerchantName: "Fjord & Polder", Networks: []string{"visa", "mastercard", "amex"}, Test: true,
		},
	}
}

func country(code string, currency money.Currency, included bool, rates map[string]int64, button string) pricing.Country {
	standard := map[money.Currency]int64{"EUR": 495, "NOK": 5900, "USD": 599}
	express := map[money.Currency]int64{"EUR": 995, "NOK": 12900, "USD": 1499}
	return pricing.Country{
		Code: code, Currency: currency, TaxIncluded: included, TaxRates: rates, ReturnDays: 14, PayButton: button,
		Shipping: []pricing.ShippingMethod{
			{ID: "standard", Title: map[string]string{"en": "Standard", "nl": "Standaard"}, Carrier: "Post", Prices: standard, MinDays: 2,
				MaxDays: 4},
			{ID: "express", Title: map[string]string{"en": "Express"}, Carrier: "Courier", Prices: express, MinDays: 1, MaxDays: 1},
		},
	}
}

// Products returns the shop's catalogue: a product of each sort that checkout tells apart.
func Products() []checkout.Product {
	return []checkout.Product{
		{
			SKU: "MUG-BLUE", Title: "Blue mug", Titles: map[string]string{"nl": "Blauwe mok", "nb": "Blå kopp"}, Category: "kitchen",
			Description: "Hand thrown stoneware", ImageURL: "https://shop.example.com/mug.jpg", Prices: pricesIn(1499, 17900, 1699),
			Stock: shelf(100),
		},
		{SKU: "PLATE-WHITE", Title: "White plate", Category: "kitchen", Prices: pricesIn(999, 11900, 1099), Stock: shelf(20)},
		{SKU: "LAST-ONE", Title: "Last of its kind", Category: "kitchen", Prices: pricesIn(4900, 54900, 4900), Stock: shelf(1)},
		{SKU: "SOLD-OUT", Title: "Sold out", Category: "kitchen", Prices: pricesIn(2500, 27900, 2500), Stock: shelf(0)},
		{SKU: "BOOK-FJORD", Title: "The fjord", Category: "books", TaxCategory: "reduced", Prices: pricesIn(2450, 29900, 2800)},
		{SKU: "EBOOK-FJORD", Title: "The fjord, e-book", Category: "books", TaxCategory: "reduced", Digital: true,
			Prices: pricesIn(1200, 14900, 1400)},
		{SKU: "SAMPLE", Title: "Free sample", Category: "books", Digital: true, Prices: pricesIn(0, 0, 0)},
		{SKU: "EURO-ONLY", Title: "Sold in euros only", Category: "other", Prices: prices(1000), Stock: shelf(5)},
		{SKU: "RETIRED", Title: "No longer sold", Category: "other", Inactive: true, Prices: pricesIn(1000, 11900, 1000), Stock: shelf(5)},
	}
}

func pricesIn(eur, nok, usd int64) map[money.Currency]int64 {
	return map[money.Currency]int64{"EUR": eur, "NOK": nok, "USD": usd}
}
