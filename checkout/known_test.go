package checkout_test

import (
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

// remembered has a customer buy once and agree to be remembered; the outbox has told so.
func (w *world) remembered(customer string, destinations ...*checkout.Destination) {
	w.Helper()
	for _, d := range destinations {
		cart := w.own(customer, "mug", 1)
		change := everything("NL")
		change.Buyer.Consent, change.Destination = &checkout.Consent{Preferences: ptr(true)}, d
		view, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{
			Request: w.by(customer, ""), CartID: cart.Cart.ID, Change: change, Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(9990)),
		})
		w.ok(err)
		sess := w.wantPaidOnce(view.Session.ID)
		w.clock.advance(time.Second)
		w.told(checkout.OutboxItem{ID: "n-" + sess.ID, Session: sess})
	}
}

func street(country, name string) *checkout.Destination {
	d := address(country)
	d.Street = name
	return d
}

// A known shopper pays in one tap: a cart, a payment and the total that the sheet showed are all that is sent.
func TestKnownShopperPaysInOneTap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remembered("anna", street("NL", "Wijnhaven 9"))
	w.own("anna", "mug", 2)
	shown := w.mine("anna")
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{
		Request: w.by("anna", ""), CartID: shown.Cart.ID, Instrument: method("pm_card_visa"), ExpectedTotal: &shown.Quote.Total.Minor,
	})
	w.ok(err)
	sess := w.wantPaidOnce(view.Session.ID)
	if sess.Destination == nil || sess.Destination.Street != "Wijnhaven 9" || sess.Buyer.Email != "anna@example.com" {
		t.Errorf("sent to %+v for %+v", sess.Destination, sess.Buyer)
	}
	w.told(checkout.OutboxItem{ID: "n2", Session: sess})
	_, err = w.carts.Mine(t.Context(), asCustomer("anna"))
	wantCode(t, err, checkout.CodeNotFound) // the cart is bought
}

// Where the cart knows no country, its totals are those of the remembered address: the sheet can open on them.
func TestCurrentCartIsEstimatedForTheRememberedAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remembered("anna", street("NL", "Wijnhaven 9"))
	_, err := w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.by("anna", ""), Lines: linesOf("mug", 1)})
	w.ok(err)
	if shown := w.mine("anna"); shown.Quote.Total.Minor != 1990 || shown.Cart.Context.Country != "NL" {
		t.Errorf("shown for %q: %v", shown.Cart.Context.Country, shown.Quote.Total)
	}
	w.remembered("bob", street("NL", "Wijnhaven 9"))
	_, err = w.carts.Create(t.Context(), checkout.CreateCartInput{Request: w.by("bob", ""), Context: checkout.Context{Country: "NO"}, Lines: linesOf("mug", 1)})
	w.ok(err)
	if shown := w.mine("bob"); shown.Cart.Context.Country != "NO" {
		t.Errorf("a cart that knows its country is shown for %q", shown.Cart.Context.Country)
	}
}

// The session offers the remembered addresses, the last chosen in the cart's country selected; another is taken by its id, and only
// one that the session has.
func TestKnownAddressesCanBeChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remembered("anna", street("NL", "Wijnhaven 9"), street("NO", "Storgata 1"), street("NL", "Kade 3"), street("NO", "Storgata 2"))
	cart := w.own("anna", "mug", 1)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.by("anna", ""), CartID: cart.Cart.ID})
	w.ok(err)
	sess := view.Session
	if len(sess.Known) != 4 || sess.Destination.Street != "Kade 3" || sess.Status != checkout.StatusReady {
		t.Fatalf("the session begins with %+v of %+v, %s", sess.Destination, sess.Known, sess.Status)
	}
	change := func(ch checkout.SessionChange) (checkout.SessionView, error) {
		return w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: w.by("anna", ""), SessionID: sess.ID, Change: ch})
	}
	for _, d := range sess.Known {
		view, err := change(checkout.SessionChange{Location: &d.ID})
		w.ok(err)
		if *view.Session.Destination != d || len(view.Session.Known) != 4 {
			t.Errorf("chosen %s, got %+v", d.Street, view.Session.Destination)
		}
	}
	_, err = change(checkout.SessionChange{Location: ptr("da_other")})
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.fulfillment.methods[0].selected_destination_id" {
		t.Errorf("at %s", e.Path)
	}
	view, err = change(checkout.SessionChange{Destination: street("NL", "Nieuw 1")})
	w.ok(err)
	if view.Session.Destination.Street != "Nieuw 1" {
		t.Error("a new address is not taken")
	}
	view, err = change(checkout.SessionChange{Location: &sess.Known[0].ID})
	w.ok(err)
	if view.Session.Destination.Street != "Storgata 2" {
		t.Error("a remembered address can't be chosen behind a new one")
	}
}

// What the cart or the request says goes before what is remembered.
func TestRememberedGivesWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remembered("anna", street("NL", "Wijnhaven 9"))
	cart, err := w.carts.Create(t.Context(), checkout.CreateCartInput{
		Request: w.by("anna", ""), Context: checkout.Context{Country: "NL"}, Lines: linesOf("mug", 1),
		Buyer: &checkout.Buyer{Email: "work@example.com"},
	})
	w.ok(err)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{
		Request: w.by("anna", ""), CartID: cart.Cart.ID, Change: checkout.SessionChange{Destination: street("NL", "Werkweg 1")},
	})
	w.ok(err)
	if sess := view.Session; sess.Buyer.Email != "work@example.com" || sess.Buyer.LastName != "" || sess.Destination.Street != "Werkweg 1" {
		t.Errorf("the session begins with %+v, %+v", sess.Buyer, sess.Destination)
	}
}

// Nobody begins with what is not theirs: strangers, guests, who has not agreed, who is forgotten.
func TestOthersBeginAsStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remembered("anna", street("NL", "Wijnhaven 9"))
	w.remembered("carol", street("NL", "Singel 1"))
	w.ok(w.people.Forget(t.Context(), asCustomer("carol")))
	w.told(order("dave", w.clock.Now(), nil))
	for _, customer := range []string{"", "bob", "carol", "dave"} {
		cart := w.own(customer, "mug", 1)
		r := w.by(customer, cart.Token)
		view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: r, CartID: cart.Cart.ID})
		w.ok(err)
		if sess := view.Session; sess.Destination != nil || len(sess.Known) > 0 || sess.Buyer != (checkout.Buyer{}) {
			t.Errorf("%q begins with %+v, %+v", customer, sess.Buyer, sess.Destination)
		}
	}
}

// A guest with an open checkout who signs in is known in it from then on.
func TestKnownFromTheClaimOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remembered("anna", street("NL", "Wijnhaven 9"))
	guest := w.cart("mug", 1)
	open, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(guest.Token), CartID: guest.Cart.ID})
	w.ok(err)
	w.claim("anna", guest)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{
		Request: w.by("anna", ""), CartID: guest.Cart.ID, Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1990)),
	})
	w.ok(err)
	if view.Session.ID != open.Session.ID || w.wantPaidOnce(view.Session.ID).Destination.Street != "Wijnhaven 9" {
		t.Errorf("paid: %+v", view.Session)
	}
}

// A profile that can't be read stops no sale: the session begins as a stranger's.
func TestProfileThatCannotBeReadStopsNoSale(t *testing.T) {
	t.Parallel()
	for _, way := range checkouttest.Ways("Person") {
		var h *checkouttest.Hostile
		w := newWorld(t, func(c *checkout.Config) {
			h = checkouttest.NewHostile(checkouttest.Stores{People: c.People}, nil)
			c.People, c.Vault = h.People, nil
		})
		w.remembered("anna", street("NL", "Wijnhaven 9"))
		cart := w.own("anna", "mug", 1)
		h.Next("Person", way)
		view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{
			Request: w.by("anna", ""), CartID: cart.Cart.ID, Change: everything("NL"), Instrument: method("pm_card_visa"),
			ExpectedTotal: ptr(int64(1990)),
		})
		w.ok(err)
		if len(h.Unused()) > 0 {
			t.Fatal("the profile was not asked for")
		}
		w.wantPaidOnce(view.Session.ID)
	}
}

// The consent that is remembered stands in the session, where the shopper can take it back: then the order forgets.
func TestConsentIsShownAndTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remembered("anna", street("NL", "Wijnhaven 9"))
	cart := w.own("anna", "mug", 1)
	view, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.by("anna", ""), CartID: cart.Cart.ID})
	w.ok(err)
	if c := view.Session.Buyer.Consent; c == nil || c.Preferences == nil || !*c.Preferences || c.Marketing != nil {
		t.Fatalf("consent %+v", c)
	}
	paid, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{
		Request: w.by("anna", ""), SessionID: view.Session.ID, Instrument: method("pm_card_visa"),
		Change: checkout.SessionChange{Buyer: checkout.BuyerPatch{Consent: &checkout.Consent{Preferences: ptr(false)}}},
	})
	w.ok(err)
	w.told(checkout.OutboxItem{ID: "n", Session: w.wantPaidOnce(paid.Session.ID)})
	if p := w.profile("anna"); p.Agreed != nil || len(p.Destinations) > 0 {
		t.Errorf("still known: %+v", p)
	}
}
