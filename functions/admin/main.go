// Command admin is the function of the merchant's: settings, products and stock, orders and refunds, the report, keys and the record of
// what they changed. It holds the Stripe key, because it gives money back. Its routes take the merchant's keys and nobody else's
// credentials.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/merchant"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/functions/internal/api"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/httpfunction"
	"kassa/functions/internal/parameter"
	"kassa/functions/internal/provider"
)

func main() { coldstart.Main(start) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Carts:      f.Env.Required("KASSA_CARTS_TABLE"),
		Sessions:   f.Env.Required("KASSA_SESSIONS_TABLE"),
		Products:   f.Env.Required("KASSA_PRODUCTS_TABLE"),
		Stock:      f.Env.Required("KASSA_STOCK_TABLE"),
		People:     f.Env.Required("KASSA_PEOPLE_TABLE"),
		Contacts:   f.Env.Required("KASSA_CONTACTS_TABLE"),
		Merchant:   f.Env.Required("KASSA_MERCHANT_TABLE"),
		Orders:     f.Env.Required("KASSA_ORDERS_TABLE"),
		Statistics: f.Env.Required("KASSA_STATISTICS_TABLE"),
	}
	namespace := f.Env.Required("KASSA_NAMESPACE")
	shop, root := f.Parameter("KASSA_SHOP_PARAMETER"), f.Parameter("KASSA_ADMIN_KEY_PARAMETER")
	stripe := provider.FromEnvironment(f)
	store, err := f.Store(tables)
	if err != nil {
		return nil, err
	}
	catalog := f.Catalog(store)
	kept, err := coldstart.Keep(ctx, f, store, func(v parameter.Values) (http.Handler, error) {
		c, err := f.Config(v, shop)
		if err != nil {
			return nil, err
		}
		c.Sessions, c.Catalog = store, catalog
		if err := stripe.Into(&c, v); err != nil {
			return nil, err
		}
		orders, err := checkout.NewOrders(c)
		if err != nil {
			return nil, err
		}
		edge, err := httpfunction.Edge(f, c.Shop, namespace, nil)
		if err != nil {
			return nil, err
		}
		hashes, err := v.Pair(root)
		if err != nil {
			return nil, err
		}
		people, err := filesOf(f, v, shop, store, c.Vault)
		if err != nil {
			return nil, err
		}
		desk, err := merchant.NewDesk(merchant.DeskConfig{
			Settings: store, Keys: store, Records: store, Catalog: catalog, History: store, Orders: orders, People: people,
			Shop: c.Shop, Seed: []byte(v[shop]), Root: hashes, Now: f.Now, NewID: rand.Text, Logger: f.Log,
		})
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", root, err)
		}
		reports, err := reportsOf(f, v, shop, store)
		if err != nil {
			return nil, err
		}
		edge.Keys = desk.Keys
		return api.Admin(api.AdminDeps{
			Edge: edge, Settings: desk.Settings, Keys: desk.Keys, Records: desk.Journal, Products: desk.Products,
			Orders: desk.Orders, Changes: desk.Orders, Shop: c.Shop,
			Reports: reports, People: desk.People,
		}), nil
	})
	return httpfunction.Serve(kept), err
}

// filesOf is where something is kept of people.
func filesOf(f *coldstart.Function, v parameter.Values, shop string, store *dynamostore.Store, vault merchant.Vault) (merchant.PeopleConfig, error) {
	s, err := f.Settings(v, shop)
	if err != nil {
		return merchant.PeopleConfig{}, err
	}
	reached, err := recovery.NewRegistry(recovery.RegistryConfig{Config: recovery.Config{
		Carts: store, Contacts: store, Shop: s.Shop, Settings: s.Recovery, Now: f.Now, NewID: rand.Text, Logger: f.Log,
	}})
	return merchant.PeopleConfig{
		Sessions: store, Carts: store, Profiles: store, Contacts: store, Reached: reached, Messages: store, Measured: store, Search: store,
		Vault: vault,
	}, err
}

// reportsOf reports in the shop's time zone.
func reportsOf(f *coldstart.Function, v parameter.Values, shop string, store statistics.Store) (*statistics.Reports, error) {
	s, err := f.Settings(v, shop)
	if err != nil {
		return nil, err
	}
	zone, err := statistics.ZoneOf(s.Recovery)
	if err != nil {
		return nil, err
	}
	return statistics.NewReports(store, zone, f.Now)
}
