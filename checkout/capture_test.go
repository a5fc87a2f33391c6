package checkout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/payments"
)

// held is a cart bought in a shop that holds the money of cards.
func (w *world) held() string {
	w.Helper()
	_, id := w.ordered("pm_card_visa", "mug", 1)
	s := w.order(id)
	if !s.Order.Authorized || w.kept(id) != 0 || s.Order.CaptureBefore.IsZero() || !s.Order.Refundable().IsZero() {
		w.Fatalf("order %+v, kept %d", s.Order, w.kept(id))
	}
	return id
}

// The order stands with the money held, and shipping takes it.
func TestManualCapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manual)
	id := w.held()
	if got, want := w.order(id).Order.CaptureBefore, w.clock.Now().Add(7*24*time.Hour); !got.Equal(want) {
		t.Errorf("captured before %v, want %v", got, want)
	}
	in := checkout.FulfilInput{Request: w.merchant(), OrderID: id}
	for i := range 2 {
		view, err := w.orders.Fulfil(t.Context(), in)
		w.ok(err)
		s := view.Session
		if s.Order.Authorized || w.kept(id) != 1990 || len(s.Order.Fulfillments) != 1 || view.Replayed != (i == 1) || s.Watch != (checkout.Watch{}) {
			t.Fatalf("order %+v, kept %d, watch %v", s.Order, w.kept(id), s.Watch)
		}
		wantNotice(t, s, checkout.NoticeCaptured, "")
	}
	w.webhooks() // the provider tells of it as well
	w.tick()
	if s := w.order(id); s.Review != "" || len(s.Notices) != 3 {
		t.Errorf("review %q, notices %v", s.Review, kinds(s))
	}
	if s := w.refund(checkout.RefundInput{OrderID: id, All: true}); s.Order.Refunds[0].Amount.Minor != 1990 {
		t.Errorf("refund %+v", s.Order.Refunds[0])
	}
}

// Methods that can't wait are not made to: iDEAL in a shop that holds the money of cards is paid at once.
func TestManualCaptureIsForCardsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *checkout.Config) {
		c.Shop = europeanShop()
		c.Shop.Methods[1].Capture = checkout.CaptureManual
	})
	cart, id := w.opened()
	view := w.prepare(cart.Token, id)
	w.sheet(view, "payment_method_data[type]", "ideal")
	w.ok(w.provider.Authenticate(view.Session.Intent.ID, true))
	w.read(cart.Token, id)
	if s := w.wantPaidOnce(id); s.Order.Authorized {
		t.Errorf("order %+v", s.Order)
	}
	other := w.cart("mug", 1)
	prepared := w.prepare(other.Token, w.open(other).Session.ID)
	w.sheet(prepared, "payment_method", "pm_card_visa")
	w.webhooks()
	w.tick() // an event of a hold may be late: reconcile asks
	if s := w.session(prepared.Session.ID); s.Order == nil || !s.Order.Authorized {
		t.Fatalf("order %+v", s.Order)
	}
	if s := w.session(prepared.Session.ID); s.Order.CaptureBefore.IsZero() {
		t.Errorf("order %+v", s.Order)
	}
}

func TestCaptureLess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, manual)
	id := w.held()
	for name, tc := range map[string]struct {
		in   checkout.CaptureInput
		code checkout.Code
	}{
		"more": {checkout.CaptureInput{Amount: eur(1991)}, checkout.CodeInvalid},
		"none": {checkout.CaptureInput{Amount: eur(0)}, checkout.CodeInvalid},
	} {
		tc.in.Request, tc.in.OrderID = w.merchant(), id
		if _, err := w.orders.Capture(t.Context(), tc.in); checkout.ErrorCode(err) != tc.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: id, Amount: eur(1)})
	wantCode(t, err, checkout.CodeNotRefundable) // nothing was taken yet
	view, err := w.orders.Capture(t.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: id, Amount: eur(1500)})
	w.ok(err)
	if o := view.Session.Order; o.Taken().Minor != 1500 || w.kept(id) != 1500 || o.Refundable().Minor != 1500 {
		t.Errorf("order %+v, kept %d", o, w.kept(id))
	}
	_, err = w.orders.Capture(t.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: id})
	wantCode(t, err, checkout.CodeNotCapturable)
	w.fulfil(checkout.FulfilInput{OrderID: id})
	if w.kept(id) != 1500 {
		t.Errorf("shipping took more: %d", w.kept(id))
	}
}

// Nobody ships: somebody is told a day before the hold ends, and again when it has.
func TestHoldThatLapses(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]bool{"by the event": true, "by reconcile alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, manual)
			id := w.held()
			w.later(5 * 24 * time.Hour)
			if s := w.order(id); s.Review != "" {
				t.Fatalf("review %q after 5 days", s.Review)
			}
			w.later(25 * time.Hour)
			if s := w.order(id); s.Review != "capture_due" || !s.Order.Warned {
				t.Fatalf("review %q after 6 days", s.Review)
			}
			w.later(23 * time.Hour)
			if event {
				w.webhooks()
			}
			w.later(20 * time.Minute)
			w.later(20 * time.Minute)
			s := w.order(id)
			if s.Order.Lapsed.IsZero() || s.Order.Authorized || s.Review != "authorization_lapsed" || s.Watch != (checkout.Watch{}) {
				t.Fatalf("order %+v, review %q, watch %v", s.Order, s.Review, s.Watch)
			}
			_, err := w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id})
			wantCode(t, err, checkout.CodeNotFulfillable)
			view, err := w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
			w.ok(err)
			if !view.Session.Order.Canceled() || w.free("mug") != 10 {
				t.Errorf("cancellation %+v, %d mugs", view.Session.Order.Cancellation, w.free("mug"))
			}
		})
	}
}

// The shopper turns back, our cancellation is on its way for long, the bank has approved meanwhile, and the order stands when it arrives:
// the hold is gone. Nobody can ship; so the order is canceled, its mug is on the shelf, and the shopper is told.
func TestHoldThatIsTakenBackTooLate(t *testing.T) {
	t.Parallel()
	for name, learned := range map[string]func(w *world, order string){
		"by the event": func(w *world, _ string) { w.webhooks() },
		"by a capture": func(w *world, order string) {
			_, err := w.orders.Capture(w.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: order})
			w.ok(err)
		},
		"by reconcile, when the hold was to end": func(w *world, _ string) { w.wait(8*24*time.Hour, 12*time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var h *checkouttest.Hostile
			w := newWorld(t, manual, hostile(&h))
			cart, id := w.opened()
			intent := w.pay(cart.Token, id, "pm_card_authenticationRequired").Session.Intent.ID
			h.Next("Cancel", checkouttest.Delayed)
			w.update(cart.Token, id, checkout.SessionChange{Lines: linesOf("mug", 3)})
			w.ok(w.provider.Authenticate(intent, true))
			w.later(time.Minute)
			if s := w.wantStatus(id, checkout.StatusCompleted); !s.Order.Authorized {
				t.Fatalf("order %+v", s.Order)
			}
			h.Land()
			learned(w, checkout.OrderID(id))
			s := w.session(id)
			if o := s.Order; !o.Canceled() || o.Authorized || s.Review != "" || w.free("mug") != 10 || s.Watch != (checkout.Watch{}) {
				t.Errorf("order %+v, review %q, %d mugs, watch %v", o, s.Review, w.free("mug"), s.Watch)
			}
			wantNotice(t, s, checkout.NoticeOrderCanceled, "")
			_, err := w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: s.Order.ID})
			wantCode(t, err, checkout.CodeNotFulfillable)
		})
	}
}

// A capture refused, lost, late or half done: nothing is shipped before the money is there, and it is taken once.
func TestCaptureWhoseAnswerGoesWrong(t *testing.T) {
	t.Parallel()
	for name, capture := range map[string]func(n int, t checkout.Till, ctx context.Context, r payments.CaptureRequest) (payments.Intent, error){
		"lost": func(n int, till checkout.Till, ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
			in, err := till.Capture(ctx, r)
			if n == 1 {
				return payments.Intent{}, errors.New("lost")
			}
			return in, err
		},
		"not done": func(n int, till checkout.Till, ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
			if n == 1 {
				return payments.Intent{}, errors.New("down")
			}
			return till.Capture(ctx, r)
		},
		"done by a person": func(n int, till checkout.Till, ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
			other := r
			other.Key = "person"
			_, _ = till.Capture(ctx, other)
			return till.Capture(ctx, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			w := newWorld(t, manual, func(c *checkout.Config) {
				c.Till = scriptedTill{c.Till, func(till checkout.Till, ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
					calls++
					return capture(calls, till, ctx, r)
				}}
			})
			id := w.held()
			in := checkout.FulfilInput{Request: w.merchant(), OrderID: id}
			view, err := w.orders.Fulfil(t.Context(), in)
			if err != nil {
				wantCode(t, err, checkout.CodePaymentInProgress)
				if o := w.order(id).Order; len(o.Fulfillments) != 0 || !o.Authorized {
					t.Fatalf("order %+v", o)
				}
				view, err = w.orders.Fulfil(t.Context(), in)
			}
			w.ok(err)
			if o := view.Session.Order; len(o.Fulfillments) != 1 || o.Authorized || w.kept(id) != 1990 {
				t.Errorf("order %+v, kept %d", o, w.kept(id))
			}
		})
	}
}

// The merchant never repeats the request: reconcile takes the money that was asked for.
func TestCaptureIsDrivenByReconcile(t *testing.T) {
	t.Parallel()
	down := true
	w := newWorld(t, manual, func(c *checkout.Config) {
		c.Till = scriptedTill{c.Till, func(till checkout.Till, ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
			if down {
				return payments.Intent{}, errors.New("down")
			}
			return till.Capture(ctx, r)
		}}
	})
	id := w.held()
	view, err := w.orders.Capture(t.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	if !view.Session.Order.Authorized {
		t.Fatalf("order %+v", view.Session.Order)
	}
	_, err = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	wantCode(t, err, checkout.CodeNotCancelable)
	down = false
	w.wait(5*time.Minute, time.Minute)
	if o := w.order(id).Order; o.Authorized || w.kept(id) != 1990 {
		t.Errorf("order %+v, kept %d", o, w.kept(id))
	}
}

// The provider neither takes nor releases the money of a hold, time and again: a person is told, once, and it is tried on.
func TestHoldThatNothingMoves(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(w *world, id string) error{
		"capture": func(w *world, id string) error {
			return errOf(w.orders.Capture(w.Context(), checkout.CaptureInput{Request: w.merchant(), OrderID: id}))
		},
		"cancellation": func(w *world, id string) error {
			return errOf(w.orders.Cancel(w.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, down := 0, true
			g := &scripted{cancel: func(g checkout.Gateway, ctx context.Context, id, key string) (payments.Intent, error) {
				if calls++; down {
					return payments.Intent{}, errors.New("down")
				}
				return g.Cancel(ctx, id, key)
			}}
			w := newWorld(t, manual, g.into, func(c *checkout.Config) {
				c.Till = scriptedTill{c.Till, func(till checkout.Till, ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
					if calls++; down {
						return payments.Intent{}, errors.New("down")
					}
					return till.Capture(ctx, r)
				}}
			})
			id := w.held()
			w.ok(ask(w, id))
			for calls < 5 {
				w.later(5 * time.Minute)
			}
			if s := w.order(id); s.Review != "" || !s.Order.Authorized {
				t.Fatalf("after %d calls: review %q, order %+v", calls, s.Review, s.Order)
			}
			w.wait(time.Hour, 5*time.Minute)
			s := w.order(id)
			if s.Review != "capture_failed" || calls > 12 {
				t.Fatalf("after %d calls: review %q", calls, s.Review)
			}
			wantNotice(t, s, checkout.NoticePaymentReview, "")
			down = false
			w.wait(2*time.Hour, 30*time.Minute)
			want := map[string]int64{"capture": 1990, "cancellation": 0}[name]
			if o := w.order(id).Order; o.Authorized || w.kept(id) != want || o.Canceled() != (want == 0) {
				t.Errorf("order %+v, kept %d", o, w.kept(id))
			}
		})
	}
}

type scriptedTill struct {
	checkout.Till
	capture func(checkout.Till, context.Context, payments.CaptureRequest) (payments.Intent, error)
}

func (s scriptedTill) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
	return s.capture(s.Till, ctx, r)
}
