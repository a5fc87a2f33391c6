package checkouttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"kassa/checkout"
)

// Way is how a call goes wrong. What a caller may conclude from each is what it may conclude in the field: nothing that its
// error does not say.
type Way string

const (
	Refused   Way = "refused"   // not done; the error doesn't tell
	Throttled Way = "throttled" // not done; the store says that it is busy
	Lost      Way = "lost"      // done, but the answer is lost
	Late      Way = "late"      // done, but the deadline has passed; the error wraps context.DeadlineExceeded
	Delayed   Way = "delayed"   // as Late, but done only when Land is called: still under way when the caller has given up. Writes
	Twice     Way = "twice"     // done twice, as by a retry below us; the answer is the second's, but no conflict with the first. Writes
	// Somebody else writes the same things just before, and changes no contents: EditCart, Commit, PutPerson, ClaimCart, FollowCart and
	// PutContact.
	Contended Way = "contended"
	Stale     Way = "stale" // as it was before the last write that came through. Watched, DueCarts, Products
)

// ErrScripted is in every error that a script made up.
var ErrScripted = errors.New("failed by script")

// Fault is a way in which a method is to fail.
type Fault struct {
	Method string
	Way    Way // "" = none
}

// Hostile is a set of stores and a gateway between which and their caller lies a network: Stores and Gateway are theirs, but
// fail by script. Carts that recovery can work on still can: its methods fail likewise. Without one they only count. Safe for
// concurrent use; deterministic as far as the order of calls is.
type Hostile struct {
	Stores
	Gateway checkout.Gateway

	inner   Stores
	mu      sync.Mutex // guards all below
	calls   []Fault    // so far, each as it went
	next    map[string][]Way
	at      map[int]Way // by the number of calls before
	delayed []func() error
	before  before
	others  int // writes by somebody else
}

// NewHostile wraps stores and a gateway; what is nil stays nil.
func NewHostile(s Stores, g checkout.Gateway) *Hostile {
	h := &Hostile{inner: s, next: map[string][]Way{}, at: map[int]Way{}}
	if s.Carts != nil {
		h.Carts = hostileCartsOf(h, s.Carts)
	}
	if s.Sessions != nil {
		h.Sessions = hostileSessions{h, s.Sessions}
	}
	if s.Catalog != nil {
		h.Catalog = hostileCatalog{h, s.Catalog}
	}
	if s.Inbox != nil {
		h.Inbox = hostileInbox{h, s.Inbox}
	}
	if s.People != nil {
		h.People = hostilePeople{h, s.People}
	}
	if s.Redemptions != nil {
		h.Redemptions = hostileRedemptions{h, s.Redemptions}
	}
	if g != nil {
		h.Gateway = hostileGateway{h, g}
	}
	return h
}

// Next scripts the next calls of a method, such as "Commit" or "Pay": one way each, in their order; "" lets a call pass. A
// way that the method can't go is an error of that call.
func (h *Hostile) Next(method string, ways ...Way) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next[method] = append(h.next[method], ways...)
}

// At scripts the n-th call from now on, of whatever method, 1 being the next. It goes before what Next scripts.
func (h *Hostile) At(n int, way Way) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at[len(h.calls)+n-1] = way
}

// Count returns how often a method was called: the round trips that it has cost.
func (h *Hostile) Count(method string) int {
	n := 0
	for _, c := range h.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

// Calls returns all calls so far, in the order in which they began, with the way that each went.
func (h *Hostile) Calls() []Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

// Unused returns what was scripted with Next and has not happened yet, ordered by method.
func (h *Hostile) Unused() []Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	var left []Fault
	for method, ways := range h.next {
		for _, way := range ways {
			left = append(left, Fault{method, way})
		}
	}
	slices.SortStableFunc(left, func(a, b Fault) int { return strings.Compare(a.Method, b.Method) })
	return left
}

// Reset forgets calls, scripts and what is delayed.
func (h *Hostile) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls, h.delayed = nil, nil
	clear(h.next)
	clear(h.at)
}

// Land does what was delayed, in the order in which it was asked for, and returns what the late answers would have been.
func (h *Hostile) Land() []error {
	h.mu.Lock()
	delayed := h.delayed
	h.delayed = nil
	h.mu.Unlock()
	errs := make([]error, len(delayed))
	for i, do := range delayed {
		errs[i] = do()
	}
	return errs
}

// Ways returns the ways that a method can go wrong; none for a method that there isn't.
func Ways(method string) []Way {
	always := []Way{Refused, Throttled, Lost, Late}
	switch method {
	case "Cart", "Session", "SessionAndCart", "Unended", "Search", "InboxItems", "Person", "Read", "Find",
		"CartsOf", "SessionsOf", "Contacts", "NoticedCarts",
		"Refunds", "Dispute", "SavedCards":
		return always
	case "Watched", "DueCarts", "Products":
		return append(always, Stale)
	case "CreateCart", "PutProducts", "AddStock", "PutInbox", "RemoveInbox", "RemovePerson", "Pay", "Cancel", "Refund",
		"Capture", "Customer", "EphemeralKey", "ForgetCard", "DeleteCustomer", "ForgetContact", "RemoveCartNotices":
		return append(always, Delayed, Twice)
	case "EditCart", "Commit", "PutPerson", "ClaimCart", "FollowCart", "PutContact":
		return append(always, Delayed, Twice, Contended)
	}
	return nil
}

// call is one call on its way.
type call[T any] struct {
	method  string
	do      func(ctx context.Context) (T, error)
	fail    func(way Way, cause error) error
	contend func(ctx context.Context) error
	stale   func(ctx context.Context) (T, error)
}

// stored is perform for what a store is asked and nothing else can happen to.
func stored[T any](ctx context.Context, h *Hostile, method string, do func(ctx context.Context) (T, error)) (T, error) {
	return perform(ctx, h, call[T]{method: method, fail: storeFailure, do: do})
}

// perform makes a call go its way.
func perform[T any](ctx context.Context, h *Hostile, c call[T]) (T, error) {
	var none T
	way := h.begin(c.method)
	if way != "" && !slices.Contains(Ways(c.method), way) {
		return none, fmt.Errorf("%w: %s can't be %s", ErrScripted, c.method, way)
	}
	switch way {
	case Refused, Throttled:
		return none, c.fail(way, ErrScripted)
	case Lost:
		_, _ = c.do(ctx) // whatever it answered is lost
		return none, c.fail(way, ErrScripted)
	case Late:
		_, _ = c.do(ctx)
		return none, c.fail(way, errors.Join(ErrScripted, context.DeadlineExceeded))
	case Delayed:
		h.delay(func() error {
			_, err := c.do(context.WithoutCancel(ctx))
			return err
		})
		return none, c.fail(way, errors.Join(ErrScripted, context.DeadlineExceeded))
	case Twice:
		return twice(ctx, c.do)
	case Contended:
		if err := c.contend(ctx); err != nil {
			return none, fmt.Errorf("write before %s: %w", c.method, err)
		}
	case Stale:
		return c.stale(ctx)
	}
	return c.do(ctx)
}

func twice[T any](ctx context.Context, do func(ctx context.Context) (T, error)) (T, error) {
	first, firstErr := do(ctx)
	second, err := do(ctx)
	var conflict *checkout.Conflict
	if firstErr == nil && errors.As(err, &conflict) {
		return first, nil
	}
	return second, err
}

func (h *Hostile) begin(method string) Way {
	h.mu.Lock()
	defer h.mu.Unlock()
	way, ok := h.at[len(h.calls)]
	if ways := h.next[method]; !ok && len(ways) > 0 {
		way, h.next[method] = ways[0], ways[1:]
	}
	h.calls = append(h.calls, Fault{method, way})
	return way
}

func (h *Hostile) delay(do func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.delayed = append(h.delayed, do)
}
