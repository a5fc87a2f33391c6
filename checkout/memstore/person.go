package memstore

import (
	"context"

	"kassa/checkout"
)

// Person implements checkout.PersonStore.
func (s *Store) Person(ctx context.Context, id string) (checkout.Person, error) {
	return fetch(ctx, s, s.people, "person", id)
}

// PutPerson implements checkout.PersonStore.
func (s *Store) PutPerson(ctx context.Context, p checkout.Person) error {
	return s.update(ctx, func() error {
		stored, exists := s.people.get(p.ID)
		if exists && p.Op != "" && stored.Op == p.Op {
			return nil
		}
		conflict := checkout.Conflict{}
		if !s.follows(p, &conflict) {
			return &conflict
		}
		return s.people.put(p.ID, p)
	})
}

// follows tells whether the stored person is the one that p was made of; else the conflict has it.
func (s *Store) follows(p checkout.Person, conflict *checkout.Conflict) bool {
	stored, exists := s.people.get(p.ID)
	if stored.Version == p.Version-1 && exists == (p.Version > 1) {
		return true
	}
	if exists {
		conflict.Person = &stored
	}
	return false
}

// RemovePerson implements checkout.PersonStore.
func (s *Store) RemovePerson(ctx context.Context, id string) error {
	return s.update(ctx, func() error {
		s.people.remove(id)
		return nil
	})
}

// ClaimCart implements checkout.PersonStore. CodeInvalid unless the claim has exactly one of Person and Into.
func (s *Store) ClaimCart(ctx context.Context, c checkout.Claim) error {
	if (c.Person == nil) == (c.Into == nil) || c.Into != nil && c.Into.CartID == c.CartID {
		return invalid("a claim has a person, or another cart to go into")
	}
	return s.update(ctx, func() error {
		claimed, exists := s.carts.get(c.CartID)
		if exists && claimed.Claimed != nil && c.Claimed.Op != "" && claimed.Claimed.Op == c.Claimed.Op {
			return nil
		}
		conflict := checkout.Conflict{}
		fine := exists && claimable(claimed, c)
		if exists && !fine {
			conflict.Cart = &claimed
		}
		if c.Person != nil {
			fine = s.follows(*c.Person, &conflict) && fine
		} else {
			fine = s.takesIn(c, &conflict) && fine
		}
		if !fine {
			return &conflict
		}
		if c.Person != nil {
			if err := s.people.put(c.Person.ID, *c.Person); err != nil {
				return err
			}
		} else if err := s.carts.put(c.Into.CartID, s.merged(c)); err != nil {
			return err
		}
		return s.carts.put(c.CartID, handedOver(claimed, c))
	})
}

func claimable(cart checkout.Cart, c checkout.Claim) bool {
	_, marked := cart.Marked(c.Mark.Key)
	return open(cart) && !past(cart.ExpiresAt, c.At) && cart.Version == c.Version && c.Access.Allows(cart.Customer, cart.Epoch) && !marked
}

// takesIn tells whether the cart that a claim goes into would have it.
func (s *Store) takesIn(c checkout.Claim, conflict *checkout.Conflict) bool {
	into, exists := s.carts.get(c.Into.CartID)
	if exists && open(into) && !past(into.ExpiresAt, c.At) && into.Version == c.Into.Version && into.Customer == c.Customer {
		return true
	}
	if exists && conflict.Cart == nil {
		conflict.Cart = &into
	}
	return false
}

func (s *Store) merged(c checkout.Claim) checkout.Cart {
	into, _ := s.carts.get(c.Into.CartID)
	into.Lines = c.Into.Lines
	if c.Into.Buyer != nil {
		into.Buyer = *c.Into.Buyer
	}
	if c.Into.Codes != nil {
		into.Codes = c.Into.Codes
	}
	into.Version++
	into.UpdatedAt, into.ExpiresAt = c.At, c.ExpiresAt
	if into.Due.IsZero() {
		into.Due = c.Due
	}
	return into
}

func handedOver(cart checkout.Cart, c checkout.Claim) checkout.Cart {
	cart.Customer, cart.Claimed, cart.Canceled = c.Customer, &c.Claimed, c.Into != nil
	cart.Epoch++
	cart.Version++
	cart.UpdatedAt, cart.ExpiresAt = c.At, c.ExpiresAt
	if cart.Due.IsZero() && c.Into == nil {
		cart.Due = c.Due
	}
	cart.Marks = checkout.Remember(cart.Marks, c.Mark)
	return cart
}
