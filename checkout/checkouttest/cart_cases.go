package checkouttest

import (
	"slices"
	"strings"
	"time"

	"kassa/checkout"
)

const unicode = "Zoë Ørsted 李小龍 👩‍👩‍👧 \"quoted\" <b>&amp;</b> back\\slash\ttab\nline\u2028sep é\u200d"

func cartCases() []Case {
	cases := []Case{
		story("cart/created is read", func(t *trial) {
			t.holds(t.cart(t.lines(3)...))
		}),
		story("cart/every field survives", func(t *trial) {
			c := populated[checkout.Cart](t)
			c.ID = t.id("ct_")
			t.holds(t.create(c))
		}),
		story("cart/nothing set stays nothing", func(t *trial) {
			t.holds(t.create(checkout.Cart{ID: t.id("ct_"), Version: 1}))
		}),
		story("cart/none is not found", func(t *trial) {
			_, err := t.Carts.Cart(t.ctx, t.id("ct_"))
			t.code("read a cart that never was", err, checkout.CodeNotFound)
		}),
		story("cart/created again is a conflict", func(t *trial) {
			c := t.cart(t.lines(1)...)
			conflict := t.conflict("create it again", t.Carts.CreateCart(t.ctx, c))
			t.same("the conflict", conflict, checkout.Conflict{Cart: &c})
		}),
		story("cart/created over another shows that one as it stands", func(t *trial) {
			c := t.cart()
			c = t.apply(t.add(c, line(t.sku(), 2)))
			other := t.newCart(t.lines(5)...)
			other.ID = c.ID
			conflict := t.conflict("create over it", t.Carts.CreateCart(t.ctx, other))
			t.same("the conflict", conflict, checkout.Conflict{Cart: &c})
			t.holds(c)
		}),
		story("cart/created over an expired, canceled one is a conflict", func(t *trial) {
			c := t.newCart()
			c.Canceled, c.ExpiresAt = true, start.Add(-48*time.Hour)
			t.create(c)
			other := t.newCart()
			other.ID = c.ID
			t.conflict("create over it", t.Carts.CreateCart(t.ctx, other))
			t.holds(c)
		}),
		story("cart/100 lines keep their order", func(t *trial) {
			lines := t.lines(checkout.MaxLines)
			slices.Reverse(lines)
			t.holds(t.cart(lines...))
		}),
		story("cart/16 marks keep their order", func(t *trial) {
			c := t.newCart()
			for range checkout.MaxMarks {
				c.Marks = append(c.Marks, t.mark())
			}
			t.holds(t.create(c))
		}),
		story("cart/texts of any kind survive", func(t *trial) {
			c := t.newCart(line("A.b-c_D.0", 1))
			c.Buyer = checkout.Buyer{FirstName: unicode, LastName: strings.Repeat(unicode, 100)}
			c.Context.Region = unicode
			t.holds(t.create(c))
		}),
		story("cart/skus that look like a path are different lines", func(t *trial) {
			t.holds(t.cart(line("a.b", 1), line("a", 2), line("b", 3), line("a.b.c", 4), line("a-b", 5), line("0", 6), line("size", 7)))
		}),
		story("cart/an instant is the same in any zone", func(t *trial) {
			c := t.newCart()
			c.CreatedAt = c.CreatedAt.In(time.FixedZone("Kathmandu", 5*3600+45*60))
			c.Due = time.Date(2031, 1, 1, 0, 0, 0, 1e6, time.FixedZone("west", -11*3600))
			t.holds(t.create(c))
		}),
		story("cart/answers of consent are yes, no or none", func(t *trial) {
			yes, no := true, false
			c := t.newCart()
			c.Buyer.Consent = &checkout.Consent{Marketing: &yes, Analytics: &no}
			t.holds(t.create(c))
		}),
	}
	for _, field := range fieldsOf[checkout.Cart]("ID", "Version") {
		cases = append(cases, story("cart/field "+field+" survives alone", func(t *trial) {
			c := only[checkout.Cart](t, field)
			c.ID, c.Version = t.id("ct_"), 1
			t.holds(t.create(c))
		}))
	}
	return cases
}
