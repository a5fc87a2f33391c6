package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"kassa/checkout"
	"kassa/payments/money"
)

// The sample has something of everything that a shop can have, so that a developer meets it.
func TestSampleCatalogue(t *testing.T) {
	t.Parallel()
	var products []checkout.Product
	if err := decode(sampleCatalogue, &products); err != nil {
		t.Fatal(err)
	}
	shop, err := readShop("pk_test_1")
	if err != nil {
		t.Fatal(err)
	}
	sku := regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	seen, kinds := map[string]bool{}, map[string]int{}
	for _, p := range products {
		if seen[p.SKU] || !sku.MatchString(p.SKU) {
			t.Errorf("%q is no sku, or stands there twice", p.SKU)
		}
		seen[p.SKU] = true
		for _, language := range []string{"nl", "nb", "de", "fr"} {
			if p.Titles[language] == "" {
				t.Errorf("%s has no title in %s", p.SKU, language)
			}
		}
		for _, currency := range []money.Currency{"EUR", "NOK"} {
			if minor, ok := p.Prices[currency]; !ok || minor < 0 {
				t.Errorf("%s has no price in %s", p.SKU, currency)
			}
		}
		category := p.TaxCategory
		if category == "" {
			category = "standard"
		}
		for code, country := range shop.Countries {
			if _, ok := country.TaxRates[category]; !ok {
				t.Errorf("%s can't be taxed in %s", p.SKU, code)
			}
		}
		kinds["tax "+category]++
		kinds["digital"] += count1(p.Digital)
		kinds["inactive"] += count1(p.Inactive)
		kinds["kept"] += count1(p.Stock != nil)
		kinds["last"] += count1(p.Stock != nil && *p.Stock == 1)
		kinds["free"] += count1(p.Prices["EUR"] == 0)
	}
	if len(products) < 40 || kinds["last"] != 1 || kinds["inactive"] != 1 {
		t.Errorf("%d products: %v", len(products), kinds)
	}
	for _, kind := range []string{"tax standard", "tax food", "digital", "kept", "free"} {
		if kinds[kind] == 0 {
			t.Errorf("nothing of kind %s", kind)
		}
	}
}

func count1(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Each country of the sample shop can be bought from, in its own currency and language, and the totals sum.
func TestSampleShopSellsEverywhere(t *testing.T) {
	t.Parallel()
	s := start(t)
	for country, c := range s.shop.Countries {
		lines := `"line_items":[{"item":{"id":"beans-kade-250"},"quantity":2},{"item":{"id":"mug-quay"},"quantity":1}]`
		open := s.do(http.MethodPost, "/checkout-sessions", `{`+lines+`,"context":{"address_country":"`+country+`","address_region":"NY"}}`,
			"Idempotency-Key", key()).
			want(http.StatusCreated).wantAt("currency", string(c.Currency))
		var totals []struct {
			Type   string
			Amount int64
		}
		if err := json.Unmarshal([]byte(open.at("totals")), &totals); err != nil {
			t.Fatal(err)
		}
		var sum, tax int64
		for _, entry := range totals {
			switch entry.Type {
			case "total":
			case "tax":
				tax = entry.Amount
				fallthrough
			default:
				sum += entry.Amount
			}
		}
		if sum != open.total() || (tax > 0) == c.TaxIncluded {
			t.Errorf("%s: totals sum to %d: %s", country, sum, open.at("totals"))
		}
	}
}

// A catalogue of one's own is read at every start, and changes prices but no stock.
func TestOwnCatalogue(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "products.json")
	store := filepath.Join(t.TempDir(), "kassa.db")
	session := func(price string) string {
		t.Helper()
		products := `[{"sku":"poster","title":"Poster","prices":{"EUR":` + price + `},"stock":2}]`
		if err := os.WriteFile(file, []byte(products), 0o600); err != nil {
			t.Fatal(err)
		}
		p := launch(t, store, "-catalogue", file)
		defer p.interrupt()
		c := p.fill("poster")
		open := p.open(c)
		p.buy(c, c.purchase("pm_card_visa", open.total()), key()).want(http.StatusCreated).
			wantAt("status", "completed")
		return open.at("line_items.0.item.price")
	}
	for _, price := range []string{"1500", "1700"} {
		if got := session(price); got != price {
			t.Errorf("it costs %s, not %s", got, price)
		}
	}
	wantStock(t, store, "poster", 0)
}
