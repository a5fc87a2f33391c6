package checkouttest_test

import (
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/payments/money"
)

func TestShopIsValid(t *testing.T) {
	t.Parallel()
	shop := checkouttest.Shop()
	if err := shop.Validate(); err != nil {
		t.Error(err)
	}
	for country, want := range map[string]struct {
		currency money.Currency
		included bool
	}{"NL": {"EUR", true}, "NO": {"NOK", true}, "US": {"USD", false}} {
		c := shop.Countries[country]
		if c.Currency != want.currency || c.TaxIncluded != want.included {
			t.Errorf("%s sells in %s, tax included %v; want %+v", country, c.Currency, c.TaxIncluded, want)
		}
	}
}

func TestProductsAreSellable(t *testing.T) {
	t.Parallel()
	shop, seen := checkouttest.Shop(), map[string]bool{}
	for _, p := range checkouttest.Products() {
		if !checkout.ValidSKU(p.SKU) || seen[p.SKU] {
			t.Errorf("sku %q is no good, or there twice", p.SKU)
		}
		seen[p.SKU] = true
		for code, c := range shop.Countries {
			if _, ok := c.TaxRates[p.TaxCategory]; p.TaxCategory != "" && !ok {
				t.Errorf("%s has no tax rate for %s", code, p.TaxCategory)
			}
			for _, m := range c.Shipping {
				if _, ok := m.Prices[c.Currency]; !ok {
					t.Errorf("%s %s costs nothing in %s", code, m.ID, c.Currency)
				}
			}
		}
	}
}

func TestClockAndIDs(t *testing.T) {
	t.Parallel()
	clock, newID := checkouttest.NewClock(now), checkouttest.IDs("id")
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 20 {
		all.Go(func() {
			clock.Advance(time.Second)
			id := newID()
			mu.Lock()
			defer mu.Unlock()
			seen[id] = true
		})
	}
	all.Wait()
	if got := clock.Now(); !got.Equal(now.Add(20 * time.Second)) {
		t.Errorf("the clock shows %v", got)
	}
	if len(seen) != 20 || !seen["id1"] || !seen["id20"] {
		t.Errorf("got ids %v", seen)
	}
}
