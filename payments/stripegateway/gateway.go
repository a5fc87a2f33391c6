// Package stripegateway takes money through Stripe: it turns the requests of package payments into calls of Stripe's HTTP
// API and Stripe's answers, errors and events back into its words. It is the only importer of stripe-go (v76, API
// 2023-10-16).
//
// [Gateway] needs the secret key; [Verifier], which reads what Stripe pushes, needs only the endpoint's signing secret, so
// that the function behind the webhook can't move money.
//
// # What it promises
//
// One method is one request on the wire, except that [Gateway.Pay] sends two when an amount must change first, [Gateway.Find] one
// for each page, and that [Gateway.Customer] looks at a customer that Stripe made before, who may be deleted, and [Gateway.ForgetCard]
// at a card that Stripe would not detach. The SDK never repeats one: its back-off sleeps through contexts, and only the caller knows
// whether a repeat is safe. Every write carries the caller's key; the same request twice is the same bytes, since Stripe compares the
// parameters under a key. Nothing outlives the caller's context, or 10 s.
//
// # What a failure means
//
// An error is always a [payments.Error]. Its class is refused or declined only where it is certain that this key took no
// money; a call may be the repeat of one whose answer was lost, so whatever Stripe says before it looks at the key
// (authentication, permission, throttling) proves nothing about the money:
//
//	402 card_error, or with an intent that awaits a method       declined
//	402 beside an intent that holds or moves money               unknown, with the intent
//	400 invalid_request_error                                    refused; State when the intent is elsewhere
//	400 idempotency_error                                        unknown: another request was made under this key
//	404 about the instrument                                     refused, invalid_token
//	400, 404 resource_missing about the intent itself, other 404 unknown: another account's key would say the same
//	400, 404 resource_missing about the customer                 unknown, likewise; NoCustomer
//	401, 403, 409, 429, 5xx, any other status                    unknown
//	no answer, an answer that can't be read, context over        unknown
//	a request that never left, for a fault seen here             refused
//	a failed Read or Find, whatever the answer                   unknown: reading takes no money and disproves none
//
// Sources: Stripe, "Error codes", "Idempotent requests" and "Advanced error handling".
package stripegateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/stripe/stripe-go/v76"
)

// Config is what a Gateway needs to know.
type Config struct {
	SecretKey      string       // sk_… or rk_…, of the mode that Live says
	PublishableKey string       // pk_… that the app is given; checked to be of the same mode when it is set
	BaseURL        string       // any server that speaks Stripe's API; empty is Stripe itself
	HTTPClient     *http.Client // nil makes one; a timeout above 10 s, or none, is cut to 10 s; redirects are never followed
	Live           bool         // real money
}

// Gateway calls Stripe. It is safe for concurrent use.
type Gateway struct {
	secret  string
	backend stripe.Backend
}

// New checks the configuration and opens no connection. Keys of different modes are refused here, because Stripe reports
// them as "client_secret does not match" in the app. No error contains a key.
func New(c Config) (*Gateway, error) {
	if err := checkKey("secret", c.SecretKey, c.Live, "sk", "rk"); err != nil {
		return nil, err
	}
	if c.PublishableKey != "" {
		if err := checkKey("publishable", c.PublishableKey, c.Live, "pk"); err != nil {
			return nil, err
		}
	}
	if err := checkBaseURL(c.BaseURL, c.Live); err != nil {
		return nil, err
	}
	// Built singly: v76's NewBackendsWithConfig writes into the configuration it is given.
	config := &stripe.BackendConfig{
		HTTPClient:        httpClient(c.HTTPClient),
		MaxNetworkRetries: stripe.Int64(0),
		EnableTelemetry:   stripe.Bool(false),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull}, // it would print messages and bodies
	}
	if c.BaseURL != "" {
		config.URL = stripe.String(c.BaseURL)
	}
	return &Gateway{secret: c.SecretKey, backend: stripe.GetBackendWithConfig(stripe.APIBackend, config)}, nil
}

func checkKey(name, key string, live bool, kinds ...string) error {
	mode := "test"
	if live {
		mode = "live"
	}
	for _, kind := range kinds {
		if rest, ok := strings.CutPrefix(key, kind+"_"+mode+"_"); ok && rest != "" && !strings.ContainsFunc(rest, notKeyRune) {
			return nil
		}
	}
	return fmt.Errorf("stripe %s key must start with %s_%s_", name, strings.Join(kinds, "_ or "), mode)
}

func notKeyRune(r rune) bool {
	return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// checkBaseURL also refuses to send a live key in the clear.
func checkBaseURL(base string, live bool) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("stripe base URL must be scheme://host, without user, query or fragment")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || live) {
		return errors.New("stripe base URL must be https, or http with a test key")
	}
	return nil
}

// call sends one request and decodes the answer. Failures come back as *payments.Error, classified as a write's.
func (g *Gateway) call(ctx context.Context, op, method, path, key string, params stripe.ParamsContainer, answer stripe.LastResponseSetter) error {
	ctx, seen := observe(ctx)
	common := params.GetParams()
	common.Context = ctx
	if method != http.MethodGet {
		common.SetIdempotencyKey(key)
	}
	if err := g.backend.Call(method, path, g.secret, params, answer); err != nil {
		return failed(op, err, seen)
	}
	return nil
}
