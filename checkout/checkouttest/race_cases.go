package checkouttest

import (
	"context"
	"errors"
	"sync/atomic"

	"kassa/checkout"
)

func cartRaces() []Case {
	const writers = 20
	return []Case{
		story("race/50 creates of one cart: one wins, all see its cart", func(t *trial) {
			id := t.id("ct_")
			rivals := make([]checkout.Cart, 50)
			for i := range rivals {
				rivals[i] = t.newCart(t.lines(1)...)
				rivals[i].ID = id
			}
			errs := together(len(rivals), func(i int) error { return t.Carts.CreateCart(t.ctx, rivals[i]) })
			t.same("the number of winners", t.winners(errs), 1)
			stored := t.readCart(id)
			for i, err := range errs {
				if err == nil {
					t.same("the winner's cart", stored, rivals[i])
				} else {
					t.same("a loser's answer", t.conflict("create", err), checkout.Conflict{Cart: &stored})
				}
			}
		}),
		story("race/20 writers add to one line: nothing is lost", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line("a", int64(1+i)))
			}
			t.edits(edits)
			t.has(c.ID, line("a", writers*(writers+1)/2))
			t.same("the version", t.readCart(c.ID).Version, c.Version+writers)
		}),
		story("race/20 writers add a line each: nothing is lost", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line(t.sku(), 1))
			}
			t.edits(edits)
			t.same("the number of lines", len(t.readCart(c.ID).Lines), writers)
		}),
		story("race/20 writers set, remove and add different lines: nothing is undone", func(t *trial) {
			lines := t.lines(writers)
			c := t.cart(lines...)
			var edits []checkout.CartEdit
			var want []checkout.LineItem
			for i, l := range lines {
				switch i % 3 {
				case 0:
					edits = append(edits, t.remove(c, l.SKU))
				case 1:
					edits, want = append(edits, t.set(c, line(l.SKU, 700))), append(want, line(l.SKU, 700))
				case 2:
					edits, want = append(edits, t.add(c, line(l.SKU, 100))), append(want, line(l.SKU, l.Quantity+100))
				}
			}
			t.edits(edits)
			t.has(c.ID, want...)
		}),
		story("race/20 writers at one version: one wins", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line("a", 1))
				edits[i].IfVersion = c.Version
			}
			t.same("the number of winners", t.winners(t.race(edits)), 1)
			t.has(c.ID, line("a", 1))
		}),
		story("race/20 writers at the last free line: one wins", func(t *trial) {
			c := t.cart(t.lines(checkout.MaxLines - 1)...)
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line(t.sku(), 1))
			}
			t.same("the number of winners", t.winners(t.race(edits)), 1)
			t.same("the number of lines", len(t.readCart(c.ID).Lines), checkout.MaxLines)
		}),
		story("race/20 writers fill a line: never above the most", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line("a", 100))
			}
			t.same("the number of winners", t.winners(t.race(edits)), 9)
			t.has(c.ID, line("a", 900))
		}),
		story("race/one request sent 20 times has its effect once", func(t *trial) {
			c := t.cart()
			e := t.add(c, line("a", 1))
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = e
			}
			t.same("the number of winners", t.winners(t.race(edits)), 1)
			t.has(c.ID, line("a", 1))
		}),
		story("race/answers to edits of one line are the steps that it went", func(t *trial) {
			c := t.cart()
			edits := make([]checkout.CartEdit, writers)
			for i := range edits {
				edits[i] = t.add(c, line("a", 1))
			}
			seen := make([]checkout.Cart, writers)
			for _, err := range together(writers, func(i int) (err error) {
				seen[i], err = t.Carts.EditCart(t.ctx, edits[i])
				return err
			}) {
				t.ok("edit", err)
			}
			steps := map[int64]int64{}
			for _, c := range seen {
				if l, ok := c.Line(checkout.LineID("a")); ok {
					steps[c.Version] = l.Quantity
				}
			}
			want := map[int64]int64{}
			for i := range int64(writers) {
				want[c.Version+1+i] = 1 + i
			}
			t.same("quantity by version", steps, want)
		}),
	}
}

func (t *trial) race(edits []checkout.CartEdit) []error {
	return together(len(edits), func(i int) error {
		_, err := t.Carts.EditCart(t.ctx, edits[i])
		return err
	})
}

// edits makes edits at once, which must all succeed.
func (t *trial) edits(edits []checkout.CartEdit) {
	for _, err := range t.race(edits) {
		t.ok("edit", err)
	}
}

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
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i], Cart: &checkout.CartChange{CartID: c.ID, Version: c.Version, Lock: true}})
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

func stockRaces() []Case {
	return []Case{
		story("race/1000 takers of 100 units: 100 get one", func(t *trial) {
			const takers, units, atOnce = 1000, 100, 50
			sku := t.product(units)
			sessions := make([]checkout.Session, takers)
			for i := range sessions {
				sessions[i] = t.newSession(t.newCart())
			}
			var next, sold atomic.Int64
			for _, err := range together(atOnce, func(int) error {
				for i := next.Add(1) - 1; i < takers; i = next.Add(1) - 1 {
					err := t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i], Stock: moves(-1, sku)})
					if err == nil {
						sold.Add(1)
					} else if !short(err) {
						return err
					}
				}
				return nil
			}) {
				t.ok("take", err)
			}
			t.same("units sold", sold.Load(), int64(units))
			t.free(sku, 0)
		}),
		story("race/takers and givers: none is made, none is lost", func(t *trial) {
			const units, callers, rounds = 10, 20, 5
			sku := t.product(units)
			starts := make([]checkout.Session, callers)
			for i := range starts {
				starts[i] = t.newSession(t.newCart())
			}
			for _, err := range together(callers, func(i int) error { return t.borrow(starts[i], sku, rounds) }) {
				t.ok("borrow", err)
			}
			t.free(sku, units)
		}),
		story("race/one added stock sent 20 times counts once", func(t *trial) {
			sku, op := t.product(1), t.id("add")
			for _, err := range together(20, func(int) error { return t.Catalog.AddStock(t.ctx, op, sku, 5) }) {
				t.ok("add", err)
			}
			t.free(sku, 6)
		}),
		story("race/20 additions and 20 takers: all count", func(t *trial) {
			sku := t.product(20)
			ops := make([]string, 20)
			sessions := make([]checkout.Session, 20)
			for i := range ops {
				ops[i], sessions[i] = t.id("add"), t.newSession(t.newCart())
			}
			for _, err := range together(40, func(i int) error {
				if i%2 == 0 {
					return t.Catalog.AddStock(t.ctx, ops[i/2], sku, 2)
				}
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i/2], Stock: moves(-1, sku)})
			}) {
				t.ok("add or take", err)
			}
			t.free(sku, 40)
		}),
		story("race/putting a product does not undo what is taken meanwhile", func(t *trial) {
			sku := t.product(20)
			sessions := make([]checkout.Session, 20)
			for i := range sessions {
				sessions[i] = t.newSession(t.newCart())
			}
			for _, err := range together(40, func(i int) error {
				if i%2 == 0 {
					return t.Catalog.PutProducts(t.ctx, []checkout.Product{{SKU: sku, Title: "Thing", Stock: shelf(20)}})
				}
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i/2], Stock: moves(-1, sku)})
			}) {
				t.ok("put or take", err)
			}
			t.free(sku, 0)
		}),
		story("race/one event received 20 times is there once", func(t *trial) {
			item := t.item(start)
			for _, err := range together(20, func(int) error { return t.Inbox.PutInbox(t.ctx, item) }) {
				t.ok("put", err)
			}
			t.received(50, item)
		}),
	}
}

func short(err error) bool {
	var c *checkout.Conflict
	return errors.As(err, &c) && len(c.Short) == 1
}

// borrow takes a unit and gives it back, some rounds; none to take is fine.
func (t *trial) borrow(s checkout.Session, sku string, rounds int) error {
	commit := func(delta int64) error {
		err := t.Sessions.Commit(context.WithoutCancel(t.ctx), checkout.Commit{Session: s, Stock: moves(delta, sku)})
		if err == nil {
			s.Version++
			s.Op += "+"
		}
		return err
	}
	for range rounds {
		if err := commit(-1); short(err) {
			continue
		} else if err != nil {
			return err
		}
		if err := commit(1); err != nil {
			return err
		}
	}
	return nil
}
