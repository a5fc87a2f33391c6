package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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

func TestOverlappingSweepsSendOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var shoppers []*shopper
	for i := range 40 {
		s := w.fill(fmt.Sprintf("shopper%d@example.com", i), yes())
		s.phone("")
		shoppers = append(shoppers, s)
	}
	w.clock.Advance(time.Hour)
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		all.Go(func() {
			_, err := w.sweeper.Run(t.Context())
			_, err2 := w.outbox.Drain(t.Context())
			errs[i] = errors.Join(err, err2)
		})
	}
	all.Wait()
	w.tick()
	w.pass(time.Minute)
	if n := len(w.postman.list()); n != len(shoppers) {
		t.Errorf("%d messages to %d people; errors %v", n, len(shoppers), errors.Join(errs...))
	}
	for _, s := range shoppers {
		s.became("push", recovery.StateSent, "")
	}
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

// Messages come by the recipient's clock, wherever the shop is, and never in the night there.
func TestQuietHoursAreTheRecipients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, want string }{
		{"Europe/Amsterdam", "2026-03-02T13:00:00+01:00"},    // noon is eleven in UTC; one hour later it is day
		{"Asia/Tokyo", "2026-03-03T09:00:00+09:00"},          // nine in the evening
		{"America/Los_Angeles", "2026-03-02T09:00:00-08:00"}, // four in the morning
		{"Pacific/Kiritimati", "2026-03-03T09:00:00+14:00"},
		{"Pacific/Pago_Pago", "2026-03-02T09:00:00-11:00"},
		{"Mars/Olympus", "2026-03-02T13:00:00+01:00"}, // the shop's
		{"", "2026-03-02T13:00:00+01:00"},
	} {
		w := newTown(t)
		ada := w.fill("ada@example.com", yes())
		ada.phone(tt.zone)
		w.pass(30*time.Hour, time.Minute)
		if len(w.postman.when) == 0 {
			t.Errorf("%s: nothing was sent", tt.zone)
			continue
		}
		if got, want := w.postman.when[0], moment(t, tt.want); got.Sub(want).Abs() > 2*time.Minute {
			t.Errorf("%s: sent at %v, want %v", tt.zone, got.In(want.Location()), want)
		}
	}
}

// What the night postpones is sent, not dropped.
func TestSkippedAtNightIsSentInTheMorning(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.clock.Advance(9 * time.Hour) // 21:00 in Amsterdam, after which it is quiet
	ada := w.fill("ada@example.com", yes())
	ada.phone("Europe/Amsterdam")
	w.pass(2 * time.Hour)
	w.sent()
	ada.became("push", recovery.StatePostponed, recovery.WhyQuiet)
	w.pass(11 * time.Hour)
	w.sent("push/push")
}

func TestNoThanksIsHeard(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	_, err := w.carts.Cancel(t.Context(), checkout.CancelCartInput{Request: w.request(ada.token), CartID: ada.id, Left: "price_sensitivity"})
	w.ok(err)
	w.pass(4 * 24 * time.Hour)
	w.sent()
	ada.closed(recovery.WhyCanceled)

	asked := w.fill("bob@example.com", no())
	asked.phone("")
	w.pass(4 * 24 * time.Hour)
	w.sent()
	asked.closed(recovery.WhyNoConsent)
}

func TestSilenceIsNoConsent(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", nil)
	ada.phone("")
	w.pass(5 * 24 * time.Hour)
	w.sent()
	ada.closed(recovery.WhyNoConsent)
	nobody := w.fill("", yes())
	w.pass(5 * 24 * time.Hour)
	nobody.closed(recovery.WhyNoChannel)
}

func TestAnUnsubscribeCountsAtOnceAndForEveryCart(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	w.pass(21 * time.Hour)
	w.sent("email/email")
	_, token, _ := strings.Cut(w.postman.last().Unsubscribe, "/unsubscribe/")
	if _, ok := w.registry.Recipient(token, recovery.PurposeUnsubscribe); !ok || w.contact("ada@example.com").Consents[recovery.ChannelEmail].State != recovery.ConsentGiven {
		t.Fatal("a look at the page is no click")
	}
	for range 2 {
		_, err := w.registry.Unsubscribe(t.Context(), token, false)
		w.ok(err)
	}
	again := w.fill("ADA@example.com", yes()) // whoever ticks the box
	w.pass(6 * 24 * time.Hour)
	w.sent("email/email")
	again.closed(recovery.WhySuppressed)
	ada.closed(recovery.WhyEnded)
}

// An unsubscribe between the claim and the send.
func TestAnUnsubscribeInBetweenIsHeard(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	w.clock.Advance(20 * time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	_, err = w.registry.Unsubscribe(t.Context(), w.links.Token(recovery.Link{
		Purpose: recovery.PurposeUnsubscribe, Subject: checkout.PersonOfEmail("ada@example.com"), Channel: recovery.ChannelEmail, Sent: noon,
	}), false)
	w.ok(err)
	w.tick()
	w.sent()
	ada.became("email", recovery.StateSkipped, recovery.WhySuppressed)
}

func TestBouncesAndComplaintsSuppress(t *testing.T) {
	t.Parallel()
	for _, kind := range []recovery.FeedbackKind{recovery.FeedbackBounced, recovery.FeedbackComplaint} {
		w := newTown(t)
		ada := w.fill("ada@example.com", yes())
		w.pass(21 * time.Hour)
		w.sent("email/email")
		for range 2 {
			w.ok(w.registry.Report(t.Context(), recovery.Feedback{ID: "1", Kind: kind, Channel: recovery.ChannelEmail, Address: "Ada@example.com"}))
		}
		w.pass(5 * 24 * time.Hour)
		w.sent("email/email")
		ada.closed(recovery.WhyEnded)
	}
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

// Somebody else's address can't be bombed with carts.
func TestAnAddressCantBeBombed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for range 50 {
		w.fill("victim@example.com", yes())
	}
	w.pass(24 * time.Hour)
	if n := len(w.postman.list()); n != 2 {
		t.Errorf("%d messages within a day", n)
	}
	w.pass(6 * 24 * time.Hour)
	if n := len(w.postman.list()); n > 4 {
		t.Errorf("%d messages within a week", n)
	}
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

// A worker dies after its claim: nobody can tell whether the provider took the message, so nobody sends it again, and the record
// says so.
func TestAWorkerThatDiesSendsNothingTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	ctx, kill := context.WithCancel(t.Context())
	w.postman.during(func(recovery.Message) { kill() })
	w.clock.Advance(time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	item := checkout.OutboxItem{Cart: ada.cart(), Notice: checkout.Notice{Kind: checkout.NoticeFollowUpDue, Ref: "push"}}
	if err := w.sender.Consume(ctx, item); err == nil {
		t.Fatal("a worker that is dead says that all is well")
	}
	ada.became("push", recovery.StateSending, "")
	if err := w.sender.Consume(t.Context(), item); checkout.ErrorCode(err) != checkout.CodeUnavailable {
		t.Errorf("while a worker may be sending: %v", err)
	}
	w.clock.Advance(time.Minute)
	w.tick()
	ada.became("push", recovery.StateUnknown, "")
	w.sent("push/push")
	w.pass(24 * time.Hour)
	w.sent("push/push", "email/email")
}

// A provider that takes a message and times out.
func TestAProviderThatTimesOutAfterAcceptingGetsNoSecond(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.postman.then(true, context.DeadlineExceeded)
	w.pass(3 * time.Hour)
	w.sent("push/push")
	ada.became("push", recovery.StateUnknown, "")
}

// What is refused for now is tried again under the same id, until it is taken once.
func TestAProviderThatIsBusyGetsItLater(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	busy := &recovery.Refusal{Retry: true, Err: errors.New("throttled")}
	w.postman.then(false, busy)
	w.postman.then(false, busy)
	w.pass(3 * time.Hour)
	w.sent("push/push")
	if f := ada.became("push", recovery.StateSent, ""); f.Tries != 3 || f.Provider == "" {
		t.Errorf("follow-up is %+v", f)
	}
}

func TestADeviceThatIsGoneIsAskedNoMore(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.postman.then(false, &recovery.Refusal{Gone: true, Err: errors.New("disabled")})
	w.pass(21 * time.Hour)
	w.sent("email/email")
	ada.became("push", recovery.StateRefused, recovery.WhyGone)
}

// Notices come doubled and late.
func TestDoubledNoticesSendOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.clock.Advance(time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	for range 3 {
		if failed := w.outbox.Deliver(t.Context(), []string{ada.id, ada.id}); len(failed) > 0 {
			t.Fatal(failed)
		}
	}
	w.ok(w.sender.Consume(t.Context(), checkout.OutboxItem{Cart: ada.cart(), Notice: checkout.Notice{Kind: checkout.NoticeFollowUpDue, Ref: "push"}}))
	w.sent("push/push")
	if n := len(w.ledger.of(recovery.FactSent)); n != 1 {
		t.Errorf("counted %d times", n)
	}
}

// Double opt-in: where the law wants it, an address is written to once its owner has said yes.
func TestDoubleOptIn(t *testing.T) {
	t.Parallel()
	german := func(in *checkout.CreateCartInput) { in.Context.Country = "DE" }
	w := newTown(t)
	carts := []*shopper{w.fill("ada@example.com", yes(), german), w.fill("ada@example.com", yes(), german)}
	w.pass(2 * time.Hour)
	w.sent("email:confirm")
	m := w.postman.last()
	if strings.Contains(m.Text, "mug") || m.Unsubscribe != "" {
		t.Errorf("the request to confirm advertises: %+v", m)
	}
	_, token, _ := strings.Cut(m.Link, "/unsubscribe/confirm/")
	_, err := w.registry.Confirm(t.Context(), token)
	w.ok(err)
	w.pass(19 * time.Hour)
	w.sent("email:confirm", "email/email")
	if carts[0].followUp("email").State != string(recovery.StateSent) { // which of the two comes first is the shards' affair
		slices.Reverse(carts)
	}
	carts[0].became("email", recovery.StateSent, "")
	carts[1].became("email", recovery.StatePostponed, recovery.WhyCapped) // two a day are the cap, and the request was one

	silent := newTown(t)
	bob := silent.fill("bob@example.com", yes(), german)
	silent.pass(5 * 24 * time.Hour)
	silent.sent("email:confirm")
	bob.closed(recovery.WhyUnconfirmed)
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

func TestReasonsFollowFromTheRecord(t *testing.T) {
	t.Parallel()
	for want, leave := range map[recovery.Reason]func(*shopper){
		recovery.ReasonNoCheckout:      func(*shopper) {},
		recovery.ReasonPaymentDeclined: func(s *shopper) { s.pay("pm_declined") },
		recovery.ReasonShippingCost:    func(s *shopper) { s.open() },
		recovery.ReasonMethods: func(s *shopper) {
			v := s.open()
			_, err := s.w.sessions.Cancel(s.w.Context(), checkout.CancelSessionInput{Request: s.w.request(s.token), SessionID: v.Session.ID, Left: "payment_options"})
			s.w.ok(err)
		},
	} {
		w := newTown(t)
		ada := w.fill("ada@example.com", yes())
		leave(ada)
		w.pass(21 * time.Hour)
		w.sent("email/email")
		if m := w.postman.last(); m.Reason != string(want) {
			t.Errorf("reason %s, want %s", m.Reason, want)
		}
	}
}
