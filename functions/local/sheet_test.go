package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"kassa/payments/sandbox"
)

// sdk calls the sandbox as Stripe's SDK in the app does: with the publishable key.
func (s shopper) sdk(path string, form url.Values) map[string]any {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer pk_test_sandbox")
	answer, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s is answered %d %s, %v", path, answer.StatusCode, body, err)
	}
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		s.t.Fatal(err)
	}
	return doc
}

// prepare asks for what the sheet needs.
func (s shopper) prepare(c cart, session, body string) reply {
	s.t.Helper()
	return s.do(http.MethodPost, "/checkout-sessions/"+session+"/prepare", body, "Authorization", c.auth(), "Idempotency-Key",
		key()).want(http.StatusOK)
}

// confirm is the sheet's button: it confirms a prepared payment with a method, and returns the bank's page.
func (s shopper) confirm(prepared reply, method string) (page string) {
	s.t.Helper()
	secret := prepared.at("payment.action.client_secret")
	intent, _, _ := strings.Cut(secret, "_secret_")
	doc := s.sdk("/v1/payment_intents/"+intent+"/confirm", url.Values{
		"client_secret": {secret}, "payment_method_data[type]": {method}, "return_url": {prepared.at("payment.action.return_url")},
	})
	next, _ := doc["next_action"].(map[string]any)
	to, _ := next["redirect_to_url"].(map[string]any)
	page, _ = to["url"].(string)
	if page == "" {
		s.t.Fatalf("no bank to go to: %v", doc)
	}
	return page
}

// at presses a button on a page of the sandbox.
func (s shopper) press(page, result string) (location string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, page, strings.NewReader("result="+result))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.Header.Get("Location")
}

// A Dutch shopper pays with iDEAL through the sheet. The bank's redirect says what it likes: the shop asks the provider.
func TestPrepareAndIDEAL(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	opened := s.open(c)
	prepared := s.prepare(c, opened.at("id"), `{"context":{"platform":"ios"},"expected_total":1490}`).
		wantAt("status", "requires_escalation").wantAt("payment.action.type", "payment_sheet").
		wantAt("payment.action.publishable_key", "pk_test_sandbox").wantAt("payment.action.return_url", "https://kade9.example/app/return")
	session := prepared.at("id")
	s.do(http.MethodPost, "/carts/"+c.id+"/line-items", `{"item":{"id":"beans-kade-250"},"quantity":1}`, "Authorization",
		c.auth()).want(http.StatusConflict)

	refused := s.press(s.confirm(prepared, "ideal"), "fail")
	if !strings.Contains(refused, "redirect_status=failed") {
		t.Fatalf("the bank sends the shopper to %s", refused)
	}
	s.advance("10s")
	s.session(c, session).wantAt("status", "requires_escalation").wantAt("messages.0.code", "payment_failed")

	page := s.confirm(prepared, "ideal")
	s.advance("10s")
	s.session(c, session).wantAt("continue_url", page)
	s.press(page, "succeed")
	s.advance("10s")
	s.session(c, session).wantAt("status", "completed")
	s.wantCharge(session, beans)
}

// The same through complete, where the server confirms: the app made a payment method, and gets the bank's page.
func TestCompleteWithBancontact(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	belgian := strings.NewReplacer("Rotterdam", "Gent", "3011 WH", "9000", `"NL"`, `"BE"`).Replace(home)
	opened := s.buy(c, `{"cart_id":"`+c.id+`",`+belgian+`}`, key()).want(http.StatusCreated).wantAt("status", "ready_for_complete")
	made := s.sdk("/v1/payment_methods", url.Values{"type": {"bancontact"}, "billing_details[name]": {"Ada Visser"}})
	id, _ := made["id"].(string)
	escalated := s.complete(c, opened.at("id"), id, opened.total()).want(http.StatusOK).wantAt("status", "requires_escalation").
		wantAt("payment.action.type", "redirect_to_url")
	s.act(escalated, "succeed")
	s.advance("0s")
	s.session(c, escalated.at("id")).wantAt("status", "completed")
	s.wantCharge(escalated.at("id"), opened.total())
}

// A declined card leaves its intent behind, and the app confirms it once more by itself: the money is the order's after all.
func TestLateSuccess(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	declined := s.buy(c, c.purchase("pm_card_chargeDeclined", beans), key()).want(http.StatusCreated).wantAt("status", "ready_for_complete")
	intent := s.provider.Ledger()[0].PaymentIntent
	secret := s.intent(intent)
	s.sdk("/v1/payment_intents/"+intent+"/confirm", url.Values{"client_secret": {secret}, "payment_method": {"pm_card_visa"},
		"return_url": {"https://kade9.example/app/return"}})
	s.advance("10s")
	s.session(c, declined.at("id")).wantAt("status", "completed")
	s.wantCharge(declined.at("id"), beans)
}

// intent reads an intent's client secret, as only the shop can.
func (s inside) intent(id string) string {
	s.t.Helper()
	a, err := s.provider.Do(s.t.Context(), sandbox.Request{Method: http.MethodGet, Path: "/v1/payment_intents/" + id, Key: "sk_test_sandbox"})
	if err != nil {
		s.t.Fatal(err)
	}
	var doc struct {
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(a.Body, &doc); err != nil {
		s.t.Fatal(err)
	}
	return doc.Secret
}

// The shopper withdraws from what was bought; the answer is the receipt, and once more it is the same.
func TestWithdrawal(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.fill("beans-kade-250")
	order := s.buy(c, c.purchase("pm_card_visa", beans), key()).want(http.StatusCreated).at("order.id")
	k := key()
	for range 2 {
		s.do(http.MethodPost, "/orders/"+order+"/withdrawals", `{"reason":"too bitter"}`, "Authorization", c.auth(), "Idempotency-Key", k).
			want(http.StatusCreated).wantAt("adjustments.0.type", "withdrawal").wantAt("adjustments.0.status", "pending").wantAt("adjustments.1", "")
	}
	s.do(http.MethodPost, "/orders/"+order+"/withdrawals", `{}`, "Authorization", c.auth(), "Idempotency-Key", key()).want(http.StatusConflict).
		wantAt("messages.0.code", "not_withdrawable")
	s.do(http.MethodPost, "/orders/"+order+"/withdrawals", `{}`, "Authorization", s.fill("beans-kade-250").auth(), "Idempotency-Key",
		key()).want(http.StatusNotFound)
	s.do(http.MethodGet, "/orders/"+order, "", "Authorization", c.auth()).want(http.StatusOK).wantAt("adjustments.0.type", "withdrawal")
}

// An American pays with a card that is kept for a signed-in shopper nowhere, in dollars, with tax added.
func TestAmericanCard(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := `{"line_items":[{"item":{"id":"beans-kade-250"},"quantity":1}],"context":{"address_country":"US","address_region":"NY","platform":"ios"},"buyer":{"email":"ada@example.com"}}`
	made := s.do(http.MethodPost, "/carts", body, "Idempotency-Key", key()).want(http.StatusCreated).wantAt("currency", "USD")
	c := cart{made.at("id"), made.at("access_token")}
	american := `"fulfillment":{"methods":[{"type":"shipping","destinations":[{"first_name":"Ada","last_name":"Visser","street_address":"1 Main St",` +
		`"address_locality":"New York","address_region":"NY","postal_code":"10001","address_country":"US"}]}]}`
	opened := s.buy(c, `{"cart_id":"`+c.id+`",`+american+`}`, key()).want(http.StatusCreated).wantAt("status", "ready_for_complete")
	methods := opened.at(`ucp.payment_handlers`)
	if strings.Contains(methods, "ideal") || !strings.Contains(methods, "apple_pay") || strings.Contains(methods, "com.google.pay") {
		t.Errorf("an iPhone in New York is offered %s", methods)
	}
	s.complete(c, opened.at("id"), "pm_card_us", opened.total()).want(http.StatusOK).wantAt("status", "completed")
	s.wantCharge(opened.at("id"), opened.total())
}
