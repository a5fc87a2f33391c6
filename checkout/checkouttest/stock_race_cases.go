package checkouttest

import (
	"context"
	"errors"
	"sync/atomic"

	"kassa/checkout"
)

func stockRaces() []Case {
	return []Case{
		story("race/1000 takers of 100 units: 100 get one", func(t *trial) {
			const takers, units, atOnce = 1000, 100, 50
			sku := t.product(units)
			sessions := make([]checkout.Session, takers)
			for i := range sessions {
				sessions[i] = t.newSession(t.newCart())
			}
			var next, sold atomic.Int64
			for _, err := range together(atOnce, func(int) error {
				for i := next.Add(1) - 1; i < takers; i = next.Add(1) - 1 {
					err := t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i], Stock: moves(-1, sku)})
					if err == nil {
						sold.Add(1)
					} else if !short(err) {
						return err
					}
				}
				return nil
			}) {
				t.ok("take", err)
			}
			t.same("units sold", sold.Load(), int64(units))
			t.free(sku, 0)
		}),
		story("race/takers and givers: none is made, none is lost", func(t *trial) {
			const units, callers, rounds = 10, 20, 5
			sku := t.product(units)
			starts := make([]checkout.Session, callers)
			for i := range starts {
				starts[i] = t.newSession(t.newCart())
			}
			for _, err := range together(callers, func(i int) error { return t.borrow(starts[i], sku, rounds) }) {
				t.ok("borrow", err)
			}
			t.free(sku, units)
		}),
		story("race/one added stock sent 20 times counts once", func(t *trial) {
			sku, op := t.product(1), t.id("add")
			for _, err := range together(20, func(int) error { return t.Catalog.AddStock(t.ctx, op, sku, 5) }) {
				t.ok("add", err)
			}
			t.free(sku, 6)
		}),
		story("race/20 additions and 20 takers: all count", func(t *trial) {
			sku := t.product(20)
			ops := make([]string, 20)
			sessions := make([]checkout.Session, 20)
			for i := range ops {
				ops[i], sessions[i] = t.id("add"), t.newSession(t.newCart())
			}
			for _, err := range together(40, func(i int) error {
				if i%2 == 0 {
					return t.Catalog.AddStock(t.ctx, ops[i/2], sku, 2)
				}
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i/2], Stock: moves(-1, sku)})
			}) {
				t.ok("add or take", err)
			}
			t.free(sku, 40)
		}),
		story("race/putting a product does not undo what is taken meanwhile", func(t *trial) {
			sku := t.product(20)
			sessions := make([]checkout.Session, 20)
			for i := range sessions {
				sessions[i] = t.newSession(t.newCart())
			}
			for _, err := range together(40, func(i int) error {
				if i%2 == 0 {
					return t.Catalog.PutProducts(t.ctx, []checkout.Product{{SKU: sku, Title: "Thing", Stock: shelf(20)}})
				}
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: sessions[i/2], Stock: moves(-1, sku)})
			}) {
				t.ok("put or take", err)
			}
			t.free(sku, 0)
		}),
		story("race/one event received 20 times is there once", func(t *trial) {
			item := t.item(start)
			for _, err := range together(20, func(int) error { return t.Inbox.PutInbox(t.ctx, item) }) {
				t.ok("put", err)
			}
			t.received(50, item)
		}),
	}
}

func short(err error) bool {
	var c *checkout.Conflict
	return errors.As(err, &c) && len(c.Short) == 1
}

// borrow takes a unit and gives it back, some rounds; none to take is fine.
func (t *trial) borrow(s checkout.Session, sku string, rounds int) error {
	commit := func(delta int64) error {
		err := t.Sessions.Commit(context.WithoutCancel(t.ctx), checkout.Commit{Session: s, Stock: moves(delta, sku)})
		if err == nil {
			s.Version++
			s.Op += "+"
		}
		return err
	}
	for range rounds {
		if err := commit(-1); short(err) {
			continue
		} else if err != nil {
			return err
		}
		if err := commit(1); err != nil {
			return err
		}
	}
	return nil
}
