package dynamostore_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
)

// What the catalogue promises, it promises from memory as well.
func TestCachedConformance(t *testing.T) {
	t.Parallel()
	s := open(t, quick(t, fresh(t), nil))
	cached := stores(s, dynamostore.Cached(s, 30*time.Millisecond, time.Now))
	ran := 0
	for _, c := range checkouttest.Cases() {
		if kind, _, _ := strings.Cut(c.Name, "/"); kind != "catalog" && kind != "search" && kind != "add stock" {
			continue
		}
		ran++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), cached); err != nil {
				t.Error(err)
			}
		})
	}
	if ran < 40 {
		t.Errorf("only %d cases ran", ran)
	}
}

func shelf(t *testing.T) (*network, *checkouttest.Clock, *dynamostore.CachedCatalog) {
	t.Helper()
	n := behind(t, fresh(t))
	n.ok(n.calm.PutProducts(t.Context(), []checkout.Product{n.product(3)}))
	clock := checkouttest.NewClock(noon)
	return n, clock, dynamostore.Cached(n.store, time.Minute, clock.Now)
}

func (n *network) trips(operation string) (count int) {
	for _, c := range n.hostile.Calls() {
		if c.Operation == operation {
			count++
		}
	}
	return count
}

func TestCachedProductsCostATripForEachLife(t *testing.T) {
	t.Parallel()
	n, clock, cached := shelf(t)
	ask := func(wantStock int64, wantTrips int) {
		t.Helper()
		found := must(cached.Products(t.Context(), []string{n.sku(), "no such sku"}))(n)
		if got, trips := *found[n.sku()].Stock, n.trips("BatchGetItem"); len(found) != 1 || got != wantStock || trips != wantTrips {
			t.Fatalf("found %v with %d in stock, in %d trips; want %d in %d", found, got, trips, wantStock, wantTrips)
		}
	}
	ask(3, 1)
	n.ok(n.calm.AddStock(t.Context(), "one", n.sku(), 2))
	clock.Advance(time.Minute - 1)
	ask(3, 0)
	clock.Advance(1)
	ask(5, 1)
	ask(5, 0)
	n.ok(cached.AddStock(t.Context(), "two", n.sku(), -1)) // this process knows at once
	ask(4, 1)
	n.ok(cached.PutProducts(t.Context(), []checkout.Product{n.product(100)}))
	ask(4, 1)
}

func TestCachedSearchReadsTheCatalogueOnceForEachLife(t *testing.T) {
	t.Parallel()
	n, clock, cached := shelf(t)
	search := func(text string, wantFound, wantScans int) {
		t.Helper()
		page := must(cached.Search(t.Context(), checkout.ProductQuery{Text: text, Limit: 10}))(n)
		if scans := n.trips("Scan"); len(page.Products) != wantFound || scans != wantScans {
			t.Fatalf("found %d by %s in %d scans, want %d in %d", len(page.Products), text, scans, wantFound, wantScans)
		}
		for _, p := range page.Products {
			if p.Stock == nil {
				t.Fatalf("%s comes without its stock", p.SKU)
			}
		}
	}
	search("mug", 1, 1)
	search("plate", 0, 0)
	plate := n.product(1)
	plate.SKU, plate.Title = "PLATE."+n.id, "Plate"
	n.ok(n.calm.PutProducts(t.Context(), []checkout.Product{plate}))
	search("plate", 0, 0)
	clock.Advance(time.Minute)
	search("plate", 1, 1)
	search("mug", 1, 0)
	if _, err := cached.Search(t.Context(), checkout.ProductQuery{Limit: 101}); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Fatalf("101 products on a page: %v", err)
	}
}

func TestCachedProductsAreTheCallers(t *testing.T) {
	t.Parallel()
	n, _, cached := shelf(t)
	for range 2 {
		p := must(cached.Products(t.Context(), []string{n.sku()}))(n)[n.sku()]
		n.same(p, n.product(3))
		*p.Stock = 0
		p.Prices["EUR"] = 1
	}
	n.same(must(cached.Search(t.Context(), checkout.ProductQuery{Limit: 1}))(n).Products, []checkout.Product{n.product(3)})
}

// Failures are not kept.
func TestCachedFailureIsAskedAgain(t *testing.T) {
	t.Parallel()
	n, _, cached := shelf(t)
	n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Unauthorized })
	_, productsErr := cached.Products(t.Context(), []string{n.sku()})
	_, searchErr := cached.Search(t.Context(), checkout.ProductQuery{Limit: 1})
	if productsErr == nil || searchErr == nil {
		t.Fatalf("errors are %v and %v", productsErr, searchErr)
	}
	n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Passes })
	n.same(must(cached.Products(t.Context(), []string{n.sku()}))(n), map[string]checkout.Product{n.sku(): n.product(3)})
	n.same(must(cached.Search(t.Context(), checkout.ProductQuery{Limit: 1}))(n).Products, []checkout.Product{n.product(3)})
}

// Strangers ask for skus that don't exist, and more of them than memory should hold.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	n, _, cached := shelf(t)
	for i := range 45 {
		skus := make([]string, 500)
		for j := range skus {
			skus[j] = fmt.Sprintf("NONE-%d-%d", i, j)
		}
		must(cached.Products(t.Context(), skus))(n)
	}
	n.hostile.Calls()
	must(cached.Products(t.Context(), []string{"NONE-0-0", "NONE-44-0"}))(n)
	must(cached.Products(t.Context(), []string{"NONE-44-0"}))(n)
	if trips := n.trips("BatchGetItem"); trips != 1 {
		t.Fatalf("%d trips for a sku that was forgotten and one that was not", trips)
	}
}

// What a commit found short is read anew, and nothing else.
func TestCachedForgetsWhatItIsTold(t *testing.T) {
	t.Parallel()
	n, _, cached := shelf(t)
	ask := func(wantStock int64, wantTrips int) {
		t.Helper()
		found := must(cached.Products(t.Context(), []string{n.sku(), "no such sku"}))(n)
		if got, trips := *found[n.sku()].Stock, n.trips("BatchGetItem"); got != wantStock || trips != wantTrips {
			t.Fatalf("%d in stock, in %d trips; want %d in %d", got, trips, wantStock, wantTrips)
		}
	}
	ask(3, 1)
	n.ok(n.calm.AddStock(t.Context(), "one", n.sku(), -2))
	cached.Forget("another")
	ask(3, 0)
	cached.Forget(n.sku())
	ask(1, 1)
}
