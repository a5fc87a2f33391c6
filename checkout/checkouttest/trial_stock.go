package checkouttest

import "kassa/checkout"

// product puts a product with so much stock on the shelf; −1 = not kept.
func (t *trial) product(stock int64) string {
	p := checkout.Product{SKU: t.sku(), Title: "Thing", Prices: prices(1000)}
	if stock >= 0 {
		p.Stock = &stock
	}
	t.put(p)
	return p.SKU
}

func (t *trial) put(products ...checkout.Product) {
	if !t.failed() {
		t.ok("put products", t.Catalog.PutProducts(t.ctx, products))
	}
}

// free fails the case unless exactly so much of a sku is free. It asks by taking, since only commits may not be late.
func (t *trial) free(sku string, want int64) {
	s := t.session(t.newCart())
	err := t.take(&s, sku, want+1)
	if err == nil {
		t.fail("more than %d of %s were free", want, sku)
	}
	t.same("what is short of "+sku, t.conflict("take one too many of "+sku, err).Short, []string{sku})
	if want > 0 {
		t.ok("take all of "+sku, t.take(&s, sku, want))
		t.ok("give all back of "+sku, t.take(&s, sku, -want))
	}
}

func (t *trial) take(s *checkout.Session, sku string, quantity int64) error {
	if t.failed() {
		return t.failure
	}
	next := t.next(*s)
	err := t.Sessions.Commit(t.ctx, checkout.Commit{Session: next, Stock: []checkout.StockChange{{SKU: sku, Delta: -quantity}}})
	if err == nil {
		*s = next
	}
	return err
}
