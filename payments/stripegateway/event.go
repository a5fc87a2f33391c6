package stripegateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"kassa/payments"
)

var (
	// ErrMode reports a signed event of the other mode: a test endpoint's secret in the live stage, or the reverse.
	ErrMode = errors.New("webhook event is of another mode")
	// ErrEvent reports a signed body that is not a snapshot event that we can read. A thin (v2) event is one: the endpoint
	// is to be made for snapshots.
	ErrEvent = errors.New("webhook body is not a snapshot event")
)

// Verifier reads what Stripe pushes. It holds no key that could move money. It is safe for concurrent use.
type Verifier struct {
	secrets [][]byte
	live    bool
}

// NewVerifier takes the endpoint's signing secrets (whsec_…): one, or two while it is rolled; and the mode whose events are
// taken. No error contains a secret.
func NewVerifier(secrets []string, live bool) (*Verifier, error) {
	if len(secrets) == 0 || len(secrets) > maxSecrets {
		return nil, fmt.Errorf("want one or two webhook secrets, have %d", len(secrets))
	}
	v := &Verifier{live: live}
	for i, secret := range secrets {
		if rest, ok := strings.CutPrefix(secret, secretStart); !ok || rest == "" || strings.TrimSpace(rest) != rest {
			return nil, fmt.Errorf("webhook secret %d must start with %s and hold no space", i+1, secretStart)
		}
		v.secrets = append(v.secrets, []byte(secret))
	}
	return v, nil
}

// Event verifies the raw body against the Stripe-Signature header at the instant now and says what it is about. It fails
// with [ErrTooLarge], [ErrSignature], [ErrTimestamp], [ErrMode] or [ErrEvent], none of which quotes the body. Whatever is not
// answered with a 2xx, Stripe sends again for days.
//
//	payment_intent.succeeded, .processing, .requires_action, .canceled,
//	.amount_capturable_updated                                             intent: the snapshot can be observed
//	payment_intent.payment_failed and any type of intent event we don't know   wake: only a read tells
//	charge.dispute.*, charge.refunded, charge.refund.updated, charge.expired,
//	radar.early_fraud_warning.*, refund.*, review.*                        foreign: Object, and Intent.ID where the event names it
//	payment_intent.created, .partially_funded, everything else             ignored
//
// An intent without a session id in its metadata is ignored too. It belongs to another shop or tool on the same Stripe
// account, for Stripe keeps the metadata that we gave at creation; and should a person have removed ours, reconcile still
// reads the intent by the id that the session holds. Passing it on would cost an inbox item for each of their sales.
//
// The event's API version may be any: nothing is read but what all versions since 2023-10-16 have.
func (v *Verifier) Event(now time.Time, body []byte, signature string) (payments.Event, error) {
	if len(body) > maxEvent {
		return payments.Event{}, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(body))
	}
	if err := checkSignature(now, body, signature, v.secrets); err != nil {
		return payments.Event{}, err
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return payments.Event{}, fmt.Errorf("%w: malformed", ErrEvent)
	}
	if e.Object != "event" || e.ID == "" || e.Type == "" || e.Created <= 0 || e.Livemode == nil {
		return payments.Event{}, fmt.Errorf("%w: object %q", ErrEvent, e.Object)
	}
	if *e.Livemode != v.live {
		return payments.Event{}, fmt.Errorf("%w: event %s has livemode %t", ErrMode, e.ID, *e.Livemode)
	}
	return e.event()
}

// envelope is ours because v76's Event fails on what it need not read, such as a request that is a string.
type envelope struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Type     string `json:"type"`
	Created  int64  `json:"created"`
	Livemode *bool  `json:"livemode"`
	Data     struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

func (e envelope) event() (payments.Event, error) {
	event := payments.Event{ID: e.ID, Type: e.Type, Kind: kindOf(e.Type), Created: time.Unix(e.Created, 0).UTC()}
	switch event.Kind {
	case payments.EventIntent, payments.EventWake:
		var pi snapshot
		if err := json.Unmarshal(e.Data.Object, &pi); err != nil || pi.ID == "" || pi.Object != "payment_intent" {
			return payments.Event{}, fmt.Errorf("%w: %s %s has no intent", ErrEvent, e.Type, e.ID)
		}
		if pi.Metadata[metaSession] == "" {
			event.Kind = payments.EventIgnored
			return event, nil
		}
		event.Intent = intentOf(pi.intent())
	case payments.EventForeign:
		var about subject
		if err := json.Unmarshal(e.Data.Object, &about); err != nil || about.ID == "" {
			return payments.Event{}, fmt.Errorf("%w: %s %s has no object", ErrEvent, e.Type, e.ID)
		}
		event.Object, event.Intent.ID = about.ID, about.Intent.ID
		event.Refund = strings.HasPrefix(string(e.Type), "refund.") || strings.HasPrefix(string(e.Type), "charge.refund")
	case payments.EventIgnored:
	}
	return event, nil
}

// subject is what disputes, warnings, refunds, reviews and charges have in common.
type subject struct {
	ID     string    `json:"id"`
	Intent reference `json:"payment_intent"`
}

func kindOf(eventType string) payments.EventKind {
	switch eventType {
	case "payment_intent.succeeded", "payment_intent.processing", "payment_intent.requires_action",
		"payment_intent.canceled", "payment_intent.amount_capturable_updated":
		return payments.EventIntent
	case "payment_intent.created", "payment_intent.partially_funded":
		return payments.EventIgnored
	case "charge.refunded", "charge.refund.updated", "charge.expired":
		return payments.EventForeign
	}
	if strings.HasPrefix(eventType, "payment_intent.") {
		return payments.EventWake
	}
	for _, prefix := range []string{"charge.dispute.", "radar.early_fraud_warning.", "refund.", "review."} {
		if strings.HasPrefix(eventType, prefix) {
			return payments.EventForeign
		}
	}
	return payments.EventIgnored
}
