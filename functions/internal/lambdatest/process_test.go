package lambdatest_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kassa/checkout"
	"kassa/functions/internal/lambdatest"
)

// invoker runs a function for an event: a process of ours, or Lambda's emulator.
type invoker interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// process is a function that runs.
type process struct {
	*lambdatest.Function
	name string
}

// reply is an answer as API Gateway gets it.
type reply struct {
	t      testing.TB
	status int
	header map[string]string
	body   string
	doc    any
}

// ask has a function answer an event of the HTTP API.
func ask(t testing.TB, f invoker, event []byte) reply {
	t.Helper()
	payload, err := f.Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return replyOf(t, payload)
}

func replyOf(t testing.TB, payload []byte) reply {
	t.Helper()
	var out events.APIGatewayV2HTTPResponse
	must(t, json.Unmarshal(payload, &out))
	r := reply{t: t, status: out.StatusCode, header: out.Headers, body: out.Body}
	if !strings.HasPrefix(out.Headers["content-type"], "application/json") {
		return r // a page
	}
	var doc any
	if err := json.Unmarshal([]byte(out.Body), &doc); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, payload)
	}
	r.doc, _ = doc.(map[string]any)
	return r
}

// request is the event of a request. Headers are given as "Name: value".
func request(method, path, body string, headers ...string) []byte {
	event := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, Body: body, Headers: map[string]string{"content-type": "application/json"}}
	event.RequestContext.HTTP.Method, event.RequestContext.HTTP.Path = method, path
	event.RequestContext.HTTP.SourceIP, event.RequestContext.HTTP.Protocol = "203.0.113.77", "HTTP/1.1"
	event.RequestContext.Stage = "$default"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		event.Headers[strings.ToLower(name)] = value
	}
	encoded, _ := json.Marshal(event) // of strings
	return encoded
}

// call sends a request to a function.
func call(t testing.TB, f invoker, method, path, body string, headers ...string) reply {
	t.Helper()
	return ask(t, f, request(method, path, body, headers...))
}

var keys atomic.Int64

// key makes an idempotency key header that nobody else has.
func key() string { return fmt.Sprintf("Idempotency-Key: 0f8fad5b-d9cb-469f-a165-%012d", keys.Add(1)) }

// want fails the test unless the answer has a status.
func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

// at returns what is at a dotted path of the answer, "" if nothing is: numbers are indexes where there is an array.
func (r reply) at(path string) string {
	v := r.doc
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(in) {
				return ""
			}
			v = in[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return fmt.Sprintf("%.0f", v)
	case string:
		return v
	}
	text, _ := json.Marshal(v) // was JSON before
	return string(text)
}

// wantAt fails the test unless values stand at paths: pairs of both.
func (r reply) wantAt(pairs ...string) reply {
	r.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := r.at(pairs[i]); got != pairs[i+1] {
			r.t.Errorf("%s = %q, want %q in %s", pairs[i], got, pairs[i+1], r.body)
		}
	}
	return r
}

// total is what the answer says is to be paid.
func (r reply) total() string {
	r.t.Helper()
	doc, _ := r.doc.(map[string]any)
	list, _ := doc["totals"].([]any)
	for _, e := range list {
		if entry, _ := e.(map[string]any); entry["type"] == "total" {
			return fmt.Sprintf("%.0f", entry["amount"])
		}
	}
	r.t.Fatalf("no total in %s", r.body)
	return ""
}

const address = `"fulfillment":{"methods":[{"type":"shipping","destinations":[{"id":"home","first_name":"Ada","last_name":"Visser",` +
	`"street_address":"Keizersgracht 1","address_locality":"Amsterdam","postal_code":"1015 CJ","address_country":"NL"}]}]}`

// pay is a body that pays with a test payment method; rest is more of it.
func pay(method, rest string) string {
	return `{"payment":{"instruments":[{"id":"1","handler_id":"stripe","type":"card","selected":true,"credential":{"type":"stripe_payment_method","token":"` +
		method + `"}}]}` + rest + `}`
}

// shopper is somebody with a cart, and the session that pays for it.
type shopper struct {
	cart, session string // ids
	me            string // credential, as a header
	total         string
}

// sku is what they take: there are 60 of it.
const (
	sku   = "beans-yirga-250"
	stock = 60
	wants = 2
)

// arrives fills a cart.
func arrives(t testing.TB, cart invoker) shopper {
	t.Helper()
	return arrivesFor(t, cart, sku)
}

func arrivesFor(t testing.TB, cart invoker, sku string) shopper {
	t.Helper()
	w := call(t, cart, http.MethodPost, "/carts",
		fmt.Sprintf(`{"line_items":[{"item":{"id":%q},"quantity":%d}],"context":{"address_country":"NL"}}`, sku, wants), key()).want(http.StatusCreated)
	return shopper{cart: w.at("id"), me: "Authorization: Bearer " + w.at("access_token")}
}

// checksOut opens a session that only needs to be paid.
func (s shopper) checksOut(t testing.TB, checkout invoker) shopper {
	t.Helper()
	w := call(t, checkout, http.MethodPost, "/checkout-sessions",
		`{"cart_id":"`+s.cart+`","buyer":{"email":"ada@example.com"},`+address+`}`, s.me, key()).want(http.StatusCreated)
	w.wantAt("status", "ready_for_complete")
	s.session, s.total = w.at("id"), w.total()
	return s
}

func (s shopper) path() string { return "/checkout-sessions/" + s.session }

// pays is the event of a payment.
func (s shopper) pays(method, key string) []byte {
	return request(http.MethodPost, s.path()+"/complete", pay(method, `,"expected_total":`+s.total), s.me, key)
}

// look has a session looked at when so much time has passed.
func (a *account) look(t testing.TB, who shopper, after time.Duration) {
	t.Helper()
	s, err := a.store.Session(t.Context(), who.session)
	must(t, err)
	s.Version, s.Op, s.Watch.At = s.Version+1, rand.Text(), time.Now().Add(after)
	must(t, a.store.Commit(t.Context(), checkout.Commit{Session: s}))
}

// pushed is the event of the provider's first webhook of a type; it and all others still count as undelivered.
func (a *account) pushed(t testing.TB, kind string) (event []byte) {
	t.Helper()
	send := func(_ context.Context, body []byte, signature string) error {
		event = request(http.MethodPost, "/webhooks/stripe", string(body), "Stripe-Signature: "+signature)
		return errors.New("overheard")
	}
	a.send.Store(&send)
	defer a.send.Store(nil)
	for _, d := range a.provider.Undelivered() {
		if d.Type == kind {
			_ = a.provider.Deliver(t.Context(), d.Event) // refused, so that it comes again
			return event
		}
	}
	t.Fatalf("no webhook %s", kind)
	return nil
}
