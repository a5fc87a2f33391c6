package recovery_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

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

// meantime is a store of contacts where something happens just after a look.
type meantime struct {
	recovery.ContactStore
	then func()
}

func (m *meantime) Contacts(ctx context.Context, ids []string) (map[string]recovery.Contact, error) {
	found, err := m.ContactStore.Contacts(ctx, ids)
	if then := m.then; then != nil {
		m.then = nil
		then()
	}
	return found, err
}

// A no, or an erasure, that was acknowledged while the message was being written is heard too, whichever name it was said under.
func TestANoWhileTheMessageIsWrittenIsHeard(t *testing.T) {
	t.Parallel()
	for name, say := range map[string]func(w *town) error{
		"unsubscribe": func(w *town) error {
			_, err := w.registry.Unsubscribe(w.Context(), w.links.Token(recovery.Link{
				Purpose: recovery.PurposeUnsubscribe, Subject: checkout.PersonOfEmail("ada@example.com"), Channel: recovery.ChannelEmail, Sent: noon,
			}), false)
			return err
		},
		"complaint": func(w *town) error {
			return w.registry.Report(w.Context(), recovery.Feedback{ID: "f1", Kind: recovery.FeedbackComplaint, Channel: recovery.ChannelEmail, Address: "ada@example.com"})
		},
		"erasure by address":  func(w *town) error { return w.registry.Erase(w.Context(), "ada@example.com", "") },
		"erasure by customer": func(w *town) error { return w.registry.Erase(w.Context(), "", "ada") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			looks := &meantime{}
			w := newTown(t, func(p *parts) { looks.ContactStore, *p.contacts = *p.contacts, looks })
			ada := w.fill("ada@example.com", yes(), func(in *checkout.CreateCartInput) { in.Caller.Customer = "ada" })
			w.clock.Advance(22 * time.Hour)
			_, err := w.sweeper.Run(t.Context())
			w.ok(err)
			looks.then = func() { w.ok(say(w)) }
			_, err = w.outbox.Drain(t.Context())
			w.ok(err)
			w.sent()
			ada.became("email", recovery.StateSkipped, recovery.WhySuppressed)
		})
	}
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

// Of what an address has brought on itself the gravest stands, in whatever order it is told: a bounce lifts no complaint.
func TestABounceLiftsNoComplaint(t *testing.T) {
	t.Parallel()
	for _, order := range [][]recovery.FeedbackKind{
		{recovery.FeedbackComplaint, recovery.FeedbackBounced}, {recovery.FeedbackBounced, recovery.FeedbackComplaint},
	} {
		w := newTown(t)
		for i, kind := range order {
			w.ok(w.registry.Report(t.Context(), recovery.Feedback{ID: strconv.Itoa(i), Kind: kind, Channel: recovery.ChannelEmail, Address: "ada@example.com"}))
		}
		if got := w.contact("ada@example.com").Suppressed[recovery.ChannelEmail].Cause; got != recovery.CauseComplaint {
			t.Errorf("%v: suppressed for a %s", order, got)
		}
	}
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
