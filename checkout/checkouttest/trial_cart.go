package checkouttest

import (
	"time"

	"kassa/checkout"
)

func (t *trial) sku() string { return t.id("SKU.") }

func (t *trial) mark() checkout.Mark {
	return checkout.NewMark("conformance", t.id(""), "print")
}

func line(sku string, quantity int64) checkout.LineItem {
	return checkout.LineItem{ID: checkout.LineID(sku), SKU: sku, Quantity: quantity}
}

func (t *trial) lines(n int) []checkout.LineItem {
	lines := make([]checkout.LineItem, n)
	for i := range lines {
		lines[i] = line(t.sku(), int64(1+i))
	}
	return lines
}

// newCart returns a guest's open cart, not yet stored.
func (t *trial) newCart(lines ...checkout.LineItem) checkout.Cart {
	return checkout.Cart{
		ID: t.id("ct_"), Version: 1, Epoch: 1, Currency: "EUR", Lines: lines, Context: checkout.Context{Country: "NL", Language: "nl"},
		CreatedAt: start, UpdatedAt: start, ExpiresAt: start.Add(checkout.LifeGuestCart), Create: t.mark(),
	}
}

func (t *trial) create(c checkout.Cart) checkout.Cart {
	if !t.failed() {
		t.ok("create the cart", t.Carts.CreateCart(t.ctx, c))
	}
	return c
}

func (t *trial) cart(lines ...checkout.LineItem) checkout.Cart { return t.create(t.newCart(lines...)) }

func (t *trial) readCart(id string) checkout.Cart {
	if t.failed() {
		return checkout.Cart{}
	}
	c, err := t.Carts.Cart(t.ctx, id)
	t.ok("read the cart", err)
	return c
}

// holds fails the case unless a cart is stored as wanted.
func (t *trial) holds(want checkout.Cart) { t.same("the stored cart", t.readCart(want.ID), want) }

// edit returns an edit of a cart that its conditions allow; the effect is still to come.
func (t *trial) edit(c checkout.Cart) checkout.CartEdit {
	return checkout.CartEdit{
		CartID: c.ID, Mark: t.mark(), At: start.Add(time.Minute), ExpiresAt: start.Add(time.Minute + checkout.LifeGuestCart),
		Access: checkout.Access{Epoch: c.Epoch, Customer: c.Customer},
	}
}

func (t *trial) add(c checkout.Cart, l checkout.LineItem) checkout.CartEdit {
	e := t.edit(c)
	e.Add = &l
	return e
}

func (t *trial) set(c checkout.Cart, l checkout.LineItem) checkout.CartEdit {
	e := t.edit(c)
	e.Set = &l
	return e
}

func (t *trial) remove(c checkout.Cart, sku string) checkout.CartEdit {
	e := t.edit(c)
	e.Remove = checkout.LineID(sku)
	return e
}

func (t *trial) replace(c checkout.Cart, with checkout.CartContents) checkout.CartEdit {
	e := t.edit(c)
	e.Replace = &with
	return e
}

// apply makes an edit, which must succeed.
func (t *trial) apply(e checkout.CartEdit) checkout.Cart {
	if t.failed() {
		return checkout.Cart{}
	}
	c, err := t.Carts.EditCart(t.ctx, e)
	t.ok("edit the cart", err)
	return c
}

// refuses makes an edit, which must be refused with the cart as it stands and change nothing.
func (t *trial) refuses(e checkout.CartEdit, stands checkout.Cart) {
	if t.failed() {
		return
	}
	_, err := t.Carts.EditCart(t.ctx, e)
	conflict := t.conflict("edit the cart", err)
	t.same("the conflict", conflict, checkout.Conflict{Cart: &stands})
	t.holds(stands)
}

// edited returns a cart as an edit leaves it, but for the effect itself.
func edited(c checkout.Cart, e checkout.CartEdit) checkout.Cart {
	c.Version++
	c.UpdatedAt, c.ExpiresAt = e.At, e.ExpiresAt
	c.Marks = checkout.Remember(c.Marks, e.Mark)
	return c
}
