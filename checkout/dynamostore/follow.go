package dynamostore

import (
	"context"

	"kassa/checkout"
)

// CartsOf implements recovery.CartStore.
func (s *Store) CartsOf(ctx context.Context, ids []string) (map[string]checkout.Cart, error) {
	carts := make(map[string]checkout.Cart, len(ids))
	return carts, s.each(ctx, s.names.Carts, ids, func(it item) error {
		c, err := decodeCart(it)
		carts[c.ID] = c
		return err
	})
}

// SessionsOf implements recovery.CartStore.
func (s *Store) SessionsOf(ctx context.Context, ids []string) (map[string]checkout.Session, error) {
	sessions := make(map[string]checkout.Session, len(ids))
	return sessions, s.each(ctx, s.names.Sessions, ids, func(it item) error {
		c, err := decodeSession(it)
		sessions[c.ID] = c
		return err
	})
}

// FollowCart implements recovery.CartStore.
func (s *Store) FollowCart(ctx context.Context, f checkout.CartFollow) (checkout.Cart, error) {
	x, err := followExpression(f)
	if err != nil {
		return checkout.Cart{}, failed("encode follow-up of cart", f.CartID, err)
	}
	return s.changeCart(ctx, "follow up cart", f.CartID, x, func(there checkout.Cart, _ bool) bool {
		a := there.Abandonment
		return a != nil && f.Abandonment.Op != "" && a.Op == f.Abandonment.Op // an earlier try wrote it
	})
}

func followExpression(f checkout.CartFollow) (*expression, error) {
	x := &expression{}
	x.when("v = " + x.value(number(f.Version)))
	if f.Holder == "" {
		x.when("attribute_not_exists(t)")
	} else {
		x.when("t = " + x.value(text(f.Holder)))
	}
	if f.Abandonment.Revision == 1 {
		x.when("attribute_not_exists(R)")
	} else {
		x.when("R = " + x.value(number(f.Abandonment.Revision-1)))
	}
	marks := item{"s": nil, "d": nil}
	if !f.Due.IsZero() {
		marks = item{"s": text(shardOf("", f.CartID)), "d": blob(dueKey(f.Due, f.CartID))}
	}
	marks["N"], marks[AttributeCartNotices] = nil, nil
	if len(f.Notices) > 0 {
		notices, err := encodeNotices(f.Notices)
		if err != nil {
			return nil, err
		}
		marks["N"], marks[AttributeCartNotices] = mapped(notices), text("1")
	}
	row, err := rowValue(abandonmentRow(&f.Abandonment))
	if err != nil {
		return nil, err
	}
	marks["j"], marks["R"] = row, number(f.Abandonment.Revision)
	for name, v := range marks {
		x.put(name, v)
	}
	return x, nil
}

// abandonmentRow is everything of an abandonment but its revision, which is an attribute.
func abandonmentRow(a *checkout.Abandonment) row {
	return row{of: a, elsewhere: []any{&a.Revision}, fields: []any{
		&a.Op, &a.Reason, &a.LeftAt, &a.Closed, rows[checkout.FollowUp]{&a.FollowUps, followUpRow(a)}, &a.Recovered, &a.From,
	}}
}

func followUpRow(a *checkout.Abandonment) func(*checkout.FollowUp) row {
	return func(f *checkout.FollowUp) row {
		return row{of: f, fields: []any{
			&f.ID, &f.Stage, &f.Channel, later{&f.ClaimedAt, &a.LeftAt}, &f.State, later{&f.At, &f.ClaimedAt}, &f.Why, &f.Tries,
			&f.Provider,
			usual[string]{&f.Reason, func() string { return a.Reason }}, &f.Incentive, &f.OpenedBy, later{&f.OpenedAt, &a.LeftAt},
			&f.OpenedAs, &f.Person,
		}}
	}
}

// cartNotices and sessionNotices are where items of a table keep their notices.
func (s *Store) cartNotices() noticed { return noticed{s.names.Carts, "N", AttributeCartNotices} }

func (s *Store) sessionNotices() noticed { return noticed{s.names.Sessions, "n", AttributeNotices} }

// RemoveCartNotices implements checkout.CartNoticeStore.
func (s *Store) RemoveCartNotices(ctx context.Context, cartID string, noticeIDs []string) error {
	return failed("remove notices of cart", cartID, s.remove(ctx, s.cartNotices(), cartID, noticeIDs))
}

// NoticedCarts implements checkout.CartNoticeStore, by a scan as Noticed.
func (s *Store) NoticedCarts(ctx context.Context, cursor string) (cartIDs []string, next string, err error) {
	return s.scanNoticed(ctx, s.cartNotices(), cursor)
}
