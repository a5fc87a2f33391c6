package checkouttest

import (
	"errors"
	"sync"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

func (t *trial) sendings() recovery.SendLog {
	store, ok := t.Carts.(recovery.SendLog)
	if !ok {
		t.fail("a %T keeps no records of messages", t.Carts)
	}
	return store
}

func (t *trial) newSending() recovery.Sending {
	r := populated[recovery.Sending](t)
	r.ID, r.Version, r.Op = t.id("sm_"), 1, t.id("op")
	return r
}

func (t *trial) holdsSending(want recovery.Sending) {
	store := t.sendings()
	if t.failed() {
		return
	}
	got, err := store.Sending(t.ctx, want.ID)
	t.ok("read the record", err)
	t.same("the stored record", got, want)
}

func (t *trial) putSending(r recovery.Sending) recovery.Sending {
	store := t.sendings()
	if !t.failed() {
		t.ok("put the record", store.PutSending(t.ctx, r))
	}
	t.holdsSending(r)
	return r
}

func (t *trial) refusesSending(r recovery.Sending, stands *recovery.Sending) {
	store := t.sendings()
	if t.failed() {
		return
	}
	err := store.PutSending(t.ctx, r)
	var conflict *recovery.SendingConflict
	if !errors.As(err, &conflict) {
		t.fail("put a record: got error %v, want a *recovery.SendingConflict", err)
		return
	}
	t.same("the conflict's record", conflict.Sending, stands)
	if stands != nil {
		t.holdsSending(*stands)
	}
}

func sendingCases() []Case {
	return []Case{
		story("sending/every field is kept", func(t *trial) { t.putSending(t.newSending()) }),
		story("sending/one that is empty", func(t *trial) { t.putSending(recovery.Sending{ID: t.id("sm_"), Version: 1}) }),
		story("sending/settled", func(t *trial) {
			r := t.putSending(t.newSending())
			r.Version, r.Op, r.State, r.Why = 2, t.id("op"), recovery.StateSent, ""
			t.putSending(r)
			t.putSending(r) // its answer was lost
		}),
		story("sending/claimed twice is refused", func(t *trial) {
			r := t.putSending(t.newSending())
			other := r
			other.Op = t.id("op")
			t.refusesSending(other, &r)
			other.Op = ""
			t.refusesSending(other, &r)
		}),
		story("sending/settled from an older version is refused", func(t *trial) {
			r := t.putSending(t.newSending())
			next := r
			next.Version, next.Op = 2, t.id("op")
			next = t.putSending(next)
			stale := r
			stale.Version, stale.Op = 2, t.id("op")
			t.refusesSending(stale, &next)
			stale.Version = 4
			t.refusesSending(stale, &next)
		}),
		story("sending/settled where there is none is refused", func(t *trial) {
			r := t.newSending()
			r.Version = 2
			t.refusesSending(r, nil)
		}),
		story("sending/one that is not there", func(t *trial) {
			store := t.sendings()
			if t.failed() {
				return
			}
			for _, id := range []string{t.id("sm_"), ""} {
				if _, err := store.Sending(t.ctx, id); checkout.ErrorCode(err) != checkout.CodeNotFound {
					t.fail("read a record that is not there: %v", err)
				}
			}
		}),
		story("sending/of many who claim at once, one does", func(t *trial) {
			store := t.sendings()
			if t.failed() {
				return
			}
			var (
				group sync.WaitGroup
				mu    sync.Mutex
				won   int
			)
			first := t.newSending()
			for range 8 {
				r := first
				r.Op = t.id("op")
				group.Go(func() {
					err := store.PutSending(t.ctx, r)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						won++
					}
				})
			}
			group.Wait()
			t.same("who claimed", won, 1)
		}),
	}
}
