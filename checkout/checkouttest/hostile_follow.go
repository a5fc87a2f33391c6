package checkouttest

import (
	"context"
	"errors"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// followStore is a store of carts that recovery works on.
type followStore interface {
	checkout.CartStore
	checkout.CartEraser
	recovery.CartStore
	recovery.ContactStore
	recovery.SendLog
	checkout.CartNoticeStore
}

// hostileFollow is hostileCarts where the carts can be followed up. Records of messages have a network of their own.
type hostileFollow struct {
	hostileCarts
	recovery.SendLog
	inner followStore
}

// hostileCartsOf wraps a store of carts, with all of recovery's methods if it has them.
func hostileCartsOf(h *Hostile, carts checkout.CartStore) checkout.CartStore {
	inner, ok := carts.(followStore)
	if !ok {
		return hostileCarts{h, carts}
	}
	return hostileFollow{hostileCarts{h, inner}, inner, inner}
}

func (s hostileFollow) CartsOf(ctx context.Context, ids []string) (map[string]checkout.Cart, error) {
	return stored(ctx, s.h, "CartsOf", func(ctx context.Context) (map[string]checkout.Cart, error) {
		return s.inner.CartsOf(ctx, ids)
	})
}

func (s hostileFollow) SessionsOf(ctx context.Context, ids []string) (map[string]checkout.Session, error) {
	return stored(ctx, s.h, "SessionsOf", func(ctx context.Context) (map[string]checkout.Session, error) {
		return s.inner.SessionsOf(ctx, ids)
	})
}

func (s hostileFollow) Contacts(ctx context.Context, ids []string) (map[string]recovery.Contact, error) {
	return stored(ctx, s.h, "Contacts", func(ctx context.Context) (map[string]recovery.Contact, error) {
		return s.inner.Contacts(ctx, ids)
	})
}

func (s hostileFollow) FollowCart(ctx context.Context, f checkout.CartFollow) (checkout.Cart, error) {
	return perform(ctx, s.h, call[checkout.Cart]{
		method: "FollowCart", fail: storeFailure,
		do: func(ctx context.Context) (checkout.Cart, error) {
			was, _ := s.inner.Cart(ctx, f.CartID)
			c, err := s.inner.FollowCart(ctx, f)
			if err == nil {
				s.h.followed(checkout.DueItem{ID: f.CartID, At: was.Due})
			}
			return c, err
		},
		contend: func(ctx context.Context) error { return s.sweep(ctx, f.CartID) },
	})
}

func (s hostileFollow) PutContact(ctx context.Context, c recovery.Contact) error {
	_, err := perform(ctx, s.h, call[nothing]{
		method: "PutContact", fail: storeFailure,
		do:      func(ctx context.Context) (nothing, error) { return nothing{}, s.inner.PutContact(ctx, c) },
		contend: func(ctx context.Context) error { return s.touch(ctx, c.ID) },
	})
	return err
}

func (s hostileFollow) ForgetContact(ctx context.Context, id string) error {
	_, err := stored(ctx, s.h, "ForgetContact", func(ctx context.Context) (nothing, error) {
		return nothing{}, s.inner.ForgetContact(ctx, id)
	})
	return err
}

func (s hostileFollow) EraseCart(ctx context.Context, id string, version int64, holder string) error {
	_, err := stored(ctx, s.h, "EraseCart", func(ctx context.Context) (nothing, error) {
		return nothing{}, s.inner.EraseCart(ctx, id, version, holder)
	})
	return err
}

func (s hostileFollow) RemoveCartNotices(ctx context.Context, cartID string, noticeIDs []string) error {
	_, err := stored(ctx, s.h, "RemoveCartNotices", func(ctx context.Context) (nothing, error) {
		return nothing{}, s.inner.RemoveCartNotices(ctx, cartID, noticeIDs)
	})
	return err
}

func (s hostileFollow) NoticedCarts(ctx context.Context, cursor string) ([]string, string, error) {
	type page struct {
		ids  []string
		next string
	}
	got, err := stored(ctx, s.h, "NoticedCarts", func(ctx context.Context) (page, error) {
		ids, next, err := s.inner.NoticedCarts(ctx, cursor)
		return page{ids, next}, err
	})
	return got.ids, got.next, err
}

// sweep writes what recovery keeps with a cart as somebody else, without changing it. A cart that is gone is left alone.
func (s hostileFollow) sweep(ctx context.Context, id string) error {
	c, err := s.inner.Cart(ctx, id)
	if err != nil {
		return unlessMissing(err)
	}
	_, err = s.inner.FollowCart(ctx, c.Following(s.h.other()))
	return unlessConflict(err)
}

// touch writes a contact as somebody else, without changing anything. One that isn't there yet is left alone.
func (s hostileFollow) touch(ctx context.Context, id string) error {
	found, err := s.inner.Contacts(ctx, []string{id})
	c, ok := found[id]
	if err != nil || !ok {
		return err
	}
	c.Version++
	c.Op = s.h.other()
	err = s.inner.PutContact(ctx, c)
	var conflict *recovery.ContactConflict
	if errors.As(err, &conflict) {
		return nil
	}
	return err
}
