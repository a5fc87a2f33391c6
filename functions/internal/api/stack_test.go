package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/pricing"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/functions/internal/api"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/oidc"
	"kassa/functions/internal/oidc/issuer"
	"kassa/functions/internal/ucp"
	"kassa/payments/money"
	"kassa/payments/sandbox"
	"kassa/payments/stripegateway"
)

const (
	secretKey = "sk_test_kassa"
	whsec     = "whsec_kassa"
	audience  = "kassa-app"
)

// stack is the functions over the embedded store and the payment sandbox, with a clock that stands still.
type stack struct {
	cart, checkout, webhook api.Handler
	admin                   api.Handler
	feedback                api.Handler
	links                   recovery.Links
	store                   *memstore.Store
	provider                *sandbox.Provider
	log                     *lines
	kept                    [][2]string // kind and text of answers
	events                  [][2]string // body and signature of what the provider has pushed
	description             *description
	edge                    edge.Config
	issuer                  *issuer.Issuer
	outbox                  *checkout.Outbox

	mu  sync.Mutex
	now time.Time
	ids int
}

// inProcess answers requests by a handler, without a network.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	http.StripPrefix("/oidc", p.Handler).ServeHTTP(w, r)
	return w.Result(), nil
}

// lines is a log that tests can read while handlers write.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// logger writes to the lines, without the time of day: its digits can read like anything that must not be there.
func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (s *stack) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stack) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *stack) newID(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids++
	return fmt.Sprintf("%s%06d", prefix, s.ids)
}

func newStack(t *testing.T) *stack {
	t.Helper()
	return newStackOf(t, shop())
}

// newStackOf is newStack for a shop with other settings.
func newStackOf(t *testing.T, shop checkout.Shop) *stack {
	t.Helper()
	s := &stack{now: time.Date(2026, time.November, 23, 9, 30, 0, 0, time.UTC), log: &lines{}, description: describe(t)}
	s.judged(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	s.provider, err = sandbox.Open(sandbox.Config{
		Now: s.clock, NewID: func(prefix string) string { return s.newID(prefix + "_") }, WebhookSecrets: []string{whsec},
		Send: s.pushed,
	})
	must(err)
	gateway, err := stripegateway.New(stripegateway.Config{
		SecretKey: secretKey, HTTPClient: &http.Client{Transport: s.provider.RoundTripper()},
	})
	must(err)
	verifier, err := stripegateway.NewVerifier([]string{whsec}, false)
	must(err)
	tokens, err := checkout.NewTokens([]byte(strings.Repeat("k", 32)))
	must(err)
	store := memstore.New()
	s.store = store
	t.Cleanup(func() { _ = store.Close() })
	must(store.PutProducts(t.Context(), products()))
	logger := s.log.logger()
	config := checkout.Config{
		Carts: store, Sessions: store, Catalog: store, Inbox: store, People: store, Gateway: gateway, Till: gateway, Vault: gateway, Shop: shop,
		Tokens: tokens,
		Now:    s.clock, NewID: func() string { return s.newID("id") }, Logger: logger,
	}
	carts, err := checkout.NewCarts(config)
	must(err)
	sessions, err := checkout.NewSessions(config)
	must(err)
	orders, err := checkout.NewOrders(config)
	must(err)
	observer, err := checkout.NewObserver(config)
	must(err)
	wire, err := ucp.New(shop, "")
	must(err)
	s.issuer, err = issuer.New("http://127.0.0.1/oidc", audience, s.clock, nil)
	must(err)
	customers, err := oidc.New(oidc.Config{
		Issuer: s.issuer.URL(), Audiences: []string{audience}, Now: s.clock, HTTP: &http.Client{Transport: inProcess{s.issuer.Handler()}},
	})
	must(err)
	people, err := checkout.NewPeople(config)
	must(err)
	counter, err := statistics.NewCounter(statistics.Config{Store: store, Reader: store, Now: s.clock, Logger: logger})
	must(err)
	s.outbox, err = checkout.NewOutbox(checkout.OutboxConfig{
		Store: store, Consumers: map[string][]checkout.Consumer{checkout.NoticeOrderPlaced: {people, counter}}, Logger: logger,
	})
	must(err)
	s.edge = edge.Config{
		Wire: wire, Logger: logger, Now: s.clock, NewID: func() string { return s.newID("req") }, Customers: customers,
	}
	description, err := os.ReadFile("../../../openapi.yaml")
	must(err)
	follow := recovery.Config{Carts: store, Contacts: store, Shop: shop, Now: s.clock, NewID: func() string { return s.newID("rc") }, Logger: logger}
	s.links, err = recovery.NewLinks([]byte(strings.Repeat("l", 32)))
	must(err)
	registry, err := recovery.NewRegistry(recovery.RegistryConfig{Config: follow, Tokens: tokens, Links: s.links})
	must(err)
	returns, err := recovery.NewReturns(recovery.ReturnsConfig{Config: follow, Editor: carts, Tokens: tokens, Links: s.links})
	must(err)
	s.cart = api.Cart(api.CartDeps{
		Edge: s.edge, Carts: carts, Lines: carts, Claims: carts, Products: carts, Devices: registry, Returns: returns, OpenAPI: description,
	})
	s.feedback = api.Feedback(api.FeedbackDeps{Edge: s.edge, Contacts: registry})
	s.checkout = api.Checkout(api.CheckoutDeps{Edge: s.edge, Sessions: sessions, Sheets: sessions, Orders: sessions, Withdrawals: orders,
		Profiles: people})
	s.webhook = api.Webhook(api.WebhookDeps{Edge: s.edge, Verifier: verifier, Observer: observer})
	s.manage(t, store, config)
	return s
}

func shop() checkout.Shop {
	title := func(en, nl string) map[string]string { return map[string]string{"en": en, "nl": nl} }
	return checkout.Shop{
		Name: "Fjord & Fern", BaseURL: "https://shop.example", ReturnURL: "https://shop.example/return", Country: "NL",
		DefaultCountry: "NL", Languages: []string{"en", "nl", "nb", "de", "fr"}, Terms: "2026-01",
		Countries: map[string]pricing.Country{
			"NL": {Code: "NL", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100}, ReturnDays: 14,
				Shipping: []pricing.ShippingMethod{
					{ID: "standard", Title: title("Standard", "Standaard"), Prices: map[money.Currency]int64{"EUR": 495, "NOK": 5900}, MinDays: 1,
						MaxDays: 2},
					{ID: "express", Title: title("Express", "Spoed"), Prices: map[money.Currency]int64{"EUR": 995, "NOK": 9900}, MaxDays: 1},
				}},
			"NO": {Code: "NO", Currency: "NOK", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2500}, Shipping: []pricing.ShippingMethod{
				{ID: "posten", Title: title("Posten", "Posten"), Prices: map[money.Currency]int64{"NOK": 4900, "EUR": 495}, MinDays: 1, MaxDays: 4}}},
		},
		Links: []checkout.Link{{Type: "terms_of_service", URL: "https://shop.example/terms"}},
		Apps: checkout.Apps{
			Apple:   []string{"A1B2C3D4E5.example.kade9"},
			Android: []checkout.AndroidApp{{Package: "example.kade9", Fingerprints: []string{strings.Repeat("AB:", 31) + "AB"}}},
		},
		Wallets: checkout.Wallets{
			PublishableKey: "pk_test_kassa", ProviderVersion: "2023-10-16", AppleMerchantID: "merchant.example.shop", GooglePay: true,
			GoogleMerchantID: "BCR2DN", Networks: []string{"visa", "mastercard"}, Test: true,
		},
	}
}

func products() []checkout.Product {
	three, none := int64(3), int64(0)
	eur := func(minor int64) map[money.Currency]int64 {
		return map[money.Currency]int64{"EUR": minor, "NOK": minor * 11}
	}
	return []checkout.Product{
		{SKU: "mug", Title: "Mug", Titles: map[string]string{"nl": "Mok"}, Description: "Holds coffee", ImageURL: "https://shop.example/mug.jpg",
			Category: "Kitchen", Prices: eur(1290)},
		{SKU: "beans-kade-250", Title: "Kade house espresso, 250 g", Category: "coffee", Prices: eur(995)},
		{SKU: "scarce", Title: "Scarce", Prices: eur(2000), Stock: &three},
		{SKU: "gone", Title: "Gone", Prices: eur(2000), Stock: &none},
		{SKU: "withdrawn", Title: "Withdrawn", Prices: eur(1000), Inactive: true},
		{SKU: "ebook", Title: "E-book", Prices: eur(900), Digital: true},
		{SKU: "free", Title: "Sample", Prices: eur(0), Digital: true},
	}
}

// reply is an answer as a client sees it.
type reply struct {
	*httptest.ResponseRecorder
	t   *testing.T
	doc map[string]any
}

// call sends a request to the function that serves its path, as one client would: headers are given as "Name: value".
func (s *stack) call(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, io.NopCloser(strings.NewReader(body)))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if value == "" {
			r.Header.Del(name)
			continue
		}
		r.Header.Add(name, value)
		if name == "Content-Type" {
			r.Header.Set(name, value)
		}
	}
	function := s.functionOf(path)
	w := reply{ResponseRecorder: httptest.NewRecorder(), t: t}
	function.ServeHTTP(w, r)
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && method != http.MethodHead && !strings.HasPrefix(w.Body.String(), "[") {
		w.read()
	}
	s.keep(path, w)
	s.description.check(t, r, body, w)
	return w
}

// functionOf is the function that serves a path.
func (s *stack) functionOf(path string) api.Handler {
	switch {
	case strings.HasPrefix(path, "/checkout-sessions"), strings.HasPrefix(path, "/orders"), strings.HasPrefix(path,
		"/o/"), path == "/profile", strings.HasPrefix(path, "/profile/"):
		return s.checkout
	case strings.HasPrefix(path, "/webhooks"):
		return s.webhook
	case strings.HasPrefix(path, "/admin"):
		return s.admin
	case strings.HasPrefix(path, "/unsubscribe"):
		return s.feedback
	}
	return s.cart
}

// replyOf is an answer as Lambda hands it to API Gateway.
func replyOf(t *testing.T, out events.APIGatewayV2HTTPResponse) reply {
	t.Helper()
	w := reply{ResponseRecorder: httptest.NewRecorder(), t: t}
	for name, value := range out.Headers {
		w.Header().Set(name, value)
	}
	w.Code = out.StatusCode
	w.Body.WriteString(out.Body)
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		w.read()
	}
	return w
}

// read takes in a document; one that is a list has no fields.
func (w *reply) read() {
	w.t.Helper()
	var doc any
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		w.t.Fatalf("no JSON: %v\n%s", err, w.Body)
	}
	w.doc, _ = doc.(map[string]any)
}

// want fails the test unless the answer has a status.
func (w reply) want(status int) reply {
	w.t.Helper()
	if w.Code != status {
		w.t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	return w
}

// at returns what is at a dotted path of the answer, "" if nothing is: numbers are indexes where there is an array.
func (w reply) at(path string) string {
	var v any = w.doc
	for _, name := range strings.Split(path, ".") {
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
	text, _ := json.Marshal(v)
	return string(text)
}

// wantAt fails the test unless values stand at paths: pairs of both.
func (w reply) wantAt(pairs ...string) reply {
	w.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := w.at(pairs[i]); got != pairs[i+1] {
			w.t.Errorf("%s = %q, want %q in %s", pairs[i], got, pairs[i+1], w.Body)
		}
	}
	return w
}

// total returns the amount of a type of totals.
func (w reply) total(kind string) int64 {
	w.t.Helper()
	list, _ := w.doc["totals"].([]any)
	for _, e := range list {
		if entry, _ := e.(map[string]any); entry["type"] == kind {
			amount, _ := entry["amount"].(float64)
			return int64(amount)
		}
	}
	w.t.Fatalf("no total of type %s in %s", kind, w.Body)
	return 0
}

// key makes an idempotency key header that nobody else has.
func (s *stack) key() string { return "Idempotency-Key: " + s.newID("0f8fad5b-d9cb-469f-a165-") }

// newCart makes a cart of lines (sku and quantity) and returns its id and its credential as a header.
func (s *stack) newCart(t *testing.T, extra string, skus ...string) (id, credential string) {
	t.Helper()
	w := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf(skus...)+`]`+extra+`}`, s.key()).want(http.StatusCreated)
	return w.at("id"), "Authorization: Bearer " + w.at("access_token")
}

func itemsOf(skus ...string) string {
	items := make([]string, len(skus))
	for i, sku := range skus {
		items[i] = `{"item":{"id":"` + sku + `"},"quantity":1}`
	}
	return strings.Join(items, ",")
}
