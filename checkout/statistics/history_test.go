package statistics_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments"
	"kassa/payments/money"
)

// history is what happened in a shop, and what a report must say of it, worked out without any of the package's code.
type history struct {
	*world
	random *rand.Rand
	items  []checkout.OutboxItem
	facts  []recovery.Fact
	truth  statistics.Funnel
	rows   map[string]int64 // carts, sessions and orders by day and platform
}

func plus(m *map[string]int64, name string, n int64) {
	if *m == nil {
		*m = map[string]int64{}
	}
	(*m)[name] += n
}

// shopper leaves a cart, perhaps comes back, perhaps buys.
func (h *history) shopper(amsterdam *time.Location) {
	at := noon.Add(time.Duration(h.random.Int64N(int64(12 * 24 * time.Hour))))
	p := append(payments.Platforms, payments.PlatformUnknown)[h.random.IntN(4)]
	row := func(what string, at time.Time) { h.rows[what+at.In(amsterdam).Format(" 2006-01-02 ")+string(p)]++ }
	c := h.cart(at, p)
	rounds, buys := h.random.IntN(4), h.random.IntN(2) == 0
	if rounds == 0 && !buys && h.random.IntN(2) == 0 {
		return // nobody has ever told anything of it
	}
	h.truth.Carts++
	row("cart", at)
	for c.Round = range rounds {
		at = at.Add(time.Duration(1+h.random.IntN(300)) * time.Minute)
		h.open(c, at)
		row("session", at)
	}
	c.Round = rounds
	h.carts[c.ID] = c
	if rounds > 0 || !buys {
		h.items = append(h.items, h.left(c))
		reason := recovery.Reasons()[h.random.IntN(5)]
		h.facts = append(h.facts, recovery.Fact{ID: "abandoned:" + c.ID, Kind: recovery.FactAbandoned, At: at, CartID: c.ID, Platform: p,
			Reason: reason})
		plus(&h.truth.Abandoned, string(reason), 1)
	}
	if !buys {
		return
	}
	at = at.Add(time.Duration(h.random.IntN(2000)) * time.Minute)
	s := h.open(c, at)
	row("session", at)
	took := time.Duration(h.random.IntN(900)) * time.Second
	amount := money.New(1+h.random.Int64N(20_000), []money.Currency{"EUR", "NOK"}[h.random.IntN(2)])
	h.items = append(h.items, h.buy(s, at.Add(took), amount))
	row("order", at.Add(took))
	h.truth.Orders, h.truth.Attempts = h.truth.Orders+1, h.truth.Attempts+1
	plus(&h.truth.Revenue, string(amount.Currency), amount.Minor)
	if rounds > 0 {
		f := recovery.Fact{ID: "recovered:" + c.ID, Kind: recovery.FactRecovered, At: at.Add(took), CartID: c.ID, Platform: p,
			Channel: recovery.ChannelPush, Amount: amount}
		h.facts = append(h.facts, f)
		h.truth.Recovered++
		plus(&h.truth.Regained, string(amount.Currency), amount.Minor)
	}
}

// open opens a session in which some tries to pay have failed.
func (h *history) open(c checkout.Cart, at time.Time) checkout.Session {
	var pays []checkout.PayMark
	for range h.random.IntN(3) {
		pays = append(pays, h.try(payments.ReasonDeclined))
		h.truth.Attempts++
		plus(&h.truth.Declined, "declined", 1)
	}
	h.truth.Sessions++
	return h.session(c, at, pays...)
}

// TestRandomHistoriesAreConserved: facts told several times, in random order, by several workers at once, over a store that
// refuses and loses answers, add up to what has happened, in total and by row.
func TestRandomHistoriesAreConserved(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			h := &history{world: newWorld(t), random: rand.New(rand.NewPCG(seed, 2)), rows: map[string]int64{}}
			for range 40 {
				h.shopper(zone(t, "Europe/Amsterdam"))
			}
			h.now = noon.AddDate(0, 0, 40)
			h.tell()
			r := h.report("2026-05-01", "2026-06-30")
			paid := r.Total.Paid
			r.Total.Paid = statistics.Pace{}
			h.same(r.Total, h.truth)
			rows := map[string]int64{}
			sum := statistics.Funnel{}
			for _, row := range r.Rows {
				plus(&rows, "cart "+row.Day+" "+row.Platform, row.Funnel.Carts)
				plus(&rows, "session "+row.Day+" "+row.Platform, row.Funnel.Sessions)
				plus(&rows, "order "+row.Day+" "+row.Platform, row.Funnel.Orders)
				sum.Carts, sum.Sessions, sum.Attempts, sum.Orders = sum.Carts+row.Funnel.Carts, sum.Sessions+row.Funnel.Sessions, sum.Attempts+row.Funnel.Attempts, sum.Orders+row.Funnel.Orders
			}
			maps.DeleteFunc(rows, func(_ string, n int64) bool { return n == 0 })
			h.same(rows, h.rows)
			h.same(sum, statistics.Funnel{Carts: h.truth.Carts, Sessions: h.truth.Sessions, Attempts: h.truth.Attempts, Orders: h.truth.Orders})
			var within int64
			for _, n := range paid.Within {
				within += n
			}
			if paid.Orders != h.truth.Orders || within != h.truth.Orders {
				t.Errorf("%d orders, of which %d took some time: want %d", paid.Orders, within, h.truth.Orders)
			}
		})
	}
}

// tell tells everything three times, in random order, by four workers at once; who is refused, or hears nothing, tells it again.
func (h *history) tell() {
	counter, err := statistics.NewCounter(statistics.Config{
		Store: &flaky{Store: h.store, random: rand.New(rand.NewPCG(h.random.Uint64(), 3))}, Reader: h, Zone: zone(h.T, "Europe/Amsterdam"),
		Now: h.clock,
	})
	h.ok(err)
	var all []func() error
	for range 3 {
		for _, item := range h.items {
			all = append(all, func() error { return counter.Consume(h.Context(), item) })
		}
		for _, f := range h.facts {
			all = append(all, func() error { return counter.Record(h.Context(), f) })
		}
	}
	h.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var workers sync.WaitGroup
	for n := range 4 {
		workers.Go(func() {
			for i := n; i < len(all); i += 4 {
				for all[i]() != nil {
					continue
				}
			}
		})
	}
	workers.Wait()
}
