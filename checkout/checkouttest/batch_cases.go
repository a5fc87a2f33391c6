package checkouttest

import (
	"kassa/checkout"
	"kassa/checkout/recovery"
)

func batchCases() []Case {
	return []Case{
		story("batch/carts and sessions that exist, each once", func(t *trial) {
			a, b := t.cart(t.lines(2)...), t.cart(t.lines(1)...)
			s := t.session(a)
			store := t.followed()
			if t.failed() {
				return
			}
			carts, err := store.CartsOf(t.ctx, []string{a.ID, t.id("ct_"), b.ID, a.ID, ""})
			t.ok("read carts", err)
			t.same("carts", carts, map[string]checkout.Cart{a.ID: a, b.ID: b})
			sessions, err := store.SessionsOf(t.ctx, []string{s.ID, checkout.SessionID(b.ID, 0)})
			t.ok("read sessions", err)
			t.same("sessions", sessions, map[string]checkout.Session{s.ID: s})
			none, err := store.CartsOf(t.ctx, nil)
			t.ok("read nothing", err)
			t.same("nothing", len(none), 0)
		}),
		story("batch/a hundred, and no more", func(t *trial) {
			store := t.followed()
			if t.failed() {
				return
			}
			ids := make([]string, recovery.MaxBatch+1)
			for i := range ids {
				ids[i] = t.cart().ID
			}
			carts, err := store.CartsOf(t.ctx, ids[1:])
			t.ok("read a hundred carts", err)
			t.same("how many there are", len(carts), recovery.MaxBatch)
			_, err = store.CartsOf(t.ctx, ids)
			t.code("read a hundred and one", err, checkout.CodeInvalid)
		}),
		story("batch/what is answered is the caller's own", func(t *trial) {
			c := t.cart(t.lines(2)...)
			store := t.followed()
			if t.failed() {
				return
			}
			carts, err := store.CartsOf(t.ctx, []string{c.ID})
			t.ok("read carts", err)
			got := carts[c.ID]
			spoil(&got)
			t.holds(c)
		}),
	}
}
