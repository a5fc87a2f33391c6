package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/checkout/statistics"
)

// deed is a call of a store: what it takes, and what must be true once it has succeeded.
type deed struct {
	method    string
	operation string // of DynamoDB, that goes wrong
	skip      int    // requests of that operation that pass before
	prepare   func(n *network)
	do        func(ctx context.Context, n *network) error
	done      func(n *network)
}

func writes() []deed {
	return append(slices.Concat(peopleWrites(), followWrites()), []deed{
		{"CreateCart", "PutItem", 0, nothing,
			func(ctx context.Context, n *network) error { return n.store.CreateCart(ctx, n.newCart()) },
			func(n *network) { n.same(must(n.calm.Cart(n.Context(), "ct_"+n.id))(n), n.newCart()) }},
		{"EditCart", "UpdateItem", 0, (*network).prepared, editOnce, wantEdited},
		{"Commit of a session", "PutItem", 0, nothing,
			func(ctx context.Context, n *network) error {
				return n.store.Commit(ctx, checkout.Commit{Session: n.newSession()})
			},
			func(n *network) { n.same(must(n.calm.Session(n.Context(), n.newSession().ID))(n), n.newSession()) }},
		{"Commit of session, cart and stock", "TransactWriteItems", 0, (*network).prepared,
			func(ctx context.Context, n *network) error { return n.store.Commit(ctx, n.payment()) }, wantPaying},
		{"PutProducts, stock", "PutItem", 0, nothing, putProducts, wantProduct},
		{"PutProducts, product", "PutItem", 1, nothing, putProducts, wantProduct},
		{"PutProducts, stock no longer kept", "DeleteItem", 0, (*network).prepared,
			func(ctx context.Context, n *network) error {
				p := n.product(0)
				p.Stock = nil
				return n.store.PutProducts(ctx, []checkout.Product{p})
			},
			func(n *network) {
				if p := must(n.calm.Products(n.Context(), []string{n.sku()}))(n)[n.sku()]; p.SKU == "" || p.Stock != nil {
					n.Fatalf("product is %+v, want one whose stock isn't kept", p)
				}
			}},
		{"AddStock", "TransactWriteItems", 0, (*network).prepared,
			func(ctx context.Context, n *network) error { return n.store.AddStock(ctx, n.id, n.sku(), 4) },
			func(n *network) { n.free(7) }},
		{"PutInbox", "PutItem", 0, nothing,
			func(ctx context.Context, n *network) error { return n.store.PutInbox(ctx, n.item()) },
			func(n *network) { n.same(n.inbox(), []checkout.InboxItem{n.item()}) }},
		{"RemoveInbox", "DeleteItem", 0, (*network).prepared,
			func(ctx context.Context, n *network) error { return n.store.RemoveInbox(ctx, "evt_"+n.id) },
			func(n *network) { n.same(n.inbox(), []checkout.InboxItem{}) }},
		{"AddIncrements", "TransactWriteItems", 0, (*network).prepared,
			func(ctx context.Context, n *network) error {
				return n.store.AddIncrements(ctx, []statistics.Increment{n.increment("first"), n.increment("second")})
			},
			func(n *network) { n.counted(statistics.Counts{"carts": 2}) }},
		{"AddIncrements, one known", "TransactWriteItems", 1, (*network).prepared,
			func(ctx context.Context, n *network) error {
				known := n.increment("known")
				n.ok(n.calm.AddIncrements(ctx, []statistics.Increment{known}))
				return n.store.AddIncrements(ctx, []statistics.Increment{known, n.increment("second")})
			},
			func(n *network) { n.counted(statistics.Counts{"carts": 2}) }},
		{"PutMeasured", "TransactWriteItems", 0, (*network).measured,
			func(ctx context.Context, n *network) error {
				i := n.increment("")
				return n.store.PutMeasured(ctx, n.person(), []statistics.Change{{Cell: i.Cell, Counts: i.Counts}})
			},
			func(n *network) {
				n.same(must(n.calm.MeasuredPerson(n.Context(), n.person().ID))(n), n.person())
				n.counted(statistics.Counts{"carts": 1})
			}},
		{"ForgetMeasured", "DeleteItem", 0, (*network).measured,
			func(ctx context.Context, n *network) error { return n.store.ForgetMeasured(ctx, n.person().ID) },
			func(n *network) {
				n.same(must(n.calm.MeasuredPerson(n.Context(), n.person().ID))(n), statistics.Person{ID: n.person().ID})
			}},
		{"RemoveNotices", "UpdateItem", 0, (*network).prepared,
			func(ctx context.Context, n *network) error {
				return n.store.RemoveNotices(ctx, n.newSession().ID, []string{"n1"})
			},
			func(n *network) {
				want := n.newSession()
				want.Notices = nil
				n.same(must(n.calm.Session(n.Context(), want.ID))(n), want)
			}},
		{"KeepBookmark", "UpdateItem", 0, nothing,
			func(ctx context.Context, n *network) error { return n.store.KeepBookmark(ctx, n.id, "cs_here_0") },
			func(n *network) { n.same(must(n.calm.Bookmark(n.Context(), n.id))(n), "cs_here_0") }},
	}...)
}

func nothing(*network) {}

func editOnce(ctx context.Context, n *network) error {
	got, err := n.store.EditCart(ctx, n.addition())
	if err == nil && (got.Version != 2 || len(got.Lines) != 2) {
		return fmt.Errorf("the edited cart is at version %d with %d lines, want 2 and 2", got.Version, len(got.Lines))
	}
	return err
}

func wantEdited(n *network) {
	cart := must(n.calm.Cart(n.Context(), "ct_"+n.id))(n)
	n.same(cart.Lines, []checkout.LineItem{lineOf("mug", 2), lineOf("plate", 3)})
	n.same(cart.Version, int64(2))
	n.same(cart.Marks, []checkout.Mark{n.mark("add")})
}

func wantPaying(n *network) {
	session, cart, err := n.calm.SessionAndCart(n.Context(), n.newSession().ID)
	n.ok(err)
	n.same(session, n.payment().Session)
	n.same(cart.Session, session.ID)
	n.free(1)
}

func putProducts(ctx context.Context, n *network) error {
	return n.store.PutProducts(ctx, []checkout.Product{n.product(3)})
}

func wantProduct(n *network) {
	n.same(must(n.calm.Products(n.Context(), []string{n.sku()}))(n), map[string]checkout.Product{n.sku(): n.product(3)})
}

func reads() []deed {
	due := checkout.DueQuery{Before: noon, Limit: 1000}
	named := func(page checkout.DuePage, err error, id string) error {
		if err == nil && !slices.ContainsFunc(page.Items, func(i checkout.DueItem) bool { return i.ID == id }) {
			return fmt.Errorf("%s is not on the page", id)
		}
		return err
	}
	reading := func(method, operation string, do func(ctx context.Context, n *network) error) deed {
		return deed{method, operation, 0, (*network).prepared, do, nothing}
	}
	return append(followReads(), []deed{
		reading("Cart", "GetItem", func(ctx context.Context, n *network) error {
			got, err := n.store.Cart(ctx, "ct_"+n.id)
			return n.equal(err, got, n.newCart())
		}),
		reading("Session", "GetItem", func(ctx context.Context, n *network) error {
			got, err := n.store.Session(ctx, n.newSession().ID)
			return n.equal(err, got, n.newSession())
		}),
		reading("SessionAndCart", "BatchGetItem", func(ctx context.Context, n *network) error {
			session, cart, err := n.store.SessionAndCart(ctx, n.newSession().ID)
			return n.equal(err, []any{session, cart}, []any{n.newSession(), n.newCart()})
		}),
		{"Person", "GetItem", 0, func(n *network) { n.ok(n.calm.PutPerson(n.Context(), n.profile())) },
			func(ctx context.Context, n *network) error {
				got, err := n.store.Person(ctx, "pc_"+n.id)
				return n.equal(err, got, n.profile())
			}, nothing},
		reading("Products", "BatchGetItem", func(ctx context.Context, n *network) error {
			got, err := n.store.Products(ctx, []string{n.sku(), "no such sku"})
			return n.equal(err, got, map[string]checkout.Product{n.sku(): n.product(3)})
		}),
		reading("Search", "Scan", func(ctx context.Context, n *network) error {
			got, err := n.store.Search(ctx, checkout.ProductQuery{Text: n.sku() + " mug", Limit: 100})
			if err == nil && !slices.ContainsFunc(got.Products, func(p checkout.Product) bool { return cmp.Equal(p, n.product(3)) }) {
				return fmt.Errorf("found %v", got.Products)
			}
			return err
		}),
		reading("DueCarts", "Query", func(ctx context.Context, n *network) error {
			page, err := n.store.DueCarts(ctx, due)
			return named(page, err, "ct_"+n.id)
		}),
		reading("Watched", "Query", func(ctx context.Context, n *network) error {
			page, err := n.store.Watched(ctx, checkout.WatchWaiting, due)
			return named(page, err, n.newSession().ID)
		}),
		reading("Unended", "Scan", func(ctx context.Context, n *network) error {
			page, err := n.store.Unended(ctx, due)
			return named(page, err, n.newSession().ID)
		}),
		reading("Noticed", "Scan", func(ctx context.Context, n *network) error {
			ids, _, err := n.store.Noticed(ctx, "")
			if err == nil && !slices.Contains(ids, n.newSession().ID) {
				return errors.New("the session is not listed")
			}
			return err
		}),
		{"Bookmark", "GetItem", 0, func(n *network) { n.ok(n.calm.KeepBookmark(n.Context(), n.id, "cs_here_0")) },
			func(ctx context.Context, n *network) error {
				got, err := n.store.Bookmark(ctx, n.id)
				return n.equal(err, got, "cs_here_0")
			}, nothing},
		reading("Cells", "Query", func(ctx context.Context, n *network) error {
			n.ok(n.calm.AddIncrements(ctx, []statistics.Increment{n.increment("read")}))
			page, err := n.store.Cells(ctx, statistics.CellQuery{From: "2026-03-29", To: "2026-03-29"})
			if err == nil && !slices.ContainsFunc(page.Cells, func(c statistics.Change) bool { return c.Cell == n.increment("").Cell }) {
				return errors.New("the cell is not on the page")
			}
			return err
		}),
		reading("MeasuredPerson", "GetItem", func(ctx context.Context, n *network) error {
			p := n.person()
			p.Version = 1
			n.ok(n.calm.PutMeasured(ctx, p, nil))
			got, err := n.store.MeasuredPerson(ctx, p.ID)
			return n.equal(err, got, p)
		}),
		reading("InboxItems", "Query", func(ctx context.Context, n *network) error {
			items, _, err := n.store.InboxItems(ctx, due)
			if err == nil && !slices.Contains(items, n.item()) {
				return errors.New("the item is not in the inbox")
			}
			return err
		}),
	}...)
}

// However one request of a method goes wrong, the call succeeds, and has its effect once.
func TestNoFaultOfTheNetworkShows(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	for _, d := range append(writes(), reads()...) {
		for _, way := range dynamotest.Ways(d.operation) {
			t.Run(d.method+"/"+string(way), func(t *testing.T) {
				t.Parallel()
				var edits []func(*dynamostore.Config)
				if way == dynamotest.Silent || way == dynamotest.DoneSilent {
					edits = append(edits, impatient)
				}
				n := behind(t, names, edits...)
				d.prepare(n)
				n.hostile.Next(d.operation, append(make([]dynamotest.Way, d.skip), way)...)
				if err := d.do(t.Context(), n); err != nil {
					t.Fatal(err)
				}
				d.done(n)
				if calls := n.hostile.Calls(); !slices.Contains(calls, dynamotest.Call{Operation: d.operation, Way: way}) {
					t.Fatalf("nothing went wrong in %v", calls)
				}
			})
		}
	}
}

// A call that never gets through fails as unavailable when its context ends; made again later, it has its effect once.
func TestUnavailableUntilTheDeadline(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	ways := []dynamotest.Way{dynamotest.Throttled, dynamotest.Lost, dynamotest.DoneFailed, dynamotest.Unreachable}
	for _, d := range writes() {
		for _, way := range ways {
			t.Run(d.method+"/"+string(way), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				sleeps := 0
				n := behind(t, names, func(c *dynamostore.Config) {
					c.Sleep = func(ctx context.Context, _ time.Duration) error {
						if sleeps++; sleeps == 5 {
							cancel()
						}
						return ctx.Err()
					}
				})
				d.prepare(n)
				n.hostile.Always(func(string) dynamotest.Way { return way })
				if err := d.do(ctx, n); checkout.ErrorCode(err) != checkout.CodeUnavailable {
					t.Fatalf("error is %v, want code %s", err, checkout.CodeUnavailable)
				}
				n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Passes })
				var conflict *checkout.Conflict
				if err := d.do(t.Context(), n); err != nil && !errors.As(err, &conflict) {
					t.Fatalf("made again: %v", err)
				}
				d.done(n)
			})
		}
	}
}

// What no repetition can mend is an error at once, and not one that asks to come back.
func TestWhatCannotBeMendedIsNotRetried(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	for _, d := range append(writes(), reads()...) {
		if d.skip > 0 {
			continue
		}
		t.Run(d.method, func(t *testing.T) {
			t.Parallel()
			n := behind(t, names)
			d.prepare(n)
			n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Unauthorized })
			err := d.do(t.Context(), n)
			if err == nil || checkout.ErrorCode(err) != checkout.CodeInternal {
				t.Fatalf("error is %v, want code %s", err, checkout.CodeInternal)
			}
			for _, c := range n.hostile.Calls() {
				if c.Operation != d.operation {
					t.Fatalf("went on with %s", c.Operation)
				}
			}
		})
	}
}
