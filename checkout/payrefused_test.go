package checkout_test

import (
	"testing"
	"time"

	"kassa/checkout"
)

func TestEditOfACartWhileItIsPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart := w.cart("mug", 1)
	id := w.open(cart).Session.ID
	w.pay(cart.Token, id, "pm_card_authenticationRequired")
	edit := func() error {
		_, err := w.carts.AddLine(t.Context(), checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
			Line: checkout.LineInput{SKU: "beans", Quantity: 1}})
		return err
	}
	if e := wantCode(t, edit(), checkout.CodeCartLocked); e.CheckoutID != id {
		t.Errorf("the error names session %q", e.CheckoutID)
	}
	s := w.session(id)
	w.ok(w.provider.Authenticate(s.Intent.ID, false))
	w.webhooks()
	w.tick()
	w.ok(edit())
}

func TestPaymentsThatAreRefused(t *testing.T) {
	t.Parallel()
	t.Run("price above what was seen", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		in := checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: method("pm_card_visa"),
			ExpectedTotal: ptr(int64(1989))}
		view, err := w.sessions.Complete(t.Context(), in)
		w.ok(err)
		wantMessage(t, view.Messages, checkout.MsgPriceChanged, "$.totals")
		w.wantUnpaid(id)
		again, err := w.sessions.Complete(t.Context(), in)
		w.ok(err)
		if again.Session.Order != nil {
			t.Error("a repeated request paid what the first was refused")
		}
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
	})
	t.Run("full address costs more", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		view, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id,
			Instrument: method("pm_card_visa"), Change: checkout.SessionChange{Destination: address("NO")}})
		w.ok(err)
		wantMessage(t, view.Messages, checkout.MsgPriceChanged, "$.totals")
		if view.Session.Quote.Total.Minor != 1495+1495 {
			t.Errorf("new quote is %v", view.Session.Quote.Total)
		}
		w.wantUnpaid(id)
	})
	t.Run("cart changed elsewhere", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		_, err := w.carts.AddLine(t.Context(), checkout.LineEditInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
			Line: checkout.LineInput{SKU: "beans", Quantity: 1}})
		w.ok(err)
		view := w.pay(cart.Token, id, "pm_card_visa")
		wantMessage(t, view.Messages, checkout.MsgCartChanged, "$.line_items")
		if len(view.Session.Quote.Lines) != 2 {
			t.Errorf("new quote has %d lines", len(view.Session.Quote.Lines))
		}
		w.wantUnpaid(id)
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
	})
	t.Run("something is missing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		opened, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID})
		w.ok(err)
		view := w.pay(cart.Token, opened.Session.ID, "pm_card_visa")
		wantMessage(t, view.Messages, checkout.MsgMissing, "$.buyer.email")
		wantMessage(t, view.Messages, checkout.MsgMissing, "$.fulfillment.methods[0].destinations")
		w.wantUnpaid(opened.Session.ID)
	})
	t.Run("unknown handler", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		instrument := method("pm_card_visa")
		instrument.Handler = "bitcoin"
		view, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id, Instrument: instrument})
		w.ok(err)
		wantMessage(t, view.Messages, checkout.MsgHandlerUnknown, "$.payment.instruments[0].handler_id")
		w.wantUnpaid(id)
	})
	t.Run("no instrument", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		view, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id})
		w.ok(err)
		wantMessage(t, view.Messages, checkout.MsgMissing, "$.payment.instruments")
		w.wantUnpaid(id)
	})
	t.Run("below the provider's minimum", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("penny", 1)
		view := w.open(cart)
		wantMessage(t, view.Messages, checkout.MsgAmountTooSmall, "$.totals")
		if view.Session.Status != checkout.StatusIncomplete {
			t.Errorf("session is %s", view.Session.Status)
		}
	})
	t.Run("card testing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		for range 5 {
			w.pay(cart.Token, id, "pm_card_chargeDeclined")
		}
		_, err := w.complete(cart.Token, id, "pm_card_visa")
		if e := wantCode(t, err, checkout.CodeRateLimited); e.RetryAfter <= 0 || e.RetryAfter > 10*time.Minute {
			t.Errorf("come back after %v", e.RetryAfter)
		}
		w.clock.advance(11 * time.Minute)
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
	})
}

func TestPriceWhileTheSheetIsOpen(t *testing.T) {
	t.Parallel()
	reprice := func(w *world, minor int64) {
		mug := demoProducts()[0]
		mug.Prices["EUR"] = minor
		w.stock(mug)
	}
	t.Run("the quote holds for half an hour", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		reprice(w, 1995)
		w.clock.advance(29 * time.Minute)
		view := w.pay(cart.Token, id, "pm_card_visa")
		if got := view.Session.Order.Amount.Minor; got != 1990 {
			t.Errorf("charged %d for a quote of 1990", got)
		}
	})
	t.Run("raised, then quoted again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		reprice(w, 1995)
		w.clock.advance(31 * time.Minute)
		view := w.pay(cart.Token, id, "pm_card_visa")
		wantMessage(t, view.Messages, checkout.MsgPriceChanged, "$.totals")
		w.wantUnpaid(id)
		paid := w.pay(cart.Token, id, "pm_card_visa")
		if got := paid.Session.Order.Amount.Minor; got != 2490 {
			t.Errorf("charged %d, the last answer showed 2490", got)
		}
	})
	t.Run("lowered: the lower is charged", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		reprice(w, 995)
		w.clock.advance(31 * time.Minute)
		view := w.pay(cart.Token, id, "pm_card_visa")
		if got := view.Session.Order.Amount.Minor; got != 1490 {
			t.Errorf("charged %d, want 1490", got)
		}
	})
	t.Run("old but unchanged is never refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		cart := w.cart("mug", 1)
		id := w.open(cart).Session.ID
		w.clock.advance(3 * time.Hour)
		w.pay(cart.Token, id, "pm_card_visa")
		w.wantPaidOnce(id)
	})
}

func TestLastUnitWantedByTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.cart("lamp", 1), w.cart("lamp", 1)
	one, two := w.open(first).Session.ID, w.open(second).Session.ID
	w.pay(first.Token, one, "pm_card_visa")
	view, err := w.complete(second.Token, two, "pm_card_visa")
	if err != nil {
		wantCode(t, err, checkout.CodeNothingSellable)
	} else {
		wantMessage(t, view.Messages, checkout.MsgCartChanged, "$.line_items")
	}
	w.wantPaidOnce(one)
	w.wantUnpaid(two)
	if w.free("lamp") != 0 {
		t.Errorf("%d lamps left", w.free("lamp"))
	}
}
