package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"kassa/checkout"
	"kassa/functions/internal/edge"
	"kassa/payments"
)

// Verifier reads what the provider pushes.
type Verifier interface {
	// Event verifies a body as it came against its signature and returns it in our words. An error says that the body was
	// not signed by the provider, not lately, or can't be read.
	Event(now time.Time, body []byte, signature string) (payments.Event, error)
}

// Observer takes in what the provider reports. *checkout.Observer is one.
type Observer interface {
	// Observe returns nil once the event is durable, or has had its effect.
	Observe(ctx context.Context, e payments.Event) error
}

// WebhookDeps is what the webhook function serves with.
type WebhookDeps struct {
	Edge     edge.Config
	Verifier Verifier
	Observer Observer
}

// maxEvent bounds the body of an event.
const maxEvent = 256 << 10

// Webhook returns the function webhook. It answers 200 only for what is durable, 400 for what the provider didn't send, and
// 5xx else, upon which Stripe sends the event again for up to three days.
func Webhook(d WebhookDeps) Handler {
	return handler(d.Edge,
		edge.Route{Method: http.MethodPost, Pattern: "/webhooks/stripe", Body: edge.RawBody, Limit: maxEvent, Handle: d.take})
}

func (d WebhookDeps) take(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	signatures := r.HTTP.Header.Values("Stripe-Signature")
	if len(signatures) != 1 {
		return edge.Answer{}, forged(errors.New("not exactly one signature"))
	}
	event, err := d.Verifier.Event(d.Edge.Now(), r.Raw, signatures[0])
	if err != nil {
		return edge.Answer{}, forged(err)
	}
	if err := d.Observer.Observe(ctx, event); err != nil {
		return edge.Answer{}, again(err)
	}
	return edge.Answer{Body: struct {
		Received bool `json:"received"`
	}{true}}, nil
}

// forged says nothing about why: that would help a forger.
func forged(err error) error {
	return &checkout.Error{Code: checkout.CodeInvalid, Message: "the signature does not fit this body at this time", Err: err}
}

// again makes a 5xx of whatever went wrong behind a true event. Any other status would make the provider think that we have
// it, or don't want it.
func again(err error) error {
	if checkout.ErrorCode(err) == checkout.CodeUnavailable {
		return err
	}
	return &checkout.Error{Code: checkout.CodeInternal, Err: err}
}
