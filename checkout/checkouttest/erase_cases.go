package checkouttest

import (
	"time"

	"kassa/checkout"
)

// erase removes a cart, which must be refused with the cart as it stands, or succeed.
func (t *trial) erase(id string, version int64, holder string, stands *checkout.Cart) {
	store, ok := t.Carts.(checkout.CartEraser)
	if !ok {
		t.fail("a %T erases no carts", t.Carts)
	}
	if t.failed() {
		return
	}
	err := store.EraseCart(t.ctx, id, version, holder)
	if stands != nil {
		t.same("the conflict", t.conflict("erase the cart", err), checkout.Conflict{Cart: stands})
		t.holds(*stands)
		return
	}
	t.ok("erase the cart", err)
	_, err = t.Carts.Cart(t.ctx, id)
	t.code("read an erased cart", err, checkout.CodeNotFound)
}

func eraseCases() []Case {
	return []Case{
		story("erase/an open cart, with all that is noted about it, and again", func(t *trial) {
			c := t.newCart(t.lines(2)...)
			c.Due = time.Date(2001, time.January, 1, 0, 0, 0, 0, time.UTC)
			c = t.follow(t.create(c), t.following(c))
			t.erase(c.ID, c.Version, "", nil)
			t.erase(c.ID, c.Version, "", nil)
			t.erase(t.id("ct_"), 1, "", nil)
		}),
		story("erase/a cart that was edited since stays", func(t *trial) {
			c := t.cart(t.lines(1)...)
			before := c.Version
			c = t.apply(t.add(c, line(t.sku(), 1)))
			t.erase(c.ID, before, "", &c)
			t.erase(c.ID, c.Version, "", nil)
		}),
		story("erase/a locked cart by its holder's name only", func(t *trial) {
			c := t.cart(t.lines(1)...)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			c.Session = s.ID
			t.erase(c.ID, c.Version, "", &c)
			t.erase(c.ID, c.Version, t.id("cs_"), &c)
			t.erase(c.ID, c.Version, s.ID, nil)
			other := t.create(t.newCart())
			t.erase(other.ID, other.Version, s.ID, &other)
		}),
	}
}
