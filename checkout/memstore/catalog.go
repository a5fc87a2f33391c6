package memstore

import (
	"context"
	"math"
	"slices"
	"strings"

	"kassa/checkout"
)

// stockOp remembers an AddStock that took effect.
type stockOp struct {
	Delta int64 `json:"delta"`
}

// Products implements checkout.Catalog. It is never behind.
func (s *Store) Products(ctx context.Context, skus []string) (map[string]checkout.Product, error) {
	found := make(map[string]*checkout.Product, len(skus))
	err := s.view(ctx, func() error {
		for _, sku := range skus {
			if p, ok := s.products.items[sku]; ok {
				found[sku] = p
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	products := make(map[string]checkout.Product, len(found))
	for sku, p := range found {
		products[sku] = clone(*p)
	}
	return products, nil
}

// Search implements checkout.Catalog. Its cursor is the last sku of the page. CodeInvalid for a limit outside 1–100.
func (s *Store) Search(ctx context.Context, q checkout.ProductQuery) (checkout.ProductPage, error) {
	if q.Limit < 1 || q.Limit > 100 {
		return checkout.ProductPage{}, invalid("a page holds 1 to 100 products")
	}
	words := strings.Fields(strings.ToLower(q.Text))
	var page checkout.ProductPage
	err := s.view(ctx, func() error {
		start, found := slices.BinarySearch(s.skus, q.Cursor)
		if found {
			start++
		}
		for _, sku := range s.skus[start:] {
			p := s.products.items[sku]
			if !matches(p, words, q.Categories) {
				continue
			}
			if len(page.Products) == q.Limit {
				page.Cursor = page.Products[q.Limit-1].SKU
				return nil
			}
			page.Products = append(page.Products, clone(*p))
		}
		return nil
	})
	if err != nil {
		return checkout.ProductPage{}, err
	}
	return page, nil
}

func matches(p *checkout.Product, words, categories []string) bool {
	if len(categories) > 0 && !slices.Contains(categories, p.Category) {
		return false
	}
	text := strings.ToLower(strings.Join([]string{p.SKU, p.Title, p.Description, p.Category}, " ")) // no word spans a space
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// PutProducts implements checkout.Catalog.
func (s *Store) PutProducts(ctx context.Context, products []checkout.Product) error {
	return s.update(ctx, func() error {
		for _, p := range products {
			if stored, ok := s.products.get(p.SKU); ok && stored.Stock != nil && p.Stock != nil {
				p.Stock = stored.Stock
			}
			if err := s.products.put(p.SKU, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// AddStock implements checkout.Catalog. An op is remembered for its sku, for good.
func (s *Store) AddStock(ctx context.Context, op, sku string, delta int64) error {
	return s.update(ctx, func() error {
		id := sku + "/" + op // no sku contains a slash
		if _, done := s.stockOps.get(id); done {
			return nil
		}
		p, ok := s.products.get(sku)
		if !ok || p.Stock == nil {
			return notFound("product whose stock is kept", sku)
		}
		if delta > 0 && *p.Stock > math.MaxInt64-delta || *p.Stock+delta < 0 {
			return invalid("the stock of " + sku + " would be below zero or beyond counting")
		}
		*p.Stock += delta
		if err := s.stockOps.put(id, stockOp{delta}); err != nil {
			return err
		}
		return s.products.put(sku, p)
	})
}

func (s *Store) indexProduct(sku string, before, after *checkout.Product) {
	i, found := slices.BinarySearch(s.skus, sku)
	switch {
	case after != nil && !found:
		s.skus = slices.Insert(s.skus, i, sku)
	case after == nil && found:
		s.skus = slices.Delete(s.skus, i, i+1)
	}
}
