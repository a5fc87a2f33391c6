package memstore

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kassa/checkout"
)

// TestTimelineAgainstSortedSlice compares a timeline with the simplest thing that does the same.
func TestTimelineAgainstSortedSlice(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var line timeline
	plain := map[entry]bool{}
	for step := range 20_000 {
		e := entry{epoch.Add(time.Duration(random.IntN(3000)) * time.Millisecond), fmt.Sprint("id", random.IntN(5))}
		if growing := step < 12_000; growing == (random.IntN(4) > 0) {
			line.add(e)
			plain[e] = true
		} else {
			line.remove(e)
			delete(plain, e)
		}
		if step%1000 == 999 {
			want := slices.SortedFunc(keys(plain), func(a, b entry) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
			before := epoch.Add(time.Duration(random.IntN(3500)) * time.Millisecond)
			want = slices.DeleteFunc(want, func(e entry) bool { return e.at.After(before) })
			if got := all(t, &line, before, 1+random.IntN(300)); !slices.Equal(got, want) {
				t.Fatalf("step %d: got %d entries, want %d, or in another order", step, len(got), len(want))
			}
		}
	}
}

func keys(m map[entry]bool) func(yield func(entry) bool) {
	return func(yield func(entry) bool) {
		for e := range m {
			if !yield(e) {
				return
			}
		}
	}
}

func all(t *testing.T, line *timeline, before time.Time, limit int) []entry {
	t.Helper()
	var got []entry
	q := checkout.DueQuery{Before: before, Limit: limit}
	for {
		page, err := line.due(q)
		if err != nil {
			t.Fatal(err)
		}
		if page.Cursor != "" && len(page.Items) != limit {
			t.Fatalf("a page that is not the last has %d of %d entries", len(page.Items), limit)
		}
		for _, item := range page.Items {
			got = append(got, entry{item.At, item.ID})
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return got
		}
	}
}

func TestTimelineGivesBackItsMemory(t *testing.T) {
	t.Parallel()
	var line timeline
	for i := range 5000 {
		line.add(entry{time.Unix(int64(i), 0), "x"})
	}
	for i := range 5000 {
		line.remove(entry{time.Unix(int64(i), 0), "x"})
	}
	if len(line.pages) != 0 {
		t.Errorf("an empty timeline has %d pages", len(line.pages))
	}
}

// BenchmarkNothingDue is the sweep's usual question, with 100,000 open carts.
func BenchmarkNothingDue(b *testing.B) {
	s := New()
	for i := range 100_000 {
		at := time.Unix(int64(1_800_000_000+i), 0)
		if err := s.CreateCart(b.Context(), checkout.Cart{ID: fmt.Sprint("ct_", i), Version: 1, Due: at}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		page, err := s.DueCarts(b.Context(), checkout.DueQuery{Before: time.Unix(1_700_000_000, 0), Limit: 100})
		if err != nil || len(page.Items) > 0 {
			b.Fatal(page, err)
		}
	}
}
