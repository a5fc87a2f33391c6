package parameter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// Config is what a Kept is made of.
type Config[T any] struct {
	Client  *Client
	Names   []string // at most MaxNames; none: nothing is ever read
	Overlay *Overlay // nil: the parameters are all there is
	Make    func(Values) (T, error)
	Now     func() time.Time
	Logger  *slog.Logger
}

// Overlay is a second source of values, which join those of the parameters and are read more often.
type Overlay struct {
	Read func(ctx context.Context) (Values, error)
	Life time.Duration // after which the next use reads again
}

// Times of a Kept.
const (
	life  = 4 * time.Minute // then the next use reads again: with the time that a read may take, well below five minutes
	pause = 30 * time.Second
	grace = time.Hour // an outage of Systems Manager does not become one of the shop; a lasting one is not ignored either
	limit = 2 * time.Second

	overlayPause = 5 * time.Second
)

// Kept is something made of parameters, made anew when one of them has changed. It works only while it is used: nothing runs
// between two uses, so an environment may be frozen there. Safe for concurrent use.
type Kept[T any] struct {
	config Config[T]

	mu      sync.Mutex
	made    T
	values  Values // of which it was made
	sources []*source
}

// source is where values come from, and what is known of it.
type source struct {
	read        func(ctx context.Context) (Values, error)
	life, pause time.Duration

	values  Values    // as last read
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
	if len(c.Names) > 0 {
		k.sources = append(k.sources, &source{life: life, pause: pause, read: func(ctx context.Context) (Values, error) {
			return c.Client.Read(ctx, c.Names...)
		}})
	}
	if o := c.Overlay; o != nil {
		k.sources = append(k.sources, &source{life: o.Life, pause: min(overlayPause, o.Life), read: o.Read})
	}
	return k, k.renew(ctx, c.Now(), k.sources)
}

// Get returns what is to be used now. A read that fails, or values of which nothing can be made, leave the last good one in
// use and are logged; after an hour of that, Get fails.
func (k *Kept[T]) Get(ctx context.Context) (T, error) {
	now := k.config.Now()
	if due := k.begin(now); len(due) > 0 {
		k.try(ctx, now, due)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.sources {
		if now.Sub(s.readAt) > grace {
			var none T
			return none, errors.New("settings could not be renewed for an hour")
		}
	}
	return k.made, nil
}

// begin returns the sources that this use is to read again.
func (k *Kept[T]) begin(now time.Time) (due []*source) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.sources {
		if !s.reading && now.Sub(s.readAt) >= s.life && !now.Before(s.tryAt) {
			s.reading = true
			due = append(due, s)
		}
	}
	return due
}

// try renews in the time that a request can spare for it.
func (k *Kept[T]) try(ctx context.Context, now time.Time, due []*source) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := k.renew(limited, now, due); err != nil {
		k.config.Logger.ErrorContext(ctx, "settings could not be renewed", "error", err.Error())
	}
}

// renew reads sources, at once, and makes anew what is made of them if that has changed.
func (k *Kept[T]) renew(ctx context.Context, now time.Time, due []*source) error {
	read, errs := make([]Values, len(due)), make([]error, len(due))
	var all sync.WaitGroup
	for i, s := range due {
		all.Go(func() { read[i], errs[i] = s.read(ctx) })
	}
	all.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	values := Values{}
	for _, s := range k.sources {
		i := slices.Index(due, s)
		if i >= 0 {
			s.reading, s.tryAt = false, now.Add(s.pause)
		}
		if i >= 0 && errs[i] == nil {
			maps.Copy(values, read[i])
		} else {
			maps.Copy(values, s.values)
		}
	}
	if err := k.remake(values, errs); err != nil {
		return err
	}
	for i, s := range due {
		if errs[i] == nil {
			s.values, s.readAt = read[i], now
		}
	}
	return errors.Join(errs...)
}

// remake makes what is kept of values, unless it was made of the same. The first one needs all of its sources.
func (k *Kept[T]) remake(values Values, errs []error) error {
	err := errors.Join(errs...)
	switch {
	case k.values == nil && err != nil:
		return err
	case k.values != nil && k.values.equal(values):
		return nil
	}
	made, err := k.config.Make(values)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	k.made, k.values = made, values
	return nil
}
