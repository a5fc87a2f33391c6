package main

import (
	"crypto/rand"
	"strings"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/recovery"
	"kassa/checkout/settings"
	"kassa/checkout/statistics"
	"kassa/functions/internal/api"
	"kassa/functions/internal/edge"
)

// rootKey is the key that the merchant begins with here. The notebook keeps it, so that it is the same after a restart.
func rootKey() string { return "kad_" + merchant.RootKey + "_" + strings.ToLower(rand.Text()) }

// admin is the function of the merchant's.
func (a *app) admin(e edge.Config, shop settings.Settings, config checkout.Config) (api.Handler, error) {
	seed, err := a.seed()
	if err != nil {
		return api.Handler{}, err
	}
	orders, err := checkout.NewOrders(config)
	if err != nil {
		return api.Handler{}, err
	}
	reached, err := recovery.NewRegistry(recovery.RegistryConfig{Config: recovery.Config{
		Carts: a.store, Contacts: a.store, Shop: config.Shop, Settings: shop.Recovery, Now: a.clock.Now, NewID: rand.Text, Logger: a.log,
	}})
	if err != nil {
		return api.Handler{}, err
	}
	desk, err := merchant.NewDesk(merchant.DeskConfig{
		Settings: a.store, Keys: a.store, Records: a.store, Catalog: a.store, History: a.store, Orders: orders,
		People: merchant.PeopleConfig{
			Sessions: a.store, Carts: a.store, Profiles: a.store, Contacts: a.store, Reached: reached, Messages: a.store, Measured: a.store,
			Search: a.store, Vault: config.Vault,
		},
		Shop: config.Shop, Seed: seed,
		Root: []string{merchant.HashOf(a.book.page.AdminKey)}, Now: a.clock.Now, NewID: rand.Text, Logger: a.log,
	})
	if err != nil {
		return api.Handler{}, err
	}
	zone, err := statistics.ZoneOf(shop.Recovery)
	if err != nil {
		return api.Handler{}, err
	}
	reports, err := statistics.NewReports(a.store, zone, a.clock.Now)
	if err != nil {
		return api.Handler{}, err
	}
	e.Customers, e.Keys = nil, desk.Keys
	return api.Admin(api.AdminDeps{
		Edge: e, Settings: desk.Settings, Keys: desk.Keys, Records: desk.Journal, Products: desk.Products,
		Orders: desk.Orders, Changes: desk.Orders, Shop: config.Shop,
		Reports: reports, People: desk.People,
	}), nil
}
