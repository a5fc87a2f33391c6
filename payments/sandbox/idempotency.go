package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

// Stripe may forget a key once it is 24 h old (https://stripe.com/docs/api/idempotent_requests); the sandbox always does, so
// that nobody comes to rely on more.
const keyLife = 24 * time.Hour

// result is the first answer under an idempotency key.
type result struct {
	Fingerprint string          `json:"fingerprint"`
	Status      int             `json:"status"`
	Body        json.RawMessage `json:"body"`
	RequestID   string          `json:"request_id"`
	Created     time.Time       `json:"created"`
}

func (r result) expired(now time.Time) bool { return now.Sub(r.Created) > keyLife }

// fingerprint is what must be equal under one key: method, path and parameters.
func (r Request) fingerprint() string {
	sum := sha256.Sum256([]byte(r.Method + "\n" + r.Path + "\n" + r.Params.Encode()))
	return hex.EncodeToString(sum[:])
}

// keyed says whether the idempotency key counts: only for POST, as at Stripe.
func (r Request) keyed() bool { return r.Method == http.MethodPost && r.IdempotencyKey != "" }

// enter claims a key for the time of a call. It is refused while another call holds it.
func (p *Provider) enter(r Request) (leave func(), ok bool) {
	if !r.keyed() {
		return func() {}, true
	}
	p.flight.Lock()
	defer p.flight.Unlock()
	if p.flying[r.IdempotencyKey] {
		return nil, false
	}
	p.flying[r.IdempotencyKey] = true
	return func() {
		p.flight.Lock()
		defer p.flight.Unlock()
		delete(p.flying, r.IdempotencyKey)
	}, true
}

// inUse is the answer while another call holds the key.
func (r Request) inUse(requestID string) Answer {
	a := r.refusal(keyInUse(r.IdempotencyKey), requestID)
	a.Header["Stripe-Should-Retry"] = "true"
	return a
}

func keyInUse(key string) *apiError {
	e := invalid("idempotency_key_in_use", "", "There is currently another in-progress request using this Stripe-Idempotency-Key: %s "+
		"(that probably means you submitted twice, and the other request is still going through). If you submit again with the same "+
		"parameters, you will get the result of the original request.", key)
	e.status, e.Type = http.StatusConflict, typeIdempotency
	return e
}

// replay answers from the first result under the key.
func (p *Provider) replay(r Request, now time.Time, requestID string) (Answer, bool) {
	old, ok := p.results.get(r.IdempotencyKey)
	if !r.keyed() || !ok || old.expired(now) {
		return Answer{}, false
	}
	if old.Fingerprint != r.fingerprint() {
		e := invalid("", "", "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key "+
			"other than '%s' if you meant to execute a different request.", r.IdempotencyKey)
		e.Type = typeIdempotency
		return r.refusal(e, requestID), true
	}
	a := r.answer(old.Status, old.Body, requestID)
	a.Header["Idempotent-Replayed"] = "true"
	a.Header["Original-Request"] = old.RequestID
	return a, true
}

// remember stores the first result in the commit of its effect.
func (t *tx) remember(r Request, a Answer) {
	if !r.keyed() {
		return
	}
	t.results.put(r.IdempotencyKey, result{Fingerprint: r.fingerprint(), Status: a.Status, Body: a.Body, RequestID: t.requestID,
		Created: t.now})
}
