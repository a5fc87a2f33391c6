package checkouttest

import (
	"errors"

	"kassa/checkout"
)

// counts returns a use under each of the keys, within a limit.
func counts(limit int64, keys ...string) []checkout.RedemptionChange {
	changes := make([]checkout.RedemptionChange, len(keys))
	for i, key := range keys {
		changes[i] = checkout.RedemptionChange{Key: key, Delta: 1, Limit: limit}
	}
	return changes
}

// returns gives a use back under each of the keys.
func returns(keys ...string) []checkout.RedemptionChange {
	changes := counts(0, keys...)
	for i := range changes {
		changes[i].Delta = -1
	}
	return changes
}

// redeem commits a session of its own with changes.
func (t *trial) redeem(changes ...checkout.RedemptionChange) checkout.Session {
	return t.commit(checkout.Commit{Session: t.newSession(t.newCart()), Redemptions: changes})
}

// used fails the case unless so many uses are counted under a key.
func (t *trial) used(key string, want int64) {
	t.eventually(func() error {
		found, err := t.Redemptions.Redeemed(t.ctx, []string{key})
		if err == nil && found[key] != want {
			err = t.differs("uses under "+key, found[key], want)
		}
		return err
	})
}

// exhausted fails the case unless a commit of these changes is refused because just these keys have no use left.
func (t *trial) exhausted(changes []checkout.RedemptionChange, used ...string) {
	c := t.cart()
	s := t.session(c)
	t.conflicts(checkout.Commit{Session: t.next(s), Redemptions: changes, Cart: &checkout.CartChange{CartID: c.ID, Lock: true}},
		checkout.Conflict{Session: &s, Cart: &c, Used: used})
}

func redemptionCases() []Case {
	return []Case{
		story("redemption/a use is counted", func(t *trial) {
			key := t.id("t:")
			t.redeem(counts(3, key)...)
			t.used(key, 1)
			t.redeem(counts(3, key)...)
			t.used(key, 2)
		}),
		story("redemption/the last use can be had, and no more", func(t *trial) {
			key := t.id("t:")
			t.redeem(counts(1, key)...)
			t.exhausted(counts(1, key), key)
			t.used(key, 1)
		}),
		story("redemption/a limit that was lowered is held", func(t *trial) {
			key := t.id("t:")
			t.redeem(counts(5, key)...)
			t.redeem(counts(5, key)...)
			t.exhausted(counts(1, key), key)
			t.redeem(counts(3, key)...)
			t.used(key, 3)
		}),
		story("redemption/without a limit above zero there is no use", func(t *trial) {
			key := t.id("t:")
			t.exhausted(counts(0, key), key)
			t.used(key, 0)
		}),
		story("redemption/given back is there again", func(t *trial) {
			all, mine := t.id("t:"), t.id("p:")
			s := t.redeem(counts(1, all, mine)...)
			t.commit(checkout.Commit{Session: t.next(s), Redemptions: returns(all, mine)})
			t.used(all, 0)
			t.redeem(counts(1, all, mine)...)
			t.used(mine, 1)
		}),
		story("redemption/giving back what nobody has counted changes nothing, and is no conflict", func(t *trial) {
			never, once := t.id("t:"), t.id("p:")
			s := t.redeem(counts(1, once)...)
			t.holdsSession(t.commit(checkout.Commit{Session: t.next(s), Redemptions: returns(never, once)}))
			t.used(never, 0)
			t.used(once, 0)
			t.redeem(returns(never)...)
			t.redeem(counts(1, never)...)
			t.exhausted(counts(1, never), never)
		}),
		story("redemption/one of several is used up: none is counted, and it is named", func(t *trial) {
			free, full, also := t.id("t:"), t.id("p:"), t.id("f:")
			t.redeem(counts(1, full, also)...)
			t.exhausted(counts(1, free, full, also), full, also)
			t.used(free, 0)
		}),
		story("redemption/with stock, cart and session it is all or nothing", func(t *trial) {
			key, sku := t.id("t:"), t.product(2)
			c := t.cart()
			s := t.session(c)
			lock := &checkout.CartChange{CartID: c.ID, Version: c.Version, Lock: true}
			t.conflicts(checkout.Commit{Session: t.next(s), Cart: lock, Stock: moves(-3, sku), Redemptions: counts(1, key)},
				checkout.Conflict{Session: &s, Cart: &c, Short: []string{sku}})
			t.used(key, 0)
			t.redeem(counts(1, key)...)
			t.conflicts(checkout.Commit{Session: t.next(s), Cart: lock, Stock: moves(-1, sku), Redemptions: counts(1, key)},
				checkout.Conflict{Session: &s, Cart: &c, Used: []string{key}})
			t.free(sku, 2)
			t.conflicts(checkout.Commit{Session: t.next(s), Cart: lock, Stock: moves(-3, sku), Redemptions: counts(1, key)},
				checkout.Conflict{Session: &s, Cart: &c, Short: []string{sku}, Used: []string{key}})
		}),
		story("redemption/a session in conflict keeps a use from being counted", func(t *trial) {
			key := t.id("t:")
			s := t.session(t.newCart())
			stale := t.next(s)
			s = t.commit(checkout.Commit{Session: t.next(s)})
			t.conflicts(checkout.Commit{Session: stale, Redemptions: counts(1, key)}, checkout.Conflict{Session: &s})
			t.used(key, 0)
		}),
		story("redemption/90 products and 8 uses with session and cart", func(t *trial) {
			skus, keys := t.many(checkout.MaxStockLines, 1), make([]string, 8)
			for i := range keys {
				keys[i] = t.id("t:")
			}
			c := t.cart(t.lines(checkout.MaxLines)...)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Stock: moves(-1, skus...), Redemptions: counts(1, keys...),
				Cart: &checkout.CartChange{CartID: c.ID, Version: c.Version, Lock: true}})
			t.used(keys[7], 1)
			t.commit(checkout.Commit{Session: t.next(s), Stock: moves(1, skus...), Redemptions: returns(keys...),
				Cart: &checkout.CartChange{CartID: c.ID, Holder: s.ID, Release: true}})
			t.used(keys[0], 0)
			t.free(skus[0], 1)
		}),
		story("redemption/a key named twice is refused", func(t *trial) {
			key := t.id("t:")
			s := t.newSession(t.newCart())
			if err := t.Sessions.Commit(t.ctx, checkout.Commit{Session: s, Redemptions: counts(9, key, key)}); err == nil {
				t.fail("a commit counted under one key twice")
			}
			t.noSession(s.ID)
			t.used(key, 0)
		}),
		story("redemption/keys that nobody has used are not among the counts", func(t *trial) {
			used, never := t.id("t:"), t.id("t:")
			t.redeem(counts(1, used)...)
			t.used(used, 1)
			found, err := t.Redemptions.Redeemed(t.ctx, []string{used, never, used, ""})
			t.ok("count", err)
			t.same("the counts", found, map[string]int64{used: 1})
			none, err := t.Redemptions.Redeemed(t.ctx, nil)
			t.ok("count nothing", err)
			t.same("the counts of nothing", len(none), 0)
		}),
		story("race/200 sessions and one use: one has it", func(t *trial) {
			t.redeemers(t.id("t:"), 200, 1)
		}),
		story("race/100 sessions and 30 uses: 30 have one", func(t *trial) {
			t.redeemers(t.id("t:"), 100, 30)
		}),
		story("race/one commit sent 20 times counts one use", func(t *trial) {
			key := t.id("t:")
			s := t.next(t.session(t.newCart()))
			for _, err := range together(20, func(int) error {
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: s, Redemptions: counts(5, key)})
			}) {
				t.ok("commit", err)
			}
			t.used(key, 1)
		}),
	}
}

// redeemers are so many sessions that want one of so many uses, at once.
func (t *trial) redeemers(key string, sessions int, uses int64) {
	rivals := make([]checkout.Session, sessions)
	for i := range rivals {
		rivals[i] = t.newSession(t.newCart())
	}
	errs := together(sessions, func(i int) error {
		return t.Sessions.Commit(t.ctx, checkout.Commit{Session: rivals[i], Redemptions: counts(uses, key)})
	})
	won := int64(0)
	for _, err := range errs {
		var conflict *checkout.Conflict
		switch {
		case err == nil:
			won++
		case !errors.As(err, &conflict):
			t.ok("redeem", err)
		default:
			t.same("what refused", conflict.Used, []string{key})
		}
	}
	t.same("the number of winners", won, uses)
	t.used(key, uses)
}
