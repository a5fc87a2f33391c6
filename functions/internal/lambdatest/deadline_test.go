package lambdatest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
	"kassa/functions/internal/lambdatest"
)

// bounded gives runs less time than they have on AWS, of which jobs keep 2 s back, and the outbox 5 s more.
func bounded(c *lambdatest.Config) { c.Timeout = 9 * time.Second }

// job invokes a job and returns what it logs of itself. It must not fail: then nothing goes to a queue, and nobody is alarmed.
func (a *account) job(t *testing.T, f *process, file string) string {
	t.Helper()
	const line = `"message":"job"`
	before := strings.Count(f.Logs(), line)
	answer, err := f.Invoke(t.Context(), sample(t, "events/"+file+".json"))
	if err != nil || string(answer) != nothing {
		t.Fatalf("%s answers %s, %v, log: %s", file, answer, err, f.Logs())
	}
	for range 200 { // what a process writes is read a moment later
		if log := f.Logs(); strings.Count(log, line) > before {
			return log[strings.LastIndex(log, line):]
		}
		pause(t.Context(), 50*time.Millisecond)
	}
	t.Fatalf("%s has logged nothing of itself: %s", file, f.Logs())
	return ""
}

// runsOut invokes a job whose store falls silent at the n-th call, until its time is up.
func (a *account) runsOut(t *testing.T, f *process, file string, n int) {
	t.Helper()
	a.border.Arm(n, lambdatest.Silent, nil)
	if line := a.job(t, f, file); !strings.Contains(line, `"unfinished":true`) {
		t.Fatalf("out of time, %s logs %s", file, line)
	}
}

// ends invokes a job that comes to its end, and returns what it has called.
func (a *account) ends(t *testing.T, f *process, file string) []string {
	t.Helper()
	a.border.Disarm()
	if line := a.job(t, f, file); !strings.Contains(line, `"failed":0,"unfinished":false`) {
		t.Fatalf("%s logs %s", file, line)
	}
	return a.border.Calls()
}

// TestSweepGoesOnInTheNextRun has a sweep of carts run out of time in the middle of them: the next one finds the others, and each is
// claimed once.
func TestSweepGoesOnInTheNextRun(t *testing.T) {
	t.Parallel()
	const carts = 40
	a := newAccount(t)
	agrees, left := true, time.Now().Add(-21*time.Hour)
	for i := range carts {
		must(t, a.store.CreateCart(t.Context(), checkout.Cart{
			ID: fmt.Sprintf("ct_%026d", i), Version: 1, Currency: "EUR", Context: checkout.Context{Country: "NL"},
			Lines:     []checkout.LineItem{{ID: checkout.LineID(sku), SKU: sku, Quantity: 1}},
			Buyer:     checkout.Buyer{Email: fmt.Sprintf("shopper%d@example.com", i), Consent: &checkout.Consent{Marketing: &agrees}},
			CreatedAt: left, UpdatedAt: left, ExpiresAt: time.Now().Add(time.Hour), Due: left.Add(time.Hour),
			Create: checkout.NewMark("cart", fmt.Sprint(i), "print"),
		}))
	}
	claimed := func() (n int) {
		for i := range carts {
			c, err := a.store.Cart(t.Context(), fmt.Sprintf("ct_%026d", i))
			must(t, err)
			if c.Abandonment == nil {
				continue
			}
			n++
			if got := c.Abandonment; got.Revision != 1 || len(got.FollowUps) != 2 || len(c.Notices) != 2 || !c.Due.After(time.Now()) {
				t.Errorf("the cart was claimed as %+v, with %v", got, c.Notices)
			}
		}
		return n
	}
	sweep := a.start(t, "sweep", bounded)
	a.runsOut(t, sweep, "sweep-carts", 20)
	if n := claimed(); n == 0 || n == carts {
		t.Errorf("%d of %d carts were claimed in the first run, want some of them", n, carts)
	}
	a.ends(t, sweep, "sweep-carts")
	if n := claimed(); n != carts {
		t.Errorf("%d of %d carts were claimed in two runs", n, carts)
	}
}

// TestDrainGoesOnWhereItStopped has a drain run out of time behind the first page of sessions: the next run reads only the others.
func TestDrainGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	for i := range 5 { // a page is 1 MB
		_, err := a.client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &a.tables.Sessions, Item: map[string]types.AttributeValue{
			"i": &types.AttributeValueMemberS{Value: fmt.Sprintf("large%d", i)},
			"z": &types.AttributeValueMemberS{Value: strings.Repeat("z", 380<<10)},
		}})
		must(t, err)
	}
	told := a.onSecondPage(t)
	outbox := a.start(t, "outbox", bounded)
	a.runsOut(t, outbox, "outbox-drain", 6)
	want := []string{"dynamodb GetItem", "dynamodb GetItem", "dynamodb Scan", "dynamodb UpdateItem", "dynamodb Scan", "dynamodb Scan"}
	if calls := a.border.Calls(); len(calls) < len(want) || !slices.Equal(calls[:len(want)], want) {
		t.Fatalf("the first run calls %q, want %q: bookmarks, a page, its bookmark, the carts, the next page", calls, want)
	}
	if taken := a.bus.taken(); len(taken) > 0 {
		t.Errorf("told so far: %q", taken)
	}
	scans := 0
	for _, call := range a.ends(t, outbox, "outbox-resume") {
		if call == "dynamodb Scan" {
			scans++
		}
	}
	pages := 0
	for cursor, more := "", true; more; more = cursor != "" {
		var err error
		_, cursor, err = a.store.Noticed(t.Context(), cursor)
		must(t, err)
		pages++
	}
	if scans != pages-1 {
		t.Errorf("the second run reads %d pages of %d, want all but the first", scans, pages)
	}
	if taken := a.bus.taken(); !slices.Equal(taken, []string{told + " order.placed"}) {
		t.Errorf("told: %q", taken)
	}
	if calls := a.ends(t, outbox, "outbox-resume"); slices.Contains(calls, "dynamodb Scan") {
		t.Errorf("with nothing left, resuming calls %q", calls)
	}
}

// onSecondPage gives something to tell to a session that a scan of the table comes to behind its first page.
func (a *account) onSecondPage(t *testing.T) (session string) {
	t.Helper()
	_, second, err := a.store.Noticed(t.Context(), "")
	must(t, err)
	for i := range 64 {
		session = checkout.SessionID(fmt.Sprintf("ct_%026d", i), 0)
		notices(session)(&story{T: t, account: a})
		behind, _, err := a.store.Noticed(t.Context(), second)
		must(t, err)
		if second != "" && slices.Contains(behind, session) {
			return session
		}
		s, err := a.store.Session(t.Context(), session)
		must(t, err)
		for id := range s.Notices {
			must(t, a.store.RemoveNotices(t.Context(), session, []string{id}))
		}
	}
	t.Fatal("no session is on the second page")
	return ""
}
