package checkout_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/checkout/memstore"
)

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
	want := map[string]any{"order_id": after.Order.ID, "checkout_id": id, "cart_id": cart.Cart.ID, "total": 3485., "currency": "EUR",
		"authorized": false}
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
