package lambdatest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/functions/internal/lambdatest"
)

// death is an event that moves money, stock or notices, in whose course the process dies or the world falls silent.
type death struct {
	function string
	begin    func(*testing.T, *account) (shopper, []byte)
}

// deaths begin with one shopper's session. What is checked in the end depends on nothing else: one charge and one order, or
// neither.
var deaths = map[string]death{
	"complete":             {"checkout", paying("pm_card_visa")},
	"complete, declined":   {"checkout", paying("pm_card_chargeDeclined")},
	"complete, 3-D Secure": {"checkout", paying("pm_card_authenticationRequired")},
	"create that pays":     {"checkout", buying},
	"cancel at the bank":   {"checkout", canceling},
	"webhook":              {"webhook", reporting},
	"reconcile":            {"reconcile", reconciling},
	"sweep":                {"sweep", sweeping},
	"outbox":               {"outbox", telling},
}

// brief is the time of an invocation whose world falls silent.
const brief = 3 * time.Second

// TestDeathAtEveryCall runs each event once to learn its calls, and then again for each of them and in each way: killed before
// the call arrives, killed before its answer comes; or from that call on nobody answers until the invocation's time is up.
func TestDeathAtEveryCall(t *testing.T) {
	t.Parallel()
	for name, d := range deaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := d.count(t)
			for i, call := range calls {
				if !all && i > 0 && i < len(calls)-1 && call == calls[i-1] && call == calls[i+1] {
					continue // one of many that are alike
				}
				for _, way := range waysOf(name) {
					n := i + 1
					t.Run(fmt.Sprintf("%s call %d of %d, %s", way, n, len(calls), call), func(t *testing.T) {
						t.Parallel()
						d.dies(t, n, way)
					})
				}
			}
		})
	}
}

// count runs the event without harm, and returns its calls.
func (d death) count(t *testing.T) []string {
	t.Helper()
	a := newAccount(t)
	s, event := d.begin(t, a)
	f := a.start(t, d.function)
	a.border.Disarm()
	if _, err := f.Invoke(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	calls := a.border.Calls()
	if len(calls) < 2 {
		t.Fatalf("it calls %q: there is nothing to die at", calls)
	}
	a.recover(t, s)
	a.wantWhole(t, s)
	return calls
}

// dies lets the n-th call go wrong, and sees what becomes of it all.
func (d death) dies(t *testing.T, n int, way lambdatest.Way) {
	t.Helper()
	a := newAccount(t)
	s, event := d.begin(t, a)
	f := a.start(t, d.function, func(c *lambdatest.Config) { c.Timeout = brief })
	if way == lambdatest.Before || way == lambdatest.After {
		killed := make(chan struct{})
		a.border.Arm(n, way, func() {
			f.Kill()
			close(killed)
		})
		_, err := f.Invoke(t.Context(), event)
		reached := len(a.border.Calls()) >= n // jobs look at shards side by side, and may need a call less
		if reached && !errors.Is(err, lambdatest.ErrEnded) {
			select {
			case <-killed: // the call took so long that it was made again, and all was over when death came
			case <-time.After(brief):
				t.Fatalf("the process was to be killed, and yet: %v", err)
			}
		}
	} else {
		a.border.Arm(n, way, nil)
		_, err := f.Invoke(t.Context(), event)
		var failure *lambdatest.Failure
		if err != nil && !errors.As(err, &failure) { // every outbound call must end before the deadline does
			t.Fatalf("it does not end by itself: %v, log: %s", err, f.Logs())
		}
	}
	a.border.Disarm()
	if d.function == "checkout" { // apps repeat what was not answered
		again, err := a.start(t, d.function).Invoke(t.Context(), event)
		must(t, err)
		if r := replyOf(t, again); r.status >= http.StatusInternalServerError {
			t.Errorf("the repetition: status %d: %s", r.status, r.body)
		}
		a.wantOneChargeAtMost(t)
	}
	a.recover(t, s)
	paid := a.wantWhole(t, s)
	a.wantTold(t)
	if !paid {
		a.wantPayable(t, s)
	}
}

// recover brings time on until everything has its end: reconcile and sweep run, the last webhooks come late.
func (a *account) recover(t *testing.T, s shopper) {
	t.Helper()
	clock := filepath.Join(t.TempDir(), "later")
	reconcile, sweep := a.later(t, "reconcile", clock), a.later(t, "sweep", clock)
	for _, ahead := range []time.Duration{2 * time.Minute, 15 * time.Minute, 40 * time.Minute} {
		a.ahead.Store(int64(ahead))
		write(t, clock, ahead.String())
		for f, event := range map[*process]string{reconcile: `{"job":"reconcile"}`, sweep: `{"job":"sweep"}`} {
			if _, err := f.Invoke(t.Context(), []byte(event)); err != nil {
				t.Errorf("%s: %v", f.name, err)
			}
		}
		if stored, err := a.store.Session(t.Context(), s.session); err == nil && ahead >= 15*time.Minute && stored.Attempt != nil && !stored.Attempt.Answered {
			t.Errorf("after %v nobody knows what became of attempt %d", ahead, stored.Attempt.N)
		}
	}
	a.ahead.Store(0)
	a.takeWebhooks(a.start(t, "webhook"))
	must(t, a.provider.Run(t.Context(), a.now()))
}

// later starts a function whose clock is ahead by what a file says.
func (a *account) later(t *testing.T, function, clock string) *process {
	t.Helper()
	write(t, clock, "0s")
	return a.start(t, function, func(c *lambdatest.Config) {
		c.Binary, c.Env = laterBinary(t, function), append(c.Env, "LATER="+clock)
	})
}

func (a *account) wantOneChargeAtMost(t *testing.T) {
	t.Helper()
	taken := 0
	for _, c := range a.provider.Ledger() {
		if c.Captured > c.Refunded {
			taken++
		}
	}
	if taken > 1 {
		t.Fatalf("%d charges: %+v", taken, a.provider.Ledger())
	}
}

// wantWhole checks that there is one charge and one order of the cart, or neither; that the stock is what that leaves; and
// that the cart is the order's, or open.
func (a *account) wantWhole(t *testing.T, s shopper) (paid bool) {
	t.Helper()
	a.wantOneChargeAtMost(t)
	for round := range 3 {
		stored, err := a.store.Session(t.Context(), checkout.SessionID(s.cart, round))
		if checkout.ErrorCode(err) == checkout.CodeNotFound {
			break
		}
		must(t, err)
		kept := a.charges(stored.ID)
		if (stored.Order != nil) != (len(kept) == 1) || (stored.Order != nil) != (stored.Status == checkout.StatusCompleted) {
			t.Fatalf("session is %s with order %+v and charges %+v", stored.Status, stored.Order, kept)
		}
		if stored.Order != nil && (stored.Order.Amount.Minor != kept[0].Captured-kept[0].Refunded || paid) {
			t.Fatalf("order of %v for a charge of %+v, paid before: %v", stored.Order.Amount, kept[0], paid)
		}
		paid = paid || stored.Order != nil
	}
	want := int64(stock)
	if paid {
		want -= wants
	}
	products, err := a.store.Products(t.Context(), []string{sku})
	must(t, err)
	if free := products[sku].Stock; free == nil || *free != want {
		t.Errorf("free stock is %v, want %d (paid: %v)", free, want, paid)
	}
	if cart, err := a.store.Cart(t.Context(), s.cart); err != nil || (cart.Session != "") != paid {
		t.Errorf("cart is locked by %q, paid: %v, %v", cart.Session, paid, err)
	}
	return paid
}

// wantTold checks that what orders have to tell is told, once the stream has been read: minutes later, since whoever died over a message
// has it to themselves for two.
func (a *account) wantTold(t *testing.T) {
	t.Helper()
	batch, err := json.Marshal(map[string]any{"Records": a.streamed(t)})
	must(t, err)
	clock := filepath.Join(t.TempDir(), "later")
	outbox := a.later(t, "outbox", clock)
	write(t, clock, "3m")
	if answer, err := outbox.Invoke(t.Context(), batch); err != nil || string(answer) != failed() {
		t.Errorf("outbox answers %s, %v, log: %s", answer, err, outbox.Logs())
	}
	a.wantMailedOnce(t)
	if left, _, err := a.store.Noticed(t.Context(), ""); err != nil || len(left) > 0 {
		t.Errorf("not told: %v, %v", left, err)
	}
	placed := map[string]int{} // consumers drop what they have had, by id
	for _, e := range a.bus.entries {
		var event struct{ ID string }
		must(t, json.Unmarshal([]byte(e.Detail), &event))
		if e.DetailType == "order.placed" {
			placed[event.ID]++
		}
	}
	orders := 0
	for _, c := range a.provider.Ledger() {
		if c.Captured > c.Refunded {
			orders++
		}
	}
	if len(placed) != orders {
		t.Errorf("orders told of: %v, charges: %d", placed, orders)
	}
}

// wantPayable checks that the cart can still be bought.
func (a *account) wantPayable(t *testing.T, s shopper) {
	t.Helper()
	pays := a.start(t, "checkout")
	s = s.checksOut(t, pays)
	ask(t, pays, s.pays("pm_card_visa", key())).want(http.StatusOK)
	a.wantPaidOnce(t, s)
	a.wantWhole(t, s)
}

// opened is a shopper whose session only needs to be paid.
func (a *account) opened(t *testing.T) (shopper, *process) {
	t.Helper()
	pays := a.start(t, "checkout")
	return arrives(t, a.start(t, "cart")).checksOut(t, pays), pays
}

func paying(method string) func(*testing.T, *account) (shopper, []byte) {
	return func(t *testing.T, a *account) (shopper, []byte) {
		t.Helper()
		s, _ := a.opened(t)
		return s, s.pays(method, key())
	}
}

func buying(t *testing.T, a *account) (shopper, []byte) {
	t.Helper()
	s := arrives(t, a.start(t, "cart"))
	s.session, s.total = checkout.SessionID(s.cart, 0), "3195"
	return s, request(http.MethodPost, "/checkout-sessions", `{"cart_id":"`+s.cart+`","buyer":{"email":"ada@example.com"},`+address+`,`+
		pay("pm_card_visa", `,"expected_total":`+s.total)[1:], s.me, key())
}

// atTheBank is a shopper whose bank wants to see them.
func (a *account) atTheBank(t *testing.T) shopper {
	t.Helper()
	s, pays := a.opened(t)
	ask(t, pays, s.pays("pm_card_authenticationRequired", key())).want(http.StatusOK).wantAt("status", "requires_escalation")
	return s
}

// paidAtTheBank is a shopper who has satisfied their bank, and of whose money nobody knows yet.
func (a *account) paidAtTheBank(t *testing.T) shopper {
	t.Helper()
	s := a.atTheBank(t)
	stored, err := a.store.Session(t.Context(), s.session)
	must(t, err)
	must(t, a.provider.Authenticate(stored.Intent.ID, true))
	return s
}

func canceling(t *testing.T, a *account) (shopper, []byte) {
	t.Helper()
	s := a.atTheBank(t)
	return s, request(http.MethodPost, s.path()+"/cancel", "", s.me, key())
}

func reporting(t *testing.T, a *account) (shopper, []byte) {
	t.Helper()
	s := a.paidAtTheBank(t)
	return s, a.pushed(t, "payment_intent.succeeded")
}

func reconciling(t *testing.T, a *account) (shopper, []byte) {
	t.Helper()
	s := a.paidAtTheBank(t)
	a.look(t, s, -time.Minute)
	return s, []byte(`{"job":"reconcile"}`)
}

func sweeping(t *testing.T, a *account) (shopper, []byte) {
	t.Helper()
	s, _ := a.opened(t)
	a.look(t, s, -time.Minute)
	return s, []byte(`{"job":"sweep"}`)
}

func telling(t *testing.T, a *account) (shopper, []byte) {
	t.Helper()
	s, pays := a.opened(t)
	ask(t, pays, s.pays("pm_card_visa", key())).want(http.StatusOK).wantAt("status", "completed")
	batch, err := json.Marshal(map[string]any{"Records": a.streamed(t)})
	must(t, err)
	return s, batch
}
