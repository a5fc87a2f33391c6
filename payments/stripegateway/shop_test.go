package stripegateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"kassa/payments"
	"kassa/payments/sandbox"
	"kassa/payments/stripegateway"
)

// shop is the gateway on one side, a provider with true state on the other, and a clock.
type shop struct {
	*stripegateway.Gateway
	provider *sandbox.Provider
	verifier *stripegateway.Verifier

	mu     sync.Mutex
	now    time.Time
	ids    int
	events []payments.Event
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{now: signedAt, verifier: verifier(t, whsecNew, whsecOld)}
	p, err := sandbox.Open(sandbox.Config{
		Now: s.clock,
		NewID: func(prefix string) string {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ids++
			return fmt.Sprintf("%s_%06d", prefix, s.ids)
		},
		Send: func(_ context.Context, body []byte, signature string) error {
			e, err := s.verifier.Event(s.clock(), body, signature)
			if err != nil {
				t.Errorf("event refused: %v", err)
			}
			s.events = append(s.events, e)
			return err
		},
		WebhookSecrets: []string{"whsec_of_another_endpoint", whsecOld},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.provider = p
	s.Gateway, err = stripegateway.New(stripegateway.Config{SecretKey: secretKey, HTTPClient: &http.Client{Transport: p.RoundTripper()}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *shop) pass(t *testing.T, d time.Duration) {
	t.Helper()
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
	if err := s.provider.Run(t.Context(), s.clock()); err != nil {
		t.Fatal(err)
	}
}

// taken is what the provider holds of the shopper's money, counted in its own ledger.
func (s *shop) taken() (total int64, charges int) {
	for _, c := range s.provider.Ledger() {
		if c.Captured > 0 {
			total, charges = total+c.Captured-c.Refunded, charges+1
		}
	}
	return total, charges
}

// create makes an object at the provider, as the app's SDK would, and returns its id.
func (s *shop) create(t *testing.T, path string, params url.Values) string {
	t.Helper()
	a, err := s.provider.Do(t.Context(), sandbox.Request{Method: http.MethodPost, Path: path, Params: params, Key: secretKey})
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, a.Status, a.Body, err)
	}
	var made struct{ ID string }
	if err := json.Unmarshal(a.Body, &made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func (s *shop) confirmationToken(t *testing.T, card string) string {
	return s.create(t, "/v1/test_helpers/confirmation_tokens", url.Values{"payment_method": {card}})
}

func card(name string) payments.Request {
	return paid(request(), payments.InstrumentPaymentMethod, "pm_card_"+name)
}

func (s *shop) mustPay(t *testing.T, r payments.Request) payments.Intent {
	t.Helper()
	i, err := s.Pay(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return i
}
