package checkouttest

import (
	"fmt"
	"time"

	"kassa/checkout"
)

const claimant = "customer-1"

// claim returns a claim of a cart that its conditions allow: it becomes the current cart of somebody new.
func (t *trial) claim(c checkout.Cart) checkout.Claim {
	p := t.newPerson()
	p.Cart = c.ID
	return checkout.Claim{
		CartID: c.ID, Version: c.Version, Access: checkout.Access{Epoch: c.Epoch, Customer: claimant}, Customer: claimant, Mark: t.mark(),
		Claimed: checkout.Claimed{Op: t.id("op")}, At: start.Add(time.Minute), ExpiresAt: start.Add(checkout.LifeCustomerCart), Person: &p,
		Due: start.Add(time.Hour),
	}
}

// mergeOf returns a claim of a cart whose lines go into another one.
func (t *trial) mergeOf(c, into checkout.Cart) checkout.Claim {
	claim := t.claim(c)
	claim.Person = nil
	claim.Claimed.Into = into.ID
	claim.Claimed.Changes = []checkout.LineChange{{SKU: "m1", Merged: 2}, {SKU: "m2", Before: 3, Merged: 1}}
	claim.Into = &checkout.ClaimInto{
		CartID: into.ID, Version: into.Version, Lines: []checkout.LineItem{line("m2", 3), line("m1", 2)},
		Buyer: &checkout.Buyer{Email: "kari@example.com"},
		Codes: []string{"SPRING", "SUMMER"},
	}
	return claim
}

// own returns an open cart of the claimant, with every other field set.
func (t *trial) own() checkout.Cart {
	c := t.editable()
	c.Customer, c.Claimed = claimant, nil
	return c
}

func (t *trial) guests() checkout.Cart {
	c := t.editable()
	c.Claimed = nil
	return c
}

func claimed(c checkout.Cart, by checkout.Claim) checkout.Cart {
	c.Customer, c.Claimed, c.Canceled = by.Customer, &by.Claimed, by.Into != nil
	c.Epoch++
	c.Version++
	c.UpdatedAt, c.ExpiresAt = by.At, by.ExpiresAt
	c.Marks = checkout.Remember(c.Marks, by.Mark)
	if c.Due.IsZero() && by.Into == nil {
		c.Due = by.Due
	}
	return c
}

func tookIn(c checkout.Cart, by checkout.Claim) checkout.Cart {
	c.Lines = by.Into.Lines
	if by.Into.Codes != nil {
		c.Codes = by.Into.Codes
	}
	if by.Into.Buyer != nil {
		c.Buyer = *by.Into.Buyer
	}
	c.Version++
	c.UpdatedAt, c.ExpiresAt = by.At, by.ExpiresAt
	if c.Due.IsZero() {
		c.Due = by.Due
	}
	return c
}

func (t *trial) claims(c checkout.Claim) {
	if !t.failed() {
		t.ok("claim the cart", t.People.ClaimCart(t.ctx, c))
	}
}

func claimCases() []Case {
	return []Case{
		story("claim/a guest's cart becomes the customer's current one", func(t *trial) {
			c := t.create(t.guests())
			claim := t.claim(c)
			t.claims(claim)
			t.holds(claimed(c, claim))
			t.knows(*claim.Person)
		}),
		story("claim/of somebody who is known already", func(t *trial) {
			c := t.create(t.guests())
			claim := t.claim(c)
			next := t.nextPerson(t.putPerson(t.newPerson()))
			next.Cart = c.ID
			claim.Person = &next
			t.claims(claim)
			t.holds(claimed(c, claim))
			t.knows(next)
		}),
		story("claim/a guest's cart goes into the current one", func(t *trial) {
			c, into := t.create(t.guests()), t.create(t.own())
			claim := t.mergeOf(c, into)
			t.claims(claim)
			t.holds(claimed(c, claim))
			t.holds(tookIn(into, claim))
		}),
		story("claim/without buyer and codes the current cart keeps its own", func(t *trial) {
			c, into := t.create(t.guests()), t.create(t.own())
			claim := t.mergeOf(c, into)
			claim.Into.Buyer, claim.Into.Codes = nil, nil
			t.claims(claim)
			t.holds(tookIn(into, claim))
		}),
		story("claim/into a cart that nobody was to look at again", func(t *trial) {
			c, into := t.guests(), t.own()
			c.Due, into.Due = time.Time{}, time.Time{}
			c, into = t.create(c), t.create(into)
			claim := t.mergeOf(c, into)
			t.claims(claim)
			t.holds(claimed(c, claim))
			t.holds(tookIn(into, claim))
		}),
		story("claim/of one's own cart", func(t *trial) {
			c, into := t.create(t.own()), t.create(t.own())
			claim := t.mergeOf(c, into)
			claim.Access.Epoch = 0
			t.claims(claim)
			t.holds(claimed(c, claim))
			t.holds(tookIn(into, claim))
		}),
		story("claim/at the last instant of both carts", func(t *trial) {
			c, into := t.guests(), t.own()
			c.ExpiresAt, into.ExpiresAt = start.Add(time.Minute), start.Add(time.Minute)
			claim := t.mergeOf(t.create(c), t.create(into))
			t.claims(claim)
			t.holds(claimed(c, claim))
		}),
		story("claim/of a cart that nobody edited before", func(t *trial) {
			c := t.cart(t.lines(3)...)
			claim := t.claim(c)
			t.claims(claim)
			t.holds(claimed(c, claim))
		}),
		story("claim/made once more is success, also when both carts have gone on", func(t *trial) {
			c, into := t.create(t.guests()), t.create(t.own())
			claim := t.mergeOf(c, into)
			t.claims(claim)
			after := tookIn(into, claim)
			e := t.add(after, line("more", 1))
			want := edited(after, e)
			want.Lines = append(copyOf(want.Lines), *e.Add)
			t.apply(e)
			t.claims(claim)
			t.holds(claimed(c, claim))
			t.holds(want)
		}),
		story("claim/guest tokens are dead afterwards", func(t *trial) {
			c := t.create(t.guests())
			e := t.add(c, line("late", 1))
			claim := t.claim(c)
			t.claims(claim)
			t.refuses(e, claimed(c, claim))
		}),
		story("claim/that has neither person nor cart, or both, or itself, is invalid", func(t *trial) {
			c, into := t.create(t.guests()), t.create(t.own())
			for _, edit := range []func(*checkout.Claim){
				func(claim *checkout.Claim) { claim.Into = nil },
				func(claim *checkout.Claim) { p := t.newPerson(); claim.Person = &p },
				func(claim *checkout.Claim) { claim.Into.CartID = c.ID },
			} {
				claim := t.mergeOf(c, into)
				edit(&claim)
				if !t.failed() {
					t.code("claim", t.People.ClaimCart(t.ctx, claim), checkout.CodeInvalid)
				}
			}
			t.holds(c)
			t.holds(into)
		}),
		story("copy/of a claim", func(t *trial) {
			c, into := t.create(t.guests()), t.create(t.own())
			given := t.mergeOf(c, into)
			want := given
			want.Claimed.Changes = append([]checkout.LineChange(nil), given.Claimed.Changes...)
			fresh := *given.Into
			fresh.Lines, fresh.Buyer = copyOf(given.Into.Lines), &checkout.Buyer{Email: given.Into.Buyer.Email}
			fresh.Codes = append([]string(nil), given.Into.Codes...)
			want.Into = &fresh
			t.claims(given)
			spoil(&given)
			t.holds(claimed(c, want))
			t.holds(tookIn(into, want))
		}),
	}
}

// claimRefusals tries every condition that is not met, of both kinds of claim.
func claimRefusals() []Case {
	var cases []Case
	for _, r := range []struct {
		name  string
		cart  func(c *checkout.Cart)
		claim func(claim *checkout.Claim, c checkout.Cart)
	}{
		{"of a locked cart", func(c *checkout.Cart) { c.Session = "cs_x_0" }, nil},
		{"of a canceled cart", func(c *checkout.Cart) { c.Canceled = true }, nil},
		{"past the cart's life", func(c *checkout.Cart) { c.ExpiresAt = start.Add(time.Minute - time.Millisecond) }, nil},
		{"of another customer's cart", func(c *checkout.Cart) { c.Customer = "customer-2" }, nil},
		{"at another version", nil, func(claim *checkout.Claim, _ checkout.Cart) { claim.Version++ }},
		{"with a token of another epoch", nil, func(claim *checkout.Claim, _ checkout.Cart) { claim.Access.Epoch++ }},
		{"by a customer without token", nil, func(claim *checkout.Claim, _ checkout.Cart) { claim.Access.Epoch = 0 }},
		{"without access", nil, func(claim *checkout.Claim, _ checkout.Cart) { claim.Access = checkout.Access{} }},
		{"with a remembered mark", nil, func(claim *checkout.Claim, c checkout.Cart) { claim.Mark = c.Marks[0] }},
		{"with the mark that made the cart", nil, func(claim *checkout.Claim, c checkout.Cart) { claim.Mark = c.Create }},
		{"by another claim", func(c *checkout.Cart) {
			c.Customer, c.Claimed, c.Canceled = claimant, &checkout.Claimed{Op: "other"}, true
		}, nil},
	} {
		cases = append(cases, story("claim/refused "+r.name, func(t *trial) {
			c, into := t.guests(), t.create(t.own())
			if r.cart != nil {
				r.cart(&c)
			}
			t.create(c)
			for _, claim := range []checkout.Claim{t.claim(c), t.mergeOf(c, into)} {
				if r.claim != nil {
					r.claim(&claim, c)
				}
				t.claimRefused(claim, checkout.Conflict{Cart: &c})
				t.holds(c)
				t.holds(into)
				if claim.Person != nil {
					t.nobody(claim.Person.ID)
				}
			}
		}))
	}
	for _, r := range []struct {
		name string
		into func(c *checkout.Cart)
	}{
		{"into a locked cart", func(c *checkout.Cart) { c.Session = "cs_x_0" }},
		{"into a canceled cart", func(c *checkout.Cart) { c.Canceled = true }},
		{"into one past its life", func(c *checkout.Cart) { c.ExpiresAt = start.Add(time.Minute - time.Millisecond) }},
		{"into another customer's", func(c *checkout.Cart) { c.Customer = "customer-2" }},
		{"into a guest's", func(c *checkout.Cart) { c.Customer = "" }},
		{"into one that has moved", nil},
	} {
		cases = append(cases, story("claim/refused "+r.name, func(t *trial) {
			c, into := t.create(t.guests()), t.own()
			if r.into != nil {
				r.into(&into)
			}
			t.create(into)
			claim := t.mergeOf(c, into)
			if r.into == nil {
				claim.Into.Version--
			}
			t.claimRefused(claim, checkout.Conflict{Cart: &into})
			t.holds(c)
			t.holds(into)
		}))
	}
	return append(cases,
		story("claim/refused by a person who has moved", func(t *trial) {
			c, p := t.create(t.guests()), t.putPerson(t.newPerson())
			claim := t.claim(c)
			again := p
			again.Op = t.id("op")
			claim.Person = &again
			t.claimRefused(claim, checkout.Conflict{Person: &p})
			t.holds(c)
			t.knows(p)
		}),
		story("claim/refused where there is no cart", func(t *trial) {
			claim := t.claim(t.guests())
			t.claimRefused(claim, checkout.Conflict{})
			t.nobody(claim.Person.ID)
		}),
		story("claim/refused where there is no cart to go into", func(t *trial) {
			c := t.create(t.guests())
			t.claimRefused(t.mergeOf(c, t.own()), checkout.Conflict{})
			t.holds(c)
		}),
	)
}

func (t *trial) claimRefused(c checkout.Claim, want checkout.Conflict) {
	if !t.failed() {
		t.same("the conflict", t.conflict("claim the cart", t.People.ClaimCart(t.ctx, c)), want)
	}
}

func claimRaces() []Case {
	return []Case{
		story("race/20 claims of one cart: one wins", func(t *trial) {
			c := t.create(t.guests())
			all := make([]checkout.Claim, 20)
			for i := range all {
				all[i] = t.claim(c)
				all[i].Customer = fmt.Sprint("customer-", i)
			}
			won := t.winners(together(len(all), func(i int) error { return t.People.ClaimCart(t.ctx, all[i]) }))
			t.same("how many won", won, 1)
		}),
		story("race/a claim and edits: what was answered before it is in the merged cart, and nothing after", func(t *trial) {
			c, into := t.cart(), t.create(t.own())
			edits := make([]checkout.CartEdit, 10)
			for i := range edits {
				edits[i] = t.add(c, line(t.sku(), 1))
			}
			errs := together(len(edits)+1, func(i int) error {
				if i < len(edits) {
					_, err := t.Carts.EditCart(t.ctx, edits[i])
					return err
				}
				for range 50 {
					now, err := t.Carts.Cart(t.ctx, c.ID)
					if err != nil {
						return err
					}
					claim := t.mergeOf(now, into)
					claim.Into.Lines = now.Lines
					if err := t.People.ClaimCart(t.ctx, claim); unlessConflict(err) != nil || err == nil {
						return err
					}
				}
				return fmt.Errorf("the cart never stood still for its claim")
			})
			t.ok("claim", errs[len(edits)])
			merged := t.readCart(into.ID)
			for i, err := range errs[:len(edits)] {
				if _, in := merged.Line(edits[i].Add.ID); in != (err == nil) {
					t.fail("an edit that answered %v is in the merged cart: %v", err, in)
				}
			}
		}),
		story("race/two carts go into one at once: one has to look again", func(t *trial) {
			into := t.create(t.own())
			all := []checkout.Claim{t.mergeOf(t.create(t.guests()), into), t.mergeOf(t.create(t.guests()), into)}
			won := t.winners(together(2, func(i int) error { return t.People.ClaimCart(t.ctx, all[i]) }))
			t.same("how many won", won, 1)
		}),
	}
}
