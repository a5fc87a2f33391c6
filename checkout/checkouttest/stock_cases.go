package checkouttest

import (
	"slices"

	"kassa/checkout"
)

func sorted(skus []string) []string { return slices.Sorted(slices.Values(skus)) }

// stock adds to what is on the shelf.
func (t *trial) stock(sku string, delta int64) {
	if !t.failed() {
		t.ok("add stock", t.Catalog.AddStock(t.ctx, t.id("add"), sku, delta))
	}
}

// moves returns a stock change for each of the skus.
func moves(delta int64, skus ...string) []checkout.StockChange {
	changes := make([]checkout.StockChange, len(skus))
	for i, sku := range skus {
		changes[i] = checkout.StockChange{SKU: sku, Delta: delta}
	}
	return changes
}

// many puts n products with so much stock on the shelf.
func (t *trial) many(n int, stock int64) []string {
	products := make([]checkout.Product, n)
	skus := make([]string, n)
	for i := range products {
		skus[i] = t.sku()
		products[i] = checkout.Product{SKU: skus[i], Title: "Thing", Prices: prices(100), Stock: &stock}
	}
	t.put(products...)
	return skus
}

// shorts fails the case unless a commit of these changes is refused because just these skus are short.
func (t *trial) shorts(changes []checkout.StockChange, short ...string) {
	c := t.cart()
	s := t.session(c)
	t.conflicts(checkout.Commit{Session: t.next(s), Stock: changes, Cart: &checkout.CartChange{CartID: c.ID, Lock: true}},
		checkout.Conflict{Session: &s, Cart: &c, Short: short})
}

func stockCases() []Case {
	const lines = checkout.MaxStockLines
	return []Case{
		story("stock/taken is gone", func(t *trial) {
			sku := t.product(5)
			t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(-2, sku)})
			t.free(sku, 3)
		}),
		story("stock/the last unit can be taken", func(t *trial) {
			sku := t.product(1)
			t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(-1, sku)})
			t.free(sku, 0)
		}),
		story("stock/one more than there is can't be taken", func(t *trial) {
			sku := t.product(4)
			t.shorts(moves(-5, sku), sku)
			t.free(sku, 4)
		}),
		story("stock/none can't be taken", func(t *trial) {
			sku := t.product(0)
			t.shorts(moves(-1, sku), sku)
			t.free(sku, 0)
		}),
		story("stock/more than can be counted can't be taken", func(t *trial) {
			sku := t.product(4)
			t.shorts(moves(-1<<62, sku), sku)
			t.free(sku, 4)
		}),
		story("stock/given back is free", func(t *trial) {
			sku := t.product(0)
			t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(7, sku)})
			t.free(sku, 7)
		}),
		story("stock/taken and given back is as before", func(t *trial) {
			skus := t.many(3, 5)
			s := t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(-5, skus...)})
			t.commit(checkout.Commit{Session: t.next(s), Stock: moves(5, skus...)})
			for _, sku := range skus {
				t.free(sku, 5)
			}
		}),
		story("stock/one commit takes of one and gives back another", func(t *trial) {
			take, give := t.product(2), t.product(2)
			t.commit(checkout.Commit{Session: t.newSession(t.newCart()),
				Stock: []checkout.StockChange{{SKU: take, Delta: -2}, {SKU: give, Delta: 2}}})
			t.free(take, 0)
			t.free(give, 4)
		}),
		story("stock/one short of several: nothing is taken", func(t *trial) {
			plenty, few := t.product(9), t.product(1)
			t.shorts(moves(-2, plenty, few), few)
			t.free(plenty, 9)
			t.free(few, 1)
		}),
		story("stock/several short are all named", func(t *trial) {
			skus := []string{t.product(1), t.product(9), t.product(0), t.product(2), t.product(3)}
			t.shorts(moves(-3, skus...), skus[0], skus[2], skus[3])
			t.free(skus[1], 9)
			t.free(skus[4], 3)
		}),
		story("stock/a short one keeps the others from being given back", func(t *trial) {
			short, back := t.product(0), t.product(3)
			t.shorts([]checkout.StockChange{{SKU: back, Delta: 2}, {SKU: short, Delta: -1}}, short)
			t.free(back, 3)
		}),
		story("stock/of a product that is gone can't be taken", func(t *trial) {
			gone, there := t.sku(), t.product(3)
			t.shorts(moves(-1, there, gone), gone)
			t.free(there, 3)
		}),
		story("stock/a product that is gone takes back nothing, and is no conflict", func(t *trial) {
			gone, there := t.sku(), t.product(3)
			s := t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(2, gone, there)})
			t.holdsSession(s)
			t.free(there, 5)
			t.shorts(moves(-1, gone), gone)
		}),
		story("stock/a product that is not kept has any number", func(t *trial) {
			endless, kept := t.product(-1), t.product(9)
			s := t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(-9, endless, kept)})
			t.holdsSession(s)
			t.free(kept, 0)
			t.unkept(endless)
		}),
		story("stock/a product that is not kept takes back nothing, and is no conflict", func(t *trial) {
			endless, kept := t.product(-1), t.product(0)
			t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(4, kept, endless)})
			t.free(kept, 4)
			t.unkept(endless)
		}),
		story("stock/a product that is no longer kept takes back nothing", func(t *trial) {
			sku := t.product(5)
			s := t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(-5, sku)})
			t.put(checkout.Product{SKU: sku, Title: "Thing", Prices: prices(100)})
			t.commit(checkout.Commit{Session: t.next(s), Stock: moves(5, sku)})
			t.unkept(sku)
		}),
		story("stock/a cart in conflict keeps the stock from being taken", func(t *trial) {
			c, s := t.held()
			sku := t.product(5)
			t.conflicts(checkout.Commit{Session: t.next(s), Stock: moves(-1, sku), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}},
				checkout.Conflict{Session: &s, Cart: &c})
			t.free(sku, 5)
		}),
		story("stock/a short product keeps the cart from being replaced", func(t *trial) {
			c, sku := t.cart(t.lines(2)...), t.product(0)
			s := t.session(c)
			ch := t.replacement(c)
			t.conflicts(checkout.Commit{Session: t.next(s), Stock: moves(-1, sku), Cart: &ch},
				checkout.Conflict{Session: &s, Cart: &c, Short: []string{sku}})
		}),
		story("stock/a short product keeps a session from being made", func(t *trial) {
			c, sku := t.cart(), t.product(0)
			t.conflicts(checkout.Commit{Session: t.newSession(c), Stock: moves(-1, sku)}, checkout.Conflict{Short: []string{sku}})
		}),
		story("stock/90 products with session and cart", func(t *trial) {
			skus := t.many(lines, 2)
			c := t.cart(t.lines(checkout.MaxLines)...)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Stock: moves(-2, skus...),
				Cart: &checkout.CartChange{CartID: c.ID, Version: c.Version, Lock: true}})
			t.holdsSession(s)
			c.Session = s.ID
			t.holds(c)
			t.shorts(moves(-1, skus...), skus...)
		}),
		story("stock/90 products are given back at once", func(t *trial) {
			skus := t.many(lines, 1)
			s := t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Stock: moves(-1, skus...)})
			t.commit(checkout.Commit{Session: t.next(s), Stock: moves(1, skus...)})
			t.free(skus[0], 1)
			t.free(skus[lines-1], 1)
		}),
		story("stock/one short of 90: nothing is taken", func(t *trial) {
			skus := t.many(lines, 1)
			s := t.session(t.newCart())
			t.ok("take one", t.take(&s, skus[71], 1))
			t.shorts(moves(-1, skus...), skus[71])
			t.free(skus[0], 1)
			t.free(skus[lines-1], 1)
		}),
		story("stock/a sku named twice is refused", func(t *trial) {
			sku := t.product(5)
			s := t.newSession(t.newCart())
			if err := t.Sessions.Commit(t.ctx, checkout.Commit{Session: s, Stock: moves(-1, sku, sku)}); err == nil {
				t.fail("a commit moved the stock of one sku twice")
			}
			t.noSession(s.ID)
			t.free(sku, 5)
		}),
	}
}

// unkept fails the case unless a product is there and its stock not kept.
func (t *trial) unkept(sku string) {
	t.eventually(func() error {
		p, err := t.lookup(sku)
		if err == nil && p.Stock != nil {
			err = t.differs("stock of "+sku, *p.Stock, nil)
		}
		return err
	})
}
