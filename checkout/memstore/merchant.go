package memstore

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/settings"
)

var (
	_ merchant.SettingsStore = (*Store)(nil)
	_ merchant.RecordStore   = (*Store)(nil)
	_ merchant.KeyStore      = (*Store)(nil)
)

// newest is the id of the version in force, which also lies under its number.
const newest = "newest"

// Settings implements settings.Reader.
func (s *Store) Settings(ctx context.Context) (settings.Version, error) {
	return item(ctx, s, s.versions, "settings", newest)
}

// SettingsVersion implements merchant.SettingsStore.
func (s *Store) SettingsVersion(ctx context.Context, number int64) (settings.Version, error) {
	return item(ctx, s, s.versions, "settings", strconv.FormatInt(number, 10))
}

// PutSettings implements merchant.SettingsStore.
func (s *Store) PutSettings(ctx context.Context, v settings.Version, r merchant.Record) error {
	return s.update(ctx, func() error {
		stands, _ := s.versions.get(newest)
		if stands.Number == v.Number && stands.Op == v.Op {
			return nil // done before
		}
		if stands.Number != v.Number-1 {
			return &checkout.Error{Code: checkout.CodeVersionConflict, Message: "others have changed the settings"}
		}
		for _, id := range []string{newest, strconv.FormatInt(v.Number, 10)} {
			if err := s.versions.put(id, v); err != nil {
				return err
			}
		}
		return s.records.put(r.ID, r)
	})
}

// item reads one item of a table.
func item[T any](ctx context.Context, s *Store, t *table[T], what, id string) (T, error) {
	var found *T
	err := s.view(ctx, func() error {
		if found = t.items[id]; found == nil {
			return notFound(what, id)
		}
		return nil
	})
	if err != nil {
		var none T
		return none, err
	}
	return clone(*found), nil
}

// BeginRecord implements merchant.RecordStore.
func (s *Store) BeginRecord(ctx context.Context, r merchant.Record) (merchant.Record, error) {
	stored := r
	err := s.update(ctx, func() error {
		if there, ok := s.records.get(r.ID); ok {
			stored = there
			return nil
		}
		return s.records.put(r.ID, r)
	})
	return stored, err
}

// EndRecord implements merchant.RecordStore.
func (s *Store) EndRecord(ctx context.Context, id, outcome string, result json.RawMessage) error {
	return s.update(ctx, func() error {
		r, ok := s.records.get(id)
		if !ok {
			return notFound("record", id)
		}
		r.Outcome, r.Result = outcome, result
		return s.records.put(id, r)
	})
}

// Records implements merchant.RecordStore. It is never behind.
func (s *Store) Records(ctx context.Context, limit int, cursor string) ([]merchant.Record, string, error) {
	return newestFirst(ctx, s, s.records, &s.recorded, limit, cursor)
}

func (s *Store) indexRecord(id string, before, after *merchant.Record) {
	if before != nil {
		s.recorded.remove(entry{before.At, id})
	}
	if after != nil {
		s.recorded.add(entry{after.At, id})
	}
}

// newestFirst is a page of the items of a table, from the end of their timeline.
func newestFirst[T any](ctx context.Context, s *Store, t *table[T], order *timeline, limit int, cursor string) (page []T, next string, err error) {
	var found []*T
	err = s.view(ctx, func() error {
		entries, more, err := order.latest(limit, cursor)
		for _, e := range entries {
			found = append(found, t.items[e.id])
		}
		next = more
		return err
	})
	for _, one := range found {
		page = append(page, clone(*one))
	}
	return page, next, err
}

// latest returns a page of entries, newest first. CodeInvalid for a page that can't be answered.
func (t *timeline) latest(limit int, after string) (entries []entry, next string, err error) {
	if limit < 1 {
		return nil, "", invalid("a page needs room for at least one item")
	}
	page, i := len(t.pages), 0
	if after != "" {
		last, err := parseCursor(after)
		if err != nil {
			return nil, "", err
		}
		page, i, _ = t.find(last)
	}
	for ; page >= 0; page-- {
		if page < len(t.pages) {
			for _, e := range slices.Backward(t.pages[page][:i]) {
				if len(entries) == limit {
					last := entries[limit-1]
					return entries, cursorOf(last), nil
				}
				entries = append(entries, e)
			}
		}
		if page > 0 {
			i = len(t.pages[page-1])
		}
	}
	return entries, "", nil
}

func cursorOf(e entry) string { return cursor(checkout.DueItem{ID: e.id, At: e.at}) }

// Key implements merchant.KeyStore.
func (s *Store) Key(ctx context.Context, id string) (merchant.Key, error) {
	return item(ctx, s, s.keys, "key", id)
}

// Keys implements merchant.KeyStore. It is never behind.
func (s *Store) Keys(ctx context.Context, limit int, cursor string) ([]merchant.Key, string, error) {
	return newestFirst(ctx, s, s.keys, &s.issued, limit, cursor)
}

// PutKey implements merchant.KeyStore.
func (s *Store) PutKey(ctx context.Context, k merchant.Key, r merchant.Record) error {
	return s.update(ctx, func() error {
		stands, ok := s.keys.get(k.ID)
		switch {
		case ok && stands.Version == k.Version && stands.Op == k.Op:
			return nil // done before
		case stands.Version != k.Version-1:
			return &checkout.Error{Code: checkout.CodeVersionConflict, Message: "others have changed key " + k.ID}
		}
		k.LastUsed = stands.LastUsed
		if err := s.keys.put(k.ID, k); err != nil {
			return err
		}
		return s.records.put(r.ID, r)
	})
}

// TouchKey implements merchant.KeyStore.
func (s *Store) TouchKey(ctx context.Context, id, day string) error {
	return s.update(ctx, func() error {
		k, ok := s.keys.get(id)
		if !ok {
			return nil
		}
		k.LastUsed = day
		return s.keys.put(id, k)
	})
}

func (s *Store) indexKey(id string, before, after *merchant.Key) {
	if before != nil {
		s.issued.remove(entry{before.CreatedAt, id})
	}
	if after != nil {
		s.issued.add(entry{after.CreatedAt, id})
	}
}
