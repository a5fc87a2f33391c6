package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	shutdownWait  = 3 * time.Second  // for requests that are running; what they leave undecided is finished at the next start
	deliveryLimit = 10 * time.Second // how long the provider waits for the answer to a webhook
)

// run is the whole process but its end: what it returns is for the person at the terminal.
func run(ctx context.Context, args []string, getenv func(string) string, out, logs io.Writer) error {
	s, err := readSettings(args, getenv, logs)
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (is it running already? -addr chooses another address)", s.addr, err)
	}
	a, err := open(ctx, s, listener, slog.New(slog.NewTextHandler(logs, nil)))
	if err != nil {
		return err
	}
	a.announce(out)
	return a.serve(ctx)
}

// serve answers requests and does what falls due until ctx ends; then it lets running requests finish.
func (a *app) serve(ctx context.Context) error {
	server := &http.Server{
		Handler: a, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	scheduled, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { a.schedule.run(scheduled) })
	failed := make(chan error, 1)
	group.Go(func() { failed <- server.Serve(a.listener) })

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stop()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWait)
	defer cancel()
	if server.Shutdown(patience) != nil {
		err = errors.Join(err, server.Close())
	}
	group.Wait()
	return errors.Join(err, a.close())
}

// deliver posts an event of the sandbox to the webhook function, over the same socket as everybody's. Stripe's rule holds:
// what isn't answered with a 2xx in time is sent again later.
func (a *app) deliver(ctx context.Context, body []byte, signature string) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url()+"/webhooks/stripe", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make webhook: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Stripe-Signature", signature)
	r.Close = true // a connection kept for the next event would hold up the server's end
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("deliver webhook: %w", err)
	}
	_ = answer.Body.Close() // only the status counts
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("deliver webhook: status %d", answer.StatusCode)
	}
	return nil
}

// announce says what runs, where, and what to try first.
func (a *app) announce(out io.Writer) {
	store, payments := "memory; everything is gone when this process ends", "the sandbox: no real money; its ledger is at /dev/ledger"
	if a.settings.store != "" {
		store = "file:" + a.settings.store
	}
	if a.settings.dynamodb != "" {
		store = "DynamoDB at " + a.settings.dynamodb + ", tables " + a.settings.tables + "*"
	}
	if a.provider == nil {
		payments = "Stripe's API with a test key"
		if a.settings.stripe.base != "" {
			payments += " at " + a.settings.stripe.base
		}
		if len(a.settings.stripe.webhookSecrets) == 0 {
			payments += "\n           without STRIPE_WEBHOOK_SECRET no event is believed: payments are asked about every minute instead"
		}
	}
	signIn := "tokens of " + a.settings.issuer
	if a.settings.issuer == "" {
		signIn = "guests only"
	}
	if a.issuer != nil {
		signIn = `anybody (POST ` + issuerPath + `/token {"sub": "ada"})`
	}
	fmt.Fprintf(out, `Kassa runs at %[1]s

  shop      %[2]s, %[3]d products (POST /catalog/search)
  store     %[4]s
  payments  %[5]s
  sign-in   %[8]s
  merchant  /admin, with the key %[9]s
  clock     %[6]s ahead of the real time (POST /dev/clock {"advance": "1h"})
  faults    POST /dev/fault {"at": "provider_call.kill_after"}; GET lists them

Buy something:

  %[7]s

Ctrl-C stops it.
`, a.url(), a.shop.Name, a.products, store, payments, a.clock.Offset().Round(time.Second), a.firstPurchase(), signIn, a.book.page.AdminKey)
}

// firstPurchase is one request that buys two bags of coffee, as one line for a shell.
func (a *app) firstPurchase() string {
	return "curl -s " + a.url() + "/checkout-sessions -H 'Content-Type: application/json' -H 'Idempotency-Key: " + rand.Text() + `' -d '` +
		`{"line_items":[{"item":{"id":"beans-kade-250"},"quantity":2}],"buyer":{"email":"ada@example.com","first_name":"Ada","last_name":"Visser"},` +
		`"fulfillment":{"methods":[{"type":"shipping","destinations":[{"street_address":"Wijnhaven 9",` +
		`"address_locality":"Rotterdam","postal_code":"3011 WH","address_country":"NL"}]}]},` +
		`"payment":{"instruments":[{"id":"1","handler_id":"stripe","type":"card","selected":true,` +
		`"credential":{"type":"stripe_payment_method","token":"pm_card_visa"}}]},` +
		`"expected_total":2485}'`
}
