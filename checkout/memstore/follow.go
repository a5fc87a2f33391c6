package memstore

import (
	"context"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// CartsOf implements recovery.CartStore.
func (s *Store) CartsOf(ctx context.Context, ids []string) (map[string]checkout.Cart, error) {
	return fetchAll(ctx, s, s.carts, ids)
}

// SessionsOf implements recovery.CartStore.
func (s *Store) SessionsOf(ctx context.Context, ids []string) (map[string]checkout.Session, error) {
	return fetchAll(ctx, s, s.sessions, ids)
}

// Contacts implements recovery.ContactStore.
func (s *Store) Contacts(ctx context.Context, ids []string) (map[string]recovery.Contact, error) {
	return fetchAll(ctx, s, s.contacts, ids)
}

// fetchAll returns copies of those of the items that are there. CodeInvalid for more than DynamoDB reads at once.
func fetchAll[T any](ctx context.Context, s *Store, t *table[T], ids []string) (map[string]T, error) {
	found := make(map[string]*T, len(ids))
	asked := make(map[string]bool, len(ids))
	err := s.view(ctx, func() error {
		for _, id := range ids {
			asked[id] = id != ""
			if item, ok := t.items[id]; ok {
				found[id] = item
			}
		}
		delete(asked, "")
		if len(asked) > recovery.MaxBatch {
			return invalid("a batch has at most 100 items")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]T, len(found))
	for id, item := range found {
		out[id] = clone(*item)
	}
	return out, nil
}

// FollowCart implements recovery.CartStore.
func (s *Store) FollowCart(ctx context.Context, f checkout.CartFollow) (checkout.Cart, error) {
	var after checkout.Cart
	err := s.update(ctx, func() error {
		c, ok := s.carts.get(f.CartID)
		if !ok {
			return &checkout.Conflict{}
		}
		revision, first := int64(0), f.Abandonment.Revision == 1
		if c.Abandonment != nil {
			if f.Abandonment.Op != "" && c.Abandonment.Op == f.Abandonment.Op {
				after = c
				return nil
			}
			revision = c.Abandonment.Revision
		}
		if c.Version != f.Version || c.Session != f.Holder || first != (c.Abandonment == nil) || !first && revision != f.Abandonment.Revision-1 {
			return &checkout.Conflict{Cart: &c}
		}
		after = c
		after.Abandonment, after.Due, after.Notices = &f.Abandonment, f.Due, f.Notices
		if len(f.Notices) == 0 {
			after.Notices = nil
		}
		return s.carts.put(f.CartID, after)
	})
	if err != nil {
		return checkout.Cart{}, err
	}
	return clone(after), nil
}

// PutContact implements recovery.ContactStore.
func (s *Store) PutContact(ctx context.Context, c recovery.Contact) error {
	return s.update(ctx, func() error {
		stored, exists := s.contacts.get(c.ID)
		if exists && c.Op != "" && stored.Op == c.Op {
			return nil
		}
		switch {
		case exists && (c.Version == 1 || stored.Version != c.Version-1):
			return &recovery.ContactConflict{Contact: &stored}
		case !exists && c.Version != 1:
			return &recovery.ContactConflict{}
		}
		return s.contacts.put(c.ID, c)
	})
}

// ForgetContact implements recovery.ContactStore.
func (s *Store) ForgetContact(ctx context.Context, id string) error {
	return s.update(ctx, func() error {
		s.contacts.remove(id)
		return nil
	})
}
