package memstore

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// write is one call's change, waiting for its turn.
type write struct {
	ctx  context.Context
	do   func() error
	done bool
	kept bool // it changed something
	err  error
}

// update runs do alone and makes what it put into tables durable and then visible, all of it, or nothing if do returns an
// error. Who gets the disk takes along everybody who waits: do then sees what those before it in the batch have put, and
// nobody is answered before the batch is durable.
func (s *Store) update(ctx context.Context, do func() error) error {
	w := &write{ctx: ctx, do: do}
	s.queueing.Lock()
	s.queue = append(s.queue, w)
	s.queueing.Unlock()

	s.writing.Lock()
	defer s.writing.Unlock()
	if !w.done {
		s.queueing.Lock()
		batch := s.queue
		s.queue = nil
		s.queueing.Unlock()
		s.run(batch)
	}
	return w.err
}

func (s *Store) run(batch []*write) {
	var kept []*write
	for _, w := range batch {
		w.done = true
		if w.err = s.attempt(w); w.kept {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return
	}
	if err := s.persist(kept); err != nil {
		// The file may hold the batch or not; memory does not. Only opening it again tells, so nothing more is answered.
		s.state.Lock()
		s.failure = unavailable("the store's file failed; open it again", err)
		s.state.Unlock()
		for _, w := range batch {
			w.err = s.failure
		}
		return
	}
	s.state.Lock()
	defer s.state.Unlock()
	for _, t := range s.tables() {
		t.publish()
	}
}

func (s *Store) attempt(w *write) error {
	err := s.ready(w.ctx)
	if err == nil {
		err = w.do()
	}
	for _, t := range s.tables() {
		w.kept = t.settle(err == nil) || w.kept
	}
	return err
}

func (s *Store) persist(kept []*write) error {
	if s.db == nil {
		for _, w := range kept {
			s.beforeDurable(w.ctx)
		}
		return nil
	}
	err := s.db.Update(func(tx *bolt.Tx) error {
		for _, t := range s.tables() {
			if err := t.save(tx); err != nil {
				return err
			}
		}
		for _, w := range kept {
			s.beforeDurable(w.ctx)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", s.db.Path(), err)
	}
	return nil
}
