package checkouttest

import (
	"slices"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// FollowCases are the promises of a store whose Carts are also a recovery.CartStore, a recovery.ContactStore, a
// recovery.SendLog, a checkout.CartEraser and a checkout.CartNoticeStore.
func FollowCases() []Case {
	return slices.Concat(followCases(), followRefusals(), redueCases(), eraseCases(), cartNoticeCases(), batchCases(), contactCases(),
		sendingCases(), followRaces())
}

// FollowConformance runs FollowCases, in parallel, on one set of stores.
func FollowConformance(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	stores := open(t)
	for _, c := range FollowCases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), stores); err != nil {
				t.Error(err)
			}
		})
	}
}

func (t *trial) followed() recovery.CartStore {
	store, ok := t.Carts.(recovery.CartStore)
	if !ok {
		t.fail("a %T follows up nothing", t.Carts)
	}
	return store
}

// following returns a change of a cart's abandonment, of which every field is set.
func (t *trial) following(c checkout.Cart) checkout.CartFollow {
	f := c.Following(t.id("op"))
	revision, op := f.Abandonment.Revision, f.Abandonment.Op
	f.Abandonment = populated[checkout.Abandonment](t)
	f.Abandonment.Revision, f.Abandonment.Op = revision, op
	return f
}

// follow makes a change, which must succeed and answer the cart as it then is.
func (t *trial) follow(c checkout.Cart, f checkout.CartFollow) checkout.Cart {
	want := c
	want.Abandonment, want.Due, want.Notices = &f.Abandonment, f.Due, f.Notices
	store := t.followed()
	if t.failed() {
		return c
	}
	got, err := store.FollowCart(t.ctx, f)
	t.ok("follow up the cart", err)
	t.same("the answered cart", got, want)
	t.holds(want)
	return want
}

// unfollowed makes a change, which must be refused with the cart as it stands and change nothing.
func (t *trial) unfollowed(f checkout.CartFollow, stands checkout.Cart) {
	store := t.followed()
	if t.failed() {
		return
	}
	_, err := store.FollowCart(t.ctx, f)
	t.same("the conflict", t.conflict("follow up the cart", err), checkout.Conflict{Cart: &stands})
	t.holds(stands)
}

func followCases() []Case {
	return []Case{
		story("follow/a cart is left, and every field of it kept", func(t *trial) {
			full := populated[checkout.Cart](t)
			full.ID, full.Session, full.Canceled, full.Abandonment, full.Notices = t.id("ct_"), "", false, nil, nil
			t.follow(t.create(full), t.following(full))
		}),
		story("follow/an abandonment that says nothing", func(t *trial) {
			c := t.cart(t.lines(1)...)
			f := c.Following("")
			f.Abandonment = checkout.Abandonment{Revision: 1}
			t.follow(c, f)
		}),
		story("follow/one change after the other", func(t *trial) {
			c := t.cart(t.lines(2)...)
			for range 3 {
				c = t.follow(c, t.following(c))
			}
		}),
		story("follow/leaves version, marks and edits alone", func(t *trial) {
			c := t.cart(t.lines(1)...)
			c = t.apply(t.add(c, line(t.sku(), 2)))
			c = t.follow(c, t.following(c))
			e := t.add(c, line(t.sku(), 1))
			e.IfVersion = c.Version
			after := edited(c, e)
			after.Lines = append(slices.Clone(c.Lines), *e.Add)
			t.same("the edited cart", t.apply(e), after)
			t.holds(after)
		}),
		story("follow/a locked cart by its holder's name, and a closed one", func(t *trial) {
			c := t.cart(t.lines(1)...)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			c.Session = s.ID
			c = t.follow(c, t.following(c))
			s = t.commit(checkout.Commit{Session: t.next(s), Cart: &checkout.CartChange{CartID: c.ID, Holder: s.ID, Release: true}})
			c.Session = ""
			t.follow(c, t.following(c))
		}),
		story("follow/repeated changes nothing and answers the same", func(t *trial) {
			c := t.cart(t.lines(1)...)
			f := t.following(c)
			c = t.follow(c, f)
			t.follow(c, f)
		}),
	}
}

func followRefusals() []Case {
	refused := func(name string, change func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart)) Case {
		return story("follow/refused "+name, func(t *trial) {
			c := t.cart(t.lines(1)...)
			f, stands := change(t, c)
			t.unfollowed(f, stands)
		})
	}
	return []Case{
		refused("at a revision that is gone", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			return f, t.follow(c, t.following(c))
		}),
		refused("at a revision to come", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			c = t.follow(c, t.following(c))
			f := t.following(c)
			f.Abandonment.Revision++
			return f, c
		}),
		refused("as the second where there is no first", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			f.Abandonment.Revision = 2
			return f, c
		}),
		refused("of a cart that was edited since", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			return f, t.apply(t.add(c, line(t.sku(), 1)))
		}),
		refused("of a cart that was canceled since", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			e := t.edit(c)
			e.Cancel, e.Left = true, "product_fit"
			c = t.apply(e)
			t.same("why it was canceled", c.Left, "product_fit")
			return f, c
		}),
		refused("of a cart that is being paid since", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			c.Session = s.ID
			return f, c
		}),
		refused("of a cart held by another", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			f.Holder = checkout.SessionID(c.ID, 7)
			return f, c
		}),
		refused("when repeated after the next", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			c = t.follow(c, f)
			return f, t.follow(c, t.following(c))
		}),
		story("follow/a cart that there isn't", func(t *trial) {
			store := t.followed()
			if t.failed() {
				return
			}
			c := t.newCart()
			_, err := store.FollowCart(t.ctx, t.following(c))
			t.same("the conflict", t.conflict("follow up no cart", err), checkout.Conflict{})
		}),
	}
}

// redueCases are about who moves the time at which a cart is due.
func redueCases() []Case {
	return []Case{
		story("redue/moved by a follow-up, to the end", func(t *trial) {
			c, _ := t.dueCart(start)
			f := t.following(c)
			f.Due = start.Add(time.Hour)
			c = t.follow(c, f)
			t.due(t.Carts.DueCarts, start, 50)
			t.due(t.Carts.DueCarts, f.Due, 50, checkout.DueItem{ID: c.ID, At: f.Due})
			f = t.following(c)
			f.Due = time.Time{}
			t.follow(c, f)
			t.due(t.Carts.DueCarts, start.AddDate(1, 0, 0), 50)
		}),
		story("redue/an edit sets the time of a cart that has none", func(t *trial) {
			c := t.cart(t.lines(1)...)
			e := t.add(c, line(t.sku(), 1))
			e.Due = start.Add(time.Hour)
			t.apply(e)
			t.due(t.Carts.DueCarts, start.AddDate(1, 0, 0), 50, checkout.DueItem{ID: c.ID, At: e.Due})
		}),
		story("redue/an edit leaves the time of a cart that has one", func(t *trial) {
			c, item := t.dueCart(start)
			e := t.add(c, line(t.sku(), 1))
			e.Due = start.Add(time.Hour)
			t.apply(e)
			t.due(t.Carts.DueCarts, start.AddDate(1, 0, 0), 50, item)
		}),
		story("redue/a session that replaces what is in a cart without time", func(t *trial) {
			c := t.cart(t.lines(1)...)
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{
				CartID: c.ID, Replace: &checkout.CartContents{Lines: t.lines(2)}, Mark: t.mark(), At: start, ExpiresAt: c.ExpiresAt,
				Due: start,
			}})
			t.due(t.Carts.DueCarts, start, 50, checkout.DueItem{ID: c.ID, At: start})
		}),
		story("redue/a session that ends gives a cart without time one, and leaves that of another", func(t *trial) {
			c := t.cart(t.lines(1)...)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			s = t.commit(checkout.Commit{Session: t.next(s),
				Cart: &checkout.CartChange{CartID: c.ID, Holder: s.ID, Release: true, NextRound: true, Due: start}})
			t.due(t.Carts.DueCarts, start, 50, checkout.DueItem{ID: c.ID, At: start})
			t.commit(checkout.Commit{Session: t.next(s),
				Cart: &checkout.CartChange{CartID: c.ID, Round: 1, NextRound: true, Due: start.Add(-time.Hour)}})
			t.due(t.Carts.DueCarts, start, 50, checkout.DueItem{ID: c.ID, At: start})
		}),
	}
}
