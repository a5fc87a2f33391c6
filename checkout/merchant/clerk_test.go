package merchant_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/merchant"
	"kassa/checkout/pricing"
	"kassa/checkout/settings"
)

var now = time.Date(2026, time.November, 23, 9, 30, 0, 0, time.UTC)

// clerk is the merchant's services on a store whose answers may go wrong.
type clerk struct {
	*testing.T
	store    *flaky
	products *merchant.Products
	settings *merchant.Settings
	keys     *merchant.Keys
	journal  *merchant.Journal
}

// flaky is a store of which one write goes wrong: refused, or done and its answer lost.
type flaky struct {
	*memstore.Store
	method string
	lost   bool
	times  int
	puts   int
	dies   int // the write of products in the middle of which it does

	meanwhile func() // what others do just before settings are put
}

var errDown = &checkout.Error{Code: checkout.CodeUnavailable, Message: "by script"}

// around makes a write, or not, and tells so or not.
func (f *flaky) around(method string, do func() error) error {
	if f.method != method || f.times == 0 {
		return do()
	}
	f.times--
	if f.lost {
		_ = do()
	}
	return errDown
}

func (f *flaky) BeginRecord(ctx context.Context, r merchant.Record) (stored merchant.Record, err error) {
	err = f.around("BeginRecord", func() (err error) { stored, err = f.Store.BeginRecord(ctx, r); return err })
	return stored, err
}

func (f *flaky) EndRecord(ctx context.Context, id, outcome string, result json.RawMessage) error {
	return f.around("EndRecord", func() error { return f.Store.EndRecord(ctx, id, outcome, result) })
}

func (f *flaky) PutSettings(ctx context.Context, v settings.Version, r merchant.Record) error {
	if others := f.meanwhile; others != nil {
		f.meanwhile = nil
		others()
	}
	return f.around("PutSettings", func() error { return f.Store.PutSettings(ctx, v, r) })
}

func (f *flaky) PutKey(ctx context.Context, k merchant.Key, r merchant.Record) error {
	return f.around("PutKey", func() error { return f.Store.PutKey(ctx, k, r) })
}

func (f *flaky) AddStock(ctx context.Context, op, sku string, delta int64) error {
	return f.around("AddStock", func() error { return f.Store.AddStock(ctx, op, sku, delta) })
}

func (f *flaky) PutProducts(ctx context.Context, products []checkout.Product) error {
	if f.puts++; f.puts == f.dies {
		_ = f.Store.PutProducts(ctx, products[:len(products)/2])
		return errDown
	}
	return f.around("PutProducts", func() error { return f.Store.PutProducts(ctx, products) })
}

func newClerk(t *testing.T) *clerk {
	t.Helper()
	c := &clerk{T: t, store: &flaky{Store: memstore.New()}}
	var ids atomic.Int64
	newID := func() string { return fmt.Sprintf("0123456789abcdefghijkl%06d", ids.Add(1)) }
	clock := func() time.Time { return now }
	var err1, err2, err3, err4 error
	c.journal, err1 = merchant.NewJournal(merchant.JournalConfig{Store: c.store, Now: clock, NewID: newID})
	c.products, err2 = merchant.NewProducts(merchant.ProductsConfig{Catalog: c.store, Journal: c.journal, Shop: checkout.Shop{
		Countries: map[string]pricing.Country{"NL": {TaxRates: map[string]int64{"food": 900}, TaxExempt: []string{"vouchers"}}},
	}})
	c.settings, err3 = merchant.NewSettings(merchant.SettingsConfig{Store: c.store, Seed: []byte("{}"), Now: clock, NewID: newID})
	c.keys, err4 = merchant.NewKeys(merchant.KeysConfig{Store: c.store, Now: clock, NewID: newID})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return c
}

// records are all that was written down.
func (c *clerk) records() []merchant.Record {
	c.Helper()
	all, _, err := c.journal.Records(c.Context(), 100, "")
	if err != nil {
		c.Fatal(err)
	}
	return all
}

func (c *clerk) free(sku string) int64 {
	c.Helper()
	found, err := c.store.Products(c.Context(), []string{sku})
	if err != nil {
		c.Fatal(err)
	}
	if found[sku].Stock == nil {
		return -1
	}
	return *found[sku].Stock
}

func (c *clerk) shelve(sku string, stock int64) {
	c.Helper()
	if err := c.store.Store.PutProducts(c.Context(), []checkout.Product{{SKU: sku, Title: sku, Stock: &stock}}); err != nil {
		c.Fatal(err)
	}
}
