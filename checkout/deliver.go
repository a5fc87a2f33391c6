package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// before is ctx, ended some time before its deadline.
func before(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-reserve))
	}
	return context.WithCancel(ctx)
}

// deliver is Deliver, and counts what has fewer notices now.
func (o *Outbox) deliver(ctx context.Context, ids []string) (changed int, failed map[string]error) {
	begin, cancel := before(ctx, outboxReserve)
	defer cancel()
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		queue = make(chan string)
	)
	failed = map[string]error{}
	for range min(deliveries, len(ids)) {
		group.Go(func() {
			for id := range queue {
				removed, err := o.one(ctx, begin, id)
				mu.Lock()
				if removed {
					changed++
				}
				if err != nil {
					failed[id] = err
				}
				mu.Unlock()
			}
		})
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if !seen[id] { // one by one: two deliveries of a thing at once would only double its events
			seen[id] = true
			queue <- id
		}
	}
	close(queue)
	group.Wait()
	return changed, failed
}

// one hands on the notices of one session or cart; true if it has fewer now.
func (o *Outbox) one(ctx, begin context.Context, id string) (bool, error) {
	if err := begin.Err(); err != nil {
		return false, &Error{Code: CodeUnavailable, Message: "no time left for the notices of " + id, Err: err}
	}
	removed, err := o.handOn(ctx, id)
	if err != nil {
		o.Logger.ErrorContext(ctx, "notices can't be handed on", "id", id, "error_code", string(ErrorCode(err)), "error", err.Error())
	}
	return removed, err
}

func (o *Outbox) handOn(ctx context.Context, id string) (bool, error) {
	items, remove, err := o.items(ctx, id)
	var gone *Error
	if errors.As(err, &gone) && gone.Code == CodeNotFound {
		return false, nil // and its notices with it
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", id, err)
	}
	taken, err := o.hand(ctx, items)
	if len(taken) == 0 {
		return false, err
	}
	if removeErr := remove(ctx, id, taken); removeErr != nil {
		return false, errors.Join(err, fmt.Errorf("remove notices of %s: %w", id, removeErr))
	}
	return true, err
}

// items reads the notices of a session or a cart, and returns what removes them.
func (o *Outbox) items(ctx context.Context, id string) ([]OutboxItem, func(context.Context, string, []string) error, error) {
	switch {
	case CartOfSession(id) != "":
		s, err := o.Store.Session(ctx, id)
		return outboxItems(s.Notices, OutboxItem{Session: s}), o.Store.RemoveNotices, err
	case o.Carts != nil && strings.HasPrefix(id, "ct_"):
		c, err := o.Carts.Cart(ctx, id)
		return outboxItems(c.Notices, OutboxItem{Cart: c}), o.Carts.RemoveCartNotices, err
	}
	return nil, nil, invalid("", "no id of what has notices: "+id)
}

// outboxItems lists notices of a thing, oldest first.
func outboxItems(notices map[string]Notice, of OutboxItem) []OutboxItem {
	items := make([]OutboxItem, 0, len(notices))
	for id, n := range notices {
		of.ID, of.Notice = id, n
		items = append(items, of)
	}
	slices.SortFunc(items, func(a, b OutboxItem) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return items
}

// hand gives each item to all who want it and returns the ids of those that all have taken.
func (o *Outbox) hand(ctx context.Context, items []OutboxItem) ([]string, error) {
	published, err := o.publish(ctx, items)
	failures := []error{err}
	var taken []string
	for _, item := range items {
		err := o.consume(ctx, item)
		if err != nil {
			failures = append(failures, fmt.Errorf("notice %s, %s: %w", item.ID, item.Kind, err))
		}
		if err == nil && published[item.ID] {
			taken = append(taken, item.ID)
		}
	}
	return taken, errors.Join(failures...)
}

// publish hands over the items that are integration events, and reports which items there is nothing left to publish of.
func (o *Outbox) publish(ctx context.Context, items []OutboxItem) (map[string]bool, error) {
	done := make(map[string]bool, len(items))
	var (
		events   []Event
		failures []error
	)
	for _, item := range items {
		event, ok, err := o.event(item)
		switch {
		case err != nil:
			failures = append(failures, err)
		case ok && o.Publisher != nil:
			events = append(events, event)
		default:
			done[item.ID] = true
		}
	}
	if len(events) > 0 {
		callCtx, cancel := callContext(ctx)
		taken, err := o.Publisher.Publish(callCtx, events)
		cancel()
		if err != nil {
			failures = append(failures, fmt.Errorf("publish: %w", err))
		}
		for _, id := range taken {
			done[id] = true
		}
	}
	return done, errors.Join(failures...)
}

// consume gives an item to the consumers of its kind. All get it, though one may fail.
func (o *Outbox) consume(ctx context.Context, item OutboxItem) error {
	consumers, known := o.Consumers[item.Kind]
	if !known && !integration(item.Kind) {
		// A later release wrote it, and this one is still running. It waits for the next run.
		return invalid("", "nobody here knows notices of this kind")
	}
	var failures []error
	for _, c := range consumers {
		callCtx, cancel := callContext(ctx)
		failures = append(failures, c.Consume(callCtx, item))
		cancel()
	}
	return errors.Join(failures...)
}
