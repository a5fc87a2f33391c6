package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// TestFromStreamToShopper sends a record of an order through the function as it is wired: a claim in the table, one e-mail to SES, its outcome
// in the table, the event on the bus, the notice gone.
func TestFromStreamToShopper(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	var (
		mu   sync.Mutex
		mail []string
	)
	ses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		mail = append(mail, r.URL.Path+" "+string(body))
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"MessageId":"ses-1"}`)
	}))
	t.Cleanup(ses.Close)
	a.Env["AWS_ENDPOINT_URL_SESV2"], a.Env["KASSA_EMAIL_EVENTS"] = ses.URL, "kassa"
	a.Parameters.Put("/t/shop", withSender(t))
	a.commitSession(t, ordered())
	h, err := a.Start(start)
	if err != nil {
		t.Fatal(err)
	}
	a.requests = nil
	answer, err := h.Invoke(t.Context(), eventFile(t, "outbox-order-placed"))
	if err != nil || string(answer) != `{"batchItemFailures":[]}` {
		t.Fatalf("answer %s, %v, log: %s", answer, err, a.Logs.String())
	}
	if len(mail) != 1 || len(a.published) != 1 {
		t.Fatalf("%d e-mails, %d events, log: %s", len(mail), len(a.published), a.Logs.String())
	}
	for _, part := range []string{
		`/v2/email/outbound-emails`, `"ToAddresses":["anna@example.com"]`, `"ConfigurationSetName":"kassa"`, `orders@shop.example`,
		`Bedankt voor je bestelling`, `"Value":"receipt"`, `auto-generated`,
	} {
		if !strings.Contains(mail[0], part) {
			t.Errorf("no %s in %s", part, mail[0])
		}
	}
	if strings.Contains(mail[0], "Unsubscribe") || strings.Contains(a.Logs.String(), "anna@") {
		t.Errorf("a receipt that advertises, or a log that tells: %s", a.Logs.String())
	}
	puts := slices.DeleteFunc(slices.Clone(a.requests), func(r string) bool { return !strings.HasPrefix(r, "PutItem") })
	if len(puts) < 2 || a.requests[len(a.requests)-1] != "UpdateItem "+sessionInTable+" REMOVE n, o" {
		t.Errorf("requests %q", a.requests)
	}
}

// withSender are the settings of the tests' shop, with a sender.
func withSender(t *testing.T) string {
	t.Helper()
	var whole map[string]any
	if err := json.Unmarshal([]byte(eventShop(t)), &whole); err != nil {
		t.Fatal(err)
	}
	whole["recovery"] = map[string]any{"messages": map[string]any{
		"from": "orders@shop.example", "trader": map[string]any{"name": "Shop B.V.", "address": "Kade 9, Rotterdam", "email": "hello@shop.example"},
	}}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ordered() checkout.Session {
	eur := func(minor int64) money.Money { return money.New(minor, "EUR") }
	return checkout.Session{
		ID: sessionInTable, CartID: checkout.CartOfSession(sessionInTable), Version: 1, Op: "op", Status: checkout.StatusCompleted,
		Context: checkout.Context{Country: "NL", Language: "nl"}, Buyer: checkout.Buyer{Email: "anna@example.com", FirstName: "Anna"},
		Quote: checkout.Quote{Quote: pricing.Quote{
			Currency: "EUR", Subtotal: eur(1990), Discount: eur(0), Shipping: eur(0), Tax: eur(0), IncludedTax: eur(164), Net: eur(1826),
			Total: eur(1990), TaxIncluded: true,
			Lines: []pricing.Line{{LineID: "l1", SKU: "beans", Title: "Kade", Quantity: 2, Unit: eur(995), Subtotal: eur(1990), Discount: eur(0),
				Tax: eur(164), Total: eur(1990), TaxRate: 900}},
		}},
		Order: &checkout.Order{ID: checkout.OrderID(sessionInTable), PlacedAt: time.Unix(1795426205, 0), Amount: eur(1990), IntentID: "pi_1",
			Terms: "2026-01"},
		Notices: map[string]checkout.Notice{"f55ff16f66f43360": {Kind: checkout.NoticeOrderPlaced, At: time.Unix(1795426205, 0)}},
	}
}

// eventShop is the shop that functions start with in tests.
func eventShop(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../internal/coldstart/coldstarttest/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
