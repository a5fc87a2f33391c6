package recovery_test

import (
	"fmt"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/recovery"
)

// spoiled is a town whose stores of carts and contacts lie behind a network.
func spoiled(t *testing.T) (*town, *checkouttest.Hostile) {
	t.Helper()
	var h *checkouttest.Hostile
	w := newTown(t, func(p *parts) {
		h = checkouttest.NewHostile(checkouttest.Stores{Carts: must(as[checkout.CartStore](*p.carts))(t)}, nil)
		*p.carts = must(as[recovery.CartStore](h.Carts))(t)
		*p.contacts = must(as[recovery.ContactStore](h.Carts))(t)
	})
	notices := must(as[checkout.CartNoticeStore](h.Carts))(t)
	w.outbox = must(checkout.NewOutbox(checkout.OutboxConfig{Store: w.store, Carts: notices, Consumers: map[string][]checkout.Consumer{
		checkout.NoticeFollowUpDue: {w.sender}, checkout.NoticeCartAbandoned: {w.tracer},
	}}))(t)
	return w, h
}

// as is a store by another of its interfaces.
func as[T any](store any) (T, error) {
	t, ok := store.(T)
	if !ok {
		return t, fmt.Errorf("a %T has not the methods of %T", store, &t)
	}
	return t, nil
}

// followedThrough has a cart swept and its messages sent for a day, in whatever weather, and returns how often each stage was
// handed over. What is delayed lands before the next sweep, or behind it.
func followedThrough(w *town, h *checkouttest.Hostile, weather func(), early bool) (*shopper, map[string]int) {
	w.Helper()
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	h.Reset()
	weather()
	for _, d := range []time.Duration{time.Hour, time.Minute, time.Minute, time.Hour, time.Hour, 17 * time.Hour, time.Hour, time.Hour, time.Hour} {
		w.clock.Advance(d)
		if early {
			h.Land()
		}
		_, _ = w.sweeper.Run(w.Context()) // what fails is found again by the next run
		if !early {
			h.Land()
		}
		_, _ = w.outbox.Drain(w.Context())
	}
	sent := map[string]int{}
	for _, m := range w.postman.taken {
		sent[m.Stage]++
	}
	return ada, sent
}

// Each call that sweep and send make goes wrong in each way that it can: no stage is handed over twice, and none is left without a
// record of what became of it.
func TestSweepAndSendOverABadNetwork(t *testing.T) {
	t.Parallel()
	w, h := spoiled(t)
	_, sent := followedThrough(w, h, func() {}, true)
	if sent["push"] != 1 || sent["email"] != 1 {
		t.Fatalf("in good weather %v were sent", sent)
	}
	calls := h.Calls()
	if len(calls) < 30 || h.Count("FollowCart") < 6 || h.Count("PutContact") < 2 {
		t.Fatalf("only %d calls: %v", len(calls), calls)
	}
	for i, c := range calls {
		for _, way := range checkouttest.Ways(c.Method) {
			t.Run(fmt.Sprintf("%d %s %s", i+1, c.Method, way), func(t *testing.T) {
				t.Parallel()
				for _, early := range []bool{true, false} {
					once(t, i+1, way, early)
				}
			})
		}
	}
}

func once(t *testing.T, call int, way checkouttest.Way, early bool) {
	t.Helper()
	w, h := spoiled(t)
	ada, sent := followedThrough(w, h, func() { h.At(call, way) }, early)
	if went := h.Calls()[call-1]; went.Way != way {
		t.Fatalf("call %d went %q", call, went.Way)
	}
	for _, stage := range []string{"push", "email"} {
		f := ada.followUp(stage)
		state := recovery.State(f.State)
		switch {
		case sent[stage] > 1:
			t.Errorf("%s was handed over %d times", stage, sent[stage])
		case sent[stage] == 1 && state != recovery.StateSent && state != recovery.StateUnknown:
			t.Errorf("%s was handed over and is %s (%s)", stage, f.State, f.Why)
		case sent[stage] == 0 && state != recovery.StateUnknown && (state != recovery.StateSkipped || f.Why == ""):
			t.Errorf("%s was not handed over and is %s (%s)", stage, f.State, f.Why)
		}
	}
}
