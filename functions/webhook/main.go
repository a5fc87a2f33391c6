// Command webhook is the function that Stripe reports to. It holds the endpoint's signing secret and no key: it can tell what
// Stripe said, and can't ask Stripe for anything.
package main

import (
	"context"
	"fmt"
	"net/http"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/functions/internal/api"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/httpfunction"
	"kassa/functions/internal/parameter"
	"kassa/payments/stripegateway"
)

func main() { coldstart.Main(start) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Carts:    f.Env.Required("KASSA_CARTS_TABLE"),
		Sessions: f.Env.Required("KASSA_SESSIONS_TABLE"),
		Inbox:    f.Env.Required("KASSA_INBOX_TABLE"),
		Stock:    f.Env.Required("KASSA_STOCK_TABLE"),
		Merchant: f.Env.Required("KASSA_MERCHANT_TABLE"),

		Redemptions: f.Env.Required("KASSA_REDEMPTIONS_TABLE"),
	}
	namespace := f.Env.Required("KASSA_NAMESPACE")
	live := f.Live()
	shop, secrets := f.Parameter("KASSA_SHOP_PARAMETER"), f.Parameter("STRIPE_WEBHOOK_SECRETS_PARAMETER")
	store, err := f.Store(tables)
	if err != nil {
		return nil, err
	}
	kept, err := coldstart.Keep(ctx, f, store, func(v parameter.Values) (http.Handler, error) {
		c, err := f.Config(v, shop)
		if err != nil {
			return nil, err
		}
		c.Sessions, c.Inbox, c.Live = store, store, live
		pair, err := v.Pair(secrets)
		if err != nil {
			return nil, err
		}
		verifier, err := stripegateway.NewVerifier(pair, live)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", secrets, err)
		}
		edge, err := httpfunction.Edge(f, c.Shop, namespace, nil) // Stripe signs; nobody signs in here
		if err != nil {
			return nil, err
		}
		observer, err := checkout.NewObserver(c)
		return api.Webhook(api.WebhookDeps{Edge: edge, Verifier: verifier, Observer: observer}), err
	})
	return httpfunction.Serve(kept), err
}
