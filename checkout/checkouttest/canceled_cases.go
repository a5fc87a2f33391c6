package checkouttest

import (
	"context"
	"time"

	"kassa/checkout"
)

// canceledCases call every method when the call has no time left: CodeUnavailable, and nothing is done.
func canceledCases() []Case {
	reads := []struct {
		name string
		call func(ctx context.Context, t *trial, id string) error
	}{
		{"Cart", func(ctx context.Context, t *trial, id string) error { _, err := t.Carts.Cart(ctx, id); return err }},
		{"DueCarts", func(ctx context.Context, t *trial, _ string) error {
			_, err := t.Carts.DueCarts(ctx, checkout.DueQuery{Before: start, Limit: 1})
			return err
		}},
		{"Session", func(ctx context.Context, t *trial, id string) error {
			_, err := t.Sessions.Session(ctx, checkout.SessionID(id, 0))
			return err
		}},
		{"SessionAndCart", func(ctx context.Context, t *trial, id string) error {
			_, _, err := t.Sessions.SessionAndCart(ctx, checkout.SessionID(id, 0))
			return err
		}},
		{"Watched", func(ctx context.Context, t *trial, _ string) error {
			_, err := t.Sessions.Watched(ctx, checkout.WatchPayment, checkout.DueQuery{Before: start, Limit: 1})
			return err
		}},
		{"Unended", func(ctx context.Context, t *trial, _ string) error {
			_, err := t.Sessions.Unended(ctx, checkout.DueQuery{Before: start, Limit: 1})
			return err
		}},
		{"Search", func(ctx context.Context, t *trial, _ string) error {
			_, err := t.Catalog.Search(ctx, checkout.ProductQuery{Text: "x", Limit: 1})
			return err
		}},
		{"InboxItems", func(ctx context.Context, t *trial, _ string) error {
			_, _, err := t.Inbox.InboxItems(ctx, checkout.DueQuery{Before: start, Limit: 1})
			return err
		}},
	}
	cases := canceledWrites()
	for _, read := range reads {
		cases = append(cases, story("canceled/"+read.name, func(t *trial) {
			c := t.cart()
			t.session(c)
			t.code("a read of a call that has ended", read.call(t.canceled(), t, c.ID), checkout.CodeUnavailable)
		}))
	}
	return cases
}

func (t *trial) canceled() context.Context {
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	return ctx
}

func canceledWrites() []Case {
	const unavailable = checkout.CodeUnavailable
	return []Case{
		story("canceled/CreateCart", func(t *trial) {
			c := t.newCart()
			t.code("create", t.Carts.CreateCart(t.canceled(), c), unavailable)
			t.create(c)
		}),
		story("canceled/EditCart", func(t *trial) {
			c := t.cart()
			_, err := t.Carts.EditCart(t.canceled(), t.add(c, line("a", 1)))
			t.code("edit", err, unavailable)
			t.holds(c)
		}),
		story("canceled/EditCart that would be refused", func(t *trial) {
			c := t.cart()
			_, err := t.Carts.EditCart(t.canceled(), t.remove(c, "a"))
			t.code("edit", err, unavailable)
		}),
		story("canceled/Commit", func(t *trial) {
			c, sku := t.cart(), t.product(5)
			s := t.newSession(c)
			t.code("commit", t.Sessions.Commit(t.canceled(), checkout.Commit{
				Session: s, Stock: moves(-5, sku), Cart: &checkout.CartChange{CartID: c.ID, Lock: true},
			}), unavailable)
			t.noSession(s.ID)
			t.holds(c)
			t.free(sku, 5)
		}),
		story("canceled/Commit past its deadline", func(t *trial) {
			ctx, cancel := context.WithDeadline(t.ctx, time.Unix(0, 0))
			defer cancel()
			s := t.newSession(t.newCart())
			t.code("commit", t.Sessions.Commit(ctx, checkout.Commit{Session: s}), unavailable)
			t.noSession(s.ID)
		}),
		story("canceled/PutProducts", func(t *trial) {
			p := checkout.Product{SKU: t.sku(), Title: "Thing", Stock: shelf(3)}
			t.code("put", t.Catalog.PutProducts(t.canceled(), []checkout.Product{p}), unavailable)
			t.shorts(moves(-1, p.SKU), p.SKU)
		}),
		story("canceled/AddStock", func(t *trial) {
			sku := t.product(5)
			t.code("add", t.Catalog.AddStock(t.canceled(), t.id("add"), sku, 1), unavailable)
			t.free(sku, 5)
		}),
		story("canceled/PutInbox", func(t *trial) {
			t.code("put", t.Inbox.PutInbox(t.canceled(), t.item(start)), unavailable)
			t.received(50)
		}),
		story("canceled/RemoveInbox", func(t *trial) {
			item := t.item(start)
			t.receive(item)
			t.code("remove", t.Inbox.RemoveInbox(t.canceled(), item.ID), unavailable)
			t.received(50, item)
		}),
	}
}
