package lambdatest_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log" //nolint:depguard // http.Server takes no other as its ErrorLog
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/checkout/merchant"
	"kassa/functions/internal/lambdatest"
	"kassa/functions/internal/parameter/parametertest"
	"kassa/payments/sandbox"
)

const (
	secretKey = "sk_test_kassa"
	whsec     = "whsec_kassa"
	rootKey   = "kad_root_0123456789abcdef0123456789abcdef"
)

// account is an AWS account with a deployment of Kassa in it, and its account at Stripe: tables in DynamoDB Local, parameters,
// an event bus, SES, SNS, the sandbox. The shop and its products are those of the local run. All that functions call passes the border.
type account struct {
	border     *lambdatest.Border
	parameters *parametertest.Store
	provider   *sandbox.Provider
	bus        *bus
	mail       *mailbox
	phones     *phones
	tables     dynamostore.Names
	store      *dynamostore.Store
	client     *dynamodb.Client
	env        map[string]string // of every function
	servers    []*httptest.Server
	ahead      atomic.Int64 // of the provider's clock, in nanoseconds
	send       atomic.Pointer[func(ctx context.Context, body []byte, signature string) error]
}

var deployments atomic.Int64

func newAccount(t testing.TB) *account {
	t.Helper()
	a := &account{
		border: &lambdatest.Border{}, bus: &bus{refused: map[string]bool{}}, mail: &mailbox{sent: map[string]int{}}, phones: &phones{endpoints: map[string]map[string]string{}},
	}
	a.tables = dynamostore.Prefixed(fmt.Sprintf("kassa%d-", deployments.Add(1)))
	a.parameters = parametertest.New(map[string]string{
		"/kassa/shop": sampleShop(t), "/kassa/token-secrets": strings.Repeat("k", 32), "/kassa/link-secrets": strings.Repeat("l", 32), "/kassa/stripe-secret-key": secretKey,
		"/kassa/stripe-webhook-secrets": whsec, "/kassa/admin-key-hash": merchant.HashOf(rootKey),
	})
	var err error
	a.provider, err = sandbox.Open(sandbox.Config{
		Now: a.now, NewID: func(prefix string) string { return prefix + "_" + rand.Text() }, SecretKey: secretKey,
		WebhookSecrets: []string{whsec}, Send: a.deliver,
	})
	must(t, err)
	local, err := url.Parse(dynamotest.Endpoint(t))
	must(t, err)
	database := httputil.NewSingleHostReverseProxy(local)
	database.ErrorLog = log.New(io.Discard, "", 0) // callers may be killed
	a.env = map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_ENDPOINT_URL_DYNAMODB": a.serve(t, "dynamodb", database),
		"AWS_ENDPOINT_URL_SSM":      a.serve(t, "ssm", a.parameters), "AWS_ENDPOINT_URL_EVENTBRIDGE": a.serve(t, "eventbridge", a.bus),
		"AWS_ENDPOINT_URL_SESV2": a.serve(t, "ses", a.mail), "AWS_ENDPOINT_URL_SNS": a.serve(t, "sns", a.phones),
		"STRIPE_API_BASE": a.serve(t, "stripe", a.provider.Handler()),
	}
	a.fill(t, local.String())
	return a
}

func (a *account) now() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) }

// serve lets functions call a handler through the border.
func (a *account) serve(t testing.TB, name string, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(a.border.Guard(name, h))
	t.Cleanup(s.Close)
	a.servers = append(a.servers, s)
	return s.URL
}

// hangUp breaks all connections that functions hold, as servers do with those that lie idle.
func (a *account) hangUp() {
	for _, s := range a.servers {
		s.CloseClientConnections()
	}
}

// fill makes the tables and puts the products into them.
func (a *account) fill(t testing.TB, endpoint string) {
	t.Helper()
	a.client = dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(endpoint), Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	})
	must(t, dynamostore.Create(t.Context(), a.client, a.tables))
	var err error
	a.store, err = dynamostore.New(dynamostore.Config{Client: a.client, Tables: a.tables, Jitter: func() float64 { return 0.5 }})
	must(t, err)
	var products []checkout.Product
	must(t, json.Unmarshal(sample(t, "functions/local/catalogue.json"), &products))
	must(t, a.store.PutProducts(t.Context(), products))
}

func sample(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path)) //nolint:gosec // ours
	must(t, err)
	return text
}

func sampleShop(t testing.TB) string {
	t.Helper()
	var shop map[string]any
	must(t, json.Unmarshal(sample(t, "functions/local/shop.json"), &shop))
	wallets, ok := shop["wallets"].(map[string]any)
	if !ok {
		t.Fatal("the sample shop has no wallets")
	}
	wallets["publishable_key"] = "pk_test_kassa"
	text, err := json.Marshal(shop)
	must(t, err)
	return string(text)
}

// assignment is a line of a function's variables in the template.
var assignment = regexp.MustCompile(`(?m)^ {10}([A-Z][A-Z_]+): (.+)$`)

// described is what the template says of a function, but for its events.
func described(t testing.TB, function string) string {
	t.Helper()
	_, block, found := strings.Cut(string(sample(t, "template.yaml")), "\n  "+logicalID(function)+":\n")
	if !found {
		t.Fatalf("the template has no %s", function)
	}
	block, _, _ = strings.Cut(block, "\n\n") // the next resource
	block, _, _ = strings.Cut(block, "\n      Events:\n")
	return block
}

var seconds = regexp.MustCompile(`(?m)^ +Timeout: (\d+)`)

// timeout is how long an invocation of a function may take: its own time, or that of all in the template's Globals.
func timeout(t testing.TB, function string) time.Duration {
	t.Helper()
	own := seconds.FindStringSubmatch(described(t, function) + "\n" + string(sample(t, "template.yaml")))
	d, err := time.ParseDuration(own[1] + "s")
	must(t, err)
	return d
}

// expressions are the values of a function's own variables, as the template writes them.
func expressions(t testing.TB, function string) map[string]string {
	t.Helper()
	_, own, found := strings.Cut(described(t, function), "\n        Variables:\n")
	if !found {
		t.Fatalf("the template says nothing about the variables of %s", function)
	}
	all := map[string]string{}
	for _, line := range assignment.FindAllStringSubmatch(own, -1) {
		all[line[1]] = line[2]
	}
	return all
}

// emptyDefault is a parameter of the template that a deployment may leave empty.
var emptyDefault = regexp.MustCompile(`(?m)^  ([A-Z][A-Za-z]+):\n(?:    .*\n)*?    Default: ""$`)

// optional are the variables that a function may lack: those that the template leaves out or empty where a deployment does not
// want what they are for.
func optional(t testing.TB, function string) map[string]bool {
	t.Helper()
	empty := map[string]bool{}
	for _, p := range emptyDefault.FindAllStringSubmatch(string(sample(t, "template.yaml")), -1) {
		empty["!Ref "+p[1]] = true
	}
	all := map[string]bool{}
	for name, value := range expressions(t, function) {
		if empty[value] || strings.HasSuffix(value, ", !Ref AWS::NoValue]") {
			all[name] = true
		}
	}
	return all
}

// variables are a function's own, as the template has them.
func (a *account) variables(t testing.TB, function string) map[string]string {
	t.Helper()
	values := map[string]string{
		"!If [SignsIn, !Ref OidcIssuer, !Ref AWS::NoValue]": "", "!If [SignsIn, !Ref OidcAudience, !Ref AWS::NoValue]": "",
		"!Ref CartsTable": a.tables.Carts, "!Ref SessionsTable": a.tables.Sessions, "!Ref InboxTable": a.tables.Inbox,
		"!Ref ProductsTable": a.tables.Products, "!Ref StockTable": a.tables.Stock, "!Ref RedemptionsTable": a.tables.Redemptions, "!Ref MerchantTable": a.tables.Merchant, "!Ref PeopleTable": a.tables.People,
		"!Ref Namespace": "com.example.shop", "!Ref StripeMode": "test", "!Ref EventBus": "kassa",
		"!Ref EmailEvents": "kassa", "!Ref FeedbackTopic": "arn:aws:sns:eu-west-1:123456789012:kassa-feedback",
		"!Ref PushIos": "arn:aws:sns:eu-west-1:123456789012:app/APNS/kassa", "!Ref PushAndroid": "",
		"!If [OtherStripe, !Ref StripeEndpoint, !Ref AWS::NoValue]": a.env["STRIPE_API_BASE"],
	}
	for table, name := range reflect.ValueOf(a.tables).Fields() {
		values["!Ref "+table.Name+"Table"] = name.String()
	}
	all := map[string]string{"KASSA_SHOP_PARAMETER": "/kassa/shop", "KASSA_MERCHANT_TABLE": a.tables.Merchant} // of all functions
	for name, expression := range expressions(t, function) {
		value, known := values[expression]
		if parameter, ok := strings.CutPrefix(expression, "!Sub /${AWS::StackName}/"); ok {
			value, known = "/kassa/"+parameter, true
		}
		if !known {
			t.Fatalf("%s of %s is %s: say what that is here", name, function, expression)
		}
		all[name] = value
	}
	return all
}

// logicalID is what the template calls a function.
func logicalID(function string) string {
	return strings.ToUpper(function[:1]) + function[1:] + "Function"
}

// environment is all that a function finds.
func (a *account) environment(t testing.TB, function string) map[string]string {
	t.Helper()
	env := a.variables(t, function)
	for name, value := range a.env {
		if name != "STRIPE_API_BASE" { // only of those that have it in the template
			env[name] = value
		}
	}
	return env
}

func pairs(env map[string]string) []string {
	out := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, name+"="+env[name])
	}
	return out
}

// start starts a function as it ships; change may set up its process otherwise.
func (a *account) start(t testing.TB, function string, change ...func(*lambdatest.Config)) *process {
	t.Helper()
	c := lambdatest.Config{Binary: binary(t, function), Env: pairs(a.environment(t, function)), Timeout: timeout(t, function)}
	for _, f := range change {
		f(&c)
	}
	started, err := lambdatest.Start(t.Context(), c)
	must(t, err)
	t.Cleanup(started.Close)
	return &process{Function: started, name: function}
}

func frozen(c *lambdatest.Config) { c.Frozen = true }

// deliver hands a webhook to whoever takes them; without one it is tried again later.
func (a *account) deliver(ctx context.Context, body []byte, signature string) error {
	send := a.send.Load()
	if send == nil {
		return fmt.Errorf("nobody takes webhooks")
	}
	return (*send)(ctx, body, signature)
}

// bus is an event bus.
type bus struct {
	mu      sync.Mutex
	entries []entry
	refused map[string]bool // sessions whose events it does not take
}

type entry struct {
	EventBusName, Source, DetailType string
	Detail                           string
}

// about is the session that an entry tells of, or else the cart.
func (e entry) about() string {
	var event struct {
		Data struct {
			CheckoutID string `json:"checkout_id"`
			CartID     string `json:"cart_id"`
		}
	}
	if json.Unmarshal([]byte(e.Detail), &event) != nil {
		return ""
	}
	return cmp.Or(event.Data.CheckoutID, event.Data.CartID)
}

// ServeHTTP implements http.Handler: PutEvents.
func (b *bus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Entries []entry }
	text, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(text, &in) != nil || r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" {
		http.Error(w, `{"__type":"ValidationException"}`, http.StatusBadRequest)
		return
	}
	type result struct {
		EventID   string `json:"EventId,omitempty"`
		ErrorCode string `json:",omitempty"`
	}
	var out struct {
		FailedEntryCount int
		Entries          []result
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range in.Entries {
		if b.refused[e.about()] {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, result{ErrorCode: "ThrottlingException"})
			continue
		}
		b.entries = append(b.entries, e)
		out.Entries = append(out.Entries, result{EventID: rand.Text()})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out) // a caller that has gone is no failure
}

// taken lists sessions and kinds of the events that the bus has taken, sorted.
func (b *bus) taken() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := []string{}
	for _, e := range b.entries {
		all = append(all, e.about()+" "+e.DetailType)
	}
	slices.Sort(all)
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
