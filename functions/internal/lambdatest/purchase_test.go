package lambdatest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/payments/sandbox"
)

// TestPurchase buys with the functions as they ship, each in its process.
func TestPurchase(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	cart, pays, webhook, outbox := a.start(t, "cart"), a.start(t, "checkout"), a.start(t, "webhook"), a.start(t, "outbox")
	a.takeWebhooks(webhook)

	t.Run("at once", func(t *testing.T) {
		s := arrives(t, cart).checksOut(t, pays)
		again := key()
		done := ask(t, pays, s.pays("pm_card_visa", again)).want(http.StatusOK).wantAt("status", "completed", "continue_url", "")
		order := done.at("order.id")
		call(t, pays, http.MethodGet, "/orders/"+order, "", s.me).want(http.StatusOK).wantAt("checkout_id", s.session)
		if repeated := ask(t, pays, s.pays("pm_card_visa", again)); repeated.body != done.body || repeated.header["idempotent-replayed"] != "true" {
			t.Errorf("the replay differs:\n%s\n%s", done.body, repeated.body)
		}
		must(t, a.provider.Run(t.Context(), a.now()))
		a.wantPaidOnce(t, s)
		call(t, cart, http.MethodGet, "/carts/"+s.cart, "", s.me).want(http.StatusOK).wantAt("status", "locked", "checkout_id", s.session)
	})
	t.Run("after a decline", func(t *testing.T) {
		s := arrives(t, cart).checksOut(t, pays)
		ask(t, pays, s.pays("pm_card_chargeDeclinedExpiredCard", key())).want(http.StatusOK).
			wantAt("status", "ready_for_complete", "messages.0.code", "payment_failed", "messages.0.details.reason", "card_expired")
		call(t, cart, http.MethodGet, "/carts/"+s.cart, "", s.me).want(http.StatusOK).wantAt("status", "open")
		ask(t, pays, s.pays("pm_card_visa", key())).want(http.StatusOK).wantAt("status", "completed")
		must(t, a.provider.Run(t.Context(), a.now()))
		a.wantPaidOnce(t, s)
	})
	t.Run("with 3-D Secure", func(t *testing.T) {
		s := arrives(t, cart).checksOut(t, pays)
		ask(t, pays, s.pays("pm_card_authenticationRequired", key())).want(http.StatusOK).wantAt("status", "requires_escalation")
		stored, err := a.store.Session(t.Context(), s.session)
		must(t, err)
		must(t, a.provider.Authenticate(stored.Intent.ID, true))
		must(t, a.provider.Run(t.Context(), a.now())) // the webhook places the order
		if placed, err := a.store.Session(t.Context(), s.session); err != nil || placed.Order == nil {
			t.Fatalf("the webhook placed no order: %+v, %v", placed, err)
		}
		call(t, pays, http.MethodGet, s.path(), "", s.me).want(http.StatusOK).wantAt("status", "completed")
		a.wantPaidOnce(t, s)
	})
	t.Run("told to others", func(t *testing.T) {
		records := a.streamed(t)
		if len(records) < 3 {
			t.Fatalf("the stream has %d records with notices", len(records))
		}
		batch, err := json.Marshal(map[string]any{"Records": records})
		must(t, err)
		for range 2 { // Lambda may deliver a batch again
			if answered, err := outbox.Invoke(t.Context(), batch); err != nil || string(answered) != `{"batchItemFailures":[]}` {
				t.Fatalf("answer %s, %v, log: %s", answered, err, outbox.Logs())
			}
		}
		if taken := a.bus.taken(); len(taken) != 3 || !strings.HasSuffix(taken[0], " order.placed") {
			t.Errorf("the bus has %q", taken)
		}
		if sent := a.mail.taken(); len(sent) != 3 {
			t.Errorf("SES has %v", sent)
		}
		a.wantMailedOnce(t)
		for _, e := range a.bus.entries {
			if e.EventBusName != "kassa" || e.Source != "com.example.shop" {
				t.Errorf("entry %+v", e)
			}
		}
		if left, _, err := a.store.Noticed(t.Context(), ""); err != nil || len(left) > 0 {
			t.Errorf("notices left in %v, %v", left, err)
		}
	})
	for _, f := range []*process{cart, pays, webhook, outbox} {
		for _, secret := range []string{secretKey, whsec, "ada@example.com", "Keizersgracht", "kat_", "_secret_"} {
			if strings.Contains(f.Logs(), secret) {
				t.Errorf("%s logs %q: %s", f.name, secret, f.Logs())
			}
		}
	}
}

// wantMailedOnce checks that no message was sent twice, whatever came again or died.
func (a *account) wantMailedOnce(t testing.TB) {
	t.Helper()
	for id, n := range a.mail.taken() {
		if n != 1 {
			t.Errorf("message %s was sent %d times", id, n)
		}
	}
}

// takeWebhooks has a function take what the provider pushes.
func (a *account) takeWebhooks(f invoker) {
	send := func(ctx context.Context, body []byte, signature string) error {
		payload, err := f.Invoke(ctx, request(http.MethodPost, "/webhooks/stripe", string(body), "Stripe-Signature: "+signature))
		if err != nil {
			return err
		}
		var out struct{ StatusCode int }
		if err := json.Unmarshal(payload, &out); err != nil || out.StatusCode != http.StatusOK {
			return fmt.Errorf("webhook answers %s, %w", payload, err)
		}
		return nil
	}
	a.send.Store(&send)
}

// charges lists what was taken for a session and not given back.
func (a *account) charges(session string) (kept []sandbox.Charge) {
	for _, c := range a.provider.Ledger() {
		if c.SessionID == session && c.Captured > c.Refunded {
			kept = append(kept, c)
		}
	}
	return kept
}

// wantPaidOnce checks that one charge and one order of the shopper's total are all that there is.
func (a *account) wantPaidOnce(t testing.TB, s shopper) {
	t.Helper()
	stored, err := a.store.Session(t.Context(), s.session)
	must(t, err)
	kept := a.charges(s.session)
	if stored.Status != checkout.StatusCompleted || stored.Order == nil || len(kept) != 1 {
		t.Fatalf("session is %s with order %+v and charges %+v", stored.Status, stored.Order, kept)
	}
	if taken := kept[0].Captured - kept[0].Refunded; fmt.Sprint(taken) != s.total || stored.Order.Amount.Minor != taken {
		t.Fatalf("taken %d for an order of %v, the shopper saw %s", taken, stored.Order.Amount, s.total)
	}
}
