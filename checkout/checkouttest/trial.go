package checkouttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout"
)

// trial is a case at work. After its first failure it does nothing more, so that a case reads as a story, without a check
// after each line.
type trial struct {
	Stores
	ctx     context.Context
	seed    string // no two cases have the same
	made    int    // ids
	failure error
}

func story(name string, tell func(t *trial)) Case {
	return Case{Name: name, Run: func(ctx context.Context, s Stores) error {
		sum := sha256.Sum256([]byte(name))
		t := &trial{Stores: s, ctx: ctx, seed: hex.EncodeToString(sum[:8])}
		tell(t)
		return t.failure
	}}
}

func (t *trial) failed() bool { return t.failure != nil }

// fail ends the case, for the first reason given.
func (t *trial) fail(format string, args ...any) {
	if t.failure == nil {
		t.failure = fmt.Errorf(format, args...)
	}
}

// ok fails the case on an error.
func (t *trial) ok(what string, err error) {
	if err != nil {
		t.fail("%s: %w", what, err)
	}
}

// same fails the case if two values differ: empty and nil are the same, and so is an instant in two locations.
func (t *trial) same(what string, got, want any) {
	if t.failed() || reflect.DeepEqual(want, got) { // which takes documents as a whole, where cmp compares each byte
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.fail("%s is not what was expected (-want +got):\n%s", what, diff)
	}
}

// code fails the case unless an error has a code.
func (t *trial) code(what string, err error, want checkout.Code) {
	var e *checkout.Error
	if !errors.As(err, &e) || e.Code != want {
		t.fail("%s: got error %v, want one with code %s", what, err, want)
	}
}

// conflict returns the conflict that an error is; the case fails if it is none.
func (t *trial) conflict(what string, err error) checkout.Conflict {
	var c *checkout.Conflict
	if !errors.As(err, &c) {
		t.fail("%s: got error %v, want a *checkout.Conflict", what, err)
		return checkout.Conflict{}
	}
	return *c
}

const (
	late     = 100                   // how often a read that may be late is tried
	latePace = 20 * time.Millisecond // between two tries
)

// eventually repeats a check of what the contract allows to be late.
func (t *trial) eventually(check func() error) {
	if t.failed() {
		return
	}
	var err error
	for range late {
		if err = check(); err == nil {
			return
		}
		select {
		case <-t.ctx.Done():
			t.fail("%w", err)
			return
		case <-time.After(latePace): //nolint:forbidigo // a real index takes real time
		}
	}
	t.fail("%w", err)
}

// start is when cases happen, unless they need another time.
var start = time.Date(2026, time.March, 28, 23, 59, 59, 123e6, time.UTC)

func (t *trial) id(prefix string) string {
	t.made++
	return prefix + t.seed + "n" + strconv.Itoa(t.made)
}

// together runs n calls at once and returns their errors.
func together(n int, call func(i int) error) []error {
	errs := make([]error, n)
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			errs[i] = call(i)
		})
	}
	close(gate)
	all.Wait()
	return errs
}

// winners counts calls that succeeded; the others must have met a conflict.
func (t *trial) winners(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
			continue
		}
		t.conflict("a call that did not win", err)
	}
	return n
}
