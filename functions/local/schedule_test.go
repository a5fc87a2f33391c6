package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/recovery"
)

// watchful counts how often somebody asks what is due.
type watchful struct {
	checkout.SessionStore
	asked atomic.Int64
}

func (w *watchful) Watched(ctx context.Context, kind checkout.WatchKind, q checkout.DueQuery) (checkout.DuePage, error) {
	w.asked.Add(1)
	return w.SessionStore.Watched(ctx, kind, q)
}

// Under load a call wakes the schedule every few milliseconds. That must not ask every index each time.
func TestManyWakesAreOneLook(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	sessions := &watchful{SessionStore: store}
	clock := newClock(&notebook{})
	config := checkout.Config{
		Sessions: sessions, Inbox: store, Gateway: noGateway{}, Now: clock.Now, NewID: rand.Text, Logger: slog.New(slog.DiscardHandler),
	}
	reconciler, err1 := checkout.NewReconciler(config)
	sweeper, err2 := checkout.NewSweeper(config)
	carts, err3 := recovery.NewSweeper(recovery.Config{Carts: store, Contacts: store, Now: clock.Now, NewID: rand.Text})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	made := &services{reconciler: reconciler, sweeper: sweeper, carts: carts}
	s := &schedule{
		clock: clock, sessions: sessions, carts: store, services: func(context.Context) (*services, error) { return made, nil },
		log:   slog.New(slog.DiscardHandler),
		woken: make(chan struct{}, 1), drained: clock.Now(),
	}
	look := func() time.Duration {
		t.Helper()
		rest, err := s.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return rest
	}
	if rest := look(); rest != period {
		t.Errorf("it rests for %v with nothing to do", rest)
	}
	once := sessions.asked.Load()
	for range 100 {
		if rest := look(); rest <= 0 || rest > pause {
			t.Fatalf("woken again, it rests for %v", rest)
		}
	}
	if again := sessions.asked.Load(); once == 0 || again != once {
		t.Errorf("what is due was asked for %d times at first, %d times after a hundred wakes", once, again)
	}
	s.looked = s.looked.Add(-pause)
	if look(); sessions.asked.Load() != 2*once {
		t.Error("a wake is forgotten when the pause is over")
	}
}

// noGateway is never called: nothing is due.
type noGateway struct{ checkout.Gateway }
