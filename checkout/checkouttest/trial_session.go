package checkouttest

import (
	"time"

	"kassa/checkout"
)

// newSession returns the first version of a cart's session, not yet stored.
func (t *trial) newSession(c checkout.Cart) checkout.Session {
	return checkout.Session{
		ID: checkout.SessionID(c.ID, c.Round), CartID: c.ID, Round: c.Round, Version: 1, Op: t.id("op"), Epoch: c.Epoch,
		Customer: c.Customer, Status: checkout.StatusIncomplete, Context: c.Context, CreatedAt: start, UpdatedAt: start,
		ExpiresAt: start.Add(6 * time.Hour), Create: t.mark(),
	}
}

// next returns the next version of a session.
func (t *trial) next(s checkout.Session) checkout.Session {
	s.Version++
	s.Op = t.id("op")
	return s
}

// commit makes a commit, which must succeed.
func (t *trial) commit(c checkout.Commit) checkout.Session {
	if !t.failed() {
		t.ok("commit", t.Sessions.Commit(t.ctx, c))
	}
	return c.Session
}

func (t *trial) session(c checkout.Cart) checkout.Session {
	return t.commit(checkout.Commit{Session: t.newSession(c)})
}

func (t *trial) readSession(id string) checkout.Session {
	if t.failed() {
		return checkout.Session{}
	}
	s, err := t.Sessions.Session(t.ctx, id)
	t.ok("read the session", err)
	return s
}

func (t *trial) holdsSession(want checkout.Session) {
	t.same("the stored session", t.readSession(want.ID), want)
}

// noSession fails the case if there is a session.
func (t *trial) noSession(id string) {
	if !t.failed() {
		_, err := t.Sessions.Session(t.ctx, id)
		t.code("read a session that there should not be", err, checkout.CodeNotFound)
	}
}

// conflicts makes a commit, which must be refused with what stands and change neither session nor cart.
func (t *trial) conflicts(c checkout.Commit, want checkout.Conflict) {
	if t.failed() {
		return
	}
	got := t.conflict("commit", t.Sessions.Commit(t.ctx, c))
	var refusedSession *checkout.Session
	if want.Session != nil && want.Session.Version != c.Session.Version-1 {
		refusedSession = want.Session
	}
	var refusedCart *checkout.Cart
	if want.Cart != nil && c.Cart != nil && !allowed(*c.Cart, *want.Cart) {
		refusedCart = want.Cart
	}
	t.same("the conflict's session", got.Session, refusedSession)
	t.same("the conflict's cart", got.Cart, refusedCart)
	t.same("the conflict's short skus", sorted(got.Short), sorted(want.Short))
	t.same("the conflict's used keys", sorted(got.Used), sorted(want.Used))
	if want.Session != nil {
		t.holdsSession(*want.Session)
	} else {
		t.noSession(c.Session.ID)
	}
	if want.Cart != nil {
		t.holds(*want.Cart)
	}
}

// allowed reports whether a cart satisfies the conditions of a change.
func allowed(c checkout.CartChange, is checkout.Cart) bool {
	held := is.Session == c.Holder
	if c.Holder == "" {
		held = is.Session == "" && !is.Canceled
	}
	return held && is.Round == c.Round && (c.Version == 0 || c.Version == is.Version)
}
