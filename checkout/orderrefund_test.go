package checkout_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/sandbox"
)

// Three mugs at 14.95 and two bags at 12.50, with 4.95 of shipping: 74.80.
func TestRefundByLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_visa", "mug", 3, "beans", 2)
	mug, beans := checkout.LineID("mug"), checkout.LineID("beans")
	if total := w.order(id).Order.Amount.Minor; total != 7480 {
		t.Fatalf("total is %d", total)
	}
	s := w.refund(checkout.RefundInput{OrderID: id, Lines: []checkout.RefundLineInput{{LineID: mug, Quantity: 1, Restock: true}}})
	r := s.Order.Refunds[0]
	if r.State != checkout.RefundDone || r.Amount.Minor != 1495 || w.kept(id) != 7480-1495 || w.free("mug") != 8 {
		t.Fatalf("refund %+v, kept %d, %d mugs", r, w.kept(id), w.free("mug"))
	}
	wantNotice(t, s, checkout.NoticeOrderRefunded, r.ID)
	if p := s.Progress(mug); p != (checkout.Progress{Original: 3, Total: 2, Refunded: 1}) {
		t.Errorf("mugs are %+v", p)
	}
	w.fulfil(checkout.FulfilInput{OrderID: id, Lines: []checkout.LineQuantity{{LineID: mug, Quantity: 2}}, Carrier: "PostNL", TrackingNumber: "3S1"})
	s = w.refund(checkout.RefundInput{OrderID: id, Shipping: true,
		Lines: []checkout.RefundLineInput{{LineID: mug, Quantity: 1}, {LineID: beans, Quantity: 1}}})
	if r := s.Order.Refunds[1]; r.Amount.Minor != 1495+1250+495 || r.Shipping.Minor != 495 {
		t.Errorf("refund %+v", r)
	}
	if p := s.Progress(mug); p != (checkout.Progress{Original: 3, Total: 2, Fulfilled: 2, Refunded: 2}) || w.free("mug") != 8 {
		t.Errorf("mugs are %+v, %d free: a shipped one was refunded and did not come back", p, w.free("mug"))
	}
	s = w.refund(checkout.RefundInput{OrderID: id, All: true})
	if w.kept(id) != 0 || !s.Order.Refundable().IsZero() {
		t.Errorf("the shop keeps %d, and could refund %v", w.kept(id), s.Order.Refundable())
	}
	_, err := w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id})
	wantCode(t, err, checkout.CodeNotFulfillable) // what was refunded needs no shipping
}

// Refunding a line unit by unit gives back what it cost, to the cent, whatever its discount.
func TestRefundUnitByUnit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *checkout.Config) { c.Shop.Countries["US"] = demoShop().Countries["US"] })
	cart := w.cart("mug", 7)
	view := w.update(cart.Token, w.open(cart).Session.ID, checkout.SessionChange{})
	s := w.pay(cart.Token, view.Session.ID, "pm_card_visa").Session
	for range 7 {
		s = w.refund(checkout.RefundInput{OrderID: s.Order.ID, Lines: []checkout.RefundLineInput{{LineID: checkout.LineID("mug"), Quantity: 1}}})
	}
	if kept := w.kept(s.Order.ID); kept != 495 {
		t.Errorf("the shop keeps %d, want its shipping", kept)
	}
}

func TestRefundsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_visa", "mug", 1)
	mug := checkout.LineID("mug")
	for name, tc := range map[string]struct {
		in   checkout.RefundInput
		code checkout.Code
		path string
	}{
		"more than was taken": {checkout.RefundInput{Amount: eur(1991)}, checkout.CodeNotRefundable, ""},
		"nothing":             {checkout.RefundInput{Amount: eur(0)}, checkout.CodeNotRefundable, ""},
		"less than nothing":   {checkout.RefundInput{Amount: eur(-1)}, checkout.CodeNotRefundable, ""},
		"another currency":    {checkout.RefundInput{Amount: ptr(money.New(1, "NOK"))}, checkout.CodeInvalid, "$.amount"},
		"no way":              {checkout.RefundInput{}, checkout.CodeInvalid, "$"},
		"two ways":            {checkout.RefundInput{All: true, Amount: eur(1)}, checkout.CodeInvalid, "$"},
		"too many of a line": {checkout.RefundInput{Lines: []checkout.RefundLineInput{{LineID: mug, Quantity: 2}}}, checkout.CodeInvalid,
			"$.line_items[0]"},
		"a line twice": {checkout.RefundInput{Lines: []checkout.RefundLineInput{{LineID: mug, Quantity: 1}, {LineID: mug, Quantity: 1}}},
			checkout.CodeInvalid, "$.line_items[1].id"},
		"an unknown line": {checkout.RefundInput{Lines: []checkout.RefundLineInput{{LineID: "x", Quantity: 1}}}, checkout.CodeInvalid,
			"$.line_items[0]"},
		"an unknown reason":  {checkout.RefundInput{All: true, Reason: "whim"}, checkout.CodeInvalid, "$.reason"},
		"no such withdrawal": {checkout.RefundInput{All: true, Withdrawal: "wd_x"}, checkout.CodeInvalid, "$.withdrawal_id"},
	} {
		in := tc.in
		in.Request, in.OrderID = w.merchant(), id
		_, err := w.orders.Refund(t.Context(), in)
		if e := wantCode(t, err, tc.code); e.Path != tc.path {
			t.Errorf("%s: path %q, want %q", name, e.Path, tc.path)
		}
	}
	_, err := w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: "or_nothing_0", All: true})
	wantCode(t, err, checkout.CodeNotFound)
	_, err = w.orders.Refund(t.Context(), checkout.RefundInput{OrderID: id, All: true})
	wantCode(t, err, checkout.CodeMissingKey)
	if w.kept(id) != 1990 {
		t.Errorf("the shop keeps %d", w.kept(id))
	}
}

// The same request twice, or twenty times at once, refunds once; the key with another body is refused.
func TestRefundOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_visa", "mug", 1)
	in := checkout.RefundInput{Request: w.merchant(), OrderID: id, Amount: eur(500)}
	w.overlap(20, func() { _, _ = w.orders.Refund(t.Context(), in) })
	view, err := w.orders.Refund(t.Context(), in)
	w.ok(err)
	if !view.Replayed || len(view.Session.Order.Refunds) != 1 || w.kept(id) != 1490 {
		t.Errorf("replayed %v, refunds %+v, kept %d", view.Replayed, view.Session.Order.Refunds, w.kept(id))
	}
	in.Fingerprint = "other"
	_, err = w.orders.Refund(t.Context(), in)
	wantCode(t, err, checkout.CodeKeyReused)
	// Twenty others at once, each of a third: two more fit in.
	w.overlap(20, func() {
		_, _ = w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: id, Amount: eur(700)})
	})
	if kept := w.kept(id); kept != 90 {
		t.Errorf("the shop keeps %d", kept)
	}
}

// A refund whose answer is lost, late, a stored 500 or a refusal ends as what the provider really did.
func TestRefundWhoseAnswerGoesWrong(t *testing.T) {
	t.Parallel()
	unknown := &payments.Error{Class: payments.ClassUnknown, Err: errors.New("no answer")}
	for name, tc := range map[string]struct {
		refund func(calls int, g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error)
		kept   int64
		state  checkout.RefundState
	}{
		"lost": {func(n int, g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
			got, err := g.Refund(ctx, r)
			if n == 1 {
				return payments.Refund{}, unknown
			}
			return got, err
		}, 1490, checkout.RefundDone},
		"not done": {func(n int, g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
			if n == 1 {
				return payments.Refund{}, unknown
			}
			return g.Refund(ctx, r)
		}, 1490, checkout.RefundDone},
		"a stored 500, done": {func(n int, g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
			if n == 1 {
				_, _ = g.Refund(ctx, r)
			}
			return payments.Refund{}, &payments.Error{Class: payments.ClassUnknown, Replayed: true, Err: errors.New("500")}
		}, 1490, checkout.RefundDone},
		"a stored 500, not done": {func(n int, g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
			if n == 1 {
				return payments.Refund{}, &payments.Error{Class: payments.ClassUnknown, Replayed: true, Err: errors.New("500")}
			}
			return g.Refund(ctx, r)
		}, 1490, checkout.RefundDone},
		"refused": {func(int, checkout.Gateway, context.Context, payments.RefundRequest) (payments.Refund, error) {
			return payments.Refund{}, &payments.Error{Class: payments.ClassRefused, State: true, Err: errors.New("charge_disputed")}
		}, 1990, checkout.RefundFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			g := &scripted{refund: func(g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
				calls++
				return tc.refund(calls, g, ctx, r)
			}}
			w := newWorld(t, g.into)
			_, id := w.ordered("pm_card_visa", "mug", 1)
			w.refund(checkout.RefundInput{OrderID: id, Amount: eur(500)})
			w.wait(10*time.Minute, time.Minute)
			s := w.order(id)
			if r := s.Order.Refunds[0]; len(s.Order.Refunds) != 1 || r.State != tc.state || w.kept(id) != tc.kept || s.Watch != (checkout.Watch{}) {
				t.Errorf("refunds %+v, kept %d, watch %v", s.Order.Refunds, w.kept(id), s.Watch)
			}
			if failed := tc.state == checkout.RefundFailed; failed != (s.Review == "refund_failed") || failed == slices.Contains(kinds(s), checkout.NoticeOrderRefunded) {
				t.Errorf("review %q, notices %v", s.Review, kinds(s))
			}
		})
	}
}

// A key that the provider has forgotten is not used again before its list was read.
func TestRefundLeftForADay(t *testing.T) {
	t.Parallel()
	for name, done := range map[string]bool{"done": true, "not done": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			down := true
			g := &scripted{refund: func(g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
				if down {
					if done {
						_, _ = g.Refund(ctx, r)
					}
					return payments.Refund{}, errors.New("down")
				}
				return g.Refund(ctx, r)
			}}
			w := newWorld(t, g.into)
			_, id := w.ordered("pm_card_visa", "mug", 1)
			w.refund(checkout.RefundInput{OrderID: id, Amount: eur(500)})
			if s := w.order(id); s.Order.Refunds[0].State != checkout.RefundRequested {
				t.Fatalf("refund %+v", s.Order.Refunds[0])
			}
			w.clock.advance(25 * time.Hour)
			down = false
			w.wait(2*time.Hour, 20*time.Minute)
			if s := w.order(id); w.kept(id) != 1490 || s.Order.Refunds[0].State != checkout.RefundDone {
				t.Errorf("kept %d, refund %+v", w.kept(id), s.Order.Refunds[0])
			}
		})
	}
}

// A refund that the bank sends back is the shop's money again, and somebody is told; the shopper can still be refunded.
func TestRefundThatFailsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_refundFail", "mug", 1)
	if s := w.refund(checkout.RefundInput{OrderID: id, All: true}); s.Order.Refunds[0].State == checkout.RefundFailed {
		t.Fatalf("refund %+v", s.Order.Refunds[0])
	}
	w.clock.advance(2 * time.Minute)
	w.webhooks()
	w.tick()
	s := w.order(id)
	if s.Order.Refunds[0].State != checkout.RefundFailed || s.Review != "refund_failed" || s.Order.Refundable().Minor != 1990 {
		t.Errorf("refund %+v, review %q, refundable %v", s.Order.Refunds[0], s.Review, s.Order.Refundable())
	}
	wantNotice(t, s, checkout.NoticePaymentReview, "")
	if p := s.Progress(checkout.LineID("mug")); p.Refunded != 0 || p.Total != 1 {
		t.Errorf("the mug is %+v", p)
	}
}

// The bank sends an earlier refund back while the order is being canceled: the cancellation has a refund of its own, and stands.
func TestRefundThatFailsBesideACancellation(t *testing.T) {
	t.Parallel()
	down := false
	g := &scripted{refund: func(g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
		if down {
			return payments.Refund{}, errors.New("no answer")
		}
		return g.Refund(ctx, r)
	}}
	w := newWorld(t, g.into)
	_, id := w.ordered("pm_card_refundFail", "mug", 1)
	w.refund(checkout.RefundInput{OrderID: id, Amount: eur(500)})
	down = true
	_, err := w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	w.clock.advance(2 * time.Minute)
	w.webhooks()
	w.tick()
	s := w.order(id)
	if c := s.Order.Cancellation; s.Order.Refunds[0].State != checkout.RefundFailed || s.Order.Refunds[1].State != checkout.RefundRequested ||
		c == nil || c.Done || c.Refund != s.Order.Refunds[1].ID {
		t.Errorf("refunds %+v, cancellation %+v", s.Order.Refunds, c)
	}
}

// What a person refunds at the provider's dashboard is seen, counts, and is not refunded again.
func TestRefundMadeElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_visa", "mug", 1)
	w.stripe("/v1/refunds", map[string][]string{"payment_intent": {w.order(id).Order.IntentID}, "amount": {"1500"}})
	w.webhooks()
	w.tick()
	s := w.order(id)
	if len(s.Order.Refunds) != 1 || s.Order.Refunds[0].Cause != checkout.CauseElsewhere || s.Order.Refundable().Minor != 490 {
		t.Fatalf("refunds %+v, refundable %v", s.Order.Refunds, s.Order.Refundable())
	}
	wantNotice(t, s, checkout.NoticeOrderRefunded, s.Order.Refunds[0].ID)
	_, err := w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: id, Amount: eur(500)})
	wantCode(t, err, checkout.CodeNotRefundable)
	w.webhooks() // events come again, and change nothing
	version := w.order(id).Version
	w.tick()
	if w.order(id).Version != version {
		t.Error("the same refund was told twice")
	}
}

// Our own refunds come back as events; they are nobody's case.
func TestOwnRefundIsNoCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_pendingRefund", "mug", 1)
	if s := w.refund(checkout.RefundInput{OrderID: id, All: true}); s.Order.Refunds[0].State != checkout.RefundPending {
		t.Fatalf("refund %+v", s.Order.Refunds[0])
	}
	w.webhooks()
	w.tick()
	w.later(2 * time.Minute)
	w.webhooks()
	w.tick()
	s := w.order(id)
	if s.Review != "" || len(s.Order.Refunds) != 1 || s.Order.Refunds[0].State != checkout.RefundDone {
		t.Errorf("review %q, refunds %+v", s.Review, s.Order.Refunds)
	}
}

// The provider has stored a 500 under a refund's key, and repeats it for a day: once its list shows that there is no such refund, it is
// asked for under another, and made once.
func TestRefundWhoseStored500IsRepeated(t *testing.T) {
	t.Parallel()
	for way, calls := range map[sandbox.Way]int{sandbox.WayErrorBefore: 3, sandbox.WayErrorAfter: 2} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			keys := map[string]bool{}
			n := 0
			g := &scripted{refund: func(g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
				n++
				keys[r.Key] = true
				return g.Refund(ctx, r)
			}}
			w := newWorld(t, g.into)
			_, id := w.ordered("pm_card_visa", "mug", 1)
			w.inject("refunds.create", way)
			_, err := w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: id, Amount: eur(500)})
			w.ok(err)
			w.wait(time.Hour, time.Minute)
			if s := w.order(id); s.Order.Refunds[0].State != checkout.RefundDone || w.kept(id) != 1490 || s.Watch != (checkout.Watch{}) {
				t.Errorf("refunds %+v, kept %d, watch %v", s.Order.Refunds, w.kept(id), s.Watch)
			}
			if n != calls || len(keys) != calls-1 {
				t.Errorf("asked %d times under %v", n, keys)
			}
		})
	}
}
