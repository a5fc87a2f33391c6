package recovery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

func TestServiceReceipt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.consumed(placed())
	m := d.only()
	if m.To != "Canary+Ada@Example.com" || m.Kind != recovery.KindService || m.Channel != recovery.ChannelEmail || m.Reason != "receipt" ||
		m.Locale != "nl" || m.Link != "https://kade9.example/o/or_abc_0.secret" || m.Unsubscribe != "" || m.Stage != "" || m.ID == "" {
		t.Errorf("message %+v", m)
	}
	for _, want := range []string{
		"2 × € 9,95 = € 19,90", "Totaal: € 46,85", "17:03 (CEST)", "donderdag 8 oktober tot en met vrijdag 9 oktober", "Ada Visser, Wijnhaven 9",
		"21%, Netto € 22,27, Btw € 4,68", "30 dagen", "MODELFORMULIER VOOR HERROEPING", "versie 2026-01", "Kade 9 B.V.",
	} {
		if !strings.Contains(strings.ReplaceAll(m.Text, "\u00a0", " "), want) {
			t.Errorf("the receipt lacks %q:\n%s", want, m.Text)
		}
	}
	d.became("receipt", "", recovery.StateSent, "")
	if r := d.record("receipt", ""); r.ProviderID != "ses-1" || r.Person != checkout.PersonOfEmail("canary+ada@example.com") {
		t.Errorf("record %+v", r)
	}
}

// TestServiceMessagesOfAnOrdersLife tells every notice, and what its message says.
func TestServiceMessagesOfAnOrdersLife(t *testing.T) {
	t.Parallel()
	parcel := func(s *checkout.Session) {
		s.Order.Fulfillments = []checkout.Fulfillment{{
			ID: "fl_1", Lines: []checkout.LineQuantity{{LineID: "l1", Quantity: 1}}, Carrier: "PostNL", TrackingNumber: "3S1",
			TrackingURL: "https://track.example/3S1",
		}}
	}
	withdrawn := func(s *checkout.Session) {
		s.Order.Withdrawals = []checkout.Withdrawal{{ID: "wd_1", At: time.Date(2026, 10, 9, 8, 0, 0, 0, time.UTC), Lines: []checkout.LineQuantity{{LineID: "l2", Quantity: 1}}}}
	}
	canceled := func(s *checkout.Session) {
		refunded("re_1", 4685)(s)
		s.Order.Cancellation = &checkout.Cancellation{Refund: "re_1", Done: true}
	}
	unpaid := func(s *checkout.Session) { s.Order, s.Status = nil, checkout.StatusReady }
	stray := func(cause string, release bool) func(*checkout.Session) {
		return func(s *checkout.Session) {
			s.Refunds = append(s.Refunds, checkout.ProviderRefund{IntentID: "pi_2", Amount: eur(4685), Cause: cause, Release: release})
		}
	}
	for name, c := range map[string]struct {
		item   checkout.OutboxItem
		reason string
		ref    string
		want   string // in the text; "" = none is sent
		why    string
	}{
		"refunded in part":                   {item("order.refunded", "re_1", refunded("re_1", 2200)), "refunded", "re_1", "€ 22,00 van de € 46,85", ""},
		"refunded in full":                   {item("order.refunded", "re_1", refunded("re_1", 4685)), "refunded", "re_1", "je hele bestelling terugbetaald: € 46,85", ""},
		"a refund that is not there":         {item("order.refunded", "re_9"), "refunded", "re_9", "", recovery.WhyUnwritten},
		"refunded by a cancellation":         {item("order.refunded", "re_1", canceled), "refunded", "re_1", "", recovery.WhyTold},
		"canceled":                           {item("order.canceled", "", canceled), "canceled", "", "Je krijgt € 46,85 terug", ""},
		"canceled before money was taken":    {item("order.canceled", "", func(s *checkout.Session) { s.Order.Cancellation = &checkout.Cancellation{Done: true} }), "canceled", "", "niets afgeschreven", ""},
		"shipped, more to come":              {item("order.fulfilled", "fl_1", parcel), "shipped", "fl_1", "1 artikel meegegeven aan PostNL", ""},
		"collected":                          {item("order.fulfilled", "fl_1", parcel, func(s *checkout.Session) { s.Ships = false }), "shipped", "fl_1", "", recovery.WhyTold},
		"withdrawn":                          {item("order.withdrawn", "wd_1", withdrawn), "withdrawn", "wd_1", "9 oktober 2026 om 10:00 (CEST)", ""},
		"declined late":                      {item("payment.late_decline", "", unpaid), "declined_late", "", "€ 46,85 nu geweigerd", ""},
		"declined late, and then money came": {item("payment.late_decline", "", unpaid, stray("late", false)), "declined_late", "", "", recovery.WhyTold},
		"declined late, paid since":          {item("payment.late_decline", ""), "declined_late", "", "", recovery.WhyTold},
		"money that can't become an order":   {item("payment.review", "", unpaid, stray("late", false)), "payment_returned", "pi_2", "€ 46,85 van je ontvangen", ""},
		"money twice":                        {item("payment.review", "", stray("second_intent", false)), "payment_returned", "pi_2", "die al betaald is", ""},
		"money that was only held":           {item("payment.review", "", stray("late", true)), "", "", "", ""},
		"a review of something else":         {item("payment.review", ""), "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.consumed(c.item)
			d.consumed(c.item)
			if c.want == "" {
				if d.post.calls != 0 {
					t.Errorf("sent %+v", d.post.taken)
				}
				if c.reason != "" {
					d.became(c.reason, c.ref, recovery.StateSkipped, c.why)
				}
				return
			}
			m := d.only()
			if m.Reason != c.reason || m.Kind != recovery.KindService || !strings.Contains(strings.ReplaceAll(m.Text, "\u00a0", " "), c.want) {
				t.Errorf("%s lacks %q:\n%s", m.Reason, c.want, m.Text)
			}
			d.became(c.reason, c.ref, recovery.StateSent, "")
		})
	}
}

var (
	forNow  = func(context.Context) error { return &recovery.Refusal{Retry: true} }
	forGood = func(context.Context) error {
		return &recovery.Refusal{Err: errors.New("quotes canary+ada@example.com")}
	}
	nobody = func(context.Context) error { return &recovery.Refusal{Gone: true} }
	lost   = func(context.Context) error { return errors.New("the connection broke") }
	late   = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
)

// TestServiceNeverTwice repeats notices, at once and later, under everything that a provider does.
func TestServiceNeverTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first func(context.Context) error
		state recovery.State
		why   string
	}{
		"taken": {nil, recovery.StateSent, ""}, "refused": {forGood, recovery.StateRefused, recovery.WhyRefused},
		"nobody there": {nobody, recovery.StateRefused, recovery.WhyGone}, "lost": {lost, recovery.StateUnknown, ""}, "late": {late, recovery.StateUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // the time that is kept to write the outcome is not a busy machine's
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				first := c.first
				if name == "late" { // the invocation's time ends while the provider is at it
					first = func(ctx context.Context) error { cancel(); return late(ctx) }
				}
				d := newDesk(t, first)
				if err := d.consume(ctx, placed()); err != nil {
					t.Fatalf("the notice comes again: %v", err)
				}
				for range 3 {
					d.now = d.now.Add(time.Hour)
					d.consumed(placed())
				}
				if d.post.calls != 1 {
					t.Errorf("%d calls", d.post.calls)
				}
				d.became("receipt", "", c.state, c.why)
			})
		})
	}
}

// What a provider doesn't take now is tried again, until it is taken once.
func TestServiceThrottled(t *testing.T) {
	t.Parallel()
	d := newDesk(t, forNow, forNow)
	for range 2 {
		if err := d.consume(t.Context(), placed()); checkout.ErrorCode(err) != checkout.CodeUnavailable {
			t.Fatalf("error %v", err)
		}
		d.became("receipt", "", recovery.StateRefused, "")
	}
	d.consumed(placed())
	d.consumed(placed())
	d.only()
	d.became("receipt", "", recovery.StateSent, "")
}

// TestServiceOverlapping has many workers take in the same notice at once: one message.
func TestServiceOverlapping(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if err := d.consume(t.Context(), placed()); err != nil && checkout.ErrorCode(err) != checkout.CodeUnavailable {
				t.Error(err)
			}
		})
	}
	group.Wait()
	d.consumed(placed())
	d.only()
}

// TestServiceWorkerKilled: a worker that died at the message may have sent it. While it might be alive, others wait; then the record says
// that nobody knows, and nothing is sent.
func TestServiceWorkerKilled(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	claim := recovery.Sending{ID: recovery.SendingID("cs_abc_0", "receipt", ""), Version: 1, Op: "dead", State: recovery.StateSending, At: d.now, ExpiresAt: d.now.AddDate(2, 0, 0)}
	if err := d.store.PutSending(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	if err := d.consume(t.Context(), placed()); checkout.ErrorCode(err) != checkout.CodeUnavailable {
		t.Errorf("error %v", err)
	}
	d.now = d.now.Add(3 * time.Minute)
	d.consumed(placed())
	d.became("receipt", "", recovery.StateUnknown, "")
	if d.post.calls != 0 {
		t.Errorf("%d calls", d.post.calls)
	}
	if !strings.Contains(d.logs.String(), `"level":"WARN"`) {
		t.Errorf("nobody is told: %s", d.logs.String())
	}
}

// shaky fails calls of a SendLog by their number: before they take effect, or after.
type shaky struct {
	recovery.SendLog
	mu     sync.Mutex
	calls  int
	before map[int]bool
	after  map[int]bool
}

func (s *shaky) PutSending(ctx context.Context, r recovery.Sending) error {
	s.mu.Lock()
	s.calls++
	n := s.calls
	s.mu.Unlock()
	down := &checkout.Error{Code: checkout.CodeUnavailable, Message: "down"}
	if s.before[n] {
		return down
	}
	err := s.SendLog.PutSending(ctx, r)
	if s.after[n] {
		return down
	}
	return err
}

// TestServiceRecordsFail: without a record nothing is sent; what was sent is never sent again, whatever becomes of its record.
func TestServiceRecordsFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after map[int]bool
		sent          int
		state         recovery.State
	}{
		"the claim is refused, then taken": {map[int]bool{1: true, 2: true}, nil, 1, recovery.StateSent},
		"the claim's answer is lost":       {nil, map[int]bool{1: true}, 1, recovery.StateSent},
		"the outcome's answer is lost":     {nil, map[int]bool{2: true}, 1, recovery.StateSent},
		"the outcome is not written":       {map[int]bool{2: true, 3: true}, nil, 1, recovery.StateUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.log = &shaky{SendLog: d.store, before: c.before, after: c.after}
			for range 3 {
				_ = d.consume(t.Context(), placed())
				d.now = d.now.Add(3 * time.Minute)
			}
			d.consumed(placed())
			if len(d.post.taken) != c.sent {
				t.Errorf("%d messages", len(d.post.taken))
			}
			d.became("receipt", "", c.state, "")
		})
	}
}

// TestServiceSuppressed: what nobody can receive isn't sent; who complained about advertising gets his receipt.
func TestServiceSuppressed(t *testing.T) {
	t.Parallel()
	for cause, sent := range map[string]int{recovery.CauseBounce: 0, recovery.CauseGone: 0, recovery.CauseComplaint: 1, recovery.CauseStop: 1} {
		d := newDesk(t)
		c := recovery.Contact{
			ID: checkout.PersonOfEmail("canary+ada@example.com"), Version: 1,
			Suppressed: map[recovery.Channel]recovery.Suppression{recovery.ChannelEmail: {Cause: cause, At: d.now}},
		}
		if err := d.store.PutContact(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		d.consumed(placed())
		if len(d.post.taken) != sent {
			t.Errorf("%s: %d messages", cause, len(d.post.taken))
		}
		if sent == 0 {
			d.became("receipt", "", recovery.StateSkipped, recovery.WhySuppressed)
		}
	}
}

func TestServiceWithout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*desk)
		item   checkout.OutboxItem
		why    string
	}{
		"an address": {func(*desk) {}, placed(func(s *checkout.Session) { s.Buyer.Email = "" }), recovery.WhyNoChannel},
		"a sender":   {func(d *desk) { d.shop.Recovery.Messages.From = "" }, placed(), recovery.WhyNoSender},
		"a trader":   {func(d *desk) { d.shop.Recovery.Messages.Trader.Name = "" }, placed(), recovery.WhyNoSender},
		"e-mail":     {func(d *desk) { d.post = nil }, placed(), recovery.WhyNoSender},
		"an order":   {func(*desk) {}, placed(func(s *checkout.Session) { s.Order = nil }), recovery.WhyUnwritten},
		"an imprint": {func(d *desk) { d.shop.Recovery.Messages.Trader.Address = "" }, placed(), recovery.WhyUnwritten},
	} {
		d := newDesk(t)
		c.change(d)
		d.consumed(c.item)
		d.became("receipt", "", recovery.StateSkipped, c.why)
		if d.post != nil && d.post.calls != 0 {
			t.Errorf("without %s: sent", name)
		}
	}
	if _, err := recovery.NewService(recovery.ServiceConfig{}); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Errorf("a service of nothing: %v", err)
	}
}

// TestServiceInTheReadersPlace speaks the session's language, and tells times where the reader's phone is: phones are known by the
// customer or by the cart, the one last heard of counts, and it need not show messages for that.
func TestServiceInTheReadersPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i, id := range []string{checkout.PersonOfCustomer("ada"), recovery.ContactOfCart("ct_abc")} {
		c := recovery.Contact{ID: id, Version: 1, Devices: []recovery.Device{{
			ID: "d1", Token: "t", Platform: "ios", Zone: []string{"America/New_York", "Pacific/Auckland"}[i], UpdatedAt: d.now.Add(time.Duration(i)),
		}}}
		if err := d.store.PutContact(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	d.consumed(placed(func(s *checkout.Session) { s.Context.Language, s.Customer = "nb", "ada" }))
	m := d.only()
	text := strings.ReplaceAll(m.Text, "\u00a0", " ")
	if m.Locale != "nb" || !strings.Contains(text, "8. oktober 2026 kl. 04:03 (NZDT)") || !strings.HasPrefix(m.Subject, "Bestillingen din") {
		t.Errorf("%s\n%s", m.Subject, text)
	}
}

// TestServiceTellsNobodyElse: neither logs nor errors nor records hold what is the shopper's.
func TestServiceTellsNobodyElse(t *testing.T) {
	t.Parallel()
	for _, does := range []func(context.Context) error{nil, forGood, forNow, nobody, lost} {
		d := newDesk(t, does)
		err := d.consume(t.Context(), placed())
		record, _ := json.Marshal(d.record("receipt", ""))
		said := fmt.Sprint(err) + d.logs.String() + string(record)
		for _, personal := range []string{"anary", "xample.com", "Ada", "Visser", "Wijnhaven", "secret"} {
			if strings.Contains(said, personal) {
				t.Errorf("%q is told: %s", personal, said)
			}
		}
		if !strings.Contains(d.logs.String(), "sm_abc_0_receipt") {
			t.Errorf("the log names no record: %s", d.logs.String())
		}
	}
}
