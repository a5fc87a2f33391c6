package sandbox_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments/sandbox"
)

func keyed(key, method string) *stripe.PaymentIntentParams {
	p := pay(method)
	p.SetIdempotencyKey(key)
	return p
}

func replayed(r *stripe.APIResponse) bool { return r.Header.Get("Idempotent-Replayed") == "true" }

func TestReplay(t *testing.T) {
	t.Parallel()
	b := open(t)
	first := b.create(keyed("k1", "pm_card_visa"))
	if replayed(first.LastResponse) {
		t.Error("the first answer is called a replay")
	}
	b.advance(24 * time.Hour)
	b.run()
	second := b.create(keyed("k1", "pm_card_visa"))
	if second.ID != first.ID || !replayed(second.LastResponse) || string(second.LastResponse.RawJSON) != string(first.LastResponse.RawJSON) {
		t.Errorf("replay answers %s, first was %s", second.LastResponse.RawJSON, first.LastResponse.RawJSON)
	}
	if second.LastResponse.Header.Get("Original-Request") != first.LastResponse.RequestID || second.LastResponse.RequestID == first.LastResponse.RequestID {
		t.Errorf("replay's headers = %v", second.LastResponse.Header)
	}
	// A key older than 24 h makes a new payment: the shop's own guard must hold.
	b.advance(time.Second)
	b.run()
	if third := b.create(keyed("k1", "pm_card_visa")); third.ID == first.ID || replayed(third.LastResponse) {
		t.Error("the key was kept beyond 24 h")
	}
	if _, n := b.taken(); n != 2 {
		t.Errorf("%d charges", n)
	}
}

func TestDeclinesAndStateErrorsAreReplayed(t *testing.T) {
	t.Parallel()
	b := open(t)
	for range 3 {
		_, err := b.api.PaymentIntents.New(keyed("k1", "pm_card_chargeDeclined"))
		refusal(t, err, 402, "card_declined")
	}
	if n := len(b.p.Ledger()); n != 1 {
		t.Errorf("%d attempts, want 1", n)
	}
	pi := b.create(pay("pm_card_threeDSecure2Required"))
	capture := &stripe.PaymentIntentCaptureParams{}
	capture.SetIdempotencyKey("k2")
	_, err := b.api.PaymentIntents.Capture(pi.ID, capture)
	refusal(t, err, 400, "payment_intent_unexpected_state")
	if err := b.p.Authenticate(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	_, err = b.api.PaymentIntents.Capture(pi.ID, capture)
	if e := refusal(t, err, 400, "payment_intent_unexpected_state"); e.PaymentIntent.Status != "requires_action" || !replayed(e.LastResponse) {
		t.Errorf("replayed error shows %+v", e.PaymentIntent)
	}
}

func TestOtherParametersUnderOneKey(t *testing.T) {
	t.Parallel()
	b := open(t)
	first := b.create(keyed("k1", "pm_card_visa"))
	other := keyed("k1", "pm_card_visa")
	other.Amount = stripe.Int64(1)
	_, err := b.api.PaymentIntents.New(other)
	e := refusal(t, err, 400, "")
	var mismatch *stripe.IdempotencyError
	if !errors.As(e.Err, &mismatch) {
		t.Errorf("type %q, want idempotency_error", e.Type)
	}
	elsewhere := &stripe.PaymentIntentCancelParams{}
	elsewhere.SetIdempotencyKey("k1")
	_, err = b.api.PaymentIntents.Cancel(first.ID, elsewhere)
	if e := refusal(t, err, 400, ""); e.Type != stripe.ErrorTypeIdempotency {
		t.Errorf("another path: type %q", e.Type)
	}
}

func TestWhatIsNotStored(t *testing.T) {
	t.Parallel()
	b := open(t)
	bad := keyed("k1", "pm_card_visa")
	bad.Amount = stripe.Int64(1)
	_, err := b.api.PaymentIntents.New(bad)
	refusal(t, err, 400, "amount_too_small")
	unknown := keyed("k1", "pm_card_visa")
	unknown.AddExtra("amont", "1")
	_, err = b.api.PaymentIntents.New(unknown)
	refusal(t, err, 400, "parameter_unknown")
	_, err = sdk(b.p.RoundTripper(), "sk_live_1").PaymentIntents.New(keyed("k1", "pm_card_visa"))
	refusal(t, err, 401, "")
	for way, status := range map[sandbox.Way]int{sandbox.WayRateLimited: 429, sandbox.WayConflict: 409} {
		b.inject(sandbox.Fault{Way: way})
		_, err = b.api.PaymentIntents.New(keyed("k1", "pm_card_visa"))
		refusal(t, err, status, map[int]string{429: "rate_limit", 409: "idempotency_key_in_use"}[status])
	}
	pi := b.create(keyed("k1", "pm_card_visa"))
	if replayed(pi.LastResponse) {
		t.Error("a refusal before execution was stored")
	}
}

func TestReadsHaveNoKeys(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(pay("pm_card_threeDSecure2Required"))
	ask := func() sandbox.Answer {
		a, err := b.p.Do(t.Context(), sandbox.Request{Method: http.MethodGet, Path: "/v1/payment_intents/" + pi.ID, Key: secretKey,
			IdempotencyKey: "k1", Params: url.Values{}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := ask()
	if err := b.p.Authenticate(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	if second := ask(); string(second.Body) == string(first.Body) {
		t.Error("a GET was replayed")
	}
}

func TestParallelCallsUnderOneKey(t *testing.T) {
	t.Parallel()
	b := open(t)
	const calls = 200
	var wg sync.WaitGroup
	answers := make(chan string, calls)
	for range calls {
		wg.Go(func() {
			pi, err := b.api.PaymentIntents.New(keyed("k1", "pm_card_visa"))
			var refused *stripe.Error
			switch {
			case err == nil:
				answers <- pi.ID
			case errors.As(err, &refused) && refused.HTTPStatusCode == 409 && refused.Code == stripe.ErrorCodeIdempotencyKeyInUse:
				answers <- "in use"
			default:
				answers <- err.Error()
			}
		})
	}
	wg.Wait()
	close(answers)
	seen := map[string]int{}
	for a := range answers {
		seen[a]++
	}
	delete(seen, "in use")
	if len(seen) != 1 || len(b.p.Ledger()) != 1 {
		t.Errorf("answers %v, %d charges", seen, len(b.p.Ledger()))
	}
}

func TestParallelCallsOfEveryKind(t *testing.T) {
	t.Parallel()
	b := open(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			pi, err := b.api.PaymentIntents.New(keyed(fmt.Sprintf("k%d", i), "pm_card_visa"))
			if err != nil {
				t.Errorf("pay: %v", err)
				return
			}
			for range 4 { // of four refunds of 2000 two fit into 4990
				_, err = b.api.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(pi.ID), Amount: stripe.Int64(2000)})
			}
			if err == nil {
				t.Error("refunded more than was taken")
			}
			if err := b.p.Run(t.Context(), b.now()); err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	wg.Wait()
	b.run()
	if kept, n := b.taken(); kept != 40*990 || n != 40 {
		t.Errorf("kept %d in %d charges", kept, n)
	}
	if n := len(b.received()); n != 40*(3+2*2) {
		t.Errorf("%d webhooks, want each event once: %d", n, 40*7)
	}
}
