package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"kassa/payments/sandbox"
)

func TestEventsOfEveryPath(t *testing.T) {
	t.Parallel()
	manual := pay("pm_card_visa")
	manual.PaymentMethodTypes, manual.CaptureMethod = stripe.StringSlice([]string{"card"}), stripe.String("manual")
	nothing := func(*bench, *stripe.PaymentIntent) error { return nil }
	cases := []struct {
		name   string
		params *stripe.PaymentIntentParams
		then   func(*bench, *stripe.PaymentIntent) error
		want   string
	}{
		{"paid", pay("pm_card_visa"), nothing, "payment_intent.created charge.succeeded payment_intent.succeeded"},
		{"declined", pay("pm_card_chargeDeclined"), nothing, "payment_intent.created charge.failed payment_intent.payment_failed"},
		{"challenged", pay("pm_card_threeDSecure2Required"), func(b *bench, pi *stripe.PaymentIntent) error { return b.p.Authenticate(pi.ID, true) },
			"payment_intent.created payment_intent.requires_action charge.succeeded payment_intent.succeeded"},
		{"challenge failed", pay("pm_card_threeDSecure2Required"), func(b *bench, pi *stripe.PaymentIntent) error { return b.p.Authenticate(pi.ID, false) },
			"payment_intent.created payment_intent.requires_action payment_intent.payment_failed"},
		{"slow", pay("pm_sandbox_processing"), func(b *bench, _ *stripe.PaymentIntent) error { b.advance(10 * time.Minute); return nil },
			"payment_intent.created charge.pending payment_intent.processing charge.succeeded payment_intent.succeeded"},
		{"captured", manual, func(b *bench, pi *stripe.PaymentIntent) error {
			_, err := b.api.PaymentIntents.Capture(pi.ID, nil)
			return err
		}, "payment_intent.created charge.succeeded payment_intent.amount_capturable_updated charge.captured payment_intent.succeeded"},
		{"released", manual, func(b *bench, pi *stripe.PaymentIntent) error {
			_, err := b.api.PaymentIntents.Cancel(pi.ID, nil)
			return err
		}, "payment_intent.created charge.succeeded payment_intent.amount_capturable_updated charge.refunded payment_intent.canceled"},
		{"refunded", pay("pm_card_visa"), func(b *bench, pi *stripe.PaymentIntent) error {
			_, err := b.api.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(pi.ID)})
			return err
		}, "payment_intent.created charge.succeeded payment_intent.succeeded refund.created charge.refunded"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			pi, err := b.api.PaymentIntents.New(c.params)
			if c.name != "declined" && err != nil {
				t.Fatal(err)
			}
			b.run()
			if err := c.then(b, pi); err != nil {
				t.Fatal(err)
			}
			b.run()
			if got := strings.Join(b.received(), " "); got != c.want {
				t.Errorf("events:\n%s, want\n%s", got, c.want)
			}
		})
	}
}

func TestWebhooksAreSigned(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *sandbox.Config) { c.WebhookSecrets = []string{webhookSecret, "whsec_second"} })
	params := keyed("k1", "pm_card_visa")
	pi := b.create(params)
	b.run()
	for _, w := range b.got {
		for _, secret := range []string{webhookSecret, "whsec_second"} {
			e, err := webhook.ConstructEventIgnoringTolerance(w.body, w.signature, secret)
			if err != nil {
				t.Fatalf("%s: %v", secret, err)
			}
			if e.APIVersion != stripe.APIVersion || e.Livemode || e.Request.IdempotencyKey != "k1" || e.Created != b.now().Unix() {
				t.Errorf("event = %+v", e)
			}
			if e.Type == stripe.EventTypePaymentIntentSucceeded && e.Data.Object["id"] != pi.ID {
				t.Errorf("event is about %v", e.Data.Object["id"])
			}
		}
		if _, err := webhook.ConstructEventIgnoringTolerance(w.body, w.signature, "whsec_third"); err == nil {
			t.Error("any secret verifies")
		}
		if _, err := webhook.ConstructEventIgnoringTolerance(append(w.body, '\n'), w.signature, webhookSecret); err == nil {
			t.Error("a changed body verifies")
		}
	}
	if at := time.Unix(1700000000, 0); sandbox.Sign([]byte("{}"), at) != "t=1700000000" {
		t.Errorf("unsigned header = %q", sandbox.Sign([]byte("{}"), at))
	}
}

func TestSnapshotsAreOfTheirMoment(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(pay("pm_card_threeDSecure2Required"))
	if err := b.p.Authenticate(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	want := map[stripe.EventType]string{"payment_intent.created": "requires_payment_method", "payment_intent.requires_action": "requires_action",
		"payment_intent.succeeded": "succeeded"}
	list := b.api.Events.List(&stripe.EventListParams{Type: stripe.String("payment_intent.*")})
	seen := 0
	for list.Next() {
		e := list.Event()
		if seen++; e.Data.Object["status"] != want[e.Type] {
			t.Errorf("%s shows %v", e.Type, e.Data.Object["status"])
		}
		if again, err := b.api.Events.Get(e.ID, nil); err != nil || again.Type != e.Type {
			t.Errorf("retrieved %+v, %v", again, err)
		}
	}
	if seen != len(want) {
		t.Errorf("%d events, want %d", seen, len(want))
	}
	p := &stripe.EventListParams{Types: stripe.StringSlice([]string{"charge.succeeded"}), DeliverySuccess: stripe.Bool(false)}
	if list := b.api.Events.List(p); !list.Next() {
		t.Errorf("an undelivered event is not listed: %v", list.Err())
	}
	b.run()
	if list := b.api.Events.List(p); list.Next() {
		t.Error("a delivered event counts as undelivered")
	}
}

func TestWebhookRetries(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.deaf = true
	if _, err := b.api.Customers.New(nil); err != nil {
		t.Fatal(err)
	}
	start := b.now()
	var waits []time.Duration
	for {
		at, ok := b.p.Next()
		if !ok {
			break
		}
		waits = append(waits, at.Sub(start))
		b.advance(at.Sub(b.now()))
		b.run()
	}
	h := time.Hour
	want := []time.Duration{0, 5 * time.Minute, 35 * time.Minute, 155 * time.Minute, 7*h + 35*time.Minute, 17*h + 35*time.Minute,
		29*h + 35*time.Minute, 41*h + 35*time.Minute, 53*h + 35*time.Minute, 65*h + 35*time.Minute}
	if !slices.Equal(waits, want) {
		t.Errorf("tries after %v, want %v", waits, want)
	}
	if n := len(b.p.Undelivered()); n != 0 {
		t.Errorf("%d webhooks wait after three days", n)
	}
	p := &stripe.EventListParams{DeliverySuccess: stripe.Bool(false)}
	list := b.api.Events.List(p)
	if !list.Next() {
		t.Fatal("a webhook that was given up can't be found by listing")
	}
	b.deaf = false
	if err := b.p.Deliver(t.Context(), list.Event().ID); err != nil {
		t.Fatal(err)
	}
	if list := b.api.Events.List(p); list.Next() {
		t.Error("delivered by hand, still undelivered")
	}
}

func TestARetrySucceeds(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.deaf = true
	b.create(pay("pm_card_visa"))
	b.run()
	if waiting := b.p.Undelivered(); len(waiting) != 3 || waiting[0].Attempt != 1 || !waiting[0].At.Equal(b.now().Add(5*time.Minute)) {
		t.Errorf("waiting = %+v", waiting)
	}
	b.deaf = false
	b.run()
	if len(b.received()) != 0 {
		t.Error("retried before its time")
	}
	b.advance(5 * time.Minute)
	b.run()
	if len(b.received()) != 3 || len(b.p.Undelivered()) != 0 {
		t.Errorf("received %v, waiting %v", b.received(), b.p.Undelivered())
	}
	e, err := webhook.ConstructEventIgnoringTolerance(b.got[0].body, b.got[0].signature, webhookSecret)
	if err != nil || e.Created != b.now().Add(-5*time.Minute).Unix() {
		t.Errorf("a retry carries %+v, %v", e, err)
	}
}

func TestHeldReorderedDuplicated(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.p.HoldWebhooks(true)
	pi := b.create(pay("pm_sandbox_processing"))
	b.run()
	if len(b.received()) != 0 {
		t.Fatalf("held, but received %v", b.received())
	}
	if at, ok := b.p.Next(); !ok || !at.Equal(b.now().Add(10*time.Minute)) {
		t.Errorf("while held, next = %v %v: only the bank's answer can happen", at, ok)
	}
	waiting := b.p.Undelivered()
	if len(waiting) != 3 || waiting[2].Type != "payment_intent.processing" || waiting[2].Object != pi.ID {
		t.Fatalf("waiting = %+v", waiting)
	}
	for _, i := range []int{2, 0, 0} {
		if err := b.p.Deliver(t.Context(), waiting[i].Event); err != nil {
			t.Fatal(err)
		}
	}
	b.p.HoldWebhooks(false)
	b.run()
	want := []string{"payment_intent.processing", "payment_intent.created", "payment_intent.created", "charge.pending"}
	if got := b.received(); !slices.Equal(got, want) {
		t.Errorf("received %v, want %v", got, want)
	}
	if err := b.p.Deliver(t.Context(), "evt_nobody"); !errors.Is(err, sandbox.ErrUnknown) {
		t.Errorf("unknown event: %v", err)
	}
	b.deaf = true
	if err := b.p.Deliver(t.Context(), waiting[0].Event); err == nil {
		t.Error("a refused delivery is no error")
	}
}

func TestShopMayCallBackFromItsWebhook(t *testing.T) {
	t.Parallel()
	var b *bench
	refunded := 0
	b = open(t, func(c *sandbox.Config) {
		c.Send = func(_ context.Context, body []byte, _ string) error {
			var e stripe.Event
			if err := json.Unmarshal(body, &e); err != nil {
				return err
			}
			if e.Type != stripe.EventTypePaymentIntentSucceeded {
				return nil
			}
			refunded++
			id, _ := e.Data.Object["id"].(string)
			_, err := b.api.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(id)})
			return err
		}
	})
	b.create(pay("pm_card_visa"))
	b.run()
	if kept, _ := b.taken(); kept != 0 || refunded != 1 {
		t.Errorf("kept %d after %d refunds", kept, refunded)
	}
	if _, ok := b.p.Next(); ok {
		t.Error("run left what it made due at once")
	}
}

func TestWithoutSend(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *sandbox.Config) { c.Send, c.WebhookSecrets = nil, nil })
	b.create(pay("pm_card_visa"))
	if _, ok := b.p.Next(); ok {
		t.Error("webhooks wait for nobody")
	}
	list := b.api.Events.List(nil)
	if !list.Next() {
		t.Fatal("no events")
	}
	if err := b.p.Deliver(t.Context(), list.Event().ID); !errors.Is(err, sandbox.ErrNoSend) {
		t.Errorf("deliver: %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	b := open(t, func(c *sandbox.Config) {
		c.Send = func(context.Context, []byte, string) error { cancel(); return nil }
	})
	b.create(pay("pm_card_visa"))
	if err := b.p.Run(ctx, b.now()); !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
	if n := len(b.p.Undelivered()); n != 2 {
		t.Errorf("%d webhooks wait, want the two not yet sent", n)
	}
}

func TestEventsAreForgotten(t *testing.T) {
	t.Parallel()
	b := open(t)
	for range 100 {
		b.create(keyed(b.newID("key"), "pm_card_visa"))
	}
	b.run()
	b.advance(30*24*time.Hour + time.Second)
	b.run()
	if list := b.api.Events.List(nil); list.Next() {
		t.Error("an event is older than 30 days")
	}
	b.create(pay("pm_card_visa"))
	list := b.api.Events.List(nil)
	n := 0
	for list.Next() {
		n++
	}
	if _, kept := b.taken(); n != 3 || kept != 101 {
		t.Errorf("%d events, %d charges", n, kept)
	}
}

func TestTransportServesPagesToo(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(pay("pm_card_threeDSecure2Required"))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, pi.NextAction.RedirectToURL.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.p.RoundTripper().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Errorf("page: %d %v", res.StatusCode, res.Header)
	}
}
