package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kassa/payments/sandbox"
)

func pay(handler, kind, token, rest string) string {
	return `{"payment":{"instruments":[{"id":"1","handler_id":"` + handler + `","type":"card","selected":true,"credential":{"type":"` + kind +
		`","token":"` + token + `"}}]}` + rest + `}`
}

// readySession opens a session that only needs paying and returns its path and the owner's credential.
func (s *stack) readySession(t *testing.T) (path, me string) {
	t.Helper()
	cart, me := s.newCart(t, `,"context":{"address_country":"NL"},"buyer":{"email":"ada@example.com"}`, "mug")
	open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`",`+address+`}`, me, s.key()).want(http.StatusCreated)
	open.wantAt("status", "ready_for_complete")
	return "/checkout-sessions/" + open.at("id"), me
}

// A guest buys without a cart of their own, in one call; the answer brings the credential for what was made.
func TestBuyNow(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	body := `{"line_items":[` + itemsOf("mug") + `],"buyer":{"email":"ada@example.com"},` + address + `,` + paidBody[1:]
	key := s.key()
	w := s.call(t, http.MethodPost, "/checkout-sessions", body, key).want(http.StatusCreated).wantAt("status", "completed")
	me := "Authorization: Bearer " + w.at("access_token")
	s.call(t, http.MethodGet, "/orders/"+w.at("order.id"), "", me).want(http.StatusOK)
	s.call(t, http.MethodGet, "/carts/"+w.at("cart_id"), "", me).want(http.StatusOK).wantAt("status", "locked", "checkout_id", w.at("id"),
		"continue_url", "")
	again := s.call(t, http.MethodPost, "/checkout-sessions", body, key).want(http.StatusCreated)
	if again.Body.String() != w.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("the replay differs:\n%s\n%s", w.Body, again.Body)
	}
	if n := len(s.provider.Ledger()); n != 1 {
		t.Errorf("%d charges", n)
	}
}

func TestEveryInstrument(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a, err := s.provider.Do(t.Context(), sandbox.Request{
		Method: http.MethodPost, Path: "/v1/test_helpers/confirmation_tokens", Params: url.Values{"payment_method": {"pm_card_visa"}}, Key: secretKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(a.Body), `"id":`)
	ctoken := strings.Split(rest, `"`)[1]
	for kind, body := range map[string]string{
		"confirmation token": pay("stripe", "stripe_confirmation_token", ctoken, `,"expected_total":1785`),
		"payment method":     pay("apple_pay", "stripe_payment_method", "pm_card_mastercard", ""),
		"google pay":         pay("google_pay", "PAYMENT_GATEWAY", `{\"id\":\"tok_visa\",\"object\":\"token\"}`, ""),
	} {
		path, me := s.readySession(t)
		s.call(t, http.MethodPost, path+"/complete", body, me, s.key()).want(http.StatusOK).wantAt("status", "completed")
		if kind == "" {
			t.Error("no kind")
		}
	}
}

// A decline is a business outcome: 200, a message that the shopper may read, and the session can be paid again.
func TestDecline(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	path, me := s.readySession(t)
	w := s.call(t, http.MethodPost, path+"/complete", pay("apple_pay", "stripe_payment_method", "pm_card_chargeDeclinedExpiredCard", ""), me, s.key(),
		"Accept-Language: nl").want(http.StatusOK)
	w.wantAt("status", "ready_for_complete", "messages.0.code", "payment_failed", "messages.0.path", "$.payment", "messages.0.severity", "recoverable",
		"messages.0.content", "Deze kaart is verlopen. Gebruik een andere.", "messages.0.details.reason", "card_expired")
	s.call(t, http.MethodPost, path+"/complete", paidBody, me, s.key()).want(http.StatusOK).wantAt("status", "completed")
}

// What the shopper did not see is not charged: the answer is the new quote, and what moved.
func TestExpectedTotal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	path, me := s.readySession(t)
	w := s.call(t, http.MethodPost, path+"/complete", strings.Replace(paidBody, "1785", "1784", 1), me, s.key()).want(http.StatusOK)
	w.wantAt("status", "ready_for_complete", "messages.0.code", "price_changed", "messages.0.path", "$.totals")
	if len(s.provider.Ledger()) != 0 {
		t.Error("charged all the same")
	}
}

// 3-D Secure: the app is told what to do, the provider's event places the order.
func TestEscalation(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	path, me := s.readySession(t)
	w := s.call(t, http.MethodPost, path+"/complete", pay("stripe", "stripe_payment_method", "pm_card_authenticationRequired", ""), me,
		s.key()).want(http.StatusOK)
	w.wantAt("status", "requires_escalation", "messages.0.code", "requires_buyer_input", "messages.0.path", "$.payment", "messages.0.severity",
		"requires_buyer_input")
	if w.at("payment.action.type") == "" || !strings.Contains(w.at("payment.action.client_secret"), "_secret_") || w.at("payment.action.return_url") == "" {
		t.Errorf("action %s", w.at("payment.action"))
	}
	if !strings.HasPrefix(w.at("continue_url"), "https://") {
		t.Errorf("continue_url %q", w.at("continue_url"))
	}
	s.call(t, http.MethodPost, "/carts/"+w.at("cart_id")+"/line-items", `{"item":{"id":"mug"},"quantity":1}`, me).want(http.StatusConflict).
		wantAt("messages.0.code", "cart_locked", "messages.0.checkout_id", w.at("id"))
	back := s.call(t, http.MethodPatch, path, `{"buyer":{"first_name":"Ada"}}`, me).want(http.StatusOK)
	back.wantAt("status", "ready_for_complete", "buyer.first_name", "Ada", "payment.action", "")
}

// What has ended stays as it is, and says so.
func TestTheEnd(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	path, me := s.readySession(t)
	s.call(t, http.MethodPost, path+"/cancel", "", me, s.key()).want(http.StatusOK).wantAt("status", "canceled", "continue_url", "")
	for _, r := range [][3]string{{"PATCH", path, `{}`}, {"PUT", path, `{}`}, {"POST", path + "/complete", paidBody}} {
		s.call(t, r[0], r[1], r[2], me, s.key()).want(http.StatusConflict).wantAt("messages.0.code", "already_canceled", "messages.0.severity",
			"unrecoverable")
	}
	path, me = s.readySession(t)
	s.call(t, http.MethodPost, path+"/complete", paidBody, me, s.key()).want(http.StatusOK)
	for _, r := range [][3]string{{"PATCH", path, `{}`}, {"PUT", path, `{}`}, {"POST", path + "/complete", paidBody}, {"POST", path + "/cancel", ""}} {
		s.call(t, r[0], r[1], r[2], me, s.key()).want(http.StatusConflict).wantAt("messages.0.code", "already_completed")
	}
	s.call(t, http.MethodGet, path, "", me).want(http.StatusOK).wantAt("status", "completed")
	cart, me := s.newCart(t, "", "mug")
	s.call(t, http.MethodPost, "/carts/"+cart+"/cancel", "", me).want(http.StatusOK).wantAt("status", "canceled")
	s.call(t, http.MethodPost, "/carts/"+cart+"/line-items", `{"item":{"id":"mug"},"quantity":1}`,
		me).want(http.StatusConflict).wantAt("messages.0.code", "cart_canceled")
}

func TestZeroTotalNeedsNoPayment(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	cart, me := s.newCart(t, `,"context":{"address_country":"NL"},"buyer":{"email":"ada@example.com"}`, "free")
	open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`"}`, me, s.key()).want(http.StatusCreated)
	open.wantAt("fulfillment.methods", "[]", "ucp.payment_handlers", "{}")
	done := s.call(t, http.MethodPost, "/checkout-sessions/"+open.at("id")+"/complete", `{"expected_total":0}`, me, s.key()).want(http.StatusOK)
	done.wantAt("status", "completed")
	s.call(t, http.MethodGet, "/orders/"+done.at("order.id"), "", me).want(http.StatusOK).wantAt("fulfillment.expectations.0.method_type", "digital")
}

// A code that gives nothing stays, with a message at its place, until the client takes it back.
func TestDiscountCodes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	path, me := s.readySession(t)
	w := s.call(t, http.MethodPatch, path, `{"discounts":{"codes":["SPRING"]}}`, me).want(http.StatusOK)
	w.wantAt("messages.0.code", "discount_code_invalid", "messages.0.path", "$.discounts.codes[0]", "discounts.codes", `["SPRING"]`,
		"messages.0.type", "warning", "messages.0.details.reason", "unknown", "discounts.applied", "[]")
	s.call(t, http.MethodPatch, path, `{"discounts":{"codes":[]}}`, me).want(http.StatusOK).wantAt("messages", "[]")
}

// While an attempt is under way nothing can change; its outcome comes by itself.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	path, me := s.readySession(t)
	if err := s.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayErrorAfter}); err != nil {
		t.Fatal(err)
	}
	w := s.call(t, http.MethodPost, path+"/complete", paidBody, me, s.key()).want(http.StatusOK)
	w.wantAt("status", "complete_in_progress", "order", "")
	s.pass(2 * time.Minute)
	s.call(t, http.MethodPost, path+"/complete", paidBody, me, s.key()).want(http.StatusConflict).wantAt("messages.0.code", "payment_in_progress")
	if err := s.provider.Run(t.Context(), s.clock()); err != nil {
		t.Fatal(err)
	}
	for _, e := range s.takeEvents() {
		s.call(t, http.MethodPost, "/webhooks/stripe", e[0], "Stripe-Signature: "+e[1]).want(http.StatusOK)
	}
	s.call(t, http.MethodGet, path, "", me).want(http.StatusOK).wantAt("status", "completed")
}

// A customer's sheet is told how to show the cards that were kept, once: neither a replay nor a read opens them again.
func TestSheetOfACustomer(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	me := s.bearer(t, "ada")
	cart := s.call(t, http.MethodPost, "/carts", `{"line_items":[`+itemsOf("mug")+`],"context":{"address_country":"NL"},"buyer":{"email":"ada@example.com"}}`,
		me, s.key()).want(http.StatusCreated).at("id")
	open := s.call(t, http.MethodPost, "/checkout-sessions", `{"cart_id":"`+cart+`",`+address+`}`, me, s.key()).want(http.StatusCreated).at("id")
	path, key := "/checkout-sessions/"+open, s.key()
	sheet := s.call(t, http.MethodPost, path+"/prepare", `{}`, me, key).want(http.StatusOK).wantAt("status", "requires_escalation")
	if sheet.at("payment.action.customer") == "" || sheet.at("payment.action.ephemeral_key") == "" || sheet.at("payment.action.publishable_key") == "" {
		t.Errorf("the sheet is told %s", sheet.Body)
	}
	s.call(t, http.MethodPost, path+"/prepare", `{}`, me, key).want(http.StatusOK).
		wantAt("payment.action.client_secret", sheet.at("payment.action.client_secret"), "payment.action.ephemeral_key", "")
	s.call(t, http.MethodGet, path, "", me).want(http.StatusOK).wantAt("payment.action.ephemeral_key", "")
}
