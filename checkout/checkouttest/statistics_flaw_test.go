package checkouttest_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
	"kassa/checkout/statistics"
)

// counting is a statistics store some of whose methods are replaced.
type counting struct {
	statistics.Store
	add func(ctx context.Context, increments []statistics.Increment) error
	put func(ctx context.Context, p statistics.Person, changes []statistics.Change) error
}

func (c counting) AddIncrements(ctx context.Context, increments []statistics.Increment) error {
	if c.add == nil {
		return c.Store.AddIncrements(ctx, increments)
	}
	return c.add(ctx, increments)
}

func (c counting) PutMeasured(ctx context.Context, p statistics.Person, changes []statistics.Change) error {
	if c.put == nil {
		return c.Store.PutMeasured(ctx, p, changes)
	}
	return c.put(ctx, p, changes)
}

// TestStatisticsSuiteHasTeeth runs cases on stores that each count wrong in one way.
func TestStatisticsSuiteHasTeeth(t *testing.T) {
	t.Parallel()
	byName := map[string]checkouttest.Case{}
	for _, c := range checkouttest.StatisticsCases() {
		byName[c.Name] = c
	}
	for name, f := range map[string]struct {
		build   func(s statistics.Store) counting
		noticed []string
	}{
		"increments are remembered by what they come with": {func(s statistics.Store) counting {
			return counting{s, func(ctx context.Context, increments []statistics.Increment) error {
				renamed := slices.Clone(increments)
				for i := range renamed {
					renamed[i].ID += increments[0].ID
				}
				return s.AddIncrements(ctx, renamed)
			}, nil}
		}, []string{"counts/told again in other company"}},
		"a known increment spoils its company": {func(s statistics.Store) counting {
			seen := map[string]bool{}
			return counting{s, func(ctx context.Context, increments []statistics.Increment) error {
				for _, i := range increments {
					if seen[i.ID] {
						return nil
					}
				}
				for _, i := range increments {
					seen[i.ID] = true
				}
				return s.AddIncrements(ctx, increments)
			}, nil}
		}, []string{"counts/told again in other company", "counts/as many as may come at once"}},
		"half of a refused call is counted": {func(s statistics.Store) counting {
			return counting{s, func(ctx context.Context, increments []statistics.Increment) error {
				err := s.AddIncrements(ctx, increments)
				if err != nil {
					_ = s.AddIncrements(ctx, increments[:1])
				}
				return err
			}, nil}
		}, []string{"counts/refused/no day", "counts/one more than may come at once is refused"}},
		"a person put again changes cells again": {func(s statistics.Store) counting {
			return counting{s, nil, func(ctx context.Context, p statistics.Person, changes []statistics.Change) error {
				if stored, _ := s.MeasuredPerson(ctx, p.ID); stored.Version == p.Version {
					other := p
					other.ID += "x"
					return s.PutMeasured(ctx, other, changes)
				}
				return s.PutMeasured(ctx, p, changes)
			}}
		}, []string{"measured/put again: changed once"}},
		"a refused person changes cells": {func(s statistics.Store) counting {
			return counting{s, nil, func(ctx context.Context, p statistics.Person, changes []statistics.Change) error {
				err := s.PutMeasured(ctx, p, changes)
				if err != nil {
					_ = s.PutMeasured(ctx, statistics.Person{ID: p.ID + "x", Version: 1}, changes)
				}
				return err
			}}
		}, []string{"measured/refused/the stored version again", "measured/refused/a later version of nobody"}},
		"no version is refused": {func(s statistics.Store) counting {
			return counting{s, nil, func(ctx context.Context, p statistics.Person, changes []statistics.Change) error {
				err := s.PutMeasured(ctx, p, changes)
				if checkout.ErrorCode(err) == checkout.CodeVersionConflict {
					return nil
				}
				return err
			}}
		}, []string{"measured/refused/an older version", "measured/refused/a version too far"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range f.noticed {
				if byName[c].Run == nil {
					t.Fatalf("there is no case %q", c)
				}
				synctest.Test(t, func(t *testing.T) {
					if err := byName[c].Run(t.Context(), checkouttest.Stores{Statistics: f.build(memstore.New())}); err == nil {
						t.Errorf("case %q did not notice", c)
					}
				})
			}
		})
	}
}
