package checkout

import (
	"context"
	"fmt"
)

// sell keeps the lines that the shop sells at all, whatever the cart's currency, and counts those whose stock is kept.
func (s *Carts) sell(ctx context.Context, lines []LineItem, c Context) (out quoted, kept int, err error) {
	products, err := s.catalog.Products(ctx, skusOf(lines))
	if err != nil {
		return quoted{}, 0, fmt.Errorf("read products: %w", err)
	}
	for i, line := range lines {
		path := linePath(i)
		switch product, ok := products[line.SKU]; {
		case !ok:
			out.messages = append(out.messages, errorMessage(MsgNotFound, SeverityRecoverable, path, "sku", line.SKU))
		case product.Inactive:
			out.messages = append(out.messages, errorMessage(MsgItemUnavailable, SeverityRecoverable, path, "sku", line.SKU,
				"title", product.TitleIn(c.Language)))
		default:
			out.lines = append(out.lines, line)
			if product.Stock != nil {
				kept++
			}
		}
	}
	return out, kept, nil
}

// Search returns products. Lookup returns those of the skus that exist, in the order asked for.
func (s *Carts) Search(ctx context.Context, q ProductQuery) (ProductPage, error) {
	page, err := s.catalog.Search(ctx, q)
	if err != nil {
		return ProductPage{}, fmt.Errorf("search products: %w", err)
	}
	return page, nil
}

// Lookup returns those of the skus that exist, in the order asked for.
func (s *Carts) Lookup(ctx context.Context, skus []string) ([]Product, error) {
	found, err := s.catalog.Products(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	var products []Product
	for _, sku := range skus {
		if p, ok := found[sku]; ok {
			products = append(products, p)
		}
	}
	return products, nil
}
