package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kassa/functions/internal/coldstart/coldstarttest"
)

var variables = []string{
	"KASSA_CARTS_TABLE", "KASSA_SESSIONS_TABLE", "KASSA_INBOX_TABLE", "KASSA_STOCK_TABLE", "KASSA_REDEMPTIONS_TABLE", "KASSA_NAMESPACE",
	"STRIPE_MODE",
	"KASSA_MERCHANT_TABLE", "KASSA_SHOP_PARAMETER", "STRIPE_WEBHOOK_SECRETS_PARAMETER",
}

func TestStart(t *testing.T) {
	t.Parallel()
	coldstarttest.Trial(t, start, variables...)
}

func TestSecretOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	a := coldstarttest.New(t, variables...)
	a.Parameters.Put("/t/stripe-webhook-secrets", "sk_test_51abc")
	coldstarttest.Refuses(t, a, start, "/t/stripe-webhook-secrets")
}

// While a secret is rolled, what either of the two signs is taken, and nothing else.
func TestBothSecretsVerify(t *testing.T) {
	t.Parallel()
	a := coldstarttest.New(t, variables...)
	a.Parameters.Put("/t/stripe-webhook-secrets", "whsec_new,whsec_old")
	handler, err := a.Start(start)
	if err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]int{"whsec_new": 200, "whsec_old": 200, "whsec_stranger": 400} {
		out, err := handler.Invoke(t.Context(), signed(secret))
		var answer events.APIGatewayV2HTTPResponse
		if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != want {
			t.Errorf("%s: %s, %v; want status %d", secret, out, err, want)
		}
	}
}

// signed is an event that nobody is interested in, signed now.
func signed(secret string) []byte {
	body := `{"id":"evt_1","object":"event","type":"customer.created","livemode":false,"api_version":"2023-10-16","created":1,` +
		`"data":{"object":{"id":"cus_1","object":"customer"}}}`
	at := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "." + body))
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RawPath: "/webhooks/stripe", Body: body,
		Headers: map[string]string{"content-type": "application/json", "stripe-signature": "t=" + at + ",v1=" + hex.EncodeToString(mac.Sum(nil))},
	}
	event.RequestContext.HTTP.Method = "POST"
	encoded, _ := json.Marshal(event)
	return encoded
}
