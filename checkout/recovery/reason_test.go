package recovery_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/payments"
)

// change changes a shopper's session, and takes back a payment that waits for them.
func (s *shopper) change(id string, ch checkout.SessionChange) {
	s.w.Helper()
	_, err := s.w.sessions.Update(s.w.Context(), checkout.UpdateSessionInput{Request: s.w.request(s.token), SessionID: id, Change: ch})
	s.w.ok(err)
}

// tell ends the shopper's checkout with a reason, as an app does that has asked.
func (s *shopper) tell(reason recovery.Reason) {
	s.w.Helper()
	_, err := s.w.sessions.Cancel(s.w.Context(), checkout.CancelSessionInput{Request: s.w.request(s.token), SessionID: s.open().Session.ID, Left: string(reason)})
	s.w.ok(err)
}

// halfway are carts whose sessions are read a moment later than they are: a payment has begun in between, of which the cart knows
// nothing.
type halfway struct{ recovery.CartStore }

func (h halfway) SessionsOf(ctx context.Context, ids []string) (map[string]checkout.Session, error) {
	found, err := h.CartStore.SessionsOf(ctx, ids)
	for id, s := range found {
		s.Status, s.Attempt = checkout.StatusInProgress, &checkout.Attempt{N: 1, StartedAt: noon}
		found[id] = s
	}
	return found, err
}

// leaving are the ways to leave a cart, by what each must be taken for. What apps tell goes without saying.
var leaving = map[string]struct {
	want  recovery.Reason
	leave func(*shopper)
}{
	"declined":                   {recovery.ReasonPaymentDeclined, func(s *shopper) { s.pay("pm_declined") }},
	"declined, then looked once": {recovery.ReasonPaymentDeclined, func(s *shopper) { s.change(s.pay("pm_declined").Session.ID, checkout.SessionChange{}) }},
	"failed at the bank":         {recovery.ReasonAuthenticationLeft, func(s *shopper) { s.pay("pm_unauthenticated") }},
	"back from the bank without an answer": {recovery.ReasonAuthenticationLeft, func(s *shopper) {
		s.change(s.pay("pm_3ds").Session.ID, checkout.SessionChange{})
	}},
	"sent to another app": {recovery.ReasonRedirectLost, func(s *shopper) {
		v := s.open()
		_, err := s.w.sessions.Prepare(s.w.Context(), checkout.PrepareInput{Request: s.w.request(s.token), SessionID: v.Session.ID})
		s.w.ok(err)
		s.change(v.Session.ID, checkout.SessionChange{})
	}},
	"looked at the sheet": {recovery.ReasonWalletDismissed, func(s *shopper) {
		s.add("LAST-ONE") // so that shipping is little of it
		s.open()
	}},
	"shipping is dear": {recovery.ReasonShippingCost, func(s *shopper) { s.open() }},
	"one was sold": {recovery.ReasonOutOfStock, func(s *shopper) {
		s.add("LAST-ONE")
		s.w.ok(s.w.store.AddStock(s.w.Context(), "sold-"+s.id, "LAST-ONE", -1))
		s.open()
	}},
	"dearer than it was": {recovery.ReasonPriceChanged, func(s *shopper) {
		v := s.open()
		dear, err := s.w.store.Products(s.w.Context(), []string{"MUG-BLUE"})
		s.w.ok(err)
		mug := dear["MUG-BLUE"]
		mug.Prices["EUR"] = 1999
		s.w.ok(s.w.store.PutProducts(s.w.Context(), []checkout.Product{mug}))
		s.w.clock.Advance(31 * time.Minute)
		again, err := s.w.sessions.Complete(s.w.Context(), checkout.CompleteInput{
			Request: s.w.request(s.token), SessionID: v.Session.ID, ExpectedTotal: &v.Session.Quote.Total.Minor,
			Instrument: &payments.Instrument{Handler: "stripe", Kind: payments.InstrumentPaymentMethod, Token: "pm_card"},
		})
		if s.w.ok(err); again.Session.Order != nil {
			s.w.Fatalf("order %v", again.Session.Order)
		}
	}},
	"not brought there": {recovery.ReasonUndeliverable, func(s *shopper) {
		abroad := *destination()
		abroad.Country = "JP"
		s.change(s.open().Session.ID, checkout.SessionChange{Destination: &abroad})
	}},
	"never at the checkout":      {recovery.ReasonNoCheckout, func(*shopper) {}},
	"read halfway":               {recovery.ReasonLeft, func(s *shopper) { s.open() }},
	"told of what we don't know": {recovery.ReasonShippingCost, func(s *shopper) { s.tell("weather") }},
}

// Every reason: what the record shows, and what the app tells, which outweighs it.
func TestReasonsFollowFromTheRecord(t *testing.T) {
	t.Parallel()
	ways := maps.Clone(leaving)
	var told []recovery.Reason
	for _, r := range recovery.Reasons() {
		if r.Reportable() {
			told = append(told, r)
			ways["told "+string(r)] = struct {
				want  recovery.Reason
				leave func(*shopper)
			}{r, func(s *shopper) {
				s.pay("pm_declined")
				s.tell(r)
			}}
		}
	}
	if want := []recovery.Reason{ // ACP 2026-04-17, IntentTrace.reason_code
		"comparison", "other", "payment_options", "price_sensitivity", "product_fit", "returns_policy", "shipping_cost", "shipping_speed",
		"timing_deferred", "trust_security",
	}; !slices.Equal(slices.Sorted(slices.Values(told)), want) {
		t.Errorf("apps may tell %v, want %v", told, want)
	}
	covered := map[recovery.Reason]bool{}
	for name, way := range ways {
		covered[way.want] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, func(p *parts) {
				if way.want == recovery.ReasonLeft {
					*p.carts = halfway{*p.carts}
				}
			})
			way.leave(w.fill("ada@example.com", yes()))
			w.pass(22*time.Hour, time.Hour)
			w.sent("email/email")
			if m := w.postman.last(); m.Reason != string(way.want) {
				t.Errorf("reason %s, want %s", m.Reason, way.want)
			}
		})
	}
	for _, r := range recovery.Reasons() {
		if !covered[r] {
			t.Errorf("nobody has left for %s", r)
		}
	}
}
