package checkouttest

import (
	"fmt"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
)

func (t *trial) key(at time.Time) merchant.Key {
	k := populated[merchant.Key](t)
	k.ID, k.CreatedAt, k.Version, k.LastUsed = t.id("k"), at, 1, ""
	return k
}

func keyCases() []Case {
	return []Case{
		story("key/every field survives, and a change needs the version before it", func(t *trial) {
			store := merchantStore[merchant.KeyStore](t)
			if t.failed() {
				return
			}
			k := t.key(start)
			_, err := store.Key(t.ctx, k.ID)
			t.code("read a key that there is not", err, checkout.CodeNotFound)
			r := t.record(start)
			for range 2 { // the second as after a lost answer
				t.ok("put", store.PutKey(t.ctx, k, r))
			}
			t.holdsKey(store, k)
			other := k
			other.Op = t.id("op")
			t.code("put it as new once more", store.PutKey(t.ctx, other, t.record(start)), checkout.CodeVersionConflict)
			for range 2 {
				t.ok("touch", store.TouchKey(t.ctx, k.ID, "2026-03-28"))
			}
			t.ok("touch one that there is not", store.TouchKey(t.ctx, t.id("k"), "2026-03-28"))
			next := k
			next.Version, next.Op, next.RevokedAt, next.LastUsed = 2, t.id("op"), start.Add(time.Hour), "2020-01-01"
			t.ok("change", store.PutKey(t.ctx, next, t.record(start)))
			next.LastUsed = "2026-03-28"
			t.holdsKey(store, next)
			stale := k
			stale.Version, stale.Op = 2, t.id("op")
			t.code("change what has changed", store.PutKey(t.ctx, stale, t.record(start)), checkout.CodeVersionConflict)
			t.holdsKey(store, next)
		}),
		story("key/pages have each once, newest first", func(t *trial) {
			store := merchantStore[merchant.KeyStore](t)
			var want []string
			for i := range 5 {
				k := t.key(start.Add(time.Duration(-i) * time.Minute))
				if !t.failed() {
					t.ok("put", store.PutKey(t.ctx, k, t.record(start)))
				}
				want = append(want, k.ID)
			}
			t.eventually(func() error {
				var got []string
				cursor := ""
				for range maxPages {
					page, next, err := store.Keys(t.ctx, 2, cursor)
					if err != nil || len(page) > 2 {
						return fmt.Errorf("read keys: %d, %w", len(page), err)
					}
					for _, k := range page {
						if strings.Contains(k.ID, t.seed) {
							got = append(got, k.ID)
						}
					}
					if cursor = next; next == "" {
						break
					}
				}
				return t.differs("keys", got, want)
			})
		}),
	}
}

func (t *trial) holdsKey(store merchant.KeyStore, want merchant.Key) {
	if t.failed() {
		return
	}
	got, err := store.Key(t.ctx, want.ID)
	t.ok("read the key", err)
	t.same("the stored key", got, want)
}
