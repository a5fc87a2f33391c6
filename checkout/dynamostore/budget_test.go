package dynamostore_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/payments"
	"kassa/payments/money"
)

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
		Carts: m.store, Sessions: m.store, Inbox: m.store, People: m.store, Catalog: dynamostore.Cached(m.store, time.Hour, m.clock.Now),
		Gateway:     m.till,
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
		Buyer: checkout.BuyerPatch{Email: some("anna.devries@example.com"), FirstName: some("Anna"), LastName: some("de Vries"),
			Consent: &checkout.Consent{Preferences: some(true)}},
		Destination: &checkout.Destination{
			ID: "wallet", FirstName: "Anna", LastName: "de Vries", Street: "Keizersgracht 123", City: "Amsterdam", PostalCode: "1015 CJ",
			Country: "NL",
		},
	}
	m.till.pay = paid
	view, err := m.sessions.Create(ctx, checkout.CreateSessionInput{
		Request: customer(), CartID: current.Cart.ID, Change: agrees, ExpectedTotal: some(int64(1_000_000)),
		Instrument: &payments.Instrument{Handler: checkout.HandlerStripe, Kind: payments.InstrumentConfirmationToken,
			Token: "ctoken_1NnQUf2eZvKYlo2CIObdtbnb"},
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
