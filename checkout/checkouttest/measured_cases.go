package checkouttest

import (
	"kassa/checkout"
	"kassa/checkout/statistics"
)

// newMeasured returns the first version of a person, not yet stored.
func (t *trial) newMeasured() statistics.Person {
	p := populated[statistics.Person](t)
	p.ID, p.Version = t.id("pe_"), 1
	return p
}

func (t *trial) putMeasured(p statistics.Person, counts ...any) statistics.Person {
	if !t.failed() {
		t.ok("put a person", t.Statistics.PutMeasured(t.ctx, p, t.changes(counts...)))
	}
	return p
}

// changes are of one cell, or none.
func (t *trial) changes(counts ...any) []statistics.Change {
	if len(counts) == 0 {
		return nil
	}
	i := t.increment(day, counts...)
	return []statistics.Change{{Cell: i.Cell, Counts: i.Counts}}
}

func (t *trial) holdsMeasured(want statistics.Person) {
	if t.failed() {
		return
	}
	got, err := t.Statistics.MeasuredPerson(t.ctx, want.ID)
	t.ok("read a person", err)
	t.same("the stored person", got, want)
}

func measuredCases() []Case {
	cases := []Case{
		story("measured/every field survives", func(t *trial) {
			t.holdsMeasured(t.putMeasured(t.newMeasured()))
		}),
		story("measured/nobody", func(t *trial) {
			t.holdsMeasured(statistics.Person{ID: t.id("pe_")})
		}),
		story("measured/version by version, each with its changes", func(t *trial) {
			p := t.putMeasured(t.newMeasured(), "arm.a", 1)
			next := populated[statistics.Person](t)
			next.ID, next.Version = p.ID, 2
			t.putMeasured(next, "arm.a", 2, "arm.b", -3)
			t.holdsMeasured(next)
			next.Version, next.Purchases = 3, nil
			t.holdsMeasured(t.putMeasured(next))
			t.counted(statistics.Counts{"arm.a": 3, "arm.b": -3})
		}),
		story("measured/put again: changed once", func(t *trial) {
			p := t.newMeasured()
			for range 3 {
				t.putMeasured(p, "arm.a", 1)
			}
			t.holdsMeasured(p)
			t.counted(statistics.Counts{"arm.a": 1})
		}),
		story("measured/races/one of many writers wins", func(t *trial) {
			p := t.putMeasured(t.newMeasured())
			wins := 0
			for i, err := range together(8, func(i int) error {
				next := p
				next.Version, next.Purchases = 2, []statistics.Purchase{{OrderID: t.seed, At: start, Version: int64(i)}}
				return t.Statistics.PutMeasured(t.ctx, next, t.changesOf("arm.a"))
			}) {
				if err == nil {
					wins++
					continue
				}
				t.code("writer "+string(rune('0'+i)), err, checkout.CodeVersionConflict)
			}
			if wins != 1 {
				t.fail("%d writers of one version won", wins)
			}
			t.counted(statistics.Counts{"arm.a": 1})
		}),
		story("measured/races/many writers of the very same: all succeed, once", func(t *trial) {
			p := t.newMeasured()
			changes := t.changesOf("arm.a")
			for _, err := range together(8, func(int) error { return t.Statistics.PutMeasured(t.ctx, p, changes) }) {
				t.ok("put", err)
			}
			t.counted(statistics.Counts{"arm.a": 1})
		}),
		story("measured/forgotten, though not what was counted", func(t *trial) {
			p := t.putMeasured(t.newMeasured(), "arm.a", 1)
			other := t.putMeasured(t.newMeasured())
			for range 2 {
				t.ok("forget", t.Statistics.ForgetMeasured(t.ctx, p.ID))
			}
			t.holdsMeasured(statistics.Person{ID: p.ID})
			t.holdsMeasured(other)
			t.holdsMeasured(t.putMeasured(p))
			t.counted(statistics.Counts{"arm.a": 1})
		}),
		story("measured/a cell twice in one commit is refused", func(t *trial) {
			p := t.newMeasured()
			changes := append(t.changes("arm.a", 1), t.changes("arm.b", 1)...)
			t.code("put", t.Statistics.PutMeasured(t.ctx, p, changes), checkout.CodeInvalid)
			t.holdsMeasured(statistics.Person{ID: p.ID})
			t.counted(nil)
		}),
	}
	for _, c := range []struct {
		name           string
		stored, offers int64
	}{{"the stored version again", 2, 2}, {"an older version", 2, 1}, {"a version too far", 1, 3}, {"a later version of nobody", 0, 2}} {
		cases = append(cases, story("measured/refused/"+c.name, func(t *trial) {
			p := t.newMeasured()
			stands := statistics.Person{ID: p.ID}
			for v := range c.stored {
				stands = populated[statistics.Person](t)
				stands.ID, stands.Version = p.ID, v+1
				t.putMeasured(stands)
			}
			p.Version, p.Purchases = c.offers, nil
			t.code("put", t.Statistics.PutMeasured(t.ctx, p, t.changesOf("arm.a")), checkout.CodeVersionConflict)
			t.holdsMeasured(stands)
			t.counted(nil)
		}))
	}
	for _, field := range fieldsOf[statistics.Person]("ID", "Version") {
		cases = append(cases, story("measured/field "+field+" survives alone", func(t *trial) {
			p := only[statistics.Person](t, field)
			p.ID, p.Version = t.id("pe_"), 1
			t.holdsMeasured(t.putMeasured(p))
		}))
	}
	return cases
}

// changesOf adds one to a count.
func (t *trial) changesOf(name string) []statistics.Change {
	return []statistics.Change{{Cell: t.cell(day), Counts: statistics.Counts{name: 1}}}
}
