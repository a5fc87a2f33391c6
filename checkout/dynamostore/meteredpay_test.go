package dynamostore_test

import (
	"maps"
	"slices"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/pricing"
	"kassa/payments"
)

// run goes through every row of the budget that the services reach.
func (m *metered) run() []measured {
	m.Helper()
	m.paid(m.edits())
	m.declined(m.edits())
	m.limited()
	m.placedByWebhook()
	m.ended()
	m.signIn()
	m.follower.run()
	m.idle()
	return m.rows
}

func (m *metered) paid(cart checkout.CartView) {
	m.Helper()
	id := m.open(cart)
	m.pay(cart, id, rowBefore)
	event := payments.Event{Kind: payments.EventIntent, Intent: m.placed(id)}
	m.row(rowLateWebhook, func() error { return m.observer.Observe(m.Context(), event) })
	m.row(rowStatus, func() error {
		_, err := m.sessions.Order(m.Context(), checkout.Caller{Token: cart.Token}, checkout.OrderID(id))
		return err
	})
	order, err := m.store.Session(m.Context(), id)
	m.ok(err)
	m.row(rowNotices, func() error {
		return m.store.RemoveNotices(m.Context(), id, slices.Collect(maps.Keys(order.Notices)))
	})
}

func (m *metered) pay(cart checkout.CartView, id, before string) {
	m.Helper()
	m.till.pay = paid
	both := m.step(func() error { return m.complete(cart, id) })
	m.counted(before, part(both, 0, 2), both)
	m.counted(rowPlace, part(both, 2, both.Trips()), both)
}

// declined pays in a second attempt, in which a session is largest.
func (m *metered) declined(cart checkout.CartView) {
	m.Helper()
	id := m.open(cart)
	m.till.pay = declined
	both := m.step(func() error { return m.complete(cart, id) })
	m.counted(rowDecline, part(both, 2, both.Trips()), both)
	m.pay(cart, id, rowFurther)
}

// limitedShop has a code that may be used so often in all, and once by each person.
func limitedShop() checkout.Shop {
	shop := checkouttest.Shop()
	shop.Pricing.Discounts = []pricing.DiscountRule{{
		ID: "spring-sale", Title: map[string]string{"en": "Spring sale"}, Code: "SPRING26", BasisPoints: 1000, Limit: 1_000_000, PerPerson: 1,
	}}
	return shop
}

// limited pays with a code whose uses are counted in all and by person: a decline gives them back, a purchase keeps them.
func (m *metered) limited() {
	m.Helper()
	m.codes = []string{"SPRING26"}
	cart := m.create() // now it is known how often the code was used
	rows := m.rows
	id := m.open(cart)
	m.rows = rows // a session with discounts is larger, and all its steps cost by their rules what they cost without
	m.till.pay = declined
	both := m.step(func() error { return m.complete(cart, id) })
	m.counted(rowLimited, part(both, 0, 2), both)
	m.counted(rowLimitedBack, part(both, 2, both.Trips()), both)
	m.till.pay = paid
	both = m.step(func() error { return m.complete(cart, id) })
	m.counted(rowLimited, part(both, 0, 2), both)
	m.codes = nil
}

func (m *metered) placedByWebhook() {
	m.Helper()
	cart := m.create()
	id := m.open(cart)
	m.till.pay = unanswered
	m.ok(m.complete(cart, id))
	event := payments.Event{Kind: payments.EventIntent, Intent: m.placed(id)}
	m.row(rowWebhook, func() error { return m.observer.Observe(m.Context(), event) })
}

// ended lets a session be canceled, and another one expire.
func (m *metered) ended() {
	m.Helper()
	m.clock.Advance(3 * time.Hour)
	cart := m.create()
	id := m.open(cart)
	both := m.step(func() error {
		_, err := m.sessions.Cancel(m.Context(), checkout.CancelSessionInput{Request: m.request(cart.Token), SessionID: id})
		return err
	})
	m.counted(rowCancel, part(both, 1, both.Trips()), both)
	m.open(m.create())
	m.clock.Advance(7 * time.Hour)
	both = m.step(func() error { _, err := m.sweeper.Run(m.Context()); return err })
	m.counted(rowExpiry, part(both, 9, both.Trips()), both) // behind eight queries and the session, read anew
}

func (m *metered) open(cart checkout.CartView) (id string) {
	m.Helper()
	ctx := m.Context()
	m.row(rowOpen, func() error {
		view, err := m.sessions.Create(ctx, checkout.CreateSessionInput{Request: m.request(cart.Token), CartID: cart.Cart.ID})
		id = view.Session.ID
		return err
	})
	patch := func(ch checkout.SessionChange) {
		m.row(rowPatch, func() error {
			_, err := m.sessions.Update(ctx, checkout.UpdateSessionInput{
				Request: checkout.Request{Caller: checkout.Caller{Token: cart.Token}}, SessionID: id, Change: ch,
			})
			return err
		})
	}
	patch(checkout.SessionChange{Destination: &checkout.Destination{ID: "wallet", City: "Amsterdam", PostalCode: "1015", Country: "NL"}})
	patch(checkout.SessionChange{Option: some("express")})
	return id
}

// complete pays with what a wallet tells once it has authorized: contact and full address.
func (m *metered) complete(cart checkout.CartView, id string) error {
	_, err := m.sessions.Complete(m.Context(), checkout.CompleteInput{
		Request: m.request(cart.Token), SessionID: id,
		Instrument: &payments.Instrument{
			Handler: checkout.HandlerApplePay, Kind: payments.InstrumentConfirmationToken, Token: "ctoken_1NnQUf2eZvKYlo2CIObdtbnb",
		},
		Change: checkout.SessionChange{
			Buyer: checkout.BuyerPatch{Email: some("anna.devries@example.com"), FirstName: some("Anna"), LastName: some("de Vries"),
				Phone: some("+31612345678")},
			Destination: &checkout.Destination{
				ID: "wallet", FirstName: "Anna", LastName: "de Vries", Street: "Keizersgracht 123", City: "Amsterdam", PostalCode: "1015 CJ",
				Country: "NL", Phone: "+31612345678",
			},
		},
	})
	return err
}

// placed is the paid intent of a session, as a webhook brings it.
func (m *metered) placed(id string) payments.Intent {
	m.Helper()
	s, err := m.store.Session(m.Context(), id)
	m.ok(err)
	in := intent(payments.Request{SessionID: id, Attempt: s.Attempts, Amount: s.Quote.Total}, payments.StatusPaid)
	m.meter.Take()
	return in
}
