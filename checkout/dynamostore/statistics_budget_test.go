package dynamostore_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments"
	"kassa/payments/money"
)

// What counting costs. None of it is on a shopper's way: it happens while notices are handed on.
func TestStatisticsBudget(t *testing.T) {
	t.Parallel()
	names, meter := fresh(t), dynamotest.NewMeter(http.DefaultTransport)
	store := open(t, dynamostore.Config{Client: client(t, meter), Tables: names, Jitter: rand.Float64, Patience: time.Minute})
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cart := checkout.Cart{ID: "ct_0123456789abcdefghjkmnpqrs", Version: 1, Epoch: 1, Currency: "EUR", CreatedAt: noon, UpdatedAt: noon,
		ExpiresAt: noon.AddDate(0, 1, 0)}
	ok(store.CreateCart(t.Context(), cart))
	s := checkout.Session{
		ID: checkout.SessionID(cart.ID, 0), CartID: cart.ID, Version: 2, CreatedAt: noon, Pays: []checkout.PayMark{{}},
		Order: &checkout.Order{ID: "or_0123456789abcdefghjkmnpqrs_0", PlacedAt: noon, Amount: money.New(4685, "EUR")},
	}
	ok(store.Commit(t.Context(), checkout.Commit{Session: func() checkout.Session { v := s; v.Version = 1; return v }()}))
	ok(store.Commit(t.Context(), checkout.Commit{Session: s}))
	counter, err := statistics.NewCounter(statistics.Config{Store: store, Reader: store, Now: func() time.Time { return noon }})
	ok(err)

	person := recovery.Fact{Kind: recovery.FactEligible, At: noon, Person: "pe_0123456789abcdefghjkmnpqrs", Arm: recovery.ArmTreated, Salt: "s"}
	ordered := person
	ordered.Kind, ordered.OrderID, ordered.Amount = recovery.FactOrdered, s.Order.ID, s.Order.Amount
	placed := checkout.OutboxItem{Notice: checkout.Notice{Kind: checkout.NoticeOrderPlaced}, Session: s}
	for _, row := range []struct {
		name        string
		do          func() error
		trips       int
		write, read float64
	}{
		{"an order: cart, session, attempt, order, one cell", func() error { return counter.Consume(t.Context(), placed) }, 2, 2 * 5, 1},
		{"the same told again", func() error { return counter.Consume(t.Context(), placed) }, 2, 2 * 5, 1},
		{"a follow-up sent", func() error {
			return counter.Record(t.Context(), recovery.Fact{ID: "sent:1", Kind: recovery.FactSent, At: noon, Channel: recovery.ChannelPush,
				Stage: "push"})
		}, 1, 2 * 2, 0},
		{"a person enters an arm", func() error { return counter.Record(t.Context(), person) }, 2, 2 * 2, 1},
		{"a measured person buys", func() error { return counter.Record(t.Context(), ordered) }, 3, 2 * 2, 2},
		{"the same again", func() error { return counter.Record(t.Context(), ordered) }, 2, 0, 2},
	} {
		meter.Take()
		ok(row.do())
		cost := meter.Take()
		if cost.Trips() > row.trips || cost.Write() > row.write || cost.Read() > row.read {
			t.Errorf("%s: %d trips, %g WRU, %g RRU: the budget is %d, %g, %g", row.name, cost.Trips(), cost.Write(), cost.Read(), row.trips,
				row.write, row.read)
		}
	}
	reading(t, names, store, meter)
}

// reading reads the cells of half a year of a busy shop: one query for a page, and few of them.
func reading(t *testing.T, names dynamostore.Names, store *dynamostore.Store, meter *dynamotest.Meter) {
	t.Helper()
	var all []statistics.Increment
	for i := range 180 {
		for n, p := range payments.Platforms {
			all = append(all, statistics.Increment{
				ID: fmt.Sprintf("x%d.%d", i, n), Until: noon,
				Cell: statistics.Cell{Day: noon.AddDate(0, 0, i).Format(time.DateOnly), Platform: p}, Counts: statistics.Counts{"carts": 1},
			})
		}
	}
	calm := open(t, quick(t, names, http.DefaultTransport))
	for part := range slices.Chunk(all, statistics.MaxIncrements) {
		if err := calm.AddIncrements(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	meter.Take()
	reports, err := statistics.NewReports(store, time.UTC, func() time.Time { return noon.AddDate(0, 0, 179) })
	if err != nil {
		t.Fatal(err)
	}
	r, err := reports.Report(t.Context(), statistics.ReportInput{From: noon.Format(time.DateOnly)})
	if err != nil {
		t.Fatal(err)
	}
	if r.Total.Carts != 541 || r.Total.Orders != 1 || len(r.Rows) < 540 {
		t.Errorf("%d carts, %d orders in %d rows", r.Total.Carts, r.Total.Orders, len(r.Rows))
	}
	if cost := meter.Take(); cost.Trips() != 1 {
		t.Errorf("half a year took %d trips", cost.Trips())
	}
}
