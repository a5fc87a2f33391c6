package memstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/merchant"
	"kassa/checkout/recovery"
)

// failing is a store, and a payment provider, of which one write goes wrong: refused, or done and its answer lost.
type failing struct {
	*memstore.Store
	at, writes int
	reads      int // of records of messages
	lost       bool
	deleted    []string                // customers at the provider
	meanwhile  map[string]func(string) // what others do just before a write
}

var errDown = &checkout.Error{Code: checkout.CodeUnavailable, Message: "by script"}

func (f *failing) around(do func() error) error {
	f.writes++
	if f.writes != f.at {
		return do()
	}
	if f.lost {
		_ = do()
	}
	return errDown
}

func (f *failing) before(method, id string) {
	if do := f.meanwhile[method]; do != nil {
		do(id)
	}
}

func (f *failing) DeleteCustomer(_ context.Context, id string) error {
	return f.around(func() error { f.deleted = append(f.deleted, id); return nil })
}

func (f *failing) Commit(ctx context.Context, c checkout.Commit) error {
	return f.around(func() error { return f.Store.Commit(ctx, c) })
}

func (f *failing) EraseCart(ctx context.Context, id string, version int64, holder string) error {
	f.before("EraseCart", id)
	return f.around(func() error { return f.Store.EraseCart(ctx, id, version, holder) })
}

func (f *failing) RemovePerson(ctx context.Context, id string) error {
	f.before("RemovePerson", id)
	return f.around(func() error { return f.Store.RemovePerson(ctx, id) })
}

func (f *failing) PutContact(ctx context.Context, c recovery.Contact) error {
	return f.around(func() error { return f.Store.PutContact(ctx, c) })
}

func (f *failing) ForgetContact(ctx context.Context, id string) error {
	return f.around(func() error { return f.Store.ForgetContact(ctx, id) })
}

func (f *failing) PutSending(ctx context.Context, r recovery.Sending) error {
	return f.around(func() error { return f.Store.PutSending(ctx, r) })
}

func (f *failing) ForgetMeasured(ctx context.Context, id string) error {
	return f.around(func() error { return f.Store.ForgetMeasured(ctx, id) })
}

func (f *failing) ForgetOrders(ctx context.Context, person string, entries []checkout.OrderEntry) error {
	return f.around(func() error { return f.Store.ForgetOrders(ctx, person, entries) })
}

func (f *failing) BeginRecord(ctx context.Context, r merchant.Record) (stored merchant.Record, err error) {
	err = f.around(func() (err error) { stored, err = f.Store.BeginRecord(ctx, r); return err })
	return stored, err
}

func (f *failing) EndRecord(ctx context.Context, id, outcome string, result json.RawMessage) error {
	return f.around(func() error { return f.Store.EndRecord(ctx, id, outcome, result) })
}

func newPeople(t *testing.T, store *failing) *merchant.People {
	t.Helper()
	n := 0
	newID := func() string { n++; return fmt.Sprintf("id%06d", n) }
	clock := func() time.Time { return placedAt.AddDate(0, 2, 0) }
	reached, err1 := recovery.NewRegistry(recovery.RegistryConfig{Config: recovery.Config{Carts: store, Contacts: store, Now: clock, NewID: newID}})
	journal, err2 := merchant.NewJournal(merchant.JournalConfig{Store: store, Now: clock, NewID: newID})
	people, err3 := merchant.NewPeople(merchant.PeopleConfig{
		History: store, Sessions: store, Carts: store, Profiles: store, Contacts: store, Reached: reached, Messages: store, Measured: store,
		Search: store, Vault: store, Journal: journal, Now: clock, NewID: newID,
	})
	must(t, err1, err2, err3)
	return people
}

func (f *failing) Sending(ctx context.Context, id string) (recovery.Sending, error) {
	f.reads++
	return f.Store.Sending(ctx, id)
}
