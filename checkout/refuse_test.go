package checkout_test

import (
	"context"
	"sync/atomic"
	"testing"

	"kassa/checkout"
	"kassa/payments"
)

// meddled does something at each read of the catalogue: between what a payment has read and what it writes.
type meddled struct {
	checkout.Catalog
	meddle func()
}

func (m *meddled) Products(ctx context.Context, skus []string) (map[string]checkout.Product, error) {
	if m.meddle != nil {
		m.meddle()
	}
	return m.Catalog.Products(ctx, skus)
}

// An edit that was acknowledged while a payment was being prepared is in what is paid, or the payment is refused.
func TestEditBetweenQuoteAndLock(t *testing.T) {
	t.Parallel()
	m := &meddled{}
	w := newWorld(t, func(c *checkout.Config) { m.Catalog, c.Catalog = c.Catalog, m })
	cart, id := w.opened()
	var once atomic.Bool
	m.meddle = func() {
		if once.CompareAndSwap(false, true) {
			_, err := w.carts.AddLine(t.Context(), w.lineEdit(cart, "", "beans", 1))
			w.ok(err)
		}
	}
	view := w.pay(cart.Token, id, "pm_card_visa")
	wantMessage(t, view.Messages, checkout.MsgCartChanged, "$.line_items")
	w.wantUnpaid(id)
	if view := w.pay(cart.Token, id, "pm_card_visa"); len(view.Session.Order.ID) == 0 || len(view.Session.Quote.Lines) != 2 {
		t.Errorf("order of %d lines", len(view.Session.Quote.Lines))
	}
	w.wantPaidOnce(id)
}

// A request that was refused stays refused, also when the shopper has seen the new total since.
func TestRefusedRequestNeverPays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_visa"),
		Change: checkout.SessionChange{Destination: address("NO")}}
	for i := range 3 {
		view, err := w.sessions.Complete(t.Context(), in)
		w.ok(err)
		if view.Session.Order != nil || view.Replayed != (i > 0) {
			t.Fatalf("call %d: order %v, replayed %v", i, view.Session.Order, view.Replayed)
		}
		wantMessage(t, view.Messages, checkout.MsgPriceChanged, "$.totals")
	}
	if s := w.wantUnpaid(id); len(s.Pays) != 1 || !s.Pays[0].Refused { // statistics tell it from a payment that was tried
		t.Errorf("the request is remembered as %+v", s.Pays)
	}
}

// While an attempt is undecided only its own key drives it; one that was declined before it is another key.
func TestEarlierKeyWhileTheNextIsUndecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_chargeDeclined")}
	_, err := w.sessions.Complete(t.Context(), in)
	w.ok(err)
	paying := w.pay(cart.Token, id, "pm_card_authenticationRequired")
	_, err = w.sessions.Complete(t.Context(), in)
	wantCode(t, err, checkout.CodePaymentInProgress)
	w.ok(w.provider.Authenticate(paying.Session.Intent.ID, true))
	_, err = w.sessions.Complete(t.Context(), in)
	wantCode(t, err, checkout.CodePaymentInProgress)
	w.webhooks()
	w.wantPaidOnce(id)
}

// Who is at work on a payment is not disturbed by old news of its intent.
func TestNobodyIsWokenWhileACallRuns(t *testing.T) {
	t.Parallel()
	var w *world
	var id string
	g := &scripted{}
	w = newWorld(t, g.into)
	var cart checkout.CartView
	cart, id = w.opened()
	w.pay(cart.Token, id, "pm_card_chargeDeclined")
	g.pay = func(g checkout.Gateway, ctx context.Context, r payments.Request) (payments.Intent, error) {
		before := w.session(id).Version
		w.webhooks() // attempt 1 failed
		if now := w.session(id).Version; now != before {
			t.Errorf("the session went from version %d to %d while its call ran", before, now)
		}
		return g.Pay(ctx, r)
	}
	w.pay(cart.Token, id, "pm_card_visa")
	w.wantPaidOnce(id)
}
