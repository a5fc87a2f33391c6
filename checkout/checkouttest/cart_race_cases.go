package checkouttest

import "kassa/checkout"

func cartRaces() []Case {
	const writers = 20
	return []Case{
		story("race/50 creates of one cart: one wins, all see its cart", func(t *trial) {
			id := t.id("ct_")
			rivals := make([]checkout.Cart, 50)
			for i := range rivals {
				rivals[i] = t.newCart(t.lines(1)...)
				rivals[i].ID = id
			}
			errs := together(len(rivals), func(i int) error { return t.Carts.CreateCart(t.ctx, rivals[i]) })
			t.same("the number of winners", t.winners(errs), 1)
			stored := t.readCart(id)
			for i, err := range errs {
				if err == nil {
					t.same("the winner's cart", stored, rivals[i])
				} else {
					t.same("a loser's answer", t.conflict("create", err), checkout.Conflict{Cart: &stored})
				}
			}
		}),
		story("race/20 writers add to one line: nothing is lost", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line("a", int64(1+i)))
			}
			t.edits(edits)
			t.has(c.ID, line("a", writers*(writers+1)/2))
			t.same("the version", t.readCart(c.ID).Version, c.Version+writers)
		}),
		story("race/20 writers add a line each: nothing is lost", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line(t.sku(), 1))
			}
			t.edits(edits)
			t.same("the number of lines", len(t.readCart(c.ID).Lines), writers)
		}),
		story("race/20 writers set, remove and add different lines: nothing is undone", func(t *trial) {
			lines := t.lines(writers)
			c := t.cart(lines...)
			var edits []checkout.CartEdit
			var want []checkout.LineItem
			for i, l := range lines {
				switch i % 3 {
				case 0:
					edits = append(edits, t.remove(c, l.SKU))
				case 1:
					edits, want = append(edits, t.set(c, line(l.SKU, 700))), append(want, line(l.SKU, 700))
				case 2:
					edits, want = append(edits, t.add(c, line(l.SKU, 100))), append(want, line(l.SKU, l.Quantity+100))
				}
			}
			t.edits(edits)
			t.has(c.ID, want...)
		}),
		story("race/20 writers at one version: one wins", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line("a", 1))
				edits[i].IfVersion = c.Version
			}
			t.same("the number of winners", t.winners(t.race(edits)), 1)
			t.has(c.ID, line("a", 1))
		}),
		story("race/20 writers at the last free line: one wins", func(t *trial) {
			c := t.cart(t.lines(checkout.MaxLines - 1)...)
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line(t.sku(), 1))
			}
			t.same("the number of winners", t.winners(t.race(edits)), 1)
			t.same("the number of lines", len(t.readCart(c.ID).Lines), checkout.MaxLines)
		}),
		story("race/20 writers fill a line: never above the most", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line("a", 100))
			}
			t.same("the number of winners", t.winners(t.race(edits)), 9)
			t.has(c.ID, line("a", 900))
		}),
		story("race/one request sent 20 times has its effect once", func(t *trial) {
			c := t.cart()
			e := t.add(c, line("a", 1))
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = e
			}
			t.same("the number of winners", t.winners(t.race(edits)), 1)
			t.has(c.ID, line("a", 1))
		}),
		story("race/answers to edits of one line are the steps that it went", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line("a", 1))
			}
			seen := make([]checkout.Cart, writers)
			for _, err := range together(writers, func(i int) (err error) {
				seen[i], err = t.Carts.EditCart(t.ctx, edits[i])
				return err
			}) {
				t.ok("edit", err)
			}
			steps := map[int64]int64{}
			for _, c := range seen {
				if l, ok := c.Line(checkout.LineID("a")); ok {
					steps[c.Version] = l.Quantity
				}
			}
			want := map[int64]int64{}
			for i := range int64(writers) {
				want[c.Version+1+i] = 1 + i
			}
			t.same("quantity by version", steps, want)
		}),
	}
}

func (t *trial) race(edits []checkout.CartEdit) []error {
	return together(len(edits), func(i int) error {
		_, err := t.Carts.EditCart(t.ctx, edits[i])
		return err
	})
}

// edits makes edits at once, which must all succeed.
func (t *trial) edits(edits []checkout.CartEdit) {
	for _, err := range t.race(edits) {
		t.ok("edit", err)
	}
}
