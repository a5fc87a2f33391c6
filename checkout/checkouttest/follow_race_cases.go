package checkouttest

import (
	"errors"
	"slices"
	"strconv"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

func followRaces() []Case {
	return []Case{
		story("follow/race/of 20 sweepers one claims", func(t *trial) {
			c := t.cart(t.lines(1)...)
			store := t.followed()
			if t.failed() {
				return
			}
			changes := make([]checkout.CartFollow, 20)
			for i := range changes {
				changes[i] = c.Following("op" + strconv.Itoa(i))
			}
			errs := together(len(changes), func(i int) error {
				_, err := store.FollowCart(t.ctx, changes[i])
				return err
			})
			t.same("sweepers that claimed", t.winners(errs), 1)
		}),
		story("follow/race/a claim and a payment: never both", func(t *trial) {
			c := t.cart(t.lines(1)...)
			store := t.followed()
			if t.failed() {
				return
			}
			claim, session := t.following(c), t.newSession(c)
			errs := together(2, func(i int) error {
				if i == 0 {
					_, err := store.FollowCart(t.ctx, claim)
					return err
				}
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: session, Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			})
			t.ok("lock the cart", errs[1])
			got := t.readCart(c.ID)
			if errs[0] != nil {
				t.conflict("a claim that came after the lock", errs[0])
				t.same("the abandonment", got.Abandonment == nil, true)
			}
			t.same("who holds the cart", got.Session, session.ID)
		}),
		story("follow/race/changes of a contact: none is lost", func(t *trial) {
			c := t.newContact()
			c.Sends = nil
			c = t.putContact(c)
			store := t.contacts()
			if t.failed() {
				return
			}
			ops := make([]string, 8)
			for i := range ops {
				ops[i] = t.id("op")
			}
			errs := together(len(ops), func(i int) error {
				mine := c
				for {
					mine.Version++
					mine.Op = ops[i] + strconv.FormatInt(mine.Version, 10)
					mine.Sends = append(slices.Clone(mine.Sends), recovery.Send{ID: strconv.Itoa(i)})
					err := store.PutContact(t.ctx, mine)
					var conflict *recovery.ContactConflict
					if !errors.As(err, &conflict) {
						return err
					}
					mine = *conflict.Contact
				}
			})
			t.ok("change the contact", errors.Join(errs...))
			got, err := store.Contacts(t.ctx, []string{c.ID})
			t.ok("read the contact", err)
			t.same("how many sends are there", len(got[c.ID].Sends), len(ops))
		}),
	}
}
