// Package coldstarttest starts functions in tests as Lambda would: with an environment, a Parameter Store and a DynamoDB that
// holds nothing.
package coldstarttest

import (
	"bytes"
	_ "embed" // the shop
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter/parametertest"
)

//go:embed shop.json
var shop string

// Account is an AWS account as one function sees it.
type Account struct {
	Parameters *parametertest.Store
	Env        map[string]string // of the function; change it before Start
	Logs       lockedBuffer

	mu     sync.Mutex
	tables []string
}

// own are the variables of all functions.
var own = map[string]string{
	"KASSA_CARTS_TABLE": "t-carts", "KASSA_SESSIONS_TABLE": "t-sessions", "KASSA_INBOX_TABLE": "t-inbox",
	"KASSA_PRODUCTS_TABLE": "t-products", "KASSA_STOCK_TABLE": "t-stock", "KASSA_REDEMPTIONS_TABLE": "t-redemptions",
	"KASSA_MERCHANT_TABLE": "t-merchant", "KASSA_ORDERS_TABLE": "t-orders", "KASSA_PEOPLE_TABLE": "t-people",
	"KASSA_STATISTICS_TABLE": "t-statistics", "KASSA_CONTACTS_TABLE": "t-contacts",
	"KASSA_NAMESPACE": "com.example.shop", "STRIPE_MODE": "test",
	"KASSA_ADMIN_KEY_PARAMETER": "/t/admin-key-hash",
	"KASSA_SHOP_PARAMETER":      "/t/shop", "KASSA_TOKEN_SECRETS_PARAMETER": "/t/token-secrets", "KASSA_LINK_SECRETS_PARAMETER": "/t/link-secrets",
	"STRIPE_SECRET_KEY_PARAMETER": "/t/stripe-secret-key", "STRIPE_WEBHOOK_SECRETS_PARAMETER": "/t/stripe-webhook-secrets",
}

// New returns an account in which a function finds what its variables, given by name, point to.
func New(t *testing.T, variables ...string) *Account {
	t.Helper()
	a := &Account{Parameters: parametertest.New(map[string]string{
		"/t/shop": shop, "/t/token-secrets": strings.Repeat("0123456789", 4), "/t/link-secrets": strings.Repeat("abcdefghij", 4), "/t/stripe-secret-key": "sk_test_51abc",
		"/t/stripe-webhook-secrets": "whsec_abc", "/t/admin-key-hash": strings.Repeat("0a", 32),
	})}
	parameters, tables := httptest.NewServer(a.Parameters), httptest.NewServer(http.HandlerFunc(a.empty))
	t.Cleanup(func() { parameters.Close(); tables.Close() })
	a.Env = map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s",
		"AWS_ENDPOINT_URL_SSM": parameters.URL, "AWS_ENDPOINT_URL_DYNAMODB": tables.URL,
	}
	for _, name := range variables {
		value, ok := own[name]
		if !ok {
			t.Fatalf("no function has a variable %s", name)
		}
		a.Env[name] = value
	}
	return a
}

// empty is a DynamoDB that holds nothing.
func (a *Account) empty(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	a.tables = append(a.tables, strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")+" "+string(body))
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = w.Write([]byte("{}"))
}

// Requests returns what was asked of DynamoDB: operation and body.
func (a *Account) Requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.tables)
}

// Start starts a function and returns what Lambda would call with each event's bytes.
func (a *Account) Start(start coldstart.Start) (lambda.Handler, error) {
	pairs := make([]string, 0, len(a.Env))
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		pairs = append(pairs, name+"="+a.Env[name])
	}
	handler, err := coldstart.Begin(pairs, &a.Logs, start)
	if err != nil {
		return nil, err
	}
	return lambda.NewHandler(handler), nil
}

// lockedBuffer is a log that several invocations write to.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
