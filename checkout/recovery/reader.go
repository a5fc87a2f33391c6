package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"kassa/checkout"
)

// reader reads views.
type reader struct {
	carts    CartStore
	contacts ContactStore
}

// views reads carts (at most MaxBatch) with what belongs to them, in three trips at most: each is as last written, together they
// are no snapshot. Carts that are gone, or that want says no to, are left out.
func (r reader) views(ctx context.Context, ids []string, want func(checkout.Cart) bool) ([]view, error) {
	carts, err := r.carts.CartsOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read carts: %w", err)
	}
	views := make([]view, 0, len(carts))
	for _, id := range ids {
		if c, ok := carts[id]; ok && want(c) {
			delete(carts, id)
			views = append(views, view{cart: c})
		}
	}
	return views, r.fill(ctx, views)
}

func (r reader) fill(ctx context.Context, views []view) error {
	var ids []string
	for _, v := range views {
		ids = append(ids, sessionsOf(v.cart)...)
	}
	sessions, err := batched(ctx, ids, r.carts.SessionsOf)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	ids = nil
	for i := range views {
		views[i].join(sessions)
		ids = append(ids, views[i].contactIDs()...)
	}
	contacts, err := batched(ctx, ids, r.contacts.Contacts)
	if err != nil {
		return fmt.Errorf("read contacts: %w", err)
	}
	for i := range views {
		for _, id := range views[i].contactIDs() {
			if c, ok := contacts[id]; ok {
				views[i].contacts = append(views[i].contacts, c)
			}
		}
	}
	return nil
}

// one reads the view of one cart. CodeNotFound if it is gone.
func (r reader) one(ctx context.Context, id string) (view, error) {
	views, err := r.views(ctx, []string{id}, func(checkout.Cart) bool { return true })
	if err == nil && len(views) == 0 {
		err = &checkout.Error{Code: checkout.CodeNotFound, Message: "no cart " + id}
	}
	if err != nil {
		return view{}, err
	}
	return views[0], nil
}

// batched reads any number of things, MaxBatch at a time.
func batched[T any](ctx context.Context, ids []string, read func(context.Context, []string) (map[string]T, error)) (map[string]T, error) {
	slices.Sort(ids)
	all := map[string]T{}
	for part := range slices.Chunk(slices.Compact(ids), MaxBatch) {
		found, err := read(ctx, part)
		if err != nil {
			return nil, err
		}
		for id, v := range found {
			all[id] = v
		}
	}
	return all, nil
}

// sessionsOf are the sessions that may tell of a cart: its own, and the one before, which ended without an order.
func sessionsOf(c checkout.Cart) []string {
	ids := []string{checkout.SessionID(c.ID, c.Round)}
	if c.Round > 0 {
		ids = append(ids, checkout.SessionID(c.ID, c.Round-1))
	}
	return ids
}

// latest is what a later word about the buyer says, and where it is silent an earlier one.
func latest(later, earlier checkout.Buyer) checkout.Buyer {
	for _, f := range []struct{ to, from *string }{
		{&later.Email, &earlier.Email}, {&later.FirstName, &earlier.FirstName}, {&later.LastName, &earlier.LastName},
		{&later.Phone, &earlier.Phone},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	if later.Consent == nil || later.Consent.Marketing == nil {
		later.Consent = earlier.Consent
	}
	return later
}

// changeContact reads a contact, changes it and writes it, anew if another was faster. change returns false to leave it as it is.
func (r reader) changeContact(ctx context.Context, id, op string, change func(*Contact) bool) (Contact, error) {
	found, err := r.contacts.Contacts(ctx, []string{id})
	if err != nil {
		return Contact{}, fmt.Errorf("read a contact: %w", err)
	}
	c := found[id]
	c.ID = id
	return r.changeKnown(ctx, c, op, change)
}

// changeKnown is changeContact for one that was just read; one that there is none of has nothing but its id.
func (r reader) changeKnown(ctx context.Context, c Contact, op string, change func(*Contact) bool) (Contact, error) {
	id := c.ID
	for try := range 8 {
		next := c
		if !change(&next) {
			return c, nil
		}
		next.Version, next.Op = c.Version+1, op+"."+strconv.Itoa(try)
		err := r.contacts.PutContact(ctx, next)
		var conflict *ContactConflict
		if !errors.As(err, &conflict) {
			if err != nil {
				return Contact{}, fmt.Errorf("change a contact: %w", err)
			}
			return next, nil
		}
		if c = (Contact{ID: id}); conflict.Contact != nil {
			c = *conflict.Contact
		}
	}
	return Contact{}, &checkout.Error{Code: checkout.CodeUnavailable, Message: "a contact is being changed by others"}
}
