package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// retries are Stripe's waits after a failed delivery; the last repeats until three days after the event.
var retries = []time.Duration{5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 12 * time.Hour}

const retryLife = 3 * 24 * time.Hour

// Delivery is a webhook that has not been accepted yet.
type Delivery struct {
	Event   string    // id of the event, for Deliver
	Type    string    // such as payment_intent.succeeded
	Object  string    // id of what changed
	At      time.Time // when it is tried next
	Attempt int       // failed tries so far
}

func deliveryID(event string) string { return "delivery_" + event }

// Undelivered lists the webhooks that wait, the oldest event first. Those given up after three days are not among them.
func (p *Provider) Undelivered() []Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	var waiting []Delivery
	for _, d := range p.dues.oldest {
		if d.Kind != dueDelivery {
			continue
		}
		e, _ := p.events.get(d.Ref)
		waiting = append(waiting, Delivery{Event: e.ID, Type: e.Type, Object: e.about(), At: d.At, Attempt: d.Attempt})
	}
	return waiting
}

func (e event) about() string {
	var object struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(e.Data.Object, &object) != nil {
		return ""
	}
	return object.ID
}

// HoldWebhooks keeps Run from delivering until it is called with false. Deliver works all the same, in any order.
func (p *Provider) HoldWebhooks(hold bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = hold
}

// Deliver sends one event now, whether it is due, delivered before, held or given up. The error is that of Send.
func (p *Provider) Deliver(ctx context.Context, id string) error {
	if p.send == nil {
		return fmt.Errorf("deliver %s: %w", id, ErrNoSend)
	}
	p.mu.Lock()
	e, ok := p.events.get(id)
	p.mu.Unlock()
	if !ok {
		return fmt.Errorf("deliver %s: %w", id, ErrUnknown)
	}
	now := p.now()
	if err := p.post(ctx, e, now); err != nil {
		return fmt.Errorf("deliver %s: %w", id, err)
	}
	return p.update(now, func(t *tx) error { t.delivered(e.ID); return nil })
}

func (p *Provider) post(ctx context.Context, e event, now time.Time) error {
	e.PendingWebhooks = 1
	body := encode(e)
	return p.send(ctx, body, Sign(body, now, p.webhookSecrets...))
}

// Sign makes the Stripe-Signature header of a webhook body: one v1 signature for each secret, as while a secret is rolled
// (https://stripe.com/docs/webhooks/signatures).
func Sign(body []byte, at time.Time, secrets ...string) string {
	var header strings.Builder
	header.WriteString("t=" + strconv.FormatInt(at.Unix(), 10))
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		header.WriteString(",v1=" + hex.EncodeToString(mac.Sum(nil)))
	}
	return header.String()
}

func (t *tx) delivered(event string) {
	if e, ok := t.events.get(event); ok && e.PendingWebhooks > 0 {
		e.PendingWebhooks = 0
		t.events.put(event, e)
	}
	if _, ok := t.dues.get(deliveryID(event)); ok {
		t.dues.remove(deliveryID(event))
	}
}

// retry puts a failed delivery off, or gives it up three days after the event.
func (t *tx) retry(id string) {
	d, ok := t.dues.get(id)
	if !ok {
		return // delivered by hand meanwhile
	}
	e, _ := t.events.get(d.Ref)
	d.At = t.now.Add(retries[min(d.Attempt, len(retries)-1)])
	d.Attempt++
	if d.At.Sub(time.Unix(e.Created, 0)) > retryLife {
		t.dues.remove(id)
		return
	}
	t.dues.put(id, d)
}
