package memstore_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/recovery"
	"kassa/checkout/recovery/wording"
	"kassa/checkout/statistics"
)

// notShown is what an export leaves out.
var notShown = []string{
	// How writes and requests are recognised.
	"Session.Op", "Session.Epoch", "Session.Round", "Session.Create", "Session.Pays.Key", "Session.Pays.Print", "Session.Marks",
	"Session.Order.Capture.Mark", "Session.Order.Refunds.Mark", "Session.Order.Fulfillments.Mark", "Session.Order.Withdrawals.Mark",
	"Session.Order.Cancellation.Mark", "Session.Quote.Version", "Session.Quote.CartVersion", "Session.Left.Lines",
	"Cart.Epoch", "Cart.Round", "Cart.Create", "Cart.Marks", "Cart.Claimed.Op", "Cart.Abandonment.Op", "Cart.Abandonment.Revision",
	"Cart.Abandonment.FollowUps.OpenedBy", "Person.Op", "Contact.Op", "Sending.Op", "Measured.Purchases.Version",
	// What opens something, or pays.
	"Session.Intent.ClientSecret", "Session.Intent.Action", "Session.Order.Page", "Session.Attempt.Instrument.Kind",
	"Session.Attempt.Instrument.Token",
	// How the shop works: what it still has to do, how often it tried, what it counts by.
	"Session.Watch", "Session.Notices", "Session.Holds", "Session.Redeemed", "Session.Refunds.Part", "Session.Refunds.Tries", "Session.Left.N",
	"Session.Left.Holds", "Session.Order.Warned", "Session.Order.Capture.Tries", "Session.Order.Refunds.Part", "Session.Order.Refunds.Tries",
	"Session.Order.Refunds.CalledAt", "Session.Order.Refunds.Lines.Restock", "Session.Order.Cancellation.Tries",
	"Session.Attempt.N", "Session.Attempt.Key", "Session.Attempt.UpdateKey", "Session.Attempt.Mark", "Session.Attempt.Methods",
	"Session.Attempt.ReturnURL", "Session.Attempt.LeaseUntil", "Session.Attempt.Answered", "Session.Attempt.Tries", "Session.Attempt.SoughtAt",
	"Session.Attempt.CheckedAt", "Session.Attempt.HoldCards", "Cart.Due", "Cart.Notices", "Cart.Abandonment.FollowUps.Tries", "Person.Heard",
	"Contact.Arm.Salt", "Measured.Entries.Stratum", "Measured.Entries.Deal", "Measured.Entries.Day", "Measured.Entries.Closed",
	// What the rest says by itself, and what was offered and not chosen.
	"Session.Ships", "Session.Attempts", "Session.Option", "Session.Quote.Currency", "Session.Quote.Net", "Session.Quote.TaxIncluded",
	"Session.Quote.Taxes", "Session.Quote.Lines.ImageURL", "Session.Quote.Lines.Subtotal", "Session.Quote.Lines.TaxRate",
	"Session.Quote.Lines.TaxRest", "Session.Quote.Options.Price", "Session.Quote.Options.Tax", "Session.Quote.Options.Discount",
	"Session.Quote.Options.Relief", "Session.Quote.Applied.RuleID", "Session.Quote.Applied.Automatic", "Session.Quote.Applied.Priority",
	"Session.Quote.Applied.Provisional", "Session.Quote.Applied.Limit", "Session.Quote.Applied.PerPerson", "Session.Quote.Applied.Allocations",
	"Session.Quote.Refused.Index",
}

func hidden(path string) bool {
	return slices.ContainsFunc(notShown, func(s string) bool { return within(path, s) })
}

func within(path, place string) bool { return path == place || strings.HasPrefix(path, place+".") }

// attempted is a session that somebody is paying.
func attempted() checkout.Session {
	s := bought()
	attempt := full[checkout.Attempt]("Session.Attempt")
	s.Status, s.Order, s.Attempt = checkout.StatusInProgress, nil, &attempt
	s.Notices = map[string]checkout.Notice{"n": full[checkout.Notice]("Session.Notices")}
	return s
}

// Whatever field of whatever is kept of a person has another value, their export is another, but for what is meant not to be shown.
func TestExportTellsOfEachField(t *testing.T) {
	t.Parallel()
	person := checkout.PersonOfEmail(email)
	cart, profile := full[checkout.Cart]("Cart"), full[checkout.Person]("Person")
	cart.ID, cart.Customer, cart.Session, cart.Abandonment.From = "ct_now", customer, "", "ct_before s1"
	profile.ID = checkout.PersonOfCustomer(customer)
	contact, measured, entry := full[recovery.Contact]("Contact"), full[statistics.Person]("Measured"), full[checkout.OrderEntry]("Entry")
	contact.ID, measured.ID = person, person
	sending := full[recovery.Sending]("Sending")
	sending.ID = recovery.SendingID("cs_bought_0", wording.Receipt, "")
	things := map[string]any{
		"Session": bought(), "Session that is paid": attempted(), "Cart": cart, "Person": profile, "Contact": contact, "Measured": measured,
		"Sending": sending, "Entry": entry,
	}
	var met []string
	for name, thing := range things {
		root, _, _ := strings.Cut(name, " ")
		eachField(filled(thing), root, func() {}, func(path string) { met = append(met, path) })
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := filled(thing)
			before := exportOf(t, v.Interface())
			if !marks.MatchString(before) {
				t.Fatalf("nothing leads to it: %s", before)
			}
			eachField(v, root, func() {}, func(path string) {
				if path == root+".Version" {
					return // a store takes no other of what it doesn't have yet
				}
				if shown := exportOf(t, v.Interface()) != before; shown == hidden(path) {
					t.Errorf("%s: shown %t", path, shown)
				}
			})
		})
	}
	for _, place := range notShown {
		if !slices.ContainsFunc(met, func(path string) bool { return within(path, place) }) {
			t.Errorf("there is no %s", place)
		}
	}
}

// filled is something whose fields can be changed.
func filled(thing any) reflect.Value {
	v := reflect.New(reflect.TypeOf(thing)).Elem()
	v.Set(reflect.ValueOf(thing))
	return v
}

// exportOf is the export of Ada from a store that has nothing but one thing, and what leads to it.
func exportOf(t *testing.T, thing any) string {
	t.Helper()
	store, ctx := memstore.New(), t.Context()
	switch v := thing.(type) {
	case checkout.Session:
		placed := checkout.OrderEntry{OrderID: orderID}
		must(t, store.Commit(ctx, checkout.Commit{Session: v}), store.RememberOrder(ctx, checkout.PersonOfEmail(email), placed))
	case checkout.Cart:
		must(t, store.CreateCart(ctx, v))
	case checkout.Person:
		must(t, store.PutPerson(ctx, v))
	case recovery.Contact:
		must(t, store.PutContact(ctx, v))
	case statistics.Person:
		must(t, store.PutMeasured(ctx, v, nil))
	case recovery.Sending:
		must(t, store.PutSending(ctx, v), store.Commit(ctx, checkout.Commit{Session: bought()}),
			store.RememberOrder(ctx, checkout.PersonOfEmail(email), checkout.OrderEntry{OrderID: orderID}))
	case checkout.OrderEntry:
		must(t, store.RememberOrder(ctx, checkout.PersonOfEmail(email), v))
	default:
		t.Fatalf("nobody stores a %T", thing)
	}
	_, text := exported(t, store)
	return text
}

// eachField gives each plain value within v another one, for as long as it visits its path. Whatever a value was copied out of is
// written by settle.
func eachField(v reflect.Value, path string, settle func(), visit func(path string)) {
	change := func(other any) {
		old := reflect.ValueOf(v.Interface())
		v.Set(reflect.ValueOf(other).Convert(v.Type()))
		settle()
		visit(path)
		v.Set(old)
		settle()
	}
	switch v.Kind() {
	case reflect.String:
		change(v.String() + "x")
	case reflect.Int, reflect.Int64:
		change(v.Int() + 1)
	case reflect.Bool:
		change(!v.Bool())
	case reflect.Pointer:
		if !v.IsNil() {
			eachField(v.Elem(), path, settle, visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachField(v.Index(i), path, settle, visit)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			eachField(value, path, func() { v.SetMapIndex(key, value); settle() }, visit)
		}
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			change(at.Add(time.Hour))
			return
		}
		for i := range v.NumField() {
			name := path + "." + v.Type().Field(i).Name
			if v.Type().Field(i).Anonymous {
				name = path
			}
			eachField(v.Field(i), name, settle, visit)
		}
	}
}
