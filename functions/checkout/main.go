// Command checkout is the function behind checkout sessions, payment and orders: the one that shoppers pay through, and so one
// of the two that hold the Stripe key.
package main

import (
	"context"
	"errors"
	"net/http"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/functions/internal/api"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/httpfunction"
	"kassa/functions/internal/parameter"
	"kassa/functions/internal/provider"
)

func main() { coldstart.Main(start) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Carts:    f.Env.Required("KASSA_CARTS_TABLE"),
		Sessions: f.Env.Required("KASSA_SESSIONS_TABLE"),
		Products: f.Env.Required("KASSA_PRODUCTS_TABLE"),
		Stock:    f.Env.Required("KASSA_STOCK_TABLE"),
		Merchant: f.Env.Required("KASSA_MERCHANT_TABLE"),
		People:   f.Env.Required("KASSA_PEOPLE_TABLE"),

		Redemptions: f.Env.Required("KASSA_REDEMPTIONS_TABLE"),
		Orders:      f.Env.Required("KASSA_ORDERS_TABLE"),
	}
	namespace := f.Env.Required("KASSA_NAMESPACE")
	shop, tokens := f.Parameter("KASSA_SHOP_PARAMETER"), f.Parameter("KASSA_TOKEN_SECRETS_PARAMETER")
	links := f.Parameter("KASSA_LINK_SECRETS_PARAMETER") // which make the codes that follow-ups offer
	stripe := provider.FromEnvironment(f)
	customers, refused := httpfunction.Customers(f)
	store, err := f.Store(tables)
	if err := errors.Join(err, refused); err != nil {
		return nil, err
	}
	catalog, redemptions := f.Catalog(store), f.Redemptions(store)
	kept, err := coldstart.Keep(ctx, f, store, func(v parameter.Values) (http.Handler, error) {
		c, err := f.Config(v, shop)
		if err != nil {
			return nil, err
		}
		c.Carts, c.Sessions, c.Catalog, c.People, c.Redemptions, c.History = store, store, catalog, store, redemptions, store
		if c.Tokens, err = coldstart.Tokens(v, tokens); err != nil {
			return nil, err
		}
		if c.CodeSecrets, err = coldstart.Secrets(v, links); err != nil {
			return nil, err
		}
		if err := stripe.Into(&c, v); err != nil {
			return nil, err
		}
		edge, err := httpfunction.Edge(f, c.Shop, namespace, customers)
		if err != nil {
			return nil, err
		}
		sessions, err := checkout.NewSessions(c)
		if err != nil {
			return nil, err
		}
		orders, err := checkout.NewOrders(c)
		if err != nil {
			return nil, err
		}
		people, err := checkout.NewPeople(c)
		return api.Checkout(api.CheckoutDeps{
			Edge: edge, Sessions: sessions, Sheets: sessions, Orders: sessions, Withdrawals: orders, Profiles: people,
		}), err
	})
	return httpfunction.Serve(kept), err
}
