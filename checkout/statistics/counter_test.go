package statistics_test

import (
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments"
	"kassa/payments/money"
)

func TestAPurchaseIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.session(w.cart(noon, payments.PlatformIOS), noon.Add(time.Minute), w.try(payments.ReasonDeclined))
	s.Marks = []checkout.Mark{{Key: "edit"}, s.Create}
	s.Pays = append(s.Pays, checkout.PayMark{Mark: checkout.Mark{Key: "refused"}, Refused: true})
	w.consume(w.buy(s, noon.Add(time.Minute+17*time.Second), eur(4685)))
	r := w.report("2026-05-06", "2026-05-06")
	want := statistics.Funnel{
		Carts: 1, Sessions: 1, Attempts: 2, Declined: map[string]int64{"declined": 1}, Orders: 1, Revenue: map[string]int64{"EUR": 4685},
		Paid: statistics.Pace{Orders: 1, Seconds: 17, Requests: 5, Median: 20, Within: map[string]int64{"20": 1}},
	}
	w.same(r.Total, want)
	w.same(r.Rows, []statistics.Row{{Day: "2026-05-06", Platform: "ios", Funnel: want}})
}

// TestOneCallIsOneRequest: a create that pays is one request, though the session knows it as both.
func TestOneCallIsOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.session(w.cart(noon, ""), noon)
	item := w.buy(s, noon, eur(100))
	item.Session.Pays[0].Mark = s.Create
	w.consume(item)
	if p := w.report("", "").Total.Paid; p.Requests != 1 || p.Seconds != 0 || p.Median != 5 {
		t.Errorf("got %+v, want one request in no time", p)
	}
}

// TestACartThatWasLeft: its sessions are found through it; what happens to them later is added, and nothing is counted twice.
func TestACartThatWasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cart(noon, payments.PlatformWeb)
	w.session(c, noon, w.try(payments.ReasonTryAgain))
	c.Round = 1
	w.carts[c.ID] = c
	second := w.session(c, noon.Add(time.Hour), w.try(payments.ReasonDeclined), w.try(""))
	abandoned := recovery.Fact{ID: "abandoned:" + c.ID, Kind: recovery.FactAbandoned, At: noon.Add(2 * time.Hour), CartID: c.ID,
		Platform: payments.PlatformWeb, Reason: recovery.ReasonPaymentDeclined}
	for range 2 {
		w.consume(w.left(c))
		w.record(abandoned)
	}
	want := statistics.Funnel{
		Carts: 1, Sessions: 2, Attempts: 3, Declined: map[string]int64{"declined": 1, "try_again": 1},
		Abandoned: map[string]int64{"payment_declined": 1},
	}
	w.same(w.report("", "").Total, want)

	w.consume(w.buy(second, noon.Add(26*time.Hour), eur(1000)), w.left(c))
	want.Attempts, want.Orders, want.Revenue = 4, 1, map[string]int64{"EUR": 1000}
	want.Paid = statistics.Pace{Orders: 1, Seconds: 25 * 3600, Requests: 4, Median: 86400, Within: map[string]int64{"86400": 1}}
	w.same(w.report("2026-05-06", "2026-05-07").Total, want)
}

func TestFollowUpsAreCountedByChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fact := func(kind recovery.FactKind, id string, channel recovery.Channel) recovery.Fact {
		return recovery.Fact{ID: id, Kind: kind, At: noon, CartID: "ct_1", Platform: payments.PlatformIOS, Channel: channel, Stage: "first"}
	}
	skipped := fact(recovery.FactSkipped, "skipped", recovery.ChannelEmail)
	skipped.Why = recovery.WhyHoldout
	recovered := fact(recovery.FactRecovered, "recovered", recovery.ChannelPush)
	recovered.OrderID, recovered.Amount = "or_1_0", money.New(9900, "NOK")
	for range 2 {
		w.record(fact(recovery.FactSent, "sent1", recovery.ChannelPush), fact(recovery.FactSent, "sent2", recovery.ChannelEmail),
			fact(recovery.FactClicked, "clicked", recovery.ChannelPush), skipped, recovered)
	}
	w.same(w.report("", "").Rows, []statistics.Row{
		{Day: "2026-05-06", Channel: "email", Platform: "ios", Funnel: statistics.Funnel{
			Followed: map[string]int64{"first": 1}, Skipped: map[string]int64{"holdout": 1}}},
		{Day: "2026-05-06", Channel: "push", Platform: "ios", Funnel: statistics.Funnel{
			Followed: map[string]int64{"first": 1}, Clicked: 1, Recovered: 1, Regained: map[string]int64{"NOK": 9900}}},
	})
}

// TestFollowUpsAreFoundOnTheCart: one of which nobody told is found with the next notice, and one of which somebody did is no second.
func TestFollowUpsAreFoundOnTheCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.cart(noon, payments.PlatformAndroid)
	c.Abandonment = &checkout.Abandonment{FollowUps: []checkout.FollowUp{
		{ID: "a", Stage: "push", Channel: "push", State: string(recovery.StateSent), At: noon, OpenedAt: noon.Add(time.Hour)},
		{ID: "b", Stage: "email", Channel: "email", State: string(recovery.StateUnknown), At: noon},
		{ID: "c", Stage: "incentive", Channel: "email", State: string(recovery.StateClaimed), At: noon},
		{ID: "d", Stage: "~confirm", Channel: "email", State: string(recovery.StateSent), At: noon},
	}}
	w.carts[c.ID] = c
	w.record(recovery.Fact{ID: "sent:a", Kind: recovery.FactSent, At: noon, Channel: recovery.ChannelPush, Stage: "push",
		Platform: payments.PlatformAndroid})
	w.consume(w.left(c), w.buy(w.session(c, noon), noon, eur(100)))
	w.record(recovery.Fact{ID: "clicked:a", Kind: recovery.FactClicked, At: noon.Add(time.Hour), Channel: recovery.ChannelPush, Stage: "push",
		Platform: payments.PlatformAndroid})
	total := w.report("", "").Total
	w.same([]any{total.Followed, total.Clicked, total.Orders}, []any{map[string]int64{"push": 1, "email": 1}, int64(1), int64(1)})
}

// TestDaysAreTheShops: a day begins at the shop's midnight, whatever its clocks do on it.
func TestDaysAreTheShops(t *testing.T) {
	t.Parallel()
	for name, days := range map[string]map[string]string{
		"Europe/Amsterdam": {
			"2026-03-28T22:59:59Z": "2026-03-28", "2026-03-28T23:00:00Z": "2026-03-29", // 23 hours long
			"2026-03-29T21:59:59Z": "2026-03-29", "2026-03-29T22:00:00Z": "2026-03-30",
			"2026-10-24T21:59:59Z": "2026-10-24", "2026-10-24T22:00:00Z": "2026-10-25", // 25 hours long
			"2026-10-25T22:59:59Z": "2026-10-25", "2026-10-25T23:00:00Z": "2026-10-26",
			"2026-12-31T23:30:00Z": "2027-01-01",
		},
		"Pacific/Auckland":     {"2026-06-30T11:59:59Z": "2026-06-30", "2026-06-30T12:00:00Z": "2026-07-01"},
		"America/Los_Angeles":  {"2026-07-01T06:59:59Z": "2026-06-30", "2026-07-01T07:00:00Z": "2026-07-01"},
		"America/Sao_Paulo":    {"2018-11-04T02:59:59Z": "2018-11-03", "2018-11-04T03:00:00Z": "2018-11-04"}, // had no midnight
		"Pacific/Kiritimati":   {"2026-06-30T09:59:59Z": "2026-06-30", "2026-06-30T10:00:00Z": "2026-07-01"},
		"Antarctica/Troll":     {"2026-03-29T00:59:59Z": "2026-03-29", "2026-10-25T00:59:00Z": "2026-10-25"}, // two hours forth and back
		"Australia/Lord_Howe":  {"2026-04-04T13:29:59Z": "2026-04-05", "2026-04-04T12:59:59Z": "2026-04-04"}, // half an hour
		"Asia/Kolkata":         {"2026-05-06T18:29:59Z": "2026-05-06", "2026-05-06T18:30:00Z": "2026-05-07"},
		"America/Punta_Arenas": {"2026-05-07T02:59:59Z": "2026-05-06", "2026-05-07T03:00:00Z": "2026-05-07"},
	} {
		for at, day := range days {
			instant, err := time.Parse(time.RFC3339, at)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, func(c *statistics.Config) { c.Zone = zone(t, name) })
			w.now = instant
			w.consume(w.left(w.cart(instant, "")))
			r := w.report("", "")
			if len(r.Rows) != 1 || r.Rows[0].Day != day || r.To != day {
				t.Errorf("%s in %s is on %v, and today is %s: want %s", at, name, r.Rows, r.To, day)
			}
		}
	}
}

// TestToldTooLate: nobody remembers any more whether it was counted.
func TestToldTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	item := w.buy(w.session(w.cart(noon, ""), noon), noon, eur(100))
	w.consume(item)
	w.now = noon.Add(statistics.Memory)
	w.consume(item)
	w.consume(w.buy(w.session(w.cart(noon, ""), noon), noon, eur(100)))
	w.record(recovery.Fact{ID: "late", Kind: recovery.FactClicked, At: noon, Channel: recovery.ChannelEmail},
		recovery.Fact{ID: "arm", Kind: recovery.FactEligible, At: noon.Add(-statistics.DefaultWindow), Person: "pe_1", Arm: recovery.ArmTreated},
		recovery.Fact{ID: "order", Kind: recovery.FactOrdered, At: noon, Person: "pe_1", OrderID: "or_9_0", Amount: eur(1)})
	r := w.report("2026-04-01", "2026-05-31")
	if r.Total.Orders != 1 || r.Total.Clicked != 0 || r.Lift.Treated.People != 0 {
		t.Errorf("got %+v, %+v", r.Total, r.Lift)
	}
}

func TestWhatNobodyKnowsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, f := range []recovery.Fact{
		{ID: "1", Kind: "juggled", At: noon}, {ID: "2", Kind: recovery.FactEligible, At: noon}, {ID: "3", Kind: recovery.FactOrdered, At: noon},
	} {
		if err := w.counter.Record(t.Context(), f); checkout.ErrorCode(err) != checkout.CodeInvalid {
			t.Errorf("%+v: %v", f, err)
		}
	}
	w.same(w.report("", "").Rows, []statistics.Row{})
}

// TestStrangeWords: what others call their stages and platforms can't spoil a key.
func TestStrangeWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(recovery.Fact{ID: "1", Kind: recovery.FactSent, At: noon, Channel: recovery.ChannelEmail, Stage: "søt#1.", Platform: "toaster"},
		recovery.Fact{ID: "2", Kind: recovery.FactSkipped, At: noon, Channel: recovery.ChannelEmail})
	rows := w.report("", "").Rows
	w.same(rows, []statistics.Row{{Day: "2026-05-06", Channel: "email", Funnel: statistics.Funnel{
		Followed: map[string]int64{"s_t_1_": 1}, Skipped: map[string]int64{"none": 1}}}})
}
