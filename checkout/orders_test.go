package checkout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
)

// manual makes a shop hold the money of cards until it ships.
func manual(c *checkout.Config) {
	c.Shop.Methods = rules(checkout.MethodRule{Type: "card", Capture: checkout.CaptureManual})
}

// ordered buys lines with a card and returns the cart and the order's id.
func (w *world) ordered(pm string, lines ...any) (checkout.CartView, string) {
	w.Helper()
	cart := w.cart(lines...)
	s := w.pay(cart.Token, w.open(cart).Session.ID, pm).Session
	if s.Order == nil {
		w.Fatalf("session is %s: %v", s.Status, s.Messages)
	}
	return cart, s.Order.ID
}

// merchant is a request by the shop's own people.
func (w *world) merchant() checkout.Request {
	key := w.key()
	return checkout.Request{Key: key, Fingerprint: "f-" + key}
}

func (w *world) order(id string) checkout.Session { return w.session(checkout.SessionOfOrder(id)) }

func (w *world) refund(in checkout.RefundInput) checkout.Session {
	w.Helper()
	in.Request = w.merchant()
	view, err := w.orders.Refund(w.Context(), in)
	w.ok(err)
	return view.Session
}

func (w *world) fulfil(in checkout.FulfilInput) checkout.Session {
	w.Helper()
	in.Request = w.merchant()
	view, err := w.orders.Fulfil(w.Context(), in)
	w.ok(err)
	return view.Session
}

// kept is what the shop keeps of an order by the provider's ledger.
func (w *world) kept(orderID string) int64 {
	kept, _ := w.charged(checkout.SessionOfOrder(orderID))
	return kept
}

func kinds(s checkout.Session) []string {
	var out []string
	for _, n := range s.Notices {
		out = append(out, n.Kind)
	}
	slices.Sort(out)
	return out
}

func wantNotice(t *testing.T, s checkout.Session, kind, ref string) {
	t.Helper()
	for _, n := range s.Notices {
		if n.Kind == kind && n.Ref == ref {
			return
		}
	}
	t.Fatalf("no notice %s of %q among %v", kind, ref, s.Notices)
}

func eur(minor int64) *money.Money { m := money.New(minor, "EUR"); return &m }

func TestDisputeStopsShippingAndRefunds(t *testing.T) {
	t.Parallel()
	for name, won := range map[string]bool{"won": true, "lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, id := w.ordered("pm_card_visa", "mug", 1)
			dispute, err := w.provider.Dispute(w.order(id).Order.IntentID, "fraudulent")
			w.ok(err)
			w.webhooks()
			w.tick()
			s := w.order(id)
			if !s.Order.Disputed() || s.Review != "charge.dispute.created" {
				t.Fatalf("disputes %+v, review %q", s.Order.Disputes, s.Review)
			}
			wantNotice(t, s, checkout.NoticePaymentReview, "")
			_, err = w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id})
			wantCode(t, err, checkout.CodeDisputed)
			_, err = w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: id, All: true})
			wantCode(t, err, checkout.CodeDisputed)
			_, err = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
			wantCode(t, err, checkout.CodeDisputed)
			w.ok(w.provider.DecideDispute(dispute, won))
			w.webhooks()
			w.tick()
			if s = w.order(id); s.Order.Disputed() || won != (s.Order.Disputes[0].State == checkout.DisputeWon) {
				t.Fatalf("disputes %+v", s.Order.Disputes)
			}
			if left := s.Order.Refundable().Minor; won != (left == 1990) || !won && left != 0 {
				t.Errorf("%d can be refunded", left)
			}
		})
	}
}

func TestEarlyFraudWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_createIssuerFraudRecord", "mug", 1)
	w.webhooks()
	w.tick()
	if s := w.order(id); s.Order.Suspected.IsZero() || s.Review != "radar.early_fraud_warning.created" {
		t.Errorf("suspected %v, review %q", s.Order.Suspected, s.Review)
	}
	w.fulfil(checkout.FulfilInput{OrderID: id}) // a person decides
}

func TestFulfilInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_visa", "mug", 3, "beans", 1)
	mug := checkout.LineID("mug")
	in := checkout.FulfilInput{Request: w.merchant(), OrderID: id, Carrier: "PostNL", TrackingNumber: "3S1", TrackingURL: "https://track.example/3S1",
		Lines: []checkout.LineQuantity{{LineID: mug, Quantity: 2}}}
	for i := range 2 {
		view, err := w.orders.Fulfil(t.Context(), in)
		w.ok(err)
		if view.Replayed != (i == 1) || len(view.Session.Order.Fulfillments) != 1 || view.Session.Progress(mug).Fulfilled != 2 {
			t.Fatalf("replayed %v, fulfillments %+v", view.Replayed, view.Session.Order.Fulfillments)
		}
		wantNotice(t, view.Session, checkout.NoticeOrderFulfilled, view.Session.Order.Fulfillments[0].ID)
	}
	for path, spoil := range map[string]func(*checkout.FulfilInput){
		"$.line_items[0].quantity": func(in *checkout.FulfilInput) { in.Lines = []checkout.LineQuantity{{LineID: mug, Quantity: 2}} },
		"$.line_items[1].id": func(in *checkout.FulfilInput) {
			in.Lines = []checkout.LineQuantity{{LineID: mug, Quantity: 1}, {LineID: mug, Quantity: 1}}
		},
		"$.carrier":         func(in *checkout.FulfilInput) { in.Carrier = "a\nb" },
		"$.tracking_number": func(in *checkout.FulfilInput) { in.TrackingNumber = strings.Repeat("3", 101) },
		"$.tracking_url":    func(in *checkout.FulfilInput) { in.TrackingURL = "http://track.example" },
	} {
		in := checkout.FulfilInput{Request: w.merchant(), OrderID: id}
		spoil(&in)
		_, err := w.orders.Fulfil(t.Context(), in)
		if e := wantCode(t, err, checkout.CodeInvalid); e.Path != path {
			t.Errorf("path %q, want %q", e.Path, path)
		}
	}
	for _, link := range []string{"https:///3S1", "https://[::1", "https://track.example/" + strings.Repeat("3", 479)} {
		_, err := w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id, TrackingURL: link})
		if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.tracking_url" {
			t.Errorf("%.40s: path %q", link, e.Path)
		}
	}
	if s := w.fulfil(checkout.FulfilInput{OrderID: id, TrackingNumber: strings.Repeat("3", 100)}); len(s.Order.Fulfillments[1].Lines) != 2 {
		t.Errorf("the rest is %+v", s.Order.Fulfillments[1])
	}
	_, err := w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id})
	wantCode(t, err, checkout.CodeNotFulfillable)
	_, err = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	wantCode(t, err, checkout.CodeNotCancelable)
	_, err = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id, Reason: strings.Repeat("x", 501)})
	if e := wantCode(t, err, checkout.CodeInvalid); e.Path != "$.reason" {
		t.Errorf("path %q", e.Path)
	}
}

func TestCancelOrder(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edit  func(*checkout.Config)
		begin func(w *world, id string)
	}{
		"paid":            {func(*checkout.Config) {}, func(*world, string) {}},
		"held":            {manual, func(*world, string) {}},
		"partly refunded": {func(*checkout.Config) {}, func(w *world, id string) { w.refund(checkout.RefundInput{OrderID: id, Amount: eur(100)}) }},
		"all refunded":    {func(*checkout.Config) {}, func(w *world, id string) { w.refund(checkout.RefundInput{OrderID: id, Amount: eur(3485)}) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tc.edit)
			_, id := w.ordered("pm_card_visa", "mug", 2)
			tc.begin(w, id)
			in := checkout.CancelOrderInput{Request: w.merchant(), OrderID: id, Reason: "sold out"}
			for i := range 2 {
				view, err := w.orders.Cancel(t.Context(), in)
				w.ok(err)
				if s := view.Session; !s.Order.Canceled() || view.Replayed != (i == 1) || len(s.Holds) != 0 || s.Watch != (checkout.Watch{}) {
					t.Fatalf("cancellation %+v, replayed %v, holds %v, watch %v", s.Order.Cancellation, view.Replayed, s.Holds, s.Watch)
				}
				wantNotice(t, view.Session, checkout.NoticeOrderCanceled, "")
			}
			if w.kept(id) != 0 || w.free("mug") != 10 {
				t.Errorf("kept %d, %d mugs", w.kept(id), w.free("mug"))
			}
			_, err := w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id})
			wantCode(t, err, checkout.CodeNotFulfillable)
			_, err = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
			wantCode(t, err, checkout.CodeNotCancelable)
		})
	}
}

// An order is canceled only with its money returned: while that is open it isn't, and if the provider refuses, it stands.
func TestCancelOrderWhoseRefundFails(t *testing.T) {
	t.Parallel()
	var answer error
	g := &scripted{refund: func(g checkout.Gateway, ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
		if answer != nil {
			return payments.Refund{}, answer
		}
		return g.Refund(ctx, r)
	}}
	w := newWorld(t, g.into)
	_, id := w.ordered("pm_card_visa", "mug", 1)
	answer = &payments.Error{Class: payments.ClassRefused, Err: errors.New("no")}
	view, err := w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	if view.Session.Order.Cancellation != nil || view.Session.Review != "refund_failed" || w.free("mug") != 9 {
		t.Fatalf("cancellation %+v, review %q", view.Session.Order.Cancellation, view.Session.Review)
	}
	answer = errors.New("no answer")
	view, err = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	w.ok(err)
	if c := view.Session.Order.Cancellation; c == nil || c.Done || w.free("mug") != 9 {
		t.Fatalf("cancellation %+v", c)
	}
	answer = nil
	w.wait(5*time.Minute, time.Minute)
	if s := w.order(id); !s.Order.Canceled() || w.kept(id) != 0 || w.free("mug") != 10 {
		t.Errorf("cancellation %+v, kept %d", s.Order.Cancellation, w.kept(id))
	}
}

// Whatever is refunded, shipped and canceled at once: never more goes back than came, and stock adds up.
func TestOrderUnderMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, id := w.ordered("pm_card_visa", "mug", 4)
	mug := checkout.LineID("mug")
	w.overlap(6, func() {
		_, _ = w.orders.Refund(t.Context(), checkout.RefundInput{Request: w.merchant(), OrderID: id,
			Lines: []checkout.RefundLineInput{{LineID: mug, Quantity: 1, Restock: true}}})
		_, _ = w.orders.Fulfil(t.Context(), checkout.FulfilInput{Request: w.merchant(), OrderID: id,
			Lines: []checkout.LineQuantity{{LineID: mug, Quantity: 1}}})
		_, _ = w.orders.Cancel(t.Context(), checkout.CancelOrderInput{Request: w.merchant(), OrderID: id})
	})
	w.wait(10*time.Minute, time.Minute)
	s := w.order(id)
	p := s.Progress(mug)
	if p.Fulfilled > p.Total || p.Refunded > p.Original || w.kept(id) < 0 {
		t.Errorf("mugs are %+v, kept %d", p, w.kept(id))
	}
	w.wantConserved("mug", 10, s.ID)
	if kept := w.kept(id); !s.Order.Canceled() && kept != 6475-1495*p.Refunded || s.Order.Canceled() && kept != 0 {
		t.Errorf("kept %d after %d mugs went back", kept, p.Refunded)
	}
}
