package checkout_test

// Each of these was once a way to leave an order, or its money, in a state that nobody could get it out of.

import (
	"context"
	"errors"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
)

// An attempt has failed at the bank, a code then takes all off and the order costs nothing: the intent of the attempt is still there,
// and so is the app that can confirm it.
func TestMoneyOnAnIntentThatAFreeOrderLeft(t *testing.T) {
	t.Parallel()
	for name, early := range map[string]bool{"before reconcile looks": true, "after": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, limitedShop)
			cart, open := w.coded("ada@example.com", "SHIP")
			id := open.Session.ID
			left := w.pay(cart.Token, id, "pm_card_chargeDeclined").Session.Intent.ID
			w.update(cart.Token, id, checkout.SessionChange{Codes: []string{"ALL", "SHIP"}})
			done, err := w.sessions.Complete(t.Context(), checkout.CompleteInput{Request: w.request(cart.Token), SessionID: id})
			w.ok(err)
			if done.Session.Order == nil || !done.Session.Order.Amount.IsZero() {
				t.Fatalf("session is %s at %v", done.Session.Status, done.Session.Quote.Total)
			}
			if early {
				w.confirm(left, "pm_card_visa")
				w.webhooks()
			}
			w.wait(3*time.Minute, time.Minute)
			if a := w.stripe("/v1/payment_intents/"+left+"/confirm", map[string][]string{"payment_method": {"pm_card_visa"}}); a.Status == 200 {
				t.Error("the intent that was left can still be paid")
			}
			s := w.wantStatus(id, checkout.StatusCompleted)
			if kept, _ := w.charged(id); kept != 0 || s.Watch != (checkout.Watch{}) || early != (s.Review != "") {
				t.Errorf("the shop keeps %d for a free order, watch %v, review %q", kept, s.Watch, s.Review)
			}
		})
	}
}

// lostRefunds is a gateway that makes refunds and never says so, until it is told to.
type lostRefunds struct{ back bool }

func (l *lostRefunds) into(c *checkout.Config) {
	g := &scripted{refund: func(g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
		made, err := g.Refund(ctx, r)
		if !l.back {
			return payments.Refund{}, errors.New("no answer")
		}
		return made, err
	}}
	g.into(c)
}

// What the provider's list tells of a cancellation gives everything back that its answer would have.
func TestCancellationLearnedFromTheList(t *testing.T) {
	t.Parallel()
	lost := &lostRefunds{}
	w := newWorld(t, limitedShop, lost.into)
	cart, open := w.coded("ada@example.com", "ONCE")
	w.pay(cart.Token, open.Session.ID, "pm_card_visa")
	id := checkout.OrderID(open.Session.ID)
	_, err := w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	w.webhooks() // the event that the money went back
	w.tick()
	if s := w.order(id); !s.Order.Canceled() || w.kept(id) != 0 || w.free("mug") != 10 || w.uses("t:once") != 0 {
		t.Errorf("cancellation %+v, kept %d, %d mugs, the code is used %d times", s.Order.Cancellation, w.kept(id), w.free("mug"), w.uses("t:once"))
	}
}

// Two refunds put the same product on the shelf, and one list tells of both.
func TestTwoRefundsOfAProductInOneList(t *testing.T) {
	t.Parallel()
	lost := &lostRefunds{}
	w := newWorld(t, lost.into)
	_, id := w.ordered("pm_card_visa", "mug", 3)
	for range 2 {
		w.refund(checkout.RefundInput{OrderID: id, Lines: []checkout.RefundLineInput{{LineID: checkout.LineID("mug"), Quantity: 1, Restock: true}}})
	}
	w.clock.advance(25 * time.Hour) // their keys are forgotten
	w.wait(10*time.Minute, time.Minute)
	if s := w.order(id); w.free("mug") != 9 || s.Watch != (checkout.Watch{}) || len(s.Order.Refunds) != 2 {
		t.Errorf("%d mugs, watch %v, refunds %+v", w.free("mug"), s.Watch, s.Order.Refunds)
	}
}

// The first that is heard of a cancellation's refund is that it failed: the order stands, and can be canceled or refunded anew.
func TestCancellationWhoseRefundFailedUnheard(t *testing.T) {
	t.Parallel()
	lost := &lostRefunds{}
	w := newWorld(t, lost.into)
	_, id := w.ordered("pm_card_refundFail", "mug", 1)
	in := checkout.CancelOrderInput{Request: w.merchant(), OrderID: id}
	_, err := w.orders.Cancel(t.Context(), in)
	w.ok(err)
	w.clock.advance(2 * time.Minute)
	w.webhooks()
	_, err = w.reconciler.Run(t.Context())
	w.ok(err)
	lost.back = true
	w.wait(5*time.Minute, time.Minute)
	s := w.order(id)
	if s.Order.Cancellation != nil || s.Order.Refunds[0].State != checkout.RefundFailed || s.Review != "refund_failed" || w.free("mug") != 9 {
		t.Fatalf("cancellation %+v, refunds %+v, review %q", s.Order.Cancellation, s.Order.Refunds, s.Review)
	}
	again, err := w.orders.Cancel(t.Context(), in) // the same request: the same answer
	w.ok(err)
	if !again.Replayed || again.Session.Order.Cancellation != nil || len(again.Session.Order.Refunds) != 1 {
		t.Errorf("replayed %v, cancellation %+v, refunds %+v", again.Replayed, again.Session.Order.Cancellation, again.Session.Order.Refunds)
	}
	if s = w.refund(checkout.RefundInput{OrderID: id, All: true}); len(s.Order.Refunds) != 2 || s.Order.Refunds[1].State != checkout.RefundDone {
		t.Errorf("refunds %+v", s.Order.Refunds)
	}
}

// Shipping asked for the money, and the hold had lapsed: the order can be canceled, and its shopper forgotten.
func TestCaptureAfterTheHoldHasLapsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manual)
	id := w.held()
	w.clock.advance(8 * 24 * time.Hour)
	w.ok(w.provider.Run(t.Context(), w.clock.Now()))
	_, err := w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id})
	wantCode(t, err, checkout.CodeNotFulfillable)
	w.webhooks()
	w.tick()
	if s := w.order(id); s.Order.Lapsed.IsZero() || s.Watch != (checkout.Watch{}) {
		t.Fatalf("order %+v, watch %v", s.Order, s.Watch)
	}
	view, err := w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	if !view.Session.Order.Canceled() || w.free("mug") != 10 {
		t.Errorf("cancellation %+v, %d mugs", view.Session.Order.Cancellation, w.free("mug"))
	}
	s := view.Session
	s.Notices = nil // told
	if wait := s.Waits(w.clock.Now()); wait != "" {
		t.Errorf("the shopper can't be forgotten because of %s", wait)
	}
}

// The process dies when the refund was made and before anybody wrote that it was asked for, and nothing runs for a day: by then the
// provider has forgotten the key.
func TestRefundOfTheDeadIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mortal)
	_, id := w.ordered("pm_card_visa", "mug", 3)
	in := checkout.RefundInput{Request: w.merchant(), OrderID: id, Amount: eur(500)}
	calls := &life{}
	probe := newWorld(t, mortal)
	_, other := probe.ordered("pm_card_visa", "mug", 3)
	_, err := probe.orders.Refund(calls.in(t.Context()), checkout.RefundInput{Request: probe.merchant(), OrderID: other, Amount: eur(500)})
	w.ok(err)
	at := 0
	for i, call := range calls.calls {
		if call == "Refund" {
			at = i + 1
		}
	}
	_, _ = w.orders.Refund((&life{fate: fate{at: at, after: true}}).in(t.Context()), in)
	if s := w.order(id); at == 0 || s.Order.Refunds[0].State != checkout.RefundRequested || !s.Order.Refunds[0].CalledAt.IsZero() {
		t.Fatalf("calls %v, refunds %+v", calls.calls, s.Order.Refunds)
	}
	before := w.order(id).Order.Amount.Minor
	w.clock.advance(25 * time.Hour)
	w.wait(2*time.Hour, 20*time.Minute)
	if s := w.order(id); w.kept(id) != before-500 || s.Order.Refunds[0].State != checkout.RefundDone {
		t.Errorf("kept %d of %d, refunds %+v", w.kept(id), before, s.Order.Refunds)
	}
}

// Two workers have found that a refund isn't in the list. One renews its key and calls; the other, late, must not renew it once more,
// or a third call would be a second refund.
func TestRefundIsRenewedOnce(t *testing.T) {
	t.Parallel()
	var w *world
	unknown := &payments.Error{Class: payments.ClassUnknown, Replayed: true, Err: errors.New("500")}
	calls, keys := 0, map[string]bool{}
	g := &scripted{refund: func(g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
		if calls++; calls <= 2 {
			return payments.Refund{}, unknown
		}
		keys[r.Key] = true
		_, _ = g.Refund(ctx, r)
		return payments.Refund{}, errors.New("no answer")
	}}
	listed := 0
	w = newWorld(t, g.into, func(c *checkout.Config) {
		c.Till = listingTill{c.Till, func(till checkout.Till, ctx context.Context, id string) ([]payments.Refund, error) {
			list, err := till.Refunds(ctx, id)
			if listed++; listed == 1 { // meanwhile another worker renews the key, and calls under the new one
				w.clock.advance(2 * time.Minute)
				w.tick()
				w.clock.advance(2 * time.Minute)
				w.tick()
			}
			return list, err
		}}
	})
	_, id := w.ordered("pm_card_visa", "mug", 1)
	w.refund(checkout.RefundInput{OrderID: id, Amount: eur(500)})
	w.wait(10*time.Minute, time.Minute)
	if len(keys) != 1 || w.kept(id) != 1490 {
		t.Errorf("asked under %d keys, kept %d: %+v", len(keys), w.kept(id), w.order(id).Order.Refunds)
	}
}

type listingTill struct {
	checkout.Till
	refunds func(checkout.Till, context.Context, string) ([]payments.Refund, error)
}

func (l listingTill) Refunds(ctx context.Context, id string) ([]payments.Refund, error) {
	return l.refunds(l.Till, ctx, id)
}

// A request that is refused captures nothing; one that is made for the version at hand isn't refused because of its own capture.
func TestFulfilChecksBeforeItCaptures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manual)
	id := w.held()
	noted := checkout.WithdrawInput{Request: w.merchant(), OrderID: id, Merchant: true}
	_, err := w.orders.Withdraw(t.Context(), noted)
	w.ok(err)
	reused := checkout.FulfilInput{Request: noted.Request, OrderID: id}
	reused.Fingerprint = "another"
	_, err = w.orders.Fulfil(t.Context(), reused)
	wantCode(t, err, checkout.CodeKeyReused)
	_, err = w.orders.Fulfil(t.Context(), checkout.FulfilInput{OrderID: id})
	wantCode(t, err, checkout.CodeMissingKey)
	stale := checkout.FulfilInput{Request: w.merchant(), OrderID: id}
	stale.IfVersion = w.order(id).Version - 1
	_, err = w.orders.Fulfil(t.Context(), stale)
	wantCode(t, err, checkout.CodeVersionConflict)
	if o := w.order(id).Order; !o.Authorized || o.Capture != nil || w.kept(id) != 0 {
		t.Fatalf("a refused request has captured: order %+v", o)
	}
	fresh := checkout.FulfilInput{Request: w.merchant(), OrderID: id}
	fresh.IfVersion = w.order(id).Version
	view, err := w.orders.Fulfil(t.Context(), fresh)
	w.ok(err)
	if len(view.Session.Order.Fulfillments) != 1 || w.kept(id) != 1990 {
		t.Errorf("fulfillments %+v, kept %d", view.Session.Order.Fulfillments, w.kept(id))
	}
}

// An order is canceled with its money returned: while a refund may still be refused, it isn't.
func TestNoCancellationBesideAnOpenRefund(t *testing.T) {
	t.Parallel()
	lost := &lostRefunds{}
	w := newWorld(t, lost.into)
	_, id := w.ordered("pm_card_visa", "mug", 1)
	w.refund(checkout.RefundInput{OrderID: id, All: true})
	in := checkout.CancelOrderInput{Request: w.merchant(), OrderID: id}
	_, err := w.orders.Cancel(t.Context(), in)
	wantCode(t, err, checkout.CodeNotCancelable)
	lost.back = true
	w.wait(3*time.Minute, time.Minute)
	view, err := w.orders.Cancel(t.Context(), in)
	w.ok(err)
	if !view.Session.Order.Canceled() {
		t.Errorf("cancellation %+v", view.Session.Order.Cancellation)
	}
}

// A capture that the provider answers with a stored 500 is asked for again under another key: a hold can be captured once only.
func TestStored500OfACapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manual)
	id := w.held()
	w.inject("payment_intents.capture", "error_before")
	_, err := w.orders.Capture(t.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	w.wait(5*time.Minute, time.Minute)
	if o := w.order(id).Order; o.Authorized || w.kept(id) != 1990 {
		t.Errorf("order %+v, kept %d", o, w.kept(id))
	}
}

// How a dispute stood before it was decided, told late, opens it no more.
func TestDecidedDisputeStaysDecided(t *testing.T) {
	t.Parallel()
	late := payments.Dispute{}
	w := newWorld(t, func(c *checkout.Config) { c.Till = disputeTill{Till: c.Till, told: &late} })
	_, id := w.ordered("pm_card_visa", "mug", 1)
	dispute, err := w.provider.Dispute(w.order(id).Order.IntentID, "fraudulent")
	w.ok(err)
	open, err := w.config.Till.Dispute(t.Context(), dispute)
	w.ok(err)
	w.ok(w.provider.DecideDispute(dispute, true))
	w.webhooks()
	w.tick()
	late = open
	w.ok(w.observer.Observe(t.Context(), payments.Event{
		ID: "evt_late", Type: "charge.dispute.created", Kind: payments.EventForeign, Object: dispute,
		Intent: payments.Intent{ID: w.order(id).Order.IntentID},
	}))
	w.tick()
	if s := w.order(id); s.Order.Disputed() || s.Order.Disputes[0].State != checkout.DisputeWon {
		t.Errorf("disputes %+v", s.Order.Disputes)
	}
}

// An event says that there is a dispute, and the provider doesn't say how it stands: it is asked again, and nothing is made up.
func TestDisputeThatCannotBeRead(t *testing.T) {
	t.Parallel()
	deaf := disputeTill{told: &payments.Dispute{}, err: errors.New("no answer")}
	w := newWorld(t, func(c *checkout.Config) { deaf.Till = c.Till; c.Till = &deaf })
	_, id := w.ordered("pm_card_visa", "mug", 1)
	_, err := w.provider.Dispute(w.order(id).Order.IntentID, "fraudulent")
	w.ok(err)
	w.webhooks()
	w.tick()
	if s := w.order(id); len(s.Order.Disputes) != 0 || s.Review != "" {
		t.Fatalf("disputes %+v, review %q", s.Order.Disputes, s.Review)
	}
	deaf.err = nil
	w.tick()
	if s := w.order(id); len(s.Order.Disputes) != 1 || !s.Order.Disputed() {
		t.Errorf("disputes %+v", s.Order.Disputes)
	}
}

type disputeTill struct {
	checkout.Till
	told *payments.Dispute
	err  error
}

func (d disputeTill) Dispute(ctx context.Context, id string) (payments.Dispute, error) {
	if d.err != nil {
		return payments.Dispute{}, d.err
	}
	if d.told.ID != "" {
		return *d.told, nil
	}
	return d.Till.Dispute(ctx, id)
}

// A hold of ours that was released comes back as an event of money given back; it is nobody's case.
func TestReleasedHoldIsNoCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manual)
	cart, id := w.opened()
	declined := w.pay(cart.Token, id, "pm_card_chargeDeclined")
	w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("mug", 2)})
	w.confirm(declined.Session.Intent.ID, "pm_card_visa") // past us, for what was offered before
	w.webhooks()
	w.tick()
	w.webhooks()
	w.tick()
	s := w.session(id)
	if kept, _ := w.charged(id); kept != 0 || len(s.Refunds) != 1 || !s.Refunds[0].Done || s.Review != "late" {
		t.Errorf("kept %d, refunds %+v, review %q", kept, s.Refunds, s.Review)
	}
}

// inKuwait sells in a currency of three decimals, whose last digit the provider wants to be 0.
func inKuwait(c *checkout.Config) {
	manual(c)
	c.Shop.Countries["KW"] = pricing.Country{Code: "KW", Currency: "KWD", TaxIncluded: true, TaxRates: map[string]int64{"standard": 500},
		Shipping: []pricing.ShippingMethod{{ID: "kw", Title: map[string]string{"en": "Courier"}, Prices: map[money.Currency]int64{"KWD": 1000}}}}
}

// A third of a price is rounded to what can be charged, and so is what a merchant asks for refused that can't.
func TestRefundsInStepsOfTheCurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inKuwait)
	third := demoProducts()[0]
	third.SKU, third.Prices = "third", map[money.Currency]int64{"KWD": 3340}
	w.stock(third)
	cart, err := w.carts.Create(t.Context(), checkout.CreateCartInput{
		Request: w.request(""), Context: checkout.Context{Country: "KW", Language: "en"}, Lines: linesOf("third", 3), Codes: []string{},
	})
	w.ok(err)
	open, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{
		Request: w.request(cart.Token), CartID: cart.Cart.ID, Change: everything("KW"),
	})
	w.ok(err)
	id := w.pay(cart.Token, open.Session.ID, "pm_card_visa").Session.Order.ID
	fils := func(minor int64) *money.Money { m := money.New(minor, "KWD"); return &m }
	_, err = w.orders.Capture(t.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: id, Amount: fils(10015)})
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.amount" {
		t.Errorf("path %q", e.Path)
	}
	_, err = w.orders.Capture(t.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	_, err = w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: id, Amount: fils(15)})
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.amount" {
		t.Errorf("path %q", e.Path)
	}
	whole := w.order(id).Order.Amount.Minor
	var back int64
	for n := range 3 {
		s := w.refund(checkout.RefundInput{OrderID: id, Lines: []checkout.RefundLineInput{{LineID: checkout.LineID("third"), Quantity: 1}}})
		r := s.Order.Refunds[n]
		if back += r.Amount.Minor; r.State != checkout.RefundDone || r.Amount.Minor%10 != 0 {
			t.Errorf("refund %+v", r)
		}
	}
	if back != whole-1000 || w.kept(id) != 1000 {
		t.Errorf("%d of %d went back, kept %d", back, whole, w.kept(id))
	}
}

// The provider's events never came: what it decides in its own time is asked for once a day.
func TestDecisionsOfTheProviderThatNobodyTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, back := w.ordered("pm_card_pendingRefund", "mug", 1)
	w.refund(checkout.RefundInput{OrderID: back, All: true})
	_, fought := w.ordered("pm_card_visa", "mug", 1)
	dispute, err := w.provider.Dispute(w.order(fought).Order.IntentID, "fraudulent")
	w.ok(err)
	w.webhooks()
	w.tick()
	w.ok(w.provider.DecideDispute(dispute, true))
	w.webhookErr = errors.New("nobody is at home") // from now on
	w.later(2 * time.Minute)
	for name, s := range map[string]checkout.Session{"refund": w.order(back), "dispute": w.order(fought)} {
		if s.Order.Canceled() || !s.Order.Disputed() && s.Order.Refunds[0].State != checkout.RefundPending {
			t.Errorf("%s: order %+v", name, s.Order)
		}
	}
	version := w.order(fought).Version
	w.wait(20*time.Hour, 4*time.Hour)
	if v := w.order(fought).Version; v != version {
		t.Errorf("asked for more often than once a day: version %d after %d", v, version)
	}
	w.wait(8*time.Hour, 4*time.Hour)
	if s := w.order(back); s.Order.Refunds[0].State != checkout.RefundDone || s.Watch != (checkout.Watch{}) {
		t.Errorf("refunds %+v, watch %v", s.Order.Refunds, s.Watch)
	}
	if s := w.order(fought); s.Order.Disputed() || s.Watch != (checkout.Watch{}) {
		t.Errorf("disputes %+v, watch %v", s.Order.Disputes, s.Watch)
	}
}

// A person captures at the dashboard while we can't cancel: the money has won, and goes back, and with it the order is canceled.
func TestCancellationThatACaptureOvertook(t *testing.T) {
	t.Parallel()
	down := true
	g := &scripted{cancel: func(g checkout.Gateway, ctx context.Context, id, key string) (payments.Intent, error) {
		if down {
			return payments.Intent{}, errors.New("no answer")
		}
		return g.Cancel(ctx, id, key)
	}}
	w := newWorld(t, manual, g.into)
	id := w.held()
	_, err := w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	w.stripe("/v1/payment_intents/"+w.order(id).Order.IntentID+"/capture", nil)
	down = false
	w.wait(10*time.Minute, time.Minute)
	s := w.order(id)
	if c := s.Order.Cancellation; !s.Order.Canceled() || c.Refund == "" || w.kept(id) != 0 || w.free("mug") != 10 {
		t.Errorf("cancellation %+v, kept %d, %d mugs", c, w.kept(id), w.free("mug"))
	}
	wantNotice(t, s, checkout.NoticeOrderCanceled, "")
}

// Shipping takes the money that is held while the order is canceled: it is shipped and paid, or canceled and nothing is kept.
func TestShippingAgainstCanceling(t *testing.T) {
	t.Parallel()
	for range 8 {
		w := newWorld(t, manual)
		id := w.held()
		turn := make(chan bool, 2)
		turn <- true
		turn <- false
		w.overlap(2, func() {
			if <-turn {
				_, _ = w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id})
			} else {
				_, _ = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
			}
		})
		w.wait(10*time.Minute, time.Minute)
		s := w.order(id)
		shipped, kept := len(s.Order.Fulfillments) == 1, w.kept(id)
		if s.Order.Canceled() == shipped || shipped != (kept == 1990) || !shipped && kept != 0 || s.Watch != (checkout.Watch{}) {
			t.Errorf("shipped %v, cancellation %+v, kept %d, watch %v", shipped, s.Order.Cancellation, kept, s.Watch)
		}
		w.wantConserved("mug", 10, s.ID)
	}
}
