package checkouttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/statistics"
	"kassa/payments"
)

// StatisticsCases are the promises of a statistics.Store.
func StatisticsCases() []Case { return slices.Concat(incrementCases(), cellCases(), measuredCases()) }

// StatisticsConformance runs StatisticsCases, in parallel, on one store.
func StatisticsConformance(t *testing.T, open func(t *testing.T) statistics.Store) {
	t.Helper()
	stores := Stores{Statistics: open(t)}
	for _, c := range StatisticsCases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), stores); err != nil {
				t.Error(err)
			}
		})
	}
}

// channel is the case's own: cells are shared by all that happens on a day.
func (t *trial) channel() string {
	return strings.Map(func(r rune) rune {
		if r <= '9' {
			return r - '0' + 'g'
		}
		return r
	}, t.seed)
}

func (t *trial) cell(day string) statistics.Cell {
	return statistics.Cell{Day: day, Channel: t.channel(), Platform: payments.PlatformIOS}
}

// increment is one of counts, name, number, name, number …
func (t *trial) increment(day string, counts ...any) statistics.Increment {
	i := statistics.Increment{ID: t.id("fact:"), Cell: t.cell(day), Counts: statistics.Counts{}, Until: start.Add(statistics.Memory)}
	for n := 0; n+1 < len(counts); n += 2 {
		i.Counts[counts[n].(string)] = int64(counts[n+1].(int)) //nolint:errcheck // the cases' own
	}
	return i
}

func (t *trial) increase(increments ...statistics.Increment) {
	if !t.failed() {
		t.ok("add increments", t.Statistics.AddIncrements(t.ctx, increments))
	}
}

// cells reads what was counted on a range of days, and adds up what is the case's own.
func (t *trial) cells(from, to string) (map[statistics.Cell]statistics.Counts, error) {
	found := map[statistics.Cell]statistics.Counts{}
	q := statistics.CellQuery{From: from, To: to}
	last := ""
	for range maxPages {
		page, err := t.Statistics.Cells(t.ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read cells: %w", err)
		}
		for _, c := range page.Cells {
			if c.Day < last || c.Day < from || c.Day > to {
				return nil, fmt.Errorf("day %s comes after %s, asked for were %s to %s", c.Day, last, from, to)
			}
			if last = c.Day; c.Channel != t.channel() {
				continue
			}
			if found[c.Cell] == nil {
				found[c.Cell] = statistics.Counts{}
			}
			found[c.Cell].Plus(c.Counts)
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			maps.DeleteFunc(found, func(_ statistics.Cell, counts statistics.Counts) bool { return len(counts) == 0 })
			return found, nil
		}
	}
	return nil, fmt.Errorf("after %d pages there were still more", maxPages)
}

// countedOn fails the case unless a range of days soon has these counts, and no others, of the case's own.
func (t *trial) countedOn(from, to string, want map[statistics.Cell]statistics.Counts) {
	t.eventually(func() error {
		got, err := t.cells(from, to)
		if err != nil {
			return err
		}
		return t.differs("what was counted", got, want)
	})
}

const day = "2026-03-29"

// counted is countedOn for one day and cell.
func (t *trial) counted(counts statistics.Counts) {
	want := map[statistics.Cell]statistics.Counts{}
	if counts != nil {
		want[t.cell(day)] = counts
	}
	t.countedOn(day, day, want)
}

func incrementCases() []Case {
	many := func(t *trial, n int) []statistics.Increment {
		all := make([]statistics.Increment, n)
		for i := range all {
			all[i] = t.increment(day, "carts", 1, "seconds", i)
		}
		return all
	}
	refused := func(name string, spoil func(i *statistics.Increment)) Case {
		return story("counts/refused/"+name, func(t *trial) {
			good, bad := t.increment(day, "carts", 1), t.increment(day, "carts", 1)
			spoil(&bad)
			t.code("add", t.Statistics.AddIncrements(t.ctx, []statistics.Increment{good, bad}), checkout.CodeInvalid)
			t.counted(nil)
			t.increase(good)
			t.counted(statistics.Counts{"carts": 1})
		})
	}
	return []Case{
		story("counts/added up", func(t *trial) {
			t.increase(t.increment(day, "carts", 1, "revenue.EUR", 1999))
			t.increase(t.increment(day, "carts", 1), t.increment(day, "revenue.EUR", -999))
			t.counted(statistics.Counts{"carts": 2, "revenue.EUR": 1000})
		}),
		story("counts/told again: counted once", func(t *trial) {
			i := t.increment(day, "orders", 1, "revenue.NOK", 5)
			for range 3 {
				t.increase(i)
			}
			t.increase(i, i)
			t.counted(statistics.Counts{"orders": 1, "revenue.NOK": 5})
		}),
		story("counts/twice in one call: counted once", func(t *trial) {
			i, other := t.increment(day, "orders", 1), t.increment(day, "orders", 10)
			t.increase(i, other, i)
			t.counted(statistics.Counts{"orders": 11})
		}),
		story("counts/told again in other company", func(t *trial) {
			a, b, c := t.increment(day, "orders", 1), t.increment(day, "orders", 10), t.increment(day, "orders", 100)
			t.increase(a)
			t.increase(b, a, c)
			t.increase(c, b, a)
			t.counted(statistics.Counts{"orders": 111})
		}),
		story("counts/told again with other counts: as it first came", func(t *trial) {
			i := t.increment(day, "orders", 1)
			t.increase(i)
			i.Counts = statistics.Counts{"orders": 7}
			t.increase(i)
			t.counted(statistics.Counts{"orders": 1})
		}),
		story("counts/as many as may come at once", func(t *trial) {
			all := many(t, statistics.MaxIncrements)
			t.increase(all[:5]...)
			t.increase(all...)
			t.counted(statistics.Counts{"carts": statistics.MaxIncrements,
				"seconds": statistics.MaxIncrements * (statistics.MaxIncrements - 1) / 2})
		}),
		story("counts/one more than may come at once is refused", func(t *trial) {
			t.code("add", t.Statistics.AddIncrements(t.ctx, many(t, statistics.MaxIncrements+1)), checkout.CodeInvalid)
			t.counted(nil)
		}),
		story("counts/none at all", func(t *trial) {
			t.increase()
			t.counted(nil)
		}),
		story("counts/that cancel out are remembered all the same", func(t *trial) {
			a, b := t.increment(day, "orders", 1), t.increment(day, "orders", -1)
			t.increase(a, b)
			t.increase(a)
			t.counted(nil)
		}),
		refused("no day", func(i *statistics.Increment) { i.Day = "2026-02-30" }),
		refused("no count", func(i *statistics.Increment) { i.Counts = nil }),
		refused("a name that is none", func(i *statistics.Increment) { i.Counts = statistics.Counts{"i": 1} }),
		refused("no id", func(i *statistics.Increment) { i.ID = "" }),
		refused("never to be forgotten", func(i *statistics.Increment) { i.Until = time.Time{} }),
		refused("a channel that would end the key", func(i *statistics.Increment) { i.Channel = "a#b" }),
		story("counts/races/the same from many sides: counted once", func(t *trial) {
			all := many(t, 6)
			for _, err := range together(12, func(i int) error {
				return t.Statistics.AddIncrements(t.ctx, slices.Concat(all[i%6:], all[:i%3]))
			}) {
				t.ok("add", err)
			}
			t.counted(statistics.Counts{"carts": 6, "seconds": 15})
		}),
	}
}

func cellCases() []Case {
	return []Case{
		story("cells/kept apart by day, channel and platform", func(t *trial) {
			want := map[statistics.Cell]statistics.Counts{}
			var all []statistics.Increment
			for i, p := range []payments.Platform{payments.PlatformUnknown, payments.PlatformIOS, payments.PlatformAndroid, payments.PlatformWeb} {
				for j, d := range []string{"2026-12-31", "2027-01-01"} {
					one := t.increment(d, "carts", 1+i*2+j)
					one.Platform = p
					want[one.Cell] = one.Counts
					all = append(all, one)
				}
			}
			t.increase(all...)
			t.countedOn("2026-12-31", "2027-01-01", want)
		}),
		story("cells/both ends of a range, and nothing beyond", func(t *trial) {
			for _, d := range []string{"2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"} {
				t.increase(t.increment(d, "carts", 1))
			}
			one := statistics.Counts{"carts": 1}
			t.countedOn("2026-02-28", "2026-03-01",
				map[statistics.Cell]statistics.Counts{t.cell("2026-02-28"): one, t.cell("2026-03-01"): one})
			t.countedOn("2026-03-03", "2026-03-31", nil)
			t.countedOn("2026-03-02", "2026-02-27", nil)
		}),
		story("cells/of days that are none", func(t *trial) {
			_, err := t.Statistics.Cells(t.ctx, statistics.CellQuery{From: "2026-02-28", To: "tomorrow"})
			t.code("read cells", err, checkout.CodeInvalid)
		}),
		story("cells/many come on pages, each part once", func(t *trial) {
			want := map[statistics.Cell]statistics.Counts{}
			first := time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)
			for batch := range 6 {
				var all []statistics.Increment
				for i := range 40 {
					one := t.increment(first.AddDate(0, 0, batch*40+i).Format(time.DateOnly), "carts", 1+i)
					want[one.Cell] = one.Counts
					all = append(all, one)
				}
				t.increase(all...)
			}
			t.countedOn("2030-01-01", "2030-12-31", want)
		}),
	}
}
