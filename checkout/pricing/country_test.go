package pricing_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

func TestCountryFromSettings(t *testing.T) {
	t.Parallel()
	const settings = `{
		"code": "DE", "currency": "EUR", "tax_included": true, "tax_rates": {"standard": 1900, "food": 700},
		"shipping": [{"id": "dhl", "title": {"": "Parcel", "de": "Paket"}, "carrier": "DHL", "prices": {"EUR": 490, "CHF": 590}, "min_days": 1, "max_days": 2}],
		"return_days": 30, "pay_button": "Zahlungspflichtig bestellen"}`
	want := pricing.Country{Code: "DE", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 1900, "food": 700},
		Shipping: []pricing.ShippingMethod{{ID: "dhl", Title: map[string]string{"": "Parcel", "de": "Paket"}, Carrier: "DHL",
			Prices: map[money.Currency]int64{"EUR": 490, "CHF": 590}, MinDays: 1, MaxDays: 2}},
		ReturnDays: 30, PayButton: "Zahlungspflichtig bestellen"}
	var got pricing.Country
	if err := json.Unmarshal([]byte(settings), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var again pricing.Country
	if err := json.Unmarshal(encoded, &again); err != nil || !cmp.Equal(again, got) {
		t.Errorf("through JSON: %+v, %v", again, err)
	}
}

func TestValidateNamesFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*pricing.Country)
		want   []string
	}{
		"valid":           {func(*pricing.Country) {}, nil},
		"nothing to ship": {func(c *pricing.Country) { c.Shipping = nil }, nil},
		"free shipping":   {func(c *pricing.Country) { c.Shipping[0].Prices["EUR"] = 0 }, nil},
		"lower case":      {func(c *pricing.Country) { c.Code = "nl" }, []string{"countries.nl.code"}},
		"a digit":         {func(c *pricing.Country) { c.Code = "N1" }, []string{"countries.N1.code"}},
		"three letters":   {func(c *pricing.Country) { c.Code = "NLD" }, []string{"countries.NLD.code"}},
		"one letter":      {func(c *pricing.Country) { c.Code = "é" }, []string{"countries.é.code"}},
		"currency": {func(c *pricing.Country) { c.Currency = "eur" },
			[]string{"countries.NL.currency", "countries.NL.shipping[0].prices.eur"}},
		"no rates":          {func(c *pricing.Country) { c.TaxRates = nil }, []string{"countries.NL.tax_rates.standard"}},
		"negative rate":     {func(c *pricing.Country) { c.TaxRates["books"] = -1 }, []string{"countries.NL.tax_rates.books"}},
		"rate above 100 %":  {func(c *pricing.Country) { c.TaxRates["standard"] = 10001 }, []string{"countries.NL.tax_rates.standard"}},
		"all is tax":        {func(c *pricing.Country) { c.TaxRates["standard"] = 10000 }, nil},
		"nameless category": {func(c *pricing.Country) { c.TaxRates[""] = 0 }, []string{"countries.NL.tax_rates"}},
		"negative return":   {func(c *pricing.Country) { c.ReturnDays = -1 }, []string{"countries.NL.return_days"}},
		"no method id":      {func(c *pricing.Country) { c.Shipping[0].ID = "" }, []string{"countries.NL.shipping[0].id"}},
		"method id twice":   {func(c *pricing.Country) { c.Shipping = append(c.Shipping, c.Shipping[0]) }, []string{"countries.NL.shipping[1].id"}},
		"no default title": {func(c *pricing.Country) { c.Shipping[0].Title = map[string]string{"nl": "Thuis"} },
			[]string{"countries.NL.shipping[0].title"}},
		"no own price":       {func(c *pricing.Country) { c.Shipping[0].Prices = nil }, []string{"countries.NL.shipping[0].prices.EUR"}},
		"negative price":     {func(c *pricing.Country) { c.Shipping[0].Prices["USD"] = -1 }, []string{"countries.NL.shipping[0].prices.USD"}},
		"unknown currency":   {func(c *pricing.Country) { c.Shipping[0].Prices["XXX"] = 1 }, []string{"countries.NL.shipping[0].prices.XXX"}},
		"not chargeable":     {func(c *pricing.Country) { c.Shipping[0].Prices["MGA"] = 150 }, []string{"countries.NL.shipping[0].prices.MGA"}},
		"negative days":      {func(c *pricing.Country) { c.Shipping[0].MinDays = -1 }, []string{"countries.NL.shipping[0].min_days"}},
		"days the wrong way": {func(c *pricing.Country) { c.Shipping[0].MaxDays = 0 }, []string{"countries.NL.shipping[0].max_days"}},
		"more than a year":   {func(c *pricing.Country) { c.Shipping[0].MaxDays = 367 }, []string{"countries.NL.shipping[0].max_days"}},
		"a year":             {func(c *pricing.Country) { c.Shipping[0].MaxDays = 366 }, nil},
		"several, all listed": {func(c *pricing.Country) { c.ReturnDays, c.TaxRates["a"] = -1, -1 },
			[]string{"countries.NL.tax_rates.a", "countries.NL.return_days"}},
	} {
		country := netherlands()
		c.change(country)
		err := country.Validate()
		var fields pricing.FieldErrors
		if errors.As(err, &fields) != (c.want != nil) {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, field := range fields {
			got = append(got, field.Field)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestValidateText(t *testing.T) {
	t.Parallel()
	country := netherlands()
	delete(country.TaxRates, "standard")
	country.ReturnDays = -1
	want := "countries.NL.tax_rates.standard is missing; countries.NL.return_days must not be negative"
	if err := country.Validate(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
