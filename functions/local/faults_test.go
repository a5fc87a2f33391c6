package main

import (
	"context"
	"testing"
	"testing/synctest"
)

// While a process dies at one boundary, nothing else of it gets past any: an answer of the dead would be a lie.
func TestTheDyingDoNothingMore(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"after_commit.kill_before", "after_commit.kill_during", "after_commit.kill_after"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				killed, done := make(chan struct{}), false
				f := &faults{die: func() { <-killed }}
				if err := f.arm(name, 1); err != nil {
					t.Fatal(err)
				}
				go func() {
					_ = f.around(t.Context(), afterCommit, func(ctx context.Context) error { f.beforeDurable(ctx); return nil })
				}()
				synctest.Wait()
				go func() {
					_ = f.around(t.Context(), afterCommit, func(context.Context) error { done = true; return nil })
				}()
				synctest.Wait()
				if done {
					t.Error("another commit was made")
				}
				close(killed) // it lives after all
				synctest.Wait()
				if !done {
					t.Error("nothing goes on")
				}
			})
		})
	}
}

// What is done before a death may lead past other boundaries: an event that is taken in commits.
func TestDeathAfterWhatHasBoundariesOfItsOwn(t *testing.T) {
	t.Parallel()
	died := 0
	f := &faults{die: func() { died++ }}
	if err := f.arm("webhook.kill_after", 1); err != nil {
		t.Fatal(err)
	}
	committed := false
	err := f.around(t.Context(), webhookCall, func(ctx context.Context) error {
		return f.around(ctx, afterCommit, func(context.Context) error { committed = died == 0; return nil })
	})
	if err != nil || !committed || died != 1 {
		t.Errorf("committed %v before %d deaths, %v", committed, died, err)
	}
}
