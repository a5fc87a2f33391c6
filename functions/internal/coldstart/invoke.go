package coldstart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kassa/checkout"
	"kassa/functions/internal/parameter"
)

// jobReserve is kept back of an invocation for the calls that are under way when its time is up.
const jobReserve = 2 * time.Second

// Early returns a context that ends before the invocation does, so that work ends while there is time to say how.
func Early(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-reserve))
	}
	return context.WithCancel(ctx)
}

// Run is a job: a method of a service that does what is due until its context ends.
type Run[T any] func(T, context.Context) (checkout.Tally, error)

// Jobs answers the events of schedules, as the template writes them: {"job": name}. What a run leaves undone when its time is
// up is due again in the next one, and is no failure.
func Jobs[T any](f *Function, kept *parameter.Kept[T], jobs map[string]Run[T]) func(context.Context, json.RawMessage) error {
	return func(ctx context.Context, event json.RawMessage) error {
		var asked struct {
			Job string `json:"job"`
		}
		if err := json.Unmarshal(event, &asked); err != nil {
			return fmt.Errorf("read event: %w", err)
		}
		run, ok := jobs[asked.Job]
		if !ok {
			return fmt.Errorf("no such job: %q", asked.Job)
		}
		ctx, cancel := Early(ctx, jobReserve)
		defer cancel()
		service, err := kept.Get(ctx)
		if err != nil {
			return err
		}
		started := f.Now()
		tally, err := run(service, ctx)
		unfinished := tally.Unfinished
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
			unfinished, err = true, nil
		}
		f.Log.InfoContext(ctx, "job", "job", asked.Job, "looked", tally.Looked, "changed", tally.Changed, "failed", tally.Failed,
			"unfinished", unfinished, "duration_ms", f.Now().Sub(started).Milliseconds())
		return err
	}
}
