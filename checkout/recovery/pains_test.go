package recovery_test

import (
	"fmt"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/payments/money"
)

// Each test here is named after what shops and their customers complain about in other tools.

func TestNoReminderAfterThePurchase(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	ada.pay("pm_card")
	w.pass(4 * 24 * time.Hour)
	w.sent()
	ada.closed(recovery.WhyBought)
}

// A purchase between the sweep's claim and the worker's send.
func TestNoReminderAfterAPurchaseInBetween(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.clock.Advance(time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	ada.pay("pm_card")
	w.tick()
	w.sent()
	ada.became("push", recovery.StateSkipped, recovery.WhyBought)
}

// Somebody who has bought from another cart has what she came for.
func TestNoReminderAfterAPurchaseFromAnotherCart(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	w.clock.Advance(time.Minute)
	other := w.fill("Ada@Example.com ", yes())
	other.pay("pm_card")
	w.tick()
	w.pass(4 * 24 * time.Hour)
	w.sent()
	ada.closed(recovery.WhyBought)
}

func TestNoReminderWhilePaying(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.clock.Advance(59 * time.Minute)
	ada.pay("pm_3ds")
	w.pass(15 * time.Minute)
	w.sent()
}

// A schedule that was down for days must not send all stages at once when it comes back.
func TestALateSweepStacksNoMessages(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.clock.Advance(5 * 24 * time.Hour)
	for range 5 {
		w.tick()
	}
	w.sent("email/incentive")
	ada.became("push", recovery.StateSkipped, recovery.WhyOvertaken)
	ada.became("email", recovery.StateSkipped, recovery.WhyOvertaken)
	w.pass(7 * 24 * time.Hour)
	w.sent("email/incentive")
}

func TestALateStageKeepsItsDistanceFromTheNext(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) { p.settings.Quiet = recovery.QuietHours{From: "00:00", To: "00:00"} })
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.clock.Advance(19*time.Hour + 55*time.Minute) // five minutes before the e-mail is due
	w.tick()
	w.sent("push/push")
	w.pass(9 * time.Hour)
	w.sent("push/push")
	w.pass(2 * time.Hour)
	w.sent("push/push", "email/email")
}

// luluhoc/medusa-plugin-abandoned-cart#12: a shop that wants an hour, a day and five days gets just that.
func TestAScheduleOfTheShopsOwn(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) {
		p.settings.Quiet = recovery.QuietHours{From: "00:00", To: "00:00"}
		p.settings.Plan = []recovery.Stage{
			{Name: "hour", After: recovery.Duration(time.Hour), Channel: recovery.ChannelPush},
			{Name: "day", After: recovery.Duration(24 * time.Hour), Channel: recovery.ChannelEmail},
			{Name: "five-days", After: recovery.Duration(120 * time.Hour), Channel: recovery.ChannelEmail},
		}
	})
	w.fill("ada@example.com", yes()).phone("")
	w.pass(8*24*time.Hour, 30*time.Minute)
	w.sent("push/hour", "email/day", "email/five-days")
	for i, after := range []time.Duration{time.Hour, 24 * time.Hour, 120 * time.Hour} {
		if got := w.postman.when[i].Sub(noon); got != after {
			t.Errorf("message %d comes after %v, want %v", i+1, got, after)
		}
	}
}

func TestSwitchingItOnMailsNoOldCart(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) { p.settings.Since = noon.Add(time.Second) })
	old := w.fill("ada@example.com", yes())
	old.phone("")
	w.clock.Advance(2 * time.Second)
	fresh := w.fill("bob@example.com", yes())
	fresh.phone("")
	w.pass(2 * time.Hour)
	w.sent("push/push")
	if w.postman.last().To != "push-"+fresh.id {
		t.Errorf("sent to %s", w.postman.last().To)
	}
	old.closed(recovery.WhyInactive)
}

func TestOffMeansOff(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) { p.settings.Since = time.Time{} })
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.pass(4 * 24 * time.Hour)
	w.sent()
	ada.closed(recovery.WhyInactive)
}

// Recovered once, and not abandoned again by the same goods.
func TestARecoveryCountsOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.pass(21 * time.Hour)
	w.sent("push/push", "email/email")
	v := ada.pay("pm_card")
	for range 3 {
		w.ok(w.tracer.Consume(t.Context(), checkout.OutboxItem{ID: "n", Notice: checkout.Notice{Kind: checkout.NoticeOrderPlaced}, Session: v.Session}))
		w.tick()
	}
	w.pass(10 * 24 * time.Hour)
	w.sent("push/push", "email/email")
	got := w.ledger.of(recovery.FactRecovered)
	if len(got) != 1 || got[0].Stage != "email" || got[0].Amount != v.Session.Order.Amount || got[0].Amount == (money.Money{}) {
		t.Errorf("recovered are %+v", got)
	}
	if n := len(w.ledger.of(recovery.FactAbandoned)); n != 1 {
		t.Errorf("abandoned %d times", n)
	}
}

func TestNothingIsRecoveredThatNobodyWasRemindedOf(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	w.pass(2 * time.Hour) // it counts as left, but no message went out
	ada.pay("pm_card")
	w.tick()
	if got := w.ledger.of(recovery.FactRecovered); len(got) != 0 {
		t.Errorf("recovered are %+v", got)
	}
}

// Shoppers whose apps send no event of their own: the record on the server is enough.
func TestNoEventOfTheAppIsNeeded(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("", nil)
	consent := &checkout.Consent{Marketing: yes()}
	email := "ada@example.com"
	_, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: w.request(ada.token), CartID: ada.id,
		Change: checkout.SessionChange{Destination: destination(), Buyer: checkout.BuyerPatch{Email: &email, Consent: consent}}})
	w.ok(err)
	w.pass(21 * time.Hour)
	w.sent("email/email")
	if m := w.postman.last(); m.To != email || m.Reason != string(recovery.ReasonShippingCost) && m.Reason != string(recovery.ReasonWalletDismissed) {
		t.Errorf("message is %+v", m)
	}
}

// Coming back starts the clock anew, and never the plan.
func TestWhoComesBackIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.pass(50 * time.Minute)
	ada.add("PLATE-WHITE")
	w.pass(50 * time.Minute)
	w.sent()
	w.pass(20 * time.Minute)
	w.sent("push/push")
	ada.add("PLATE-WHITE")
	w.pass(5 * 24 * time.Hour)
	w.sent("push/push", "email/email", "email/incentive")
}

// Activity between the claim and the send.
func TestActivityInBetweenPostpones(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.clock.Advance(time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	ada.add("PLATE-WHITE")
	w.tick()
	w.sent()
	w.pass(70 * time.Minute)
	w.sent("push/push")
}

func TestNothingIsPraisedThatIsSoldOut(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes(), func(in *checkout.CreateCartInput) { in.Lines = []checkout.LineInput{{SKU: "LAST-ONE", Quantity: 1}} })
	w.ok(w.store.AddStock(t.Context(), "sold", "LAST-ONE", -1))
	w.pass(4 * 24 * time.Hour)
	w.sent()
	ada.became("email", recovery.StateSkipped, recovery.WhyNoStock)
}

func TestHoldoutGetsNothingAndIsMeasured(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) { p.settings.Holdout = recovery.Holdout{Percent: 50, Salt: "spring"} })
	var shoppers []*shopper
	for i := range 30 {
		shoppers = append(shoppers, w.fill(fmt.Sprintf("shopper%d@example.com", i), yes()))
	}
	w.pass(21 * time.Hour)
	held := 0
	for _, s := range shoppers {
		arm := w.contact(s.email).Arm
		if arm == nil {
			t.Fatalf("%s has no arm", s.email)
		}
		if arm.Arm == recovery.ArmHoldout {
			held++
			s.closed(recovery.WhyHoldout)
		}
	}
	if n := len(w.postman.list()); held == 0 || n != len(shoppers)-held {
		t.Errorf("%d messages to %d people of whom %d are held out", n, len(shoppers), held)
	}
	if n := len(w.ledger.of(recovery.FactEligible)); n != len(shoppers) {
		t.Errorf("%d eligible people counted", n)
	}
	for _, s := range shoppers {
		s.pay("pm_card")
	}
	w.tick()
	if n := len(w.ledger.of(recovery.FactOrdered)); n != len(shoppers) {
		t.Errorf("%d orders of people with arms counted", n)
	}
}
