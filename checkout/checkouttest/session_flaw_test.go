package checkouttest_test

import (
	"context"
	"slices"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

// unconditional makes a change of a cart whose conditions are those that the cart happens to meet.
func unconditional(ctx context.Context, s checkouttest.Stores, c checkout.Commit, drop func(ch *checkout.CartChange, is checkout.Cart)) error {
	if c.Cart != nil {
		ch := *c.Cart
		if is, err := s.Carts.Cart(ctx, ch.CartID); err == nil {
			drop(&ch, is)
		}
		c.Cart = &ch
	}
	return s.Sessions.Commit(ctx, c)
}

func sessionFlaws() []flaw {
	without := func(drop func(ch *checkout.CartChange, is checkout.Cart)) func(checkouttest.Stores) checkouttest.Stores {
		return commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			return unconditional(ctx, s, c, drop)
		})
	}
	onConflict := func(f func(ctx context.Context, s checkouttest.Stores, c checkout.Commit, conflict *checkout.Conflict) error) func(checkouttest.Stores) checkouttest.Stores {
		return commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			err := s.Sessions.Commit(ctx, c)
			if conflict := conflictOf(err); conflict != nil {
				return f(ctx, s, c, conflict)
			}
			return err
		})
	}
	return []flaw{
		{"commits forget their op", commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			if is, err := s.Sessions.Session(ctx, c.Session.ID); err == nil && is.Op == c.Session.Op {
				return &checkout.Conflict{Session: &is}
			}
			return s.Sessions.Commit(ctx, c)
		}), []string{
			"op/a first version repeated is recognised", "op/a commit repeated takes stock once",
			"op/a commit is recognised though nothing is left to take",
			"race/one commit sent 20 times: all succeed, once",
		}},
		{"a repeated commit has its effects again", commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			if is, err := s.Sessions.Session(ctx, c.Session.ID); err == nil && is.Op == c.Session.Op {
				again := c.Session
				again.Version, again.Op = again.Version+1, again.Op+"again"
				return s.Sessions.Commit(ctx, checkout.Commit{Session: again, Stock: c.Stock})
			}
			return s.Sessions.Commit(ctx, c)
		}), []string{"op/a commit repeated takes stock once", "op/a commit repeated gives stock back once"}},
		{"commits leave out stock", commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			c.Stock = nil
			return s.Sessions.Commit(ctx, c)
		}), []string{"stock/taken is gone", "stock/given back is free", "race/1000 takers of 100 units: 100 get one"}},
		{"commits leave out redemptions", commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			c.Redemptions = nil
			return s.Sessions.Commit(ctx, c)
		}), []string{"redemption/a use is counted", "redemption/the last use can be had, and no more", "race/200 sessions and one use: one has it"}},
		{"uses are not given back", commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			c.Redemptions = slices.DeleteFunc(slices.Clone(c.Redemptions), func(r checkout.RedemptionChange) bool { return r.Delta < 0 })
			return s.Sessions.Commit(ctx, c)
		}), []string{"redemption/given back is there again", "redemption/90 products and 8 uses with session and cart"}},
		{"limits are not held", commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			c.Redemptions = slices.Clone(c.Redemptions)
			for i := range c.Redemptions {
				c.Redemptions[i].Limit = 1000
			}
			return s.Sessions.Commit(ctx, c)
		}), []string{"redemption/a limit that was lowered is held", "redemption/one of several is used up: none is counted, and it is named",
			"redemption/without a limit above zero there is no use", "race/100 sessions and 30 uses: 30 have one"}},
		{"conflicts don't name what is used up", onConflict(func(_ context.Context, _ checkouttest.Stores, _ checkout.Commit, conflict *checkout.Conflict) error {
			conflict.Used = nil
			return conflict
		}), []string{"redemption/the last use can be had, and no more", "redemption/with stock, cart and session it is all or nothing"}},
		{"commits leave out the cart", commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			c.Cart = nil
			return s.Sessions.Commit(ctx, c)
		}), []string{"commit/to lock an open cart", "commit/to release and end the round and replace what is in it", "race/20 sessions lock one cart: one wins"}},
		{"half a commit is done: the session", onConflict(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit, conflict *checkout.Conflict) error {
			_ = s.Sessions.Commit(ctx, checkout.Commit{Session: c.Session})
			return conflict
		}), []string{"stock/one more than there is can't be taken", "commit/to lock a locked cart as open is refused", "stock/a short product keeps a session from being made"}},
		{"half a commit is done: the stock that there is", onConflict(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit, conflict *checkout.Conflict) error {
			for _, change := range c.Stock {
				_ = s.Catalog.AddStock(ctx, c.Session.Op+change.SKU, change.SKU, change.Delta)
			}
			return conflict
		}), []string{
			"stock/one short of several: nothing is taken", "stock/several short are all named", "stock/one short of 90: nothing is taken",
			"commit/the stored version again is refused", "commit/to replace a canceled cart as open is refused",
		}},
		{"half a commit is done: the cart", onConflict(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit, conflict *checkout.Conflict) error {
			if c.Cart != nil {
				side := checkout.Session{ID: c.Session.ID + "side", Version: 1, Op: c.Session.Op}
				_ = s.Sessions.Commit(ctx, checkout.Commit{Session: side, Cart: c.Cart})
			}
			return conflict
		}), []string{"stock/one more than there is can't be taken", "stock/a short product keeps the cart from being replaced", "commit/the stored version again is refused"}},
		{"commits ignore versions of sessions", onConflict(func(context.Context, checkouttest.Stores, checkout.Commit, *checkout.Conflict) error { return nil }), []string{
			"commit/the stored version again is refused", "commit/a version too far ahead is refused",
			"commit/a second version without a first is refused",
			"op/another commit of the same version is a conflict", "race/20 commits of one version: one wins",
			"race/20 first versions of one session: one wins",
		}},
		{"commits ignore versions of carts", without(func(ch *checkout.CartChange, _ checkout.Cart) { ch.Version = 0 }), []string{
			"commit/to lock a cart at an older version is refused", "commit/to replace a cart at a later version is refused",
			"commit/to leave alone a cart at an older version is refused",
		}},
		{"commits ignore rounds", without(func(ch *checkout.CartChange, is checkout.Cart) { ch.Round = is.Round }), []string{
			"commit/to lock a cart of an earlier round is refused", "commit/to end the round of a cart of a later round is refused",
		}},
		{"commits ignore holders", without(func(ch *checkout.CartChange, is checkout.Cart) { ch.Holder = is.Session }), []string{
			"commit/to lock a locked cart as open is refused", "commit/to release a cart that another session holds is refused",
			"commit/to replace an open cart as held is refused",
		}},
		{"more is sold than there is", onConflict(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit, conflict *checkout.Conflict) error {
			if len(conflict.Short) == 0 {
				return conflict
			}
			c.Stock = nil
			return s.Sessions.Commit(ctx, c)
		}), []string{"stock/one more than there is can't be taken", "stock/of a product that is gone can't be taken", "race/1000 takers of 100 units: 100 get one"}},
		{"one short sku is named", onConflict(func(_ context.Context, _ checkouttest.Stores, _ checkout.Commit, conflict *checkout.Conflict) error {
			conflict.Short = conflict.Short[:min(1, len(conflict.Short))]
			return conflict
		}), []string{"stock/several short are all named"}},
		{"conflicts show no session", onConflict(func(_ context.Context, _ checkouttest.Stores, _ checkout.Commit, conflict *checkout.Conflict) error {
			conflict.Session = nil
			return conflict
		}), []string{"commit/the stored version again is refused"}},
		{"conflicts show what did not refuse", onConflict(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit, conflict *checkout.Conflict) error {
			if is, err := s.Sessions.Session(ctx, c.Session.ID); err == nil {
				conflict.Session = &is
			}
			return conflict
		}), []string{"commit/to lock a locked cart as open is refused", "stock/none can't be taken"}},
		{"conflicts show no cart", onConflict(func(_ context.Context, _ checkouttest.Stores, _ checkout.Commit, conflict *checkout.Conflict) error {
			conflict.Cart = nil
			return conflict
		}), []string{"commit/to lock a locked cart as open is refused"}},
		{"giving back to what is gone fails", commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
			for _, change := range c.Stock {
				found, err := s.Catalog.Products(ctx, []string{change.SKU})
				if p, ok := found[change.SKU]; err != nil || !ok || p.Stock == nil {
					return &checkout.Conflict{Short: []string{change.SKU}}
				}
			}
			return s.Sessions.Commit(ctx, c)
		}), []string{
			"stock/a product that is gone takes back nothing, and is no conflict", "stock/a product that is not kept has any number",
			"stock/a product that is no longer kept takes back nothing",
		}},
		{"a session comes without its cart", func(s checkouttest.Stores) checkouttest.Stores { s.Sessions = lonely{s.Sessions}; return s }, []string{
			"session/comes with its cart", "session/of a later round comes with its cart",
		}},
	}
}

type lonely struct{ checkout.SessionStore }

func (s lonely) SessionAndCart(ctx context.Context, id string) (checkout.Session, checkout.Cart, error) {
	session, err := s.Session(ctx, id)
	return session, checkout.Cart{}, err
}
