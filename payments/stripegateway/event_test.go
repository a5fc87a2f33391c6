package stripegateway_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/payments"
	"kassa/payments/stripegateway"
)

func event(t *testing.T, body string) (payments.Event, error) {
	t.Helper()
	return verifier(t, whsecNew).Event(signedAt, []byte(body), sign(whsecNew, body))
}

func TestIntentEvents(t *testing.T) {
	t.Parallel()
	for kind, types := range map[payments.EventKind]string{
		payments.EventIntent:  "succeeded processing requires_action canceled amount_capturable_updated",
		payments.EventWake:    "payment_failed novel",
		payments.EventIgnored: "created partially_funded",
	} {
		for name := range strings.FieldsSeq(types) {
			got, err := event(t, eventBody("payment_intent."+name, intentObject()))
			if err != nil {
				t.Fatal(name, err)
			}
			want := payments.Event{ID: "evt_1", Type: "payment_intent." + name, Kind: kind, Created: time.Unix(1700000000, 0).UTC()}
			if kind != payments.EventIgnored {
				want.Intent = read(t, intentObject()) // as the API would tell it
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

// What another shop or tool on the account sells is nothing to us.
func TestIntentOfSomebodyElse(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"succeeded", "payment_failed"} {
		got, err := event(t, eventBody("payment_intent."+name, intentObject().with(object{"metadata": object{"order": "7"}})))
		if err != nil || got.Kind != payments.EventIgnored || got.Intent != (payments.Intent{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestForeignEvents(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{
		"charge.dispute.created": "dp_1", "charge.dispute.closed": "dp_1", "charge.dispute.funds_withdrawn": "dp_1",
		"radar.early_fraud_warning.created": "issfr_1", "charge.refunded": "ch_1", "charge.refund.updated": "re_1", "charge.expired": "ch_1",
		"refund.updated": "re_1", "refund.failed": "re_1", "review.opened": "prv_1", "review.closed": "prv_1",
	} {
		for about, intent := range map[any]string{"pi_1": "pi_1", nil: ""} {
			got, err := event(t, eventBody(name, object{"id": id, "payment_intent": about}))
			want := payments.Event{ID: "evt_1", Type: name, Kind: payments.EventForeign, Object: id, Intent: payments.Intent{ID: intent},
				Refund: strings.Contains(name, "refund"), Created: time.Unix(1700000000, 0).UTC()}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
	}
	got, err := event(t, eventBody("charge.dispute.created", object{"id": "dp_1", "payment_intent": intentObject()}))
	if err != nil || got.Intent.ID != intentID {
		t.Errorf("expanded intent: %q, %v", got.Intent.ID, err)
	}
}

func TestIgnoredEvents(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"charge.succeeded", "charge.failed", "customer.created", "payment_method.attached", "balance.available", "novel"} {
		got, err := event(t, eventBody(name, object{}))
		if err != nil || got.Kind != payments.EventIgnored || got.ID != "evt_1" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestAPIVersionMayBeAny(t *testing.T) {
	t.Parallel()
	body := strings.Replace(eventBody("payment_intent.succeeded", intentObject().with(object{"novel": object{"a": 1}})), "2023-10-16",
		"2031-01-01.oak", 1)
	if got, err := event(t, body); err != nil || got.Intent.Status != payments.StatusPaid {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestMode(t *testing.T) {
	t.Parallel()
	body := eventBody("payment_intent.succeeded", intentObject())
	live := strings.Replace(body, `"livemode":false,"object":"event"`, `"livemode":true,"object":"event"`, 1)
	if live == body {
		t.Fatal("the body has no livemode to change")
	}
	if _, err := event(t, live); !errors.Is(err, stripegateway.ErrMode) {
		t.Errorf("live event in test: %v", err)
	}
	v, err := stripegateway.NewVerifier([]string{whsecNew}, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Event(signedAt, []byte(body), sign(whsecNew, body)); !errors.Is(err, stripegateway.ErrMode) {
		t.Errorf("test event in live: %v", err)
	}
	if _, err := v.Event(signedAt, []byte(live), sign(whsecNew, live)); err != nil {
		t.Errorf("live event in live: %v", err)
	}
}

func TestNotASnapshotEvent(t *testing.T) {
	t.Parallel()
	whole := eventBody("payment_intent.succeeded", intentObject())
	for name, body := range map[string]string{
		"empty":               ``,
		"null":                `null`,
		"not JSON":            `PRIVATE`,
		"cut short":           whole[:len(whole)-1],
		"trailing":            whole + `{"PRIVATE":1}`,
		"thin":                `{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.error","created":"2026-01-01T00:00:00Z","livemode":false}`,
		"thin, by number":     `{"id":"evt_1","object":"v2.core.event","type":"payment_intent.succeeded","created":1700000000,"livemode":false}`,
		"no data":             `{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1700000000,"livemode":false}`,
		"no mode":             `{"id":"evt_1","object":"event","type":"customer.created","created":1700000000}`,
		"no time":             `{"id":"evt_1","object":"event","type":"customer.created","livemode":false}`,
		"no id":               strings.Replace(whole, "evt_1", "", 1),
		"no type":             strings.Replace(whole, "payment_intent.succeeded", "", 1),
		"not an intent":       eventBody("payment_intent.succeeded", object{"id": "ch_1", "object": "charge"}),
		"intent unreadable":   eventBody("payment_intent.succeeded", intentObject().with(object{"amount": "PRIVATE"})),
		"intent without id":   eventBody("payment_intent.succeeded", intentObject().with(object{"id": ""})),
		"dispute without id":  eventBody("charge.dispute.created", object{"payment_intent": "pi_1"}),
		"dispute that is not": eventBody("charge.dispute.created", object{"id": 7}),
	} {
		got, err := event(t, body)
		if !errors.Is(err, stripegateway.ErrEvent) || got != (payments.Event{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: the error quotes the body: %v", name, err)
		}
	}
}
