package pricing_test

import (
	"fmt"
	"time"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

func ExamplePrice() {
	quote, err := pricing.Price(pricing.Input{
		Currency: "EUR",
		Items: []pricing.Item{
			{LineID: "1", SKU: "lamp", Quantity: 2, Unit: money.New(4990, "EUR"), Shippable: true},
			{LineID: "2", SKU: "book", Quantity: 1, Unit: money.New(1250, "EUR"), TaxCategory: "books", Shippable: true},
		},
		Country: &pricing.Country{
			Code: "NL", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "books": 900},
			Shipping: []pricing.ShippingMethod{{ID: "home", Title: map[string]string{"en": "Home delivery"},
				Prices: map[money.Currency]int64{"EUR": 495}, MinDays: 1, MaxDays: 3}},
		},
		Now: time.Date(2026, 10, 2, 18, 30, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("subtotal", quote.Subtotal)
	fmt.Println("shipping", quote.Shipping, "by", quote.Options[0].Latest.Format("Monday 2 January"))
	fmt.Println("total   ", quote.Total)
	for _, tax := range quote.Taxes {
		fmt.Println("of which", tax.Tax, "tax on", tax.Net)
	}
	// Output:
	// subtotal EUR 112.30
	// shipping EUR 4.95 by Wednesday 7 October
	// total    EUR 117.25
	// of which EUR 18.18 tax on EUR 86.57
	// of which EUR 1.03 tax on EUR 11.47
}

func ExampleSettings_Rulebook() {
	countries := map[string]pricing.Country{"NL": {
		Code: "NL", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100},
		Shipping: []pricing.ShippingMethod{{ID: "home", Title: map[string]string{"en": "Home delivery"},
			Prices: map[money.Currency]int64{"EUR": 495}, FreeFrom: map[money.Currency]int64{"EUR": 5000}, MinDays: 1, MaxDays: 1}},
	}}
	settings := pricing.Settings{
		Home: "NL",
		Discounts: []pricing.DiscountRule{
			{ID: "autumn", Title: map[string]string{"en": "Autumn sale"}, BasisPoints: 1000},
			{ID: "five", Title: map[string]string{"en": "Five off"}, Code: "FIVE", Amounts: map[money.Currency]int64{"EUR": 500}, Limit: 100},
		},
		Delivery: pricing.Delivery{Zone: "Europe/Amsterdam", CutOff: "16:00", Holidays: map[string][]string{"NL": {"2026-12-25"}}},
	}
	book, err := settings.Rulebook(countries) // once for each version of the settings
	if err != nil {
		fmt.Println(err)
		return
	}
	country := countries["NL"]
	quote, err := pricing.Price(pricing.Input{
		Currency: "EUR", Country: &country, Rulebook: book, Codes: []string{" five", "ten"}, Language: "en",
		Items: []pricing.Item{{LineID: "1", SKU: "lamp", Quantity: 1, Unit: money.New(4990, "EUR"), Shippable: true}},
		Now:   time.Date(2026, 12, 23, 17, 0, 0, 0, time.UTC), // six in the evening in Amsterdam
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, applied := range quote.Applied {
		fmt.Println(applied.Title, applied.Amount)
	}
	for _, refused := range quote.Refused {
		fmt.Println(refused.Code, refused.Reason)
	}
	fmt.Println("total", quote.Total, "by", quote.Options[0].Latest.Format("Monday 2 January"))
	// Output:
	// Autumn sale EUR 4.99
	// Five off EUR 5.00
	// ten unknown
	// total EUR 44.86 by Monday 28 December
}
