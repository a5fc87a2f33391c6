package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/functions/internal/api"
	"kassa/payments"
)

// pushed keeps what the provider pushes; tests hand it to the webhook function when it suits them.
func (s *stack) pushed(_ context.Context, body []byte, signature string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, [2]string{string(body), signature})
	return nil
}

func (s *stack) takeEvents() [][2]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.events
	s.events = nil
	return out
}

// anEvent makes the provider push one.
func (s *stack) anEvent(t *testing.T) (body, signature string) {
	t.Helper()
	path, me := s.readySession(t)
	s.call(t, http.MethodPost, path+"/complete", paidBody, me, s.key()).want(http.StatusOK)
	if err := s.provider.Run(t.Context(), s.clock()); err != nil {
		t.Fatal(err)
	}
	for _, e := range s.takeEvents() {
		if strings.Contains(e[0], `"payment_intent.succeeded"`) {
			return e[0], e[1]
		}
	}
	t.Fatal("the provider pushed nothing")
	return "", ""
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	body, signature := s.anEvent(t)
	post := func(body string, headers ...string) reply {
		return s.call(t, http.MethodPost, "/webhooks/stripe", body, headers...)
	}
	post(body, "Stripe-Signature: "+signature).want(http.StatusOK).wantAt("received", "true")
	post(body, "Stripe-Signature: "+signature, "Content-Type: application/octet-stream").want(http.StatusOK)
	var indented strings.Builder
	enc := json.NewEncoder(&indented)
	_ = enc.Encode(json.RawMessage(body))
	for name, w := range map[string]reply{
		"unsigned":       post(body),
		"forged":         post(body, "Stripe-Signature: "+strings.Replace(signature, "v1=", "v1=0", 1)),
		"changed":        post(strings.Replace(body, "succeeded", "succeedeD", 1), "Stripe-Signature: "+signature),
		"a byte more":    post(body+"\n", "Stripe-Signature: "+signature),
		"two signatures": post(body, "Stripe-Signature: "+signature, "Stripe-Signature: "+signature),
	} {
		w.want(http.StatusBadRequest).wantAt("messages.0.code", "invalid")
		if strings.Contains(w.Body.String(), "signature mismatch") || name == "" {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	post(strings.Repeat("x", 256<<10+1), "Stripe-Signature: "+signature).want(http.StatusRequestEntityTooLarge)
	s.pass(6 * time.Minute)
	post(body, "Stripe-Signature: "+signature).want(http.StatusBadRequest)
}

// observer answers every event with an error.
type observer struct{ err error }

func (o observer) Observe(context.Context, payments.Event) error { return o.err }

// verifier takes every body.
type verifier struct{}

func (verifier) Event(time.Time, []byte, string) (payments.Event, error) {
	return payments.Event{}, nil
}

// Whatever goes wrong behind a true event is answered with a 5xx, so that Stripe sends it again.
func TestWebhookFailures(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{
		http.StatusServiceUnavailable:  &checkout.Error{Code: checkout.CodeUnavailable},
		http.StatusInternalServerError: errors.New("disk on fire"),
	} {
		s := newStack(t)
		s.webhook = api.Webhook(api.WebhookDeps{Edge: s.edge, Verifier: verifier{}, Observer: observer{err}})
		w := s.call(t, http.MethodPost, "/webhooks/stripe", "{}", "Stripe-Signature: x").want(want)
		if strings.Contains(w.Body.String(), "fire") {
			t.Errorf("internals: %s", w.Body)
		}
	}
	s := newStack(t)
	s.webhook = api.Webhook(api.WebhookDeps{Edge: s.edge, Verifier: verifier{}, Observer: observer{&checkout.Error{Code: checkout.CodeNotFound}}})
	s.call(t, http.MethodPost, "/webhooks/stripe", "{}", "Stripe-Signature: x").want(http.StatusInternalServerError)
}
