package sandbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments/sandbox"
)

// TestFaults meets each way once, then repeats the call under its key as a careful shop does.
func TestFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		way      sandbox.Way
		status   int // 0: no answer
		code     string
		charges  int // after the first call
		repeat   int // status of the repetition
		replayed bool
		finally  int // charges after it
	}{
		{sandbox.WayRefused, 0, "", 0, 200, false, 1},
		{sandbox.WayLost, 0, "", 1, 200, true, 1},
		{sandbox.WayErrorAfter, 500, "", 1, 500, true, 1},
		{sandbox.WayErrorBefore, 500, "", 0, 500, true, 0},
		{sandbox.WayConflict, 409, "idempotency_key_in_use", 0, 200, false, 1},
		{sandbox.WayRateLimited, 429, "rate_limit", 0, 200, false, 1},
	}
	for _, c := range cases {
		t.Run(string(c.way), func(t *testing.T) {
			t.Parallel()
			b := open(t)
			b.inject(sandbox.Fault{Match: "payment_intents.create", Way: c.way})
			_, err := b.api.PaymentIntents.New(keyed("k1", "pm_card_visa"))
			if c.status != 0 {
				refusal(t, err, c.status, c.code)
			} else if want := map[sandbox.Way]error{sandbox.WayRefused: sandbox.ErrRefused, sandbox.WayLost: sandbox.ErrLost}[c.way]; !errors.Is(err, want) {
				t.Fatalf("error = %v, want %v", err, want)
			}
			if n := len(b.p.Ledger()); n != c.charges {
				t.Errorf("%d charges after the fault, want %d", n, c.charges)
			}
			pi, err := b.api.PaymentIntents.New(keyed("k1", "pm_card_visa"))
			if c.repeat == 200 {
				if err != nil || replayed(pi.LastResponse) != c.replayed {
					t.Fatalf("repetition: %v, replayed %v", err, pi.LastResponse)
				}
			} else if e := refusal(t, err, c.repeat, c.code); replayed(e.LastResponse) != c.replayed {
				t.Errorf("repetition is no replay")
			}
			if n := len(b.p.Ledger()); n != c.finally {
				t.Errorf("%d charges in the end, want %d", n, c.finally)
			}
		})
	}
}

func TestBadGateway(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.inject(sandbox.Fault{Match: "POST /v1/payment_intents", Way: sandbox.WayBadGateway})
	_, err := b.api.PaymentIntents.New(pay("pm_card_visa"))
	var answered *stripe.Error
	if err == nil || errors.As(err, &answered) {
		t.Errorf("error = %v, want one that is not Stripe's", err)
	}
	if len(b.p.Ledger()) != 0 {
		t.Error("charged all the same")
	}
}

func TestLateAnswer(t *testing.T) {
	t.Parallel()
	b := open(t)
	meanwhile := ""
	b.inject(sandbox.Fault{Way: sandbox.WayLate, Late: func(context.Context) {
		_, err := b.api.PaymentIntents.New(keyed("k1", "pm_card_visa"))
		meanwhile = string(refusal(t, err, 409, "idempotency_key_in_use").Code)
		if len(b.p.Ledger()) != 1 {
			t.Error("the effect waits for the answer")
		}
	}})
	first := b.create(keyed("k1", "pm_card_visa"))
	if again := b.create(keyed("k1", "pm_card_visa")); meanwhile == "" || again.ID != first.ID {
		t.Errorf("meanwhile %q, later %s, first %s", meanwhile, again.ID, first.ID)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	b.inject(sandbox.Fault{Way: sandbox.WayLate})
	params := keyed("k2", "pm_card_visa")
	params.Context = ctx
	if _, err := b.api.PaymentIntents.New(params); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
	if pi := b.create(keyed("k2", "pm_card_visa")); !replayed(pi.LastResponse) || len(b.p.Ledger()) != 2 {
		t.Error("the late call had no effect")
	}
}

func TestDelayedEffect(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.inject(sandbox.Fault{Match: "payment_intents.*", Way: sandbox.WayDelayed, Delay: 3 * time.Minute})
	_, err := b.api.PaymentIntents.New(keyed("k1", "pm_card_visa"))
	if !errors.Is(err, sandbox.ErrLost) {
		t.Fatalf("error = %v", err)
	}
	b.run()
	if list := b.api.PaymentIntents.List(nil); list.Next() {
		t.Fatal("the effect came at once")
	}
	_, err = b.api.PaymentIntents.New(keyed("k1", "pm_card_visa"))
	refusal(t, err, 409, "idempotency_key_in_use")
	if at, ok := b.p.Next(); !ok || !at.Equal(b.now().Add(3*time.Minute)) {
		t.Errorf("next = %v %v", at, ok)
	}
	b.advance(3 * time.Minute)
	b.run()
	if pi := b.create(keyed("k1", "pm_card_visa")); !replayed(pi.LastResponse) || pi.Created != b.now().Unix() {
		t.Errorf("intent = %+v", pi)
	}
	if n := len(b.p.Ledger()); n != 1 {
		t.Errorf("%d charges", n)
	}
}

func TestFaultsCount(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.inject(sandbox.Fault{Match: "POST /v1/customers*", Way: sandbox.WayRefused, Times: 2})
	b.create(pay("pm_card_visa")) // does not match
	for i := range 3 {
		if _, err := b.api.Customers.New(nil); (err == nil) != (i == 2) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	b.inject(sandbox.Fault{Way: sandbox.WayRateLimited, Times: -1})
	for range 5 {
		_, err := b.api.Balance.Get(nil)
		refusal(t, err, 429, "rate_limit")
	}
	b.p.ClearFaults()
	if _, err := b.api.Balance.Get(nil); err != nil {
		t.Errorf("after ClearFaults: %v", err)
	}
	if err := b.p.Inject(sandbox.Fault{Way: "explode"}); !errors.Is(err, sandbox.ErrUnknown) {
		t.Errorf("unknown way: %v", err)
	}
	if err := b.p.Inject(sandbox.Fault{Match: "payment_intents.fly", Way: sandbox.WayLost}); !errors.Is(err, sandbox.ErrUnknown) || !strings.Contains(err.Error(), "fly") {
		t.Errorf("unknown operation: %v", err)
	}
	for _, way := range sandbox.Ways() {
		b.inject(sandbox.Fault{Match: "refunds.create", Way: way})
	}
}
