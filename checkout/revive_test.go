package checkout_test

import (
	"testing"
	"time"

	"kassa/checkout"
)

// The money comes after the attempt was given up, and what it was for is still there: it is the order after all, once.
func TestLateSuccessRevivesTheOrder(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]func(*testing.T) (*world, checkout.CartView, string){
		"an intent that nobody knew": func(t *testing.T) (*world, checkout.CartView, string) { return givenUp(t) },
		"an app that confirmed once more": func(t *testing.T) (*world, checkout.CartView, string) {
			w := newWorld(t)
			cart, id := w.opened()
			view := w.pay(cart.Token, id, "pm_card_chargeDeclined")
			w.confirm(view.Session.Intent.ID, "pm_card_visa")
			return w, cart, id
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cart, id := late(t)
			w.webhooks()
			w.wantPaidOnce(id)
			w.webhooks() // told twice
			w.tick()
			s := w.wantPaidOnce(id)
			if len(s.Refunds) != 0 || s.Review != "" || s.Left != nil || w.free("mug") != 9 {
				t.Errorf("refunds %+v, review %q, %d mugs", s.Refunds, s.Review, w.free("mug"))
			}
			wantNotice(t, s, checkout.NoticeOrderPlaced, "")
			c, err := w.store.Cart(t.Context(), cart.Cart.ID)
			w.ok(err)
			if c.Session != id {
				t.Errorf("the cart is held by %q", c.Session)
			}
			w.wantConserved("mug", 10, id)
		})
	}
}

// What it was for is gone, dearer, or another: the money goes back by itself, and the shopper is told.
func TestLateSuccessThatCannotBeRevived(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world, cart checkout.CartView, id string){
		"stock gone": func(w *world, _ checkout.CartView, _ string) {
			w.ok(w.store.AddStock(w.Context(), "sold-elsewhere", "mug", -10))
		},
		"other lines": func(w *world, cart checkout.CartView, id string) {
			w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("mug", 2)})
		},
		"other lines at the same total": func(w *world, cart checkout.CartView, id string) {
			cup := demoProducts()[0]
			cup.SKU = "cup"
			w.stock(cup)
			w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("cup", 1)})
		},
		"another price": func(w *world, cart checkout.CartView, id string) {
			products := demoProducts()
			products[0].Prices["EUR"] = 1595
			w.stock(products...)
			w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("mug", 1)})
		},
		"the shopper ended it": func(w *world, cart checkout.CartView, id string) {
			s := w.session(id)
			s.Intent, s.Version, s.Op = nil, s.Version+1, "edit" // it was canceled at the provider, and the money came all the same
			w.ok(w.store.Commit(w.Context(), checkout.Commit{Session: s}))
			_, err := w.sessions.Cancel(w.Context(), checkout.CancelSessionInput{Request: w.request(cart.Token), SessionID: id})
			w.ok(err)
		},
		"it has expired": func(w *world, _ checkout.CartView, _ string) { w.clock.advance(6 * time.Hour) },
		"another attempt is under way": func(w *world, cart checkout.CartView, id string) {
			w.pay(cart.Token, id, "pm_card_authenticationRequired")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cart, id := givenUp(t)
			spoil(w, cart, id)
			w.webhooks()
			for range 3 {
				w.tick()
			}
			s := w.session(id)
			if kept, taken := w.charged(id); kept != 0 || taken != 1 || s.Order != nil {
				t.Fatalf("the shop keeps %d of %d charges, order %v", kept, taken, s.Order)
			}
			wantMessage(t, s.Messages, checkout.MsgPaymentRefunded, "$.payment")
			wantNotice(t, s, checkout.NoticeLateDecline, "")
			wantNotice(t, s, checkout.NoticePaymentReview, "")
		})
	}
}

// The webhook revives while another device pays: one of them is the order, the other's money goes back or never comes.
func TestReviveAgainstANewAttempt(t *testing.T) {
	t.Parallel()
	for range 20 {
		w, cart, id := givenUp(t)
		events := w.provider.Undelivered()
		w.overlap(2, func() {
			for _, e := range events {
				_ = w.provider.Deliver(t.Context(), e.Event)
			}
			_, _ = w.complete(cart.Token, id, "pm_card_visa")
		})
		w.wait(20*time.Minute, 2*time.Minute)
		s := w.wantStatus(id, checkout.StatusCompleted)
		if kept, _ := w.charged(id); kept != 1990 || s.Order.Amount.Minor != 1990 {
			t.Fatalf("the shop keeps %d", kept)
		}
		w.wantConserved("mug", 10, id)
	}
}

// A slow bank says no when the shopper has long gone: they are told, and the goods are for sale again.
func TestLateDeclineIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	if s := w.pay(cart.Token, id, "pm_sandbox_processing_fails").Session; s.Status != checkout.StatusInProgress {
		t.Fatalf("session %s", s.Status)
	}
	w.later(11 * time.Minute)
	w.webhooks()
	w.tick()
	s := w.wantUnpaid(id)
	wantNotice(t, s, checkout.NoticeLateDecline, "")
	fast, fastID := w.opened()
	w.pay(fast.Token, fastID, "pm_card_chargeDeclined")
	if s := w.session(fastID); len(s.Notices) != 0 {
		t.Errorf("a shopper who saw the decline is told of it again: %v", s.Notices)
	}
}

// A limited discount that the order had is counted again with it; if somebody else has used it up, the money goes back.
func TestLateSuccessWithALimitedDiscount(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]bool{"still there": false, "used up": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, limitedShop)
			cart, view := w.coded("ada@example.com", "ONCE")
			id := view.Session.ID
			declined := w.pay(cart.Token, id, "pm_card_chargeDeclined")
			if w.uses("t:once") != 0 {
				t.Fatal("a decline has used the code")
			}
			w.confirm(declined.Session.Intent.ID, "pm_card_visa")
			if taken {
				other, rival := w.coded("bob@example.com", "ONCE")
				w.pay(other.Token, rival.Session.ID, "pm_card_visa")
			}
			w.webhooks()
			w.tick()
			w.tick()
			kept, _ := w.charged(id)
			if s := w.session(id); w.uses("t:once") != 1 || taken == (s.Order != nil) || taken != (kept == 0) {
				t.Errorf("%d uses, order %v, kept %d", w.uses("t:once"), s.Order, kept)
			}
		})
	}
}

// Whoever cancels an order lets somebody else have what was limited.
func TestCanceledOrderGivesItsDiscountBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limitedShop)
	cart, view := w.coded("ada@example.com", "ONCE")
	w.pay(cart.Token, view.Session.ID, "pm_card_visa")
	id := checkout.OrderID(view.Session.ID)
	in := checkout.CancelOrderInput{Request: w.merchant(), OrderID: id}
	for range 2 {
		_, err := w.orders.Cancel(t.Context(), in)
		w.ok(err)
	}
	if w.uses("t:once") != 0 || !w.order(id).Order.Canceled() {
		t.Errorf("%d uses after the cancellation", w.uses("t:once"))
	}
}
