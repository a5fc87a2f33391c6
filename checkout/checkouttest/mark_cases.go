package checkouttest

import (
	"time"

	"kassa/checkout"
)

// crowd makes n edits by others.
func (t *trial) crowd(c checkout.Cart, sku string, n int) []checkout.Mark {
	var marks []checkout.Mark
	for range n {
		e := t.add(c, line(sku, 1))
		t.apply(e)
		marks = append(marks, e.Mark)
	}
	return marks
}

func markCases() []Case {
	return []Case{
		story("mark/an edit repeated has its effect once", func(t *trial) {
			c := t.cart()
			e := t.add(c, line(t.sku(), 3))
			t.refuses(e, t.apply(e))
		}),
		story("mark/a cancel repeated shows its mark", func(t *trial) {
			c := t.cart()
			e := t.edit(c)
			e.Cancel = true
			t.refuses(e, t.apply(e))
		}),
		story("mark/a remove repeated is not taken for a line that was never there", func(t *trial) {
			c := t.cart(line("a", 1))
			e := t.remove(c, "a")
			t.apply(e)
			_, err := t.Carts.EditCart(t.ctx, e)
			conflict := t.conflict("remove it again", err)
			if conflict.Cart == nil {
				t.fail("the conflict shows no cart")
			} else if mark, ok := conflict.Cart.Marked(e.Mark.Key); !ok || mark != e.Mark {
				t.fail("the conflict's cart does not show the mark of the first remove")
			}
		}),
		story("mark/an edit repeated at its version has its effect once", func(t *trial) {
			c := t.cart()
			e := t.add(c, line(t.sku(), 3))
			e.IfVersion = c.Version
			t.refuses(e, t.apply(e))
		}),
		story("mark/a key used for something else is refused", func(t *trial) {
			c := t.cart()
			first := t.add(c, line(t.sku(), 3))
			after := t.apply(first)
			second := t.add(c, line(t.sku(), 1))
			second.Mark = checkout.Mark{Key: first.Mark.Key, Print: second.Mark.Print}
			t.refuses(second, after)
		}),
		story("mark/an edit is recognised after 15 others", func(t *trial) {
			c := t.cart(line("a", 1))
			e := t.set(c, line("a", 500))
			t.apply(e)
			t.crowd(c, "a", checkout.MaxMarks-1)
			t.refuses(e, t.readCart(c.ID))
			t.has(c.ID, line("a", 515))
		}),
		story("mark/an edit is recognised while the cart is locked", func(t *trial) {
			c := t.cart()
			e := t.add(c, line(t.sku(), 3))
			after := t.apply(e)
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			after.Session = checkout.SessionID(c.ID, 0)
			t.refuses(e, after)
		}),
		story("mark/the last 16 are kept, oldest first", func(t *trial) {
			c := t.cart()
			marks := t.crowd(c, "a", checkout.MaxMarks+4)
			t.same("the marks", t.readCart(c.ID).Marks, tail(marks, checkout.MaxMarks))
		}),
		story("mark/after 16 others an edit is forgotten and works again", func(t *trial) {
			c := t.cart()
			e := t.add(c, line("a", 100))
			t.apply(e)
			t.crowd(c, "b", checkout.MaxMarks)
			t.apply(e)
			t.has(c.ID, line("a", 200), line("b", checkout.MaxMarks))
		}),
		story("mark/the one that made the cart is never forgotten", func(t *trial) {
			c := t.cart()
			t.crowd(c, "a", checkout.MaxMarks+1)
			e := t.add(c, line("a", 1))
			e.Mark = c.Create
			t.refuses(e, t.readCart(c.ID))
		}),
		story("mark/a refused edit is not remembered", func(t *trial) {
			c := t.cart()
			e := t.set(c, line("a", 7))
			t.refuses(e, c)
			t.apply(t.add(c, line("a", 1)))
			t.apply(e)
			t.has(c.ID, line("a", 7))
		}),
		story("mark/every kind of edit is remembered", func(t *trial) {
			c := t.cart(line("a", 1), line("b", 1))
			cancel := t.edit(c)
			cancel.Cancel = true
			edits := []checkout.CartEdit{t.add(c, line("c", 1)), t.add(c, line("a", 1)), t.set(c, line("a", 2)), t.remove(c, "b"),
				t.replace(c, checkout.CartContents{}), cancel}
			var marks []checkout.Mark
			for _, e := range edits {
				t.apply(e)
				marks = append(marks, e.Mark)
			}
			t.same("the marks", t.readCart(c.ID).Marks, marks)
		}),
		story("mark/a replacement by a session is remembered with the edits", func(t *trial) {
			c := t.cart()
			marks := t.crowd(c, "a", checkout.MaxMarks)
			mark := t.mark()
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{
				CartID: c.ID, Replace: &checkout.CartContents{}, Mark: mark, At: start.Add(time.Hour), ExpiresAt: start.AddDate(0, 1, 0),
			}})
			t.same("the marks", t.readCart(c.ID).Marks, append(marks[1:], mark))
		}),
	}
}

func tail[T any](all []T, n int) []T { return all[len(all)-n:] }
