package dynamostore_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
)

// Rows of the budget.
const (
	rowCreate      = "create cart with lines"
	rowAdd         = "add a line"
	rowChange      = "change a line"
	rowRemove      = "remove a line"
	rowRead        = "read cart"
	rowOpen        = "open session"
	rowPatch       = "PATCH from the wallet sheet"
	rowBefore      = "complete: before the provider's call"
	rowFurther     = "complete, a further attempt: before the call"
	rowLimited     = "complete with a limited code: before the call"
	rowLimitedBack = "decline with a limited code: give back"
	rowPlace       = "complete: place the order"
	rowDecline     = "decline: give back"
	rowCancel      = "cancel: end the session"
	rowExpiry      = "expiry: end the session"
	rowLateWebhook = "webhook after the order stands"
	rowWebhook     = "webhook that places the order"
	rowStatus      = "order status"
	rowNotices     = "notices handed on: remove them"
	rowSession     = "checkout status"
	rowFirst       = "create a customer's first cart"
	rowClaim       = "claim a cart: it becomes the current one"
	rowMerge       = "claim a cart: merge it into the current one"
	rowMine        = "read the current cart"
	rowKnown       = "open a known customer's session"
	rowRemember    = "order of a customer who agrees: remember them"
	rowDevice      = "register a phone"
	rowStep        = "sweep, a due cart: claim a stage, or look again later"
	rowClose       = "sweep, a due cart: close it, or claim its last stage"
	rowSend        = "send a follow-up"
	rowSweep       = "sweep, empty"
	rowReconcile   = "reconcile, empty"
)

// size of session and cart in KB, rounded up, and how many products' stock is kept.
type size struct{ s, c, k float64 }

// budget is what a row may cost.
type budget struct {
	name   string
	trips  int
	writes string
	write  func(size) float64
	read   func(size) float64 // nil: what the strongly consistent reads of its items cost
}

func free(size) float64 { return 0 }

// giveBack is the most that cart and stock cost together with a session that moves in its index.
func giveBack(z size) float64 { return 2*(z.s+z.c+z.k) + 2 }

// withPerson is the read of a cart, and of a person: a profile with five addresses has less than 4 KB.
func withPerson(z size) float64 { return math.Ceil(z.c/4) + 1 }

// looks is what decides on a follow-up: the cart, its session, which may not be there, and two contacts, each of less than 4 KB.
func looks(z size) float64 { return math.Ceil(z.c/4) + max(1, math.Ceil(z.s/4)) + 2 }

func at(units float64) func(size) float64 { return func(size) float64 { return units } }

var budgets = []budget{
	{rowCreate, 1, "c+1", func(z size) float64 { return z.c + 1 }, free},
	{rowAdd, 1, "c", func(z size) float64 { return z.c }, free},
	{rowChange, 1, "c", func(z size) float64 { return z.c }, free},
	{rowRemove, 1, "c", func(z size) float64 { return z.c }, free},
	{rowRead, 1, "0", free, at(1)},
	{rowOpen, 2, "s+1", func(z size) float64 { return z.s + 1 }, nil},
	{rowPatch, 2, "s", func(z size) float64 { return z.s }, nil},
	{rowBefore, 2, "2(s+c+k)+2", giveBack, nil},
	{rowFurther, 2, "2(s+c+k)+2", giveBack, nil},
	{rowLimited, 2, "2(s+c+k)+2+4", func(z size) float64 { return giveBack(z) + 4 }, nil},
	{rowPlace, 1, "s+1", func(z size) float64 { return z.s + 1 }, free},
	{rowDecline, 1, "2(s+c+k)+2", giveBack, free},
	{rowLimitedBack, 1, "2(s+c+k)+2+4", func(z size) float64 { return giveBack(z) + 4 }, free},
	{rowCancel, 1, "2(s+c)+2", func(z size) float64 { return giveBack(size{z.s, z.c, 0}) }, free},
	{rowExpiry, 1, "2(s+c)+2", func(z size) float64 { return giveBack(size{z.s, z.c, 0}) }, free},
	{rowWebhook, 2, "s+1", func(z size) float64 { return z.s + 1 }, nil},
	{rowLateWebhook, 1, "0", free, nil},
	{rowStatus, 1, "0", free, nil},
	{rowNotices, 1, "s", func(z size) float64 { return z.s }, free},
	{rowSession, 1, "0", free, nil},
	{rowFirst, 3, "c+2", func(z size) float64 { return z.c + 2 }, at(1)},
	{rowClaim, 3, "2c+2", func(z size) float64 { return 2*z.c + 2 }, withPerson},
	{rowMerge, 4, "4c", func(z size) float64 { return 4 * z.c }, func(z size) float64 { return math.Ceil(z.c/4) + withPerson(z) }},
	{rowMine, 2, "0", free, withPerson},
	{rowKnown, 3, "s+1", func(z size) float64 { return z.s + 1 }, withPerson},
	{rowRemember, 4, "s+1", func(z size) float64 { return z.s + 1 }, func(z size) float64 { return math.Ceil(z.s/4) + 1 }},
	{rowDevice, 4, "2", at(2), func(z size) float64 { return math.Ceil(z.c/4) + 2 }},
	{rowStep, 4, "c+2", func(z size) float64 { return z.c + 2 }, looks},
	{rowClose, 4, "c+1", func(z size) float64 { return z.c + 1 }, looks},
	{rowSend, 12, "3c+1", func(z size) float64 { return 3*z.c + 1 }, func(z size) float64 { return 2*looks(z) + math.Ceil(z.c/4) + 1 }},
	{rowSweep, 16, "0", free, at(8)},
	{rowReconcile, 9, "0", free, at(4.5)},
}

func kilobytes(size int) float64 { return math.Ceil(float64(size) / 1024) }

func (b budget) check(t *testing.T, r measured) {
	t.Helper()
	z := size{kilobytes(r.session), kilobytes(r.cart), float64(r.kept)}
	if got := r.cost.Trips(); got > b.trips {
		t.Errorf("%s takes %d trips (%v), the budget is %d", b.name, got, r.cost.Requests, b.trips)
	}
	if got, want := r.cost.Write(), b.write(z); got > want {
		t.Errorf("%s writes %v units, the budget is %s = %v (session %d B, cart %d B, %d in stock)", b.name, got, b.writes, want, r.session, r.cart,
			r.kept)
	}
	read := math.Ceil(float64(r.session)/4096) + math.Ceil(float64(r.cart)/4096)
	if b.read != nil {
		read = b.read(z)
	}
	if got := r.cost.Read(); got > read {
		t.Errorf("%s reads %v units, the budget is %v (session %d B, cart %d B)", b.name, got, read, r.session, r.cart)
	}
}

// cartSizes are how many lines the carts have that the budget is tried with.
var cartSizes = []int{1, 3, 15, 50, 100}

var update = flag.Bool("update", false, "write docs/cost.md")

const costDocument = "../../docs/cost.md"

// Every row of the budget, driven through the services and counted on the wire; docs/cost.md says what came out.
func TestBudgets(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	all := map[int][]measured{}
	t.Run("rows", func(t *testing.T) {
		for _, lines := range cartSizes {
			t.Run(fmt.Sprintf("%d lines", lines), func(t *testing.T) {
				t.Parallel()
				m := newMetered(t, lines)
				rows := m.run()
				mu.Lock()
				all[lines] = rows
				mu.Unlock()
				checkRows(t, rows)
				checkSizes(t, lines, rows)
				if n, wrong := m.meter.Compared(); n < 30 || len(wrong) > 0 {
					t.Errorf("of %d requests DynamoDB Local counts otherwise:\n%s", n, strings.Join(wrong, "\n"))
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	want := document(all)
	if *update {
		if err := os.WriteFile(costDocument, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(costDocument); err != nil || string(got) != want {
		t.Errorf("docs/cost.md does not tell what was measured (%v). If it costs more now, find out why. Then:\n"+
			"go test ./checkout/dynamostore -run TestBudgets -update", err)
	}
}

func checkRows(t *testing.T, rows []measured) {
	t.Helper()
	for _, b := range budgets {
		found := false
		for _, r := range rows {
			if r.name == b.name {
				found = true
				b.check(t, r)
			}
		}
		if !found {
			t.Errorf("%s was not measured", b.name)
		}
	}
}

// checkSizes holds items to the sizes that the budget reckons with.
func checkSizes(t *testing.T, lines int, rows []measured) {
	t.Helper()
	cart, session := worst(rows, rowAdd).cart, worst(rows, rowOpen).session
	if most := 410 + 36*lines; cart > most {
		t.Errorf("a cart of %d lines has %d B, at most %d were planned", lines, cart, most)
	}
	if most := 560 + 89*lines; session > most {
		t.Errorf("a session of %d lines has %d B when it is opened, at most %d were planned", lines, session, most)
	}
	if edit := worst(rows, rowAdd).cost.Write(); lines <= 15 && edit > 1 || edit > 5 {
		t.Errorf("an edit of a cart of %d lines writes %v units", lines, edit)
	}
}

// worst is the dearest measurement of a row.
func worst(rows []measured, name string) (w measured) {
	for _, r := range rows {
		if r.name == name && (w.name == "" || r.cost.Write() > w.cost.Write() || r.cost.Write() == w.cost.Write() && r.cost.Read() > w.cost.Read()) {
			w = r
		}
	}
	return w
}
