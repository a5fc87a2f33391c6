package checkouttest

import (
	"time"

	"kassa/checkout"
)

// commitRefusals tries commits whose conditions on session and cart are not met. Each also moves stock, which must stay.
func commitRefusals() []Case {
	versions := []struct {
		name string
		step int64 // from the stored version 3
	}{{"the stored version again", 0}, {"an older version", -1}, {"a version too far ahead", 2}, {"the first version again", -2}}
	var cases []Case
	for _, v := range versions {
		cases = append(cases, story("commit/"+v.name+" is refused", func(t *trial) {
			c, s := t.held()
			s = t.commit(checkout.Commit{Session: t.next(s)})
			sku := t.product(5)
			next := t.next(s)
			next.Version = s.Version + v.step
			t.conflicts(checkout.Commit{
				Session: next, Stock: []checkout.StockChange{{SKU: sku, Delta: -1}},
				Cart: &checkout.CartChange{CartID: c.ID, Holder: s.ID, Release: true},
			}, checkout.Conflict{Session: &s, Cart: &c})
			t.free(sku, 5)
		}))
	}
	cases = append(cases, story("commit/a second version without a first is refused", func(t *trial) {
		c, sku := t.cart(), t.product(5)
		t.conflicts(checkout.Commit{
			Session: t.next(t.newSession(c)), Stock: []checkout.StockChange{{SKU: sku, Delta: -1}},
			Cart: &checkout.CartChange{CartID: c.ID, Lock: true},
		}, checkout.Conflict{Cart: &c})
		t.free(sku, 5)
	}))
	return append(cases, cartRefusals()...)
}

// cartRefusals tries every way to change a cart against every condition of a cart.
func cartRefusals() []Case {
	const rival = "cs_rival_0"
	conditions := []struct {
		name   string
		stored func(c *checkout.Cart)
		change func(ch *checkout.CartChange)
	}{
		{"a locked cart as open", func(c *checkout.Cart) { c.Session = rival }, nil},
		{"a canceled cart as open", func(c *checkout.Cart) { c.Canceled = true }, nil},
		{"an open cart as held", nil, func(ch *checkout.CartChange) { ch.Holder = rival }},
		{"a cart that another session holds", func(c *checkout.Cart) { c.Session = rival },
			func(ch *checkout.CartChange) { ch.Holder = "cs_other_0" }},
		{"a cart at an older version", nil, func(ch *checkout.CartChange) { ch.Version = 6 }},
		{"a cart at a later version", nil, func(ch *checkout.CartChange) { ch.Version = 8 }},
		{"a cart of an earlier round", func(c *checkout.Cart) { c.Round = 2 }, func(ch *checkout.CartChange) { ch.Round = 1 }},
		{"a cart of a later round", nil, func(ch *checkout.CartChange) { ch.Round = 1 }},
	}
	changes := []struct {
		name string
		to   func(t *trial, ch *checkout.CartChange, c checkout.Cart)
	}{
		{"leave alone", func(*trial, *checkout.CartChange, checkout.Cart) {}},
		{"lock", func(_ *trial, ch *checkout.CartChange, _ checkout.Cart) { ch.Lock = true }},
		{"release", func(_ *trial, ch *checkout.CartChange, _ checkout.Cart) { ch.Release = true }},
		{"end the round of", func(_ *trial, ch *checkout.CartChange, _ checkout.Cart) { ch.NextRound = true }},
		{"replace", func(t *trial, ch *checkout.CartChange, c checkout.Cart) {
			with := t.replacement(c)
			ch.Replace, ch.Mark, ch.At, ch.ExpiresAt = with.Replace, with.Mark, with.At, with.ExpiresAt
		}},
	}
	var cases []Case
	for _, change := range changes {
		for _, condition := range conditions {
			cases = append(cases, story("commit/to "+change.name+" "+condition.name+" is refused", func(t *trial) {
				c := t.newCart(t.lines(2)...)
				c.Version = 7
				if condition.stored != nil {
					condition.stored(&c)
				}
				ch := checkout.CartChange{CartID: c.ID, Round: c.Round}
				if condition.change != nil {
					condition.change(&ch)
				}
				change.to(t, &ch, c)
				t.create(c)
				s, sku := t.session(c), t.product(5)
				t.conflicts(checkout.Commit{
					Session: t.next(s), Cart: &ch, Stock: []checkout.StockChange{{SKU: sku, Delta: -1}},
				}, checkout.Conflict{Session: &s, Cart: &c})
				t.free(sku, 5)
			}))
		}
		cases = append(cases, story("commit/to "+change.name+" a cart that is gone is refused", func(t *trial) {
			c := t.newCart()
			s := t.session(c)
			ch := checkout.CartChange{CartID: c.ID}
			change.to(t, &ch, c)
			t.conflicts(checkout.Commit{Session: t.next(s), Cart: &ch}, checkout.Conflict{Session: &s})
			if !t.failed() {
				_, err := t.Carts.Cart(t.ctx, c.ID)
				t.code("read the cart that never was", err, checkout.CodeNotFound)
			}
		}))
	}
	return append(cases, story("commit/of a first version on a locked cart leaves no session", func(t *trial) {
		c, s := t.held()
		rival := t.newSession(c)
		rival.ID = checkout.SessionID(c.ID, 9)
		t.conflicts(checkout.Commit{Session: rival, Cart: &checkout.CartChange{CartID: c.ID, Lock: true}}, checkout.Conflict{Cart: &c})
		t.holdsSession(s)
	}))
}

// commitCases tries every way to change a cart where the conditions are met.
func commitCases() []Case {
	cases := []Case{
		story("commit/a cart may be a mere condition", func(t *trial) {
			c := t.cart(t.lines(2)...)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Version: c.Version}})
			t.holds(c)
			t.holdsSession(s)
		}),
		story("commit/without version any will do", func(t *trial) {
			c := t.cart()
			c = t.apply(t.add(c, line(t.sku(), 1)))
			s := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			c.Session = s.ID
			t.holds(c)
		}),
		story("commit/without cart reaches none", func(t *trial) {
			c, s := t.held()
			s = t.commit(checkout.Commit{Session: t.next(s)})
			t.holds(c)
			t.holdsSession(s)
		}),
		story("commit/release takes a cart past its life", func(t *trial) {
			c := t.newCart()
			c.ExpiresAt = start.AddDate(-1, 0, 0)
			c.Session = checkout.SessionID(c.ID, 0)
			t.create(c)
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Holder: c.Session, Release: true}})
			c.Session = ""
			t.holds(c)
		}),
		story("commit/a replacement without buyer keeps the cart's", func(t *trial) {
			c := t.newCart()
			c.Buyer = checkout.Buyer{Email: "jan@example.com"}
			t.create(c)
			ch := t.replacement(c)
			ch.Replace.Buyer = nil
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &ch})
			t.holds(replaced(c, ch))
		}),
		story("commit/a replacement without mark forgets none", func(t *trial) {
			c := t.cart()
			t.crowd(c, "a", checkout.MaxMarks)
			c = t.readCart(c.ID)
			ch := t.replacement(c)
			ch.Mark = checkout.Mark{}
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &ch})
			t.holds(replaced(c, ch))
		}),
		story("commit/a replaced cart goes on being edited", func(t *trial) {
			c := t.cart(t.lines(3)...)
			ch := t.replacement(c)
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &ch})
			t.apply(t.add(c, line("c", 3)))
			t.has(c.ID, line("b", 2), line("a", 1), line("c", 3))
		}),
		story("commit/a cart given back is edited again, and locked again", func(t *trial) {
			c, s := t.held()
			t.refuses(t.add(c, line("a", 1)), c)
			s = t.commit(checkout.Commit{Session: t.next(s), Cart: &checkout.CartChange{CartID: c.ID, Holder: s.ID, Release: true}})
			c = t.apply(t.add(c, line("a", 1)))
			s = t.commit(checkout.Commit{Session: t.next(s), Cart: &checkout.CartChange{CartID: c.ID, Version: c.Version, Lock: true}})
			c.Session = s.ID
			t.holds(c)
		}),
		story("commit/a second round starts where the first ended", func(t *trial) {
			c, s := t.held()
			t.commit(checkout.Commit{Session: t.next(s),
				Cart: &checkout.CartChange{CartID: c.ID, Holder: s.ID, Release: true, NextRound: true}})
			c.Session, c.Round = "", 1
			second := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Round: 1, Lock: true}})
			c.Session = second.ID
			t.holds(c)
			t.holdsSession(second)
		}),
	}
	return append(cases, changeCases()...)
}

func changeCases() []Case {
	ways := []struct {
		name   string
		held   bool
		change checkout.CartChange
		want   func(c *checkout.Cart, s checkout.Session)
	}{
		{"lock an open cart", false, checkout.CartChange{Lock: true}, func(c *checkout.Cart, s checkout.Session) { c.Session = s.ID }},
		{"lock again what it holds", true, checkout.CartChange{Lock: true}, func(*checkout.Cart, checkout.Session) {}},
		{"release a held cart", true, checkout.CartChange{Release: true}, func(c *checkout.Cart, _ checkout.Session) { c.Session = "" }},
		{"end the round of an open cart", false, checkout.CartChange{NextRound: true},
			func(c *checkout.Cart, _ checkout.Session) { c.Round++ }},
		{"release and end the round", true, checkout.CartChange{Release: true, NextRound: true},
			func(c *checkout.Cart, _ checkout.Session) { c.Session = ""; c.Round++ }},
		{"release a cart with what was declined", true, checkout.CartChange{Release: true, Declines: []time.Time{start, start.Add(time.Second)}},
			func(c *checkout.Cart, _ checkout.Session) {
				c.Session, c.Declines = "", []time.Time{start, start.Add(time.Second)}
			}},
		{"keep a held cart", true, checkout.CartChange{}, func(*checkout.Cart, checkout.Session) {}},
	}
	var cases []Case
	for _, way := range ways {
		for _, replace := range []bool{false, true} {
			name := way.name
			if replace {
				name += " and replace what is in it"
			}
			cases = append(cases, story("commit/to "+name, func(t *trial) {
				c := t.editable()
				if way.held {
					c.Session = checkout.SessionID(c.ID, c.Round)
				}
				t.create(c)
				s := t.session(c)
				ch := t.replacement(c)
				want := replaced(c, ch)
				if !replace {
					ch.Replace, want = nil, c
				}
				ch.Version, ch.Lock, ch.Release, ch.NextRound = c.Version, way.change.Lock, way.change.Release, way.change.NextRound
				ch.Declines = way.change.Declines
				s = t.commit(checkout.Commit{Session: t.next(s), Cart: &ch})
				way.want(&want, s)
				t.holds(want)
				t.holdsSession(s)
			}))
		}
	}
	return cases
}

// opCases tries commits whose answer was lost.
func opCases() []Case {
	return []Case{
		story("op/a first version repeated is recognised", func(t *trial) {
			c := t.cart()
			first := checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Version: c.Version, Lock: true}}
			t.commit(first)
			t.commit(first)
			t.holdsSession(first.Session)
		}),
		story("op/a commit repeated takes stock once", func(t *trial) {
			sku := t.product(5)
			s := t.session(t.newCart())
			take := checkout.Commit{Session: t.next(s), Stock: []checkout.StockChange{{SKU: sku, Delta: -3}}}
			t.commit(take)
			t.commit(take)
			t.holdsSession(take.Session)
			t.free(sku, 2)
		}),
		story("op/a commit repeated gives stock back once", func(t *trial) {
			sku := t.product(5)
			s := t.session(t.newCart())
			give := checkout.Commit{Session: t.next(s), Stock: []checkout.StockChange{{SKU: sku, Delta: 3}}}
			t.commit(give)
			t.commit(give)
			t.free(sku, 8)
		}),
		story("op/a commit repeated replaces and ends the round once", func(t *trial) {
			c := t.cart()
			s := t.session(c)
			ch := t.replacement(c)
			ch.NextRound = true
			commit := checkout.Commit{Session: t.next(s), Cart: &ch}
			t.commit(commit)
			t.commit(commit)
			want := replaced(c, ch)
			want.Round = 1
			t.holds(want)
		}),
		story("op/a commit is recognised though nothing is left to take", func(t *trial) {
			sku := t.product(3)
			s := t.session(t.newCart())
			take := checkout.Commit{Session: t.next(s), Stock: []checkout.StockChange{{SKU: sku, Delta: -3}}}
			t.commit(take)
			t.commit(take)
			t.free(sku, 0)
		}),
		story("op/a commit is recognised though its cart has moved on", func(t *trial) {
			c, s := t.held()
			release := checkout.Commit{Session: t.next(s), Cart: &checkout.CartChange{CartID: c.ID, Holder: s.ID, Release: true}}
			t.commit(release)
			c.Session = ""
			c = t.apply(t.add(c, line(t.sku(), 1)))
			t.commit(release)
			t.holds(c)
		}),
		story("op/a commit repeated after another one is a conflict", func(t *trial) {
			sku := t.product(9)
			s := t.session(t.newCart())
			take := checkout.Commit{Session: t.next(s), Stock: []checkout.StockChange{{SKU: sku, Delta: -3}}}
			later := t.commit(checkout.Commit{Session: t.next(t.commit(take))})
			t.conflicts(take, checkout.Conflict{Session: &later})
			t.free(sku, 6)
		}),
		story("op/another commit of the same version is a conflict", func(t *trial) {
			s := t.commit(checkout.Commit{Session: t.next(t.session(t.newCart()))})
			other := s
			other.Op = t.id("op")
			t.conflicts(checkout.Commit{Session: other}, checkout.Conflict{Session: &s})
		}),
		story("op/a refused commit is not remembered", func(t *trial) {
			sku := t.product(0)
			s := t.session(t.newCart())
			take := checkout.Commit{Session: t.next(s), Stock: []checkout.StockChange{{SKU: sku, Delta: -1}}}
			t.conflicts(take, checkout.Conflict{Session: &s, Short: []string{sku}})
			t.stock(sku, 1)
			t.commit(take)
			t.free(sku, 0)
		}),
	}
}
