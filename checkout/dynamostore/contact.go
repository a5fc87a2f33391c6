package dynamostore

import (
	"context"

	"kassa/checkout/recovery"
)

// Contacts implements recovery.ContactStore.
func (s *Store) Contacts(ctx context.Context, ids []string) (map[string]recovery.Contact, error) {
	contacts := make(map[string]recovery.Contact, len(ids))
	return contacts, s.each(ctx, s.names.Contacts, ids, func(it item) error {
		c, err := decodeContact(it)
		contacts[c.ID] = c
		return err
	})
}

// PutContact implements recovery.ContactStore.
func (s *Store) PutContact(ctx context.Context, c recovery.Contact) error {
	it, err := encodeContact(c)
	if err != nil {
		return failed("encode contact", c.ID, err)
	}
	_, err = s.put(ctx, putVersion(s.names.Contacts, it, c.Version))
	old, refused := refusal(err)
	switch {
	case !refused:
		return failed("put contact", c.ID, err)
	case old == nil:
		return &recovery.ContactConflict{}
	}
	there, err := decodeContact(old)
	if err != nil || c.Op != "" && there.Op == c.Op {
		return err
	}
	return &recovery.ContactConflict{Contact: &there}
}

// ForgetContact implements recovery.ContactStore.
func (s *Store) ForgetContact(ctx context.Context, id string) error {
	return failed("forget contact", id, s.drop(ctx, s.names.Contacts, key(id)))
}

// Attributes of a contact: i id, v version, p op of the last change, x TTL, j everything else, as a row.
func contactRow(c *recovery.Contact) row {
	return row{of: c, elsewhere: []any{&c.ID, &c.Version, &c.Op}, fields: []any{
		&c.Consents, &c.Suppressed, &c.Devices, &c.Sends, &c.Confirms, &c.Arm, &c.OrderedAt, &c.RevokedAt, &c.SeenAt, &c.ExpiresAt,
	}}
}

func encodeContact(c recovery.Contact) (item, error) {
	it := versioned(c.ID, c.Version, c.Op, graced(c.ExpiresAt))
	return it, putRows(it, map[string]row{"j": contactRow(&c)})
}

func decodeContact(it item) (recovery.Contact, error) {
	r := &stored{item: it}
	c := recovery.Contact{ID: r.text("i"), Version: r.number("v"), Op: r.text("p")}
	r.row("j", contactRow(&c))
	return c, failed("decode contact", c.ID, r.err)
}
