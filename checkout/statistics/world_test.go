package statistics_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments"
	"kassa/payments/money"
)

// noon of a day on which nothing happens to clocks.
var noon = time.Date(2026, time.May, 6, 12, 0, 0, 0, time.UTC)

// world is a shop whose facts are counted, and the truth about it.
type world struct {
	*testing.T
	store    statistics.Store
	counter  *statistics.Counter
	reports  *statistics.Reports
	carts    map[string]checkout.Cart
	sessions map[string]checkout.Session

	mu  sync.Mutex
	now time.Time
	ids int
}

func newWorld(t *testing.T, edits ...func(*statistics.Config)) *world {
	t.Helper()
	w := &world{T: t, carts: map[string]checkout.Cart{}, sessions: map[string]checkout.Session{}, now: noon}
	config := statistics.Config{Store: memstore.New(), Reader: w, Zone: zone(t, "Europe/Amsterdam"), Now: w.clock}
	for _, edit := range edits {
		edit(&config)
	}
	w.store = config.Store
	var err error
	w.counter, err = statistics.NewCounter(config)
	w.ok(err)
	w.reports, err = statistics.NewReports(config.Store, config.Zone, w.clock)
	w.ok(err)
	return w
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) same(got, want any) {
	w.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		w.Fatalf("(-want +got)\n%s", diff)
	}
}

// CartsOf implements statistics.Reader.
func (w *world) CartsOf(_ context.Context, ids []string) (map[string]checkout.Cart, error) {
	return some(w.carts, ids), nil
}

// SessionsOf implements statistics.Reader.
func (w *world) SessionsOf(_ context.Context, ids []string) (map[string]checkout.Session, error) {
	return some(w.sessions, ids), nil
}

func some[T any](all map[string]T, ids []string) map[string]T {
	found := map[string]T{}
	for _, id := range ids {
		if v, ok := all[id]; ok {
			found[id] = v
		}
	}
	return found
}

func (w *world) id(prefix string) string {
	w.ids++
	return fmt.Sprintf("%s%06d", prefix, w.ids)
}

// cart puts a cart that was made at a time.
func (w *world) cart(at time.Time, p payments.Platform) checkout.Cart {
	c := checkout.Cart{ID: w.id("ct_"), CreatedAt: at, Context: checkout.Context{Platform: string(p)}}
	w.carts[c.ID] = c
	return c
}

// try is a request to pay and how it ended: "" = paid or undecided.
func (w *world) try(reason payments.Reason) checkout.PayMark {
	return checkout.PayMark{Mark: checkout.Mark{Key: w.id("k")}, Reason: reason}
}

// session opens the session of a cart.
func (w *world) session(c checkout.Cart, at time.Time, pays ...checkout.PayMark) checkout.Session {
	s := checkout.Session{
		ID: checkout.SessionID(c.ID, c.Round), CartID: c.ID, Round: c.Round, Version: 1, Context: c.Context, Create: checkout.Mark{Key: w.id("k")},
		CreatedAt: at, Pays: pays,
	}
	w.sessions[s.ID] = s
	return s
}

// buy makes an order of a session.
func (w *world) buy(s checkout.Session, at time.Time, amount money.Money) checkout.OutboxItem {
	s.Version++
	s.Pays = append(s.Pays, w.try(""))
	s.Status, s.Order = checkout.StatusCompleted, &checkout.Order{ID: checkout.OrderID(s.ID), PlacedAt: at, Amount: amount}
	w.sessions[s.ID] = s
	return w.told(s, checkout.NoticeOrderPlaced)
}

func (w *world) told(s checkout.Session, kind string) checkout.OutboxItem {
	return checkout.OutboxItem{ID: w.id("n"), Notice: checkout.Notice{Kind: kind}, Session: s}
}

func (w *world) left(c checkout.Cart) checkout.OutboxItem {
	return checkout.OutboxItem{ID: w.id("n"), Notice: checkout.Notice{Kind: checkout.NoticeCartAbandoned}, Cart: c}
}

func (w *world) consume(items ...checkout.OutboxItem) {
	w.Helper()
	for _, item := range items {
		w.ok(w.counter.Consume(w.Context(), item))
	}
}

func (w *world) record(facts ...recovery.Fact) {
	w.Helper()
	for _, f := range facts {
		w.ok(w.counter.Record(w.Context(), f))
	}
}

func (w *world) report(from, to string) statistics.Report {
	w.Helper()
	r, err := w.reports.Report(w.Context(), statistics.ReportInput{From: from, To: to})
	w.ok(err)
	return r
}

func eur(minor int64) money.Money { return money.New(minor, "EUR") }

// flaky loses answers: what it is asked for is done, or not, and the caller hears nothing of it.
type flaky struct {
	statistics.Store
	mu     sync.Mutex
	random *rand.Rand
}

var errLost = errors.New("no answer")

// chance is how a call goes: 0 refused, 1 done and the answer lost, else as it should.
func (f *flaky) chance() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.random.IntN(5)
}

func (f *flaky) AddIncrements(ctx context.Context, increments []statistics.Increment) error {
	return f.try(func() error { return f.Store.AddIncrements(ctx, increments) })
}

func (f *flaky) PutMeasured(ctx context.Context, p statistics.Person, changes []statistics.Change) error {
	return f.try(func() error { return f.Store.PutMeasured(ctx, p, changes) })
}

func (f *flaky) try(do func() error) error {
	switch f.chance() {
	case 0:
		return errLost
	case 1:
		_ = do()
		return errLost
	}
	return do()
}
