package sandbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"

	"kassa/payments/sandbox"
)

func inFile(t *testing.T) func(*sandbox.Config) {
	path := filepath.Join(t.TempDir(), "sandbox.db")
	return func(c *sandbox.Config) { c.Path = path }
}

// TestNothingIsLost leaves a provider with something of every kind and goes on over its file.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	b := open(t, inFile(t))
	paid := b.create(keyed("k1", "pm_card_visa"))
	_, err := b.api.PaymentIntents.New(keyed("k2", "pm_card_chargeDeclined"))
	declined := refusal(t, err, 402, "card_declined").PaymentIntent
	acting, slow := b.create(pay("pm_card_threeDSecure2Required")), b.create(pay("pm_sandbox_processing"))
	refund, err := b.api.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(paid.ID), Amount: stripe.Int64(990)})
	if err != nil {
		t.Fatal(err)
	}
	cus, err := b.api.Customers.New(&stripe.CustomerParams{Email: stripe.String("kari@example.no")})
	if err != nil {
		t.Fatal(err)
	}
	ct, err := b.api.TestHelpersConfirmationTokens.New(&stripe.TestHelpersConfirmationTokenParams{PaymentMethod: stripe.String("pm_card_visa")})
	if err != nil {
		t.Fatal(err)
	}
	b.deaf = true
	b.run()
	b.inject(sandbox.Fault{Way: sandbox.WayDelayed, Delay: time.Minute})
	if _, err = b.api.PaymentIntents.New(keyed("k3", "pm_card_visa")); !errors.Is(err, sandbox.ErrLost) {
		t.Fatal(err)
	}
	ledger, waiting := b.p.Ledger(), b.p.Undelivered()

	restart := func() {
		t.Helper()
		if err := b.p.Close(); err != nil {
			t.Fatal(err)
		}
		b.ids = map[string]int{} // a counter that starts anew must not reuse ids
		b.reopen()
	}
	restart()
	b.deaf = false

	if diff := cmp.Diff(ledger, b.p.Ledger()); diff != "" {
		t.Errorf("ledger (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(waiting, b.p.Undelivered()); diff != "" {
		t.Errorf("webhooks (-before +after):\n%s", diff)
	}
	if again := b.create(keyed("k1", "pm_card_visa")); !replayed(again.LastResponse) || string(again.LastResponse.RawJSON) != string(paid.LastResponse.RawJSON) {
		t.Errorf("replay = %s", again.LastResponse.RawJSON)
	}
	_, err = b.api.PaymentIntents.New(keyed("k2", "pm_card_chargeDeclined"))
	refusal(t, err, 402, "card_declined")
	_, err = b.api.PaymentIntents.New(keyed("k3", "pm_card_visa"))
	refusal(t, err, 409, "idempotency_key_in_use")
	if pi := b.retrieve(declined.ID); pi.LastPaymentError.DeclineCode != "generic_decline" {
		t.Errorf("declined = %+v", pi)
	}
	if err := b.p.Authenticate(acting.ID, true); err != nil {
		t.Error(err)
	}
	if r, err := b.api.Refunds.Get(refund.ID, nil); err != nil || r.Amount != 990 {
		t.Errorf("refund = %+v, %v", r, err)
	}
	with := pay("")
	with.PaymentMethod, with.ConfirmationToken, with.Customer = nil, stripe.String(ct.ID), stripe.String(cus.ID)
	fresh := b.create(with)
	if slices.Contains([]string{paid.ID, acting.ID, slow.ID, declined.ID}, fresh.ID) {
		t.Errorf("id %s was used before", fresh.ID)
	}
	b.advance(10 * time.Minute)
	b.run()
	wantStatus(t, b.retrieve(slow.ID), "succeeded")
	if len(b.p.Undelivered()) != 0 {
		t.Errorf("undelivered: %+v", b.p.Undelivered())
	}
	if late := b.create(keyed("k3", "pm_card_visa")); !replayed(late.LastResponse) {
		t.Error("the delayed call was lost")
	}
	if kept, n := b.taken(); kept != 5*4990-990 || n != 5 {
		t.Errorf("kept %d in %d charges", kept, n)
	}
	listed := func() (ids []string) {
		list := b.api.PaymentIntents.List(nil)
		for list.Next() {
			ids = append(ids, list.PaymentIntent().ID)
		}
		return ids
	}
	// What was written after the restart stands beside what was there before.
	ledger, ids := b.p.Ledger(), listed()
	restart()
	if diff := cmp.Diff(ledger, b.p.Ledger()); diff != "" || len(ledger) != 6 {
		t.Errorf("ledger after a second restart (-before +after):\n%s", diff)
	}
	if again := listed(); !slices.Equal(again, ids) || len(ids) != 6 {
		t.Errorf("listed %v after a second restart, before %v", again, ids)
	}
}

// TestCrash looks at the file right after each answer, as a process finds it that was killed there.
func TestCrash(t *testing.T) {
	t.Parallel()
	b := open(t, inFile(t))
	for i := range 3 {
		pi := b.create(keyed("k"+strconv.Itoa(i), "pm_card_visa"))
		data, err := os.ReadFile(b.cfg.Path)
		if err != nil {
			t.Fatal(err)
		}
		after := &bench{t: t, clock: b.clock, ids: map[string]int{}}
		after.cfg = sandbox.Config{Now: after.now, NewID: after.newID, Path: filepath.Join(t.TempDir(), "copy.db")}
		if err := os.WriteFile(after.cfg.Path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		after.reopen()
		if diff := cmp.Diff(b.p.Ledger(), after.p.Ledger()); diff != "" {
			t.Errorf("ledger (-answered +found):\n%s", diff)
		}
		if again := after.create(keyed("k"+strconv.Itoa(i), "pm_card_visa")); again.ID != pi.ID || !replayed(again.LastResponse) {
			t.Errorf("the stored result of %s was lost", pi.ID)
		}
		if diff := cmp.Diff(b.p.Undelivered(), after.p.Undelivered()); diff != "" {
			t.Errorf("webhooks (-answered +found):\n%s", diff)
		}
		if err := after.p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestLockedFile(t *testing.T) {
	t.Parallel()
	b := open(t, inFile(t))
	if _, err := sandbox.Open(b.cfg); !errors.Is(err, sandbox.ErrLocked) {
		t.Errorf("second open: %v", err)
	}
}

func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.db")
	if err := os.WriteFile(path, []byte("this is no database, but it is long enough to be looked at"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, ids: map[string]int{}}
	if p, err := sandbox.Open(sandbox.Config{Now: b.now, NewID: b.newID, Path: path}); err == nil {
		t.Errorf("opened %v", p)
	}
}

// TestAFileThatCannotBeWritten must leave memory as the file is: nothing is answered that a restart would take back.
func TestAFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	b := open(t, inFile(t))
	pi := b.create(pay("pm_card_threeDSecure2Required"))
	slow := b.create(pay("pm_sandbox_processing"))
	b.run()
	if err := b.p.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := b.api.PaymentIntents.New(keyed("k1", "pm_card_visa"))
	if e := refusal(t, err, 500, ""); e.Type != stripe.ErrorTypeAPI {
		t.Errorf("error = %+v", e)
	}
	if err := b.p.Authenticate(pi.ID, true); err == nil {
		t.Error("authenticated without a file")
	}
	wantStatus(t, b.retrieve(pi.ID), "requires_action")
	b.advance(10 * time.Minute)
	if err := b.p.Run(t.Context(), b.now()); err == nil {
		t.Error("ran without a file")
	}
	wantStatus(t, b.retrieve(slow.ID), "processing")
	if at, ok := b.p.Next(); !ok || at.After(b.now()) {
		t.Errorf("what could not be performed is forgotten: %v %v", at, ok)
	}
	if _, n := b.taken(); n != 0 {
		t.Error("a charge exists in memory only")
	}
	b.reopen()
	b.run()
	wantStatus(t, b.retrieve(slow.ID), "succeeded")
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	b := open(t)
	for name, c := range map[string]sandbox.Config{
		"no clock":    {NewID: b.newID},
		"no ids":      {Now: b.now},
		"no secret":   {Now: b.now, NewID: b.newID, Send: b.receive},
		"no such dir": {Now: b.now, NewID: b.newID, Path: filepath.Join(t.TempDir(), "no", "such", "file")},
	} {
		if _, err := sandbox.Open(c); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func BenchmarkCreateAndConfirm(bm *testing.B) {
	for name, path := range map[string]string{"memory": "", "file": filepath.Join(bm.TempDir(), "sandbox.db")} {
		bm.Run(name, func(bm *testing.B) {
			n := 0
			p, err := sandbox.Open(sandbox.Config{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }, Path: path,
				NewID: func(prefix string) string { n++; return prefix + "_" + strconv.Itoa(n) }})
			if err != nil {
				bm.Fatal(err)
			}
			defer func() { _ = p.Close() }()
			api := sdk(p.RoundTripper(), secretKey)
			bm.ReportAllocs()
			for bm.Loop() {
				if _, err := api.PaymentIntents.New(pay("pm_card_visa")); err != nil {
					bm.Fatal(err)
				}
			}
		})
	}
}
