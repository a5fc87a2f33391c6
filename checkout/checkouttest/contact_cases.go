package checkouttest

import (
	"errors"

	"kassa/checkout/recovery"
)

func (t *trial) contacts() recovery.ContactStore {
	store, ok := t.Carts.(recovery.ContactStore)
	if !ok {
		t.fail("a %T keeps no contacts", t.Carts)
	}
	return store
}

func (t *trial) newContact() recovery.Contact {
	c := populated[recovery.Contact](t)
	c.ID, c.Version, c.Op = t.id("pe_"), 1, t.id("op")
	return c
}

func (t *trial) holdsContact(want recovery.Contact) {
	store := t.contacts()
	if t.failed() {
		return
	}
	got, err := store.Contacts(t.ctx, []string{want.ID})
	t.ok("read the contact", err)
	t.same("the stored contact", got, map[string]recovery.Contact{want.ID: want})
}

func (t *trial) putContact(c recovery.Contact) recovery.Contact {
	store := t.contacts()
	if !t.failed() {
		t.ok("put the contact", store.PutContact(t.ctx, c))
	}
	t.holdsContact(c)
	return c
}

func (t *trial) refusesContact(c recovery.Contact, stands *recovery.Contact) {
	store := t.contacts()
	if t.failed() {
		return
	}
	err := store.PutContact(t.ctx, c)
	var conflict *recovery.ContactConflict
	if !errors.As(err, &conflict) {
		t.fail("put a contact: got error %v, want a *recovery.ContactConflict", err)
		return
	}
	t.same("the conflict's contact", conflict.Contact, stands)
	if stands != nil {
		t.holdsContact(*stands)
	}
}

func contactCases() []Case {
	return []Case{
		story("contact/every field is kept", func(t *trial) { t.putContact(t.newContact()) }),
		story("contact/one that is empty", func(t *trial) {
			t.putContact(recovery.Contact{ID: t.id("pe_"), Version: 1})
		}),
		story("contact/changed", func(t *trial) {
			c := t.putContact(t.newContact())
			c.Version, c.Op, c.Sends, c.Arm, c.Devices = 2, t.id("op"), nil, nil, c.Devices[:1]
			t.putContact(c)
		}),
		story("contact/repeated is success and changes nothing", func(t *trial) {
			c := t.putContact(t.newContact())
			t.putContact(c)
		}),
		story("contact/made twice is refused", func(t *trial) {
			c := t.putContact(t.newContact())
			other := c
			other.Op = t.id("op")
			t.refusesContact(other, &c)
		}),
		story("contact/changed from an older version is refused", func(t *trial) {
			c := t.putContact(t.newContact())
			next := c
			next.Version, next.Op = 2, t.id("op")
			next = t.putContact(next)
			stale := c
			stale.Version, stale.Op = 2, t.id("op")
			t.refusesContact(stale, &next)
			early := c
			early.Version, early.Op = 4, t.id("op")
			t.refusesContact(early, &next)
		}),
		story("contact/changed where there is none is refused", func(t *trial) {
			c := t.newContact()
			c.Version = 2
			t.refusesContact(c, nil)
		}),
		story("contact/forgotten", func(t *trial) {
			c := t.putContact(t.newContact())
			store := t.contacts()
			if t.failed() {
				return
			}
			t.ok("forget it", store.ForgetContact(t.ctx, c.ID))
			t.ok("forget it again", store.ForgetContact(t.ctx, c.ID))
			got, err := store.Contacts(t.ctx, []string{c.ID, "", t.id("pe_")})
			t.ok("read it", err)
			t.same("what is left", len(got), 0)
			t.putContact(c)
		}),
	}
}
