package memstore

import (
	"encoding/json"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// table keeps the items of one kind: those that are durable, over them those that the running batch has put, over these
// those of the running write.
type table[T any] struct {
	name  string                            // of the bucket
	index func(id string, before, after *T) // told of every change that becomes visible; nil = none
	file  bool                              // items are to be encoded
	items map[string]*T                     // never changed in place, so that readers may hold on to them
	batch map[string]row[T]
	draft map[string]row[T]
}

// row is a change of an item; a nil item is gone.
type row[T any] struct {
	item    *T
	encoded []byte
}

// tabled is a table of whatever kind.
type tabled interface {
	load(tx *bolt.Tx) error // from now on, what is put is kept in the file
	settle(keep bool) bool  // ends a write: its drafts join the batch, or are dropped; true if there were some to keep
	save(tx *bolt.Tx) error
	publish()
}

func newTable[T any](name string, index func(id string, before, after *T)) *table[T] {
	return &table[T]{name: name, index: index, items: map[string]*T{}, batch: map[string]row[T]{}, draft: map[string]row[T]{}}
}

// get returns a copy of an item as the running write sees it.
func (t *table[T]) get(id string) (T, bool) {
	item := t.items[id]
	if r, ok := t.batch[id]; ok {
		item = r.item
	}
	if r, ok := t.draft[id]; ok {
		item = r.item
	}
	if item == nil {
		var none T
		return none, false
	}
	return clone(*item), true
}

// put stores a copy of an item with the running write.
func (t *table[T]) put(id string, item T) error {
	item = clone(item)
	r := row[T]{item: &item}
	if t.file {
		var err error
		if r.encoded, err = json.Marshal(item); err != nil {
			return fmt.Errorf("encode %s/%s: %w", t.name, id, err)
		}
	}
	t.draft[id] = r
	return nil
}

// remove removes an item with the running write.
func (t *table[T]) remove(id string) {
	if _, ok := t.get(id); ok {
		t.draft[id] = row[T]{}
	}
}

func (t *table[T]) settle(keep bool) bool {
	kept := keep && len(t.draft) > 0
	if kept {
		for id, r := range t.draft {
			t.batch[id] = r
		}
	}
	clear(t.draft)
	return kept
}

func (t *table[T]) save(tx *bolt.Tx) error {
	bucket := tx.Bucket([]byte(t.name))
	for id, r := range t.batch {
		var err error
		if r.item == nil {
			err = bucket.Delete([]byte(id))
		} else {
			err = bucket.Put([]byte(id), r.encoded)
		}
		if err != nil {
			return fmt.Errorf("%s/%s: %w", t.name, id, err)
		}
	}
	return nil
}

func (t *table[T]) publish() {
	for id, r := range t.batch {
		t.show(id, r.item)
	}
	clear(t.batch)
}

func (t *table[T]) show(id string, item *T) {
	if t.index != nil {
		t.index(id, t.items[id], item)
	}
	if item == nil {
		delete(t.items, id)
		return
	}
	t.items[id] = item
}

func (t *table[T]) load(tx *bolt.Tx) error {
	t.file = true
	bucket, err := tx.CreateBucketIfNotExists([]byte(t.name))
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return bucket.ForEach(func(id, encoded []byte) error {
		var item T
		if err := json.Unmarshal(encoded, &item); err != nil {
			return fmt.Errorf("decode %s/%s: %w", t.name, id, err)
		}
		t.show(string(id), &item)
		return nil
	})
}
