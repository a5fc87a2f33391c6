package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// subscriber is an event bus that keeps what it takes. script says how its next calls go.
type subscriber struct {
	mu     sync.Mutex
	taken  []checkout.Event
	calls  int
	script []outboxWay
	busy   int // calls at this moment
	most   int // ever at once
}

// outboxWay is how a call goes wrong.
type outboxWay string

const (
	wayRefused outboxWay = "refused" // not done
	wayLost    outboxWay = "lost"    // done, the answer is lost
	wayLate    outboxWay = "late"    // done, the answer comes after the deadline
	wayTwice   outboxWay = "twice"   // done twice, as by a retry below us
	wayHalf    outboxWay = "half"    // some of it done, and that is known
)

func (w outboxWay) err() error {
	cause := errors.New(string(w))
	if w == wayLate {
		cause = context.DeadlineExceeded
	}
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: string(w), Err: cause}
}

func (b *subscriber) Publish(_ context.Context, events []checkout.Event) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	var way outboxWay
	if len(b.script) > 0 {
		way, b.script = b.script[0], b.script[1:]
	}
	if way == wayRefused {
		return nil, way.err()
	}
	if way == wayHalf {
		events = events[:len(events)/2]
	}
	b.taken = append(b.taken, events...)
	if way == wayTwice {
		b.taken = append(b.taken, events...)
	}
	if way == wayLost || way == wayLate {
		return nil, way.err()
	}
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	if way == wayHalf {
		return ids, way.err()
	}
	return ids, nil
}

// ids counts how often each event has come.
func (b *subscriber) ids() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := map[string]int{}
	for _, e := range b.taken {
		n[e.ID]++
	}
	return n
}

// outboxStore is a store whose calls go wrong by script.
type outboxStore struct {
	*memstore.Store
	mu     sync.Mutex
	script map[string][]outboxWay
	reads  int
}

func (s *outboxStore) next(method string) (way outboxWay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ways := s.script[method]; len(ways) > 0 {
		way, s.script[method] = ways[0], ways[1:]
	}
	return way
}

func (s *outboxStore) Session(ctx context.Context, id string) (checkout.Session, error) {
	s.mu.Lock()
	s.reads++
	s.mu.Unlock()
	if way := s.next("Session"); way != "" {
		return checkout.Session{}, way.err()
	}
	return s.Store.Session(ctx, id)
}

func (s *outboxStore) RemoveNotices(ctx context.Context, id string, notices []string) error {
	way := s.next("RemoveNotices")
	if way == wayRefused {
		return way.err()
	}
	err := s.Store.RemoveNotices(ctx, id, notices)
	if way == wayTwice {
		return s.Store.RemoveNotices(ctx, id, notices)
	}
	if way != "" {
		return way.err()
	}
	return err
}

func (s *outboxStore) Noticed(ctx context.Context, cursor string) ([]string, string, error) {
	if way := s.next("Noticed"); way != "" {
		return nil, "", way.err()
	}
	return s.Store.Noticed(ctx, cursor)
}

// postroom is an outbox with its store and the bus that it publishes to.
type postroom struct {
	*testing.T
	store  *outboxStore
	bus    *subscriber
	outbox *checkout.Outbox
}

func newPostroom(t *testing.T, edit ...func(*checkout.OutboxConfig)) *postroom {
	t.Helper()
	p := &postroom{T: t, store: &outboxStore{Store: memstore.New(), script: map[string][]outboxWay{}}, bus: &subscriber{}}
	c := checkout.OutboxConfig{Store: p.store, Publisher: p.bus, Namespace: "com.example.shop", BaseURL: "https://shop.example"}
	for _, e := range edit {
		e(&c)
	}
	p.outbox = must(checkout.NewOutbox(c))(t)
	return p
}

var noted = time.Date(2026, 3, 2, 9, 0, 0, 250e6, time.UTC)

// order commits a session that has become an order of a person of whom everything is known, with notices of some kinds:
// their ids are the session's name and their number.
func (p *postroom) order(name string, kinds ...string) string {
	p.Helper()
	cartID := "ct_" + name
	id := checkout.SessionID(cartID, 0)
	total := money.New(1990, "EUR")
	s := checkout.Session{
		ID: id, CartID: cartID, Version: 1, Op: "op-" + name, Customer: "subject-of-anna", Status: checkout.StatusCompleted,
		Buyer:       checkout.Buyer{Email: "anna@example.com", FirstName: "Anna", LastName: "Vries", Phone: "+31612345678"},
		Destination: address("NL"), Quote: checkout.Quote{Quote: pricing.Quote{Total: total, Currency: "EUR"}},
		Order:   &checkout.Order{ID: checkout.OrderID(id), PlacedAt: noted, Amount: total, IntentID: "pi_secret"},
		Review:  "charge.dispute.created",
		Notices: map[string]checkout.Notice{},
	}
	for i, kind := range kinds {
		s.Notices[noticeID(name, i)] = checkout.Notice{Kind: kind, At: noted.Add(time.Duration(i) * time.Second)}
	}
	if err := p.store.Commit(p.Context(), checkout.Commit{Session: s}); err != nil {
		p.Fatal(err)
	}
	return id
}

func noticeID(name string, i int) string { return fmt.Sprintf("%s%d", name, i) }

func (p *postroom) left(id string) map[string]checkout.Notice {
	p.Helper()
	s, err := p.store.Store.Session(p.Context(), id)
	if err != nil {
		p.Fatal(err)
	}
	return s.Notices
}

// deliver delivers sessions and expects no failure.
func (p *postroom) deliver(ids ...string) {
	p.Helper()
	if failed := p.outbox.Deliver(p.Context(), ids); len(failed) > 0 {
		p.Fatalf("could not deliver: %v", failed)
	}
}

// wantEmpty checks that nothing is left, and that every notice has come so often.
func (p *postroom) wantEmpty(came map[string]int) {
	p.Helper()
	ids, next, err := p.store.Store.Noticed(p.Context(), "")
	if err != nil || len(ids) > 0 || next != "" {
		p.Errorf("still with notices: %v %v", ids, err)
	}
	if diff := cmp.Diff(came, p.bus.ids()); diff != "" {
		p.Errorf("what came (-want +got):\n%s", diff)
	}
}

// diary is a consumer that keeps what it takes in, and fails while it is told to.
type diary struct {
	mu     sync.Mutex
	items  []string
	broken error
}

func (d *diary) Consume(_ context.Context, item checkout.OutboxItem) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	d.items = append(d.items, item.ID+" "+item.Kind+" "+item.Session.ID)
	return nil
}
