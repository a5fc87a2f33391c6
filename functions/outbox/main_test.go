package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/functions/internal/coldstart/coldstarttest"
)

var variables = []string{
	"KASSA_CARTS_TABLE", "KASSA_SESSIONS_TABLE", "KASSA_PRODUCTS_TABLE", "KASSA_STOCK_TABLE", "KASSA_CONTACTS_TABLE", "KASSA_MERCHANT_TABLE",
	"KASSA_ORDERS_TABLE", "KASSA_STATISTICS_TABLE",
	"KASSA_PEOPLE_TABLE", "KASSA_NAMESPACE", "KASSA_SHOP_PARAMETER", "KASSA_LINK_SECRETS_PARAMETER",
}

// account is an AWS account with an event bus and a table of sessions.
type account struct {
	*coldstarttest.Account
	mu        sync.Mutex
	published []string // bodies of PutEvents
	requests  []string // operations on DynamoDB, and what they change
	item      json.RawMessage
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{Account: coldstarttest.New(t, variables...)}
	bus, tables := httptest.NewServer(http.HandlerFunc(a.bus)), httptest.NewServer(http.HandlerFunc(a.table))
	t.Cleanup(func() { bus.Close(); tables.Close() })
	a.Env["KASSA_EVENT_BUS"], a.Env["KASSA_EMAIL_EVENTS"] = "kassa", "kassa"
	a.Env["AWS_ENDPOINT_URL_EVENTBRIDGE"], a.Env["AWS_ENDPOINT_URL_DYNAMODB"] = bus.URL, tables.URL
	return a
}

func (a *account) bus(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.published = append(a.published, string(body))
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	fmt.Fprint(w, `{"FailedEntryCount":0,"Entries":[{"EventId":"11710aed-b79e-4468-a20b-bb3c0c3b4860"}]}`)
}

// table is a DynamoDB that keeps the last item that was put.
func (a *account) table(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	var in struct {
		Key              map[string]map[string]string
		Item             map[string]json.RawMessage
		UpdateExpression string
		TableName        string
	}
	_ = json.Unmarshal(body, &in)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, operation+" "+in.Key["i"]["S"]+" "+in.UpdateExpression)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	switch {
	case operation == "PutItem" && in.TableName == a.Env["KASSA_SESSIONS_TABLE"]:
		a.item, _ = json.Marshal(in.Item)
		fmt.Fprint(w, `{}`)
	case operation == "GetItem" && in.Key["i"]["S"] == sessionInTable:
		fmt.Fprintf(w, `{"Item":%s}`, a.item)
	case operation == "Scan" && in.TableName == a.Env["KASSA_SESSIONS_TABLE"]:
		fmt.Fprintf(w, `{"Items":[{"i":{"S":%q}}],"Count":1,"ScannedCount":9}`, sessionInTable)
	default:
		fmt.Fprint(w, `{}`)
	}
}

const sessionInTable = a

// commit puts a session with a notice into the table.
func (a *account) commit(t *testing.T) {
	t.Helper()
	a.commitSession(t, checkout.Session{
		ID: sessionInTable, CartID: checkout.CartOfSession(sessionInTable), Version: 1, Op: "op", Status: checkout.StatusCanceled,
		Review:  "late",
		Notices: map[string]checkout.Notice{"f55ff16f66f43360": {Kind: "payment.review", At: time.Unix(1795426205, 0)}},
	})
}

func (a *account) commitSession(t *testing.T, s checkout.Session) {
	t.Helper()
	store, err := dynamostore.New(dynamostore.Config{
		Client: dynamodb.New(dynamodb.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String(a.Env["AWS_ENDPOINT_URL_DYNAMODB"]),
			Credentials: credentials.NewStaticCredentialsProvider("AKID", "s", ""),
		}),
		Tables: dynamostore.Names{Sessions: a.Env["KASSA_SESSIONS_TABLE"]}, Jitter: func() float64 { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Commit(t.Context(), checkout.Commit{Session: s}); err != nil {
		t.Fatal(err)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	if _, err := newAccount(t).Start(start); err != nil {
		t.Fatal(err)
	}
	for _, name := range append([]string{"KASSA_EVENT_BUS", "KASSA_EMAIL_EVENTS"}, variables...) {
		missing, empty := newAccount(t), newAccount(t)
		delete(missing.Env, name)
		coldstarttest.Refuses(t, missing.Account, start, "environment variable "+name+" is missing")
		empty.Env[name] = " "
		coldstarttest.Refuses(t, empty.Account, start, "environment variable "+name+" is empty")
	}
	for _, name := range []string{"STRIPE_SECRET_KEY_PARAMETER", "KASSA_ADMIN_KEY_PARAMETER", "KASSA_EVENTBUS"} {
		unknown := newAccount(t)
		unknown.Env[name] = "x"
		coldstarttest.Refuses(t, unknown.Account, start, name+" is no setting")
	}
	gone := newAccount(t)
	gone.Parameters.Put("/t/shop", "\n")
	coldstarttest.Refuses(t, gone.Account, start, "parameter is empty: /t/shop")
}

// TestFromStreamToBus sends events through the function as it is wired: real clients, on the wire.
func TestFromStreamToBus(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"outbox-order-placed", "outbox-drain"} {
		a := newAccount(t)
		a.commit(t)
		h, err := a.Start(start)
		if err != nil {
			t.Fatal(err)
		}
		a.requests = nil
		answer, err := h.Invoke(t.Context(), eventFile(t, event))
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"outbox-order-placed": `{"batchItemFailures":[]}`, "outbox-drain": "null"}[event]; string(answer) != want {
			t.Errorf("%s is answered with %s, want %s", event, answer, want)
		}
		if len(a.published) != 1 {
			t.Fatalf("%s: published %q, log: %s", event, a.published, a.Logs.String())
		}
		for _, part := range []string{
			`"EventBusName":"kassa"`, `"Source":"com.example.shop"`, `"DetailType":"payment.review"`, `\"id\":\"f55ff16f66f43360\"`,
			`\"checkout_id\":\"` + sessionInTable,
		} {
			if !strings.Contains(a.published[0], part) {
				t.Errorf("%s: no %s in %s", event, part, a.published[0])
			}
		}
		requests := a.requests
		if event == "outbox-drain" { // which ends with a look at the carts
			requests = requests[:len(requests)-1]
		}
		if last := requests[len(requests)-1]; last != "UpdateItem "+sessionInTable+" REMOVE n, o" {
			t.Errorf("%s: requests %q", event, a.requests)
		}
	}
}

// TestKeyOfRecords keeps the handler's idea of a record's key that of the table.
func TestKeyOfRecords(t *testing.T) {
	t.Parallel()
	for _, table := range dynamostore.Tables(dynamostore.Prefixed("")) {
		if *table.Create.TableName != "sessions" {
			continue
		}
		if name := *table.Create.KeySchema[0].AttributeName; name != "i" || len(table.Create.KeySchema) != 1 {
			t.Errorf("the sessions' key is %s", name)
		}
		if dynamostore.AttributeNotices != "o" {
			t.Errorf("the files in events/ have an older notice attribute than %s", dynamostore.AttributeNotices)
		}
		return
	}
	t.Error("no table of sessions")
}
