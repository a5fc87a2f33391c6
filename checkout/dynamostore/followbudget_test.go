package dynamostore_test

import (
	"context"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/recovery/wording"
)

// postman is a provider of messages that takes each.
type postman struct{ taken int }

func (p *postman) Send(context.Context, recovery.Message) (string, error) {
	p.taken++
	return "0102018f3c9d2a7e-5b1e0c4a-7d7f-4c55-9a59-2f7c1f0d8e61-000000", nil // as long as SES's are
}

// follower is all that follows up the carts of a metered shop.
type follower struct {
	*metered
	sweeper  *recovery.Sweeper
	registry *recovery.Registry
	outbox   *checkout.Outbox
	postman  *postman
}

func (m *metered) newFollower(config checkout.Config) *follower {
	m.Helper()
	f := &follower{metered: m, postman: &postman{}}
	c := recovery.Config{
		Carts: m.store, Contacts: m.store, Shop: config.Shop, Now: config.Now, NewID: config.NewID,
		Settings: recovery.Settings{
			Since: noon.Add(-time.Hour), Quiet: recovery.QuietHours{From: "00:00", To: "00:00"},
			Messages: wording.Settings{Trader: wording.Trader{Name: "Fjord & Polder B.V.", Address: "Kade 9, Rotterdam",
				Email: "help@shop.example.com"}},
		},
	}
	links, err := recovery.NewLinks([]byte("abcdef0123456789abcdef0123456789"))
	m.ok(err)
	f.sweeper, err = recovery.NewSweeper(c)
	m.ok(err)
	f.registry, err = recovery.NewRegistry(recovery.RegistryConfig{Config: c, Tokens: config.Tokens})
	m.ok(err)
	estimator, err := checkout.NewEstimator(config)
	m.ok(err)
	sender, err := recovery.NewSender(recovery.SenderConfig{
		Config: c, Estimator: estimator, Links: links,
		Messengers: map[recovery.Channel]recovery.Messenger{recovery.ChannelEmail: f.postman, recovery.ChannelPush: f.postman},
	})
	m.ok(err)
	f.outbox, err = checkout.NewOutbox(checkout.OutboxConfig{
		Store: m.store, Carts: m.store, Consumers: map[string][]checkout.Consumer{checkout.NoticeFollowUpDue: {sender}},
	})
	m.ok(err)
	return f
}

// run follows a cart whose shopper agrees and has a phone through the whole plan, and closes one that was bought.
func (f *follower) run() {
	f.Helper()
	f.settle()
	cart := f.leave()
	f.row(rowDevice, func() error {
		_, err := f.registry.PutDevice(f.Context(), recovery.DeviceInput{
			Request: f.request(cart.Token), ID: "3f2504e0-4f89-41d3-9a0c-0305e82c3301", CartID: cart.Cart.ID, Token: strings.Repeat("f", 163), // FCM's
			Platform: "android", Permission: "granted", Locale: "nl", Zone: "Europe/Amsterdam",
		})
		return err
	})
	f.clock.Advance(30 * time.Minute)
	_, err := f.carts.SetLine(f.Context(), checkout.LineEditInput{
		Request: f.request(cart.Token), CartID: cart.Cart.ID, LineID: checkout.LineID(f.skus()[0]),
		Line: checkout.LineInput{SKU: f.skus()[0], Quantity: 2},
	})
	f.ok(err)
	f.sweep(rowStep, 31*time.Minute) // busy until half an hour ago: the cart is due for another look
	for i, row := range []string{rowStep, rowStep, rowClose} {
		f.sweep(row, []time.Duration{time.Hour, 20 * time.Hour, 48 * time.Hour}[i])
		f.warm()
		f.row(rowSend, func() error { return f.outbox.Deliver(f.Context(), []string{cart.Cart.ID})[cart.Cart.ID] })
		if f.postman.taken != i+1 {
			f.Errorf("%d messages were sent after stage %d", f.postman.taken, i+1)
		}
	}
	sold := f.create()
	id := f.open(sold)
	f.till.pay = paid
	f.ok(f.complete(sold, id))
	f.sweep(rowClose, 2*time.Hour)
}

// settle ends whatever earlier rows have left to be followed up, and whatever waits.
func (f *follower) settle() {
	f.Helper()
	f.clock.Advance(80 * time.Hour)
	for _, run := range []func(context.Context) (checkout.Tally, error){f.metered.sweeper.Run, f.reconciler.Run, f.sweeper.Run} {
		f.ok(errOf(run(f.Context())))
	}
	f.warm()
}

// warm fills the cache of products.
func (f *follower) warm() {
	f.Helper()
	f.ok(errOf(f.catalog.Products(f.Context(), f.skus())))
}

// leave makes a cart whose shopper may be written to.
func (f *follower) leave() checkout.CartView {
	f.Helper()
	in := f.input()
	in.Buyer = &checkout.Buyer{Email: "joris.bakker@example.com", FirstName: "Joris", Consent: &checkout.Consent{Marketing: some(true)}}
	view, err := f.carts.Create(f.Context(), in)
	f.ok(err)
	return view
}

// sweep lets time pass and counts what a sweep then costs for the one cart that is due, behind the eight queries that find it.
func (f *follower) sweep(row string, after time.Duration) {
	f.Helper()
	f.clock.Advance(after)
	all := f.step(func() error {
		tally, err := f.sweeper.Run(f.Context())
		if tally.Looked != 1 || tally.Changed != 1 {
			f.Errorf("%s: the sweep says %+v, want one cart looked at and changed", row, tally)
		}
		return err
	})
	cost := part(all, 8, all.Trips())
	f.counted(row, cost, all)
	writes := 0
	for _, r := range cost.Requests {
		if r.Write > 0 {
			writes++
		}
	}
	if writes != 1 {
		f.Errorf("%s writes in %d trips (%v), want 1", row, writes, cost.Requests)
	}
}
