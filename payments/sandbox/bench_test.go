package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"kassa/payments/sandbox"
)

const (
	secretKey     = "sk_test_sandbox"
	webhookSecret = "whsec_first"
	comeBack      = "https://shop.example/back?from=bank"
)

// bench is a provider with a clock that only the test moves, and the real SDK pointed at it.
type bench struct {
	t   *testing.T
	p   *sandbox.Provider
	api *client.API
	cfg sandbox.Config

	mu    sync.Mutex
	clock time.Time
	ids   map[string]int
	got   []posted // webhooks in the order of arrival
	deaf  bool     // the shop refuses webhooks
}

type posted struct {
	body      []byte
	signature string
}

func open(t *testing.T, changes ...func(*sandbox.Config)) *bench {
	t.Helper()
	b := &bench{t: t, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ids: map[string]int{}}
	b.cfg = sandbox.Config{Now: b.now, NewID: b.newID, BaseURL: "http://sandbox.test/", Send: b.receive,
		WebhookSecrets: []string{webhookSecret}}
	for _, change := range changes {
		change(&b.cfg)
	}
	b.reopen()
	t.Cleanup(func() {
		if err := b.p.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

// reopen starts a provider over the same file, as after a crash.
func (b *bench) reopen() {
	b.t.Helper()
	p, err := sandbox.Open(b.cfg)
	if err != nil {
		b.t.Fatalf("open: %v", err)
	}
	b.p, b.api = p, sdk(p.RoundTripper(), secretKey)
}

func sdk(rt http.RoundTripper, key string) *client.API {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String("http://sandbox.test"), HTTPClient: &http.Client{Transport: rt}, MaxNetworkRetries: stripe.Int64(0),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return client.New(key, &stripe.Backends{API: backend, Connect: backend, Uploads: backend})
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

func (b *bench) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(d)
}

func (b *bench) newID(prefix string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ids[prefix]++
	return fmt.Sprintf("%s_%d", prefix, b.ids[prefix])
}

func (b *bench) receive(_ context.Context, body []byte, signature string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deaf {
		return errors.New("shop is down")
	}
	b.got = append(b.got, posted{body, signature})
	return nil
}

// run performs what is due now.
func (b *bench) run() {
	b.t.Helper()
	if err := b.p.Run(b.t.Context(), b.now()); err != nil {
		b.t.Fatalf("run: %v", err)
	}
}

// received lists the types of the webhooks that arrived.
func (b *bench) received() []string {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var types []string
	for _, w := range b.got {
		var e struct{ Type string }
		if err := json.Unmarshal(w.body, &e); err != nil {
			b.t.Fatalf("webhook body: %v", err)
		}
		types = append(types, e.Type)
	}
	return types
}

func (b *bench) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = nil
}

// pay is the parameters of one call that pays.
func pay(method string) *stripe.PaymentIntentParams {
	return &stripe.PaymentIntentParams{Amount: stripe.Int64(4990), Currency: stripe.String("eur"), Confirm: stripe.Bool(true),
		PaymentMethod: stripe.String(method), PaymentMethodTypes: stripe.StringSlice([]string{"card", "ideal"}),
		ReturnURL: stripe.String(comeBack), Metadata: map[string]string{"session_id": "ses_1"}}
}

func (b *bench) create(params *stripe.PaymentIntentParams) *stripe.PaymentIntent {
	b.t.Helper()
	pi, err := b.api.PaymentIntents.New(params)
	if err != nil {
		b.t.Fatalf("create intent: %v", err)
	}
	return pi
}

func (b *bench) retrieve(id string) *stripe.PaymentIntent {
	b.t.Helper()
	pi, err := b.api.PaymentIntents.Get(id, nil)
	if err != nil {
		b.t.Fatalf("retrieve %s: %v", id, err)
	}
	return pi
}

func (b *bench) inject(f sandbox.Fault) {
	b.t.Helper()
	if err := b.p.Inject(f); err != nil {
		b.t.Fatalf("inject: %v", err)
	}
}

// wantStatus holds an intent against the status that it must have.
func wantStatus(t *testing.T, pi *stripe.PaymentIntent, want string) {
	t.Helper()
	if string(pi.Status) != want {
		t.Fatalf("status of %s is %s, want %s", pi.ID, pi.Status, want)
	}
}

// refusal is Stripe's error, which the call must have answered.
func refusal(t *testing.T, err error, status int, code string) *stripe.Error {
	t.Helper()
	var e *stripe.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want one of Stripe's with code %q", err, code)
	}
	if e.HTTPStatusCode != status || string(e.Code) != code {
		t.Fatalf("refused with %d %q (%s), want %d %q", e.HTTPStatusCode, e.Code, e.Msg, status, code)
	}
	return e
}

// taken sums what the ledger says was kept of the charges of ses_1, and counts the successful ones.
func (b *bench) taken() (kept int64, successes int) {
	for _, c := range b.p.Ledger() {
		if c.SessionID != "ses_1" {
			continue
		}
		kept += c.Captured - c.Refunded
		if c.Status == sandbox.ChargeSucceeded {
			successes++
		}
	}
	return kept, successes
}

// raw performs a call that the SDK would not let out.
func (b *bench) raw(method, path, form string) (int, map[string]any) {
	b.t.Helper()
	return b.rawAs(secretKey, method, path, form)
}
