package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

// Attributes of a person's item: i id, v version, p op of the last write, j everything else, as a row; x TTL.

func personRow(p *checkout.Person) row {
	return row{of: p, elsewhere: []any{&p.ID, &p.Version, &p.Op}, fields: []any{
		&p.CreatedAt, later{&p.UpdatedAt, &p.CreatedAt}, later{&p.ExpiresAt, &p.CreatedAt}, &p.Cart, &p.Provider,
		optional[checkout.Agreement]{&p.Agreed, agreementRow}, nested(buyerRow(&p.Buyer)),
		rows[checkout.Destination]{&p.Destinations, addressRow}, later{&p.Heard, &p.CreatedAt},
		list[time.Time]{&p.Declines, func(t *time.Time) any { return later{t, &p.CreatedAt} }},
	}}
}

func agreementRow(a *checkout.Agreement) row {
	return row{of: a, fields: []any{&a.At, &a.Order, &a.Terms}}
}

func addressRow(d *checkout.Destination) row {
	return row{of: d, fields: []any{
		&d.ID, &d.Country, &d.PostalCode, &d.City, &d.Street, &d.Extended, &d.Region, &d.FirstName, &d.LastName, &d.Phone,
	}}
}

func encodePerson(p checkout.Person) (item, error) {
	it := versioned(p.ID, p.Version, p.Op, p.ExpiresAt)
	return it, putRows(it, map[string]row{"j": personRow(&p)})
}

func decodePerson(it item) (checkout.Person, error) {
	r := &stored{item: it}
	p := checkout.Person{ID: r.text("i"), Version: r.number("v"), Op: r.text("p")}
	r.row("j", personRow(&p))
	return p, failed("decode person", p.ID, r.err)
}

// Person implements checkout.PersonStore.
func (s *Store) Person(ctx context.Context, id string) (checkout.Person, error) {
	return read(ctx, s, s.names.People, "person", id, decodePerson)
}

// PutPerson implements checkout.PersonStore.
func (s *Store) PutPerson(ctx context.Context, p checkout.Person) error {
	put, err := s.personPut(p)
	if err != nil {
		return failed("encode person", p.ID, err)
	}
	_, err = s.put(ctx, put)
	old, refused := refusal(err)
	if !refused {
		return failed("put person", p.ID, err)
	}
	conflict := &checkout.Conflict{}
	if ours, err := personConflict(old, p, conflict); ours || err != nil {
		return err
	}
	return conflict
}

// personConflict takes in the person that refused a write, unless it is the one that the write itself has put.
func personConflict(old item, p checkout.Person, conflict *checkout.Conflict) (ours bool, err error) {
	if old == nil {
		return false, nil
	}
	there, err := decodePerson(old)
	if err != nil {
		return false, err
	}
	if there.Op != "" && there.Op == p.Op {
		return true, nil
	}
	conflict.Person = &there
	return false, nil
}

func (s *Store) personPut(p checkout.Person) (*types.Put, error) {
	it, err := encodePerson(p)
	return putVersion(s.names.People, it, p.Version), err
}

// RemovePerson implements checkout.PersonStore.
func (s *Store) RemovePerson(ctx context.Context, id string) error {
	return failed("remove person", id, s.drop(ctx, s.names.People, key(id)))
}
