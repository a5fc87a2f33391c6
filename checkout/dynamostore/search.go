package dynamostore

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
)

// Search implements checkout.Catalog by reading the whole catalogue: fine for a back office, dear for shoppers. They get
// Cached, which reads it once for each of its lives. Its cursor is the last sku of the page. CodeInvalid for a limit outside
// 1–100.
//
// An index could not do it better: what a shopper types may stand anywhere in a text, and DynamoDB's filters cost as much as
// reading everything.
func (s *Store) Search(ctx context.Context, q checkout.ProductQuery) (checkout.ProductPage, error) {
	if err := validQuery(q); err != nil {
		return checkout.ProductPage{}, err
	}
	all, err := s.everything(ctx)
	if err != nil {
		return checkout.ProductPage{}, err
	}
	return stocked(ctx, s, search(all, q))
}

func validQuery(q checkout.ProductQuery) error {
	if q.Limit < 1 || q.Limit > 100 {
		return invalid("a page holds 1 to 100 products")
	}
	return nil
}

// everything reads all products, ordered by sku, without their stock.
func (s *Store) everything(ctx context.Context) ([]checkout.Product, error) {
	var all []checkout.Product
	for start := (item)(nil); ; {
		var out *dynamodb.ScanOutput
		_, err := s.call(ctx, func(ctx context.Context) (err error) {
			out, err = s.client.Scan(ctx, &dynamodb.ScanInput{TableName: &s.names.Products, ExclusiveStartKey: start}, once)
			return err
		})
		if err != nil {
			return nil, failed("scan", "products", err)
		}
		for _, it := range out.Items {
			p, err := decodeProduct(it)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
		if start = out.LastEvaluatedKey; start == nil {
			break
		}
	}
	slices.SortFunc(all, func(a, b checkout.Product) int { return strings.Compare(a.SKU, b.SKU) })
	return all, nil
}

// search returns a page of products that match.
func search(all []checkout.Product, q checkout.ProductQuery) checkout.ProductPage {
	words := strings.Fields(strings.ToLower(q.Text))
	start, found := slices.BinarySearchFunc(all, q.Cursor, func(p checkout.Product, sku string) int { return strings.Compare(p.SKU, sku) })
	if found {
		start++
	}
	var page checkout.ProductPage
	for _, p := range all[start:] {
		if !matches(p, words, q.Categories) {
			continue
		}
		if len(page.Products) == q.Limit {
			page.Cursor = page.Products[q.Limit-1].SKU
			break
		}
		page.Products = append(page.Products, p)
	}
	return page
}

func matches(p checkout.Product, words, categories []string) bool {
	if len(categories) > 0 && !slices.Contains(categories, p.Category) {
		return false
	}
	// The separator keeps a word from being found across two fields.
	text := strings.ToLower(p.SKU + "\x00" + p.Title + "\x00" + p.Description + "\x00" + p.Category)
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// stocked returns a page with its products as they are now, stock included.
func stocked(ctx context.Context, catalog interface {
	Products(ctx context.Context, skus []string) (map[string]checkout.Product, error)
}, page checkout.ProductPage) (checkout.ProductPage, error) {
	skus := make([]string, len(page.Products))
	for i, p := range page.Products {
		skus[i] = p.SKU
	}
	now, err := catalog.Products(ctx, skus)
	if err != nil {
		return checkout.ProductPage{}, err
	}
	fresh := make([]checkout.Product, 0, len(skus))
	for _, sku := range skus {
		if p, ok := now[sku]; ok {
			fresh = append(fresh, p)
		}
	}
	return checkout.ProductPage{Products: fresh, Cursor: page.Cursor}, nil
}
