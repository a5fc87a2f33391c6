package stripegateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/stripegateway"
)

const (
	secretKey = "sk_test_secret"
	intentID  = "pi_1"
)

// sent is one request as it stood on the wire.
type sent struct {
	method, target, key, body string
	header                    http.Header
}

// provider is a server that records what it is sent and answers from a script; the last answer repeats.
type provider struct {
	url     string
	answers []http.HandlerFunc
	mu      sync.Mutex
	got     []sent
}

func newProvider(t *testing.T, answers ...http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{answers: answers}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	answer := p.answers[min(len(p.got), len(p.answers)-1)]
	p.got = append(p.got, sent{r.Method, r.URL.RequestURI(), r.Header.Get("Idempotency-Key"), string(body), r.Header})
	p.mu.Unlock()
	answer(w, r)
}

func (p *provider) requests() []sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got
}

func (p *provider) gateway(t *testing.T) *stripegateway.Gateway {
	t.Helper()
	g, err := stripegateway.New(stripegateway.Config{SecretKey: secretKey, BaseURL: p.url, HTTPClient: &http.Client{Transport: &http.Transport{}}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Request-Id", "req_1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// lose closes the connection after the request has arrived: done, perhaps, but the answer is lost.
func lose(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = connection.Close()
	}
}

// object is a Stripe object, to be varied by a test.
type object map[string]any

func (o object) with(changes object) object {
	c := maps.Clone(o)
	maps.Copy(c, changes)
	return c
}

func (o object) String() string {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func intentObject() object {
	return object{
		"id": intentID, "object": "payment_intent", "status": "succeeded", "amount": 1999, "amount_received": 1999,
		"amount_capturable": 0, "currency": "eur", "livemode": false, "client_secret": "pi_1_secret_x", "created": 1700000000,
		"metadata": object{"session_id": "cs_1", "cart_id": "ca_1", "attempt": "2"}, "latest_charge": "ch_1",
	}
}

func refundObject() object {
	return object{"id": "re_1", "object": "refund", "amount": 500, "currency": "eur", "status": "succeeded", "payment_intent": intentID}
}

func listOf(more bool, items ...object) string {
	if items == nil {
		items = []object{}
	}
	return object{"object": "list", "url": "/v1/payment_intents", "has_more": more, "data": items}.String()
}

func errorBody(fields object) string { return object{"error": fields}.String() }

func request() payments.Request {
	return payments.Request{
		Key: "pay-1", SessionID: "cs_1", CartID: "ca_1", Attempt: 2,
		Amount:     money.New(1999, "EUR"),
		Instrument: payments.Instrument{Handler: "stripe", Kind: payments.InstrumentConfirmationToken, Token: "ctoken_1"},
		Methods:    []string{"card", "ideal"},
		ReturnURL:  "https://shop.example/return?a=1&b=2",
		Email:      "ada@shop.example",
		Shipping: &payments.Shipping{
			Name: "Ada Lovelace", Phone: "+31612345678", Line1: "Keizersgracht 1", City: "Amsterdam", PostalCode: "1015 AA", Country: "NL",
		},
	}
}

// sheet is a request for an app's sheet.
func sheet() payments.Request {
	r := request()
	r.Instrument, r.Shipping = payments.Instrument{Handler: "stripe", Kind: payments.InstrumentSheet}, nil
	return r
}

const cardsPage = `{"object":"list","url":"/v1/payment_methods","has_more":false,"data":[{"id":"pm_1","object":"payment_method","type":"card",` +
	`"card":{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2034}}]}`

func further(update bool) payments.Request {
	r := request()
	r.IntentID = intentID
	if update {
		r.UpdateAmount, r.UpdateKey = true, "upd-1"
	}
	return r
}

func refundRequest() payments.RefundRequest {
	return payments.RefundRequest{
		Key: "ref-1", IntentID: intentID, Amount: money.New(500, "EUR"), Reason: "requested_by_customer",
		Metadata: map[string]string{"order_id": "or_1", "b": "2", "a": "1"},
	}
}

// operation is one of the gateway's calls, with the answers that make it succeed.
type operation struct {
	name  string
	write bool
	ok    []string
	call  func(context.Context, *stripegateway.Gateway) error
}

func payCall(r payments.Request) func(context.Context, *stripegateway.Gateway) error {
	return func(ctx context.Context, g *stripegateway.Gateway) error { _, err := g.Pay(ctx, r); return err }
}

func operations() []operation {
	intent := intentObject().String()
	return []operation{
		{"create", true, []string{intent}, payCall(request())},
		{"confirm", true, []string{intent}, payCall(further(false))},
		{"update and confirm", true, []string{intent, intent}, payCall(further(true))},
		{"prepare", true, []string{intent}, payCall(sheet())},
		{"customer", true, []string{`{"id":"cus_1","object":"customer"}`}, func(ctx context.Context, g *stripegateway.Gateway) error {
			_, err := g.Customer(ctx, payments.CustomerRequest{Key: "cust:pc_1", Person: "pc_1"})
			return err
		}},
		{"cards", false, []string{cardsPage}, func(ctx context.Context, g *stripegateway.Gateway) error {
			_, err := g.SavedCards(ctx, "cus_1")
			return err
		}},
		{"cancel", true, []string{intent}, func(ctx context.Context, g *stripegateway.Gateway) error {
			_, err := g.Cancel(ctx, intentID, "cancel-1")
			return err
		}},
		{"refund", true, []string{refundObject().String()}, func(ctx context.Context, g *stripegateway.Gateway) error {
			_, err := g.Refund(ctx, refundRequest())
			return err
		}},
		{"capture", true, []string{intent}, func(ctx context.Context, g *stripegateway.Gateway) error {
			_, err := g.Capture(ctx, payments.CaptureRequest{Key: "cap:or_1:1", IntentID: intentID, Amount: money.New(500, "EUR")})
			return err
		}},
		{"refunds", false, []string{`{"object":"list","url":"/v1/refunds","has_more":false,"data":[` + refundObject().String() + `]}`},
			func(ctx context.Context, g *stripegateway.Gateway) error {
				_, err := g.Refunds(ctx, intentID)
				return err
			}},
		{"dispute", false, []string{`{"id":"dp_1","object":"dispute","amount":500,"currency":"eur","status":"lost","payment_intent":"pi_1"}`},
			func(ctx context.Context, g *stripegateway.Gateway) error {
				_, err := g.Dispute(ctx, "dp_1")
				return err
			}},
		{"read", false, []string{intent}, func(ctx context.Context, g *stripegateway.Gateway) error {
			_, err := g.Read(ctx, intentID)
			return err
		}},
		{"find", false, []string{listOf(false, intentObject())}, func(ctx context.Context, g *stripegateway.Gateway) error {
			_, err := g.Find(ctx, "cs_1", time.Unix(1700000000, 0))
			return err
		}},
	}
}

func failureOf(t *testing.T, err error) *payments.Error {
	t.Helper()
	var e *payments.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T %v, want *payments.Error", err, err)
	}
	return e
}

func describe(e *payments.Error) string {
	told := fmt.Sprintf("class=%s reason=%s code=%s state=%t replayed=%t intent=%t", e.Class, e.Decline.Reason, e.Decline.Code, e.State, e.Replayed,
		e.Intent != nil)
	if e.NoCustomer {
		told += " no customer"
	}
	return told
}
