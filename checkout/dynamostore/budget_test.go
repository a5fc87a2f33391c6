package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
)

// till is a provider that does what it is told.
type till struct {
	pay func(r payments.Request) (payments.Intent, error)
}

func (t *till) Pay(_ context.Context, r payments.Request) (payments.Intent, error) { return t.pay(r) }
func (t *till) Cancel(_ context.Context, id, _ string) (payments.Intent, error) {
	return payments.Intent{ID: id, Status: payments.StatusCanceled}, nil
}

func (t *till) Read(context.Context, string) (payments.Intent, error) {
	return payments.Intent{}, errors.New("not asked for in these tests")
}

func (t *till) Find(context.Context, string, time.Time) ([]payments.Intent, error) {
	return nil, errors.New("not asked for in these tests")
}

func (t *till) Refund(context.Context, payments.RefundRequest) (payments.Refund, error) {
	return payments.Refund{}, errors.New("not asked for in these tests")
}

// intent is the provider's object after a try, as long as Stripe's are.
func intent(r payments.Request, status payments.Status) payments.Intent {
	in := payments.Intent{
		ID: "pi_3PqZ8s2eZvKYlo2C1A2b3C4d", Status: status, Amount: r.Amount, SessionID: r.SessionID, Attempt: r.Attempt,
		ClientSecret: "pi_3PqZ8s2eZvKYlo2C1A2b3C4d_secret_Yl2s8A0b1C2d3E4f5G6h7I8j9",
	}
	if status == payments.StatusPaid {
		in.Received = r.Amount
	}
	return in
}

func paid(r payments.Request) (payments.Intent, error) { return intent(r, payments.StatusPaid), nil }

func declined(r payments.Request) (payments.Intent, error) {
	in := intent(r, payments.StatusAwaitingMethod)
	return in, &payments.Error{
		Class: payments.ClassDeclined, Decline: payments.Decline{Reason: payments.ReasonDeclined}, Intent: &in, Err: errors.New("declined"),
	}
}

func unanswered(payments.Request) (payments.Intent, error) {
	return payments.Intent{}, &payments.Error{Class: payments.ClassUnknown, Err: errors.New("no answer")}
}

// metered is a shop on DynamoDB whose every request is counted. Carts hold n lines, of which as many as may be are of products
// whose stock is kept.
type metered struct {
	*testing.T
	lines, kept int
	names       dynamostore.Names
	meter       *dynamotest.Meter
	store       *dynamostore.Store
	clock       *checkouttest.Clock
	till        *till
	carts       *checkout.Carts
	sessions    *checkout.Sessions
	observer    *checkout.Observer
	reconciler  *checkout.Reconciler
	sweeper     *checkout.Sweeper
	outbox      *checkout.Outbox
	catalog     checkout.Catalog
	follower    *follower
	keys        int
	codes       []string // of the carts that are made
	rows        []measured
}

// measured is a row of the budget, as it came out.
type measured struct {
	name string
	cost dynamotest.Cost
	// Of the largest of each that the row touched, in bytes.
	session, cart int
	kept          int
}

func newMetered(t *testing.T, lines int) *metered {
	t.Helper()
	m := &metered{
		T: t, lines: lines, kept: min(lines, checkout.MaxStockLines), names: fresh(t), meter: dynamotest.NewMeter(http.DefaultTransport),
		clock: checkouttest.NewClock(noon.Add(123 * time.Millisecond)), till: &till{},
	}
	m.store = open(t, dynamostore.Config{Client: client(t, m.meter), Tables: m.names, Jitter: rand.Float64, Patience: time.Minute})
	tokens, err := checkout.NewTokens([]byte("0123456789abcdef0123456789abcdef"))
	m.ok(err)
	var ids atomic.Int64
	config := checkout.Config{
		Carts: m.store, Sessions: m.store, Inbox: m.store, People: m.store, Catalog: dynamostore.Cached(m.store, time.Hour, m.clock.Now), Gateway: m.till,
		Redemptions: dynamostore.RedemptionsFor(m.store, time.Hour, m.clock.Now), Shop: limitedShop(), Tokens: tokens, Now: m.clock.Now,
		NewID: func() string { return fmt.Sprintf("%026d", ids.Add(1)) }, // as long as 128 bits in base32
	}
	m.carts, err = checkout.NewCarts(config)
	m.ok(err)
	m.sessions, err = checkout.NewSessions(config)
	m.ok(err)
	m.observer, err = checkout.NewObserver(config)
	m.ok(err)
	m.reconciler, err = checkout.NewReconciler(config)
	m.ok(err)
	m.sweeper, err = checkout.NewSweeper(config)
	m.ok(err)
	people, err := checkout.NewPeople(config)
	m.ok(err)
	m.outbox, err = checkout.NewOutbox(checkout.OutboxConfig{
		Store: m.store, Consumers: map[string][]checkout.Consumer{checkout.NoticeOrderPlaced: {people}},
	})
	m.ok(err)
	m.catalog, m.follower = config.Catalog, m.newFollower(config)
	m.ok(m.store.PutProducts(t.Context(), m.products()))
	_, err = config.Catalog.Products(t.Context(), m.skus()) // the cache is warm
	m.ok(err)
	m.meter.Take()
	return m
}

func (m *metered) ok(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

func (m *metered) skus() []string {
	skus := make([]string, m.lines+1)
	for i := range skus {
		skus[i] = fmt.Sprintf("MUG-BLUE-%02d", i)
	}
	return skus
}

// products are those of the carts and one more, with texts of a usual length.
func (m *metered) products() []checkout.Product {
	var products []checkout.Product
	for i, sku := range m.skus() {
		p := checkout.Product{
			SKU: sku, Title: "Enamel mug, blue, 35 cl", Category: "kitchen", Prices: map[money.Currency]int64{"EUR": 1495 + int64(i)},
			Description: "Hand made of steel that is enamelled twice.", ImageURL: fmt.Sprintf("https://img.shop.example/%s.jpg", sku),
		}
		if stock := int64(10_000); i < m.kept {
			p.Stock = &stock
		}
		products = append(products, p)
	}
	return products
}

func (m *metered) request(token string) checkout.Request {
	m.keys++
	key := fmt.Sprintf("0b8f3c1e-5f5d-4c64-9a83-%012d", m.keys)
	return checkout.Request{Caller: checkout.Caller{Token: token}, Key: key, Fingerprint: "f" + key}
}

// row counts what a step costs.
func (m *metered) row(name string, step func() error) {
	m.Helper()
	cost := m.step(step)
	m.counted(name, cost, cost)
}

// counted puts a row down for a part of what a step has cost.
func (m *metered) counted(name string, part, all dynamotest.Cost) {
	m.rows = append(m.rows, measured{name, part, all.Largest[m.names.Sessions], all.Largest[m.names.Carts], m.kept})
}

func part(c dynamotest.Cost, from, to int) dynamotest.Cost {
	return dynamotest.Cost{Requests: c.Requests[from:to], Largest: c.Largest}
}

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

// signIn has a guest claim carts, buy, agree to be remembered, and come back.
func (m *metered) signIn() {
	m.Helper()
	ctx := m.Context()
	customer := func() checkout.Request {
		r := m.request("")
		r.Caller.Customer = "auth0|64b7f1c2d9e8a7b6c5d4e3f2"
		return r
	}
	claim := func(row string, cart checkout.CartView) (current checkout.CartView) {
		r := customer()
		r.Caller.Token = cart.Token
		m.row(row, func() (err error) { current, err = m.carts.Claim(ctx, r, cart.Cart.ID); return err })
		return current
	}
	current := claim(rowClaim, m.create())
	claim(rowMerge, m.create())
	m.row(rowMine, func() error { _, err := m.carts.Mine(ctx, customer().Caller); return err })
	agrees := checkout.SessionChange{
		Buyer: checkout.BuyerPatch{Email: some("anna.devries@example.com"), FirstName: some("Anna"), LastName: some("de Vries"), Consent: &checkout.Consent{Preferences: some(true)}},
		Destination: &checkout.Destination{
			ID: "wallet", FirstName: "Anna", LastName: "de Vries", Street: "Keizersgracht 123", City: "Amsterdam", PostalCode: "1015 CJ", Country: "NL",
		},
	}
	m.till.pay = paid
	view, err := m.sessions.Create(ctx, checkout.CreateSessionInput{
		Request: customer(), CartID: current.Cart.ID, Change: agrees, ExpectedTotal: some(int64(1_000_000)),
		Instrument: &payments.Instrument{Handler: checkout.HandlerStripe, Kind: payments.InstrumentConfirmationToken, Token: "ctoken_1NnQUf2eZvKYlo2CIObdtbnb"},
	})
	m.ok(err)
	m.row(rowSession, func() error { _, err := m.sessions.Session(ctx, customer().Caller, view.Session.ID); return err })
	m.row(rowRemember, func() error {
		failed := m.outbox.Deliver(ctx, []string{view.Session.ID})
		return failed[view.Session.ID]
	})
	// Forgotten, the next cart is the first again.
	id := checkout.PersonOfCustomer(customer().Caller.Customer)
	person, err := m.store.Person(ctx, id)
	m.ok(err)
	m.ok(m.store.RemovePerson(ctx, id))
	var made checkout.CartView
	m.row(rowFirst, func() (err error) {
		in := m.input()
		in.Request = customer()
		made, err = m.carts.Create(ctx, in)
		return err
	})
	m.ok(m.store.RemovePerson(ctx, id))
	person.Version, person.Op = 1, "again"
	m.ok(m.store.PutPerson(ctx, person))
	m.row(rowKnown, func() error {
		view, err := m.sessions.Create(ctx, checkout.CreateSessionInput{Request: customer(), CartID: made.Cart.ID})
		if err == nil && view.Session.Status != checkout.StatusReady {
			m.Errorf("a known customer's session begins %s", view.Session.Status)
		}
		return err
	})
	m.ok(errOf(m.sessions.Cancel(ctx, checkout.CancelSessionInput{Request: customer(), SessionID: checkout.SessionID(made.Cart.ID, 0)})))
}

func errOf[T any](_ T, err error) error { return err }

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

func (m *metered) idle() {
	m.Helper()
	m.row(rowSweep, func() error {
		_, err := m.sweeper.Run(m.Context())
		if err == nil {
			_, err = m.follower.sweeper.Run(m.Context())
		}
		return err
	})
	m.row(rowReconcile, func() error { _, err := m.reconciler.Run(m.Context()); return err })
}

// step does what leads up to a row, and returns its cost.
func (m *metered) step(do func() error) dynamotest.Cost {
	m.Helper()
	m.meter.Take()
	m.ok(do())
	return m.meter.Take()
}

func (m *metered) input() checkout.CreateCartInput {
	in := checkout.CreateCartInput{Request: m.request(""), Context: checkout.Context{Country: "NL", Language: "en"}, Codes: m.codes}
	for i, sku := range m.skus()[:m.lines] {
		in.Lines = append(in.Lines, checkout.LineInput{SKU: sku, Quantity: 1 + int64(i%3)})
	}
	return in
}

func (m *metered) create() checkout.CartView {
	m.Helper()
	view, err := m.carts.Create(m.Context(), m.input())
	m.ok(err)
	return view
}

// edits makes a cart and changes it until it remembers as many requests as it can, when it is largest.
func (m *metered) edits() (cart checkout.CartView) {
	m.Helper()
	ctx := m.Context()
	m.row(rowCreate, func() (err error) {
		cart, err = m.carts.Create(ctx, m.input())
		return err
	})
	line := func(sku string, n int64) checkout.LineEditInput {
		return checkout.LineEditInput{
			Request: m.request(cart.Token), CartID: cart.Cart.ID, LineID: checkout.LineID(sku), Line: checkout.LineInput{SKU: sku, Quantity: n},
		}
	}
	first, last := m.skus()[0], m.skus()[m.lines-1]
	for range checkout.MaxMarks {
		_, err := m.carts.SetLine(ctx, line(first, 2))
		m.ok(err)
	}
	m.row(rowChange, func() error { _, err := m.carts.SetLine(ctx, line(first, 1)); return err })
	m.row(rowRemove, func() error { _, err := m.carts.RemoveLine(ctx, line(last, 1)); return err })
	m.row(rowAdd, func() error { _, err := m.carts.AddLine(ctx, line(last, 1)); return err })
	m.row(rowRead, func() error {
		_, err := m.carts.Cart(ctx, checkout.Caller{Token: cart.Token}, cart.Cart.ID)
		return err
	})
	return cart
}

func some[T any](v T) *T { return &v }

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
			Buyer: checkout.BuyerPatch{Email: some("anna.devries@example.com"), FirstName: some("Anna"), LastName: some("de Vries"), Phone: some("+31612345678")},
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
