package checkouttest_test

import (
	"context"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

// persons is a store of people whose claims and writes go another way.
type persons struct {
	checkout.PersonStore
	s     checkouttest.Stores
	claim func(ctx context.Context, s checkouttest.Stores, c checkout.Claim) error
	put   func(ctx context.Context, s checkouttest.Stores, p checkout.Person) error
}

func (s persons) ClaimCart(ctx context.Context, c checkout.Claim) error {
	if s.claim == nil {
		return s.PersonStore.ClaimCart(ctx, c)
	}
	return s.claim(ctx, s.s, c)
}

func (s persons) PutPerson(ctx context.Context, p checkout.Person) error {
	if s.put == nil {
		return s.PersonStore.PutPerson(ctx, p)
	}
	return s.put(ctx, s.s, p)
}

func claiming(f func(ctx context.Context, s checkouttest.Stores, c checkout.Claim) error) func(checkouttest.Stores) checkouttest.Stores {
	return func(s checkouttest.Stores) checkouttest.Stores {
		s.People = persons{PersonStore: s.People, s: s, claim: f}
		return s
	}
}

func personFlaws() []flaw {
	return []flaw{
		{
			"claims are open to all", claiming(func(ctx context.Context, s checkouttest.Stores, c checkout.Claim) error {
				if cart, err := s.Carts.Cart(ctx, c.CartID); err == nil {
					c.Access = checkout.Access{Epoch: cart.Epoch, Customer: cart.Customer}
				}
				return s.People.ClaimCart(ctx, c)
			}),
			[]string{"claim/refused of another customer's cart", "claim/refused with a token of another epoch",
				"claim/refused by a customer without token", "claim/refused without access"},
		}, {
			"claims ignore versions", claiming(func(ctx context.Context, s checkouttest.Stores, c checkout.Claim) error {
				if cart, err := s.Carts.Cart(ctx, c.CartID); err == nil {
					c.Version = cart.Version
				}
				if c.Into != nil {
					if cart, err := s.Carts.Cart(ctx, c.Into.CartID); err == nil {
						c.Into.Version = cart.Version
					}
				}
				return s.People.ClaimCart(ctx, c)
			}),
			[]string{"claim/refused at another version", "claim/refused into one that has moved"},
		}, {
			"claims are forgotten", claiming(func(ctx context.Context, s checkouttest.Stores, c checkout.Claim) error {
				c.Claimed.Op += "x"
				return s.People.ClaimCart(ctx, c)
			}),
			[]string{"claim/a guest's cart becomes the customer's current one", "claim/a guest's cart goes into the current one"},
		}, {
			"a merge is two writes", claiming(func(ctx context.Context, s checkouttest.Stores, c checkout.Claim) error {
				err := s.People.ClaimCart(ctx, c)
				if conflictOf(err) == nil || c.Into == nil {
					return err
				}
				alone := c // the cart is handed over, whatever became of its lines
				p := checkout.Person{ID: "pc_" + c.CartID, Version: 1}
				alone.Into, alone.Person = nil, &p
				_ = s.People.ClaimCart(ctx, alone)
				return err
			}),
			[]string{"claim/refused into a locked cart", "claim/refused into a canceled cart", "claim/refused where there is no cart to go into"},
		}, {
			"conflicts show nothing", claiming(func(ctx context.Context, s checkouttest.Stores, c checkout.Claim) error {
				err := s.People.ClaimCart(ctx, c)
				if conflictOf(err) != nil {
					return &checkout.Conflict{}
				}
				return err
			}),
			[]string{"claim/refused of a locked cart", "claim/refused by a person who has moved"},
		}, {
			"people are put whatever is there", func(s checkouttest.Stores) checkouttest.Stores {
				s.People = persons{PersonStore: s.People, s: s, put: func(ctx context.Context, s checkouttest.Stores, p checkout.Person) error {
					if there, err := s.People.Person(ctx, p.ID); err == nil && there.Op != p.Op {
						p.Version = there.Version + 1
					}
					return s.People.PutPerson(ctx, p)
				}}
				return s
			},
			[]string{"person/the first version is refused where there is one", "person/a version that is not the next is refused"},
		},
	}
}
