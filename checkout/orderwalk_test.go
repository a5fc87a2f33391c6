package checkout_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
)

var orderWalks = flag.Int("orderwalks", 40, "random lives of an order to try")

// roads are bad ones to provider and store: a call may not arrive, arrive twice, or when its caller has long given up, or its answer may
// not.
type roads struct {
	checkout.Gateway
	checkout.Till
	checkout.SessionStore
	good bool

	mu     sync.Mutex // reconcile works at several things at once
	random *rand.Rand
	late   []func()
}

// land lets what is still on the road arrive.
func (r *roads) land() {
	r.mu.Lock()
	late := r.late
	r.late = nil
	r.mu.Unlock()
	for _, arrive := range late {
		arrive()
	}
}

var errOnTheRoad = &payments.Error{Class: payments.ClassUnknown, Err: errors.New("on the road")}

func travel[T any](r *roads, call func() (T, error)) (T, error) {
	var none T
	r.mu.Lock()
	where := r.random.IntN(10)
	if !r.good && where == 4 {
		r.late = append(r.late, func() { _, _ = call() })
	}
	r.mu.Unlock()
	switch {
	case r.good || where > 5:
		return call()
	case where == 5:
		_, _ = call()
		return call()
	case where == 2 || where == 3:
		_, _ = call()
	}
	return none, errOnTheRoad
}

func (r *roads) Refund(ctx context.Context, in payments.RefundRequest) (payments.Refund, error) {
	ctx = context.WithoutCancel(ctx)
	return travel(r, func() (payments.Refund, error) { return r.Gateway.Refund(ctx, in) })
}

func (r *roads) Cancel(ctx context.Context, id, key string) (payments.Intent, error) {
	return travel(r, func() (payments.Intent, error) { return r.Gateway.Cancel(ctx, id, key) })
}

func (r *roads) Read(ctx context.Context, id string) (payments.Intent, error) {
	return travel(r, func() (payments.Intent, error) { return r.Gateway.Read(ctx, id) })
}

func (r *roads) Capture(ctx context.Context, in payments.CaptureRequest) (payments.Intent, error) {
	return travel(r, func() (payments.Intent, error) { return r.Till.Capture(ctx, in) })
}

func (r *roads) Refunds(ctx context.Context, id string) ([]payments.Refund, error) {
	return travel(r, func() ([]payments.Refund, error) { return r.Till.Refunds(ctx, id) })
}

func (r *roads) Dispute(ctx context.Context, id string) (payments.Dispute, error) {
	return travel(r, func() (payments.Dispute, error) { return r.Till.Dispute(ctx, id) })
}

func (r *roads) Commit(ctx context.Context, c checkout.Commit) error {
	ctx = context.WithoutCancel(ctx)
	_, err := travel(r, func() (struct{}, error) { return struct{}{}, r.SessionStore.Commit(ctx, c) })
	return err
}

// orderWalk is an order to which things happen.
type orderWalk struct {
	*world
	random   *rand.Rand
	road     *roads
	id       string
	disputes []string
	asked    []func()
	told     []string // what happened, for who reads why it failed
}

// Whatever merchants, shoppers, banks and bad roads do to an order, in whatever order: once the roads are good again money, stock and
// codes add up, and the books say what the provider's say.
func TestRandomLivesOfOrders(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*orderWalks) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			road := &roads{random: rand.New(rand.NewPCG(seed, 8)), good: true}
			edits := []func(*checkout.Config){limitedShop, func(c *checkout.Config) {
				road.Gateway, road.Till, road.SessionStore = c.Gateway, c.Till, c.Sessions
				c.Gateway, c.Till, c.Sessions = road, road, road
			}}
			if random.IntN(2) == 0 {
				edits = append(edits, manual)
			}
			w := &orderWalk{world: newWorld(t, edits...), random: random, road: road}
			cart := w.with([]string{"ONCE"}, "mug", 4)
			card := []string{"pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"}[random.IntN(3)]
			w.id = w.pay(cart.Token, w.open(cart).Session.ID, card).Session.Order.ID
			road.good = false
			for range 15 {
				w.step()
				if random.IntN(4) == 0 {
					road.land()
				}
			}
			road.land()
			road.good = true
			w.settle()
			w.check()
			if t.Failed() {
				t.Log(card, w.told)
			}
		})
	}
}

func (w *orderWalk) say(what string, err error) {
	if err != nil {
		what += "!" + string(checkout.ErrorCode(err))
	}
	w.told = append(w.told, what)
}

// ask makes a request that may be repeated later.
func (w *orderWalk) ask(what string, do func() error) {
	w.say(what, do())
	w.asked = append(w.asked, func() { w.say(what+" again", do()) })
}

func (w *orderWalk) step() {
	mug, request := checkout.LineID("mug"), w.merchant()
	switch w.random.IntN(14) {
	case 0, 1:
		in := checkout.RefundInput{Request: request, OrderID: w.id}
		in.Lines = []checkout.RefundLineInput{{LineID: mug, Quantity: 1, Restock: w.random.IntN(2) == 0}}
		w.ask("refund a mug", func() error { _, err := w.orders.Refund(w.Context(), in); return err })
	case 2:
		in := checkout.RefundInput{Request: request, OrderID: w.id, Amount: eur(1 + w.random.Int64N(2000))}
		w.ask("refund "+fmt.Sprint(in.Amount.Minor), func() error { _, err := w.orders.Refund(w.Context(), in); return err })
	case 3:
		in := checkout.RefundInput{Request: request, OrderID: w.id, All: true, Restock: true}
		w.ask("refund all", func() error { _, err := w.orders.Refund(w.Context(), in); return err })
	case 4:
		in := checkout.CancelOrderInput{Request: request, OrderID: w.id}
		w.ask("cancel", func() error { _, err := w.orders.Cancel(w.Context(), in); return err })
	case 5:
		in := checkout.FulfilInput{Request: request, OrderID: w.id, Lines: []checkout.LineQuantity{{LineID: mug, Quantity: 1}}}
		w.ask("ship a mug", func() error { _, err := w.orders.Fulfil(w.Context(), in); return err })
	case 6:
		in := checkout.CaptureInput{Request: request, OrderID: w.id}
		if w.random.IntN(2) == 0 {
			in.Amount = eur(1000)
		}
		w.ask("capture", func() error { _, err := w.orders.Capture(w.Context(), in); return err })
	case 7:
		if len(w.asked) > 0 {
			w.asked[w.random.IntN(len(w.asked))]()
		}
	case 8:
		if len(w.disputes) > 0 {
			return
		}
		if d, err := w.provider.Dispute(w.order(w.id).Order.IntentID, "fraudulent"); err == nil {
			w.disputes = append(w.disputes, d)
			w.say("dispute", nil)
		}
	case 9:
		if len(w.disputes) > 0 {
			w.say("dispute is won", w.provider.DecideDispute(w.disputes[0], true))
		}
	case 10:
		w.stripe("/v1/refunds", url.Values{"payment_intent": {w.order(w.id).Order.IntentID}, "amount": {"100"}})
		w.say("somebody refunds 100", nil)
	case 11:
		w.webhooks()
		w.say("events", nil)
	default:
		d := []time.Duration{time.Minute, time.Hour, 25 * time.Hour}[w.random.IntN(3)]
		w.road.land() // nothing is on the road for longer than the provider remembers its key
		w.later(d)
		w.say(d.String(), nil)
	}
}

// settle lets everything come to its end.
func (w *orderWalk) settle() {
	for _, d := range w.disputes {
		w.ok(w.provider.DecideDispute(d, true))
	}
	for range 3 {
		w.webhooks()
		w.wait(75*time.Hour, 25*time.Hour)
		w.wait(3*time.Hour, time.Hour)
	}
}

func (w *orderWalk) check() {
	w.Helper()
	w.wantBooks(w.id)
	if o := w.order(w.id).Order; w.uses("t:once") != 1 && !o.Canceled() || w.uses("t:once") != 0 && o.Canceled() {
		w.Errorf("the code is used %d times, canceled %v", w.uses("t:once"), o.Canceled())
	}
}

// wantBooks checks that an order's books say what the provider's say, that nothing is left to do, and no goods are gone twice.
func (w *world) wantBooks(id string) {
	w.Helper()
	s := w.order(id)
	o := s.Order
	kept := o.Taken().Minor
	for _, r := range o.Refunds {
		if r.State == checkout.RefundRequested || r.State == checkout.RefundPending {
			w.Errorf("a refund is open: %+v", r)
		}
		if r.State != checkout.RefundFailed {
			kept -= r.Amount.Minor
		}
	}
	if w.kept(id) != kept || kept < 0 {
		w.Errorf("the shop keeps %d, and its books say %d: %+v", w.kept(id), kept, o.Refunds)
	}
	if o.Cancellation != nil && !o.Cancellation.Done || o.Disputed() {
		w.Errorf("cancellation %+v, disputes %+v", o.Cancellation, o.Disputes)
	}
	if s.Watch.Kind != checkout.WatchNone && !o.Authorized {
		w.Errorf("somebody still looks: %v", s.Watch)
	}
	if p := s.Progress(checkout.LineID("mug")); p.Fulfilled > p.Original || p.Refunded > p.Original {
		w.Errorf("mugs are %+v", p)
	}
	w.wantConserved("mug", 10, s.ID)
	w.wantEachRefundOnce()
}

// wantEachRefundOnce counts our refunds at the provider.
func (w *world) wantEachRefundOnce() {
	w.Helper()
	var refunds []struct{ Metadata map[string]string }
	w.listed("/v1/refunds", &refunds)
	made := map[string]int{}
	for _, r := range refunds {
		if id := r.Metadata[payments.MetaRefund]; id != "" {
			if made[id]++; made[id] > 1 {
				w.Errorf("refund %s was made %d times", id, made[id])
			}
		}
	}
}
