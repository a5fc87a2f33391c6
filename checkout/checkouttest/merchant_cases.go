package checkouttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/settings"
	"kassa/payments/money"
)

// MerchantCases are the promises of a store whose Sessions keep what is the merchant's too. Settings are one thing of a store:
// the cases about them are one story.
func MerchantCases() []Case {
	return slices.Concat(settingsCases(), recordCases(), keyCases(), historyCases())
}

// MerchantConformance runs MerchantCases, in parallel, on one set of stores.
func MerchantConformance(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	stores := open(t)
	for _, c := range MerchantCases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), stores); err != nil {
				t.Error(err)
			}
		})
	}
}

// merchantStore is the part of a store that is the merchant's.
func merchantStore[T any](t *trial) T {
	store, ok := t.Sessions.(T)
	if !ok {
		t.fail("a %T keeps nothing for the merchant", t.Sessions)
	}
	return store
}

// version is a version of the settings with a document of some size that hardly compresses.
func (t *trial) version(number int64, size int) settings.Version {
	var text bytes.Buffer
	for i := 0; text.Len() < size; i++ {
		fmt.Fprintf(&text, "%x ", checkout.NewMark(t.seed, fmt.Sprint(number, i), "").Key)
	}
	document, _ := json.Marshal(map[string]string{"name": text.String()}) // of text
	return settings.Version{Number: number, At: start.Add(time.Duration(number) * time.Hour), By: t.id("k"), Op: t.id("op"), Document: document}
}

func (t *trial) record(at time.Time) merchant.Record {
	return merchant.Record{
		ID: t.id("au_"), At: at, Key: "k1", Action: "stock.move", Target: "MUG", Before: json.RawMessage(`{"stock":3}`), After: json.RawMessage(`[1,"é"]`),
		Outcome: "", Print: "0f", Op: t.id("op"),
	}
}

func settingsCases() []Case {
	return []Case{
		story("settings/versions follow each other, all are kept, and each has its record", func(t *trial) {
			store := merchantStore[merchant.SettingsStore](t)
			records := merchantStore[merchant.RecordStore](t)
			if t.failed() {
				return
			}
			_, err := store.Settings(t.ctx)
			t.code("read settings that nobody has put", err, checkout.CodeNotFound)
			first, second := t.version(1, 10), t.version(2, settings.MaxDocument-100)
			put := func(v settings.Version) (merchant.Record, error) {
				r := t.record(v.At)
				r.Outcome = merchant.OutcomeDone
				return r, store.PutSettings(t.ctx, v, r)
			}
			_, err = put(second)
			t.code("put the second version first", err, checkout.CodeVersionConflict)
			r, err := put(first)
			t.ok("put the first version", err)
			t.inForce(store, first)
			t.ok("put it again, as after a lost answer", store.PutSettings(t.ctx, first, r))
			rival := t.version(1, 20)
			_, err = put(rival)
			t.code("put another first version", err, checkout.CodeVersionConflict)
			_, err = put(t.version(3, 10))
			t.code("leave out a version", err, checkout.CodeVersionConflict)
			_, err = put(second)
			t.ok("put a second version, the largest there can be", err)
			t.inForce(store, second)
			for _, v := range []settings.Version{first, second} {
				got, err := store.SettingsVersion(t.ctx, v.Number)
				t.ok("read a version", err)
				t.same("the version", got, v)
			}
			_, err = store.SettingsVersion(t.ctx, 3)
			t.code("read a version that there is not", err, checkout.CodeNotFound)
			t.eventually(func() error {
				page, _, err := records.Records(t.ctx, 100, "")
				if err != nil {
					return err
				}
				n := 0
				for _, r := range page {
					if strings.Contains(r.ID, t.seed) {
						n++
					}
				}
				return t.differs("records", n, 2)
			})
			t.oneWins(store, 3)
		}),
	}
}

func (t *trial) inForce(store settings.Reader, want settings.Version) {
	if t.failed() {
		return
	}
	got, err := store.Settings(t.ctx)
	t.ok("read settings", err)
	t.same("the settings in force", got, want)
}

// oneWins puts the same number eight times at once.
func (t *trial) oneWins(store merchant.SettingsStore, number int64) {
	versions := make([]settings.Version, 8)
	records := make([]merchant.Record, len(versions))
	for i := range versions {
		versions[i], records[i] = t.version(number, 10), t.record(start)
	}
	won := -1
	for i, err := range together(len(versions), func(i int) error { return store.PutSettings(t.ctx, versions[i], records[i]) }) {
		switch {
		case err == nil && won < 0:
			won = i
		case err == nil:
			t.fail("two of those who put version %d at once have won", number)
		default:
			t.code("put settings beside others", err, checkout.CodeVersionConflict)
		}
	}
	if won < 0 {
		t.fail("nobody of those who put version %d at once has won", number)
		return
	}
	t.inForce(store, versions[won])
}

func recordCases() []Case {
	return []Case{
		story("record/is begun once, and ended", func(t *trial) {
			store := merchantStore[merchant.RecordStore](t)
			if t.failed() {
				return
			}
			r := t.record(start)
			got, err := store.BeginRecord(t.ctx, r)
			t.ok("begin", err)
			t.same("the record", got, r)
			other := r
			other.Op, other.Action = t.id("op"), "other"
			got, err = store.BeginRecord(t.ctx, other)
			t.ok("begin one with the same id", err)
			t.same("the record that stands", got, r)
			for range 2 {
				t.ok("end", store.EndRecord(t.ctx, r.ID, merchant.OutcomeDone, json.RawMessage(`{"rows":3}`)))
			}
			r.Outcome, r.Result = merchant.OutcomeDone, json.RawMessage(`{"rows":3}`)
			got, err = store.BeginRecord(t.ctx, other)
			t.ok("begin it again", err)
			t.same("the record that ended", got, r)
			t.code("end what never began", store.EndRecord(t.ctx, t.id("au_"), "done", nil), checkout.CodeNotFound)
		}),
		story("record/pages have each once, newest first", func(t *trial) {
			store := merchantStore[merchant.RecordStore](t)
			var want []merchant.Record
			for i := range 7 {
				r := t.record(start.Add(time.Duration(i/2) * time.Minute)) // some at the same instant
				if !t.failed() {
					_, err := store.BeginRecord(t.ctx, r)
					t.ok("begin", err)
				}
				want = append(want, r)
			}
			byID := func(a, b merchant.Record) int { return strings.Compare(a.ID, b.ID) }
			slices.SortFunc(want, byID)
			for _, limit := range []int{1, 3, 100} {
				t.eventually(func() error {
					got, err := t.records(t.ctx, store, limit)
					if err != nil {
						return err
					}
					if !slices.IsSortedFunc(got, func(a, b merchant.Record) int { return b.At.Compare(a.At) }) {
						return fmt.Errorf("records are not newest first: %v", got)
					}
					slices.SortFunc(got, byID)
					return t.differs("records", got, want)
				})
			}
		}),
	}
}

// records reads all records, and returns the case's own.
func (t *trial) records(ctx context.Context, store merchant.RecordStore, limit int) (own []merchant.Record, err error) {
	cursor := ""
	for range maxPages {
		page, next, err := store.Records(ctx, limit, cursor)
		if err != nil {
			return nil, fmt.Errorf("read records: %w", err)
		}
		if len(page) > limit {
			return nil, fmt.Errorf("a page has %d records, asked for were %d", len(page), limit)
		}
		for _, r := range page {
			if strings.Contains(r.ID, t.seed) {
				own = append(own, r)
			}
		}
		if cursor = next; next == "" {
			return own, nil
		}
	}
	return nil, fmt.Errorf("after %d pages there were still more", maxPages)
}

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

func historyCases() []Case {
	entry := func(t *trial, at time.Time) checkout.OrderEntry {
		return checkout.OrderEntry{OrderID: t.id("or_"), PlacedAt: at, Total: money.New(1<<60+7, "NOK")}
	}
	return []Case{
		story("history/a person's orders come newest first, each once", func(t *trial) {
			store := merchantStore[checkout.OrderHistory](t)
			if t.failed() {
				return
			}
			person, other := t.id("pe_"), t.id("pe_")
			var want []checkout.OrderEntry
			for i := range 5 {
				want = append(want, entry(t, start.Add(time.Duration(-i)*time.Hour)))
			}
			for _, i := range []int{3, 0, 4, 1, 2, 3, 0} { // some again, as the outbox does
				t.ok("remember", store.RememberOrder(t.ctx, person, want[i]))
			}
			t.ok("remember another's", store.RememberOrder(t.ctx, other, want[0]))
			for _, limit := range []int{1, 2, 100} {
				t.placed(store, person, limit, want...)
			}
			t.placed(store, other, 10, want[0])
			t.placed(store, t.id("pe_"), 10)
			t.ok("forget", store.ForgetOrders(t.ctx, person))
			t.ok("forget again", store.ForgetOrders(t.ctx, person))
			t.placed(store, person, 10)
			t.placed(store, other, 10, want[0])
		}),
		story("history/orders of one instant come on several pages", func(t *trial) {
			store := merchantStore[checkout.OrderHistory](t)
			person := t.id("pe_")
			var want []checkout.OrderEntry
			for range 4 {
				want = append(want, entry(t, start))
				if !t.failed() {
					t.ok("remember", store.RememberOrder(t.ctx, person, want[len(want)-1]))
				}
			}
			slices.SortFunc(want, func(a, b checkout.OrderEntry) int { return strings.Compare(b.OrderID, a.OrderID) })
			t.placed(store, person, 3, want...)
		}),
		story("history/more than a page is forgotten", func(t *trial) {
			store := merchantStore[checkout.OrderHistory](t)
			person := t.id("pe_")
			if t.failed() {
				return
			}
			entries := make([]checkout.OrderEntry, 110)
			for i := range entries {
				entries[i] = entry(t, start.Add(time.Duration(i)*time.Second))
			}
			for _, err := range together(len(entries), func(i int) error { return store.RememberOrder(t.ctx, person, entries[i]) }) {
				t.ok("remember", err)
			}
			if !t.failed() {
				t.ok("forget", store.ForgetOrders(t.ctx, person))
			}
			t.placed(store, person, 10)
		}),
	}
}

// placed fails the case unless a person soon has just these orders, in their order.
func (t *trial) placed(store checkout.OrderHistory, person string, limit int, want ...checkout.OrderEntry) {
	t.eventually(func() error {
		var got []checkout.OrderEntry
		for cursor := ""; ; {
			page, next, err := store.OrdersOf(t.ctx, person, limit, cursor)
			if err != nil || len(page) > limit {
				return fmt.Errorf("read orders: %d, %w", len(page), err)
			}
			got = append(got, page...)
			if cursor = next; next == "" || len(got) > 1000 {
				return t.differs("orders", got, want)
			}
		}
	})
}
