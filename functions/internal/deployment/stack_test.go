package deployment_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/checkout/merchant"
	"kassa/functions/internal/oidc/issuer"
	"kassa/functions/internal/parameter/parametertest"
	"kassa/payments/sandbox"
)

// stack is what the template deploys, on this machine: each function's program with its environment from the template.
type stack struct {
	t        *testing.T
	ledger   ledger
	tables   string
	client   *dynamodb.Client
	provider *sandbox.Provider
	stripe   string
	bus      string
	post     string
	phones   string
	letters  chan string // texts of e-mails
	issuer   *issuer.Issuer
	parts    map[string]*process
}

var tableNames = dynamostore.Names{
	Carts: "kassa-CartsTable", Sessions: "kassa-SessionsTable", Inbox: "kassa-InboxTable", Products: "kassa-ProductsTable", Stock: "kassa-StockTable",
	People:      "kassa-PeopleTable",
	Contacts:    "kassa-ContactsTable",
	Redemptions: "kassa-RedemptionsTable",
	Merchant:    "kassa-MerchantTable", Orders: "kassa-OrdersTable",
	Statistics: "kassa-StatisticsTable",
}

func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{
		t: t, ledger: ledger{seen: map[string]bool{}}, tables: dynamotest.Endpoint(t), parts: map[string]*process{},
		letters: make(chan string, 64),
	}
	client := dynamodb.New(dynamodb.Options{
		Region: "eu-west-1", BaseEndpoint: &s.tables,
		Credentials: credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "s"}},
	})
	if err := dynamostore.Create(t.Context(), client, tableNames); err != nil {
		t.Fatal(err)
	}
	s.client = client
	s.sell(client)
	var err error
	s.provider, err = sandbox.Open(sandbox.Config{
		Now: time.Now, NewID: func(prefix string) string { return prefix + "_" + rand.Text() }, WebhookSecrets: []string{"whsec_abc"},
		Send: func(_ context.Context, body []byte, signature string) error {
			return wantStatus(s.send("WebhookFunction", "POST", "/webhooks/stripe", string(body), "stripe-signature", signature))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	provider := httptest.NewServer(s.provider.Handler())
	bus := httptest.NewServer(http.HandlerFunc(s.takeEvents))
	post := httptest.NewServer(http.HandlerFunc(s.takeEmail))
	phones := httptest.NewServer(http.HandlerFunc(s.takePush))
	t.Cleanup(func() { provider.Close(); bus.Close(); post.Close(); phones.Close() })
	s.stripe, s.bus, s.post, s.phones = provider.URL, bus.URL, post.URL, phones.URL
	signIn := http.NewServeMux()
	page := httptest.NewServer(signIn)
	t.Cleanup(page.Close)
	if s.issuer, err = issuer.New(page.URL, "kassa-app", time.Now, nil); err != nil {
		t.Fatal(err)
	}
	signIn.Handle("/", s.issuer.Handler())
	return s
}

// sell puts a product as docs/deploy.md does.
func (s *stack) sell(client *dynamodb.Client) {
	s.t.Helper()
	text := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	for table, item := range map[string]map[string]types.AttributeValue{
		tableNames.Stock:    {"i": text("ebook"), "q": &types.AttributeValueMemberN{Value: "9"}},
		tableNames.Products: {"i": text("ebook"), "j": text(`{"title": "E-book", "prices": {"EUR": 900}, "digital": true}`)},
	} {
		if _, err := client.PutItem(s.t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: item}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// takeEmail is an SES that sends everything.
func (s *stack) takeEmail(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ConfigurationSetName string
		Content              struct {
			Simple struct {
				Body struct{ Text struct{ Data string } }
			}
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/v2/email/outbound-emails" {
		s.t.Errorf("SES is asked for %s, %v", r.URL.Path, err)
	}
	const account = "arn:aws:ses:eu-west-1:123456789012:"
	s.ledger.note("OutboxRole", "ses:SendEmail", account+"identity/kassa-EmailIdentity")
	s.ledger.note("OutboxRole", "ses:SendEmail", account+"configuration-set/"+in.ConfigurationSetName)
	s.letters <- in.Content.Simple.Body.Text.Data
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"MessageId":"m-1"}`)
}

// takeEvents is an event bus that takes everything.
func (s *stack) takeEvents(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Entries []struct{ EventBusName string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Entries) == 0 {
		s.t.Errorf("an event bus is asked for %v, %v", in, err)
	}
	out := struct {
		FailedEntryCount int
		Entries          []map[string]string
	}{}
	for _, e := range in.Entries {
		s.ledger.note("OutboxRole", "events:PutEvents", "arn:"+strings.TrimPrefix(e.EventBusName, "kassa-")+".Arn")
		out.Entries = append(out.Entries, map[string]string{"EventId": rand.Text()})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

// start starts a function's program as the template has it, with shop settings changed by the given fields.
func (s *stack) start(name, function string, change tree) {
	s.t.Helper()
	text, err := os.ReadFile("../coldstart/coldstarttest/shop.json")
	if err != nil {
		s.t.Fatal(err)
	}
	var shop tree
	if err := json.Unmarshal(text, &shop); err != nil {
		s.t.Fatal(err)
	}
	shop["pricing"] = tree{"discounts": []any{
		tree{"id": "sale", "title": tree{"en": "Sale"}, "amounts": tree{"EUR": 100}, "limit": 1_000_000},
		tree{"id": "first", "title": tree{"en": "Welcome"}, "amounts": tree{"EUR": 50}, "first_order": true},
	}}
	shop["recovery"] = tree{
		"since": "2026-01-01T00:00:00Z", "quiet": tree{"from": "00:00", "to": "00:00"},
		"messages": tree{"from": "orders@shop.example", "trader": tree{
			"name": "Shop B.V.", "address": "Wijnhaven 9, 3011 WH Rotterdam", "email": "hello@shop.example",
		}},
	}
	maps.Copy(shop, change)
	store := parametertest.New(map[string]string{
		"/kassa/shop": shown(shop), "/kassa/token-secrets": strings.Repeat("0123456789", 4), "/kassa/link-secrets": strings.Repeat("abcdefghij", 4),
		"/kassa/stripe-secret-key":      "sk_test_51abc",
		"/kassa/stripe-webhook-secrets": "whsec_abc", "/kassa/admin-key-hash": merchant.HashOf(rootKey),
	})
	parameters := httptest.NewServer(store)
	s.t.Cleanup(parameters.Close)
	r := resources(s.t)[function]
	role := named(r.Properties["Role"])
	env := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL_EVENTBRIDGE": s.bus,
		"AWS_ENDPOINT_URL_SESV2": s.post, "AWS_ENDPOINT_URL_SNS": s.phones,
	}
	variables, _ := at(r.Properties, "Environment", "Variables").(tree)
	for variable, value := range variables {
		if text, ok := physical(value, map[string]string{
			"Namespace": "com.example.shop", "StripeMode": "test",
			"OtherDynamoDB": "true", "DynamoDBEndpoint": s.ledger.watched(s.t, role, s.tables),
			"OtherParameters": "true", "ParametersEndpoint": parameters.URL, "OtherStripe": "true", "StripeEndpoint": s.stripe,
			"SignsIn": "true", "OidcIssuer": s.issuer.URL(), "OidcAudience": s.issuer.Audience(), "PushIos": phoneApp, "PushAndroid": "",
		}); ok {
			env[variable] = text
		}
	}
	s.parts[name] = launch(s.t, function, env)
	for _, names := range store.Asked() {
		for _, parameter := range names {
			s.ledger.note(role, "ssm:GetParameters", "arn:aws:ssm:eu-west-1:123456789012:parameter"+parameter)
		}
	}
}

type reply struct {
	status int
	doc    tree
	text   string
	err    error
}

// send sends a request to a function as API Gateway would. Headers are given as pairs.
func (s *stack) send(part, method, path, body string, headers ...string) reply {
	s.t.Helper()
	event := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: path, Body: body, Headers: map[string]string{"content-type": "application/json"}}
	event.RequestContext.HTTP.Method, event.RequestContext.HTTP.SourceIP = method, "192.0.2.1"
	for i := 0; i+1 < len(headers); i += 2 {
		event.Headers[headers[i]] = headers[i+1]
	}
	encoded, err := json.Marshal(event)
	if err != nil {
		return reply{err: err}
	}
	out, err := s.parts[part].invoke(s.t.Context(), encoded)
	if err != nil {
		return reply{err: err}
	}
	var got events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &got); err != nil {
		return reply{err: err}
	}
	r := reply{status: got.StatusCode, text: got.Body}
	_ = json.Unmarshal([]byte(got.Body), &r.doc) // not all answers are JSON
	return r
}

func wantStatus(r reply) error {
	if r.err == nil && r.status >= http.StatusMultipleChoices {
		return fmt.Errorf("status %d: %s", r.status, r.text)
	}
	return r.err
}

// call is send with a fresh idempotency key, and fails the test unless it succeeds.
func (s *stack) call(part, method, path, body, token string) tree {
	s.t.Helper()
	headers := []string{"idempotency-key", rand.Text()}
	if token != "" {
		headers = append(headers, "authorization", "Bearer "+token)
	}
	r := s.send(part, method, path, body, headers...)
	if err := wantStatus(r); err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r.doc
}

// cart makes a cart with one line and returns its id and token.
func (s *stack) cart() (id, token string) {
	s.t.Helper()
	r := s.send("CartFunction", "POST", "/carts", `{"line_items":[{"item":{"id":"ebook"},"quantity":1}],"context":{"address_country":"NL"}}`,
		"idempotency-key", rand.Text())
	if err := wantStatus(r); err != nil {
		s.t.Fatal(err)
	}
	id, _ = r.doc["id"].(string)
	token, _ = r.doc["access_token"].(string)
	return id, token
}

const buyer = `{"buyer":{"email":"ada@example.com","first_name":"Ada","last_name":"Visser"}}`

func payment(method string) string {
	return `{"expected_total":900,"payment":{"instruments":[{"id":"1","handler_id":"stripe","type":"card","selected":true,` +
		`"credential":{"type":"stripe_payment_method","token":"` + method + `"}}]}}`
}

// open opens the session of a new cart.
func (s *stack) open(part string) (id, token string) {
	s.t.Helper()
	cart, token := s.cart()
	id, _ = s.call(part, "POST", "/checkout-sessions", `{"cart_id":"`+cart+`"}`, token)["id"].(string)
	return id, token
}

// session opens a session that is ready to be paid.
func (s *stack) session(part string) (id, token string) {
	s.t.Helper()
	id, token = s.open(part)
	s.call(part, "PATCH", "/checkout-sessions/"+id, buyer, token)
	return id, token
}

// pay pays a session and checks how it then stands.
func (s *stack) pay(part, id, token, method, want string) tree {
	s.t.Helper()
	doc := s.call(part, "POST", "/checkout-sessions/"+id+"/complete", payment(method), token)
	if doc["status"] != want {
		s.t.Fatalf("paid with %s, the session is %v, want %s: %s", method, doc["status"], want, shown(doc))
	}
	return doc
}

func (s *stack) job(part, event string) {
	s.t.Helper()
	if _, err := s.parts[part].invoke(s.t.Context(), []byte(event)); err != nil {
		s.t.Fatalf("%s: %v", event, err)
	}
}
