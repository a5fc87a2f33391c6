package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The errors of this package; calls of the API answer Stripe's errors instead.
var (
	ErrRefused  = errors.New("sandbox: connection refused")
	ErrLost     = errors.New("sandbox: connection lost before the answer")
	ErrLocked   = errors.New("sandbox: another process holds the file")
	ErrUnknown  = errors.New("sandbox: unknown")
	ErrNoAction = errors.New("sandbox: payment does not wait for its shopper")
	ErrNoSend   = errors.New("sandbox: no Send to deliver webhooks with")
)

// Config is what a Provider is made of.
type Config struct {
	// Now is the clock. Required.
	Now func() time.Time
	// NewID makes a fresh id that begins with prefix and an underscore. Required. An id that is taken is asked for again, so a
	// counter may start anew over an old file.
	NewID func(prefix string) string
	// Path of the file that keeps everything; empty keeps it in memory.
	Path string
	// SecretKey is the only key let in; empty lets in every sk_test_… and rk_test_….
	SecretKey string
	// BaseURL is where a browser reaches Handler, without a slash at the end: the pages of 3-D Secure and redirects are under
	// it.
	BaseURL string
	// Send hands a webhook to the shop; an error makes it a failed delivery. nil: events are kept and nothing is sent.
	Send func(ctx context.Context, body []byte, signature string) error
	// WebhookSecrets sign every webhook; two while a secret is rolled.
	WebhookSecrets []string
}

// Provider is the payment provider. It is safe for concurrent use.
type Provider struct {
	now            func() time.Time
	newID          func(string) string
	secretKey      string
	baseURL        string
	send           func(context.Context, []byte, string) error
	webhookSecrets []string

	mu sync.Mutex // guards all that follows
	*store
	timers     agenda
	deliveries agenda
	held       bool
	pruned     time.Time

	flight sync.Mutex // guards what follows; never taken while a call waits
	flying map[string]bool
	faults []Fault
}

// Open makes a provider and, given a path, loads or makes its file.
func Open(c Config) (*Provider, error) {
	if c.Now == nil || c.NewID == nil {
		return nil, errors.New("open sandbox: Config.Now and Config.NewID are required")
	}
	if c.Send != nil && len(c.WebhookSecrets) == 0 {
		return nil, errors.New("open sandbox: Config.Send needs Config.WebhookSecrets")
	}
	if c.BaseURL == "" {
		c.BaseURL = "https://sandbox.invalid"
	}
	p := &Provider{now: c.Now, newID: c.NewID, secretKey: c.SecretKey, baseURL: strings.TrimRight(c.BaseURL, "/"), send: c.Send,
		webhookSecrets: c.WebhookSecrets, store: newStore(), flying: map[string]bool{}}
	p.dues.settled = p.enqueue
	if c.Path == "" {
		return p, nil
	}
	if err := p.load(c.Path); err != nil {
		return nil, err
	}
	for _, d := range p.dues.oldest {
		if d.Kind == dueRequest && d.Request.keyed() {
			p.flying[d.Request.IdempotencyKey] = true
		}
	}
	return p, nil
}

// Close ends the use of the file. Everything that was answered is in it already.
func (p *Provider) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.db == nil {
		return nil
	}
	if err := p.db.Close(); err != nil {
		return fmt.Errorf("close sandbox file: %w", err)
	}
	return nil
}

// tx is one change of everything: all of it is committed, or nothing.
type tx struct {
	*Provider
	now       time.Time
	requestID string
	key       string
}

func (t *tx) unix() int64 { return t.now.Unix() }

// freshID asks for ids until one is free in the table.
func freshID[T any](t *tx, tb *table[T], prefix string) string {
	for {
		id := t.newID(prefix)
		if _, taken := tb.get(id); !taken {
			return id
		}
	}
}

func (p *Provider) update(now time.Time, change func(*tx) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.locked(now, change)
}

// locked makes a change while mu is held.
func (p *Provider) locked(now time.Time, change func(*tx) error) error {
	if err := change(&tx{Provider: p, now: now}); err != nil {
		p.discard()
		return err
	}
	return p.commit()
}

// Do performs one call. An error means that no answer came, as of a broken connection; whether the call had an effect depends
// on the fault that it met. A context that is done already has no effect.
func (p *Provider) Do(ctx context.Context, r Request) (Answer, error) {
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	requestID := p.newID("req")
	op, c, refusal := p.admit(r)
	if refusal != nil {
		return r.refusal(refusal, requestID), nil
	}
	fault := p.takeFault(op)
	if a, met, err := fault.met(r, requestID); met {
		return a, err
	}
	leave, ok := p.enter(r)
	if !ok {
		return r.inUse(requestID), nil
	}
	if fault.Way == WayDelayed {
		return Answer{}, p.delay(r, fault.Delay)
	}
	defer leave()
	p.mu.Lock()
	a := p.execute(op, c, r, fault.Way, p.now(), requestID)
	p.mu.Unlock()
	switch {
	case fault.Way == WayLost:
		return Answer{}, ErrLost
	case fault.Way == WayLate && fault.Late != nil:
		fault.Late(ctx)
	case fault.Way == WayLate:
		<-ctx.Done()
	}
	return a, ctx.Err()
}

// admit checks what comes before a call executes: its key, its version and its URL.
func (p *Provider) admit(r Request) (operation, *call, *apiError) {
	if err := p.authenticateKey(r.Key); err != nil {
		return operation{}, nil, err
	}
	op, id, ok := route(r.Method, r.Path)
	public := strings.HasPrefix(r.Key, "pk_test_")
	switch {
	case !ok:
		e := invalid("", "", "Unrecognized request URL (%s: %s).", r.Method, r.Path)
		e.status = http.StatusNotFound
		return op, nil, e
	case public && !op.public:
		e := invalid("secret_key_required", "", "This API call cannot be made with a publishable API key. Please use a secret API key.")
		e.status = http.StatusForbidden
		return op, nil, e
	case len(r.IdempotencyKey) > 255:
		return op, nil, invalid("", "", "Idempotency keys can be at most 255 characters long.")
	case r.Version != "" && r.Version != APIVersion && op.name != "ephemeral_keys.create":
		return op, nil, invalid("", "", "Invalid Stripe API version: %s. This sandbox speaks %s.", r.Version, APIVersion)
	}
	return op, &call{form: newForm(r.Params), id: id, path: r.Path, version: r.Version, public: public}, nil
}

func (p *Provider) authenticateKey(key string) *apiError {
	message := ""
	switch {
	case key == "":
		message = "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth."
	case strings.HasPrefix(key, "pk_test_"), p.secretKey != "" && key == p.secretKey:
	case p.secretKey == "" && (strings.HasPrefix(key, "sk_test_") || strings.HasPrefix(key, "rk_test_")):
	default:
		message = "Invalid API Key provided: " + key[:min(len(key), 8)] + "****"
	}
	if message == "" {
		return nil
	}
	e := invalid("", "", "%s", message)
	e.status = http.StatusUnauthorized
	return e
}

// execute performs a call while mu is held: replay, or effect, stored result and events in one commit.
func (p *Provider) execute(op operation, c *call, r Request, way Way, now time.Time, requestID string) Answer {
	if a, ok := p.replay(r, now, requestID); ok {
		return a
	}
	op.accepts.check(c.form)
	do := op.read(c)
	if c.form.err != nil {
		return r.refusal(c.form.err, requestID)
	}
	t := &tx{Provider: p, now: now, requestID: requestID, key: r.IdempotencyKey}
	a := t.attempt(do, c, r, way)
	t.remember(r, a)
	if err := p.commit(); err != nil {
		return r.refusal(serverError("The sandbox could not write to its file: "+err.Error()), requestID)
	}
	return a
}

// attempt runs a call's work. What it refuses leaves nothing staged, but for an attempt to pay that failed.
func (t *tx) attempt(do work, c *call, r Request, way Way) Answer {
	broken := serverError("An unknown error occurred.")
	if way == WayErrorBefore {
		return r.refusal(broken, t.requestID)
	}
	v, err := do(t)
	if err == nil {
		v, err = t.expand(v, c.form.values["expand[]"])
	}
	if err != nil && !err.kept {
		t.discard()
	}
	switch {
	case way == WayErrorAfter:
		return r.refusal(broken, t.requestID)
	case err != nil:
		return r.refusal(err, t.requestID)
	}
	if i, ok := v.(intent); ok && c.public {
		i.Metadata = nil // not for the app's eyes
		v = i
	}
	return r.answer(http.StatusOK, encode(v), t.requestID)
}

// delay keeps a call for later; the caller learns nothing.
func (p *Provider) delay(r Request, by time.Duration) error {
	now := p.now()
	err := p.update(now, func(t *tx) error {
		t.schedule(due{Kind: dueRequest, Ref: r.Path, At: now.Add(by), Request: &r})
		return nil
	})
	return errors.Join(ErrLost, err)
}

// arrive performs a delayed call while mu is held. Nobody hears the answer, but it is stored.
func (p *Provider) arrive(r Request, now time.Time) {
	if op, c, refusal := p.admit(r); refusal == nil {
		p.execute(op, c, r, "", now, p.newID("req"))
	}
	p.flight.Lock()
	defer p.flight.Unlock()
	delete(p.flying, r.IdempotencyKey)
}
