package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"kassa"
	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/settings"
	"kassa/checkout/statistics"
	"kassa/functions/internal/api"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/oidc/issuer"
	"kassa/functions/internal/parameter"
	"kassa/functions/internal/ucp"
	"kassa/payments/sandbox"
	"kassa/payments/stripegateway"
)

// invocation bounds each request, as a Lambda function's timeout does.
const invocation = 20 * time.Second

// app is every function of Kassa in one process.
type app struct {
	settings  options
	listener  net.Listener
	log       *slog.Logger
	clock     *clock
	faults    *faults
	store     store
	provider  *sandbox.Provider // nil: Stripe's test mode, or another server that speaks its API
	issuer    *issuer.Issuer    // nil: customers sign in elsewhere
	customers edge.Customers    // nil: there are guests only
	book      *notebook
	mailbox   *mailbox
	gateway   *stripegateway.Gateway
	shop      checkout.Shop // that the process begins with
	products  int
	schedule  *schedule
	live      *parameter.Kept[*services]
}

// services are what is made of the shop's settings, anew when these have changed.
type services struct {
	handler    http.Handler
	reconciler *checkout.Reconciler
	sweeper    *checkout.Sweeper
	carts      *recovery.Sweeper
	outbox     *checkout.Outbox
}

// assemble makes the services of a shop, and the functions that translate for them.
func (a *app) assemble(shop settings.Settings) (*services, error) {
	tokens, err := checkout.NewTokens(a.book.page.TokenSecret)
	if err != nil {
		return nil, err
	}
	config := checkout.Config{
		Carts: a.store, Sessions: faultySessions{a.store, a.faults, a.schedule.notice}, Catalog: a.store, Redemptions: a.store,
		Inbox:  a.store,
		People: a.store, Gateway: a.gateway, Till: a.gateway, Vault: a.gateway, Shop: shop.Shop, Tokens: tokens, Now: a.clock.Now,
		NewID: rand.Text, Logger: a.log,
	}
	carts, err1 := checkout.NewCarts(config)
	sessions, err2 := checkout.NewSessions(config)
	observer, err3 := checkout.NewObserver(config)
	reconciler, err4 := checkout.NewReconciler(config)
	sweeper, err5 := checkout.NewSweeper(config)
	verifier, err6 := stripegateway.NewVerifier(a.webhookSecrets(a.book), false)
	wire, err7 := ucp.New(shop.Shop, a.settings.namespace)
	service, err9 := recovery.NewService(recovery.ServiceConfig{
		Shop: shop.Shop, Settings: shop.Recovery, Log: a.store, Contacts: a.store, Email: a.mailbox, Now: a.clock.Now,
		NewID:  rand.Text,
		Logger: a.log,
	})
	people, err10 := checkout.NewPeople(config)
	counter, err11 := a.counter(shop.Recovery)
	if err := errors.Join(err9, err10, err11); err != nil {
		return nil, err
	}
	follow, err9 := a.followUp(shop, config, carts, counter)
	if err9 != nil {
		return nil, err9
	}
	consumers := checkout.JoinConsumers(follow.consumers, service.Consumers(), counter.Consumers())
	consumers[checkout.NoticeOrderPlaced] = append(consumers[checkout.NoticeOrderPlaced], people,
		checkout.HistoryConsumer{History: a.store})
	outbox, err8 := checkout.NewOutbox(checkout.OutboxConfig{
		Store: a.store, Carts: a.store, Publisher: eventLog{a.log}, Consumers: consumers,
		Namespace: cmp.Or(a.settings.namespace, ucp.DefaultNamespace), BaseURL: shop.BaseURL, Logger: a.log,
	})
	orders, err9 := checkout.NewOrders(config)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil {
		return nil, err
	}
	e := edge.Config{Wire: wire, Logger: a.log, Now: a.clock.Now, NewID: rand.Text, Customers: a.customers}
	admin, err := a.admin(e, shop, config)
	if err != nil {
		return nil, err
	}
	handler := a.routes(
		api.Cart(api.CartDeps{
			Edge: e, Carts: carts, Lines: carts, Claims: carts, Products: carts, Devices: follow.registry, Returns: follow.returns,
			OpenAPI: kassa.OpenAPI,
		}),
		api.Checkout(api.CheckoutDeps{Edge: e, Sessions: sessions, Sheets: sessions, Orders: sessions, Withdrawals: orders,
			Profiles: people}),
		api.Webhook(api.WebhookDeps{Edge: e, Verifier: verifier, Observer: observer}),
		api.Feedback(api.FeedbackDeps{Edge: e, Contacts: follow.registry}),
		admin,
	)
	return &services{handler, reconciler, sweeper, follow.sweeper, outbox}, nil
}

// counter counts what happens, as the settings want it.
func (a *app) counter(s recovery.Settings) (*statistics.Counter, error) {
	c, err := statistics.Config{Store: a.store, Reader: a.store, Now: a.clock.Now, Logger: a.log}.With(s)
	if err != nil {
		return nil, err
	}
	return statistics.NewCounter(c)
}
