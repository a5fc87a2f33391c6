package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// A no is for good, whatever else becomes known of whoever said it.
func TestANoIsNeverForgotten(t *testing.T) {
	t.Parallel()
	for name, touch := range map[string]func(*town, *shopper){
		"an order": func(_ *town, s *shopper) { s.pay("pm_card") },
		"a push":   func(w *town, _ *shopper) { w.pass(2 * time.Hour); w.sent("push/push") },
		"a bounce that follows": func(w *town, _ *shopper) {
			w.ok(w.registry.Report(w.Context(), recovery.Feedback{ID: "1", Kind: recovery.FeedbackBounced, Channel: recovery.ChannelEmail, Address: "ada@example.com"}))
		},
	} {
		w := newTown(t)
		ada := w.fill("ada@example.com", yes())
		ada.phone("")
		w.unsubscribe("ada@example.com", false)
		touch(w, ada)
		w.tick()
		if c := w.contact("ada@example.com"); !c.ExpiresAt.IsZero() || c.Consents[recovery.ChannelEmail].State != recovery.ConsentWithdrawn {
			t.Errorf("after %s the no ends at %v: %+v", name, c.ExpiresAt, c.Consents)
		}
	}
	w := newTown(t)
	ada := w.customer("ada", "")
	for _, agrees := range []*bool{no(), nil} {
		_, err := w.registry.PutDevice(t.Context(), recovery.DeviceInput{
			Request: ada.request(), ID: "installation-1", Token: "push-1", Platform: "ios", Permission: "granted", Marketing: agrees,
		})
		w.ok(err)
	}
	if c := w.known(checkout.PersonOfCustomer("ada")); !c.ExpiresAt.IsZero() {
		t.Errorf("a phone's no ends at %v", c.ExpiresAt)
	}
	bob := w.fill("bob@example.com", yes())
	w.ok(w.registry.Report(t.Context(), recovery.Feedback{ID: "1", Kind: recovery.FeedbackComplaint, Channel: recovery.ChannelEmail, Address: "bob@example.com"}))
	bob.pay("pm_card")
	w.tick()
	if c := w.contact("bob@example.com"); !c.ExpiresAt.IsZero() {
		t.Errorf("a complaint ends at %v", c.ExpiresAt)
	}
}

// What says nothing about consent ends, and so does all about whoever held a guest's cart.
func TestWhatNobodyNeedsEnds(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	_, err := w.registry.PutDevice(t.Context(), recovery.DeviceInput{
		Request: ada.request(), ID: "installation-1", CartID: ada.id, Token: "push-1", Platform: "ios", Permission: "granted", Marketing: no(),
	})
	w.ok(err)
	ada.pay("pm_card")
	w.tick()
	for _, id := range []string{checkout.PersonOfEmail("ada@example.com"), recovery.ContactOfCart(ada.id), recovery.ContactOfToken("push-1")} {
		if end := w.known(id).ExpiresAt.Sub(w.clock.Now()); end < 89*24*time.Hour || end > 91*24*time.Hour {
			t.Errorf("%s ends in %v", id, end)
		}
	}
}

// "Stop on every channel" is said in an e-mail, and meant for the phone of the customer too, whatever cart comes next.
func TestStoppingEverythingStopsTheCustomersPhone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.customer("ada", "ada@example.com")
	w.pass(21 * time.Hour)
	w.sent("email/email")
	w.unsubscribe("ada@example.com", true)
	w.unsubscribe("ada@example.com", true)
	next := w.customer("ada", "")
	next.phone("")
	w.pass(5 * 24 * time.Hour)
	w.sent("email/email")
	if at := w.known(checkout.PersonOfCustomer("ada")).RevokedAt; at.IsZero() {
		t.Error("the customer's links live")
	}
}

// A yes at the checkout that is taken back on the cart is none.
func TestConsentIsTakenBackOnTheCart(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", nil)
	v := ada.open()
	_, err := w.sessions.Update(t.Context(), checkout.UpdateSessionInput{Request: ada.request(), SessionID: v.Session.ID,
		Change: checkout.SessionChange{Buyer: checkout.BuyerPatch{Consent: &checkout.Consent{Marketing: yes()}}}})
	w.ok(err)
	w.clock.Advance(time.Minute)
	cart := ada.cart()
	_, err = w.carts.Replace(t.Context(), checkout.ReplaceCartInput{
		Request: ada.request(), CartID: ada.id, Lines: []checkout.LineInput{{SKU: "MUG-BLUE", Quantity: 1}}, Context: cart.Context,
		Buyer: &checkout.Buyer{Email: "ada@example.com", Consent: &checkout.Consent{Marketing: no()}},
	})
	w.ok(err)
	w.pass(5 * 24 * time.Hour)
	w.sent()
	ada.closed(recovery.WhyNoConsent)
}

// Consent that came with a cart of a country without double opt-in is none in one that has it.
func TestDoubleOptInIsNotPassedBy(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.fill("ada@example.com", yes())
	w.pass(21 * time.Hour)
	w.sent("email/email")
	w.fill("ada@example.com", yes(), func(in *checkout.CreateCartInput) { in.Context.Country = "DE" })
	w.pass(2 * time.Hour)
	w.sent("email/email", "email:confirm")
}

// A request to confirm that the provider doesn't take now is made later, and once.
func TestARequestToConfirmIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes(), func(in *checkout.CreateCartInput) { in.Context.Country = "DE" })
	busy := &recovery.Refusal{Retry: true, Err: errors.New("throttled")}
	w.postman.then(false, busy)
	w.postman.then(false, busy)
	w.pass(3 * time.Hour)
	w.sent("email:confirm")
	w.pass(5 * 24 * time.Hour)
	w.sent("email:confirm")
	ada.became("~confirm", recovery.StateSent, "")
}

// A phone that somebody else is signed in on by now shows nothing of whoever had it before.
func TestAPhoneThatWasHandedOn(t *testing.T) {
	t.Parallel()
	register := func(s *shopper, cart string) {
		s.w.Helper()
		_, err := s.w.registry.PutDevice(s.w.Context(), recovery.DeviceInput{
			Request: s.request(), ID: "one-phone", CartID: cart, Token: "one-token", Platform: "ios", Permission: "granted",
		})
		s.w.ok(err)
	}
	w := newTown(t)
	ada := w.customer("ada", "")
	register(ada, ada.id)
	bob := w.customer("bob", "")
	register(bob, "")
	w.pass(2 * time.Hour)
	w.sent("push/push") // Bob's own
	ada.closed0("push")
	if f := bob.followUp("push"); f.State != string(recovery.StateSent) {
		t.Errorf("Bob's is %s", f.State)
	}

	back := newTown(t) // she signs in again
	ada = back.customer("ada", "")
	register(ada, ada.id)
	bob = back.customer("bob", "")
	register(bob, "")
	register(ada, ada.id)
	back.pass(2 * time.Hour)
	back.sent("push/push")
	ada.became("push", recovery.StateSent, "")

	guest := newTown(t) // a guest's cart is the phone's, whoever signs in there later
	ada = guest.fill("", yes())
	register(ada, ada.id)
	register(guest.customer("bob", ""), "")
	guest.pass(90 * time.Minute)
	ada.became("push", recovery.StateSent, "")

	gone := newTown(t)
	ada = gone.customer("ada", "")
	register(ada, ada.id)
	gone.ok(gone.registry.Erase(t.Context(), "", "ada", ada.id))
	if c := gone.known(recovery.ContactOfToken("one-token")); c.ID != "" {
		t.Errorf("of the phone is left %+v", c)
	}
}

// closed0 fails the test if a stage was handed over.
func (s *shopper) closed0(stage string) {
	s.w.Helper()
	for _, f := range s.cart().Abandonment.FollowUps {
		if f.Stage == stage && recovery.State(f.State).Handed() {
			s.w.Errorf("%s is %s", stage, f.State)
		}
	}
}

func (w *town) known(id string) recovery.Contact {
	w.Helper()
	found, err := w.store.Contacts(w.Context(), []string{id})
	w.ok(err)
	return found[id]
}

// The hours that count are those of the phone that rings, not of one in a drawer.
func TestQuietHoursAreThoseOfThePhoneThatRings(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.customer("ada", "")
	ada.phone("Europe/Amsterdam")
	w.clock.Advance(time.Minute)
	_, err := w.registry.PutDevice(t.Context(), recovery.DeviceInput{
		Request: checkout.Request{Caller: checkout.Caller{Customer: "ada"}}, ID: "on-her-travels", Token: "push-there", Platform: "android", Permission: "granted",
		Zone: "America/Los_Angeles",
	})
	w.ok(err)
	w.clock.Advance(time.Minute)
	_, err = w.registry.PutDevice(t.Context(), recovery.DeviceInput{ // which shows no messages
		Request: checkout.Request{Caller: checkout.Caller{Customer: "ada"}}, ID: "her-tablet", Token: "tablet", Platform: "ios", Permission: "denied",
		Zone: "Asia/Tokyo",
	})
	w.ok(err)
	w.pass(24*time.Hour, 10*time.Minute)
	if got, want := w.postman.when[0], moment(t, "2026-03-02T09:00:00-08:00"); w.postman.taken[0].To != "push-there" || got.Sub(want).Abs() > 10*time.Minute {
		t.Errorf("sent to %s at %v", w.postman.taken[0].To, got.In(want.Location()))
	}
}

// Whoever comes back days later by the checkout alone, without a change of the cart, and leaves again, is followed up again.
func TestWhoComesBackDaysLaterByTheCheckout(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("", nil)
	w.pass(4 * 24 * time.Hour)
	ada.closed(recovery.WhyNoChannel)
	email := "ada@example.com"
	_, err := w.sessions.Create(t.Context(), checkout.CreateSessionInput{Request: ada.request(), CartID: ada.id,
		Change: checkout.SessionChange{Destination: destination(), Buyer: checkout.BuyerPatch{Email: &email, Consent: &checkout.Consent{Marketing: yes()}}}})
	w.ok(err)
	w.pass(22 * time.Hour)
	w.sent("email/email")
}

// A cart whose follow-up has ended takes in another one at sign-in: whoever leaves it then is followed up again.
func TestACartThatTookInAnotherIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	own := w.fill("", nil, func(in *checkout.CreateCartInput) { in.Caller = checkout.Caller{Customer: "ada"} })
	w.pass(4 * 24 * time.Hour)
	own.closed(recovery.WhyNoChannel)
	guest := w.fill("ada@example.com", yes())
	claim := w.request(guest.token)
	claim.Caller.Customer = "ada"
	v, err := w.carts.Claim(t.Context(), claim, guest.id)
	w.ok(err)
	if v.Cart.ID != own.id {
		t.Fatalf("the current cart is %s", v.Cart.ID)
	}
	w.pass(22 * time.Hour)
	w.sent("email/email")
	guest.closed(recovery.WhyCanceled)
	if n := len(w.ledger.of(recovery.FactAbandoned)); n != 1 {
		t.Errorf("%d carts count as left", n)
	}
}

// Where the law and the shop's settings have it so, people who have bought before are written to unless they say no, and are told why.
func TestSoftOptIn(t *testing.T) {
	t.Parallel()
	for on, want := range map[bool][]string{true: {"email/email", "email/incentive"}, false: nil} {
		w := newTown(t, func(p *parts) { p.settings.Consent.SoftOptIn = on })
		w.fill("ada@example.com", nil).pay("pm_card")
		w.fill("new@example.com", nil)
		w.fill("no@example.com", no()).pay("pm_card")
		w.pass(24 * time.Hour)
		w.sent()
		w.fill("ada@example.com", nil)
		w.fill("no@example.com", no())
		w.pass(4 * 24 * time.Hour)
		w.sent(want...)
		if on && (w.postman.last().To != "ada@example.com" || !strings.Contains(w.postman.last().Text, "because you have bought from")) {
			t.Errorf("sent %+v", w.postman.last())
		}
	}
}

// What has run out is neither shown nor in the total, and of what there are fewer than was wanted the rest is.
func TestWhatCanBeHadIsWhatIsTold(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.fill("ada@example.com", yes(), func(in *checkout.CreateCartInput) {
		in.Lines = append(in.Lines, checkout.LineInput{SKU: "LAST-ONE", Quantity: 1})
	})
	w.fill("bob@example.com", yes())
	w.ok(w.store.AddStock(t.Context(), "sold", "LAST-ONE", -1))
	w.pass(21 * time.Hour)
	w.sent("email/email", "email/email")
	about := map[string]string{}
	for _, m := range w.postman.taken {
		_, about[m.To], _ = strings.Cut(m.Text, "Hi Ada,")
		about[m.To], _, _ = strings.Cut(about[m.To], "https://")
	}
	adds := "2 × €14.99 = €29.98\n\nSubtotal: €29.98\nShipping: €4.95\nTotal so far: €34.93\n"
	if about["ada@example.com"] != about["bob@example.com"] || !strings.Contains(about["bob@example.com"], adds) {
		t.Errorf("with something sold out is told\n%s\nwithout\n%s", about["ada@example.com"], about["bob@example.com"])
	}
	few := newTown(t)
	few.fill("ada@example.com", yes(), func(in *checkout.CreateCartInput) { in.Lines = []checkout.LineInput{{SKU: "LAST-ONE", Quantity: 3}} })
	few.pass(21 * time.Hour)
	if text := few.postman.last().Text; !strings.Contains(text, "1 × €49.00 = €49.00") {
		t.Errorf("of the last one is told\n%s", text)
	}
}

// A link is dead once its reader has stopped everything, or was erased.
func TestALinkDiesWithANo(t *testing.T) {
	t.Parallel()
	for name, no := range map[string]func(*town){
		"stopped": func(w *town) { w.unsubscribe("ada@example.com", true) },
		"erased":  func(w *town) { w.ok(w.registry.Erase(w.Context(), "ada@example.com", "")) },
	} {
		w := newTown(t)
		w.fill("ada@example.com", yes())
		w.pass(21 * time.Hour)
		w.sent("email/email")
		_, token, _ := strings.Cut(w.postman.last().Link, "/r/")
		w.clock.Advance(time.Second)
		no(w)
		if _, err := w.returns.Return(t.Context(), recovery.ReturnInput{Token: token, Device: "her tablet"}); checkout.ErrorCode(err) != checkout.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One cart that can't be read keeps no other from its turn.
func TestASpoiledCartStopsNoSweep(t *testing.T) {
	t.Parallel()
	spoiled := &unreadable{}
	w := newTown(t, func(p *parts) { spoiled.CartStore = *p.carts; *p.carts = spoiled })
	var all []*shopper
	for i := range 20 {
		s := w.fill(fmt.Sprintf("shopper%d@example.com", i), yes())
		s.phone("")
		all = append(all, s)
	}
	spoiled.id = all[7].id
	w.pass(70 * time.Minute)
	if n := len(w.postman.list()); n != len(all)-1 {
		t.Errorf("%d messages", n)
	}
}

// unreadable is a store of carts of which one can't be read.
type unreadable struct {
	recovery.CartStore
	id string
}

func (u *unreadable) CartsOf(ctx context.Context, ids []string) (map[string]checkout.Cart, error) {
	if u.id != "" && slices.Contains(ids, u.id) {
		return nil, errors.New("what is stored makes no cart")
	}
	return u.CartStore.CartsOf(ctx, ids)
}

// Carts are counted as left whether or not anybody is written to, with what the shopper has told.
func TestWhatWasLeftCountsWithoutFollowUp(t *testing.T) {
	t.Parallel()
	off := newTown(t, func(p *parts) { p.settings.Since = time.Time{} })
	ada := off.fill("ada@example.com", yes())
	off.pass(50 * time.Minute)
	ada.add("PLATE-WHITE")
	off.pass(50 * time.Minute)
	if n := len(off.ledger.of(recovery.FactAbandoned)); n != 0 {
		t.Errorf("somebody who is still at it counts as having left")
	}
	off.pass(time.Hour)
	off.sent()
	ada.closed(recovery.WhyInactive)
	if got := off.ledger.of(recovery.FactAbandoned); len(got) != 1 || got[0].Reason != recovery.ReasonNoCheckout {
		t.Errorf("left are %+v", got)
	}

	w := newTown(t)
	bob := w.fill("bob@example.com", yes())
	_, err := w.carts.Cancel(t.Context(), checkout.CancelCartInput{Request: bob.request(), CartID: bob.id, Left: "price_sensitivity"})
	w.ok(err)
	w.pass(2 * time.Hour)
	bob.closed(recovery.WhyCanceled)
	if got := w.ledger.of(recovery.FactAbandoned); len(got) != 1 || got[0].Reason != recovery.ReasonPrice {
		t.Errorf("left are %+v", got)
	}
}

// Whoever leaves again is told of again: what they did meanwhile is to be counted.
func TestLeavingAgainIsToldOf(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	w.pass(2 * time.Hour)
	ada.pay("pm_declined")
	w.clock.Advance(20 * time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	var kinds []string
	for _, n := range ada.cart().Notices {
		kinds = append(kinds, n.Kind+" "+n.Ref)
	}
	slices.Sort(kinds)
	if got := strings.Join(kinds, ", "); got != "cart.left_again payment_declined, follow_up.due email" {
		t.Errorf("notices are %s", got)
	}
}
