package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/merchant"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments/sandbox"
	"kassa/payments/stripegateway"
)

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
