// Package lint_test holds every parameter that stripegateway sends against Stripe's own description of its API
// (stripe-mock, spec 2024-04-10): unknown and missing parameters, wrong types, values outside an enumeration. It knows no
// behaviour; that is tested beside the gateway. It is a module of its own because stripe-mock brings old, unmaintained
// dependencies that have no business in the product's go.sum. From the root, with no network once its modules are downloaded:
//
//	go test -C payments/stripegateway/lint ./...
package lint_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"

	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/stripegateway"
)

// described is Stripe's description, read once, since that takes most of a second.
var described = sync.OnceValues(func() (*server.StubServer, error) {
	spec, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		return nil, err
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		return nil, err
	}
	return server.NewStubServer(fixtures, spec, false, false)
})

// stub serves the description in process. edit may change a form body on its way.
func stub(t *testing.T, edit func(url.Values)) *stripegateway.Gateway {
	t.Helper()
	api, err := described()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			rewrite(t, r, edit)
		}
		api.HandleRequest(w, r)
	}))
	t.Cleanup(s.Close)
	g, err := stripegateway.New(stripegateway.Config{SecretKey: "sk_test_123", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func rewrite(t *testing.T, r *http.Request, edit func(url.Values)) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Error(err)
	}
	edit(form)
	encoded := form.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(encoded)), int64(len(encoded))
}

func asSent(url.Values) {}

func request(kind payments.InstrumentKind, token string) payments.Request {
	return payments.Request{
		Key: "pay-1", SessionID: "cs_1", CartID: "ca_1", Attempt: 1, Amount: money.New(1999, "EUR"),
		Instrument: payments.Instrument{Kind: kind, Token: token},
		Methods:    []string{"card", "link", "ideal", "bancontact", "klarna", "paypal", "swish", "mobilepay", "alipay", "wechat_pay"},
		ReturnURL:  "https://shop.example/return", Email: "ada@shop.example",
		Shipping: &payments.Shipping{
			Name: "Ada", Phone: "+31612345678", Line1: "Keizersgracht 1", Line2: "boven", City: "Amsterdam", Region: "NH", PostalCode: "1015 AA",
			Country: "NL",
		},
	}
}

// rich asks for all that a method can be told.
func rich(r payments.Request) payments.Request {
	r.Order, r.Platform, r.Language, r.HoldCards, r.Customer, r.KeepCard = "or_1", payments.PlatformWeb, "nl", true, "cus_1", true
	return r
}

func sheet(r payments.Request) payments.Request {
	r.Instrument, r.Shipping, r.UpdateAmount = payments.Instrument{Kind: payments.InstrumentSheet}, nil, false
	return r
}

func further(r payments.Request) payments.Request {
	r.IntentID, r.UpdateAmount, r.UpdateKey = "pi_1", true, "upd-1"
	return r
}

// allowed makes every call of the gateway and reports those that the description refuses.
func allowed(t *testing.T, g *stripegateway.Gateway, kind payments.InstrumentKind, token string) map[string]error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	r := request(kind, token)
	refused := map[string]error{}
	note := func(call string, err error) {
		if err != nil {
			refused[call] = err
		}
	}
	_, err := g.Pay(ctx, r)
	note("create", err)
	_, err = g.Pay(ctx, further(r))
	note("update and confirm", err)
	for name, r := range map[string]payments.Request{"all options": rich(r), "all options, further": rich(further(r)), "sheet": sheet(rich(r))} {
		_, err = g.Pay(ctx, r)
		note(name, err)
	}
	_, err = g.Capture(ctx, payments.CaptureRequest{Key: "cap:or_1:1", IntentID: "pi_1", Amount: money.New(500, "EUR")})
	note("capture", err)
	_, err = g.Refunds(ctx, "pi_1")
	note("refunds", err)
	_, err = g.Dispute(ctx, "dp_1")
	note("dispute", err)
	_, err = g.Customer(ctx, payments.CustomerRequest{Key: "cust:pc_1", Person: "pc_1"})
	note("customer", err)
	_, err = g.SavedCards(ctx, "cus_1")
	note("cards", err)
	note("forget card", g.ForgetCard(ctx, "pm_1", "forget:pm_1"))
	note("delete customer", g.DeleteCustomer(ctx, "cus_1"))
	_, err = g.Cancel(ctx, "pi_1", "cancel-1")
	note("cancel", err)
	_, err = g.Read(ctx, "pi_1")
	note("read", err)
	_, err = g.Find(ctx, "cs_1", time.Unix(1700000000, 0))
	note("find", err)
	for _, reason := range []string{"", "duplicate", "fraudulent", "requested_by_customer"} {
		_, err = g.Refund(ctx, payments.RefundRequest{
			Key: "ref-1", IntentID: "pi_1", Amount: money.New(500, "EUR"), Reason: reason, Metadata: map[string]string{"order_id": "or_1"},
		})
		note("refund "+reason, err)
	}
	return refused
}

func TestParameters(t *testing.T) {
	t.Parallel()
	for kind, token := range map[payments.InstrumentKind]string{
		payments.InstrumentConfirmationToken: "ctoken_1",
		payments.InstrumentPaymentMethod:     "pm_1",
	} {
		for call, err := range allowed(t, stub(t, asSent), kind, token) {
			t.Errorf("%s with %s: %v", call, kind, err)
		}
	}
}

// Google Pay's token goes as payment_method_data[type]=card with payment_method_data[card][token]. Stripe takes that and
// has never described it: the type's enumeration has no card and there is no field card. So the token is left out and the
// type is replaced by one that is described; all else of the request is held against the description.
func TestParametersOfGooglePay(t *testing.T) {
	t.Parallel()
	var seen int
	g := stub(t, func(form url.Values) {
		if form.Get("payment_method_data[card][token]") == "tok_1" && form.Get("payment_method_data[type]") == "card" {
			seen++
			form.Del("payment_method_data[card][token]")
			form.Set("payment_method_data[type]", "link")
		}
	})
	for call, err := range allowed(t, g, payments.InstrumentGooglePayToken, "tok_1") {
		t.Errorf("%s: %v", call, err)
	}
	if seen != 4 {
		t.Errorf("the token went out %d times, want 4: with each creation and each confirmation", seen)
	}
}

// The linter must bite, or it proves nothing.
func TestDescriptionRefuses(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(url.Values){
		"unknown parameter":  func(f url.Values) { f.Set("novel", "1") },
		"nested unknown":     func(f url.Values) { f.Set("payment_method_data[novel]", "1") },
		"outside the values": func(f url.Values) { f.Set("capture_method", "later") },
		"wrong type":         func(f url.Values) { f.Set("amount", "19.99") },
		"missing":            func(f url.Values) { f.Del("currency") },
		"nested missing":     func(f url.Values) { f.Del("shipping[name]") },
	} {
		_, err := stub(t, edit).Pay(t.Context(), request(payments.InstrumentPaymentMethod, "pm_1"))
		if err == nil {
			t.Errorf("%s passed", name)
		}
	}
}
