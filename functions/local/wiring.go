package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"kassa"
	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/merchant"
	"kassa/checkout/recovery"
	"kassa/checkout/settings"
	"kassa/checkout/statistics"
	"kassa/functions/internal/api"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/oidc/issuer"
	"kassa/functions/internal/parameter"
	"kassa/functions/internal/ucp"
	"kassa/payments/money/display"
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

// open builds everything on what listener and files hold. The listener is closed by serve, or by open if it fails.
func open(ctx context.Context, s options, listener net.Listener, log *slog.Logger) (_ *app, err error) {
	a := &app{settings: s, listener: listener, log: log, faults: newFaults()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close(), listener.Close())
		}
	}()
	a.store, err = openStore(ctx, s, memstore.BeforeDurable(a.faults.beforeDurable))
	if err != nil {
		return nil, err
	}
	if a.book, err = openNotebook(beside(s.store, ".local.json")); err != nil {
		return nil, err
	}
	a.clock = newClock(a.book)
	if a.mailbox, err = openMailbox(beside(s.store, ".messages.jsonl"), a.clock.Now, a.faults); err != nil {
		return nil, err
	}
	if err := a.stockShelves(ctx); err != nil {
		return nil, err
	}
	if a.gateway, err = a.openProvider(a.book); err != nil {
		return nil, err
	}
	if a.customers, err = a.openSignIn(a.book); err != nil {
		return nil, err
	}
	a.schedule = &schedule{clock: a.clock, sandbox: a.provider, sessions: a.store, carts: a.store, log: a.log,
		woken: make(chan struct{}, 1)}
	a.live, err = a.keepServices(ctx)
	a.schedule.services = a.live.Get
	return a, err
}

// store is everything that the services keep.
type store interface {
	checkout.CartStore
	checkout.CartEraser
	checkout.SessionStore
	checkout.Catalog
	checkout.Inbox
	checkout.Redemptions
	checkout.PersonStore
	checkout.NoticeStore
	recovery.ContactStore
	recovery.SendLog
	statistics.Store
	statistics.Reader
	merchant.SettingsStore
	merchant.RecordStore
	merchant.KeyStore
	checkout.CartNoticeStore
	recovery.CartStore
	checkout.OrderHistory
	merchant.Searcher
	Close() error
}

func openStore(ctx context.Context, s options, option memstore.Option) (store, error) {
	switch {
	case s.dynamodb != "":
		return openDynamoDB(ctx, s)
	case s.store == "":
		return memstore.New(option), nil
	}
	embedded, err := memstore.Open(s.store, option)
	if err != nil {
		return nil, err // and no store: a nil pointer in an interface is none
	}
	return embedded, nil
}

func (a *app) stockShelves(ctx context.Context) error {
	key := a.settings.stripe.publishableKey
	if key == "" {
		key = "pk_test_sandbox"
	}
	var err error
	if a.shop, err = a.openingShop(ctx, key); err != nil {
		return err
	}
	a.products, err = stock(ctx, a.store, a.settings.catalogue)
	return err
}

// openProvider returns the gateway, to the sandbox or to whatever speaks Stripe's API. The sandbox's file is its own: it is
// another company.
func (a *app) openProvider(book *notebook) (*stripegateway.Gateway, error) {
	config := stripegateway.Config{
		SecretKey: a.settings.stripe.secretKey, PublishableKey: a.shop.Wallets.PublishableKey, BaseURL: a.settings.stripe.base,
	}
	way := http.DefaultTransport
	if a.settings.stripe.sandbox() {
		var err error
		a.provider, err = sandbox.Open(sandbox.Config{
			Now: a.clock.Now, NewID: func(prefix string) string { return prefix + "_" + rand.Text() },
			Path: beside(a.settings.store, ".sandbox.db"), BaseURL: a.url(), Send: a.deliver, WebhookSecrets: a.webhookSecrets(book),
		})
		if err != nil {
			return nil, err
		}
		config.SecretKey, way = "sk_test_sandbox", a.waking(a.provider.RoundTripper())
	}
	config.HTTPClient = &http.Client{Transport: faultyProvider{way, a.faults}}
	return stripegateway.New(config)
}

// webhookSecrets are those of the environment, or our own: with a provider elsewhere they then fit nothing that it signs.
func (a *app) webhookSecrets(book *notebook) []string {
	if own := a.settings.stripe.webhookSecrets; len(own) > 0 {
		return own
	}
	return []string{book.page.WebhookSecret}
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
	wire, err7 := ucp.New(shop.Shop, a.settings.namespace, display.Amount)
	service, err9 := recovery.NewService(recovery.ServiceConfig{
		Shop: shop.Shop, Settings: shop.Recovery, Log: a.store, Contacts: a.store, Amounts: display.Amount, Email: a.mailbox, Now: a.clock.Now,
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

// ServeHTTP implements http.Handler by the functions as the newest settings make them.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, err := a.live.Get(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// routes sends each request to the function that serves its first path segment. What none serves goes to the first, whose
// answer to that is the API's.
func (a *app) routes(functions ...api.Handler) http.Handler {
	bySegment := map[string]http.Handler{"dev": a.dev()}
	if a.provider != nil {
		bySegment["v1"] = a.wakingHandler(a.provider.Handler()) // Stripe's API, for apps; the pages of banks
		bySegment["sandbox"] = bySegment["v1"]
	}
	for _, f := range functions {
		for _, route := range f.Routes {
			segment := firstSegment(route.Pattern)
			bySegment[segment] = bounded(f)
			if segment == "webhooks" {
				bySegment[segment] = a.wakingHandler(bounded(a.faults.webhook(f)))
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := bySegment[firstSegment(r.URL.Path)]; ok {
			h.ServeHTTP(w, r)
			return
		}
		bounded(functions[0]).ServeHTTP(w, r)
	})
}

func firstSegment(path string) string {
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return segment
}

func (a *app) dev() http.Handler {
	return dev{clock: a.clock, schedule: a.schedule, faults: a.faults, mailbox: a.mailbox, sandbox: a.provider, issuer: a.issuer,
		log: a.log}.handler()
}

// bounded gives each request the time that an invocation has.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), invocation)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// wakingHandler has the schedule look for what fell due by a request: whoever calls the sandbox may cause a webhook.
func (a *app) wakingHandler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer a.schedule.wake()
		next.ServeHTTP(w, r)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// waking is wakingHandler for our own calls.
func (a *app) waking(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		defer a.schedule.wake()
		return next.RoundTrip(r)
	})
}

// url is where this process is reached from this machine.
func (a *app) url() string {
	host, port, err := net.SplitHostPort(a.listener.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// close ends the use of the files. Everything that was answered is in them already.
func (a *app) close() error {
	var errs []error
	if a.provider != nil {
		errs = append(errs, a.provider.Close())
	}
	if a.mailbox != nil {
		errs = append(errs, a.mailbox.close())
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close store: %w", err))
		}
	}
	return errors.Join(errs...)
}
