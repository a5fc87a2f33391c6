package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"kassa/functions/internal/lambdahttp"
)

// sampleHash and sampleToken are what the files have in the places of the purchase's own ids and token.
const (
	sampleHash  = "w51w6889yxk9yhjbas1rpm7htt"
	sampleToken = "kat_1_SIdBvwutryonYveYBNZw8xadA4y6_zD6"
	samplePage  = "V7QK2N5XWJ3T6RZA" // the secret part of the order's page

	sampleOther    = "kat_1_q3Yt0Zr8bN5mKx7LcVwD2fHsJ9pGaE4u" // of the second cart
	sampleCustomer = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjQyMmM3MjY2MjM1N2ZmNTciLCJ0eXAiOiJKV1QifQ." +
		"eyJhdWQiOiJrYXNzYS1hcHAiLCJleHAiOjE3OTU0Mjk4MDAsImlhdCI6MTc5NTQyNjIwMCwiaXNzIjoiaHR0cDovLzEyNy4wLjAuMS9vaWRjIiwibmJmIjoxNzk1NDI2MjAwLCJzdWIiOiJhdXRoMHw2NGI3ZjFjMmQ5ZThhN2I2YzVkNGUzZjIifQ." +
		"3K8nM1ZOacfhZu5YMeVXXMEkTMaD0rll7ngDUH8sE6R5l_jfh1Bepwvv_Z0hojYKX100c2E_4N6GzKsjle8MYQ"
	sampleForeigner = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjQyMmM3MjY2MjM1N2ZmNTciLCJ0eXAiOiJKV1QifQ." +
		"eyJhdWQiOiJvdGhlci1hcHAiLCJleHAiOjE3OTU0Mjk4MDAsImlhdCI6MTc5NTQyNjIwMCwiaXNzIjoiaHR0cDovLzEyNy4wLjAuMS9vaWRjIiwic3ViIjoiYXV0aDB8NjRiN2YxYzJkOWU4YTdiNmM1ZDRlM2YyIn0." +
		"kCD8dFMZH0HBzlS9hdP802kdrZV-Ix9bmH0JXq4XfipZ0wdjGD5zzqa10vwfk7HcsW89oQ71OOtAwHBjxpKA3Q" // for another app
)

// The files in events/ are what API Gateway hands to the functions. They tell one purchase: each is sent to the function that
// it is named after, in this order, with the ids and the token of the cart that the first one makes. Stripe's are signed with
// whsec_kassa at 09:30 UTC on 23 November 2026.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	told, hash, token, page, other := []string{}, sampleHash, sampleToken, samplePage, ""
	customer := strings.TrimPrefix(s.bearer(t, "anna"), "Authorization: Bearer ")
	foreigner := s.signed(t, func(c map[string]any) { c["aud"] = "other-app" })
	for _, c := range []struct {
		name   string
		status int
		at     []string // paths in the answer, and what stands there
	}{
		{"cart-create", 201, []string{"line_items.0.quantity", "2", "context.language", "nl", "totals_estimated", "false"}},
		{"cart-create-base64", 201, []string{"buyer.first_name", "Zoë", "buyer.last_name", "Ærøskøbing 😀"}},
		{"cart-claim-wrong-audience", 401, []string{"messages.0.code", "unauthorized"}},
		{"cart-claim", 200, []string{"buyer.first_name", "Zoë", "access_token", ""}},
		{"cart-mine", 200, []string{"buyer.first_name", "Zoë"}},
		{"cart-leave", 201, []string{"buyer.first_name", "Zoë", "buyer.consent.marketing", "true"}},
		{"cart-device", 200, []string{"reachable", "true", "locale", "nl", "time_zone", "Europe/Amsterdam"}},
		{"cart-recover-forged", 404, []string{"messages.0.code", "not_found"}},
		{"cart-land-forged", 404, nil},
		{"cart-get", 200, []string{"totals.0.display_text", "Subtotaal"}},
		{"cart-add-line", 200, []string{"line_items.0.quantity", "3"}},
		{"cart-set-line", 200, []string{"line_items.0.quantity", "4"}},
		{"cart-remove-line", 200, []string{"line_items", "[]"}},
		{"cart-two-keys", 400, []string{"messages.0.code", "invalid"}},
		{"cart-other-guest", 404, []string{"messages.0.code", "not_found"}},
		{"cart-search-unicode", 200, []string{"products.0.id", "beans-kade-250"}},
		{"cart-lookup", 200, []string{"products.0.id", "beans-kade-250", "messages.0.path", "$.ids[1]"}},
		{"cart-product", 200, []string{"product.id", "beans-kade-250"}},
		{"cart-profile", 200, []string{"ucp.version", "2026-04-08"}},
		{"cart-apple-apps", 200, []string{"applinks.details.0.appIDs.0", "A1B2C3D4E5.example.kade9"}},
		{"cart-android-apps", 200, nil},
		{"cart-health", 200, []string{"status", "ok"}},
		{"cart-unknown-path", 404, []string{"messages.0.code", "not_found"}},
		{"cart-refill", 200, []string{"line_items.0.quantity", "2"}},
		{"checkout-create", 201, []string{"status", "incomplete"}},
		{"checkout-sheet-address", 200, []string{"fulfillment.methods.0.destinations.0.postal_code", "1015", "totals.2.amount", "2485"}},
		{"checkout-sheet-option", 200, []string{"fulfillment.methods.0.groups.0.selected_option_id", "express", "totals.2.amount", "2985"}},
		{"checkout-prepare", 200, []string{"status", "requires_escalation", "payment.action.type", "payment_sheet"}},
		{"checkout-turn-back", 200, []string{"status", "ready_for_complete", "totals.2.amount", "2985"}},
		{"checkout-card-number", 400, []string{"messages.0.code", "card_number", "messages.0.path", "$.payment.instruments[0].credential.token"}},
		{"checkout-complete", 200, []string{"status", "completed", "order.id", "or_HASH_0"}},
		{"cart-claim-paid", 409, []string{"messages.0.code", "cart_locked", "messages.0.checkout_id", "cs_HASH_0"}},
		{"checkout-get", 200, []string{"totals.0.display_text", "Delsum"}},
		{"checkout-order", 200, []string{"checkout_id", "cs_HASH_0"}},
		{"checkout-withdraw", 201, []string{"adjustments.0.type", "withdrawal", "adjustments.0.status", "pending"}},
		{"checkout-order-page", 200, nil},
		{"checkout-buy-now-google", 201, []string{"status", "completed"}},
		{"checkout-agent-version", 422, []string{"messages.0.code", "version_unsupported"}},
		{"webhook-succeeded", 200, []string{"received", "true"}},
		{"webhook-dispute-base64", 200, []string{"received", "true"}},
		{"webhook-dispute-closed", 200, []string{"received", "true"}},
		{"webhook-refunded", 200, []string{"received", "true"}},
		{"webhook-refund-failed", 200, []string{"received", "true"}},
		{"webhook-processing", 200, []string{"received", "true"}},
		{"webhook-forged", 400, []string{"messages.0.code", "invalid"}},
		{"webhook-stale", 400, []string{"messages.0.code", "invalid"}},
		{"admin-import-base64", 200, []string{"rows", "3", "stored", "2", "errors.0.row", "4", "errors.0.field", "price.EUR"}},
		{"admin-import-again", 200, []string{"stored", "2"}},
		{"admin-move-stock", 200, []string{"moves.0.code", "", "moves.1.code", "not_found"}},
		{"admin-export", 200, nil},
		{"admin-settings-wrong", 400, []string{"messages.0.path", "$.nmae"}},
		{"admin-create-key", 201, []string{"name", "warehouse", "created_by", "root"}},
		{"admin-audit", 200, []string{"records.0.key", "root", "records.2.outcome", "done", "records.3", ""}},
		{"admin-report", 200, []string{"from", "2026-11-01", "to", "2026-11-23", "lift.verdict", "too_few"}},
		{"admin-erase", 200, []string{"done", "true", "carts", "0"}},
		{"admin-shopper", 401, []string{"messages.0.code", "unauthorized"}},
	} {
		told = append(told, c.name+".json")
		w := s.send(t, c.name, strings.NewReplacer(
			sampleHash, hash, sampleToken, token, samplePage, page, sampleOther, other, sampleCustomer, customer, sampleForeigner, foreigner))
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.name, w.Code, c.status, w.Body)
		}
		if c.name == "cart-create" {
			hash, token = strings.TrimPrefix(w.at("id"), "ct_"), w.at("access_token")
		}
		if c.name == "cart-create-base64" {
			other = w.at("access_token")
		}
		if c.name == "checkout-complete" {
			_, page, _ = strings.Cut(w.at("order.permalink_url"), "_0.")
		}
		for i := range c.at {
			c.at[i] = strings.ReplaceAll(c.at[i], "HASH", hash)
		}
		w.wantAt(c.at...)
	}
	files, err := filepath.Glob("../../../events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		function, _, _ := strings.Cut(name, "-")
		if slices.Contains([]string{"cart", "checkout", "webhook", "admin"}, function) && !slices.Contains(told, name) {
			t.Errorf("nobody sends events/%s", name)
		}
	}
	if charges := s.provider.Ledger(); len(charges) != 2 {
		t.Errorf("%d charges", len(charges))
	}
}

// send hands an event to its function through the Lambda adapter.
func (s *stack) send(t *testing.T, name string, ids *strings.Replacer) reply {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../events", name+".json")) //nolint:gosec // a name of ours
	if err != nil {
		t.Fatal(err)
	}
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal([]byte(ids.Replace(string(text))), &event); err != nil {
		t.Fatal(err)
	}
	function, _, _ := strings.Cut(name, "-")
	handler := map[string]http.Handler{"cart": s.cart, "checkout": s.checkout, "webhook": s.webhook, "admin": s.admin}[function]
	out, err := lambdahttp.Adapt(handler)(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	w := replyOf(t, out)
	s.description.check(t, requestOf(t, event), "", w)
	return w
}

// requestOf is the request that API Gateway got, without its body.
func requestOf(t *testing.T, event events.APIGatewayV2HTTPRequest) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), event.RequestContext.HTTP.Method, event.RawPath+"?"+event.RawQueryString, nil)
	for name, value := range event.Headers {
		r.Header.Set(name, value)
	}
	return r
}
