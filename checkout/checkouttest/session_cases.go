package checkouttest

import (
	"time"

	"kassa/checkout"
)

// firstSession returns the first version of a session with every other field set, not yet stored, of a cart that isn't either.
func (t *trial) firstSession() checkout.Session {
	s := populated[checkout.Session](t)
	s.CartID = t.id("ct_")
	s.ID, s.Version, s.Op = checkout.SessionID(s.CartID, s.Round), 1, t.id("op")
	return s
}

func sessionCases() []Case {
	cases := []Case{
		story("session/committed is read", func(t *trial) {
			t.holdsSession(t.session(t.newCart()))
		}),
		story("session/every field survives", func(t *trial) {
			t.holdsSession(t.commit(checkout.Commit{Session: t.firstSession()}))
		}),
		story("session/every field survives in a later version", func(t *trial) {
			s := t.session(t.newCart())
			full := t.firstSession()
			full.ID, full.Version = s.ID, 2
			t.holdsSession(t.commit(checkout.Commit{Session: full}))
		}),
		story("session/a version leaves nothing of the one before", func(t *trial) {
			full := t.commit(checkout.Commit{Session: t.firstSession()})
			t.holdsSession(t.commit(checkout.Commit{Session: checkout.Session{ID: full.ID, Version: 2, Op: t.id("op")}}))
		}),
		story("session/nothing set stays nothing", func(t *trial) {
			c := t.newCart()
			t.holdsSession(t.commit(checkout.Commit{Session: checkout.Session{ID: checkout.SessionID(c.ID, 0), Version: 1,
				Op: t.id("op")}}))
		}),
		story("session/texts of any kind survive", func(t *trial) {
			s := t.newSession(t.newCart())
			s.Destination = &checkout.Destination{ID: "d1", City: unicode, Street: unicode}
			s.Messages = []checkout.Message{{Code: "missing", Args: map[string]string{unicode: unicode}}}
			s.Notices = map[string]checkout.Notice{"n.1-a": {Kind: "order.placed", At: start}}
			t.holdsSession(t.commit(checkout.Commit{Session: s}))
		}),
		story("session/100 quoted lines and 50 payments survive", func(t *trial) {
			full := t.firstSession()
			for len(full.Quote.Lines) < checkout.MaxLines {
				full.Quote.Lines = append(full.Quote.Lines, full.Quote.Lines[0])
			}
			for len(full.Pays) < 50 {
				full.Pays = append(full.Pays, full.Pays[1])
			}
			t.holdsSession(t.commit(checkout.Commit{Session: full}))
		}),
		story("session/none is not found", func(t *trial) {
			t.noSession(checkout.SessionID(t.id("ct_"), 0))
		}),
		story("session/of another round is another", func(t *trial) {
			c := t.newCart()
			first := t.session(c)
			c.Round = 1
			second := t.session(c)
			t.holdsSession(first)
			t.holdsSession(second)
		}),
		story("session/comes with its cart", func(t *trial) {
			c := t.cart(t.lines(2)...)
			s := t.session(c)
			t.holdBoth(s, c)
		}),
		story("session/comes with its cart as last written", func(t *trial) {
			c := t.cart()
			s := t.session(c)
			c = t.apply(t.add(c, line(t.sku(), 4)))
			s = t.commit(checkout.Commit{Session: t.next(s)})
			t.holdBoth(s, c)
		}),
		story("session/of a later round comes with its cart", func(t *trial) {
			c := t.newCart()
			c.Round = 12
			t.create(c)
			t.holdBoth(t.session(c), c)
		}),
		story("session/comes alone if its cart is gone", func(t *trial) {
			t.holdBoth(t.session(t.newCart()), checkout.Cart{})
		}),
		story("session/none is not found with its cart either", func(t *trial) {
			c := t.cart()
			_, _, err := t.Sessions.SessionAndCart(t.ctx, checkout.SessionID(c.ID, 0))
			t.code("read a session that never was", err, checkout.CodeNotFound)
		}),
		story("session/an id that is no session's is not found", func(t *trial) {
			_, _, err := t.Sessions.SessionAndCart(t.ctx, t.id("nonsense"))
			t.code("read nonsense", err, checkout.CodeNotFound)
		}),
	}
	for _, field := range fieldsOf[checkout.Session]("ID", "Version", "Op") {
		cases = append(cases, story("session/field "+field+" survives alone", func(t *trial) {
			s := only[checkout.Session](t, field)
			s.ID, s.Version, s.Op = checkout.SessionID(t.id("ct_"), 0), 1, t.id("op")
			t.holdsSession(t.commit(checkout.Commit{Session: s}))
		}))
	}
	return cases
}

// holdBoth fails the case unless a session comes together with this cart.
func (t *trial) holdBoth(wantSession checkout.Session, wantCart checkout.Cart) {
	if t.failed() {
		return
	}
	s, c, err := t.Sessions.SessionAndCart(t.ctx, wantSession.ID)
	t.ok("read session and cart", err)
	t.same("the session", s, wantSession)
	t.same("its cart", c, wantCart)
}

// held returns a stored cart that a stored session holds, with the session at version 2.
func (t *trial) held() (checkout.Cart, checkout.Session) {
	c := t.cart(t.lines(2)...)
	s := t.next(t.session(c))
	t.commit(checkout.Commit{Session: s, Cart: &checkout.CartChange{CartID: c.ID, Version: c.Version, Lock: true}})
	c.Session = s.ID
	return c, s
}

// contents is what a session puts into a cart.
func contents() *checkout.CartContents {
	return &checkout.CartContents{
		Lines: []checkout.LineItem{line("b", 2), line("a", 1)}, Context: checkout.Context{Country: "NO", Currency: "NOK"},
		Buyer: &checkout.Buyer{Email: "ola@example.com"},
	}
}

// replaced returns a cart as a commit's replacement leaves it.
func replaced(c checkout.Cart, change checkout.CartChange) checkout.Cart {
	c.Version++
	c.Lines, c.Context = change.Replace.Lines, change.Replace.Context
	if change.Replace.Buyer != nil {
		c.Buyer = *change.Replace.Buyer
	}
	c.UpdatedAt, c.ExpiresAt = change.At, change.ExpiresAt
	c.Marks = checkout.Remember(c.Marks, change.Mark)
	return c
}

func (t *trial) replacement(c checkout.Cart) checkout.CartChange {
	return checkout.CartChange{
		CartID: c.ID, Round: c.Round, Holder: c.Session, Replace: contents(), Mark: t.mark(),
		At: start.Add(time.Hour), ExpiresAt: start.AddDate(0, 2, 0),
	}
}
