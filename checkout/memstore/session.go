package memstore

import (
	"context"
	"slices"

	"kassa/checkout"
)

// maxActions is how much DynamoDB writes in one transaction. What it would refuse must not work here.
const maxActions = 100

// Session implements checkout.SessionStore.
func (s *Store) Session(ctx context.Context, id string) (checkout.Session, error) {
	return fetch(ctx, s, s.sessions, "session", id)
}

// SessionAndCart implements checkout.SessionStore.
func (s *Store) SessionAndCart(ctx context.Context, id string) (checkout.Session, checkout.Cart, error) {
	session, err := s.Session(ctx, id)
	if err != nil {
		return checkout.Session{}, checkout.Cart{}, err
	}
	cart, err := s.Cart(ctx, checkout.CartOfSession(id))
	if err != nil && checkout.ErrorCode(err) != checkout.CodeNotFound {
		return checkout.Session{}, checkout.Cart{}, err
	}
	return session, cart, nil
}

// Commit implements checkout.SessionStore. CodeInvalid for more than DynamoDB writes at once, or a sku or key named
// twice.
func (s *Store) Commit(ctx context.Context, c checkout.Commit) error {
	if err := fits(c); err != nil {
		return err
	}
	return s.update(ctx, func() error {
		stored, exists := s.sessions.get(c.Session.ID)
		if exists && c.Session.Op != "" && stored.Op == c.Session.Op {
			return nil
		}
		conflict := checkout.Conflict{}
		ok := stored.Version == c.Session.Version-1 && exists == (c.Session.Version > 1)
		cart, fine := s.heldCart(c.Cart, &conflict)
		stock := s.moved(c.Stock, &conflict)
		counts := s.redeemed(c.Redemptions, &conflict)
		if exists && !ok {
			conflict.Session = &stored
		}
		if !ok || !fine || len(conflict.Short) > 0 || len(conflict.Used) > 0 {
			return &conflict
		}
		if c.Cart != nil {
			change(&cart, c)
			if err := s.carts.put(cart.ID, cart); err != nil {
				return err
			}
		}
		for _, p := range stock {
			if err := s.products.put(p.SKU, p); err != nil {
				return err
			}
		}
		for key, n := range counts {
			if err := s.redemptions.put(key, n); err != nil {
				return err
			}
		}
		return s.sessions.put(c.Session.ID, c.Session)
	})
}

func fits(c checkout.Commit) error {
	actions := 1 + len(c.Stock) + len(c.Redemptions)
	if c.Cart != nil {
		actions++
	}
	if actions > maxActions {
		return invalid("a commit has at most 100 actions")
	}
	seen := make(map[string]bool, len(c.Stock))
	for _, change := range c.Stock {
		if seen[change.SKU] {
			return invalid("a commit moves the stock of a sku once: " + change.SKU)
		}
		seen[change.SKU] = true
	}
	keys := make(map[string]bool, len(c.Redemptions))
	for _, r := range c.Redemptions {
		if keys[r.Key] || r.Key == "" {
			return invalid("a commit counts under a key once: " + r.Key)
		}
		keys[r.Key] = true
	}
	return nil
}

// heldCart returns the cart that a commit changes, and whether it satisfies the change's conditions.
func (s *Store) heldCart(c *checkout.CartChange, conflict *checkout.Conflict) (checkout.Cart, bool) {
	if c == nil {
		return checkout.Cart{}, true
	}
	cart, ok := s.carts.get(c.CartID)
	if !ok {
		return checkout.Cart{}, false
	}
	held := cart.Session == c.Holder
	if c.Holder == "" {
		held = open(cart)
	}
	if !held || cart.Round != c.Round || c.Version != 0 && c.Version != cart.Version {
		conflict.Cart = &cart
		return checkout.Cart{}, false
	}
	return clone(cart), true
}

// change applies a commit's effects on its cart.
func change(cart *checkout.Cart, c checkout.Commit) {
	switch {
	case c.Cart.Lock:
		cart.Session = c.Session.ID
	case c.Cart.Release:
		cart.Session = ""
	}
	if c.Cart.NextRound {
		cart.Round++
	}
	if c.Cart.Declines != nil {
		cart.Declines = c.Cart.Declines
	}
	if c.Cart.Replace != nil {
		replace(cart, *c.Cart.Replace)
		cart.Version++
		cart.UpdatedAt, cart.ExpiresAt = c.Cart.At, c.Cart.ExpiresAt
		cart.Marks = checkout.Remember(cart.Marks, c.Cart.Mark)
	}
	if cart.Due.IsZero() && (c.Cart.Replace != nil || c.Cart.NextRound) {
		cart.Due = c.Cart.Due
	}
}

// moved returns the products whose stock the changes move, as they will be. What is short goes into the conflict.
func (s *Store) moved(changes []checkout.StockChange, conflict *checkout.Conflict) []checkout.Product {
	var out []checkout.Product
	for _, c := range changes {
		p, ok := s.products.get(c.SKU)
		kept := ok && p.Stock != nil
		switch {
		case c.Delta < 0 && (!ok || kept && *p.Stock+c.Delta < 0):
			conflict.Short = append(conflict.Short, c.SKU)
		case kept:
			*p.Stock += c.Delta
			out = append(out, p)
		}
	}
	return out
}

// Watched implements checkout.SessionStore: oldest first over all, and never behind.
func (s *Store) Watched(ctx context.Context, kind checkout.WatchKind, q checkout.DueQuery) (page checkout.DuePage, err error) {
	err = s.view(ctx, func() error {
		index, ok := s.watched[kind]
		if !ok {
			return invalid("nobody watches sessions of kind " + string(kind))
		}
		page, err = index.due(q)
		return err
	})
	return page, err
}

// Unended implements checkout.SessionStore. It looks at every session, in the order of ids.
func (s *Store) Unended(ctx context.Context, q checkout.DueQuery) (page checkout.DuePage, err error) {
	if q.Limit < 1 {
		return page, invalid("a page needs room for at least one item")
	}
	err = s.view(ctx, func() error {
		page = s.unended(q)
		return nil
	})
	return page, err
}

func (s *Store) unended(q checkout.DueQuery) (page checkout.DuePage) {
	var ids []string
	for id, session := range s.sessions.items {
		if id > q.Cursor && session.Watch.Kind != checkout.WatchNone && (q.Before.IsZero() || !session.Watch.At.After(q.Before)) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids[:min(q.Limit, len(ids))] {
		page.Items = append(page.Items, checkout.DueItem{ID: id, At: s.sessions.items[id].Watch.At})
	}
	if len(ids) > q.Limit {
		page.Cursor = ids[q.Limit-1]
	}
	return page
}

func (s *Store) indexSession(id string, before, after *checkout.Session) {
	if before != nil {
		if index, ok := s.watched[before.Watch.Kind]; ok {
			index.remove(entry{before.Watch.At, id})
		}
	}
	if after != nil {
		if index, ok := s.watched[after.Watch.Kind]; ok {
			index.add(entry{after.Watch.At, id})
		}
	}
}
