package checkouttest

import (
	"context"

	"kassa/checkout"
)

type hostileCatalog struct {
	h     *Hostile
	inner checkout.Catalog
}

func (s hostileCatalog) Products(ctx context.Context, skus []string) (map[string]checkout.Product, error) {
	return perform(ctx, s.h, call[map[string]checkout.Product]{
		method: "Products", fail: storeFailure,
		do: func(ctx context.Context) (map[string]checkout.Product, error) { return s.inner.Products(ctx, skus) },
		stale: func(ctx context.Context) (map[string]checkout.Product, error) {
			found, err := s.inner.Products(ctx, skus)
			return s.h.lateProducts(found, skus), err
		},
	})
}

func (s hostileCatalog) Search(ctx context.Context, q checkout.ProductQuery) (checkout.ProductPage, error) {
	return stored(ctx, s.h, "Search", func(ctx context.Context) (checkout.ProductPage, error) {
		return s.inner.Search(ctx, q)
	})
}

func (s hostileCatalog) PutProducts(ctx context.Context, products []checkout.Product) error {
	skus := make([]string, len(products))
	for i, p := range products {
		skus[i] = p.SKU
	}
	return s.move(ctx, "PutProducts", skus, func(ctx context.Context) error { return s.inner.PutProducts(ctx, products) })
}

func (s hostileCatalog) AddStock(ctx context.Context, op, sku string, delta int64) error {
	return s.move(ctx, "AddStock", []string{sku}, func(ctx context.Context) error { return s.inner.AddStock(ctx, op, sku, delta) })
}

// move makes a write of products.
func (s hostileCatalog) move(ctx context.Context, method string, skus []string, write func(ctx context.Context) error) error {
	_, err := stored(ctx, s.h, method, func(ctx context.Context) (nothing, error) {
		seen := s.h.shelf(ctx, skus)
		err := write(ctx)
		if err == nil {
			s.h.moved(seen)
		}
		return nothing{}, err
	})
	return err
}

type hostileInbox struct {
	h     *Hostile
	inner checkout.Inbox
}

func (s hostileInbox) PutInbox(ctx context.Context, item checkout.InboxItem) error {
	_, err := stored(ctx, s.h, "PutInbox", func(ctx context.Context) (nothing, error) {
		return nothing{}, s.inner.PutInbox(ctx, item)
	})
	return err
}

func (s hostileInbox) InboxItems(ctx context.Context, q checkout.DueQuery) ([]checkout.InboxItem, string, error) {
	type page struct {
		items  []checkout.InboxItem
		cursor string
	}
	got, err := stored(ctx, s.h, "InboxItems", func(ctx context.Context) (page, error) {
		items, cursor, err := s.inner.InboxItems(ctx, q)
		return page{items, cursor}, err
	})
	return got.items, got.cursor, err
}

func (s hostileInbox) RemoveInbox(ctx context.Context, id string) error {
	_, err := stored(ctx, s.h, "RemoveInbox", func(ctx context.Context) (nothing, error) {
		return nothing{}, s.inner.RemoveInbox(ctx, id)
	})
	return err
}
