package memstore

import (
	"context"
	"slices"
	"time"

	"kassa/checkout"
)

// CreateCart implements checkout.CartStore.
func (s *Store) CreateCart(ctx context.Context, c checkout.Cart) error {
	return s.update(ctx, func() error {
		if stored, ok := s.carts.get(c.ID); ok {
			return &checkout.Conflict{Cart: &stored}
		}
		return s.carts.put(c.ID, c)
	})
}

// Cart implements checkout.CartStore.
func (s *Store) Cart(ctx context.Context, id string) (checkout.Cart, error) {
	return fetch(ctx, s, s.carts, "cart", id)
}

// EditCart implements checkout.CartStore. CodeInvalid if the edit has not exactly one effect.
func (s *Store) EditCart(ctx context.Context, e checkout.CartEdit) (checkout.Cart, error) {
	if effects(e) != 1 {
		return checkout.Cart{}, invalid("an edit has exactly one effect")
	}
	var edited checkout.Cart
	err := s.update(ctx, func() error {
		c, ok := s.carts.get(e.CartID)
		if !ok {
			return &checkout.Conflict{}
		}
		edited = clone(c)
		if !permits(c, e) || !apply(&edited, e) {
			return &checkout.Conflict{Cart: &c}
		}
		edited.Version++
		edited.UpdatedAt, edited.ExpiresAt = e.At, e.ExpiresAt
		if edited.Due.IsZero() {
			edited.Due = e.Due
		}
		edited.Marks = checkout.Remember(edited.Marks, e.Mark)
		return s.carts.put(e.CartID, edited)
	})
	if err != nil {
		return checkout.Cart{}, err
	}
	return clone(edited), nil // what came in with e is the caller's
}

func effects(e checkout.CartEdit) int {
	n := 0
	for _, has := range []bool{e.Add != nil, e.Set != nil, e.Remove != "", e.Replace != nil, e.Cancel} {
		if has {
			n++
		}
	}
	return n
}

// permits tells whether a cart takes an edit, whatever its effect.
func permits(c checkout.Cart, e checkout.CartEdit) bool {
	_, marked := c.Marked(e.Mark.Key)
	return open(c) && !past(c.ExpiresAt, e.At) && e.Access.Allows(c.Customer, c.Epoch) &&
		(e.IfVersion == 0 || e.IfVersion == c.Version) && !marked
}

func open(c checkout.Cart) bool { return c.Session == "" && !c.Canceled }

func past(end, now time.Time) bool { return !end.IsZero() && now.After(end) }

// apply makes the edit's effect on a cart, and tells whether the cart satisfied what it demands.
func apply(c *checkout.Cart, e checkout.CartEdit) bool {
	switch {
	case e.Add != nil:
		return add(c, *e.Add)
	case e.Set != nil:
		i := lineAt(*c, e.Set.ID)
		if i < 0 {
			return false
		}
		c.Lines[i].Quantity = e.Set.Quantity
	case e.Remove != "":
		i := lineAt(*c, e.Remove)
		if i < 0 {
			return false
		}
		c.Lines = slices.Delete(c.Lines, i, i+1)
	case e.Replace != nil:
		replace(c, *e.Replace)
	case e.Cancel:
		c.Canceled = true
		if e.Left != "" {
			c.Left = e.Left
		}
	}
	return true
}

func add(c *checkout.Cart, l checkout.LineItem) bool {
	i := lineAt(*c, l.ID)
	if i < 0 {
		c.Lines = append(c.Lines, l)
		return l.Quantity <= checkout.MaxQuantity && len(c.Lines) <= checkout.MaxLines
	}
	if l.Quantity > checkout.MaxQuantity-c.Lines[i].Quantity {
		return false
	}
	c.Lines[i].Quantity += l.Quantity
	return true
}

func replace(c *checkout.Cart, with checkout.CartContents) {
	c.Lines, c.Context = with.Lines, with.Context
	if with.Buyer != nil {
		c.Buyer = *with.Buyer
	}
	if with.Codes != nil {
		c.Codes = with.Codes
	}
}

func lineAt(c checkout.Cart, id string) int {
	return slices.IndexFunc(c.Lines, func(l checkout.LineItem) bool { return l.ID == id })
}

// DueCarts implements checkout.CartStore: oldest first over all, and never behind.
func (s *Store) DueCarts(ctx context.Context, q checkout.DueQuery) (page checkout.DuePage, err error) {
	err = s.view(ctx, func() error {
		page, err = s.dueCarts.due(q)
		return err
	})
	return page, err
}

func (s *Store) indexCart(id string, before, after *checkout.Cart) {
	if before != nil && !before.Due.IsZero() {
		s.dueCarts.remove(entry{before.Due, id})
	}
	if after != nil && !after.Due.IsZero() {
		s.dueCarts.add(entry{after.Due, id})
	}
}

// fetch returns a copy of a durable item. CodeNotFound if there is none.
func fetch[T any](ctx context.Context, s *Store, t *table[T], what, id string) (T, error) {
	var item *T
	err := s.view(ctx, func() error {
		var ok bool
		if item, ok = t.items[id]; !ok {
			return notFound(what, id)
		}
		return nil
	})
	if err != nil {
		var none T
		return none, err
	}
	return clone(*item), nil
}

// EraseCart implements checkout.CartEraser.
func (s *Store) EraseCart(ctx context.Context, id string, version int64, holder string) error {
	return s.update(ctx, func() error {
		c, ok := s.carts.get(id)
		if ok && (c.Version != version || c.Session != holder) {
			return &checkout.Conflict{Cart: &c}
		}
		s.carts.remove(id)
		return nil
	})
}
