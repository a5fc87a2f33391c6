package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments/sandbox"
)

// rawAs performs a call as some key and reads the JSON of the answer.
func (b *bench) rawAs(key, method, path, form string) (int, map[string]any) {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "http://sandbox.test"+path, strings.NewReader(form))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := b.p.RoundTripper().RoundTrip(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		b.t.Fatalf("%s %s answers no JSON: %v", method, path, err)
	}
	return res.StatusCode, body
}

func code(body map[string]any) any {
	e, _ := body["error"].(map[string]any)
	return e["code"]
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	b := open(t)
	for key, want := range map[string]int{"": 401, "sk_live_1": 401, "nonsense": 401, "pk_live_1": 401, "sk_test_any": 200, "rk_test_any": 200, "pk_test_any": 403} {
		if status, body := b.rawAs(key, "GET", "/v1/balance", ""); status != want {
			t.Errorf("key %q: %d %v, want %d", key, status, body, want)
		}
	}
	strict := open(t, func(c *sandbox.Config) { c.SecretKey = "sk_test_mine" })
	for key, want := range map[string]int{"sk_test_mine": 200, "sk_test_other": 401} {
		if status, _ := strict.rawAs(key, "GET", "/v1/balance", ""); status != want {
			t.Errorf("strict with %q: %d, want %d", key, status, want)
		}
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, "http://sandbox.test/v1/account", nil)
	r.SetBasicAuth("sk_test_any", "")
	w := httptest.NewRecorder()
	b.p.Handler().ServeHTTP(w, r)
	if w.Code != 200 || w.Header().Get("Request-Id") == "" || w.Header().Get("Stripe-Version") != sandbox.APIVersion {
		t.Errorf("basic authentication: %d %v", w.Code, w.Header())
	}
}

func TestUnknownThings(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, path := range []string{"/v1/payment_intents/pi_x", "/v1/charges/ch_x", "/v1/refunds/re_x", "/v1/customers/cus_x",
		"/v1/payment_methods/pm_x", "/v1/events/evt_x", "/v1/confirmation_tokens/ctoken_x", "/v1/disputes/dp_x"} {
		if status, body := b.raw("GET", path, ""); status != 404 || code(body) != "resource_missing" {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	for _, call := range [][2]string{{"GET", "/v1/rockets"}, {"GET", "/"}, {"PUT", "/v1/payment_intents"}, {"GET", "/v1/payment_intents/"},
		{"DELETE", "/sandbox/authenticate/x"}} {
		if status, body := b.raw(call[0], call[1], ""); status != 404 || code(body) != nil {
			t.Errorf("%v: %d %v", call, status, body)
		}
	}
	if status, body := b.raw("POST", "/v1/payment_intents/pi_x/confirm", ""); status != 404 || code(body) != "resource_missing" {
		t.Errorf("confirm of nothing: %d %v", status, body)
	}
	if status, _ := b.raw("POST", "/v1/payment_intents/pi_x", "description=x"); status != 404 {
		t.Errorf("update of nothing: %d", status)
	}
	if status, _ := b.raw("POST", "/v1/payment_intents/pi_x/capture", ""); status != 404 {
		t.Errorf("capture of nothing: %d", status)
	}
}

func TestMalformedHTTP(t *testing.T) {
	t.Parallel()
	b := open(t)
	send := func(kind, body string, header http.Header) int {
		r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "http://sandbox.test/v1/customers", strings.NewReader(body))
		r.Header = header
		r.Header.Set("Authorization", "Bearer "+secretKey)
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		b.p.Handler().ServeHTTP(w, r)
		return w.Code
	}
	const form = "application/x-www-form-urlencoded"
	for name, status := range map[string]int{
		"json":        send("application/json", `{"email":"a@b.c"}`, http.Header{}),
		"bad escape":  send(form, "email=%zz", http.Header{}),
		"too long":    send(form, "name="+strings.Repeat("x", 1<<20), http.Header{}),
		"old version": send(form, "name=x", http.Header{"Stripe-Version": {"2015-01-01"}}),
		"long key":    send(form, "name=x", http.Header{"Idempotency-Key": {strings.Repeat("k", 256)}}),
	} {
		if status != 400 {
			t.Errorf("%s: %d, want 400", name, status)
		}
	}
}

func TestPublishableKeyActsForTheApp(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(&stripe.PaymentIntentParams{Amount: stripe.Int64(1000), Currency: stripe.String("eur"),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}), Metadata: map[string]string{"session_id": "ses_9"}})
	app := sdk(b.p.RoundTripper(), "pk_test_app")
	_, err := app.PaymentIntents.Get(pi.ID, nil)
	refusal(t, err, 400, "")
	seen, err := app.PaymentIntents.Get(pi.ID, &stripe.PaymentIntentParams{ClientSecret: stripe.String(pi.ClientSecret)})
	if err != nil || len(seen.Metadata) != 0 {
		t.Errorf("app sees %+v, %v", seen, err)
	}
	pm, err := app.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"),
		Card: &stripe.PaymentMethodCardParams{Token: stripe.String("tok_amex")}})
	if err != nil || pm.Card.Brand != "amex" {
		t.Fatalf("method = %+v, %v", pm, err)
	}
	confirm := &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String(pm.ID)}
	_, err = app.PaymentIntents.Confirm(pi.ID, confirm)
	refusal(t, err, 400, "")
	confirm.AddExtra("client_secret", pi.ClientSecret)
	paid, err := app.PaymentIntents.Confirm(pi.ID, confirm)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, paid, "succeeded")
	_, err = app.PaymentIntents.New(pay("pm_card_visa"))
	refusal(t, err, 403, "secret_key_required")
}

// What was stated with the secret key stays: an app that states the address as well is refused.
func TestAppCannotStateTheAddressAgain(t *testing.T) {
	t.Parallel()
	b := open(t)
	to := &stripe.ShippingDetailsParams{Name: stripe.String("Ada"), Address: &stripe.AddressParams{Line1: stripe.String("Kade 1")}}
	app := sdk(b.p.RoundTripper(), "pk_test_app")
	for name, stated := range map[string]func(*stripe.PaymentIntent){
		"not at all": nil,
		"at an update": func(pi *stripe.PaymentIntent) {
			if _, err := b.api.PaymentIntents.Update(pi.ID, &stripe.PaymentIntentParams{Shipping: to}); err != nil {
				t.Fatal(err)
			}
		},
		"at a confirmation": func(pi *stripe.PaymentIntent) {
			_, err := b.api.PaymentIntents.Confirm(pi.ID,
				&stripe.PaymentIntentConfirmParams{Shipping: to, PaymentMethod: stripe.String("pm_card_chargeDeclined")})
			refusal(t, err, 402, "card_declined")
		},
	} {
		pi := b.create(&stripe.PaymentIntentParams{Amount: stripe.Int64(1000), Currency: stripe.String("eur"),
			PaymentMethodTypes: stripe.StringSlice([]string{"card"})})
		if stated != nil {
			stated(pi)
		}
		confirm := &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa"), Shipping: to}
		confirm.AddExtra("client_secret", pi.ClientSecret)
		_, err := app.PaymentIntents.Confirm(pi.ID, confirm)
		if stated == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if stated != nil {
			refusal(t, err, 400, "")
		}
	}
}

func TestShoppersPage(t *testing.T) {
	t.Parallel()
	b := open(t)
	server := httptest.NewServer(b.p.Handler())
	t.Cleanup(server.Close)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, address, form string) (status int, location, body string) {
		address = strings.Replace(address, "http://sandbox.test", server.URL, 1)
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		read, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Header.Get("Location"), string(read)
	}
	for result, want := range map[string][2]string{"succeed": {"succeeded", "succeeded"}, "fail": {"failed", "requires_payment_method"}, "later": {"succeeded", "processing"}} {
		pi := b.create(pay("pm_card_threeDSecure2Required"))
		address := pi.NextAction.RedirectToURL.URL
		if status, _, body := ask("GET", address, ""); status != 200 || strings.Count(body, "<button") != 3 || !strings.Contains(body, "4990 EUR") {
			t.Errorf("page: %d %s", status, body)
		}
		wantStatus(t, b.retrieve(pi.ID), "requires_action") // looking is not acting
		if status, _, _ := ask("POST", address, "result=perhaps"); status != 400 {
			t.Errorf("odd result: %d", status)
		}
		status, location, _ := ask("POST", address, "result="+result)
		to, err := url.Parse(location)
		if status != 303 || err != nil {
			t.Fatalf("post: %d %v", status, err)
		}
		q := to.Query()
		if to.Host != "shop.example" || q.Get("from") != "bank" || q.Get("payment_intent") != pi.ID || q.Get("redirect_status") != want[0] ||
			q.Get("payment_intent_client_secret") != pi.ClientSecret {
			t.Errorf("landing = %s", to)
		}
		wantStatus(t, b.retrieve(pi.ID), want[1])
		if status, _, _ := ask("POST", address, "result=succeed"); status != 410 {
			t.Errorf("old page: %d", status)
		}
	}
	sdkOnly := pay("pm_card_threeDSecure2Required")
	sdkOnly.ReturnURL = nil
	pi := b.create(sdkOnly)
	if pi.NextAction.Type != "use_stripe_sdk" {
		t.Fatalf("next action = %+v", pi.NextAction)
	}
	_, body := b.raw("GET", "/v1/payment_intents/"+pi.ID, "")
	page, _ := body["next_action"].(map[string]any)["use_stripe_sdk"].(map[string]any)["stripe_js"].(string)
	if status, _, _ := ask("POST", page, "result=succeed"); status != 200 {
		t.Errorf("page without return_url: %d", status)
	}
	wantStatus(t, b.retrieve(pi.ID), "succeeded")
}

func TestOverASocket(t *testing.T) {
	t.Parallel()
	b := open(t)
	server := httptest.NewServer(b.p.Handler())
	t.Cleanup(server.Close)
	// On a connection that was used before, Go's own transport repeats a POST that carries an Idempotency-Key.
	once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	overTCP := &stripe.BackendConfig{URL: stripe.String(server.URL), MaxNetworkRetries: stripe.Int64(0), HTTPClient: once,
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}}
	b.api.PaymentIntents.B = stripe.GetBackendWithConfig(stripe.APIBackend, overTCP)
	wantStatus(t, b.create(pay("pm_card_visa")), "succeeded")
	for _, way := range []sandbox.Way{sandbox.WayRefused, sandbox.WayLost} {
		b.inject(sandbox.Fault{Match: "payment_intents.create", Way: way})
		_, err := b.api.PaymentIntents.New(pay("pm_card_visa"))
		var broken *url.Error
		if !errors.As(err, &broken) {
			t.Errorf("%s: %v, want a broken connection", way, err)
		}
	}
	if _, n := b.taken(); n != 2 {
		t.Errorf("%d charges, want the first and the lost one", n)
	}
	b.inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayLost})
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "/v1/payment_intents", strings.NewReader("amount=100&currency=eur"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+secretKey)
	w := httptest.NewRecorder()
	b.p.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusBadGateway || w.Body.Len() != 0 {
		t.Errorf("a writer that has no connection to break got %d %s", w.Code, w.Body)
	}
}

func TestEndedContextHasNoEffect(t *testing.T) {
	t.Parallel()
	b := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.p.Do(ctx, sandbox.Request{Method: "POST", Path: "/v1/customers", Key: secretKey})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if list := b.api.Customers.List(nil); list.Next() {
		t.Error("a customer was made")
	}
}

func TestBalanceIsTheLedger(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.create(pay("pm_card_visa"))
	nok := pay("pm_card_no")
	nok.Currency, nok.PaymentMethodTypes = stripe.String("nok"), stripe.StringSlice([]string{"card"})
	b.create(nok)
	pi := b.create(pay("pm_card_visa"))
	if _, err := b.api.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(pi.ID), Amount: stripe.Int64(990)}); err != nil {
		t.Fatal(err)
	}
	balance, err := b.api.Balance.Get(nil)
	if err != nil || len(balance.Available) != 2 || balance.Available[0].Amount != 2*4990-990 || balance.Available[1].Currency != "nok" {
		t.Errorf("balance = %+v, %v", balance, err)
	}
	account, err := b.api.Accounts.Get()
	if err != nil || !account.ChargesEnabled {
		t.Errorf("account = %+v, %v", account, err)
	}
}

// TestLists reads the lists that no other test does, with their filters.
func TestLists(t *testing.T) {
	t.Parallel()
	b := open(t)
	cus, err := b.api.Customers.New(&stripe.CustomerParams{Email: stripe.String("kari@example.no")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = b.api.Customers.New(&stripe.CustomerParams{Email: stripe.String("ola@example.no")}); err != nil {
		t.Fatal(err)
	}
	own := pay("pm_card_visa")
	own.Customer = stripe.String(cus.ID)
	mine, other := b.create(own), b.create(pay("pm_card_visa"))
	customers := b.api.Customers.List(&stripe.CustomerListParams{Email: stripe.String("kari@example.no")})
	if !customers.Next() || customers.Customer().ID != cus.ID || customers.Next() {
		t.Errorf("customers by e-mail: %v", customers.Err())
	}
	charges := b.api.Charges.List(&stripe.ChargeListParams{PaymentIntent: stripe.String(other.ID)})
	if !charges.Next() || charges.Charge().ID != other.LatestCharge.ID || charges.Next() {
		t.Errorf("charges of an intent: %v", charges.Err())
	}
	charges = b.api.Charges.List(&stripe.ChargeListParams{Customer: stripe.String(cus.ID)})
	if !charges.Next() || charges.Charge().PaymentIntent.ID != mine.ID || charges.Next() {
		t.Errorf("charges of a customer: %v", charges.Err())
	}
	methods := b.api.PaymentMethods.List(&stripe.PaymentMethodListParams{Customer: stripe.String("cus_nobody")})
	if methods.Next() {
		t.Error("methods of nobody")
	}
	refusal(t, methods.Err(), 400, "resource_missing")
	if status, body := b.raw("GET", "/v1/charges?colour=red", ""); status != 400 || code(body) != "parameter_unknown" {
		t.Errorf("unknown filter: %d %v", status, body)
	}
}
