package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// boundary is a place where this process hands something to another one, or to a disk.
type boundary string

const (
	beforeCommit boundary = "before_commit" // the commit that opens an attempt, before the provider is called
	providerCall boundary = "provider_call" // a call that changes something at the provider
	afterCommit  boundary = "after_commit"  // a commit that writes what came of an attempt
	webhookCall  boundary = "webhook"       // an event that the provider delivers
	sendCall     boundary = "send"          // a message to a person
)

// way is how it goes wrong there.
type way string

const (
	wayRefused    way = "refused"     // not done
	wayLost       way = "lost"        // done, the answer is lost
	wayLate       way = "late"        // done, the answer comes after everybody has stopped waiting
	wayKillBefore way = "kill_before" // the process dies before it is done
	wayKillDuring way = "kill_during" // the process dies in the middle of the commit's transaction
	wayKillAfter  way = "kill_after"  // the process dies after it was done
)

// faultNames lists every fault there is, as boundary.way.
func faultNames() []string {
	var names []string
	for _, b := range []boundary{beforeCommit, providerCall, afterCommit, webhookCall, sendCall} {
		for _, w := range []way{wayRefused, wayLost, wayLate, wayKillBefore, wayKillDuring, wayKillAfter} {
			if w != wayKillDuring || b == beforeCommit || b == afterCommit {
				names = append(names, string(b)+"."+string(w))
			}
		}
	}
	return names
}

// The failures that a fault brings; who stands at a boundary tells them in its own words.
var (
	errRefused = errors.New("fault: refused, not done")
	errLost    = errors.New("fault: done, answer lost")
	errLate    = errors.New("fault: done, answer too late")
)

// faults makes calls go wrong by name, for people and tests who want to see that nothing is lost.
type faults struct {
	die     func()        // ends the process at once, as kill -9 does
	lateFor time.Duration // longer than any caller waits

	mu    sync.Mutex
	armed []armedFault
	dying chan struct{} // not nil: a process that was killed does nothing more, though death takes a moment; closed if it lives
}

type armedFault struct {
	At    string `json:"at"`
	Times int    `json:"times"`
}

func newFaults() *faults { return &faults{die: dieNow, lateFor: 30 * time.Second} }

// dieNow is kill -9 from within: nothing deferred runs, nothing is flushed.
func dieNow() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		os.Exit(137)
	}
	select {} // the signal is on its way
}

// arm makes the next calls at a boundary fail; zero times takes the fault back. It fails for a name that isn't one.
func (f *faults) arm(name string, times int) error {
	if !slices.Contains(faultNames(), name) {
		return fmt.Errorf("no fault is named %q", name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = slices.DeleteFunc(f.armed, func(a armedFault) bool { return a.At == name })
	if times > 0 {
		f.armed = append(f.armed, armedFault{name, times})
	}
	return nil
}

// waiting lists the faults that have not happened yet.
func (f *faults) waiting() []armedFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]armedFault{}, f.armed...)
}

// take returns what is due at a boundary, or what to wait for before asking again.
func (f *faults) take(at boundary) (way, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dying != nil {
		return "", f.dying
	}
	i := slices.IndexFunc(f.armed, func(a armedFault) bool { return strings.HasPrefix(a.At, string(at)+".") })
	if i < 0 {
		return "", nil
	}
	_, w, _ := strings.Cut(f.armed[i].At, ".")
	if w := way(w); w == wayKillBefore || w == wayKillDuring {
		f.dying = make(chan struct{})
	}
	if f.armed[i].Times--; f.armed[i].Times == 0 {
		f.armed = slices.Delete(f.armed, i, i+1)
	}
	return way(w), nil
}

// dieNext lets nobody pass a boundary any more and ends the process: what it was to do before has been done, which may have led through
// boundaries of its own.
func (f *faults) dieNext() {
	f.mu.Lock()
	first := f.dying == nil
	if first {
		f.dying = make(chan struct{})
	}
	f.mu.Unlock()
	if first {
		defer f.survived()
	}
	f.die()
}

// survived lets everybody go on: whoever was to die did not come that far.
func (f *faults) survived() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.dying)
	f.dying = nil
}

type dyingKey struct{}

// around does something at a boundary, in the way that is due there.
func (f *faults) around(ctx context.Context, at boundary, do func(context.Context) error) error {
	w, death := f.take(at)
	for death != nil {
		<-death
		w, death = f.take(at)
	}
	switch w {
	case wayRefused:
		return errRefused
	case wayKillBefore:
		defer f.survived()
		f.die()
	case wayKillDuring:
		defer f.survived()
		ctx = context.WithValue(ctx, dyingKey{}, true)
	}
	err := do(ctx)
	switch {
	case w == wayKillAfter:
		f.dieNext()
	case err != nil:
		return err
	case w == wayLost:
		return errLost
	case w == wayLate:
		f.wait(ctx)
		return errLate
	}
	return err
}

// wait holds an answer back until its caller has gone.
func (f *faults) wait(ctx context.Context) {
	timer := time.NewTimer(f.lateFor)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// beforeDurable stands in the middle of each commit's transaction.
func (f *faults) beforeDurable(ctx context.Context) {
	if ctx.Value(dyingKey{}) != nil {
		f.die()
	}
}
