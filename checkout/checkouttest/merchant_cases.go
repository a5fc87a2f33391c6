package checkouttest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
)

// MerchantCases are the promises of a store whose Sessions keep what is the merchant's too. Settings are one thing of a store:
// the cases about them are one story.
func MerchantCases() []Case {
	return slices.Concat(settingsCases(), recordCases(), keyCases(), historyCases(), namedCases())
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

func (t *trial) record(at time.Time) merchant.Record {
	return merchant.Record{
		ID: t.id("au_"), At: at, Key: "k1", Action: "stock.move", Target: "MUG", Before: json.RawMessage(`{"stock":3}`),
		After:   json.RawMessage(`[1,"é"]`),
		Outcome: "", Print: "0f", Op: t.id("op"),
	}
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
