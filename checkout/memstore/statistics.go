package memstore

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/statistics"
)

var _ statistics.Store = (*Store)(nil)

// counted remembers an increment.
type counted struct{ Until time.Time }

// AddIncrements implements statistics.Store.
func (s *Store) AddIncrements(ctx context.Context, increments []statistics.Increment) error {
	if err := statistics.ValidateIncrements(increments); err != nil {
		return err
	}
	return s.update(ctx, func() error {
		for _, i := range increments {
			if _, again := s.counted.get(i.ID); again {
				continue
			}
			if err := s.counted.put(i.ID, counted{i.Until}); err != nil {
				return err
			}
			if err := s.addToCell(statistics.Change{Cell: i.Cell, Counts: i.Counts}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) addToCell(c statistics.Change) error {
	id := strings.Join([]string{c.Day, c.Channel, string(c.Platform)}, "#")
	cell, ok := s.cells.get(id)
	if !ok {
		cell = statistics.Change{Cell: c.Cell, Counts: statistics.Counts{}}
	}
	cell.Counts.Plus(c.Counts)
	return s.cells.put(id, cell)
}

// cellPage is how many cells a page has.
const cellPage = 100

// Cells implements statistics.Store.
func (s *Store) Cells(ctx context.Context, q statistics.CellQuery) (statistics.CellPage, error) {
	if !statistics.ValidDay(q.From) || !statistics.ValidDay(q.To) {
		return statistics.CellPage{}, invalid("cells are asked for from a day to a day")
	}
	var page statistics.CellPage
	err := s.view(ctx, func() error {
		ids := slices.Sorted(maps.Keys(s.cells.items))
		for _, id := range ids {
			day, _, _ := strings.Cut(id, "#")
			if day < q.From || day > q.To || id <= q.Cursor {
				continue
			}
			if len(page.Cells) == cellPage {
				last := page.Cells[cellPage-1]
				page.Cursor = strings.Join([]string{last.Day, last.Channel, string(last.Platform)}, "#")
				return nil
			}
			page.Cells = append(page.Cells, clone(*s.cells.items[id]))
		}
		return nil
	})
	return page, err
}

// MeasuredPerson implements statistics.Store.
func (s *Store) MeasuredPerson(ctx context.Context, id string) (statistics.Person, error) {
	person := statistics.Person{ID: id}
	err := s.view(ctx, func() error {
		if stored, ok := s.measured.items[id]; ok {
			person = clone(*stored)
		}
		return nil
	})
	return person, err
}

// PutMeasured implements statistics.Store.
func (s *Store) PutMeasured(ctx context.Context, p statistics.Person, changes []statistics.Change) error {
	if err := statistics.ValidateChanges(changes); err != nil {
		return err
	}
	return s.update(ctx, func() error {
		stored, _ := s.measured.get(p.ID)
		if stored.Version == p.Version && stored.Same(p) {
			return nil
		}
		if stored.Version != p.Version-1 {
			return &checkout.Error{Code: checkout.CodeVersionConflict, Message: "person " + p.ID + " has changed"}
		}
		for _, c := range changes {
			if err := s.addToCell(c); err != nil {
				return err
			}
		}
		return s.measured.put(p.ID, p)
	})
}

// ForgetMeasured implements statistics.Store.
func (s *Store) ForgetMeasured(ctx context.Context, id string) error {
	return s.update(ctx, func() error {
		s.measured.remove(id)
		return nil
	})
}
