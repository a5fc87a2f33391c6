package statistics_test

import (
	"slices"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

// changed is an order of somebody measured, as it becomes.
func (w *world) changed(s checkout.Session, change func(o *checkout.Order)) checkout.Session {
	s.Version++
	o := *s.Order
	change(&o)
	s.Order = &o
	w.sessions[s.ID] = s
	return s
}

// wantNet holds the one person who is measured against what the shop has of their order.
func (w *world) wantNet(net int64) {
	w.Helper()
	want := statistics.ArmReport{People: 1, Buyers: 1, Orders: 1, Revenue: map[string]int64{"EUR": net}}
	if net == 0 {
		want = statistics.ArmReport{People: 1}
	}
	w.wantArm(recovery.ArmTreated, want, net*net)
}

func refund(id string, minor int64, state checkout.RefundState) checkout.Refund {
	return checkout.Refund{ID: id, Amount: eur(minor), State: state, AskedAt: noon.Add(24 * time.Hour)}
}

// TestWhatGoesBack takes an order of 100.00 through what may become of its money. returned is by the day after the order.
func TestWhatGoesBack(t *testing.T) {
	t.Parallel()
	next := noon.Add(24 * time.Hour)
	for name, c := range map[string]struct {
		changes       []func(o *checkout.Order)
		returned, net int64
	}{
		"nothing":          {nil, 0, 10_000},
		"asked for":        {[]func(o *checkout.Order){func(o *checkout.Order) { o.Refunds = []checkout.Refund{refund("a", 2500, checkout.RefundRequested)} }}, 0, 10_000},
		"a refund":         {[]func(o *checkout.Order){func(o *checkout.Order) { o.Refunds = []checkout.Refund{refund("a", 2500, checkout.RefundDone)} }}, 2500, 7500},
		"pending and done": {[]func(o *checkout.Order){func(o *checkout.Order) { o.Refunds = []checkout.Refund{refund("a", 2500, checkout.RefundPending)} }, func(o *checkout.Order) { o.Refunds = []checkout.Refund{refund("a", 2500, checkout.RefundDone)} }}, 2500, 7500},
		"pending and failed": {[]func(o *checkout.Order){func(o *checkout.Order) { o.Refunds = []checkout.Refund{refund("a", 2500, checkout.RefundPending)} }, func(o *checkout.Order) {
			o.Refunds = []checkout.Refund{refund("a", 2500, checkout.RefundFailed)}
		}}, 0, 10_000},
		"failed": {[]func(o *checkout.Order){func(o *checkout.Order) { o.Refunds = []checkout.Refund{refund("a", 2500, checkout.RefundFailed)} }}, 0,
			10_000},
		"two refunds, all of it": {[]func(o *checkout.Order){func(o *checkout.Order) {
			o.Refunds = []checkout.Refund{refund("a", 2500, checkout.RefundDone), refund("b", 7500, checkout.RefundPending)}
		}}, 10_000, 0},
		"a lost dispute": {[]func(o *checkout.Order){func(o *checkout.Order) {
			o.Disputes = []checkout.Dispute{{ID: "d", Amount: eur(10_000), State: checkout.DisputeOpen, At: noon}}
		}, func(o *checkout.Order) {
			o.Disputes = []checkout.Dispute{{ID: "d", Amount: eur(10_000), State: checkout.DisputeLost, At: next}}
		}}, 10_000, 0},
		"a won dispute": {[]func(o *checkout.Order){func(o *checkout.Order) {
			o.Disputes = []checkout.Dispute{{ID: "d", Amount: eur(10_000), State: checkout.DisputeWon, At: next}}
		}}, 0, 10_000},
		"a hold that lapsed": {[]func(o *checkout.Order){func(o *checkout.Order) { o.Lapsed = next }}, 10_000, 0},
		"a hold that was captured in part": {[]func(o *checkout.Order){func(o *checkout.Order) {
			o.Capture = &checkout.Capture{Amount: eur(6000), Taken: eur(6000), At: next, Done: true}
		}}, 4000, 6000},
		"a hold that was canceled": {[]func(o *checkout.Order){func(o *checkout.Order) { o.Cancellation = &checkout.Cancellation{At: next, Done: true} }}, 10_000, 0},
		"canceled and refunded": {[]func(o *checkout.Order){func(o *checkout.Order) {
			o.Refunds = []checkout.Refund{refund("a", 10_000, checkout.RefundPending)}
			o.Cancellation = &checkout.Cancellation{At: next, Done: true, Refund: "a"}
		}}, 10_000, 0},
		"canceled, and the refund failed": {[]func(o *checkout.Order){func(o *checkout.Order) {
			o.Refunds = []checkout.Refund{refund("a", 10_000, checkout.RefundFailed)}
			o.Cancellation = &checkout.Cancellation{At: next, Done: true, Refund: "a"}
		}}, 0, 10_000},
		"refunded, then canceled": {[]func(o *checkout.Order){func(o *checkout.Order) {
			o.Refunds = []checkout.Refund{refund("a", 10_000, checkout.RefundDone)}
			o.Cancellation = &checkout.Cancellation{At: next, Done: true}
		}}, 10_000, 0},
	} {
		for _, early := range []bool{true, false} { // the order is told of before what goes back, or after
			w := newWorld(t)
			w.now = next
			s := w.session(w.cart(noon, ""), noon)
			s.Buyer.Email = "ada@example.com"
			item := w.buy(s, noon, eur(10_000))
			person := checkout.PersonOfEmail("ada@example.com")
			order := bought(person, item.Session.Order.ID, eur(10_000), noon)
			told := []checkout.OutboxItem{item}
			if w.record(eligible(person, recovery.ArmTreated, noon)); early {
				w.record(order)
			}
			s = item.Session
			for _, change := range c.changes {
				s = w.changed(s, change)
				told = append(told, w.told(s, checkout.NoticeOrderRefunded))
			}
			// The latest first, then all in order, then the latest first: what is old tells nothing new.
			backwards := slices.Clone(told)
			slices.Reverse(backwards)
			w.consume(slices.Concat(backwards, told, backwards)...)
			if early {
				w.wantNet(c.net)
			}
			w.record(order)
			w.wantNet(c.net)

			r := w.report("", "")
			if r.Total.Revenue["EUR"] != 10_000 || r.Total.Returned["EUR"] != c.returned {
				t.Errorf("%s: %v came, %v went back, want %d", name, r.Total.Revenue, r.Total.Returned, c.returned)
			}
			for _, row := range r.Rows {
				if row.Funnel.Returned["EUR"] != 0 && row.Day != "2026-05-07" {
					t.Errorf("%s: went back on %s", name, row.Day)
				}
			}
		}
	}
}

// TestAFreeOrderIsAnOrder: nothing was paid, and nothing went back.
func TestAFreeOrderIsAnOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.session(w.cart(noon, ""), noon)
	s.Buyer.Email = "ada@example.com"
	item := w.buy(s, noon, money.Zero("EUR"))
	person := checkout.PersonOfEmail("ada@example.com")
	w.record(eligible(person, recovery.ArmHoldout, noon), bought(person, item.Session.Order.ID, money.Zero("EUR"), noon))
	w.consume(item, w.told(item.Session, checkout.NoticePaymentReview))
	w.wantArm(recovery.ArmHoldout, statistics.ArmReport{People: 1, Buyers: 1, Orders: 1}, 0)
}
