package checkouttest

import (
	"slices"

	"kassa/checkout"
)

// has fails the case unless a cart holds just these lines.
func (t *trial) has(cartID string, lines ...checkout.LineItem) {
	t.same("the lines", t.readCart(cartID).Lines, lines)
}

func lineCases() []Case {
	const full, most = checkout.MaxLines, checkout.MaxQuantity
	return []Case{
		story("line/quantities add up to the most", func(t *trial) {
			sku := t.sku()
			c := t.cart(line(sku, 1))
			t.apply(t.add(c, line(sku, most-1)))
			t.has(c.ID, line(sku, most))
		}),
		story("line/one more than the most is refused", func(t *trial) {
			sku := t.sku()
			c := t.cart(line(sku, 2))
			t.refuses(t.add(c, line(sku, most-1)), c)
		}),
		story("line/a new one may hold the most", func(t *trial) {
			c, l := t.cart(), line(t.sku(), most)
			t.apply(t.add(c, l))
			t.has(c.ID, l)
		}),
		story("line/a new one of more than the most is refused", func(t *trial) {
			c := t.cart()
			t.refuses(t.add(c, line(t.sku(), most+1)), c)
		}),
		story("line/a sum beyond counting is refused", func(t *trial) {
			sku := t.sku()
			c := t.cart(line(sku, most))
			t.refuses(t.add(c, line(sku, 1<<63-1)), c)
		}),
		story("line/the hundredth is added", func(t *trial) {
			lines := t.lines(full)
			c := t.cart(lines[:full-1]...)
			t.apply(t.add(c, lines[full-1]))
			t.has(c.ID, lines...)
		}),
		story("line/the hundred-and-first is refused", func(t *trial) {
			c := t.cart(t.lines(full)...)
			t.refuses(t.add(c, line(t.sku(), 1)), c)
		}),
		story("line/a full cart adds to its lines", func(t *trial) {
			lines := t.lines(full)
			c := t.cart(lines...)
			t.apply(t.add(c, line(lines[50].SKU, 1)))
			lines[50].Quantity++
			t.has(c.ID, lines...)
		}),
		story("line/a full cart sets and removes its lines", func(t *trial) {
			lines := t.lines(full)
			c := t.cart(lines...)
			t.apply(t.set(c, line(lines[99].SKU, 7)))
			t.apply(t.remove(c, lines[0].SKU))
			lines[99].Quantity = 7
			t.has(c.ID, lines[1:]...)
		}),
		story("line/a removed one makes room in a full cart", func(t *trial) {
			lines := t.lines(full)
			c, l := t.cart(lines...), line(t.sku(), 1)
			t.apply(t.remove(c, lines[3].SKU))
			t.apply(t.add(c, l))
			t.has(c.ID, append(slices.Delete(lines, 3, 4), l)...)
		}),
		story("line/set of one that is not there is refused", func(t *trial) {
			c := t.cart(t.lines(2)...)
			t.refuses(t.set(c, line(t.sku(), 1)), c)
		}),
		story("line/remove of one that is not there is refused", func(t *trial) {
			c := t.cart(t.lines(2)...)
			t.refuses(t.remove(c, t.sku()), c)
		}),
		story("line/set in an empty cart is refused", func(t *trial) {
			c := t.cart()
			t.refuses(t.set(c, line(t.sku(), 1)), c)
		}),
		story("line/removed twice is refused the second time", func(t *trial) {
			lines := t.lines(2)
			c := t.cart(lines...)
			after := t.apply(t.remove(c, lines[0].SKU))
			t.refuses(t.remove(c, lines[0].SKU), after)
		}),
		story("line/new ones come last, whatever their sku", func(t *trial) {
			c := t.cart()
			for _, sku := range []string{"m", "z", "a", "0", "Z"} {
				t.apply(t.add(c, line(sku, 1)))
			}
			t.has(c.ID, line("m", 1), line("z", 1), line("a", 1), line("0", 1), line("Z", 1))
		}),
		story("line/adding to one and setting it leave it in its place", func(t *trial) {
			c := t.cart(line("c", 1), line("b", 1), line("a", 1))
			t.apply(t.add(c, line("b", 4)))
			t.apply(t.set(c, line("c", 9)))
			t.has(c.ID, line("c", 9), line("b", 5), line("a", 1))
		}),
		story("line/removing one leaves the others in their order", func(t *trial) {
			c := t.cart(line("d", 1), line("c", 2), line("b", 3), line("a", 4))
			t.apply(t.remove(c, "c"))
			t.has(c.ID, line("d", 1), line("b", 3), line("a", 4))
		}),
		story("line/added again after it was removed comes last, with its own quantity", func(t *trial) {
			c := t.cart(line("c", 8), line("b", 2), line("a", 3))
			t.apply(t.remove(c, "c"))
			t.apply(t.add(c, line("c", 1)))
			t.has(c.ID, line("b", 2), line("a", 3), line("c", 1))
		}),
		story("line/the last one can go and come back", func(t *trial) {
			c := t.cart(line("a", 1))
			t.apply(t.remove(c, "a"))
			t.has(c.ID)
			t.apply(t.add(c, line("b", 2)))
			t.has(c.ID, line("b", 2))
		}),
		story("line/a replacement brings its own order, and adding goes on from there", func(t *trial) {
			c := t.cart(line("a", 1), line("b", 1), line("c", 1))
			t.apply(t.replace(c, checkout.CartContents{Lines: []checkout.LineItem{line("z", 1), line("c", 2), line("a", 5)}}))
			t.apply(t.add(c, line("b", 1)))
			t.has(c.ID, line("z", 1), line("c", 2), line("a", 5), line("b", 1))
		}),
		story("line/a replacement may fill the cart", func(t *trial) {
			c, lines := t.cart(t.lines(full)...), t.lines(full)
			t.apply(t.replace(c, checkout.CartContents{Lines: lines}))
			t.has(c.ID, lines...)
			t.refuses(t.add(c, line(t.sku(), 1)), t.readCart(c.ID))
		}),
		story("line/a replacement may empty the cart", func(t *trial) {
			c := t.cart(t.lines(3)...)
			t.apply(t.replace(c, checkout.CartContents{}))
			t.has(c.ID)
			t.apply(t.add(c, line("a", 1)))
			t.has(c.ID, line("a", 1))
		}),
		story("line/a replacement without buyer keeps the cart's", func(t *trial) {
			c := t.newCart()
			c.Buyer = checkout.Buyer{Email: "jan@example.com", Phone: "+31201234567"}
			t.create(c)
			e := t.replace(c, checkout.CartContents{Lines: t.lines(1), Context: checkout.Context{Country: "US", PostalCode: "94105"}})
			want := edited(c, e)
			want.Lines, want.Context = e.Replace.Lines, e.Replace.Context
			t.same("the edited cart", t.apply(e), want)
			t.holds(want)
		}),
		story("line/a replacement with an empty buyer clears the cart's", func(t *trial) {
			c := populated[checkout.Cart](t)
			c.ID, c.Session, c.Canceled, c.ExpiresAt = t.id("ct_"), "", false, start.AddDate(1, 0, 0)
			t.create(c)
			t.apply(t.replace(c, checkout.CartContents{Buyer: &checkout.Buyer{}}))
			t.same("the buyer", t.readCart(c.ID).Buyer, checkout.Buyer{})
		}),
		story("line/edits of different lines commute", func(t *trial) {
			c := t.cart(line("a", 1), line("b", 1), line("c", 1))
			for _, e := range []checkout.CartEdit{t.remove(c, "c"), t.set(c, line("b", 6)), t.add(c, line("d", 2)), t.add(c, line("a", 1))} {
				t.apply(e)
			}
			t.has(c.ID, line("a", 2), line("b", 6), line("d", 2))
			t.same("the version", t.readCart(c.ID).Version, c.Version+4)
		}),
	}
}
