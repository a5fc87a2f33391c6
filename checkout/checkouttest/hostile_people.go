package checkouttest

import (
	"context"

	"kassa/checkout"
)

type hostilePeople struct {
	h     *Hostile
	inner checkout.PersonStore
}

func (s hostilePeople) Person(ctx context.Context, id string) (checkout.Person, error) {
	return stored(ctx, s.h, "Person", func(ctx context.Context) (checkout.Person, error) {
		return s.inner.Person(ctx, id)
	})
}

func (s hostilePeople) PutPerson(ctx context.Context, p checkout.Person) error {
	_, err := perform(ctx, s.h, call[nothing]{
		method: "PutPerson", fail: storeFailure,
		do:      func(ctx context.Context) (nothing, error) { return nothing{}, s.inner.PutPerson(ctx, p) },
		contend: func(ctx context.Context) error { return s.touch(ctx, p.ID) },
	})
	return err
}

func (s hostilePeople) RemovePerson(ctx context.Context, id string) error {
	_, err := stored(ctx, s.h, "RemovePerson", func(ctx context.Context) (nothing, error) {
		return nothing{}, s.inner.RemovePerson(ctx, id)
	})
	return err
}

func (s hostilePeople) ClaimCart(ctx context.Context, c checkout.Claim) error {
	_, err := perform(ctx, s.h, call[nothing]{
		method: "ClaimCart", fail: storeFailure,
		do: func(ctx context.Context) (nothing, error) { return nothing{}, s.inner.ClaimCart(ctx, c) },
		contend: func(ctx context.Context) error {
			if c.Person != nil {
				return s.touch(ctx, c.Person.ID)
			}
			return s.h.touchCart(ctx, c.Into.CartID)
		},
	})
	return err
}

// touch writes a person as somebody else, without changing anything. One who isn't there yet is left alone.
func (s hostilePeople) touch(ctx context.Context, id string) error {
	p, err := s.inner.Person(ctx, id)
	if err != nil {
		return unlessMissing(err)
	}
	p.Version++
	p.Op = s.h.other()
	return unlessConflict(s.inner.PutPerson(ctx, p))
}
