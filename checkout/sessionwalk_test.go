package checkout_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments"
)

var sessionWalks = flag.Int("sessionwalks", 40, "random ways of a cart to pay to try")

func (r *roads) Pay(ctx context.Context, in payments.Request) (payments.Intent, error) {
	ctx = context.WithoutCancel(ctx)
	return travel(r, func() (payments.Intent, error) { return r.Gateway.Pay(ctx, in) })
}

func (r *roads) Find(ctx context.Context, session string, since time.Time) ([]payments.Intent, error) {
	return travel(r, func() ([]payments.Intent, error) { return r.Gateway.Find(ctx, session, since) })
}

// sessionWalk is a cart that somebody wants to pay, on several devices at once.
type sessionWalk struct {
	*world
	random  *rand.Rand
	cart    checkout.CartView
	id      string
	shelf   int64    // mugs that are free, held and sold here
	intents []string // whose client secrets some app has
	asked   []func()
	told    []string
}

// Whatever devices, banks, apps with old secrets and bad roads do to a cart, in whatever order: once the roads are good again there is
// one order and its money, or none and none, and stock, codes and intents add up.
func TestRandomWaysToPay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*sessionWalks) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 11))
			road := &roads{random: rand.New(rand.NewPCG(seed, 12)), good: true}
			edits := []func(*checkout.Config){limitedShop, func(c *checkout.Config) {
				road.Gateway, road.Till, road.SessionStore = c.Gateway, c.Till, c.Sessions
				c.Gateway, c.Till, c.Sessions = road, road, road
			}}
			if random.IntN(3) == 0 {
				edits = append(edits, manual)
			}
			w := &sessionWalk{world: newWorld(t, edits...), random: random, shelf: 10}
			w.cart = w.with([]string{"ONCE"}, "mug", 2)
			w.id = w.open(w.cart).Session.ID
			for range 15 {
				road.good = random.IntN(2) == 0
				w.step()
				if random.IntN(4) == 0 {
					road.land()
				}
			}
			road.land()
			road.good = true
			w.check()
			if t.Failed() {
				t.Log(w.told)
			}
		})
	}
}

func (w *sessionWalk) say(what string, view checkout.SessionView, err error) {
	if err != nil {
		what += "!" + string(checkout.ErrorCode(err))
	} else if view.Session.ID != "" {
		what += "=" + string(view.Session.Status)
	}
	w.told = append(w.told, what)
	if in := view.Session.Intent; err == nil && in != nil && in.ClientSecret != "" {
		w.intents = append(w.intents, in.ID)
	}
}

// ask makes a request that may be repeated later.
func (w *sessionWalk) ask(what string, do func() (checkout.SessionView, error)) {
	made := func(what string) {
		view, err := do()
		w.say(what, view, err)
	}
	made(what)
	w.asked = append(w.asked, func() { made(what + " again") })
}

func (w *sessionWalk) pick(some ...string) string { return some[w.random.IntN(len(some))] }

func (w *sessionWalk) step() {
	ctx, request := w.Context(), w.request(w.cart.Token)
	switch w.random.IntN(18) {
	case 0, 1, 2:
		pm := w.pick("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_sandbox_processing",
			"pm_sandbox_processing_fails")
		in := checkout.CompleteInput{Request: request, SessionID: w.id, Instrument: method(pm)}
		w.ask("complete "+pm, func() (checkout.SessionView, error) { return w.sessions.Complete(ctx, in) })
	case 3, 4:
		in := checkout.PrepareInput{Request: request, SessionID: w.id}
		w.ask("prepare", func() (checkout.SessionView, error) { return w.sessions.Prepare(ctx, in) })
	case 5, 6:
		if len(w.intents) > 0 {
			pm := w.pick("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_sandbox_processing")
			how := url.Values{"payment_method": {pm}, "return_url": {"https://shop.example/return"}}
			a := w.stripe("/v1/payment_intents/"+w.pick(w.intents...)+"/confirm", how)
			w.say(fmt.Sprintf("app confirms with %s: %d", pm, a.Status), checkout.SessionView{}, nil)
		}
	case 7:
		if len(w.intents) > 0 {
			good := w.random.IntN(3) > 0
			err := w.provider.Authenticate(w.pick(w.intents...), good)
			w.say(fmt.Sprintf("bank %v, %v", good, err == nil), checkout.SessionView{}, nil)
		}
	case 8:
		in := checkout.UpdateSessionInput{Request: request, SessionID: w.id}
		in.Change.Lines = linesOf("mug", 1+w.random.IntN(3))
		w.ask("change lines", func() (checkout.SessionView, error) { return w.sessions.Update(ctx, in) })
	case 9:
		in := checkout.UpdateSessionInput{Request: request, SessionID: w.id}
		in.Change.Codes = [][]string{{}, {"ONCE"}, {"EACH"}, {"ALL", "SHIP"}, {"ALL", "SHIP"}}[w.random.IntN(5)]
		w.ask(fmt.Sprint("codes ", in.Change.Codes), func() (checkout.SessionView, error) { return w.sessions.Update(ctx, in) })
	case 10:
		if w.random.IntN(2) == 0 {
			in := checkout.CancelSessionInput{Request: request, SessionID: w.id}
			w.ask("cancel", func() (checkout.SessionView, error) { return w.sessions.Cancel(ctx, in) })
		}
	case 11:
		in := checkout.CreateSessionInput{Request: request, CartID: w.cart.Cart.ID, Change: everything("NL")}
		if view, err := w.sessions.Create(ctx, in); err == nil {
			w.id = view.Session.ID
			w.say("open", view, err)
		}
	case 12:
		if len(w.asked) > 0 {
			w.asked[w.random.IntN(len(w.asked))]()
		}
	case 13:
		events := w.provider.Undelivered()
		for range min(len(events), 3) { // in any order, some of them twice
			_ = w.provider.Deliver(ctx, events[w.random.IntN(len(events))].Event)
		}
		w.say(fmt.Sprint("some of ", len(events), " events"), checkout.SessionView{}, nil)
	case 16: // they go like hot cakes, or come back
		n := []int64{-7, -1, 3}[w.random.IntN(3)]
		if w.store.AddStock(ctx, w.key(), "mug", n) == nil {
			w.shelf += n
			w.say(fmt.Sprint(n, " mugs"), checkout.SessionView{}, nil)
		}
	case 17:
		mug := demoProducts()[0]
		mug.Prices["EUR"] += w.random.Int64N(300) - 100
		w.stock(mug)
		w.say(fmt.Sprint("a mug costs ", mug.Prices["EUR"]), checkout.SessionView{}, nil)
	case 14:
		view, err := w.sessions.Session(ctx, request.Caller, w.id)
		w.say("read", view, err)
	default:
		d := []time.Duration{time.Minute, 6 * time.Minute, 25 * time.Minute, 7 * time.Hour}[w.random.IntN(4)]
		w.clock.advance(d)
		_ = w.provider.Run(ctx, w.clock.Now())
		_, _ = w.reconciler.Run(ctx)
		_, _ = w.sweeper.Run(ctx)
		w.say(d.String(), checkout.SessionView{}, nil)
	}
}

// all are the sessions that the cart has had.
func (w *sessionWalk) all() (ids []string) {
	w.Helper()
	cart, err := w.store.Cart(w.Context(), w.cart.Cart.ID)
	w.ok(err)
	for round := range cart.Round + 1 {
		if _, err := w.store.Session(w.Context(), checkout.SessionID(cart.ID, round)); err == nil {
			ids = append(ids, checkout.SessionID(cart.ID, round))
		}
	}
	return ids
}

func (w *sessionWalk) check() {
	w.Helper()
	w.wait(15*time.Minute, time.Minute)
	for _, id := range w.all() {
		if s := w.session(id); s.Status == checkout.StatusInProgress && (s.Intent == nil || s.Intent.Status != payments.StatusProcessing) {
			w.Errorf("still undecided after 15 minutes: %+v, intent %+v", s.Attempt, s.Intent)
		}
	}
	for range 3 {
		w.webhooks()
		w.wait(8*time.Hour, 30*time.Minute)
	}
	var order *checkout.Session
	var kept int64
	for _, id := range w.all() {
		s := w.session(id)
		k, _ := w.charged(id)
		kept += k
		switch {
		case s.Order != nil && order != nil:
			w.Errorf("two orders: %s and %s", order.ID, s.ID)
		case s.Order != nil:
			order = &s
		case s.Status != checkout.StatusCanceled || len(s.Holds)+len(s.Redeemed) > 0 || s.Watch != (checkout.Watch{}):
			w.Errorf("session %s, holds %v, uses %v, watch %v", s.Status, s.Holds, s.Redeemed, s.Watch)
		}
		for _, r := range s.Refunds {
			if !r.Done {
				w.Errorf("owed: %+v", r)
			}
		}
	}
	want, uses := int64(0), int64(0)
	if order != nil {
		if !order.Order.Authorized {
			want = order.Order.Amount.Minor
		}
		for _, key := range order.Redeemed {
			if key == "t:once" {
				uses = 1
			}
		}
		if order.Order.Amount != order.Quote.Total {
			w.Errorf("the order is of %v, the shopper saw %v", order.Order.Amount, order.Quote.Total)
		}
	}
	if kept != want || w.uses("t:once") != uses {
		w.Errorf("the shop keeps %d, want %d; the code is used %d times, want %d", kept, want, w.uses("t:once"), uses)
	}
	w.wantConserved("mug", w.shelf, w.all()...)
	w.wantNothingAlive(order)
}

// wantNothingAlive checks that no intent can still be paid, and none holds money but the order's.
func (w *sessionWalk) wantNothingAlive(order *checkout.Session) {
	w.Helper()
	var intents []struct{ ID, Status string }
	w.listed("/v1/payment_intents", &intents)
	for _, in := range intents {
		ours := order != nil && order.Order.IntentID == in.ID
		if in.Status != "canceled" && in.Status != "succeeded" && !(ours && in.Status == "requires_capture") {
			w.Errorf("intent %s is %s", in.ID, in.Status)
		}
	}
}
