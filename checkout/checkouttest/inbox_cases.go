package checkouttest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kassa/checkout"
)

func (t *trial) item(received time.Time) checkout.InboxItem {
	item := populated[checkout.InboxItem](t)
	item.ID, item.ReceivedAt = t.id("evt_"), received
	return item
}

func (t *trial) receive(items ...checkout.InboxItem) {
	for _, item := range items {
		if !t.failed() {
			t.ok("put into the inbox", t.Inbox.PutInbox(t.ctx, item))
		}
	}
}

// inbox reads the inbox to its end and returns what is the case's own.
func (t *trial) inbox(ctx context.Context, before time.Time, limit int) ([]checkout.InboxItem, error) {
	var own []checkout.InboxItem
	q := checkout.DueQuery{Before: before, Limit: limit}
	for range maxPages {
		items, cursor, err := t.Inbox.InboxItems(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read the inbox: %w", err)
		}
		if len(items) > limit {
			return nil, fmt.Errorf("a page has %d items, asked for were %d at most", len(items), limit)
		}
		for _, item := range items {
			if strings.Contains(item.ID, t.seed) {
				own = append(own, item)
			}
		}
		if q.Cursor = cursor; cursor == "" {
			return own, nil
		}
	}
	return nil, fmt.Errorf("after %d pages there were still more", maxPages)
}

// received fails the case unless the inbox soon has just these items of its own, in their order.
func (t *trial) received(limit int, want ...checkout.InboxItem) {
	t.eventually(func() error {
		got, err := t.inbox(t.ctx, start.AddDate(1, 0, 0), limit)
		if err != nil {
			return err
		}
		return t.differs("the inbox", got, want)
	})
}

func inboxCases() []Case {
	cases := []Case{
		story("inbox/every field survives", func(t *trial) {
			item := t.item(start)
			t.receive(item)
			t.received(50, item)
		}),
		story("inbox/oldest first", func(t *trial) {
			third, first, second := t.item(start.Add(2*time.Second)), t.item(start), t.item(start.Add(time.Second))
			t.receive(third, first, second)
			t.received(50, first, second, third)
		}),
		story("inbox/an item put again is there once, as it first came", func(t *trial) {
			item := t.item(start)
			again := item
			again.Type, again.ReceivedAt = "other", start.Add(time.Hour)
			t.receive(item, again)
			t.received(50, item)
		}),
		story("inbox/a removed item is gone", func(t *trial) {
			gone, stays := t.item(start), t.item(start.Add(time.Second))
			t.receive(gone, stays)
			t.ok("remove", t.Inbox.RemoveInbox(t.ctx, gone.ID))
			t.received(50, stays)
		}),
		story("inbox/removing none is no error", func(t *trial) {
			t.ok("remove what never was", t.Inbox.RemoveInbox(t.ctx, t.id("evt_")))
			item := t.item(start)
			t.receive(item)
			for range 2 {
				t.ok("remove", t.Inbox.RemoveInbox(t.ctx, item.ID))
			}
			t.received(50)
		}),
		story("inbox/pages have each item once", func(t *trial) {
			var items []checkout.InboxItem
			for i := range 20 {
				items = append(items, t.item(start.Add(time.Duration(i)*time.Second)))
			}
			t.receive(items...)
			for _, limit := range []int{1, 6, 20, 100} {
				t.received(limit, items...)
			}
		}),
		story("inbox/items of one instant come on several pages", func(t *trial) {
			var items []checkout.InboxItem
			for range 9 {
				items = append(items, t.item(start))
			}
			t.receive(items...)
			t.eventually(func() error {
				got, err := t.inbox(t.ctx, start, 2)
				if err == nil && len(got) != len(items) {
					err = fmt.Errorf("the inbox has %d items, want %d", len(got), len(items))
				}
				return err
			})
		}),
	}
	for _, field := range fieldsOf[checkout.InboxItem]("ID", "ReceivedAt") {
		cases = append(cases, story("inbox/field "+field+" survives alone", func(t *trial) {
			item := only[checkout.InboxItem](t, field)
			item.ID, item.ReceivedAt = t.id("evt_"), start
			t.receive(item)
			t.received(50, item)
		}))
	}
	return cases
}
