package checkouttest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
)

func (t *trial) cartNotices() checkout.CartNoticeStore {
	store, ok := t.Carts.(checkout.CartNoticeStore)
	if !ok {
		t.fail("a %T keeps no notices of carts", t.Carts)
	}
	return store
}

func (t *trial) noticedCart(ids ...string) checkout.Cart {
	c := t.cart(t.lines(1)...)
	f := t.following(c)
	f.Notices = map[string]checkout.Notice{}
	for i, id := range ids {
		f.Notices[id] = checkout.Notice{Kind: "kind." + id, At: start.Add(time.Duration(i) * time.Millisecond), Ref: "ref " + id}
	}
	return t.follow(c, f)
}

func (t *trial) dropOfCart(c checkout.Cart, ids ...string) checkout.Cart {
	store := t.cartNotices()
	if !t.failed() {
		t.ok("remove notices", store.RemoveCartNotices(t.ctx, c.ID, ids))
	}
	left := map[string]checkout.Notice{}
	for id, n := range c.Notices {
		if !slices.Contains(ids, id) {
			left[id] = n
		}
	}
	c.Notices = left
	t.holds(c)
	return c
}

func (t *trial) listedCarts(want ...string) {
	store := t.cartNotices()
	t.eventually(func() error {
		var got []string
		cursor := ""
		for range maxPages {
			page, next, err := store.NoticedCarts(t.ctx, cursor)
			if err != nil {
				return err
			}
			for _, id := range page {
				if strings.Contains(id, t.seed) {
					got = append(got, id)
				}
			}
			if cursor = next; cursor == "" {
				return t.differs("carts with notices", sorted(got), sorted(want))
			}
		}
		return errors.New("pages without end")
	})
}

func cartNoticeCases() []Case {
	return []Case{
		story("cart notices/removed one by one, and nothing else with them", func(t *trial) {
			c := t.noticedCart("a", "b", "c")
			t.listedCarts(c.ID)
			c = t.dropOfCart(c, "b", "x")
			c = t.dropOfCart(c, "a")
			t.listedCarts(c.ID)
			c = t.dropOfCart(c, "c")
			t.listedCarts()
			t.dropOfCart(c, "c")
		}),
		story("cart notices/of a cart that there isn't", func(t *trial) {
			store := t.cartNotices()
			if !t.failed() {
				t.ok("remove notices", store.RemoveCartNotices(t.ctx, t.id("ct_"), []string{"a"}))
			}
		}),
		story("cart notices/a follow-up may take them along", func(t *trial) {
			c := t.noticedCart("a")
			f := t.following(c)
			f.Notices = nil
			t.follow(c, f)
			t.listedCarts()
		}),
		story("cart notices/removing makes no conflict for a follow-up, which brings them back", func(t *trial) {
			c := t.noticedCart("a")
			f := t.following(c)
			t.dropOfCart(c, "a")
			t.follow(c, f)
			t.listedCarts(c.ID)
		}),
		story("cart notices/stay through edits and payments", func(t *trial) {
			c := t.noticedCart("a")
			c = t.apply(t.add(c, line(t.sku(), 1)))
			t.same("notices after an edit", len(c.Notices), 1)
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			t.listedCarts(c.ID)
		}),
	}
}
