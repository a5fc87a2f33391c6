package memstore_test

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/recovery"
	"kassa/checkout/recovery/wording"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

// Every text of everything that is kept of a person is a mark that names its field, so that a new field is found wherever it goes.
var marks = regexp.MustCompile(`~[A-Z][A-Za-z]*(\.[A-Za-z]+)*~`)

// marked sets every field: texts to their marks, times, numbers and flags to something.
func marked(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		if v.SetString("~" + path + "~"); v.Type() == reflect.TypeFor[money.Currency]() {
			v.SetString("EUR")
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		marked(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		marked(v.Index(0), path)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		marked(key, path+".Key")
		marked(value, path)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(placedAt))
			return
		}
		for i := range v.NumField() {
			name := path + "." + v.Type().Field(i).Name
			if v.Type().Field(i).Anonymous {
				name = path
			}
			marked(v.Field(i), name)
		}
	}
}

func full[T any](path string) T {
	var v T
	marked(reflect.ValueOf(&v).Elem(), path)
	return v
}

var placedAt = time.Date(2026, time.November, 1, 9, 0, 0, 0, time.UTC)

const (
	email, customer = "~Ada~@example.com", "~Subject~"
	orderID         = "or_bought_0"
)

// bought is a session that became an order, of which nothing is open.
func bought() checkout.Session {
	s := full[checkout.Session]("Session")
	s.ID, s.CartID, s.Round, s.Customer, s.Status = "cs_bought_0", "ct_bought", 0, customer, checkout.StatusCompleted
	s.Buyer.Email = email
	s.Attempt, s.Notices, s.Watch = nil, nil, checkout.Watch{}
	s.Ships, s.Pays[0].Door, s.Messages[0].Args = false, checkout.DoorBank, map[string]string{"reason": "~Session.Messages.Args~"}
	s.Quote.Selected = s.Quote.Options[0].ID
	o := s.Order
	o.ID, o.Authorized, o.Lapsed = orderID, false, time.Time{}
	o.Refunds[0].ID, o.Refunds[0].State = "rf_1", checkout.RefundDone
	o.Disputes[0].State = checkout.DisputeWon
	o.Cancellation.Done = true
	return s
}

// others are sessions that ended without an order, and one that is open.
func others() []checkout.Session {
	ended, open := bought(), bought()
	ended.Holds, open.Holds = nil, nil
	ended.ID, ended.CartID, ended.Status, ended.Order = "cs_now_0", "ct_now", checkout.StatusCanceled, nil
	open.ID, open.CartID, open.Round, open.Status, open.Order, open.Intent, open.Refunds = "cs_now_1", "ct_now", 1, checkout.StatusReady, nil, nil, nil
	open.Watch = checkout.Watch{Kind: checkout.WatchWaiting, At: placedAt}
	return []checkout.Session{ended, open}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// known fills a store with everything that can be kept of Ada.
func known(t *testing.T, store *memstore.Store) {
	t.Helper()
	ctx := t.Context()
	for i, id := range []string{"ct_bought", "ct_now", "ct_before"} {
		c := full[checkout.Cart]("Cart")
		c.ID, c.Customer, c.Session, c.Canceled, c.Round = id, customer, "", false, 0
		c.Buyer.Email = email
		c.Abandonment.From, c.Abandonment.FollowUps[0].OpenedAs = "ct_before s1", ""
		if i == 0 {
			c.Session = "cs_bought_0"
		}
		if i == 1 {
			c.Round = 1
		}
		must(t, store.CreateCart(ctx, c))
	}
	// What no order and no profile leads to: a guest's cart, one beside the current, and a checkout that alone has the address.
	for id, of := range map[string][2]string{"ct_guest": {"", "~ADA~@Example.com"}, "ct_beside": {customer, ""}, "ct_typed": {"", ""}} {
		c := full[checkout.Cart]("Cart")
		c.ID, c.Customer, c.Session, c.Canceled, c.Round, c.Abandonment, c.Buyer = id, of[0], "", false, 0, nil, checkout.Buyer{Email: of[1]}
		must(t, store.CreateCart(ctx, c))
	}
	typed := others()[1]
	typed.ID, typed.CartID, typed.Round, typed.Customer = "cs_typed_0", "ct_typed", 0, ""
	for _, s := range append(others(), bought(), typed) {
		s.Version = 1
		must(t, store.Commit(ctx, checkout.Commit{Session: s}))
	}
	p := full[checkout.Person]("Person")
	p.ID, p.Cart, p.Version = checkout.PersonOfCustomer(customer), "ct_now", 1
	must(t, store.PutPerson(ctx, p))
	for _, id := range []string{checkout.PersonOfEmail(email), checkout.PersonOfCustomer(customer), recovery.ContactOfCart("ct_bought"), recovery.ContactOfCart("ct_now")} {
		c := full[recovery.Contact]("Contact")
		c.ID, c.Version, c.Devices = id, 1, append(c.Devices, recovery.Device{ID: "old", Token: "handed on"})
		m := full[statistics.Person]("Measured")
		m.ID, m.Version = id, 1
		must(t, store.PutContact(ctx, c), store.PutMeasured(ctx, m, nil))
	}
	for token, holder := range map[string]string{"~Contact.Devices.Token~": checkout.PersonOfCustomer(customer), "handed on": "somebody"} {
		must(t, store.PutContact(ctx, recovery.Contact{ID: recovery.ContactOfToken(token), Version: 1, Holder: holder}))
	}
	for _, id := range []string{recovery.SendingID("cs_bought_0", wording.Receipt, ""), recovery.SendingID("cs_bought_0", wording.Refunded, "rf_1")} {
		m := full[recovery.Sending]("Sending")
		m.ID, m.Version, m.Person = id, 1, checkout.PersonOfEmail(email)
		must(t, store.PutSending(ctx, m))
	}
	must(t, checkout.HistoryConsumer{History: store}.Consume(ctx, checkout.OutboxItem{Session: bought()}))
}

// content is everything in every bucket of a store's file.
func content(t *testing.T, path string) string {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	must(t, err)
	defer db.Close()
	var all strings.Builder
	must(t, db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				_, err := fmt.Fprintf(&all, "%s %s %s\n", name, k, v)
				return err
			})
		})
	}))
	return all.String()
}

// stays are the texts of sessions that are kept: what an order is, and ids. Nothing of anything else is.
var stays = []string{
	"Session.Op", "Session.Option", "Session.Codes", "Session.Quote.", "Session.Holds.", "Session.Redeemed", "Session.Review", "Session.LeftFor",
	"Session.Left.",
	"Session.Create.", "Session.Pays.", "Session.Marks.", // hashes of requests
	"Session.Context.Country", "Session.Context.Region", "Session.Context.Language", "Session.Context.Currency", "Session.Context.Platform",
	"Session.Buyer.VATID", "Session.Destination.Region", "Session.Destination.Country",
	"Session.Intent.ID", "Session.Intent.Status", "Session.Refunds.", // money
	"Session.Order.IntentID", "Session.Order.Terms", "Session.Order.Returns", "Session.Order.Page", "Session.Order.Capture.",
	"Session.Order.Refunds.",
	"Session.Order.Disputes.", "Session.Order.Cancellation.Mark", "Session.Order.Cancellation.Refund",
	"Session.Order.Fulfillments.ID", "Session.Order.Fulfillments.Mark", "Session.Order.Fulfillments.Lines.", "Session.Order.Fulfillments.Carrier",
	"Session.Order.Fulfillments.TrackingNumber", "Session.Order.Withdrawals.ID", "Session.Order.Withdrawals.Mark", "Session.Order.Withdrawals.Lines.",
	"Contact.Suppressed.", // why an address may not be written to
	"Sending.Op", "Sending.SessionID", "Sending.Reason", "Sending.Ref", "Sending.State", "Sending.Why", "Sending.ProviderID",
}

func unique(all []string) []string {
	var out []string
	for _, one := range all {
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}
