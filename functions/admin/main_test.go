package main

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"kassa/functions/internal/coldstart/coldstarttest"
)

var variables = []string{
	"KASSA_CARTS_TABLE", "KASSA_SESSIONS_TABLE", "KASSA_PEOPLE_TABLE", "KASSA_CONTACTS_TABLE", "KASSA_ORDERS_TABLE", "KASSA_PRODUCTS_TABLE",
	"KASSA_STOCK_TABLE", "KASSA_MERCHANT_TABLE", "KASSA_STATISTICS_TABLE", "KASSA_NAMESPACE", "KASSA_SHOP_PARAMETER", "KASSA_ADMIN_KEY_PARAMETER",
	"STRIPE_MODE", "STRIPE_SECRET_KEY_PARAMETER",
}

func TestStart(t *testing.T) {
	t.Parallel()
	coldstarttest.Trial(t, start, variables...)
}

// Nobody else's credential opens anything here.
func TestRefusesShoppers(t *testing.T) {
	t.Parallel()
	handler, err := coldstarttest.New(t, variables...).Start(start)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/admin/settings": 401, "/admin/audit": 401, "/admin/report": 401, "/carts/ct_1": 404} {
		out, err := handler.Invoke(t.Context(), coldstarttest.Get(path))
		var answer events.APIGatewayV2HTTPResponse
		if err != nil || json.Unmarshal(out, &answer) != nil || answer.StatusCode != want {
			t.Errorf("GET %s: %s, %v; want status %d", path, out, err, want)
		}
	}
}

// A root key that is no hash is refused by its parameter's name.
func TestRootKeyIsGivenAsHash(t *testing.T) {
	t.Parallel()
	a := coldstarttest.New(t, variables...)
	a.Parameters.Put("/t/admin-key-hash", "kad_root_51abcdef")
	coldstarttest.Refuses(t, a, start, "parameter /t/admin-key-hash")
}
