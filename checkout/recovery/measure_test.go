package recovery_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// Whoever was dealt an arm counts in it, also if the provider then refused the message: in the holdout nobody would know. And nobody
// is dealt one by a stage that could not be sent in either.
func TestBothArmsCountAlike(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) { p.settings.Holdout = recovery.Holdout{Percent: 50, Salt: "spring"} })
	w.rewire(func(c *recovery.SenderConfig) { delete(c.Messengers, recovery.ChannelPush) })
	var all []*shopper
	for i := range 30 {
		s := w.fill(fmt.Sprintf("shopper%d@example.com", i), yes())
		s.phone("")
		all = append(all, s)
		w.postman.then(false, &recovery.Refusal{Err: errors.New("no such mailbox")})
	}
	w.pass(2 * time.Hour)
	if n := len(w.ledger.of(recovery.FactEligible)); n != 0 {
		t.Errorf("%d people entered an arm by a stage that nobody could be sent", n)
	}
	w.pass(19 * time.Hour)
	entered := map[recovery.Arm]int{}
	for _, f := range w.ledger.of(recovery.FactEligible) {
		entered[f.Arm]++
		if f.Percent != 50 {
			t.Errorf("dealt while %d %% were held out", f.Percent)
		}
	}
	if entered[recovery.ArmTreated]+entered[recovery.ArmHoldout] != len(all) || entered[recovery.ArmTreated] == 0 || entered[recovery.ArmHoldout] == 0 {
		t.Errorf("entered %v of %d", entered, len(all))
	}
}

// The deal counts as it was made, though the share changes before it is told.
func TestTheShareIsThatOfTheDeal(t *testing.T) {
	t.Parallel()
	w := newTown(t, awake, func(p *parts) { p.settings.Holdout = recovery.Holdout{Percent: 1, Salt: "spring"} })
	w.fill("ada@example.com", yes())
	w.clock.Advance(19 * time.Hour)
	w.tick()
	w.clock.Advance(time.Hour)
	w.ledger.fail = 1
	w.tick()
	w.sent("email/email")
	if n := len(w.ledger.of(recovery.FactEligible)); n != 0 {
		t.Fatalf("%d are told of", n)
	}
	w.rewire(func(c *recovery.SenderConfig) { c.Settings.Holdout.Percent = 50 })
	w.tick()
	if got := w.ledger.of(recovery.FactEligible); len(got) != 1 || got[0].Percent != 1 || got[0].Arm != recovery.ArmTreated {
		t.Errorf("entered %+v", got)
	}
}

// A guest who is known by a cart and its phone alone enters an arm under the cart's name, and counts in it with the order, for which an
// address is given.
func TestAGuestKnownByThePhoneIsMeasured(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("", yes())
	ada.phone("")
	w.pass(90 * time.Minute)
	w.sent("push/push")
	email := "ada@example.com"
	_, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: ada.request(), CartID: ada.id,
		Change: checkout.SessionChange{Destination: destination(), Buyer: checkout.BuyerPatch{Email: &email}}})
	w.ok(err)
	ada.pay("pm_card")
	w.tick()
	entered, ordered := w.ledger.of(recovery.FactEligible), w.ledger.of(recovery.FactOrdered)
	if len(entered) != 1 || len(ordered) != 1 || ordered[0].Person != entered[0].Person || ordered[0].Person != recovery.ContactOfCart(ada.id) {
		t.Errorf("entered %+v, ordered %+v", entered, ordered)
	}
}
