package memstore

import (
	"context"
	"slices"
	"strings"

	"kassa/checkout"
	"kassa/checkout/merchant"
)

var _ merchant.Searcher = (*Store)(nil)

// NamedCarts implements merchant.Searcher. It is never behind.
func (s *Store) NamedCarts(ctx context.Context, cursor string) (page []merchant.Named, next string, err error) {
	return named(ctx, s, s.carts, cursor, func(c *checkout.Cart) merchant.Named {
		return merchant.Named{ID: c.ID, Customer: c.Customer, Email: c.Buyer.Email}
	})
}

// NamedSessions implements merchant.Searcher. It is never behind.
func (s *Store) NamedSessions(ctx context.Context, cursor string) (page []merchant.Named, next string, err error) {
	return named(ctx, s, s.sessions, cursor, func(s *checkout.Session) merchant.Named {
		if s.Status == checkout.StatusCompleted && len(s.Notices) == 0 {
			return merchant.Named{}
		}
		return merchant.Named{ID: s.ID, Customer: s.Customer, Email: s.Buyer.Email}
	})
}

func named[T any](
	ctx context.Context, s *Store, t *table[T], cursor string, of func(*T) merchant.Named,
) (page []merchant.Named, next string, err error) {
	err = s.view(ctx, func() error {
		for id, item := range t.items {
			if n := of(item); id > cursor && (n.Customer != "" || n.Email != "") {
				page = append(page, n)
			}
		}
		return nil
	})
	slices.SortFunc(page, func(a, b merchant.Named) int { return strings.Compare(a.ID, b.ID) })
	if len(page) > noticedPage {
		page = page[:noticedPage]
		next = page[noticedPage-1].ID
	}
	return page, next, err
}
