package checkouttest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kassa/checkout"
)

const (
	maxShards = 16   // an index may be split into so many, each in order
	maxPages  = 5000 // more is a cursor that leads nowhere
)

// pager asks for one page of an index.
type pager func(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error)

func (t *trial) watched(kind checkout.WatchKind) pager {
	return func(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
		return t.Sessions.Watched(ctx, kind, q)
	}
}

// mine reads an index to its end and returns what is the case's own.
func (t *trial) mine(ask pager, before time.Time, limit int) ([]checkout.DueItem, error) {
	var own []checkout.DueItem
	q := checkout.DueQuery{Before: before, Limit: limit}
	for range maxPages {
		page, err := ask(t.ctx, q)
		if err != nil {
			return nil, err
		}
		if len(page.Items) > limit {
			return nil, fmt.Errorf("a page has %d items, asked for were %d at most", len(page.Items), limit)
		}
		for _, item := range page.Items {
			if strings.Contains(item.ID, t.seed) {
				own = append(own, item)
			}
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return own, nil
		}
	}
	return nil, fmt.Errorf("after %d pages there were still more", maxPages)
}

// listed fails the case unless an index soon has just these items of its own, each once.
func (t *trial) listed(ask pager, before time.Time, limit int, want ...checkout.DueItem) (got []checkout.DueItem) {
	t.eventually(func() (err error) {
		if got, err = t.mine(ask, before, limit); err != nil {
			return err
		}
		return t.differs("what is due", byID(got), byID(want))
	})
	return got
}

// due is listed for an index that is oldest first within a shard.
func (t *trial) due(ask pager, before time.Time, limit int, want ...checkout.DueItem) {
	got := t.listed(ask, before, limit, want...)
	t.ok("order of what is due", inShards(got))
}

func byID(items []checkout.DueItem) map[string][]time.Time {
	times := make(map[string][]time.Time, len(items))
	for _, item := range items {
		times[item.ID] = append(times[item.ID], item.At.UTC())
	}
	return times
}

// inShards checks that items can be what few shards, each oldest first, have given: as many shards are needed as the
// longest row of ever older items has (Dilworth's theorem).
func inShards(items []checkout.DueItem) error {
	longest := make([]int, len(items))
	for i, item := range items {
		longest[i] = 1
		for j := range i {
			if items[j].At.After(item.At) {
				longest[i] = max(longest[i], longest[j]+1)
			}
		}
		if longest[i] > maxShards {
			return fmt.Errorf("an index is not oldest first: item %s comes after %d ever older ones", item.ID, maxShards)
		}
	}
	return nil
}

// dueCart stores a cart that is due at a time.
func (t *trial) dueCart(at time.Time) (checkout.Cart, checkout.DueItem) {
	c := t.newCart(t.lines(1)...)
	c.Due = at
	return t.create(c), checkout.DueItem{ID: c.ID, At: at}
}

// longAgo is before everything that other cases are about, so that few of their items are in the way.
func longAgo(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

func dueCases() []Case {
	return []Case{
		story("due/a cart from its time on", func(t *trial) {
			_, item := t.dueCart(start)
			t.due(t.Carts.DueCarts, start.Add(-time.Millisecond), 50)
			t.due(t.Carts.DueCarts, start, 50, item)
			t.due(t.Carts.DueCarts, start.AddDate(1, 0, 0), 50, item)
		}),
		story("due/a cart without a time never", func(t *trial) {
			c := t.cart()
			t.due(t.Carts.DueCarts, start.AddDate(100, 0, 0), 100)
			t.holds(c)
		}),
		story("due/an edited cart at its time still", func(t *trial) {
			c, item := t.dueCart(start)
			t.apply(t.add(c, line(t.sku(), 1)))
			t.due(t.Carts.DueCarts, start, 50, item)
		}),
		story("due/a locked cart at its time still", func(t *trial) {
			c, item := t.dueCart(start)
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			t.due(t.Carts.DueCarts, start, 50, item)
		}),
		story("due/a cart created again is not due twice, nor at another time", func(t *trial) {
			c, item := t.dueCart(start)
			c.Due = start.Add(-time.Hour)
			if !t.failed() {
				t.conflict("create it again", t.Carts.CreateCart(t.ctx, c))
			}
			t.due(t.Carts.DueCarts, start.AddDate(1, 0, 0), 50, item)
		}),
		story("due/pages have each cart once, oldest first", func(t *trial) {
			var items []checkout.DueItem
			for i := range 48 {
				_, item := t.dueCart(longAgo(2001).Add(time.Duration(48-i) * time.Second))
				items = append(items, item)
			}
			for _, limit := range []int{1, 7, 48, 100} {
				t.due(t.Carts.DueCarts, longAgo(2001).AddDate(0, 1, 0), limit, items...)
			}
		}),
		story("due/carts of one instant come on several pages", func(t *trial) {
			var items []checkout.DueItem
			for range 20 {
				_, item := t.dueCart(longAgo(2002))
				items = append(items, item)
			}
			t.due(t.Carts.DueCarts, longAgo(2002), 3, items...)
		}),
		story("due/only the older of many", func(t *trial) {
			var items []checkout.DueItem
			for i := range 30 {
				_, item := t.dueCart(longAgo(2003).Add(time.Duration(i) * time.Hour))
				items = append(items, item)
			}
			t.due(t.Carts.DueCarts, items[11].At, 5, items[:12]...)
		}),
	}
}
