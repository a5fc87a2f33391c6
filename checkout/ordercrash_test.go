package checkout_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
)

// errand is one request about an order, made again and again in fresh worlds, each time dying somewhere else.
type errand struct {
	edit   func(*checkout.Config)
	card   string
	run    func(w *world, id string) func(context.Context) error
	review string // how that begins which somebody is then told to look at
	// done reports whether all of it has happened, and fails if more or something else has.
	done func(w *world, s checkout.Session) bool
}

var errands = map[string]errand{
	"refund": {
		run: func(w *world, id string) func(context.Context) error {
			in := checkout.RefundInput{Request: w.merchant(), OrderID: id,
				Lines: []checkout.RefundLineInput{{LineID: checkout.LineID("mug"), Quantity: 1, Restock: true}}}
			return func(ctx context.Context) error { _, err := w.orders.Refund(ctx, in); return err }
		},
		done: refundedOneMug,
	},
	"refund at a slow bank": {
		card: "pm_card_pendingRefund",
		run: func(w *world, id string) func(context.Context) error {
			in := checkout.RefundInput{Request: w.merchant(), OrderID: id,
				Lines: []checkout.RefundLineInput{{LineID: checkout.LineID("mug"), Quantity: 1, Restock: true}}}
			return func(ctx context.Context) error { _, err := w.orders.Refund(ctx, in); return err }
		},
		done: refundedOneMug,
	},
	"cancel": {
		run: func(w *world, id string) func(context.Context) error {
			in := checkout.CancelOrderInput{Request: w.merchant(), OrderID: id}
			return func(ctx context.Context) error { _, err := w.orders.Cancel(ctx, in); return err }
		},
		done: canceledWhole,
	},
	"cancel while held": {
		edit: manual,
		run: func(w *world, id string) func(context.Context) error {
			in := checkout.CancelOrderInput{Request: w.merchant(), OrderID: id}
			return func(ctx context.Context) error { _, err := w.orders.Cancel(ctx, in); return err }
		},
		done: canceledWhole,
	},
	"fulfil": {
		run: func(w *world, id string) func(context.Context) error {
			in := checkout.FulfilInput{Request: w.merchant(), OrderID: id}
			return func(ctx context.Context) error { _, err := w.orders.Fulfil(ctx, in); return err }
		},
		done: func(_ *world, s checkout.Session) bool { return len(s.Order.Fulfillments) == 1 },
	},
	"fulfil what is held": {
		edit: manual,
		run: func(w *world, id string) func(context.Context) error {
			in := checkout.FulfilInput{Request: w.merchant(), OrderID: id}
			return func(ctx context.Context) error { _, err := w.orders.Fulfil(ctx, in); return err }
		},
		done: func(w *world, s checkout.Session) bool {
			shipped := len(s.Order.Fulfillments) == 1
			if shipped && (s.Order.Authorized || w.kept(s.Order.ID) != 3485) {
				w.Fatalf("shipped, and the shop has %d", w.kept(s.Order.ID))
			}
			return shipped
		},
	},
	"capture a part": {
		edit: manual,
		run: func(w *world, id string) func(context.Context) error {
			in := checkout.CaptureInput{Request: w.merchant(), OrderID: id, Amount: eur(1000)}
			return func(ctx context.Context) error { _, err := w.orders.Capture(ctx, in); return err }
		},
		done: func(w *world, s checkout.Session) bool {
			if taken := w.kept(s.Order.ID); taken != 0 && taken != 1000 || s.Order.Taken().Minor != taken {
				w.Fatalf("the shop has %d, and thinks %v", taken, s.Order.Taken())
			}
			return !s.Order.Authorized
		},
	},
	"refund by a person": {
		run: func(w *world, _ string) func(context.Context) error {
			return w.elsewhere(func(intent string) {
				w.stripe("/v1/refunds", url.Values{"payment_intent": {intent}, "amount": {"100"}})
			})
		},
		done: func(w *world, s checkout.Session) bool {
			return len(s.Order.Refunds) == 1 && s.Order.Refundable().Minor == w.kept(s.Order.ID)
		},
	},
	"dispute": {
		run: func(w *world, _ string) func(context.Context) error {
			return w.elsewhere(func(intent string) {
				d, err := w.provider.Dispute(intent, "fraudulent")
				w.ok(err)
				w.ok(w.provider.DecideDispute(d, true))
			})
		},
		review: "charge.dispute.",
		done:   func(_ *world, s checkout.Session) bool { return len(s.Order.Disputes) == 1 && !s.Order.Disputed() },
	},
	"withdraw": {
		run: func(w *world, id string) func(context.Context) error {
			in := checkout.WithdrawInput{Request: w.merchant(), OrderID: id, Merchant: true}
			return func(ctx context.Context) error { _, err := w.orders.Withdraw(ctx, in); return err }
		},
		done: func(_ *world, s checkout.Session) bool { return len(s.Order.Withdrawals) == 1 },
	},
}

// elsewhere begins errands that reconcile runs: something has happened at the provider, past us.
func (w *world) elsewhere(happens func(intent string)) func(context.Context) error {
	w.Helper()
	var intents []struct{ ID string }
	w.listed("/v1/payment_intents", &intents)
	happens(intents[0].ID)
	w.webhooks()
	return func(ctx context.Context) error { _, err := w.reconciler.Run(ctx); return err }
}

func refundedOneMug(w *world, s checkout.Session) bool {
	kept, free := w.kept(s.Order.ID), w.free("mug")
	if len(s.Order.Refunds) > 1 || kept != 3485 && kept != 3485-1495 || (kept == 3485) != (free == 8) {
		w.Fatalf("refunds %+v, kept %d, %d mugs", s.Order.Refunds, kept, free)
	}
	return kept != 3485
}

func canceledWhole(w *world, s checkout.Session) bool {
	done := s.Order.Canceled()
	if kept := w.kept(s.Order.ID); done != (w.free("mug") == 10) || done && kept != 0 || len(s.Order.Refunds) > 1 {
		w.Fatalf("canceled %v, kept %d, %d mugs, refunds %+v", done, kept, w.free("mug"), s.Order.Refunds)
	}
	return done
}

// begin opens a shop in which the errand's order stands.
func (e errand) begin(t *testing.T, edits ...func(*checkout.Config)) (*world, string) {
	t.Helper()
	if e.edit != nil {
		edits = append([]func(*checkout.Config){e.edit}, edits...)
	}
	w := newWorld(t, edits...)
	card := e.card
	if card == "" {
		card = "pm_card_visa"
	}
	_, id := w.ordered(card, "mug", 2)
	return w, id
}

// wantEnd lets reconcile and the provider's events bring everything to its end: all of it or nothing, once.
func (e errand) wantEnd(w *world, id string) (done bool) {
	w.Helper()
	w.wait(15*time.Minute, 3*time.Minute)
	s := w.order(id)
	asked := func(r checkout.Refund) bool { return r.State == checkout.RefundRequested }
	if c := s.Order.Cancellation; slices.ContainsFunc(s.Order.Refunds, asked) || c != nil && !c.Done || s.Order.Authorized && s.Order.Capture != nil {
		w.Errorf("reconcile alone leaves open what was begun: %+v", s.Order)
	}
	w.webhooks()
	w.tick()
	s = w.order(id)
	done = e.done(w, s)
	for _, r := range s.Order.Refunds {
		if r.State != checkout.RefundDone {
			w.Errorf("refund %+v", r)
		}
	}
	if c := s.Order.Cancellation; c != nil && !c.Done || s.Review != "" && (e.review == "" || !strings.HasPrefix(s.Review, e.review)) {
		w.Errorf("cancellation %+v, review %q", c, s.Review)
	}
	w.wantConserved("mug", 10, s.ID)
	w.wantEachRefundOnce()
	return done
}

// TestOrderDeathAtEveryBoundary kills each request about an order before and after each of its calls, or loses that answer. Who
// repeats the request gets it done, once; who doesn't finds all of it or nothing, by reconcile alone.
func TestOrderDeathAtEveryBoundary(t *testing.T) {
	t.Parallel()
	for name, e := range errands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, id := e.begin(t, mortal)
			l := &life{}
			w.ok(e.run(w, id)(l.in(t.Context())))
			if l.count() < 2 {
				t.Fatalf("%v: nothing to die at", l.calls)
			}
			for at := range l.count() {
				for _, f := range []fate{{at: at + 1}, {at: at + 1, after: true}, {at: at + 1, lives: true}, {at: at + 1, after: true, lives: true}} {
					for _, repeats := range []bool{true, false} {
						t.Run(fmt.Sprintf("%s %d after=%v lives=%v repeated=%v", l.calls[at], at+1, f.after, f.lives, repeats), func(t *testing.T) {
							w, id := e.begin(t, mortal)
							run := e.run(w, id)
							_ = run((&life{fate: f}).in(t.Context()))
							if s := w.order(id); s.Order.Canceled() && w.kept(id) != 0 {
								t.Fatal("canceled before its money was returned")
							}
							w.webhooks()
							if repeats {
								w.clock.advance(61 * time.Second)
								_ = run(t.Context())
							}
							if done := e.wantEnd(w, id); repeats && !done {
								t.Fatalf("the repeated request was not done: %+v", w.order(id).Order)
							}
						})
					}
				}
			}
		})
	}
}
