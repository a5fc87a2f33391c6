package deployment_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/payments/sandbox"
)

// The whole of a shop's day, through the programs that ship: they ask AWS for what their roles allow, and for all of it.
func TestRolesAllowWhatFunctionsDo(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, r := range of(t, "AWS::Lambda::Function") {
		s.start(r.ID, r.ID, nil)
	}
	moment := int(time.Millisecond)
	s.start("hasty", "CheckoutFunction", tree{"durations": tree{"session": moment}})
	s.start("impatient", "CheckoutFunction", tree{"durations": tree{"action": moment}})
	s.shop()
	s.buy()
	s.signIn()
	s.lose()
	s.leave()
	s.hear()
	s.followUp()
	s.manage()
	s.tidy()

	granted, others, seen := allowed(t), platform(t), s.ledger.entries()
	for _, access := range seen {
		if !granted[access] {
			t.Errorf("not allowed: %s", access)
		}
	}
	for _, access := range slices.Sorted(maps.Keys(granted)) {
		if !others[access] && !slices.Contains(seen, access) {
			t.Errorf("allowed, and never asked for: %s", access)
		}
	}
}

// shop edits carts in every way.
func (s *stack) shop() {
	s.t.Helper()
	id, token := s.cart()
	doc := s.call("CartFunction", "POST", "/carts/"+id+"/line-items", `{"item":{"id":"ebook"},"quantity":1}`, token)
	line, _ := at(doc, "line_items", 0, "id").(string)
	s.call("CartFunction", "PATCH", "/carts/"+id+"/line-items/"+line, `{"quantity":3}`, token)
	s.call("CartFunction", "DELETE", "/carts/"+id+"/line-items/"+line, "", token)
	s.call("CartFunction", "PUT", "/carts/"+id, `{"line_items":[{"item":{"id":"ebook"},"quantity":2}],"context":{"address_country":"NL"}}`, token)
	s.call("CartFunction", "GET", "/carts/"+id, "", token)
	s.call("CartFunction", "POST", "/carts/"+id+"/cancel", "", token)
	s.call("CartFunction", "POST", "/catalog/search", `{"query":"book"}`, "")
	s.call("CartFunction", "POST", "/catalog/lookup", `{"ids":["ebook"]}`, "")
}

// buy pays: after a decline, and at once without a cart.
func (s *stack) buy() {
	s.t.Helper()
	id, token := s.session("CheckoutFunction")
	s.pay("CheckoutFunction", id, token, "pm_card_chargeDeclined", "ready_for_complete")
	doc := s.pay("CheckoutFunction", id, token, "pm_card_visa", "completed")
	order, _ := at(doc, "order", "id").(string)
	s.call("CheckoutFunction", "GET", "/checkout-sessions/"+id, "", token)
	s.call("CheckoutFunction", "GET", "/orders/"+order, "", token)
	s.job("OutboxFunction", `{"Records":[{"eventName":"MODIFY","dynamodb":{"SequenceNumber":"1","Keys":{"i":{"S":"`+id+`"}}}}]}`)

	given, token := s.session("CheckoutFunction")
	s.call("CheckoutFunction", "POST", "/checkout-sessions/"+given+"/cancel", "", token)
	s.call("CheckoutFunction", "POST", "/checkout-sessions", strings.TrimSuffix(buyer, "}")+
		`,"line_items":[{"item":{"id":"ebook"},"quantity":1}],"context":{"address_country":"NL"},`+strings.TrimPrefix(payment("pm_card_visa"), "{"), "")
}

// signIn has a guest sign in with a cart, buy it, be remembered, and be forgotten.
func (s *stack) signIn() {
	s.t.Helper()
	customer, err := s.issuer.Token("ada")
	if err != nil {
		s.t.Fatal(err)
	}
	cart, token := s.cart()
	s.call("CartFunction", "POST", "/carts/"+cart+"/claim", `{"access_token":"`+token+`"}`, customer)
	if doc := s.call("CartFunction", "GET", "/carts/mine", "", customer); doc["id"] != cart {
		s.t.Fatalf("the current cart is %s", shown(doc))
	}
	agreed := strings.Replace(buyer, `"email"`, `"consent":{"preferences":true},"email"`, 1)
	id, _ := s.call("CheckoutFunction", "POST", "/checkout-sessions", `{"cart_id":"`+cart+`",`+agreed[1:], customer)["id"].(string)
	s.pay("CheckoutFunction", id, customer, "pm_card_visa", "completed")
	s.job("OutboxFunction", `{"Records":[{"eventName":"MODIFY","dynamodb":{"SequenceNumber":"2","Keys":{"i":{"S":"`+id+`"}}}}]}`)
	if doc := s.call("CheckoutFunction", "GET", "/profile", "", customer); doc["remembered"] != true {
		s.t.Fatalf("the profile is %s", shown(doc))
	}
	if doc := s.call("CheckoutFunction", "DELETE", "/profile", "", customer); doc["remembered"] != false {
		s.t.Fatalf("forgotten, the profile is %s", shown(doc))
	}
}

// lose pays, and Stripe answers with a 500 after it took the money: the webhook tells.
func (s *stack) lose() {
	s.t.Helper()
	id, token := s.session("CheckoutFunction")
	if err := s.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: sandbox.WayErrorAfter}); err != nil {
		s.t.Fatal(err)
	}
	s.pay("CheckoutFunction", id, token, "pm_card_visa", "complete_in_progress")
	if err := s.provider.Run(s.t.Context(), time.Now()); err != nil {
		s.t.Fatal(err)
	}
	if doc := s.call("CheckoutFunction", "GET", "/checkout-sessions/"+id, "", token); doc["status"] != "completed" {
		s.t.Fatalf("the webhook placed no order: %s", shown(doc))
	}
}

// leave lets shoppers leave their bank's page: one payment is canceled at Stripe, of which the webhook hears, another runs out
// of time, which reconcile finds.
func (s *stack) leave() {
	s.t.Helper()
	id, token := s.session("CheckoutFunction")
	doc := s.pay("CheckoutFunction", id, token, "pm_card_authenticationRequired", "requires_escalation")
	secret, _ := at(doc, "payment", "action", "client_secret").(string)
	intent, _, _ := strings.Cut(secret, "_secret_")
	canceled, err := s.provider.Do(s.t.Context(), sandbox.Request{Method: http.MethodPost, Path: "/v1/payment_intents/" + intent + "/cancel",
		Key: "sk_test_51abc"})
	if err != nil || canceled.Status != http.StatusOK {
		s.t.Fatalf("cancel %s at Stripe: %+v, %v", intent, canceled, err)
	}
	if err := s.provider.Run(s.t.Context(), time.Now()); err != nil {
		s.t.Fatal(err)
	}
	late, token := s.session("impatient")
	s.pay("impatient", late, token, "pm_card_authenticationRequired", "requires_escalation")
}

// hear has Stripe report what names no session: a dispute about a charge, and one that Stripe itself doesn't know.
func (s *stack) hear() {
	s.t.Helper()
	id, token := s.session("CheckoutFunction")
	s.pay("CheckoutFunction", id, token, "pm_card_createDispute", "completed")
	if err := s.provider.Run(s.t.Context(), time.Now()); err != nil {
		s.t.Fatal(err)
	}
	intent := s.provider.Ledger()[0].PaymentIntent
	body := `{"id":"evt_dispute","object":"event","type":"charge.dispute.created","livemode":false,"api_version":"2023-10-16","created":1,` +
		`"data":{"object":{"id":"dp_1","object":"dispute","payment_intent":"` + intent + `"}}}`
	stamp := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte("whsec_abc"))
	mac.Write([]byte(stamp + "." + body))
	r := s.send("WebhookFunction", "POST", "/webhooks/stripe", body, "stripe-signature", "t="+stamp+",v1="+hex.EncodeToString(mac.Sum(nil)))
	if err := wantStatus(r); err != nil {
		s.t.Fatal(err)
	}
}

// rootKey is the merchant's first key.
const rootKey = "kad_root_0123456789abcdef0123456789abcdef"

// manage does what a merchant does.
func (s *stack) manage() {
	s.t.Helper()
	admin := func(method, path, body string) tree { return s.call("AdminFunction", method, path, body, rootKey) }
	document := s.send("AdminFunction", "GET", "/admin/settings", "", "authorization", "Bearer "+rootKey)
	if err := wantStatus(document); err != nil {
		s.t.Fatal(err)
	}
	admin("PUT", "/admin/settings", document.text)
	admin("GET", "/admin/settings/versions", "")
	admin("POST", "/admin/products", `[{"sku":"pen","title":"Pen","prices":{"EUR":300},"stock":3},{"sku":"pad","title":"Pad","prices":{"EUR":300}}]`)
	admin("POST", "/admin/stock", `{"moves":[{"sku":"pen","delta":2}]}`)
	admin("GET", "/admin/products", "")
	key := admin("POST", "/admin/keys", `{"name":"warehouse","scopes":["products"]}`)
	token, _ := key["token"].(string)
	s.call("AdminFunction", "GET", "/admin/stock", "", token)
	id, _ := key["id"].(string)
	admin("DELETE", "/admin/keys/"+id, "")
	admin("GET", "/admin/keys", "")
	admin("GET", "/admin/report", "")
	admin("GET", "/admin/audit", "")
	admin("POST", "/admin/orders/search", `{"email":"ada@example.com"}`)
	list, _ := admin("GET", "/admin/orders", "")["orders"].([]any)
	if len(list) == 0 {
		s.t.Fatal("the merchant sees no orders")
	}
	order, _ := at(list[0], "id").(string)
	admin("POST", "/admin/orders/"+order+"/refund", `{"all":true,"restock":true}`)
	admin("GET", "/admin/orders/"+order, "")
	s.forget(admin)
}

// forget has a customer buy, be shown what is kept of them, and be erased, with the checkout that they left open.
func (s *stack) forget(admin func(method, path, body string) tree) {
	s.t.Helper()
	customer, err := s.issuer.Token("eve")
	if err != nil {
		s.t.Fatal(err)
	}
	who := `{"customer":"eve","email":"eve@example.com"}`
	mine := strings.ReplaceAll(buyer, "ada@example.com", "eve@example.com")
	cart := func() string {
		guest, token := s.cart()
		s.call("CartFunction", "POST", "/carts/"+guest+"/claim", `{"access_token":"`+token+`"}`, customer)
		id, _ := s.call("CheckoutFunction", "POST", "/checkout-sessions", `{"cart_id":"`+guest+`",`+mine[1:], customer)["id"].(string)
		return id
	}
	bought := cart()
	s.pay("CheckoutFunction", bought, customer, "pm_card_visa", "completed")
	s.job("OutboxFunction", `{"Records":[{"eventName":"MODIFY","dynamodb":{"SequenceNumber":"3","Keys":{"i":{"S":"`+bought+`"}}}}]}`)
	cart()
	if doc := admin("POST", "/admin/people/export", who); len(list(doc["sessions"])) != 2 || at(doc, "sessions", 0, "buyer", "email") != "eve@example.com" {
		s.t.Fatalf("of the customer is kept %s", shown(doc))
	}
	if doc := admin("POST", "/admin/people/erase", who); doc["done"] != true {
		s.t.Fatalf("the customer is erased: %s", shown(doc))
	}
	if doc := admin("POST", "/admin/people/export", who); len(list(doc["sessions"])) != 0 || doc["profile"] != nil {
		s.t.Fatalf("of the erased customer is kept %s", shown(doc))
	}
}

// tidy runs what runs on schedules, with something to do for each.
func (s *stack) tidy() {
	s.t.Helper()
	s.open("hasty")
	s.job("SweepFunction", `{"job":"sweep"}`)
	s.job("ReconcileFunction", `{"job":"reconcile"}`)
	s.keepBookmarks()
	s.job("ReconcileFunction", `{"job":"resume"}`)
	s.job("ReconcileFunction", `{"job":"backfill"}`)
	s.job("OutboxFunction", `{"job":"resume"}`)
	s.job("OutboxFunction", `{"job":"drain"}`)
}
