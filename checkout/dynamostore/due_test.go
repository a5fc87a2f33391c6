package dynamostore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/dynamostore/dynamotest"
)

func (n *network) dueCarts(count int, at func(i int) time.Time) {
	n.Helper()
	for i := range count {
		c := n.newCart()
		c.ID, c.Due = fmt.Sprint("ct_", n.id, "-", i), at(i)
		n.ok(n.calm.CreateCart(n.Context(), c))
	}
}

// All shards are asked at once, and together they have one order, so that nobody waits behind a shard that is full.
func TestDueIsInOneOrderOverAllShards(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.dueCarts(120, func(i int) time.Time { return noon.Add(-time.Duration(i) * time.Minute) })
	n.hostile.Calls()
	var got []checkout.DueItem
	for q := (checkout.DueQuery{Before: noon, Limit: 50}); ; {
		page := must(n.store.DueCarts(t.Context(), q))(n)
		if trips := n.trips("Query"); trips != 8 {
			t.Fatalf("a page took %d queries", trips)
		}
		got = append(got, page.Items...)
		if q.Cursor = page.Cursor; q.Cursor == "" {
			break
		}
	}
	oldestFirst := slices.IsSortedFunc(got, func(a, b checkout.DueItem) int { return a.At.Compare(b.At) })
	if len(got) != 120 || !oldestFirst {
		t.Fatalf("%d items, oldest first: %v", len(got), oldestFirst)
	}
}

// A query that makes no sense is refused before it costs anything.
func TestQueriesThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	for name, q := range map[string]checkout.DueQuery{
		"no room":          {Before: noon},
		"no cursor":        {Before: noon, Limit: 1, Cursor: "!"},
		"a short cursor":   {Before: noon, Limit: 1, Cursor: "AAAA"},
		"another's cursor": {Before: noon, Limit: 1, Cursor: "1772452800.0.ct_1"},
	} {
		_, cartsErr := n.store.DueCarts(t.Context(), q)
		_, watchedErr := n.store.Watched(t.Context(), checkout.WatchPayment, q)
		_, _, inboxErr := n.store.InboxItems(t.Context(), q)
		for _, err := range []error{cartsErr, watchedErr, inboxErr} {
			if checkout.ErrorCode(err) != checkout.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if _, err := n.store.Unended(t.Context(), checkout.DueQuery{}); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Errorf("unended without room: %v", err)
	}
	if calls := n.hostile.Calls(); len(calls) > 0 {
		t.Errorf("DynamoDB was asked %v", calls)
	}
}

// A page from behind its own end is empty: the time that is asked for has gone back.
func TestCursorBehindTheEnd(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.dueCarts(3, func(i int) time.Time { return noon.Add(time.Duration(i) * time.Minute) })
	page := must(n.store.DueCarts(t.Context(), checkout.DueQuery{Before: noon.Add(time.Hour), Limit: 2}))(n)
	n.same(must(n.store.DueCarts(t.Context(), checkout.DueQuery{Before: noon.Add(-time.Hour), Limit: 2, Cursor: page.Cursor}))(n), checkout.DuePage{})
}

// What the index has lost is found by the slow way.
func TestBackfillFindsWhatTheIndexLost(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	due := checkout.DueQuery{Before: noon, Limit: 10}
	n.same(must(n.store.Watched(t.Context(), checkout.WatchWaiting, due))(n), checkout.DuePage{})
	n.prepared()
	n.hostile.Always(func(string) dynamotest.Way { return dynamotest.Stale }) // the index never hears of it
	n.same(must(n.store.Watched(t.Context(), checkout.WatchWaiting, due))(n), checkout.DuePage{})
	n.same(must(n.store.Unended(t.Context(), due))(n).Items, []checkout.DueItem{{ID: n.newSession().ID, At: noon}})
}

// An edit by somebody who has proved nothing costs a read instead of a refused write.
func TestEditWithoutAccessWritesNothing(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	e := n.addition()
	e.Access = checkout.Access{}
	_, err := n.store.EditCart(t.Context(), e)
	n.same(n.conflict(err), &checkout.Conflict{})
	n.prepared()
	n.hostile.Calls()
	_, err = n.store.EditCart(t.Context(), e)
	cart := n.newCart()
	n.same(n.conflict(err), &checkout.Conflict{Cart: &cart})
	n.same(n.hostile.Calls(), []dynamotest.Call{{Operation: "GetItem"}})
	n.hostile.Next("GetItem", dynamotest.Unauthorized)
	if _, err = n.store.EditCart(t.Context(), e); checkout.ErrorCode(err) != checkout.CodeInternal {
		t.Fatalf("error is %v", err)
	}
}

// Ids of lines that no sku has name no line, whatever they look like.
func TestLineIDsThatAreNone(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	for _, id := range []string{"mug", "li_", "li_mug/../mug", "l.mug", "/", "li_" + string(make([]byte, 300))} {
		e := n.addition()
		e.Add, e.Remove = nil, id
		_, err := n.store.EditCart(t.Context(), e)
		cart := n.newCart()
		n.same(n.conflict(err), &checkout.Conflict{Cart: &cart})
	}
}
