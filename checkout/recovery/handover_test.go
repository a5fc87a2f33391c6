package recovery_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/recovery/wording"
)

// midway is a store of carts that lets something happen right after a worker has written that it is sending.
type midway struct {
	recovery.CartStore
	happens func()
}

func (b *midway) FollowCart(ctx context.Context, f checkout.CartFollow) (checkout.Cart, error) {
	cart, err := b.CartStore.FollowCart(ctx, f)
	for _, fu := range f.Abandonment.FollowUps {
		if happens := b.happens; happens != nil && recovery.State(fu.State) == recovery.StateSending {
			b.happens = nil
			happens()
		}
	}
	return cart, err
}

// What is acknowledged between a worker's claim and its call to the provider is heard: the last look comes behind the claim.
func TestTheLastLookIsBehindTheClaim(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(*town, *shopper)
		state   recovery.State
		why     string
	}{
		"unsubscribed": {func(w *town, _ *shopper) { w.unsubscribe("ada@example.com", false) }, recovery.StateSkipped, recovery.WhySuppressed},
		"complained": {func(w *town, _ *shopper) {
			w.ok(w.registry.Report(w.Context(), recovery.Feedback{ID: "1", Kind: recovery.FeedbackComplaint, Channel: recovery.ChannelEmail, Address: "ada@example.com"}))
		}, recovery.StateSkipped, recovery.WhySuppressed},
		"erased": {func(w *town, _ *shopper) { w.ok(w.registry.Erase(w.Context(), "ada@example.com", "")) }, recovery.StateSkipped, recovery.WhySuppressed},
		"bought": {func(_ *town, s *shopper) { s.pay("pm_card") }, recovery.StateSkipped, recovery.WhyBought},
		"bought from another cart": {func(w *town, _ *shopper) {
			other := w.fill("ada@example.com", nil)
			other.pay("pm_card")
			w.ok(w.tracer.Consume(w.Context(), checkout.OutboxItem{Notice: checkout.Notice{Kind: checkout.NoticeOrderPlaced}, Session: other.session(0)}))
		}, recovery.StateSkipped, recovery.WhyBought},
		"paying": {func(_ *town, s *shopper) { s.pay("pm_3ds") }, recovery.StateSkipped, recovery.WhyActive},
		"consent taken back at the checkout": {func(w *town, s *shopper) {
			v := s.open()
			_, err := w.sessions.Update(w.Context(), checkout.UpdateSessionInput{Request: w.request(s.token), SessionID: v.Session.ID,
				Change: checkout.SessionChange{Buyer: checkout.BuyerPatch{Consent: &checkout.Consent{Marketing: no()}}}})
			w.ok(err)
		}, recovery.StateSkipped, recovery.WhyActive},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gap := &midway{}
			w := newTown(t, awake, func(p *parts) { gap.CartStore = *p.carts; *p.carts = gap })
			ada := w.fill("ada@example.com", yes())
			w.pass(20*time.Hour - time.Minute)
			gap.happens = func() { c.happens(w, ada) }
			w.pass(time.Minute, time.Minute)
			w.sent()
			ada.became("email", c.state, c.why)
		})
	}
}

// A cart that is erased at that moment takes its follow-up with it.
func TestAnErasedCartIsNotWrittenAbout(t *testing.T) {
	t.Parallel()
	gap := &midway{}
	w := newTown(t, func(p *parts) { gap.CartStore = *p.carts; *p.carts = gap })
	ada := w.fill("ada@example.com", yes())
	gap.happens = func() { w.ok(w.store.EraseCart(t.Context(), ada.id, ada.cart().Version, "")) }
	w.pass(21 * time.Hour)
	w.sent()
}

// Without a last look nothing is handed over, and the stage has its turn again.
func TestNoLastLookNoMessage(t *testing.T) {
	t.Parallel()
	gap, net := &midway{}, &deaf{}
	w := newTown(t, awake, func(p *parts) {
		gap.CartStore, net.ContactStore = *p.carts, *p.contacts
		*p.carts, *p.contacts = gap, net
	})
	ada := w.fill("ada@example.com", yes())
	w.pass(20*time.Hour - time.Minute)
	gap.happens = func() { net.fails = 1 }
	w.pass(time.Minute, time.Minute)
	w.sent()
	ada.became("email", recovery.StatePostponed, recovery.WhyRefused)
	w.pass(time.Hour)
	w.sent("email/email")
}

// Whose phone it is by now can't be read: it doesn't ring, until that is known.
func TestNoPushToAPhoneThatNobodyIsKnownToHold(t *testing.T) {
	t.Parallel()
	list := &unlisted{}
	w := newTown(t, awake, func(p *parts) { list.ContactStore = *p.contacts; *p.contacts = list })
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	list.phone = recovery.ContactOfToken("push-" + ada.id)
	w.clock.Advance(time.Hour)
	for range 3 {
		_, err := w.sweeper.Run(t.Context())
		w.ok(err)
		_, _ = w.outbox.Drain(t.Context()) // says that it could not
	}
	w.sent()
	list.phone = ""
	w.pass(time.Hour)
	w.sent("push/push")
}

// unlisted is a store of contacts that doesn't answer who holds a phone.
type unlisted struct {
	recovery.ContactStore
	phone string
}

func (u *unlisted) Contacts(ctx context.Context, ids []string) (map[string]recovery.Contact, error) {
	if len(ids) == 1 && ids[0] == u.phone {
		return nil, errors.New("no answer")
	}
	return u.ContactStore.Contacts(ctx, ids)
}

// Nothing is said to be erased that is not.
func TestErasureOfAContactThatFails(t *testing.T) {
	t.Parallel()
	shut := &locked{err: errors.New("no answer")}
	w := newTown(t, func(p *parts) { shut.ContactStore = *p.contacts; *p.contacts = shut })
	if err := w.registry.Erase(t.Context(), "ada@example.com", ""); !errors.Is(err, shut.err) {
		t.Errorf("erased, it is said: %v", err)
	}
	shut.err = nil
	w.ok(w.registry.Erase(t.Context(), "ada@example.com", ""))
	if got := w.contact("ada@example.com").Consents[recovery.ChannelEmail].State; got != recovery.ConsentWithdrawn {
		t.Errorf("consent is %q", got)
	}
}

// locked is a store of contacts that takes none.
type locked struct {
	recovery.ContactStore
	err error
}

func (l *locked) PutContact(ctx context.Context, c recovery.Contact) error {
	if l.err != nil {
		return l.err
	}
	return l.ContactStore.PutContact(ctx, c)
}

// deaf is a store of contacts that doesn't answer so many reads.
type deaf struct {
	recovery.ContactStore
	fails int
}

func (d *deaf) Contacts(ctx context.Context, ids []string) (map[string]recovery.Contact, error) {
	if d.fails > 0 {
		d.fails--
		return nil, errors.New("no answer")
	}
	return d.ContactStore.Contacts(ctx, ids)
}

// What the provider doesn't take for hours is tried again for hours, ever more seldom.
func TestAProviderThatIsDownForHoursGetsItLater(t *testing.T) {
	t.Parallel()
	w := newTown(t, awake)
	ada := w.fill("ada@example.com", yes())
	w.pass(20*time.Hour - time.Minute)
	quota := &recovery.Refusal{Retry: true, Err: errors.New("daily quota")}
	for range 5 {
		w.postman.then(false, quota)
	}
	w.pass(5 * time.Hour)
	w.sent()
	ada.became("email", recovery.StatePostponed, recovery.WhyRefused)
	w.pass(6 * time.Hour)
	w.sent("email/email")
}

// A shop that has not said who writes, or has no way to write, records that: nothing is retried for ever, and nobody's room below the
// caps is used up.
func TestNoSenderIsAReason(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*recovery.SenderConfig){
		"no trader":           func(c *recovery.SenderConfig) { c.Settings.Messages.Trader = wording.Trader{} },
		"no way for e-mail":   func(c *recovery.SenderConfig) { delete(c.Messengers, recovery.ChannelEmail) },
		"an unusable imprint": func(c *recovery.SenderConfig) { c.Settings.Messages.Trader.Address = "" },
	} {
		w := newTown(t)
		w.rewire(edit)
		ada := w.fill("ada@example.com", yes())
		w.pass(21 * time.Hour)
		w.sent()
		want := recovery.WhyNoSender
		if name == "an unusable imprint" {
			want = recovery.WhyUnwritten
		}
		ada.became("email", recovery.StateSkipped, want)
		if n := len(w.contact("ada@example.com").Sends); n != 0 {
			t.Errorf("%s: %d messages are counted", name, n)
		}
		if len(ada.cart().Notices) != 0 {
			t.Errorf("%s: notices are left: %v", name, ada.cart().Notices)
		}
	}
}

// A stage that the plan has lost since its claim is skipped, and the rest of the plan goes on.
func TestAStageThatThePlanHasLost(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) {
		p.settings.Plan = []recovery.Stage{{Name: "push", After: recovery.Duration(time.Hour), Channel: recovery.ChannelPush}}
	})
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.clock.Advance(time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	plan := []recovery.Stage{{Name: "mail", After: recovery.Duration(2 * time.Hour), Channel: recovery.ChannelEmail}}
	w.rewire(func(c *recovery.SenderConfig) { c.Settings.Plan = plan })
	w.tick()
	ada.became("push", recovery.StateSkipped, recovery.WhyUnplanned)
	w.pass(25 * time.Hour)
	w.sent("email/mail")
}

// A retried message counts when it goes out, not when it was first tried.
func TestARetriedMessageCountsWhenItGoes(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) {
		p.settings.Caps = []recovery.Cap{{Count: 1, Within: recovery.Duration(24 * time.Hour)}}
	})
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.postman.then(false, &recovery.Refusal{Retry: true, Err: errors.New("throttled")})
	w.pass(time.Hour)
	w.pass(30 * time.Minute)
	w.sent("push/push")
	sends := w.contact("ada@example.com").Sends
	if len(sends) != 1 || !sends[0].At.Equal(w.postman.when[0]) {
		t.Errorf("counted %+v, sent at %v", sends, w.postman.when)
	}
}

// The caps hold over all by which somebody is known: two carts of a customer, one with an address and one without, share them.
func TestCapsHoldOverAllNamesOfAPerson(t *testing.T) {
	t.Parallel()
	w := newTown(t, func(p *parts) {
		p.settings.Caps = []recovery.Cap{{Count: 1, Within: recovery.Duration(24 * time.Hour)}}
	})
	for i := range 3 {
		email := "ada@example.com"
		if i == 0 {
			email = ""
		}
		ada := w.customer("ada", email)
		ada.phone("")
	}
	w.pass(90 * time.Minute)
	if n := len(w.postman.list()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// awake is a shop without quiet hours.
func awake(p *parts) { p.settings.Quiet = recovery.QuietHours{From: "00:00", To: "00:00"} }

func (w *town) unsubscribe(email string, all bool) {
	w.Helper()
	_, err := w.registry.Unsubscribe(w.Context(), w.links.Token(recovery.Link{
		Purpose: recovery.PurposeUnsubscribe, Subject: checkout.PersonOfEmail(email), Channel: recovery.ChannelEmail, Sent: noon,
	}), all)
	w.ok(err)
}

// rewire makes sweep and sender anew, with other settings or messengers.
func (w *town) rewire(edit func(*recovery.SenderConfig)) {
	w.Helper()
	c := w.sender.SenderConfig
	edit(&c)
	w.config = c.Config
	w.sender = must(recovery.NewSender(c))(w.T)
	w.sweeper = must(recovery.NewSweeper(c.Config))(w.T)
	w.handOn()
}

// customer is fill for somebody who is signed in.
func (w *town) customer(subject, email string) *shopper {
	w.Helper()
	return w.fill(email, yes(), func(in *checkout.CreateCartInput) { in.Caller = checkout.Caller{Customer: subject} })
}

// session is the shopper's nth session.
func (s *shopper) session(n int) checkout.Session {
	s.w.Helper()
	session, err := s.w.store.Session(s.w.Context(), checkout.SessionID(s.id, n))
	s.w.ok(err)
	return session
}
