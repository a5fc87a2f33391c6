package dynamostore_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

// network is a store behind a network that fails by script, and the same store without one.
type network struct {
	*testing.T
	id      string
	names   dynamostore.Names
	hostile *dynamotest.Hostile
	calm    *dynamostore.Store
	store   *dynamostore.Store
}

var stories atomic.Int64

// behind returns a store that gives up on a silent request soon. Its sleeps take no time.
func behind(t *testing.T, names dynamostore.Names, edit ...func(*dynamostore.Config)) *network {
	t.Helper()
	n := &network{
		T: t, id: fmt.Sprintf("s%d", stories.Add(1)), names: names, hostile: dynamotest.NewHostile(http.DefaultTransport),
		calm: open(t, quick(t, names, http.DefaultTransport)),
	}
	config := quick(t, names, n.hostile)
	for _, e := range edit {
		e(&config)
	}
	n.store = open(t, config)
	return n
}

func impatient(c *dynamostore.Config) { c.Patience = 300 * time.Millisecond }

func (n *network) ok(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

func (n *network) same(got, want any) {
	n.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		n.Fatalf("not what was expected (-want +got):\n%s", diff)
	}
}

// equal passes an error on, and otherwise makes one of a difference.
func (n *network) equal(err error, got, want any) error {
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err == nil && diff != "" {
		return fmt.Errorf("not what was expected (-want +got):\n%s", diff)
	}
	return err
}

func must[T any](v T, err error) func(n *network) T {
	return func(n *network) T {
		n.Helper()
		n.ok(err)
		return v
	}
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func (n *network) mark(name string) checkout.Mark { return checkout.NewMark(n.id, name, "print") }

func lineOf(sku string, quantity int64) checkout.LineItem {
	return checkout.LineItem{ID: checkout.LineID(sku), SKU: sku, Quantity: quantity}
}

func (n *network) newCart() checkout.Cart {
	return checkout.Cart{
		ID: "ct_" + n.id, Version: 1, Epoch: 1, Currency: "EUR", Lines: []checkout.LineItem{lineOf("mug", 2)}, Due: noon,
		CreatedAt: noon, UpdatedAt: noon, ExpiresAt: noon.Add(checkout.LifeGuestCart), Create: n.mark("create"),
	}
}

func (n *network) newSession() checkout.Session {
	return checkout.Session{
		ID: checkout.SessionID("ct_"+n.id, 0), CartID: "ct_" + n.id, Version: 1, Op: n.id + "op1", Epoch: 1, Status: checkout.StatusIncomplete,
		CreatedAt: noon, UpdatedAt: noon, ExpiresAt: noon.Add(6 * time.Hour), Watch: checkout.Watch{Kind: checkout.WatchWaiting, At: noon},
		Notices: map[string]checkout.Notice{"n1": {Kind: "order.placed", At: noon}},
	}
}

func (n *network) sku() string { return "SKU." + n.id }

func (n *network) product(stock int64) checkout.Product {
	return checkout.Product{SKU: n.sku(), Title: "Mug", Prices: map[money.Currency]int64{"EUR": 1495}, Stock: &stock}
}

func (n *network) addition() checkout.CartEdit {
	line := lineOf("plate", 3)
	return checkout.CartEdit{
		CartID: "ct_" + n.id, Mark: n.mark("add"), At: noon, ExpiresAt: noon.Add(time.Hour), Access: checkout.Access{Epoch: 1}, Add: &line,
	}
}

// payment is the commit before a payment: session, cart and stock.
func (n *network) payment() checkout.Commit {
	s := n.newSession()
	s.Version, s.Op, s.Status = 2, n.id+"op2", checkout.StatusInProgress
	return checkout.Commit{
		Session: s, Cart: &checkout.CartChange{CartID: "ct_" + n.id, Version: 1, Lock: true},
		Stock: []checkout.StockChange{{SKU: n.sku(), Delta: -2}},
	}
}

// prepared stores a cart, its session, a product with three in stock, and an inbox item.
func (n *network) prepared() {
	n.Helper()
	n.ok(n.calm.CreateCart(n.Context(), n.newCart()))
	n.ok(n.calm.Commit(n.Context(), checkout.Commit{Session: n.newSession()}))
	n.ok(n.calm.PutProducts(n.Context(), []checkout.Product{n.product(3)}))
	n.ok(n.calm.PutInbox(n.Context(), n.item()))
}

func (n *network) item() checkout.InboxItem {
	return checkout.InboxItem{ID: "evt_" + n.id, Type: "charge.dispute.created", Object: "dp_1", ReceivedAt: noon}
}

func (n *network) free(want int64) {
	n.Helper()
	found := must(n.calm.Products(n.Context(), []string{n.sku()}))(n)
	if p := found[n.sku()]; p.Stock == nil || *p.Stock != want {
		n.Fatalf("product is %+v, want %d in stock", p, want)
	}
}

// increment counts a cart on a channel of the story's own.
func (n *network) increment(name string) statistics.Increment {
	channel := strings.Map(func(r rune) rune { return 'a' + r%26 }, n.id)
	return statistics.Increment{
		ID: n.id + name, Cell: statistics.Cell{Day: "2026-03-29", Channel: channel}, Counts: statistics.Counts{"carts": 1},
		Until: noon.Add(statistics.Memory),
	}
}

func (n *network) counted(want statistics.Counts) {
	n.Helper()
	sum, cell := statistics.Counts{}, n.increment("").Cell
	page := must(n.calm.Cells(n.Context(), statistics.CellQuery{From: cell.Day, To: cell.Day}))(n)
	for _, c := range page.Cells {
		if c.Cell == cell {
			sum.Plus(c.Counts)
		}
	}
	n.same(sum, want)
}

func (n *network) person() statistics.Person {
	return statistics.Person{
		ID: "pe_" + n.id, Version: 2, Until: noon,
		Entries:   []statistics.Entry{{Stratum: "d-10", Deal: "d", Arm: "holdout", At: noon, Ends: noon.Add(time.Hour), Day: "2026-03-29"}},
		Purchases: []statistics.Purchase{{OrderID: "or_1", At: noon, Version: 3, Net: money.New(995, "EUR")}},
	}
}

// measured stores the version before the person, who has bought nothing yet.
func (n *network) measured() {
	n.Helper()
	p := n.person()
	p.Version, p.Purchases = 1, nil
	n.ok(n.calm.PutMeasured(n.Context(), p, nil))
}

// inbox returns what the inbox has of this story.
func (n *network) inbox() []checkout.InboxItem {
	n.Helper()
	items, _, err := n.calm.InboxItems(n.Context(), checkout.DueQuery{Before: noon, Limit: 1000})
	n.ok(err)
	return slices.DeleteFunc(items, func(in checkout.InboxItem) bool { return in.ID != "evt_"+n.id })
}
