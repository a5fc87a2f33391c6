package main

import (
	"sync"
	"time"
)

// clock is this process's time: the real one and an offset that only ever grows.
type clock struct {
	book *notebook

	mu     sync.RWMutex
	offset time.Duration
}

func newClock(book *notebook) *clock { return &clock{book: book, offset: book.page.ClockOffset} }

// Now is the time, in whole milliseconds: that is what every store keeps.
func (c *clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return time.Now().Add(c.offset).UTC().Truncate(time.Millisecond)
}

// Offset is how far the clock is ahead of the real time.
func (c *clock) Offset() time.Duration {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.offset
}

// reach moves the clock to an instant, if it isn't there yet, and keeps that.
func (c *clock) reach(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ahead := time.Until(at)
	if ahead <= c.offset {
		return nil
	}
	if err := c.book.keepOffset(ahead); err != nil {
		return err
	}
	c.offset = ahead
	return nil
}

// until is how long to wait, in real time, for an instant.
func (c *clock) until(at time.Time) time.Duration { return at.Sub(c.Now()) }
