package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/sandbox"
	"kassa/payments/stripegateway"
)

// world is a whole shop in one process: real services, the embedded store, the real gateway on the sandbox.
type world struct {
	*testing.T
	clock      *clock
	store      *memstore.Store
	provider   *sandbox.Provider
	config     checkout.Config
	carts      *checkout.Carts
	sessions   *checkout.Sessions
	observer   *checkout.Observer
	reconciler *checkout.Reconciler
	sweeper    *checkout.Sweeper
	people     *checkout.People
	orders     *checkout.Orders
	keys       atomic.Int64
	webhookErr error
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const webhookSecret = "whsec_test_secret"

// newWorld opens a shop. edit may wrap stores and gateway before the services are made.
func newWorld(t *testing.T, edit ...func(*checkout.Config)) *world {
	t.Helper()
	w := &world{T: t, clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, store: memstore.New()}
	verifier, err := stripegateway.NewVerifier([]string{webhookSecret}, false)
	w.ok(err)
	var ids atomic.Int64
	w.provider, err = sandbox.Open(sandbox.Config{
		Now:            w.clock.Now,
		NewID:          func(prefix string) string { return fmt.Sprintf("%s_%08d", prefix, ids.Add(1)) },
		WebhookSecrets: []string{webhookSecret},
		Send: func(ctx context.Context, body []byte, signature string) error {
			if w.webhookErr != nil {
				return w.webhookErr
			}
			event, err := verifier.Event(w.clock.Now(), body, signature)
			if err != nil {
				return err
			}
			return w.observer.Observe(ctx, event)
		},
	})
	w.ok(err)
	w.provider.HoldWebhooks(true) // tests say when a webhook comes
	gateway, err := stripegateway.New(stripegateway.Config{
		SecretKey: "sk_test_world", HTTPClient: &http.Client{Transport: w.provider.RoundTripper()},
	})
	w.ok(err)
	tokens, err := checkout.NewTokens([]byte("0123456789abcdef0123456789abcdef"))
	w.ok(err)
	w.config = checkout.Config{
		Carts: w.store, Sessions: w.store, Catalog: w.store, Inbox: w.store, People: w.store, Gateway: gateway, Till: gateway, Vault: gateway,
		Shop: demoShop(), Tokens: tokens,
		Now: w.clock.Now, NewID: func() string { return fmt.Sprintf("op%016d", ids.Add(1)) },
	}
	for _, e := range edit {
		e(&w.config)
	}
	w.carts = must(checkout.NewCarts(w.config))(t)
	w.sessions = must(checkout.NewSessions(w.config))(t)
	w.orders = must(checkout.NewOrders(w.config))(t)
	w.observer = must(checkout.NewObserver(w.config))(t)
	w.reconciler = must(checkout.NewReconciler(w.config))(t)
	w.sweeper = must(checkout.NewSweeper(w.config))(t)
	if w.config.People != nil {
		w.people = must(checkout.NewPeople(w.config))(t)
	}
	w.stock(demoProducts()...)
	return w
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func demoShop() checkout.Shop {
	flat := func(prices map[money.Currency]int64) []pricing.ShippingMethod {
		return []pricing.ShippingMethod{{ID: "standard", Title: map[string]string{"en": "Standard", "nl": "Standaard"}, Prices: prices, MinDays: 1,
			MaxDays: 2}}
	}
	return checkout.Shop{
		Name: "Veldwerk", BaseURL: "https://shop.example", ReturnURL: "https://shop.example/return", Country: "NL", DefaultCountry: "NL",
		Languages: []string{"en", "nl"}, Terms: "2026-01",
		Countries: map[string]pricing.Country{
			"NL": {Code: "NL", Currency: "EUR", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2100, "reduced": 900},
				Shipping: flat(map[money.Currency]int64{"EUR": 495})},
			"NO": {Code: "NO", Currency: "NOK", TaxIncluded: true, TaxRates: map[string]int64{"standard": 2500, "reduced": 1500},
				Shipping: flat(map[money.Currency]int64{"NOK": 9900, "EUR": 1495})},
			"US": {Code: "US", Currency: "USD", TaxRates: map[string]int64{"standard": 825, "reduced": 0},
				Shipping: flat(map[money.Currency]int64{"USD": 795})},
		},
		Wallets: checkout.Wallets{PublishableKey: "pk_test_world", AppleMerchantID: "merchant.example", GooglePay: true, ProviderVersion: "2023-10-16",
			GoogleMerchantID: "BCR2DN", Networks: []string{"visa", "mastercard"}},
	}
}

func stockOf(n int64) *int64 { return &n }

func demoProducts() []checkout.Product {
	return []checkout.Product{
		{SKU: "mug", Title: "Enamel mug", Titles: map[string]string{"nl": "Emaille mok"},
			Prices: map[money.Currency]int64{"EUR": 1495, "NOK": 16900, "USD": 1600}, Stock: stockOf(10)},
		{SKU: "beans", Title: "Coffee beans", TaxCategory: "reduced", Prices: map[money.Currency]int64{"EUR": 1250, "NOK": 14900}},
		{SKU: "lamp", Title: "Last lamp", Prices: map[money.Currency]int64{"EUR": 8900}, Stock: stockOf(1)},
		{SKU: "ebook", Title: "Field guide", Digital: true, Prices: map[money.Currency]int64{"EUR": 900}},
		{SKU: "free", Title: "Sticker", Digital: true, Prices: map[money.Currency]int64{"EUR": 0}},
		{SKU: "penny", Title: "Penny sweet", Digital: true, Prices: map[money.Currency]int64{"EUR": 10}},
		{SKU: "retired", Title: "Old map", Inactive: true, Prices: map[money.Currency]int64{"EUR": 500}},
	}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) stock(products ...checkout.Product) {
	w.Helper()
	w.ok(w.store.PutProducts(w.Context(), products))
}

// free returns how much of a product is on the shelf.
func (w *world) free(sku string) int64 {
	w.Helper()
	found, err := w.store.Products(w.Context(), []string{sku})
	w.ok(err)
	return *found[sku].Stock
}

// key returns a fresh idempotency key.
func (w *world) key() string { return fmt.Sprintf("key-0000000000000000-%d", w.keys.Add(1)) }

func (w *world) request(token string) checkout.Request {
	key := w.key()
	return checkout.Request{Caller: callerOf(token), Key: key, Fingerprint: "f-" + key}
}

// signedIn stands before a customer where tests hand around a guest's token.
const signedIn = "signed-in:"

func callerOf(token string) checkout.Caller {
	if customer, ok := strings.CutPrefix(token, signedIn); ok {
		return checkout.Caller{Customer: customer}
	}
	return checkout.Caller{Token: token}
}

// cartOf makes a signed-in customer's cart.
func (w *world) cartOf(customer string, lines ...any) checkout.CartView {
	w.Helper()
	view, err := w.carts.Create(w.Context(), checkout.CreateCartInput{
		Request: w.request(signedIn + customer), Context: checkout.Context{Country: "NL", Language: "en"}, Lines: linesOf(lines...),
	})
	w.ok(err)
	view.Token = signedIn + customer
	return view
}

// cart makes a guest's cart of sku, quantity, sku, quantity …
func (w *world) cart(lines ...any) checkout.CartView {
	w.Helper()
	view, err := w.carts.Create(w.Context(), checkout.CreateCartInput{
		Request: w.request(""), Context: checkout.Context{Country: "NL", Language: "en"}, Lines: linesOf(lines...),
	})
	w.ok(err)
	return view
}

func linesOf(lines ...any) []checkout.LineInput {
	var out []checkout.LineInput
	for i := 0; i+1 < len(lines); i += 2 {
		out = append(out, checkout.LineInput{SKU: lines[i].(string), Quantity: int64(lines[i+1].(int))})
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func address(country string) *checkout.Destination {
	return &checkout.Destination{ID: "home", FirstName: "Anna", LastName: "de Vries", Street: "Keizersgracht 1", City: "Amsterdam",
		PostalCode: "1015 AA", Country: country}
}

// everything is a change that makes any session ready.
func everything(country string) checkout.SessionChange {
	return checkout.SessionChange{Buyer: checkout.BuyerPatch{Email: ptr("anna@example.com")}, Destination: address(country)}
}

// open opens a session that is ready to be paid.
func (w *world) open(cart checkout.CartView) checkout.SessionView {
	w.Helper()
	view, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{
		Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("NL"),
	})
	w.ok(err)
	return view
}

func method(pm string) *payments.Instrument {
	return &payments.Instrument{Handler: checkout.HandlerStripe, Kind: payments.InstrumentPaymentMethod, Token: pm}
}

func (w *world) complete(token, id, pm string) (checkout.SessionView, error) {
	return w.sessions.Complete(w.Context(), checkout.CompleteInput{Request: w.request(token), SessionID: id, Instrument: method(pm)})
}

// pay completes a session and expects no error.
func (w *world) pay(token, id, pm string) checkout.SessionView {
	w.Helper()
	view, err := w.complete(token, id, pm)
	w.ok(err)
	return view
}

func (w *world) session(id string) checkout.Session {
	w.Helper()
	s, err := w.store.Session(w.Context(), id)
	w.ok(err)
	return s
}

// webhooks delivers everything that waits.
func (w *world) webhooks() {
	w.Helper()
	w.provider.HoldWebhooks(false)
	w.ok(w.provider.Run(w.Context(), w.clock.Now()))
	w.provider.HoldWebhooks(true)
}

// later moves the clock, lets the provider do what falls due, and runs reconcile and sweep once.
func (w *world) later(d time.Duration) {
	w.Helper()
	w.clock.advance(d)
	w.ok(w.provider.Run(w.Context(), w.clock.Now()))
	w.tick()
}

func (w *world) tick() {
	w.Helper()
	_, err := w.reconciler.Run(w.Context())
	w.ok(err)
	_, err = w.sweeper.Run(w.Context())
	w.ok(err)
}

// charged returns what the shop keeps for a session, by the provider's ledger, and how many charges took money.
func (w *world) charged(id string) (kept int64, taken int) {
	for _, c := range w.provider.Ledger() {
		if c.SessionID == id && c.Captured > 0 {
			kept, taken = kept+c.Captured-c.Refunded, taken+1
		}
	}
	return kept, taken
}

func (w *world) wantStatus(id string, want checkout.Status) checkout.Session {
	w.Helper()
	s := w.session(id)
	if s.Status != want {
		w.Fatalf("session is %s, want %s (messages %v, review %q)", s.Status, want, s.Messages, s.Review)
	}
	return s
}

// wantPaidOnce checks the end that everybody hopes for: an order, one charge of its total.
func (w *world) wantPaidOnce(id string) checkout.Session {
	w.Helper()
	s := w.wantStatus(id, checkout.StatusCompleted)
	if kept, taken := w.charged(id); kept != s.Quote.Total.Minor || taken != 1 {
		w.Fatalf("provider took %d in %d charges for an order of %d", kept, taken, s.Quote.Total.Minor)
	}
	if s.Order == nil || s.Order.Amount != s.Quote.Total {
		w.Fatalf("order is %+v, quote total %v", s.Order, s.Quote.Total)
	}
	return s
}

// wantUnpaid checks the other consistent end: no money, nothing held, the cart open.
func (w *world) wantUnpaid(id string) checkout.Session {
	w.Helper()
	s := w.session(id)
	if kept, _ := w.charged(id); kept != 0 || s.Order != nil || len(s.Holds) != 0 {
		w.Fatalf("session %s keeps %d of money, order %v, holds %v", s.Status, kept, s.Order, s.Holds)
	}
	cart, err := w.store.Cart(w.Context(), s.CartID)
	w.ok(err)
	if cart.Session != "" {
		w.Fatalf("cart is still locked by %s", cart.Session)
	}
	return s
}

func wantCode(t *testing.T, err error, want checkout.Code) *checkout.Error {
	t.Helper()
	if checkout.ErrorCode(err) != want {
		t.Fatalf("error is %v, want code %s", err, want)
	}
	var e *checkout.Error
	errors.As(err, &e)
	return e
}

func wantMessage(t *testing.T, messages []checkout.Message, code, path string) checkout.Message {
	t.Helper()
	for _, m := range messages {
		if m.Code == code && (path == "" || m.Path == path) {
			return m
		}
	}
	t.Fatalf("no message %s at %s in %v", code, path, messages)
	return checkout.Message{}
}
