package dynamostore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
)

func (n *network) conflict(err error) *checkout.Conflict {
	n.Helper()
	var conflict *checkout.Conflict
	if !errors.As(err, &conflict) {
		n.Fatalf("error is %v, want a conflict", err)
	}
	return conflict
}

// between has the first request of an operation go a way, and something happen before the next one.
func (n *network) between(operation string, way dynamotest.Way, happens func()) {
	first := true
	n.hostile.Always(func(asked string) dynamotest.Way {
		if asked != operation {
			return dynamotest.Passes
		}
		if first {
			first = false
			return way
		}
		if happens != nil {
			happens()
			happens = nil
		}
		return dynamotest.Passes
	})
}

// A request remembered from an earlier call is a conflict, which is how replays are found; only the own lost write is not.
func TestEarlierRequestIsNoSuccess(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	for _, way := range []dynamotest.Way{dynamotest.Passes, dynamotest.Throttled, dynamotest.Conflicted, dynamotest.Busy} {
		t.Run("edit/"+string(way), func(t *testing.T) {
			t.Parallel()
			n := behind(t, names)
			n.prepared()
			n.ok(editOnce(t.Context(), n))
			n.hostile.Next("UpdateItem", way)
			_, err := n.store.EditCart(t.Context(), n.addition())
			if n.conflict(err).Cart == nil {
				t.Fatal("the conflict shows no cart")
			}
			wantEdited(n)
		})
		t.Run("create/"+string(way), func(t *testing.T) {
			t.Parallel()
			n := behind(t, names)
			n.ok(n.store.CreateCart(t.Context(), n.newCart()))
			n.hostile.Next("PutItem", way)
			n.same(*n.conflict(n.store.CreateCart(t.Context(), n.newCart())).Cart, n.newCart())
		})
	}
}

// A create whose answer was lost must not take another request's cart for its own.
func TestLostCreateBehindAnother(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	other := n.newCart()
	other.Lines = nil
	n.ok(n.calm.CreateCart(t.Context(), other))
	n.hostile.Next("PutItem", dynamotest.Lost)
	n.same(*n.conflict(n.store.CreateCart(t.Context(), n.newCart())).Cart, other)
}

// An edit whose answer was lost is recognised when others have edited since.
func TestLostEditIsRecognisedBehindOthers(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	n.between("UpdateItem", dynamotest.Lost, func() {
		other := n.addition()
		other.Mark = n.mark("other")
		must(n.calm.EditCart(t.Context(), other))(n)
	})
	got := must(n.store.EditCart(t.Context(), n.addition()))(n)
	n.same(got.Lines, []checkout.LineItem{lineOf("mug", 2), lineOf("plate", 6)})
	n.same(must(n.calm.Cart(t.Context(), got.ID))(n), got)
}

// An edit that was lost on its way is refused if the cart was locked meanwhile: it has had no effect.
func TestEditLostOnItsWayMeetsALock(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	n.between("UpdateItem", dynamotest.Unreachable, func() { n.ok(n.calm.Commit(t.Context(), n.payment())) })
	_, err := n.store.EditCart(t.Context(), n.addition())
	if got := n.conflict(err).Cart; got.Session != n.newSession().ID || len(got.Lines) != 1 {
		t.Fatalf("the conflict shows %+v", got)
	}
}

// A commit whose answer was lost is recognised though what it did to cart and stock has gone on.
func TestLostCommitIsRecognised(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	for _, way := range []dynamotest.Way{dynamotest.Lost, dynamotest.DoneFailed, dynamotest.InProgress, dynamotest.Garbled} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			n := behind(t, names)
			n.prepared()
			n.between("TransactWriteItems", way, func() { n.ok(n.calm.AddStock(t.Context(), "sold", n.sku(), -1)) })
			n.ok(n.store.Commit(t.Context(), n.payment()))
			n.free(0)
		})
	}
}

// DynamoDB need not name every condition that failed: a commit that took effect is recognised by the session all the same.
func TestLostCommitIsRecognisedByTheSessionAlone(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	n.hostile.Next("TransactWriteItems", dynamotest.Lost, dynamotest.LastOnly)
	n.ok(n.calm.AddStock(t.Context(), "fewer", n.sku(), -1)) // what is left after the commit is too little for it
	n.ok(n.store.Commit(t.Context(), n.payment()))
	n.free(0)
}

// What refused a commit is shown, nothing else.
func TestConflictShowsWhatRefused(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	for _, tc := range []struct {
		name                string
		change              func(c *checkout.Commit)
		session, cart, held bool
	}{
		{"session", func(c *checkout.Commit) { c.Session.Version = 5 }, true, false, false},
		{"cart", func(c *checkout.Commit) { c.Cart.Version = 5 }, false, true, false},
		{"stock", func(c *checkout.Commit) { c.Stock[0].Delta = -4 }, false, false, true},
		{"all", func(c *checkout.Commit) { c.Session.Version, c.Cart.Round, c.Stock[0].Delta = 9, 9, -9 }, true, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			n := behind(t, names)
			n.prepared()
			commit := n.payment()
			tc.change(&commit)
			got := n.conflict(n.store.Commit(t.Context(), commit))
			var want checkout.Conflict
			if tc.session {
				s := n.newSession()
				want.Session = &s
			}
			if tc.cart {
				c := n.newCart()
				want.Cart = &c
			}
			if tc.held {
				want.Short = []string{n.sku()}
			}
			n.same(got, &want)
		})
	}
}

// A refusal by a condition is the answer, also when DynamoDB was busy with another item of the same transaction: the session
// has moved for good.
func TestTransientReasonsBesideARefusal(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	n.hostile.Next("TransactWriteItems", dynamotest.Conflicted, dynamotest.Throttled, dynamotest.Busy)
	n.ok(n.store.Commit(t.Context(), n.payment()))
	later := n.payment()
	later.Session.Op = n.id + "other"
	calls := len(n.hostile.Calls())
	got := n.conflict(n.store.Commit(t.Context(), later))
	if got.Session == nil || calls != 4 || len(n.hostile.Calls()) != 1 {
		t.Fatalf("conflict is %v; %d and then other calls", got, calls)
	}
}

// Strongly consistent reads never show what was; what the catalogue and the indexes show may be old.
func TestStaleReads(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	ctx, due := t.Context(), checkout.DueQuery{Before: noon, Limit: 100}
	look := func() (checkout.Cart, checkout.Session, checkout.Cart, checkout.Session, int64, int) {
		cart := must(n.store.Cart(ctx, "ct_"+n.id))(n)
		session := must(n.store.Session(ctx, n.newSession().ID))(n)
		both, with, err := n.store.SessionAndCart(ctx, session.ID)
		n.ok(err)
		product := must(n.store.Products(ctx, []string{n.sku()}))(n)[n.sku()]
		watched := must(n.store.Watched(ctx, checkout.WatchWaiting, due))(n)
		return cart, session, with, both, *product.Stock, len(watched.Items)
	}
	look()
	payment := n.payment()
	payment.Session.Watch = checkout.Watch{}
	n.ok(n.calm.Commit(ctx, payment))
	n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Stale })
	cart, session, with, both, free, watched := look()
	locked := n.newCart()
	locked.Session = session.ID
	n.same([]any{cart, session, with, both}, []any{locked, payment.Session, locked, payment.Session})
	if free != 3 || watched != 1 {
		t.Fatalf("%d free and %d watched: the reads were not stale, so that this test shows nothing", free, watched)
	}
}

// An index page that is behind is handed on as it is: who works on it reads the truth first.
func TestStaleIndexPageEndsLikeAFreshOne(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	due := checkout.DueQuery{Before: noon, Limit: 10}
	n.same(must(n.store.DueCarts(t.Context(), due))(n), checkout.DuePage{})
	n.prepared()
	n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Stale })
	n.same(must(n.store.DueCarts(t.Context(), due))(n), checkout.DuePage{})
	n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Passes })
	n.same(must(n.store.DueCarts(t.Context(), due))(n).Items, []checkout.DueItem{{ID: "ct_" + n.id, At: noon}})
}

// Waits grow and are spread over all of their length; without a deadline there is an end all the same.
func TestBackoff(t *testing.T) {
	t.Parallel()
	names := fresh(t)
	for jitter, want := range map[float64][]time.Duration{
		1: {20e6, 40e6, 80e6, 160e6, 320e6, 500e6, 500e6},
		0: {0, 0, 0, 0, 0, 0, 0},
	} {
		var waits []time.Duration
		n := behind(t, names, func(c *dynamostore.Config) {
			c.Jitter = func() float64 { return jitter }
			c.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
		})
		n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Throttled })
		_, err := n.store.Cart(context.Background(), "ct_1")
		if checkout.ErrorCode(err) != checkout.CodeUnavailable || len(waits) != 25 || len(n.hostile.Calls()) != 25 {
			t.Fatalf("after %d waits: %v", len(waits), err)
		}
		if !slices.Equal(waits[:7], want) {
			t.Fatalf("waits are %v, want %v", waits, want)
		}
	}
}

// The default wait ends with the context.
func TestDefaultSleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	n := behind(t, dynamostore.Prefixed("x-"), func(c *dynamostore.Config) {
		c.Sleep = nil
		c.Jitter = func() float64 { return 1 }
	})
	n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Unreachable })
	synctest.Test(t, func(t *testing.T) { // whose clock stands still but for the waits
		const whole = 50 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), whole)
		defer cancel()
		begun := time.Now()
		if _, err := n.store.Cart(ctx, "ct_1"); checkout.ErrorCode(err) != checkout.CodeUnavailable || ctx.Err() == nil {
			t.Fatalf("error is %v, and the context's %v", err, ctx.Err())
		}
		if calls, took := len(n.hostile.Calls()), time.Since(begun); calls != 2 || took != whole {
			t.Fatalf("%d calls in %v, of waits of 20 and 40 ms", calls, took)
		}
	})
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	good := quick(t, dynamostore.Prefixed("x-"), nil)
	for name, spoil := range map[string]func(*dynamostore.Config){
		"client": func(c *dynamostore.Config) { c.Client = nil },
		"tables": func(c *dynamostore.Config) { c.Tables = dynamostore.Names{} },
		"jitter": func(c *dynamostore.Config) { c.Jitter = nil },
	} {
		bad := good
		spoil(&bad)
		if _, err := dynamostore.New(bad); checkout.ErrorCode(err) != checkout.CodeInvalid {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
