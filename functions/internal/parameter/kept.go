package parameter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Config is what a Kept is made of.
type Config[T any] struct {
	Client *Client
	Names  []string // at most MaxNames; none: nothing is ever read
	Make   func(Values) (T, error)
	Now    func() time.Time
	Logger *slog.Logger
}

// Times of a Kept.
const (
	life  = 4 * time.Minute // then the next use reads again: with the time that a read may take, well below five minutes
	pause = 30 * time.Second
	grace = time.Hour // an outage of Systems Manager does not become one of the shop; a lasting one is not ignored either
	limit = 2 * time.Second
)

// Kept is something made of parameters, made anew when one of them has changed. It works only while it is used: nothing runs
// between two uses, so an environment may be frozen there. Safe for concurrent use.
type Kept[T any] struct {
	config Config[T]

	mu      sync.Mutex
	made    T
	values  Values
	readAt  time.Time // of the last good read
	tryAt   time.Time // no read before
	reading bool      // one use is at it; the others go on with what there is
}

// Keep reads the parameters and makes the first. It fails if one can't be read, or if nothing can be made of them.
func Keep[T any](ctx context.Context, c Config[T]) (*Kept[T], error) {
	if len(c.Names) > MaxNames {
		return nil, fmt.Errorf("%d parameters: one call reads at most %d", len(c.Names), MaxNames)
	}
	c.Names = sorted(c.Names)
	k := &Kept[T]{config: c}
	return k, k.renew(ctx, c.Now())
}

// Get returns what is to be used now. A read that fails, or values of which nothing can be made, leave the last good one in
// use and are logged; after an hour of that, Get fails.
func (k *Kept[T]) Get(ctx context.Context) (T, error) {
	now := k.config.Now()
	if k.begin(now) {
		k.try(ctx, now)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.config.Names) > 0 && now.Sub(k.readAt) > grace {
		var none T
		return none, errors.New("settings could not be renewed for an hour")
	}
	return k.made, nil
}

// begin reports whether this use is the one to read again.
func (k *Kept[T]) begin(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.config.Names) == 0 || k.reading || now.Sub(k.readAt) < life || now.Before(k.tryAt) {
		return false
	}
	k.reading = true
	return true
}

// try renews in the time that a request can spare for it.
func (k *Kept[T]) try(ctx context.Context, now time.Time) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := k.renew(limited, now); err != nil {
		k.config.Logger.ErrorContext(ctx, "settings could not be renewed", "error", err.Error())
	}
}

func (k *Kept[T]) renew(ctx context.Context, now time.Time) error {
	values, err := k.read(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reading, k.tryAt = false, now.Add(pause)
	if err != nil {
		return err
	}
	if k.values == nil || !k.values.equal(values) {
		made, err := k.config.Make(values)
		if err != nil {
			return err
		}
		k.made, k.values = made, values
	}
	k.readAt = now
	return nil
}

func (k *Kept[T]) read(ctx context.Context) (Values, error) {
	if len(k.config.Names) == 0 {
		return Values{}, nil
	}
	return k.config.Client.Read(ctx, k.config.Names...)
}
