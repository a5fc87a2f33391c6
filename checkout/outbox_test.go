package checkout_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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

func TestOutboxPublishesAPaidOrderOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bus := &subscriber{}
	outbox := must(checkout.NewOutbox(checkout.OutboxConfig{
		Store: w.store, Publisher: bus, Namespace: "com.example.shop", BaseURL: w.config.Shop.BaseURL,
	}))(t)
	cart := w.cart("mug", 2)
	id := w.open(cart).Session.ID
	w.pay(cart.Token, id, "pm_card_visa")
	before := w.session(id)
	tally, err := outbox.Drain(t.Context())
	w.ok(err)
	if want := (checkout.Tally{Looked: 1, Changed: 1}); tally != want {
		t.Errorf("tally %+v, want %+v", tally, want)
	}
	after := w.session(id)
	if len(after.Notices) != 0 || after.Version != before.Version || after.Op != before.Op || !after.UpdatedAt.Equal(before.UpdatedAt) {
		t.Errorf("delivery left notices %v at version %d, was %d", after.Notices, after.Version, before.Version)
	}
	if len(bus.taken) != 1 {
		t.Fatalf("published %d events", len(bus.taken))
	}
	event, notice := bus.taken[0], slices.Collect(maps.Keys(before.Notices))[0]
	if event.ID != notice || !event.Time.Equal(w.clock.Now()) || event.Source != "https://shop.example" ||
		event.Type != "com.example.shop.order.placed" || event.Subject != after.Order.ID || event.SpecVersion != "1.0" {
		t.Errorf("event of notice %s is %+v", notice, event)
	}
	var data map[string]any
	w.ok(json.Unmarshal(event.Data, &data))
	want := map[string]any{"order_id": after.Order.ID, "checkout_id": id, "cart_id": cart.Cart.ID, "total": 3485., "currency": "EUR", "authorized": false}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	tally, err = outbox.Drain(t.Context())
	w.ok(err)
	if tally != (checkout.Tally{}) || len(bus.taken) != 1 {
		t.Errorf("a second run delivered: %+v", tally)
	}
}

func TestOutboxPublishesOldestFirst(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	p.deliver(p.order("a", "payment.review", "order.placed", "payment.review"))
	var got []string
	for i, e := range p.bus.taken {
		got = append(got, e.ID)
		if want := noted.Add(time.Duration(i) * time.Second); !e.Time.Equal(want) {
			t.Errorf("event %s is of %s, its notice of %s", e.ID, e.Time, want)
		}
	}
	if want := []string{"a0", "a1", "a2"}; !slices.Equal(got, want) || p.bus.calls != 1 {
		t.Errorf("published %v in %d calls, want %v in one", got, p.bus.calls, want)
	}
}

// TestOutboxSurvives has each call go wrong in each way, once, and then delivers again, as the stream or the sweep does: every
// notice has come, and none is left.
func TestOutboxSurvives(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at      string
		way     outboxWay
		wantErr bool
		came    int // how often
	}{
		{"Session", wayRefused, true, 1},
		{"Session", wayLate, true, 1},
		{"Publish", wayRefused, true, 1},
		{"Publish", wayLost, true, 2},
		{"Publish", wayLate, true, 2},
		{"Publish", wayTwice, false, 2},
		{"RemoveNotices", wayRefused, true, 2},
		{"RemoveNotices", wayLost, true, 1},
		{"RemoveNotices", wayLate, true, 1},
		{"RemoveNotices", wayTwice, false, 1},
	} {
		t.Run(c.at+" "+string(c.way), func(t *testing.T) {
			t.Parallel()
			p := newPostroom(t)
			id := p.order("a", "order.placed", "payment.review")
			if c.at == "Publish" {
				p.bus.script = []outboxWay{c.way}
			} else {
				p.store.script[c.at] = []outboxWay{c.way}
			}
			failed := p.outbox.Deliver(t.Context(), []string{id})
			if (failed[id] != nil) != c.wantErr || failed[id] != nil && checkout.ErrorCode(failed[id]) != checkout.CodeUnavailable {
				t.Errorf("failed: %v", failed)
			}
			p.deliver(id)
			p.wantEmpty(map[string]int{"a0": c.came, "a1": c.came})
		})
	}
}

func TestOutboxRemovesWhatTheBusHasTaken(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	p.bus.script = []outboxWay{wayHalf}
	id := p.order("a", "order.placed", "payment.review")
	if failed := p.outbox.Deliver(t.Context(), []string{id}); failed[id] == nil {
		t.Error("half a delivery is a success")
	}
	if left := slices.Collect(maps.Keys(p.left(id))); !slices.Equal(left, []string{"a1"}) {
		t.Errorf("left: %v", left)
	}
	p.deliver(id)
	p.wantEmpty(map[string]int{"a0": 1, "a1": 1})
}

// TestOutboxAndACommitFromBefore keeps the price of not raising the version: the notice comes again, under its id.
func TestOutboxAndACommitFromBefore(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	id := p.order("a", "order.placed")
	s, err := p.store.Store.Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	p.deliver(id)
	s.Version, s.Op = s.Version+1, "another"
	if err := p.store.Commit(t.Context(), checkout.Commit{Session: s}); err != nil {
		t.Fatalf("a delivery stood in the way of a commit: %v", err)
	}
	p.deliver(id)
	p.wantEmpty(map[string]int{"a0": 2})
}

func TestOutboxOverlaps(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	var ids []string
	for i := range 40 {
		ids = append(ids, p.order(fmt.Sprintf("s%02dn", i), "order.placed", "payment.review"))
	}
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if failed := p.outbox.Deliver(t.Context(), ids); len(failed) > 0 {
				t.Errorf("failed: %v", failed)
			}
		})
		group.Go(func() {
			if _, err := p.outbox.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	came := p.bus.ids()
	if len(came) != 80 {
		t.Errorf("%d of 80 notices have come", len(came))
	}
	p.wantEmpty(came)
}

func TestOutboxTakesHintsForHints(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	a, b := p.order("a", "order.placed"), p.order("b")
	p.deliver(a, a, b, checkout.SessionID("ct_gone", 0), a)
	if p.store.reads != 3 {
		t.Errorf("%d reads for three sessions", p.store.reads)
	}
	p.deliver(a, b)
	p.wantEmpty(map[string]int{"a0": 1})
}

func wantErrorCode(t *testing.T, err error, want checkout.Code) {
	t.Helper()
	if err == nil || checkout.ErrorCode(err) != want {
		t.Errorf("error is %v, want one with code %s", err, want)
	}
}

func TestOutboxRefusesWhatNamesNoSession(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	id := p.order("a", "order.placed")
	failed := p.outbox.Deliver(t.Context(), []string{"", "ct_a", id, "cs_a_x"})
	for _, bad := range []string{"", "ct_a", "cs_a_x"} {
		wantErrorCode(t, failed[bad], checkout.CodeInvalid)
	}
	if len(failed) != 3 {
		t.Errorf("failed: %v", failed)
	}
	p.wantEmpty(map[string]int{"a0": 1})
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

func TestOutboxServesConsumersByKind(t *testing.T) {
	t.Parallel()
	receipts, counts := &diary{}, &diary{broken: errors.New("no")}
	p := newPostroom(t, func(c *checkout.OutboxConfig) {
		c.Consumers = map[string][]checkout.Consumer{"order.placed": {counts, receipts}, "message.due": {receipts}, "silent": nil}
	})
	id := p.order("a", "order.placed", "message.due", "payment.review", "silent")
	failed := p.outbox.Deliver(t.Context(), []string{id})
	if failed[id] == nil || !strings.Contains(failed[id].Error(), "a0, order.placed") {
		t.Errorf("failed: %v", failed)
	}
	if left := slices.Collect(maps.Keys(p.left(id))); !slices.Equal(left, []string{"a0"}) {
		t.Errorf("left: %v", left)
	}
	counts.broken = nil
	p.deliver(id)
	if want := []string{"a0 order.placed " + id, "a1 message.due " + id, "a0 order.placed " + id}; !slices.Equal(receipts.items, want) {
		t.Errorf("receipts took in %v, want %v", receipts.items, want)
	}
	if want := []string{"a0 order.placed " + id}; !slices.Equal(counts.items, want) {
		t.Errorf("counts took in %v, want %v", counts.items, want)
	}
	p.wantEmpty(map[string]int{"a0": 2, "a2": 1})
}

func TestOutboxKeepsWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	id := p.order("a", "of.a.later.release", "order.placed")
	wantErrorCode(t, p.outbox.Deliver(t.Context(), []string{id})[id], checkout.CodeInvalid)
	if left := slices.Collect(maps.Keys(p.left(id))); !slices.Equal(left, []string{"a0"}) {
		t.Errorf("left: %v", left)
	}
}

func TestOutboxKeepsAnOrderThatIsNone(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	s := checkout.Session{ID: checkout.SessionID("ct_a", 0), CartID: "ct_a", Version: 1, Op: "op",
		Notices: map[string]checkout.Notice{"a0": {Kind: "order.placed", At: noted}}}
	if err := p.store.Commit(t.Context(), checkout.Commit{Session: s}); err != nil {
		t.Fatal(err)
	}
	wantErrorCode(t, p.outbox.Deliver(t.Context(), []string{s.ID})[s.ID], checkout.CodeInternal)
	if len(p.left(s.ID)) != 1 || p.bus.calls != 0 {
		t.Errorf("left %v after %d calls", p.left(s.ID), p.bus.calls)
	}
}

func TestOutboxWithoutSubscribers(t *testing.T) {
	t.Parallel()
	p := newPostroom(t, func(c *checkout.OutboxConfig) { *c = checkout.OutboxConfig{Store: c.Store} })
	p.deliver(p.order("a", "order.placed", "payment.review"))
	p.wantEmpty(map[string]int{})
}

func TestOutboxDrainsAllPages(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	came := map[string]int{}
	for i := range 1203 {
		name := fmt.Sprintf("s%04dn", i)
		p.order(name, "order.placed")
		came[name+"0"] = 1
	}
	p.store.script["RemoveNotices"] = []outboxWay{wayRefused}
	tally, err := p.outbox.Drain(t.Context())
	if want := (checkout.Tally{Looked: 1203, Changed: 1202, Failed: 1}); err != nil || tally != want {
		t.Errorf("tally %+v, %v, want %+v", tally, err, want)
	}
	tally, err = p.outbox.Drain(t.Context())
	if want := (checkout.Tally{Looked: 1, Changed: 1}); err != nil || tally != want {
		t.Errorf("tally %+v, %v, want %+v", tally, err, want)
	}
	got := p.bus.ids()
	twice := 0
	for id := range got {
		twice += got[id] - 1
	}
	if twice != 1 || len(got) != len(came) {
		t.Errorf("%d of %d notices came, %d once more", len(got), len(came), twice)
	}
	p.wantEmpty(got)
}

func TestOutboxTellsThatItCannotList(t *testing.T) {
	t.Parallel()
	p := newPostroom(t)
	p.store.script["Noticed"] = []outboxWay{wayRefused}
	_, err := p.outbox.Drain(t.Context())
	wantErrorCode(t, err, checkout.CodeUnavailable)
}

// slow takes its time, or all there is.
type slow struct {
	subscriber
	takes time.Duration // 0: for ever
	begun time.Time     // the last call
}

func (b *slow) Publish(ctx context.Context, events []checkout.Event) ([]string, error) {
	b.mu.Lock()
	b.busy++
	b.most, b.begun = max(b.most, b.busy), time.Now()
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.busy--
		b.mu.Unlock()
	}()
	wait := ctx
	if b.takes > 0 {
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeout(context.Background(), b.takes)
		defer cancel()
	}
	select {
	case <-wait.Done():
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.subscriber.Publish(ctx, events)
}

// TestOutboxKeepsItsDeadline has a bus that hangs, and one that is slow: the outbox is back before its time is up, has begun
// nothing that it could not have written down, and leaves no goroutine.
func TestOutboxKeepsItsDeadline(t *testing.T) {
	t.Parallel()
	const invocation = 30 * time.Second
	for name, c := range map[string]struct {
		takes time.Duration
		done  int // of 200 sessions; −1 = some
	}{"hangs": {0, 0}, "slow": {3 * time.Second, -1}, "quick": {100 * time.Millisecond, 200}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				bus := &slow{takes: c.takes}
				p := newPostroom(t, func(o *checkout.OutboxConfig) { o.Publisher = bus })
				var ids []string
				for i := range 200 {
					ids = append(ids, p.order(fmt.Sprintf("s%03dn", i), "order.placed"))
				}
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), invocation)
				defer cancel()
				failed := p.outbox.Deliver(ctx, ids)
				if took := time.Since(began); took > invocation-2*time.Second {
					t.Errorf("it took %s of %s", took, invocation)
				}
				done := 0
				for _, id := range ids {
					left := len(p.left(id))
					if (left == 0) == (failed[id] != nil) {
						t.Errorf("session %s has %d notices left, failure %v", id, left, failed[id])
					}
					if left == 0 {
						done++
					}
				}
				if c.done >= 0 && done != c.done || c.done < 0 && (done == 0 || done == len(ids)) {
					t.Errorf("%d of %d sessions delivered", done, len(ids))
				}
				if spare := began.Add(invocation).Sub(bus.begun); spare < 5*time.Second {
					t.Errorf("a call was begun %s before the end", spare)
				}
				if bus.most > 8 {
					t.Errorf("%d calls at once", bus.most)
				}
			})
		})
	}
}

func TestOutboxDrainStopsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bus := &slow{takes: 3 * time.Second}
		p := newPostroom(t, func(o *checkout.OutboxConfig) { o.Publisher = bus })
		for i := range 700 { // more than a page
			p.order(fmt.Sprintf("s%03dn", i), "order.placed")
		}
		total := 0
		for runs := 0; total < 700 && runs < 20; runs++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			tally, err := p.outbox.Drain(ctx)
			if ctx.Err() != nil {
				t.Fatal("it took all of its time")
			}
			cancel()
			if total += tally.Changed; err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		}
		if total != 700 {
			t.Errorf("20 runs delivered %d of 700", total)
		}
	})
}

func TestOutboxNeedsAStoreAndNames(t *testing.T) {
	t.Parallel()
	store, bus := memstore.New(), &subscriber{}
	for name, c := range map[string]checkout.OutboxConfig{
		"store":     {Publisher: bus, Namespace: "com.example", BaseURL: "https://shop.example"},
		"namespace": {Store: store, Publisher: bus, BaseURL: "https://shop.example"},
		"base URL":  {Store: store, Publisher: bus, Namespace: "com.example"},
	} {
		_, err := checkout.NewOutbox(c)
		if checkout.ErrorCode(err) != checkout.CodeInvalid || err == nil {
			t.Errorf("without a %s: %v", name, err)
		}
	}
}
