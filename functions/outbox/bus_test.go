package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter"
	"kassa/payments/money"
)

// The sessions of the files in events/, and their notices.
const (
	a = "cs_w51w6889yxk9yhjbas1rpm7htt_0"
	b = "cs_3v0k7cmz2q8d1xh5n9rtw4jyg6_0"
	c = "cs_bq97ds0rk2m5x8vz1tjw3hg4cn_0"
	d = "cs_ej4t6w0zc1rn9m8kq2hvx5dg7b_0"

	cart = "ct_w51w6889yxk9yhjbas1rpm7htt"
)

// bus takes events, except of sessions that it fails for, so many times.
type bus struct {
	mu    sync.Mutex
	taken []string // session or cart, and kind
	fails map[string]int
	hangs bool
}

func (x *bus) Publish(ctx context.Context, events []checkout.Event) (taken []string, err error) {
	if x.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range events {
		var data struct {
			CheckoutID string `json:"checkout_id"`
			CartID     string `json:"cart_id"`
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return nil, err
		}
		if data.CheckoutID == "" {
			data.CheckoutID = data.CartID
		}
		if x.fails[data.CheckoutID] > 0 {
			x.fails[data.CheckoutID]--
			err = errors.New("the bus is busy")
			continue
		}
		x.taken = append(x.taken, data.CheckoutID+" "+e.Kind)
		taken = append(taken, e.ID)
	}
	return taken, err
}

// Consume implements checkout.Consumer, for what is no event for others.
func (x *bus) Consume(_ context.Context, item checkout.OutboxItem) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.taken = append(x.taken, item.Session.ID+item.Cart.ID+" "+item.Kind)
	return nil
}

// counted is what was taken, and how often.
func (x *bus) counted() map[string]int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := map[string]int{}
	for _, t := range x.taken {
		n[t]++
	}
	return n
}

// sessions is the store, from which on a bad day nothing can be removed.
type sessions struct {
	*memstore.Store
	hangs bool
}

func (s *sessions) RemoveNotices(ctx context.Context, id string, notices []string) error {
	if s.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Store.RemoveNotices(ctx, id, notices)
}

// function is the function in a shop whose sessions have notices.
type function struct {
	*testing.T
	store  *sessions
	bus    *bus
	logs   *bytes.Buffer
	handle func(context.Context, json.RawMessage) (*events.DynamoDBEventResponse, error)
}

func newFunction(t *testing.T, notices map[string][]string) *function {
	t.Helper()
	f := &function{T: t, store: &sessions{Store: memstore.New()}, bus: &bus{fails: map[string]int{}}, logs: &bytes.Buffer{}}
	for id, kinds := range notices {
		if checkout.CartOfSession(id) == "" {
			f.cart(id, kinds...)
			continue
		}
		f.session(id, kinds...)
	}
	log := slog.New(slog.NewJSONHandler(f.logs, nil))
	kept, err := parameter.Keep(t.Context(), parameter.Config[*checkout.Outbox]{
		Now: time.Now, Logger: log, Make: func(parameter.Values) (*checkout.Outbox, error) {
			return checkout.NewOutbox(checkout.OutboxConfig{
				Store: f.store, Carts: f.store, Bookmarks: f.store, Publisher: f.bus, Logger: log,
				Namespace: "com.example.shop", BaseURL: "https://shop.example",
				Consumers: map[string][]checkout.Consumer{checkout.NoticeFollowUpDue: {f.bus}},
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.handle = handler(&coldstart.Function{Now: time.Now, Log: log}, kept)
	return f
}

func (f *function) cart(id string, kinds ...string) {
	f.Helper()
	c := checkout.Cart{
		ID: id, Version: 1, Currency: "EUR", Abandonment: &checkout.Abandonment{Revision: 1, Reason: "no_checkout"},
		Notices: map[string]checkout.Notice{},
	}
	for i, kind := range kinds {
		c.Notices[fmt.Sprintf("%016x", i)] = checkout.Notice{Kind: kind, At: time.Unix(1795429800, 0), Ref: "push"}
	}
	if err := f.store.CreateCart(f.Context(), c); err != nil {
		f.Fatal(err)
	}
}

func (f *function) session(id string, kinds ...string) {
	f.Helper()
	s := checkout.Session{
		ID: id, CartID: checkout.CartOfSession(id), Version: 1, Op: "op" + id, Status: checkout.StatusCompleted,
		Order: &checkout.Order{ID: checkout.OrderID(id), Amount: money.New(2485, "EUR")}, Notices: map[string]checkout.Notice{},
	}
	s.Quote.Total = s.Order.Amount
	for i, kind := range kinds {
		s.Notices[fmt.Sprintf("%016x", i)] = checkout.Notice{Kind: kind, At: time.Unix(1795426205, 0)}
	}
	if err := f.store.Commit(f.Context(), checkout.Commit{Session: s}); err != nil {
		f.Fatal(err)
	}
}

// left lists the sessions and carts that still have notices.
func (f *function) left() []string {
	f.Helper()
	ids, _, err1 := f.store.Noticed(f.Context(), "")
	carts, _, err2 := f.store.NoticedCarts(f.Context(), "")
	if err := errors.Join(err1, err2); err != nil {
		f.Fatal(err)
	}
	return append(ids, carts...)
}

func eventFile(t *testing.T, name string) json.RawMessage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../events", name+".json")) //nolint:gosec // a name of ours
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// numbers lists the sequence numbers of an event's records.
func numbers(t *testing.T, event json.RawMessage) (all []string) {
	t.Helper()
	var e struct {
		Records []struct {
			DynamoDB struct{ SequenceNumber string }
		}
	}
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	for _, r := range e.Records {
		all = append(all, r.DynamoDB.SequenceNumber)
	}
	return all
}

func failures(out *events.DynamoDBEventResponse) (all []string) {
	for _, f := range out.BatchItemFailures {
		all = append(all, f.ItemIdentifier)
	}
	return all
}

// shard delivers an event's records as Lambda does for a stream with partial batch failures: after an answer it goes on
// from the lowest sequence number that failed, and gives up a record that stands there for the attempts-th time.
func (f *function) shard(event json.RawMessage, attempts int) (gaveUp []string) {
	f.Helper()
	var e struct{ Records []json.RawMessage }
	if err := json.Unmarshal(event, &e); err != nil {
		f.Fatal(err)
	}
	all := numbers(f.T, event)
	tries := map[string]int{}
	for from := 0; from < len(all); {
		batch, err := json.Marshal(map[string]any{"Records": e.Records[from:]})
		if err != nil {
			f.Fatal(err)
		}
		out, err := f.handle(f.Context(), batch)
		if err != nil {
			f.Fatal(err)
		}
		failed := failures(out)
		if len(failed) == 0 {
			return gaveUp
		}
		lowest := slices.MinFunc(failed, func(x, y string) int { return number(f.T, x).Cmp(number(f.T, y)) })
		from = slices.Index(all, lowest)
		if tries[lowest]++; tries[lowest] == attempts {
			gaveUp = append(gaveUp, lowest)
			from++
		}
	}
	return gaveUp
}

func number(t *testing.T, digits string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		t.Fatalf("%q is no sequence number", digits)
	}
	return n
}
