package checkout_test

import (
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

// order is order.placed of a customer who bought a mug, as the outbox hands it on.
func order(customer string, at time.Time, consent *checkout.Consent, edit ...func(*checkout.Session)) checkout.OutboxItem {
	s := checkout.Session{
		ID: "cs_abc_0", CartID: "ct_abc", Customer: customer, Status: checkout.StatusCompleted, Ships: true,
		Buyer:       checkout.Buyer{Email: "anna@example.com", FirstName: "Anna", LastName: "de Vries", Consent: consent},
		Destination: address("NL"),
		Order:       &checkout.Order{ID: "or_abc_0", PlacedAt: at, Terms: "2026-01"},
	}
	for _, e := range edit {
		e(&s)
	}
	return checkout.OutboxItem{ID: "n-" + at.String(), Notice: checkout.Notice{Kind: checkout.NoticeOrderPlaced, At: at}, Session: s}
}

var (
	yes = &checkout.Consent{Preferences: ptr(true)}
	no  = &checkout.Consent{Preferences: ptr(false)}
)

func to(street string) func(*checkout.Session) {
	return func(s *checkout.Session) {
		d := *address("NL")
		d.Street = street
		s.Destination = &d
	}
}

func (w *world) told(items ...checkout.OutboxItem) {
	w.Helper()
	for _, item := range items {
		w.ok(w.people.Consume(w.Context(), item))
	}
}

func (w *world) profile(customer string) checkout.Person {
	w.Helper()
	p, err := w.people.Profile(w.Context(), checkout.Caller{Customer: customer})
	w.ok(err)
	return p
}

func streets(p checkout.Person) (out []string) {
	for _, d := range p.Destinations {
		out = append(out, d.Street)
	}
	return out
}

func wantStreets(t *testing.T, p checkout.Person, want ...string) {
	t.Helper()
	got := streets(p)
	if len(got) != len(want) {
		t.Fatalf("addresses %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("addresses %v, want %v", got, want)
		}
	}
}

// Remembered is who said so, and nobody else.
func TestRememberedWithConsentOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.clock.Now()
	w.told(order("anna", at, nil), order("bob", at, no), order("", at, yes), order("carol", at, &checkout.Consent{Marketing: ptr(true)}))
	for _, customer := range []string{"anna", "bob", "carol"} {
		if p := w.profile(customer); p.Agreed != nil || p.Buyer != (checkout.Buyer{}) || len(p.Destinations) > 0 {
			t.Errorf("of %s there is %+v", customer, p)
		}
	}
	w.told(order("anna", at, yes))
	p := w.profile("anna")
	wantStreets(t, p, "Keizersgracht 1")
	if p.Agreed == nil || *p.Agreed != (checkout.Agreement{At: at, Order: "or_abc_0", Terms: "2026-01"}) {
		t.Errorf("agreement %+v", p.Agreed)
	}
	if p.Buyer.Email != "anna@example.com" || p.Buyer.Consent != nil || p.Destinations[0].ID == "home" {
		t.Errorf("profile %+v", p)
	}
	if other := w.profile("bob"); len(other.Destinations) > 0 {
		t.Errorf("bob has %+v", other)
	}
}

// The last chosen comes first, no address is there twice, and there are never more than five.
func TestAddressesAreOrderedByTheirLastUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.clock.Now()
	for i, street := range []string{"A 1", "B 2", "A 1", "C 3", "D 4", "E 5", "F 6", "B 2"} {
		w.told(order("anna", at.Add(time.Duration(i)*time.Minute), yes, to(street)))
	}
	p := w.profile("anna")
	wantStreets(t, p, "B 2", "F 6", "E 5", "D 4", "C 3")
	if p.Agreed.At != at {
		t.Errorf("agreed at %v, want when it was first said", p.Agreed.At)
	}
	// A later order that doesn't answer keeps what was agreed, and its address; a digital one has none.
	w.told(order("anna", at.Add(time.Hour), nil, to("G 7")),
		order("anna", at.Add(2*time.Hour), nil, to("H 8"), func(s *checkout.Session) { s.Ships = false }))
	wantStreets(t, w.profile("anna"), "G 7", "B 2", "F 6", "E 5", "D 4")
}

// The outbox may tell of an order twice, late and in another order.
func TestOrdersToldAgainChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.clock.Now()
	first, second := order("anna", at, yes, to("A 1")), order("anna", at.Add(time.Hour), yes, to("B 2"))
	w.told(second, first, second, first)
	p := w.profile("anna")
	wantStreets(t, p, "B 2")
	if p.Version != 1 {
		t.Errorf("written %d times", p.Version)
	}
}

// Forgetting takes effect at once, and no order that is still on its way brings anything back.
func TestForgotten(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(w *world){
		"by the customer":          func(w *world) { w.ok(w.people.Forget(w.Context(), checkout.Caller{Customer: "anna"})) },
		"by an order that says no": func(w *world) { w.told(order("anna", w.clock.Now(), no)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			old := order("anna", w.clock.Now(), yes)
			w.told(old)
			kept, err := w.people.RememberProviderCustomer(t.Context(), "anna", "cus_1")
			w.ok(err)
			w.clock.advance(time.Minute)
			forget(w)
			w.told(old)
			p := w.profile("anna")
			if p.Agreed != nil || p.Buyer != (checkout.Buyer{}) || len(p.Destinations) > 0 {
				t.Errorf("still known: %+v", p)
			}
			if p.Provider != kept {
				t.Error("saved cards are lost")
			}
			w.clock.advance(time.Minute)
			w.told(order("anna", w.clock.Now(), yes, to("New 1")))
			wantStreets(t, w.profile("anna"), "New 1")
		})
	}
}

func TestProfileIsTheCustomersOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, caller := range []checkout.Caller{{}, {Token: "kat_1_x"}} {
		_, err := w.people.Profile(t.Context(), caller)
		wantCode(t, err, checkout.CodeUnauthorized)
		wantCode(t, w.people.Forget(t.Context(), caller), checkout.CodeUnauthorized)
	}
	if p := w.profile("new"); p.ID != checkout.PersonOfCustomer("new") || p.Version != 0 {
		t.Errorf("of somebody new there is %+v", p)
	}
}

// Who doesn't come back for two years is forgotten, whenever TTL comes round to it.
func TestPeopleWhoStayAwayAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.told(order("anna", w.clock.Now(), yes))
	w.clock.advance(checkout.LifePerson)
	wantStreets(t, w.profile("anna"), "Keizersgracht 1")
	w.clock.advance(time.Millisecond)
	if p := w.profile("anna"); p.Agreed != nil || len(p.Destinations) > 0 {
		t.Errorf("still known: %+v", p)
	}
	w.told(order("anna", w.clock.Now(), yes, to("Back 1")))
	wantStreets(t, w.profile("anna"), "Back 1")
}

// Two calls that each made a customer at the provider agree on one.
func TestProviderCustomerIsTheFirst(t *testing.T) {
	t.Parallel()
	var h *checkouttest.Hostile
	w := newWorld(t, func(c *checkout.Config) {
		h = checkouttest.NewHostile(checkouttest.Stores{People: c.People}, nil)
		c.People = h.People
	})
	id, err := w.people.ProviderCustomer(t.Context(), "anna")
	w.ok(err)
	if id != "" {
		t.Errorf("somebody new is %s", id)
	}
	for _, way := range []checkouttest.Way{checkouttest.Lost, checkouttest.Contended, checkouttest.Twice, ""} {
		h.Next("PutPerson", way)
		_, err := w.people.RememberProviderCustomer(t.Context(), "bob", "cus_"+string(way))
		if (err != nil) != (way == checkouttest.Lost) {
			t.Errorf("%s: %v", way, err)
		}
		kept, err := w.people.ProviderCustomer(t.Context(), "bob")
		w.ok(err)
		if kept != "cus_lost" {
			t.Errorf("%s: bob is %s", way, kept)
		}
	}
}

// What the store refuses, the outbox will bring again; nothing of it is half done.
func TestConsumerIsTriedAgain(t *testing.T) {
	t.Parallel()
	var h *checkouttest.Hostile
	w := newWorld(t, func(c *checkout.Config) {
		h = checkouttest.NewHostile(checkouttest.Stores{People: c.People}, nil)
		c.People = h.People
	})
	for _, method := range []string{"Person", "PutPerson"} {
		for _, way := range checkouttest.Ways(method) {
			customer := method + string(way)
			item := order(customer, w.clock.Now(), yes)
			w.told(order(customer, w.clock.Now().Add(-time.Hour), yes, to("Old 1")))
			h.Next(method, way)
			if err := w.people.Consume(t.Context(), item); err != nil && checkout.ErrorCode(err) != checkout.CodeUnavailable {
				t.Errorf("%s %s: %v", method, way, err)
			}
			h.Land()
			w.told(item)
			p := w.profile(customer)
			wantStreets(t, p, "Keizersgracht 1", "Old 1")
		}
	}
}
