package lambdatest_test

import (
	"net/http"
	"sync"
	"testing"

	"kassa/functions/internal/lambdatest"
)

// TestManyEventsInOneProcess hands one process several events at once, as Lambda's managed instances do: carts that are filled,
// then their payments, each delivered twice at the same time. Every shopper gets their own answer and pays once.
func TestManyEventsInOneProcess(t *testing.T) {
	t.Parallel()
	const atOnce, count = 8, 24
	many := func(c *lambdatest.Config) { c.Concurrency = atOnce }
	a := newAccount(t)
	cart, pays := a.start(t, "cart", many), a.start(t, "checkout", many)
	shoppers := make([]shopper, count)
	var edits, payments [][]byte
	for i := range shoppers {
		s := arrivesFor(t, cart, "beans-kade-250")
		shoppers[i] = s
		for range 5 {
			edits = append(edits, request(http.MethodPost, "/carts/"+s.cart+"/line-items", `{"item":{"id":"beans-kade-250"},"quantity":1}`, s.me, key()))
		}
	}
	for _, r := range atOnceIn(t, cart, atOnce, edits) {
		r.want(http.StatusOK)
	}
	for i, s := range shoppers {
		shoppers[i] = s.checksOut(t, pays)
		event := shoppers[i].pays("pm_card_visa", key())
		payments = append(payments, event, event)
	}
	for i, r := range atOnceIn(t, pays, atOnce, payments) {
		mine := r.at("id") == shoppers[i/2].session && r.at("status") == "completed" && r.at("line_items.0.quantity") == "7"
		busy := r.status == http.StatusConflict && r.header["retry-after"] != ""
		if !mine && !busy {
			t.Errorf("shopper %d: status %d: %s", i/2, r.status, r.body)
		}
	}
	for _, s := range shoppers {
		a.wantPaidOnce(t, s)
	}
	if n := len(a.provider.Ledger()); n != count {
		t.Errorf("%d charges for %d shoppers", n, count)
	}
}

// atOnceIn hands a process so many events at once, until all are answered.
func atOnceIn(t *testing.T, f invoker, atOnce int, events [][]byte) []reply {
	t.Helper()
	payloads, errs := make([][]byte, len(events)), make([]error, len(events))
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i, event := range events {
		slots <- struct{}{}
		group.Go(func() {
			payloads[i], errs[i] = f.Invoke(t.Context(), event)
			<-slots
		})
	}
	group.Wait()
	replies := make([]reply, len(events))
	for i := range events {
		must(t, errs[i])
		replies[i] = replyOf(t, payloads[i])
	}
	return replies
}
