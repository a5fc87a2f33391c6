package checkouttest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

func historyCases() []Case {
	entry := func(t *trial, at time.Time) checkout.OrderEntry {
		return checkout.OrderEntry{OrderID: t.id("or_"), PlacedAt: at, Total: money.New(1<<60+7, "NOK")}
	}
	return []Case{
		story("history/a person's orders come newest first, each once", func(t *trial) {
			store := merchantStore[checkout.OrderHistory](t)
			if t.failed() {
				return
			}
			person, other := t.id("pe_"), t.id("pe_")
			var want []checkout.OrderEntry
			for i := range 5 {
				want = append(want, entry(t, start.Add(time.Duration(-i)*time.Hour)))
			}
			for _, i := range []int{3, 0, 4, 1, 2, 3, 0} { // some again, as the outbox does
				t.ok("remember", store.RememberOrder(t.ctx, person, want[i]))
			}
			t.ok("remember another's", store.RememberOrder(t.ctx, other, want[0]))
			for _, limit := range []int{1, 2, 100} {
				t.placed(store, person, limit, want...)
			}
			t.placed(store, other, 10, want[0])
			t.placed(store, t.id("pe_"), 10)
			t.ok("forget some", store.ForgetOrders(t.ctx, person, want[1:3]))
			t.placed(store, person, 10, want[0], want[3], want[4])
			t.ok("forget", store.ForgetOrders(t.ctx, person, want))
			t.ok("forget again", store.ForgetOrders(t.ctx, person, want))
			t.placed(store, person, 10)
			t.placed(store, other, 10, want[0])
		}),
		story("history/orders of one instant come on several pages", func(t *trial) {
			store := merchantStore[checkout.OrderHistory](t)
			person := t.id("pe_")
			var want []checkout.OrderEntry
			for range 4 {
				want = append(want, entry(t, start))
				if !t.failed() {
					t.ok("remember", store.RememberOrder(t.ctx, person, want[len(want)-1]))
				}
			}
			slices.SortFunc(want, func(a, b checkout.OrderEntry) int { return strings.Compare(b.OrderID, a.OrderID) })
			t.placed(store, person, 3, want...)
		}),
		story("history/more than a page is forgotten", func(t *trial) {
			store := merchantStore[checkout.OrderHistory](t)
			person := t.id("pe_")
			if t.failed() {
				return
			}
			entries := make([]checkout.OrderEntry, 110)
			for i := range entries {
				entries[i] = entry(t, start.Add(time.Duration(i)*time.Second))
			}
			for _, err := range together(len(entries), func(i int) error { return store.RememberOrder(t.ctx, person, entries[i]) }) {
				t.ok("remember", err)
			}
			if !t.failed() {
				t.ok("forget", store.ForgetOrders(t.ctx, person, entries))
			}
			t.placed(store, person, 10)
		}),
	}
}

// placed fails the case unless a person soon has just these orders, in their order.
func (t *trial) placed(store checkout.OrderHistory, person string, limit int, want ...checkout.OrderEntry) {
	t.eventually(func() error {
		var got []checkout.OrderEntry
		for cursor := ""; ; {
			page, next, err := store.OrdersOf(t.ctx, person, limit, cursor)
			if err != nil || len(page) > limit {
				return fmt.Errorf("read orders: %d, %w", len(page), err)
			}
			got = append(got, page...)
			if cursor = next; next == "" || len(got) > 1000 {
				return t.differs("orders", got, want)
			}
		}
	})
}
