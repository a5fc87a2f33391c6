package sandbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// A lock held longer than this belongs to another process, not to one that is just ending.
const lockTimeout = time.Second

// record is one stored thing. Seq is the order of creation, which is the order of lists and of the file.
type record[T any] struct {
	Seq   uint64 `json:"seq"`
	ID    string `json:"id"`
	Value T      `json:"value"`
	gone  bool
}

// table keeps one kind of thing. Writes are staged, so that a call that is refused half-way leaves nothing behind and a
// file that can't be written to leaves memory as it was. Values are replaced, never changed in place.
type table[T any] struct {
	name    string
	rows    map[string]*record[T]
	order   []*record[T]
	stale   int // removed records still in order
	next    uint64
	staged  map[string]*T // nil: to be removed
	pending []string      // ids in staged, in the order of their first write
	settled func(*record[T])
}

func newTable[T any](name string) *table[T] {
	return &table[T]{name: name, rows: map[string]*record[T]{}, staged: map[string]*T{}}
}

func (tb *table[T]) get(id string) (T, bool) {
	if v, ok := tb.staged[id]; ok {
		if v == nil {
			var none T
			return none, false
		}
		return *v, true
	}
	if rec, ok := tb.rows[id]; ok {
		return rec.Value, true
	}
	var none T
	return none, false
}

func (tb *table[T]) put(id string, v T) { tb.stage(id, &v) }

func (tb *table[T]) remove(id string) { tb.stage(id, nil) }

func (tb *table[T]) stage(id string, v *T) {
	if _, ok := tb.staged[id]; !ok {
		tb.pending = append(tb.pending, id)
	}
	tb.staged[id] = v
}

// newest yields what is committed, the latest first, as Stripe's lists do.
func (tb *table[T]) newest(yield func(string, T) bool) {
	for i := len(tb.order) - 1; i >= 0; i-- {
		if rec := tb.order[i]; !rec.gone && !yield(rec.ID, rec.Value) {
			return
		}
	}
}

// oldest yields what is committed in the order of creation.
func (tb *table[T]) oldest(yield func(string, T) bool) {
	for _, rec := range tb.order {
		if !rec.gone && !yield(rec.ID, rec.Value) {
			return
		}
	}
}

// persisted is what the store needs of a table, whatever it holds.
type persisted interface {
	open(*bbolt.Tx) error
	write(*bbolt.Tx) error
	settle()
	discard()
	changed() bool
}

func (tb *table[T]) changed() bool { return len(tb.pending) > 0 }

func (tb *table[T]) discard() {
	clear(tb.staged)
	tb.pending = tb.pending[:0]
}

// settle makes the staged writes the truth. It is called after the file, if there is one, holds them.
func (tb *table[T]) settle() {
	for _, id := range tb.pending {
		v, rec := tb.staged[id], tb.rows[id]
		switch {
		case v == nil && rec != nil:
			delete(tb.rows, id)
			rec.gone = true
			tb.stale++
		case v != nil && rec == nil:
			tb.next++
			tb.add(&record[T]{Seq: tb.next, ID: id, Value: *v})
		case v != nil:
			rec.Value = *v
			tb.announce(rec)
		}
	}
	tb.discard()
	if tb.stale > 64 && tb.stale > len(tb.rows) {
		tb.compact()
	}
}

func (tb *table[T]) add(rec *record[T]) {
	tb.rows[rec.ID] = rec
	tb.order = append(tb.order, rec)
	tb.announce(rec)
}

func (tb *table[T]) announce(rec *record[T]) {
	if tb.settled != nil {
		tb.settled(rec)
	}
}

func (tb *table[T]) compact() {
	kept := make([]*record[T], 0, len(tb.rows))
	for _, rec := range tb.order {
		if !rec.gone {
			kept = append(kept, rec)
		}
	}
	tb.order, tb.stale = kept, 0
}

func (tb *table[T]) open(b *bbolt.Tx) error {
	bucket, err := b.CreateBucketIfNotExists([]byte(tb.name))
	if err != nil {
		return fmt.Errorf("make bucket %s: %w", tb.name, err)
	}
	tb.next = bucket.Sequence()
	return bucket.ForEach(func(key, value []byte) error {
		rec := new(record[T])
		if err := json.Unmarshal(value, rec); err != nil {
			return fmt.Errorf("read %s %x: %w", tb.name, key, err)
		}
		tb.add(rec)
		return nil
	})
}

func (tb *table[T]) write(b *bbolt.Tx) error {
	bucket, next := b.Bucket([]byte(tb.name)), tb.next
	for _, id := range tb.pending {
		v, rec := tb.staged[id], tb.rows[id]
		if v == nil {
			if rec != nil {
				if err := bucket.Delete(seqKey(rec.Seq)); err != nil {
					return fmt.Errorf("delete %s %s: %w", tb.name, id, err)
				}
			}
			continue
		}
		seq := next + 1
		if rec != nil {
			seq = rec.Seq
		} else {
			next = seq
		}
		data, err := json.Marshal(record[T]{Seq: seq, ID: id, Value: *v})
		if err != nil {
			return fmt.Errorf("encode %s %s: %w", tb.name, id, err)
		}
		if err := bucket.Put(seqKey(seq), data); err != nil {
			return fmt.Errorf("write %s %s: %w", tb.name, id, err)
		}
	}
	return bucket.SetSequence(next)
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// store is all tables and the file behind them.
type store struct {
	intents   *table[intentRow]
	methods   *table[methodRow]
	charges   *table[chargeRow]
	refunds   *table[refund]
	customers *table[customer]
	tokens    *table[tokenRow]
	ephemeral *table[ephemeralKey]
	disputes  *table[dispute]
	warnings  *table[warning]
	events    *table[event]
	results   *table[result]
	dues      *table[due]
	tables    []persisted
	db        *bbolt.DB
}

func newStore() *store {
	s := &store{
		intents: newTable[intentRow]("intents"), methods: newTable[methodRow]("payment_methods"),
		charges: newTable[chargeRow]("charges"), refunds: newTable[refund]("refunds"),
		customers: newTable[customer]("customers"), tokens: newTable[tokenRow]("confirmation_tokens"),
		ephemeral: newTable[ephemeralKey]("ephemeral_keys"), disputes: newTable[dispute]("disputes"),
		warnings: newTable[warning]("early_fraud_warnings"), events: newTable[event]("events"),
		results: newTable[result]("idempotent_results"), dues: newTable[due]("dues"),
	}
	s.tables = []persisted{s.intents, s.methods, s.charges, s.refunds, s.customers, s.tokens, s.ephemeral, s.disputes,
		s.warnings, s.events, s.results, s.dues}
	return s
}

// load reads the file at path, or makes it.
func (s *store) load(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return fmt.Errorf("%w: %s", ErrLocked, path)
	}
	if err != nil {
		return fmt.Errorf("open sandbox file %s: %w", path, err)
	}
	err = db.Update(func(b *bbolt.Tx) error {
		for _, tb := range s.tables {
			if err := tb.open(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(fmt.Errorf("load sandbox file %s: %w", path, err), db.Close())
	}
	s.db = db
	return nil
}

// commit makes the staged writes durable, then visible.
func (s *store) commit() error {
	var changed []persisted
	for _, tb := range s.tables {
		if tb.changed() {
			changed = append(changed, tb)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if s.db != nil {
		if err := s.save(changed); err != nil {
			s.discard()
			return fmt.Errorf("commit to the sandbox file: %w", err)
		}
	}
	for _, tb := range changed {
		tb.settle()
	}
	return nil
}

func (s *store) save(changed []persisted) error {
	return s.db.Update(func(b *bbolt.Tx) error {
		for _, tb := range changed {
			if err := tb.write(b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *store) discard() {
	for _, tb := range s.tables {
		if tb.changed() {
			tb.discard()
		}
	}
}
