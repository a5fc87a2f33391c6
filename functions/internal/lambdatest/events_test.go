package lambdatest_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/functions/internal/lambdatest"
	"kassa/payments/money"
	"kassa/payments/sandbox"
)

// What the files have in the places of ids and of the token that the first one makes, and the sessions that the stream's name.
const (
	sampleHash  = "w51w6889yxk9yhjbas1rpm7htt"
	sampleToken = "kat_1_SIdBvwutryonYveYBNZw8xadA4y6_zD6"
	samplePage  = "V7QK2N5XWJ3T6RZA" // the secret part of the order's page

	sessionA = "cs_w51w6889yxk9yhjbas1rpm7htt_0"
	sessionB = "cs_3v0k7cmz2q8d1xh5n9rtw4jyg6_0"
	sessionC = "cs_bq97ds0rk2m5x8vz1tjw3hg4cn_0"
	sessionD = "cs_ej4t6w0zc1rn9m8kq2hvx5dg7b_0"
	cartA    = "ct_" + sampleHash
)

// step is a file of events/, which is sent to the function that it is named after, and what comes of it.
type step struct {
	file    string
	prepare func(*story)
	status  int      // of the HTTP API
	at      []string // paths in its answer, and what stands there
	answer  string   // of other triggers
	failure string   // reported instead
	after   func(*story)
}

// nothing is what the answer to a schedule is.
const nothing = "null"

// steps are all files, in the order in which they tell a purchase.
var steps = []step{
	{file: "cart-create", status: 201, at: []string{"line_items.0.quantity", "2", "context.language", "nl"}, after: (*story).learn},
	{file: "cart-create-base64", status: 201, at: []string{"buyer.first_name", "Zoë", "buyer.last_name", "Ærøskøbing 😀"}},
	{file: "cart-claim-wrong-audience", status: 401, at: []string{"messages.0.code", "unauthorized"}}, // there are guests only
	{file: "cart-claim", status: 401, at: []string{"messages.0.code", "unauthorized"}},
	{file: "cart-mine", status: 401, at: []string{"messages.0.code", "unauthorized"}},
	{file: "cart-claim-paid", status: 401, at: []string{"messages.0.code", "unauthorized"}},
	{file: "cart-leave", status: 201, at: []string{"buyer.first_name", "Zoë", "buyer.consent.marketing", "true"}},
	{file: "cart-device", status: 200, at: []string{"reachable", "true", "time_zone", "Europe/Amsterdam"}},
	{file: "cart-get", status: 200, at: []string{"totals.0.display_text", "Subtotaal"}},
	{file: "cart-add-line", status: 200, at: []string{"line_items.0.quantity", "3"}},
	{file: "cart-set-line", status: 200, at: []string{"line_items.0.quantity", "4"}},
	{file: "cart-remove-line", status: 200, at: []string{"line_items", "[]"}},
	{file: "cart-two-keys", status: 400, at: []string{"messages.0.code", "invalid"}},
	{file: "cart-other-guest", status: 404, at: []string{"messages.0.code", "not_found"}},
	{file: "cart-search-unicode", status: 200, at: []string{"products.0.id", "beans-kade-1000"}},
	{file: "cart-lookup", status: 200, at: []string{"products.0.id", "beans-kade-250", "messages.0.path", "$.ids[1]"}},
	{file: "cart-product", status: 200, at: []string{"product.id", "beans-kade-250"}},
	{file: "cart-profile", status: 200, at: []string{"ucp.version", "2026-04-08"}},
	{file: "cart-apple-apps", status: 200, at: []string{"applinks.details.0.appIDs.0", "A1B2C3D4E5.example.kade9"}},
	{file: "cart-android-apps", status: 200},
	{file: "cart-health", status: 200, at: []string{"status", "ok"}},
	{file: "cart-unknown-path", status: 404, at: []string{"messages.0.code", "not_found"}},
	{file: "cart-refill", status: 200, at: []string{"line_items.0.quantity", "2"}},
	{file: "checkout-create", status: 201, at: []string{"status", "incomplete"}},
	{file: "checkout-sheet-address", status: 200, at: []string{"fulfillment.methods.0.destinations.0.postal_code", "1015"}},
	{file: "checkout-sheet-option", status: 200, at: []string{"fulfillment.methods.0.groups.0.selected_option_id", "express"}},
	{file: "checkout-prepare", status: 200, at: []string{"status", "requires_escalation", "payment.action.type", "payment_sheet"}},
	{file: "checkout-turn-back", status: 200, at: []string{"status", "ready_for_complete"}},
	{file: "checkout-card-number", status: 400, at: []string{"messages.0.code", "card_number"}},
	{file: "checkout-complete", status: 200, at: []string{"status", "completed"}, after: (*story).learnPage},
	{file: "checkout-get", status: 200, at: []string{"totals.0.display_text", "Delsum"}},
	{file: "checkout-order", status: 200, at: []string{"checkout_id", "cs_HASH_0"}},
	{file: "checkout-withdraw", status: 201, at: []string{"adjustments.0.type", "withdrawal"}},
	{file: "checkout-order-page", status: 200},
	{file: "checkout-buy-now-google", status: 201, at: []string{"status", "completed"}},
	{file: "checkout-agent-version", status: 422, at: []string{"messages.0.code", "version_unsupported"}},
	{file: "webhook-succeeded", status: 200, at: []string{"received", "true"}, after: (*story).keptForReconcile},
	{file: "webhook-dispute-base64", status: 200, at: []string{"received", "true"}, after: (*story).keptForReconcile},
	{file: "webhook-dispute-closed", status: 200, at: []string{"received", "true"}, after: (*story).keptForReconcile},
	{file: "webhook-refunded", status: 200, at: []string{"received", "true"}, after: (*story).keptForReconcile},
	{file: "webhook-refund-failed", status: 200, at: []string{"received", "true"}, after: (*story).keptForReconcile},
	{file: "webhook-processing", status: 200, at: []string{"received", "true"}, after: (*story).keptForReconcile},
	{file: "webhook-forged", status: 400, at: []string{"messages.0.code", "invalid"}},
	{file: "webhook-stale", status: 400, at: []string{"messages.0.code", "invalid"}},
	{file: "admin-import-base64", status: 200, at: []string{"rows", "3", "stored", "2", "errors.0.row", "4", "errors.0.field", "price.EUR"}},
	{file: "admin-import-again", status: 200, at: []string{"stored", "2"}},
	{file: "admin-move-stock", status: 200, at: []string{"moves.0.code", "", "moves.1.code", "not_found"}},
	{file: "admin-export", status: 200},
	{file: "admin-settings-wrong", status: 400, at: []string{"messages.0.path", "$.nmae"}},
	{file: "admin-create-key", status: 201, at: []string{"name", "warehouse", "created_by", "root"}},
	{file: "admin-audit", status: 200, at: []string{"records.0.key", "root", "records.2.outcome", "done", "records.3", ""}},
	{file: "admin-report", status: 200, at: []string{"from", "2026-11-01", "to", "2026-11-23", "lift.verdict", "too_few"}},
	{file: "admin-erase", status: 200, at: []string{"done", "true", "carts", "0"}},
	{file: "admin-shopper", status: 401, at: []string{"messages.0.code", "unauthorized"}},
	{file: "outbox-order-placed", prepare: notices(sessionA), answer: failed(), after: came(sessionA)},
	{file: "outbox-insert", prepare: notices(sessionB), answer: failed(), after: came(sessionB)},
	{file: "outbox-review", prepare: notices(sessionA), answer: failed(), after: came(sessionA)},
	{file: "outbox-batch", prepare: refusing(sessionB, sessionD), answer: failed("4421584500000000017451439094", "4421584500000000017453439100"),
		after: came(sessionA, sessionC)},
	{file: "outbox-poison", prepare: notices(sessionA, sessionC), answer: failed("4421584500000000017451439094"), after: came(sessionA, sessionC)},
	{file: "outbox-spoiled-image", prepare: notices(sessionA), answer: failed(), after: came(sessionA)},
	{file: "outbox-duplicate", prepare: notices(sessionA, sessionC), answer: failed(), after: came(sessionA, sessionB)},
	{file: "outbox-out-of-order", prepare: notices(sessionA), answer: failed(), after: came(sessionA)},
	{file: "outbox-stale-image", answer: failed(), after: came()},
	{file: "outbox-remove", answer: failed(), after: came(sessionD)},
	{file: "outbox-follow-up", prepare: (*story).leavesCart, answer: failed(), after: came(cartA)},
	{file: "outbox-follow-up-again", prepare: (*story).leavesCart, answer: failed(), after: came(cartA)},
	{file: "outbox-drain", answer: nothing, after: (*story).drained},
	{file: "outbox-resume", answer: nothing},
	{file: "outbox-unknown-job", failure: `no such job: "sweep"`},
	{file: "feedback-bounce", answer: nothing},
	{file: "feedback-transient-bounce", answer: nothing},
	{file: "feedback-complaint", answer: nothing},
	{file: "feedback-delivery", answer: nothing},
	{file: "feedback-stop", answer: nothing},
	{file: "feedback-other-topic", answer: nothing},
	{file: "feedback-unsubscribe-get", status: 404},
	{file: "feedback-unsubscribe-post", status: 404},
	{file: "cart-recover-forged", status: 404, at: []string{"messages.0.code", "not_found"}},
	{file: "cart-land-forged", status: 404},
	{file: "sweep-carts", answer: nothing},
	{file: "sweep-due", prepare: (*story).leaves, answer: nothing, after: ends(checkout.StatusCanceled)},
	{file: "sweep-unknown-job", failure: `no such job: "reconcile"`},
	{file: "reconcile-due", prepare: (*story).paysAtTheBank, answer: nothing, after: ends(checkout.StatusCompleted)},
	{file: "reconcile-backfill", prepare: (*story).paysAtTheBank, answer: nothing, after: ends(checkout.StatusCompleted)},
	{file: "reconcile-resume", answer: nothing},
	{file: "reconcile-unknown-job", failure: `no such job: "sweep"`},
}

// story is the steps on their way through functions.
type story struct {
	*testing.T
	*account
	functions map[string]invoker
	ids       *strings.Replacer
	hash      string
	token     string
	last      reply
	told      int     // entries that the bus has had
	shopper   shopper // of the last session that was prepared
}

// TestEveryEvent sends every file in events/ to its function's process.
func TestEveryEvent(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	processes := map[string]invoker{}
	for _, f := range functions {
		processes[f] = a.start(t, f)
	}
	(&story{T: t, account: a, functions: processes, ids: strings.NewReplacer()}).tell()
}

// TestEveryEventIsASteps fails for a file that nobody has said anything about.
func TestEveryEventIsAStep(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "events", "*.json"))
	must(t, err)
	if len(files) < len(steps) {
		t.Errorf("%d files for %d steps", len(files), len(steps))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if !slices.ContainsFunc(steps, func(s step) bool { return s.file == name }) {
			t.Errorf("say in steps what comes of events/%s.json", name)
		}
	}
	for _, f := range functions {
		if !slices.ContainsFunc(steps, func(s step) bool { return strings.HasPrefix(s.file, f+"-") }) {
			t.Errorf("no event is for %s", f)
		}
	}
}

func (y *story) tell() {
	y.Helper()
	for _, s := range steps {
		if s.prepare != nil {
			s.prepare(y)
		}
		y.take(s)
		if y.Failed() {
			y.Fatalf("at events/%s.json", s.file)
		}
	}
	if charges := y.provider.Ledger(); len(charges) != 4 {
		y.Errorf("%d charges: %+v", len(charges), charges)
	}
}

func (y *story) take(s step) {
	y.Helper()
	function, _, _ := strings.Cut(s.file, "-")
	text, err := os.ReadFile(filepath.Join(root, "events", s.file+".json")) //nolint:gosec // a name of ours
	must(y, err)
	event := text
	switch {
	case function == "cart" || function == "checkout":
		event = []byte(y.ids.Replace(string(text)))
	case function == "webhook" && s.status == http.StatusOK:
		event = signed(y, event)
	}
	payload, err := y.functions[function].Invoke(y.Context(), event)
	var failure *lambdatest.Failure
	switch {
	case s.failure != "":
		if !errors.As(err, &failure) || failure.Message != s.failure {
			y.Errorf("failure %v, want %q", err, s.failure)
		}
		return
	case err != nil:
		y.Error(err)
		return
	case s.status != 0:
		y.last = replyOf(y, payload)
		y.last.want(s.status)
		at := slices.Clone(s.at)
		for i := range at {
			at[i] = strings.ReplaceAll(at[i], "HASH", y.hash)
		}
		y.last.wantAt(at...)
	case string(payload) != s.answer:
		y.Errorf("answer %s, want %s", payload, s.answer)
	}
	if s.after != nil {
		s.after(y)
	}
}

// signed is an event of Stripe's with a signature of now: the files' are of a morning in November 2026, and a process has its
// own clock.
func signed(t testing.TB, event []byte) []byte {
	t.Helper()
	var e map[string]any
	must(t, json.Unmarshal(event, &e))
	text, _ := e["body"].(string)
	body := []byte(text)
	if coded, _ := e["isBase64Encoded"].(bool); coded {
		var err error
		body, err = base64.StdEncoding.DecodeString(text)
		must(t, err)
	}
	headers, _ := e["headers"].(map[string]any)
	headers["stripe-signature"] = sandbox.Sign(body, time.Now(), whsec)
	out, err := json.Marshal(e)
	must(t, err)
	return out
}

// learn keeps the ids and the token of the cart that was made.
func (y *story) learn() {
	y.hash = strings.TrimPrefix(y.last.at("id"), "ct_")
	y.token = y.last.at("access_token")
	y.ids = strings.NewReplacer(sampleHash, y.hash, sampleToken, y.token)
}

// learnPage keeps the address of the order's page.
func (y *story) learnPage() {
	_, page, _ := strings.Cut(y.last.at("order.permalink_url"), "_0.")
	y.ids = strings.NewReplacer(sampleHash, y.hash, sampleToken, y.token, samplePage, page)
}

// keptForReconcile checks that what names no session of ours was kept.
func (y *story) keptForReconcile() {
	y.Helper()
	items, _, err := y.store.InboxItems(y.Context(), checkout.DueQuery{Before: time.Now().Add(time.Minute), Limit: 10})
	if err != nil || len(items) == 0 {
		y.Errorf("the inbox has %+v, %v", items, err)
	}
}

// notices gives sessions something to tell.
func notices(sessions ...string) func(*story) {
	return func(y *story) {
		y.Helper()
		y.told = len(y.bus.taken())
		for _, id := range sessions {
			s, err := y.store.Session(y.Context(), id)
			if checkout.ErrorCode(err) == checkout.CodeNotFound {
				err, s = nil, checkout.Session{ID: id, CartID: checkout.CartOfSession(id), Status: checkout.StatusCompleted,
					Order: &checkout.Order{ID: checkout.OrderID(id), Amount: money.New(2485, "EUR")}}
				s.Quote.Total = s.Order.Amount
			}
			must(y, err)
			s.Version, s.Op = s.Version+1, rand.Text()
			s.Notices = map[string]checkout.Notice{rand.Text(): {Kind: "order.placed", At: time.Now()}}
			must(y, y.store.Commit(y.Context(), checkout.Commit{Session: s}))
		}
	}
}

// leavesCart has a cart abandoned.
func (y *story) leavesCart() {
	y.Helper()
	y.told = len(y.bus.taken())
	c, err := y.store.Cart(y.Context(), cartA)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		now := time.Now()
		c = checkout.Cart{ID: cartA, Version: 1, Currency: "EUR", CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour)}
		err = y.store.CreateCart(y.Context(), c)
	}
	must(y, err)
	f := c.Following(rand.Text())
	f.Notify(checkout.NoticeCartAbandoned, "no_checkout", time.Now())
	_, err = y.store.FollowCart(y.Context(), f)
	must(y, err)
}

// refusing gives all sessions something to tell, and has the bus refuse what some tell.
func refusing(sessions ...string) func(*story) {
	return func(y *story) {
		notices(sessionA, sessionB, sessionC, sessionD)(y)
		y.bus.mu.Lock()
		defer y.bus.mu.Unlock()
		for _, id := range sessions {
			y.bus.refused[id] = true
		}
	}
}

// failed is the answer that some records of a batch must come again.
func failed(numbers ...string) string {
	items := make([]string, len(numbers))
	for i, n := range numbers {
		items[i] = `{"itemIdentifier":"` + n + `"}`
	}
	return `{"batchItemFailures":[` + strings.Join(items, ",") + `]}`
}

// came checks that of each of these sessions, or carts, one event has come, and no other.
func came(sessions ...string) func(*story) {
	return func(y *story) {
		y.Helper()
		y.bus.mu.Lock()
		defer y.bus.mu.Unlock()
		var got []string
		for _, e := range y.bus.entries[y.told:] {
			got = append(got, e.about())
		}
		slices.Sort(got)
		want := slices.Sorted(slices.Values(sessions))
		if !slices.Equal(got, want) {
			y.Errorf("events of %q came, want %q", got, want)
		}
		y.told = len(y.bus.entries)
		clear(y.bus.refused)
	}
}

// drained checks that nobody has anything to tell any more.
func (y *story) drained() {
	y.Helper()
	if left, _, err := y.store.Noticed(y.Context(), ""); err != nil || len(left) > 0 {
		y.Errorf("left %v, %v", left, err)
	}
}

// leaves opens a session whose time is over.
func (y *story) leaves() {
	y.Helper()
	y.shopper = arrives(y, y.functions["cart"]).checksOut(y, y.functions["checkout"])
	y.look(y, y.shopper, -time.Minute)
}

// paysAtTheBank leaves a session behind whose shopper has paid at their bank, and which nobody has told.
func (y *story) paysAtTheBank() {
	y.Helper()
	y.shopper = arrives(y, y.functions["cart"]).checksOut(y, y.functions["checkout"])
	ask(y, y.functions["checkout"], y.shopper.pays("pm_card_authenticationRequired", key())).want(http.StatusOK).wantAt("status", "requires_escalation")
	s, err := y.store.Session(y.Context(), y.shopper.session)
	must(y, err)
	must(y, y.provider.Authenticate(s.Intent.ID, true))
	y.look(y, y.shopper, -time.Minute)
}

// ends checks how the session has ended.
func ends(want checkout.Status) func(*story) {
	return func(y *story) {
		y.Helper()
		if s, err := y.store.Session(y.Context(), y.shopper.session); err != nil || s.Status != want {
			y.Errorf("session is %s, want %s (%v)", s.Status, want, err)
		}
	}
}

// emulated is a function under Lambda's emulator of the Runtime API.
type emulated struct{ url string }

// Invoke implements invoker. The emulator answers failures with 200 too.
func (e emulated) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	payload, err := post(ctx, e.url, event)
	if err != nil {
		return nil, err
	}
	var failure lambdatest.Failure
	if json.Unmarshal(payload, &failure) == nil && failure.Type != "" {
		return nil, &failure
	}
	return payload, nil
}
