package checkouttest

import (
	"fmt"
	"slices"

	"kassa/checkout"
)

// search reads a search to its end and returns the skus found.
func (t *trial) search(q checkout.ProductQuery) ([]string, error) {
	var skus []string
	for range maxPages {
		page, err := t.Catalog.Search(t.ctx, q)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		if len(page.Products) > q.Limit {
			return nil, fmt.Errorf("a page has %d products, asked for were %d at most", len(page.Products), q.Limit)
		}
		for _, p := range page.Products {
			skus = append(skus, p.SKU)
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return skus, nil
		}
	}
	return nil, fmt.Errorf("after %d pages there were still more", maxPages)
}

// finds fails the case unless a search soon finds just these skus, in their order.
func (t *trial) finds(q checkout.ProductQuery, want ...string) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	t.eventually(func() error {
		got, err := t.search(q)
		if err != nil {
			return err
		}
		return t.differs(fmt.Sprintf("what %+v finds", q), got, want)
	})
}

// described puts a product in the case's own category.
func (t *trial) described(p checkout.Product) string {
	p.SKU = t.sku()
	if p.Category == "" {
		p.Category = t.seed
	}
	t.put(p)
	return p.SKU
}

func (t *trial) within(text string) checkout.ProductQuery {
	return checkout.ProductQuery{Text: text, Categories: []string{t.seed}}
}

func searchCases() []Case {
	return []Case{
		story("search/a word of the title", func(t *trial) {
			mug := t.described(checkout.Product{Title: "Blue Mug"})
			t.described(checkout.Product{Title: "Blue Plate"})
			t.finds(t.within("mug"), mug)
		}),
		story("search/a word of the description", func(t *trial) {
			mug := t.described(checkout.Product{Title: "Mug", Description: "Hand thrown in Delft"})
			t.described(checkout.Product{Title: "Plate"})
			t.finds(t.within("delft"), mug)
		}),
		story("search/the sku", func(t *trial) {
			first := t.described(checkout.Product{Title: "Mug"})
			t.described(checkout.Product{Title: "Mug"})
			t.finds(t.within(first), first)
		}),
		story("search/a word of the category", func(t *trial) {
			mug := t.described(checkout.Product{Title: "Mug"})
			t.finds(checkout.ProductQuery{Text: t.seed}, mug)
		}),
		story("search/any case", func(t *trial) {
			mug := t.described(checkout.Product{Title: "ÆGIR mug", Description: "ÉCLAIR"})
			t.finds(t.within("MUG ægir éclair"), mug)
		}),
		story("search/part of a word", func(t *trial) {
			mug := t.described(checkout.Product{Title: "Coffeemug"})
			t.finds(t.within("feem"), mug)
		}),
		story("search/all words, in whatever field", func(t *trial) {
			both := t.described(checkout.Product{Title: "Mug", Description: "blue"})
			t.described(checkout.Product{Title: "Mug", Description: "red"})
			t.described(checkout.Product{Title: "Plate", Description: "blue"})
			t.finds(t.within("  blue   mug "), both)
		}),
		story("search/no word spans two fields", func(t *trial) {
			t.described(checkout.Product{Title: "super", Description: "market"})
			t.finds(t.within("supermarket"))
		}),
		story("search/words that nothing has", func(t *trial) {
			t.described(checkout.Product{Title: "Mug"})
			t.finds(t.within("mug zzzzzz"))
		}),
		story("search/signs are no wildcards", func(t *trial) {
			t.described(checkout.Product{Title: "Mug"})
			for _, sign := range []string{".*", "%", "*", "_ug", "[m]"} {
				t.finds(t.within(sign))
			}
		}),
		story("search/no words: the whole category", func(t *trial) {
			first, second := t.described(checkout.Product{Title: "Mug"}), t.described(checkout.Product{Title: "Plate"})
			t.finds(t.within(""), first, second)
		}),
		story("search/any of the categories", func(t *trial) {
			a := t.described(checkout.Product{Title: "A", Category: t.seed + "-a"})
			b := t.described(checkout.Product{Title: "B", Category: t.seed + "-b"})
			t.described(checkout.Product{Title: "C", Category: t.seed + "-c"})
			t.finds(checkout.ProductQuery{Categories: []string{t.seed + "-b", t.seed + "-none", t.seed + "-a"}}, a, b)
		}),
		story("search/no category but that very one", func(t *trial) {
			t.described(checkout.Product{Title: "A", Category: t.seed + "-a"})
			t.finds(t.within("A"))
		}),
		story("search/as the product is now", func(t *trial) {
			sku := t.described(checkout.Product{Title: "Mug"})
			t.put(checkout.Product{SKU: sku, Title: "Cup", Category: t.seed})
			t.finds(t.within("mug"))
			t.finds(t.within("cup"), sku)
		}),
		story("search/pages have each product once, by sku", func(t *trial) {
			var skus []string
			for range 23 {
				skus = append(skus, t.described(checkout.Product{Title: "Mug"}))
				t.described(checkout.Product{Title: "Plate"})
			}
			slices.Sort(skus)
			for _, limit := range []int{1, 5, 23, 100} {
				q := t.within("mug")
				q.Limit = limit
				t.finds(q, skus...)
			}
		}),
		story("search/products come whole", func(t *trial) {
			p := t.fullProduct()
			p.Category = t.seed
			t.put(p)
			t.eventually(func() error {
				q := t.within("")
				q.Limit = 1
				page, err := t.Catalog.Search(t.ctx, q)
				if err != nil {
					return err
				}
				return t.differs("the products", page.Products, []checkout.Product{p})
			})
		}),
	}
}
