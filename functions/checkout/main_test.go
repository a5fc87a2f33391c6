package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"kassa/functions/internal/coldstart/coldstarttest"
)

var variables = []string{
	"KASSA_CARTS_TABLE", "KASSA_SESSIONS_TABLE", "KASSA_PRODUCTS_TABLE", "KASSA_STOCK_TABLE", "KASSA_REDEMPTIONS_TABLE", "KASSA_NAMESPACE",
	"STRIPE_MODE",
	"KASSA_MERCHANT_TABLE", "KASSA_ORDERS_TABLE", "KASSA_PEOPLE_TABLE", "KASSA_SHOP_PARAMETER", "KASSA_TOKEN_SECRETS_PARAMETER",
	"KASSA_LINK_SECRETS_PARAMETER", "STRIPE_SECRET_KEY_PARAMETER",
}

func TestStart(t *testing.T) {
	t.Parallel()
	coldstarttest.Trial(t, start, variables...)
}

func TestKeyOfTheOtherModeIsRefused(t *testing.T) {
	t.Parallel()
	a := coldstarttest.New(t, variables...)
	a.Env["STRIPE_MODE"] = "live"
	coldstarttest.Refuses(t, a, start, "/t/stripe-secret-key")
}

func TestServes(t *testing.T) {
	t.Parallel()
	handler, err := coldstarttest.New(t, variables...).Start(start)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/checkout-sessions/chk_1": 404, "/orders/ord_1": 404, "/carts/crt_1": 404} {
		out, err := handler.Invoke(t.Context(), coldstarttest.Get(path))
		var answer events.APIGatewayV2HTTPResponse
		if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != want {
			t.Errorf("GET %s: %s, %v; want status %d", path, out, err, want)
		}
	}
}

// A shop's sign-in is named whole, or the function says what is missing.
func TestSignInIsNamedWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ issuer, audience, want string }{
		{"https://id.example", "", "OIDC_AUDIENCE"}, {"", "app", "OIDC_ISSUER"}, {"http://id.example", "app", "https"},
		{"https://id.example", "app", ""},
	} {
		a := coldstarttest.New(t, variables...)
		a.Env["OIDC_ISSUER"], a.Env["OIDC_AUDIENCE"] = c.issuer, c.audience
		_, err := a.Start(start)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
