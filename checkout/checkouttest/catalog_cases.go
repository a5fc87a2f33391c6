package checkouttest

import (
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout"
	"kassa/payments/money"
)

func prices(eur int64) map[money.Currency]int64 { return map[money.Currency]int64{"EUR": eur} }

// differs is same for use within eventually.
func (t *trial) differs(what string, got, want any) error {
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		return fmt.Errorf("%s is not what was expected (-want +got):\n%s", what, diff)
	}
	return nil
}

func (t *trial) lookup(sku string) (checkout.Product, error) {
	found, err := t.Catalog.Products(t.ctx, []string{sku})
	if err != nil {
		return checkout.Product{}, fmt.Errorf("read product %s: %w", sku, err)
	}
	p, ok := found[sku]
	if !ok {
		return p, fmt.Errorf("product %s is not there", sku)
	}
	return p, nil
}

// sells fails the case unless products are soon as wanted.
func (t *trial) sells(want ...checkout.Product) {
	skus := make([]string, len(want))
	products := make(map[string]checkout.Product, len(want))
	for i, p := range want {
		skus[i], products[p.SKU] = p.SKU, p
	}
	t.eventually(func() error {
		got, err := t.Catalog.Products(t.ctx, skus)
		if err != nil {
			return fmt.Errorf("read products: %w", err)
		}
		return t.differs("the products", got, products)
	})
}

func (t *trial) fullProduct() checkout.Product {
	p := populated[checkout.Product](t)
	p.SKU = t.sku()
	return p
}

func shelf(n int64) *int64 { return &n }

func catalogCases() []Case {
	cases := []Case{
		story("catalog/every field survives", func(t *trial) {
			p := t.fullProduct()
			t.put(p)
			t.sells(p)
		}),
		story("catalog/nothing set stays nothing", func(t *trial) {
			p := checkout.Product{SKU: t.sku()}
			t.put(p)
			t.sells(p)
		}),
		story("catalog/no stock is not the same as none kept", func(t *trial) {
			p := checkout.Product{SKU: t.sku(), Title: "Sold out", Stock: shelf(0)}
			t.put(p)
			t.sells(p)
		}),
		story("catalog/a price of nothing is a price", func(t *trial) {
			p := checkout.Product{SKU: t.sku(), Title: "Sample", Prices: prices(0)}
			t.put(p)
			t.sells(p)
		}),
		story("catalog/texts of any kind survive", func(t *trial) {
			p := checkout.Product{SKU: t.sku(), Title: unicode, Titles: map[string]string{"nb": unicode},
				Description: strings.Repeat(unicode, 200)}
			t.put(p)
			t.sells(p)
		}),
		story("catalog/of the skus asked for those that exist", func(t *trial) {
			p := checkout.Product{SKU: t.sku(), Title: "There"}
			t.put(p)
			t.eventually(func() error {
				got, err := t.Catalog.Products(t.ctx, []string{t.seed + "-1", p.SKU, t.seed + "-2", p.SKU})
				if err != nil {
					return err
				}
				return t.differs("the products", got, map[string]checkout.Product{p.SKU: p})
			})
		}),
		story("catalog/no skus, no products", func(t *trial) {
			got, err := t.Catalog.Products(t.ctx, nil)
			t.ok("read no products", err)
			t.same("the products", got, map[string]checkout.Product{})
		}),
		story("catalog/no products put is no error", func(t *trial) {
			t.put()
		}),
		story("catalog/150 at once", func(t *trial) {
			var all []checkout.Product
			for i := range int64(150) {
				all = append(all, checkout.Product{SKU: t.sku(), Title: "Thing", Prices: prices(i), Stock: shelf(i)})
			}
			t.put(all...)
			t.sells(all...)
		}),
		story("catalog/put again is as put once", func(t *trial) {
			p := t.fullProduct()
			t.put(p)
			t.put(p)
			t.sells(p)
		}),
		story("catalog/a product put over another leaves nothing of it but its stock", func(t *trial) {
			full := t.fullProduct()
			t.put(full)
			t.put(checkout.Product{SKU: full.SKU, Title: "New", Stock: shelf(1)})
			t.sells(checkout.Product{SKU: full.SKU, Title: "New", Stock: full.Stock})
		}),
		story("catalog/put over does not move stock", func(t *trial) {
			sku := t.product(5)
			s := t.session(t.newCart())
			t.ok("take", t.take(&s, sku, 2))
			t.put(checkout.Product{SKU: sku, Title: "Renamed", Prices: prices(1100), Stock: shelf(5)})
			t.sells(checkout.Product{SKU: sku, Title: "Renamed", Prices: prices(1100), Stock: shelf(3)})
			t.free(sku, 3)
		}),
		story("catalog/put over a sold-out one does not fill it", func(t *trial) {
			sku := t.product(0)
			t.put(checkout.Product{SKU: sku, Title: "Thing", Stock: shelf(8)})
			t.free(sku, 0)
		}),
		story("catalog/stock is set where it was not kept before", func(t *trial) {
			sku := t.product(-1)
			t.put(checkout.Product{SKU: sku, Title: "Thing", Stock: shelf(8)})
			t.free(sku, 8)
		}),
		story("catalog/stock is no longer kept where it isn't put", func(t *trial) {
			sku := t.product(5)
			t.put(checkout.Product{SKU: sku, Title: "Thing"})
			t.sells(checkout.Product{SKU: sku, Title: "Thing"})
			t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(-500, sku)})
		}),
		story("catalog/stock kept again starts anew", func(t *trial) {
			sku := t.product(5)
			t.put(checkout.Product{SKU: sku, Title: "Thing"})
			t.put(checkout.Product{SKU: sku, Title: "Thing", Stock: shelf(2)})
			t.free(sku, 2)
		}),
		story("catalog/what is taken is soon seen", func(t *trial) {
			sku := t.product(5)
			s := t.session(t.newCart())
			t.ok("take", t.take(&s, sku, 4))
			t.sells(checkout.Product{SKU: sku, Title: "Thing", Prices: prices(1000), Stock: shelf(1)})
		}),
	}
	for _, field := range fieldsOf[checkout.Product]("SKU") {
		cases = append(cases, story("catalog/field "+field+" survives alone", func(t *trial) {
			p := only[checkout.Product](t, field)
			p.SKU = t.sku()
			t.put(p)
			t.sells(p)
		}))
	}
	return cases
}

func addStockCases() []Case {
	return []Case{
		story("add stock/is free at once", func(t *trial) {
			sku := t.product(2)
			t.stock(sku, 3)
			t.free(sku, 5)
		}),
		story("add stock/takes down to nothing", func(t *trial) {
			sku := t.product(2)
			t.stock(sku, -2)
			t.free(sku, 0)
		}),
		story("add stock/never falls below zero", func(t *trial) {
			sku := t.product(2)
			t.code("take three of two", t.Catalog.AddStock(t.ctx, t.id("add"), sku, -3), checkout.CodeInvalid)
			t.free(sku, 2)
		}),
		story("add stock/once for each op", func(t *trial) {
			sku, op := t.product(2), t.id("add")
			for range 3 {
				t.ok("add", t.Catalog.AddStock(t.ctx, op, sku, 5))
			}
			t.free(sku, 7)
		}),
		story("add stock/an op is recognised after 20 others", func(t *trial) {
			sku, op := t.product(0), t.id("add")
			t.ok("add", t.Catalog.AddStock(t.ctx, op, sku, 100))
			for range 20 {
				t.stock(sku, 1)
			}
			t.ok("add again", t.Catalog.AddStock(t.ctx, op, sku, 100))
			t.free(sku, 120)
		}),
		story("add stock/an op that took is recognised though nothing is left", func(t *trial) {
			sku, op := t.product(4), t.id("add")
			for range 2 {
				t.ok("take", t.Catalog.AddStock(t.ctx, op, sku, -4))
			}
			t.free(sku, 0)
		}),
		story("add stock/an op is recognised after the product was put again", func(t *trial) {
			sku, op := t.product(4), t.id("add")
			t.ok("add", t.Catalog.AddStock(t.ctx, op, sku, 1))
			t.put(checkout.Product{SKU: sku, Title: "Renamed", Stock: shelf(4)})
			t.ok("add again", t.Catalog.AddStock(t.ctx, op, sku, 1))
			t.free(sku, 5)
		}),
		story("add stock/one op may reach several skus", func(t *trial) {
			first, second, op := t.product(0), t.product(0), t.id("add")
			t.ok("add", t.Catalog.AddStock(t.ctx, op, first, 1))
			t.ok("add to another", t.Catalog.AddStock(t.ctx, op, second, 2))
			t.free(first, 1)
			t.free(second, 2)
		}),
		story("add stock/a refused op is not remembered", func(t *trial) {
			sku, op := t.product(0), t.id("add")
			t.code("take of nothing", t.Catalog.AddStock(t.ctx, op, sku, -1), checkout.CodeInvalid)
			t.stock(sku, 3)
			t.ok("take again", t.Catalog.AddStock(t.ctx, op, sku, -1))
			t.free(sku, 2)
		}),
		story("add stock/not to a product that does not exist", func(t *trial) {
			t.code("add to nothing", t.Catalog.AddStock(t.ctx, t.id("add"), t.sku(), 1), checkout.CodeNotFound)
		}),
		story("add stock/not to a product that is not kept", func(t *trial) {
			sku := t.product(-1)
			t.code("add to an endless one", t.Catalog.AddStock(t.ctx, t.id("add"), sku, 1), checkout.CodeNotFound)
			t.unkept(sku)
		}),
	}
}
