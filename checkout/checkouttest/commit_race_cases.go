package checkouttest

import "kassa/checkout"

func commitRaces() []Case {
	const rivals = 20
	return []Case{
		story("race/20 commits of one version: one wins", func(t *trial) {
			s := t.session(t.newCart())
			next := t.rivals(rivals, s)
			errs := together(rivals, func(i int) error {
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: next[i]})
			})
			t.same("the number of winners", t.winners(errs), 1)
			for i, err := range errs {
				if err == nil {
					t.holdsSession(next[i])
				}
			}
		}),
		story("race/20 first versions of one session: one wins", func(t *trial) {
			s := t.newSession(t.newCart())
			s.Version = 0
			first := t.rivals(rivals, s)
			errs := together(rivals, func(i int) error {
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: first[i]})
			})
			t.same("the number of winners", t.winners(errs), 1)
		}),
		story("race/one commit sent 20 times: all succeed, once", func(t *trial) {
			sku := t.product(rivals)
			s := t.next(t.session(t.newCart()))
			for _, err := range together(rivals, func(int) error {
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: s, Stock: moves(-1, sku)})
			}) {
				t.ok("commit", err)
			}
			t.free(sku, rivals-1)
		}),
		story("race/20 sessions lock one cart: one wins", func(t *trial) {
			c := t.cart()
			sessions := make([]checkout.Session, rivals)
			for i := range sessions {
				sessions[i] = t.newSession(c)
				sessions[i].ID = checkout.SessionID(c.ID, i)
			}
			errs := together(rivals, func(i int) error {
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i],
					Cart: &checkout.CartChange{CartID: c.ID, Version: c.Version, Lock: true}})
			})
			t.same("the number of winners", t.winners(errs), 1)
			for i, err := range errs {
				if err == nil {
					t.same("the holder", t.readCart(c.ID).Session, sessions[i].ID)
				} else {
					t.noSession(sessions[i].ID)
				}
			}
		}),
		story("race/edits and a lock: what was answered before the lock is in it, and nothing after", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, rivals)
			for i := range edits {
				edits[i] = t.add(c, line("a", 1))
			}
			s := t.newSession(c)
			errs := together(rivals+1, func(i int) error {
				if i == rivals/2 {
					return t.Sessions.Commit(t.ctx, checkout.Commit{Session: s, Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
				}
				_, err := t.Carts.EditCart(t.ctx, edits[min(i, rivals-1)])
				return err
			})
			t.ok("lock", errs[rivals/2])
			edited := int64(t.winners(errs) - 1)
			stored := t.readCart(c.ID)
			l, _ := stored.Line(checkout.LineID("a"))
			t.same("the quantity", l.Quantity, edited)
			t.same("the version", stored.Version, c.Version+edited)
			t.same("the holder", stored.Session, s.ID)
		}),
		story("race/commits that share carts and products never stop each other for good", func(t *trial) {
			first, second := t.product(1000), t.product(1000)
			sessions := make([]checkout.Session, rivals)
			for i := range sessions {
				sessions[i] = t.newSession(t.newCart())
			}
			for _, err := range together(rivals, func(i int) error {
				skus := []string{first, second}
				if i%2 == 1 {
					skus = []string{second, first}
				}
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i], Stock: moves(-1, skus...)})
			}) {
				t.ok("commit", err)
			}
			t.free(first, 1000-rivals)
			t.free(second, 1000-rivals)
		}),
	}
}

// rivals returns different next versions of one session.
func (t *trial) rivals(n int, s checkout.Session) []checkout.Session {
	next := make([]checkout.Session, n)
	for i := range next {
		next[i] = t.next(s)
		next[i].Review = next[i].Op
	}
	return next
}
