package checkouttest

import (
	"time"

	"kassa/checkout"
)

// effect is one kind of edit of a cart that has lines: what it does to an edit, and to the cart.
type effect struct {
	name string
	to   func(e *checkout.CartEdit, c checkout.Cart)
	want func(c *checkout.Cart)
}

var added = line("added", 5)

func effects() []effect {
	contents := checkout.CartContents{
		Lines: []checkout.LineItem{line("r2", 2), line("r1", 1)}, Context: checkout.Context{Country: "NO", Language: "nb"},
		Buyer: &checkout.Buyer{Email: "kari@example.com"},
	}
	return []effect{
		{
			"add a line", func(e *checkout.CartEdit, _ checkout.Cart) { e.Add = &added },
			func(c *checkout.Cart) { c.Lines = append(copyOf(c.Lines), added) },
		}, {
			"add to a line",
			func(e *checkout.CartEdit, c checkout.Cart) { l := line(c.Lines[0].SKU, 3); e.Add = &l },
			func(c *checkout.Cart) { c.Lines = copyOf(c.Lines); c.Lines[0].Quantity += 3 },
		}, {
			"set", func(e *checkout.CartEdit, c checkout.Cart) { l := line(c.Lines[0].SKU, 42); e.Set = &l },
			func(c *checkout.Cart) { c.Lines = copyOf(c.Lines); c.Lines[0].Quantity = 42 },
		}, {
			"remove", func(e *checkout.CartEdit, c checkout.Cart) { e.Remove = c.Lines[0].ID },
			func(c *checkout.Cart) { c.Lines = copyOf(c.Lines[1:]) },
		}, {
			"replace", func(e *checkout.CartEdit, _ checkout.Cart) { e.Replace = &contents },
			func(c *checkout.Cart) {
				c.Lines, c.Context, c.Buyer = contents.Lines, contents.Context, *contents.Buyer
			},
		}, {
			"cancel", func(e *checkout.CartEdit, _ checkout.Cart) { e.Cancel = true },
			func(c *checkout.Cart) { c.Canceled = true },
		},
	}
}

func copyOf(lines []checkout.LineItem) []checkout.LineItem {
	return append([]checkout.LineItem(nil), lines...)
}

// editable returns a guest's open cart with every other field set, not yet stored.
func (t *trial) editable() checkout.Cart {
	c := populated[checkout.Cart](t)
	c.ID, c.Session, c.Canceled, c.Customer = t.id("ct_"), "", false, ""
	c.ExpiresAt = start.Add(time.Hour)
	return c
}

// editRefusals tries every effect against every condition that is not met.
func editRefusals() []Case {
	const someone = "customer-1"
	stored := []struct {
		name string
		cart func(c *checkout.Cart)
		edit func(e *checkout.CartEdit, c checkout.Cart)
	}{
		{"of a locked cart", func(c *checkout.Cart) { c.Session = "cs_x_0" }, nil},
		{"of a canceled cart", func(c *checkout.Cart) { c.Canceled = true }, nil},
		{"past the cart's life", func(c *checkout.Cart) { c.ExpiresAt = start.Add(time.Minute - time.Millisecond) }, nil},
		{"with a token of another epoch", nil, func(e *checkout.CartEdit, _ checkout.Cart) { e.Access.Epoch-- }},
		{"without access", nil, func(e *checkout.CartEdit, _ checkout.Cart) { e.Access = checkout.Access{} }},
		{"by a customer without token at a guest's", nil,
			func(e *checkout.CartEdit, _ checkout.Cart) { e.Access = checkout.Access{Customer: someone} }},
		{"by a guest at a customer's", func(c *checkout.Cart) { c.Customer = someone },
			func(e *checkout.CartEdit, _ checkout.Cart) { e.Access.Customer = "" }},
		{"by another customer", func(c *checkout.Cart) { c.Customer = someone },
			func(e *checkout.CartEdit, _ checkout.Cart) { e.Access.Customer = "customer-2" }},
		{"without epoch of a cart without one", func(c *checkout.Cart) { c.Epoch = 0 }, nil},
		{"at an older version", nil, func(e *checkout.CartEdit, c checkout.Cart) { e.IfVersion = c.Version - 1 }},
		{"at a later version", nil, func(e *checkout.CartEdit, c checkout.Cart) { e.IfVersion = c.Version + 1 }},
		{"with a remembered mark", nil, func(e *checkout.CartEdit, c checkout.Cart) { e.Mark = c.Marks[0] }},
		{"with a remembered key of another request", nil, func(e *checkout.CartEdit, c checkout.Cart) { e.Mark.Key = c.Marks[1].Key }},
		{"with the mark that made the cart", nil, func(e *checkout.CartEdit, c checkout.Cart) { e.Mark = c.Create }},
	}
	var cases []Case
	for _, f := range effects() {
		for _, r := range stored {
			cases = append(cases, story("edit/"+f.name+" refused "+r.name, func(t *trial) {
				c := t.editable()
				if r.cart != nil {
					r.cart(&c)
				}
				e := t.edit(c)
				if r.edit != nil {
					r.edit(&e, c)
				}
				f.to(&e, c)
				t.refuses(e, t.create(c))
			}))
		}
		cases = append(cases, story("edit/"+f.name+" refused where there is no cart", func(t *trial) {
			c := t.editable()
			e := t.edit(c)
			f.to(&e, c)
			_, err := t.Carts.EditCart(t.ctx, e)
			t.same("the conflict", t.conflict("edit no cart", err), checkout.Conflict{})
			_, err = t.Carts.Cart(t.ctx, c.ID)
			t.code("read the cart that never was", err, checkout.CodeNotFound)
		}))
	}
	return cases
}

// editCases tries every effect where all conditions are met, at their very bounds.
func editCases() []Case {
	const someone = "customer-1"
	accepted := []struct {
		name string
		cart func(c *checkout.Cart)
		edit func(e *checkout.CartEdit, c checkout.Cart)
	}{
		{"for the holder of the token", nil, nil},
		{"for its customer", func(c *checkout.Cart) { c.Customer = someone },
			func(e *checkout.CartEdit, _ checkout.Cart) { e.Access.Epoch = 0 }},
		{"for a signed-in holder of the token", nil, func(e *checkout.CartEdit, _ checkout.Cart) { e.Access.Customer = someone }},
		{"at the version asked for", nil, func(e *checkout.CartEdit, c checkout.Cart) { e.IfVersion = c.Version }},
		{"at the last instant of its life", func(c *checkout.Cart) { c.ExpiresAt = start.Add(time.Minute) }, nil},
		{"of a cart without end", func(c *checkout.Cart) { c.ExpiresAt = time.Time{} }, nil},
		{"that nobody edited before", func(c *checkout.Cart) { c.Marks = nil }, nil},
	}
	var cases []Case
	for _, f := range effects() {
		for _, a := range accepted {
			cases = append(cases, story("edit/"+f.name+" "+a.name, func(t *trial) {
				c := t.editable()
				if a.cart != nil {
					a.cart(&c)
				}
				e := t.edit(c)
				if a.edit != nil {
					a.edit(&e, c)
				}
				f.to(&e, c)
				t.create(c)
				want := edited(c, e)
				f.want(&want)
				t.same("the edited cart", t.apply(e), want)
				t.holds(want)
			}))
		}
	}
	return cases
}
