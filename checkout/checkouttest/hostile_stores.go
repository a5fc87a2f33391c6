package checkouttest

import (
	"context"
	"errors"
	"strconv"

	"kassa/checkout"
)

func storeFailure(way Way, cause error) error {
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: "store " + string(way), Err: cause}
}

// nothing is the answer of a method that has none.
type nothing struct{}

type hostileCarts struct {
	h     *Hostile
	inner checkout.CartStore
}

func (s hostileCarts) CreateCart(ctx context.Context, c checkout.Cart) error {
	_, err := stored(ctx, s.h, "CreateCart", func(ctx context.Context) (nothing, error) {
		err := s.inner.CreateCart(ctx, c)
		if err == nil {
			s.h.created(c.ID)
		}
		return nothing{}, err
	})
	return err
}

func (s hostileCarts) Cart(ctx context.Context, id string) (checkout.Cart, error) {
	return stored(ctx, s.h, "Cart", func(ctx context.Context) (checkout.Cart, error) {
		return s.inner.Cart(ctx, id)
	})
}

func (s hostileCarts) EditCart(ctx context.Context, e checkout.CartEdit) (checkout.Cart, error) {
	return perform(ctx, s.h, call[checkout.Cart]{
		method: "EditCart", fail: storeFailure,
		do:      func(ctx context.Context) (checkout.Cart, error) { return s.inner.EditCart(ctx, e) },
		contend: func(ctx context.Context) error { return s.h.touchCart(ctx, e.CartID) },
	})
}

func (s hostileCarts) DueCarts(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
	ask := func(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
		return s.inner.DueCarts(ctx, q)
	}
	return perform(ctx, s.h, call[checkout.DuePage]{
		method: "DueCarts", fail: storeFailure,
		do:    func(ctx context.Context) (checkout.DuePage, error) { return ask(ctx, q) },
		stale: func(ctx context.Context) (checkout.DuePage, error) { return s.h.lateCarts().page(ctx, q, ask) },
	})
}

type hostileSessions struct {
	h     *Hostile
	inner checkout.SessionStore
}

func (s hostileSessions) Session(ctx context.Context, id string) (checkout.Session, error) {
	return stored(ctx, s.h, "Session", func(ctx context.Context) (checkout.Session, error) {
		return s.inner.Session(ctx, id)
	})
}

func (s hostileSessions) SessionAndCart(ctx context.Context, id string) (checkout.Session, checkout.Cart, error) {
	type both struct {
		session checkout.Session
		cart    checkout.Cart
	}
	got, err := stored(ctx, s.h, "SessionAndCart", func(ctx context.Context) (both, error) {
		session, cart, err := s.inner.SessionAndCart(ctx, id)
		return both{session, cart}, err
	})
	return got.session, got.cart, err
}

func (s hostileSessions) Commit(ctx context.Context, c checkout.Commit) error {
	_, err := perform(ctx, s.h, call[nothing]{
		method: "Commit", fail: storeFailure,
		do: func(ctx context.Context) (nothing, error) {
			seen := s.h.look(ctx, c)
			err := s.inner.Commit(ctx, c)
			if err == nil {
				s.h.committed(seen)
			}
			return nothing{}, err
		},
		contend: func(ctx context.Context) error { return s.h.contendCommit(ctx, c) },
	})
	return err
}

func (s hostileSessions) Watched(ctx context.Context, kind checkout.WatchKind, q checkout.DueQuery) (checkout.DuePage, error) {
	ask := func(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
		return s.inner.Watched(ctx, kind, q)
	}
	return perform(ctx, s.h, call[checkout.DuePage]{
		method: "Watched", fail: storeFailure,
		do: func(ctx context.Context) (checkout.DuePage, error) { return ask(ctx, q) },
		stale: func(ctx context.Context) (checkout.DuePage, error) {
			return s.h.lateSessions(kind).page(ctx, q, ask)
		},
	})
}

func (s hostileSessions) Unended(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
	return stored(ctx, s.h, "Unended", func(ctx context.Context) (checkout.DuePage, error) {
		return s.inner.Unended(ctx, q)
	})
}

// touchCart edits a cart as somebody else who is allowed to, without changing what is in it. A cart that takes no edits is
// left alone.
func (h *Hostile) touchCart(ctx context.Context, id string) error {
	c, err := h.inner.Carts.Cart(ctx, id)
	if err != nil {
		return unlessMissing(err)
	}
	_, err = h.inner.Carts.EditCart(ctx, checkout.CartEdit{
		CartID: id, Mark: checkout.NewMark("somebody else", h.other(), ""), At: c.UpdatedAt, ExpiresAt: c.ExpiresAt,
		Access:    checkout.Access{Epoch: c.Epoch, Customer: c.Customer},
		IfVersion: c.Version, // so that no edit made meanwhile is undone
		Replace:   &checkout.CartContents{Lines: c.Lines, Context: c.Context},
	})
	return unlessConflict(err)
}

// contendCommit commits the stored session as somebody else, without changing it, and touches the cart where the commit
// depends on its version. A session that isn't there yet is left alone.
func (h *Hostile) contendCommit(ctx context.Context, c checkout.Commit) error {
	if c.Cart != nil && c.Cart.Version != 0 {
		if err := h.touchCart(ctx, c.Cart.CartID); err != nil {
			return err
		}
	}
	s, err := h.inner.Sessions.Session(ctx, c.Session.ID)
	if err != nil {
		return unlessMissing(err)
	}
	s.Version++
	s.Op = h.other()
	return unlessConflict(h.inner.Sessions.Commit(ctx, checkout.Commit{Session: s})) // a real rival may be faster
}

func unlessMissing(err error) error {
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return nil
	}
	return err
}

func unlessConflict(err error) error {
	var conflict *checkout.Conflict
	if errors.As(err, &conflict) {
		return nil
	}
	return err
}

// other returns an id for a write by somebody else.
func (h *Hostile) other() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.others++
	return "somebody-else-" + strconv.Itoa(h.others)
}
