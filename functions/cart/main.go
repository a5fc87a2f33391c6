// Command cart is the function behind carts, their lines and the catalogue. It holds no Stripe key and reaches no table of
// sessions: it can neither move money nor see an order.
package main

import (
	"context"
	"errors"
	"net/http"

	"kassa"
	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/recovery"
	"kassa/functions/internal/api"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/httpfunction"
	"kassa/functions/internal/parameter"
)

func main() { coldstart.Main(start) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Carts:    f.Env.Required("KASSA_CARTS_TABLE"),
		Products: f.Env.Required("KASSA_PRODUCTS_TABLE"),
		Stock:    f.Env.Required("KASSA_STOCK_TABLE"),
		Merchant: f.Env.Required("KASSA_MERCHANT_TABLE"),
		People:   f.Env.Required("KASSA_PEOPLE_TABLE"),

		Redemptions: f.Env.Required("KASSA_REDEMPTIONS_TABLE"),
		Contacts:    f.Env.Required("KASSA_CONTACTS_TABLE"),
		Statistics:  f.Env.Required("KASSA_STATISTICS_TABLE"),
	}
	namespace := f.Env.Required("KASSA_NAMESPACE")
	shop, tokens := f.Parameter("KASSA_SHOP_PARAMETER"), f.Parameter("KASSA_TOKEN_SECRETS_PARAMETER")
	links := f.Parameter("KASSA_LINK_SECRETS_PARAMETER")
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
		c.Carts, c.Catalog, c.People, c.Redemptions = store, catalog, store, redemptions
		if c.Tokens, err = coldstart.Tokens(v, tokens); err != nil {
			return nil, err
		}
		if c.CodeSecrets, err = coldstart.Secrets(v, links); err != nil {
			return nil, err
		}
		edge, err := httpfunction.Edge(f, c.Shop, namespace, customers)
		if err != nil {
			return nil, err
		}
		carts, err := checkout.NewCarts(c)
		if err != nil {
			return nil, err
		}
		follow, err := f.Recovery(v, shop, recovery.WithoutSessions(store), store)
		if err != nil {
			return nil, err
		}
		back, err := coldstart.Links(v, links)
		if err != nil {
			return nil, err
		}
		devices, err1 := recovery.NewRegistry(recovery.RegistryConfig{Config: follow, Tokens: c.Tokens, Links: back})
		counter, err := f.Counter(store, follow.Settings)
		if err != nil {
			return nil, err
		}
		returns, err2 := recovery.NewReturns(recovery.ReturnsConfig{Config: follow, Editor: carts, Tokens: c.Tokens, Links: back,
			Ledger: counter})
		return api.Cart(api.CartDeps{
			Edge: edge, Carts: carts, Lines: carts, Claims: carts, Products: carts, Devices: devices, Returns: returns,
			OpenAPI: kassa.OpenAPI,
		}), errors.Join(err1, err2)
	})
	return httpfunction.Serve(kept), err
}
