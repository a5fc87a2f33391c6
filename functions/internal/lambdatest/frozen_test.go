package lambdatest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/functions/internal/lambdatest"
)

// TestFrozenBetweenEvents stops a process after each of a thousand answers, as Lambda does, and has the others hang up now and
// then meanwhile. No edit that was answered is lost, and nothing grows.
func TestFrozenBetweenEvents(t *testing.T) {
	t.Parallel()
	const events, settled, hangUps = 1000, 100, 50
	a := newAccount(t)
	cart := a.start(t, "cart", frozen)
	s := arrives(t, cart)
	line := "/carts/" + s.cart + "/line-items/li_" + sku
	var before lambdatest.Usage
	for i := range events / 2 {
		if i == settled/2 {
			before = usage(t, cart)
		}
		if i%hangUps == hangUps-1 {
			a.hangUp()
		}
		quantity := fmt.Sprint(1 + i%stock)
		call(t, cart, http.MethodPatch, line, `{"quantity":`+quantity+`}`, s.me).want(http.StatusOK)
		call(t, cart, http.MethodGet, "/carts/"+s.cart, "", s.me).want(http.StatusOK).wantAt("line_items.0.quantity", quantity)
	}
	wantNoGrowth(t, before, cart)
}

// TestFrozenBetweenPayments does the same to the function that also calls Stripe.
func TestFrozenBetweenPayments(t *testing.T) {
	t.Parallel()
	const settled, hangUps = 10, 7
	a := newAccount(t)
	cart, pays := a.start(t, "cart", frozen), a.start(t, "checkout", frozen)
	var before lambdatest.Usage
	for i := range payments {
		if i == settled {
			before = usage(t, pays)
		}
		if i%hangUps == hangUps-1 {
			a.hangUp()
		}
		s := arrivesFor(t, cart, "beans-kade-250").checksOut(t, pays)
		if i%hangUps == 3 {
			a.hangUp()
		}
		ask(t, pays, s.pays("pm_card_visa", key())).want(http.StatusOK).wantAt("status", "completed")
		a.wantPaidOnce(t, s)
	}
	if n := len(a.provider.Ledger()); n != payments {
		t.Errorf("%d charges for %d orders", n, payments)
	}
	wantNoGrowth(t, before, pays)
}

func usage(t testing.TB, f *process) lambdatest.Usage {
	t.Helper()
	u, err := f.Usage()
	must(t, err)
	return u
}

// wantNoGrowth compares what a process uses with what it used before, and ends it to see its goroutines.
func wantNoGrowth(t *testing.T, before lambdatest.Usage, f *process) {
	t.Helper()
	after := usage(t, f)
	t.Logf("%s: %d files, %d threads, %.1f MiB; before: %d, %d, %.1f", f.name, after.Files, after.Threads, mebi(after.Memory),
		before.Files, before.Threads, mebi(before.Memory))
	if after.Files > before.Files+2 || after.Threads > before.Threads+3 || after.Memory > before.Memory+8<<20 {
		t.Errorf("%s grows: %+v, was %+v", f.name, after, before)
	}
	stacks, err := f.Goroutines()
	must(t, err)
	if len(stacks) == 0 || len(stacks) > mostGoroutines {
		t.Errorf("%s has %d goroutines:\n%s", f.name, len(stacks), strings.Join(stacks, "\n\n"))
	}
}

// mostGoroutines is how many a process at rest may have: the loop, and two for each connection that it keeps, to the Runtime
// API, the store, the Parameter Store and Stripe.
const mostGoroutines = 16

func mebi(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// TestNothingRunsAfterTheAnswer leaves processes running after an answer: they must neither compute nor call anybody.
func TestNothingRunsAfterTheAnswer(t *testing.T) {
	t.Parallel()
	const watched, mostCPU = time.Second, 10 * time.Millisecond // Go's own housekeeping is below one
	a := newAccount(t)
	cart, pays := a.start(t, "cart"), a.start(t, "checkout")
	ask(t, pays, arrives(t, cart).checksOut(t, pays).pays("pm_card_visa", key())).want(http.StatusOK).wantAt("status", "completed")
	must(t, cart.Idle(t.Context()))
	must(t, pays.Idle(t.Context()))
	a.border.Disarm()
	before := map[*process]lambdatest.Usage{cart: usage(t, cart), pays: usage(t, pays)}
	pause(t.Context(), watched)
	for f, was := range before {
		if now := usage(t, f); now.CPU-was.CPU > mostCPU {
			t.Errorf("%s computes for %v of %v without an event", f.name, now.CPU-was.CPU, watched)
		}
	}
	if calls := a.border.Calls(); len(calls) > 0 {
		t.Errorf("calls without an event: %q", calls)
	}
}

func pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}
