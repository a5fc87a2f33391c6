package memstore

import (
	"context"
	"slices"

	"kassa/checkout"
)

// noticedPage bounds a page of things with notices.
const noticedPage = 500

// RemoveNotices implements checkout.NoticeStore.
func (s *Store) RemoveNotices(ctx context.Context, sessionID string, noticeIDs []string) error {
	return s.update(ctx, func() error {
		session, ok := s.sessions.get(sessionID)
		if left, fewer := drop(session.Notices, noticeIDs); ok && fewer {
			session.Notices = left
			return s.sessions.put(sessionID, session)
		}
		return nil
	})
}

// RemoveCartNotices implements checkout.CartNoticeStore.
func (s *Store) RemoveCartNotices(ctx context.Context, cartID string, noticeIDs []string) error {
	return s.update(ctx, func() error {
		cart, ok := s.carts.get(cartID)
		if left, fewer := drop(cart.Notices, noticeIDs); ok && fewer {
			cart.Notices = left
			return s.carts.put(cartID, cart)
		}
		return nil
	})
}

// drop takes notices out of all, and tells whether there are fewer now.
func drop(all map[string]checkout.Notice, ids []string) (left map[string]checkout.Notice, fewer bool) {
	before := len(all)
	for _, id := range ids {
		delete(all, id)
	}
	if len(all) == 0 {
		return nil, before > 0
	}
	return all, len(all) < before
}

// Noticed implements checkout.NoticeStore. It looks at every session, and is never behind.
func (s *Store) Noticed(ctx context.Context, cursor string) (sessionIDs []string, next string, err error) {
	return noticed(ctx, s, s.sessions, cursor, func(s *checkout.Session) int { return len(s.Notices) })
}

// NoticedCarts implements checkout.CartNoticeStore, as Noticed.
func (s *Store) NoticedCarts(ctx context.Context, cursor string) (cartIDs []string, next string, err error) {
	return noticed(ctx, s, s.carts, cursor, func(c *checkout.Cart) int { return len(c.Notices) })
}

func noticed[T any](ctx context.Context, s *Store, t *table[T], cursor string, count func(*T) int) (ids []string, next string, err error) {
	err = s.view(ctx, func() error {
		for id, item := range t.items {
			if id > cursor && count(item) > 0 {
				ids = append(ids, id)
			}
		}
		return nil
	})
	slices.Sort(ids)
	if len(ids) > noticedPage {
		ids = ids[:noticedPage]
		next = ids[noticedPage-1]
	}
	return ids, next, err
}
