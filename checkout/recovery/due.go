package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kassa/checkout"
)

// Config is what the services of this package are made of.
type Config struct {
	Carts    CartStore
	Contacts ContactStore
	Shop     checkout.Shop
	Settings Settings
	Now      func() time.Time // read once by each service method
	NewID    func() string    // random, ≥128 bits
	Logger   *slog.Logger     // ids only
}

func (c *Config) validate() error {
	if c.Carts == nil || c.Contacts == nil || c.Now == nil || c.NewID == nil {
		return &checkout.Error{Code: checkout.CodeInvalid, Path: "config", Message: "follow-up needs carts, contacts, a clock and ids"}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c.Settings.Validate()
}

func (c Config) reader() reader { return reader{c.Carts, c.Contacts} }

// Sweeper finds carts that were left and claims the next stage of their follow-up. It sends nothing. Runs may overlap. Safe
// for concurrent use.
type Sweeper struct{ Config }

// NewSweeper returns the service of the sweep function. CodeInvalid if something that it needs is missing or contradicts itself.
func NewSweeper(c Config) (*Sweeper, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &Sweeper{c}, nil
}

const (
	duePage = 800 // carts that a page of the index has: a hundred from each shard
	writers = 16  // of carts at once
)

// Run looks at every cart that is due, until all have been or ctx ends. What is left is due again in the next run.
//
// It costs, for each cart, its part of batched reads and one conditional write, which is all that a rival can make fail.
func (w *Sweeper) Run(ctx context.Context) (checkout.Tally, error) {
	now, run := w.Now(), w.NewID()
	var total checkout.Tally
	q := checkout.DueQuery{Before: now, Limit: duePage}
	for ctx.Err() == nil {
		page, err := w.Carts.DueCarts(ctx, q)
		if err != nil {
			return total, fmt.Errorf("list carts that are due: %w", err)
		}
		ids := make([]string, len(page.Items))
		for i, item := range page.Items {
			ids[i] = item.ID
		}
		// Sweepers that overlap have the same page. Each goes through it in an order of its own, so that they seldom meet.
		slices.SortFunc(ids, func(a, b string) int { return slices.Compare([]byte(hashed(run, a)), []byte(hashed(run, b))) })
		for part := range slices.Chunk(ids, MaxBatch) {
			tally, err := w.sweep(ctx, now, part)
			total.Looked, total.Changed, total.Failed = total.Looked+tally.Looked, total.Changed+tally.Changed, total.Failed+tally.Failed
			if err == nil {
				err = ctx.Err() // carts of this part may not have been looked at
			}
			if err != nil {
				return total, err
			}
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return total, nil
		}
	}
	return total, ctx.Err()
}

// sweep looks at some carts, read anew: the index may be behind, and somebody may have been faster.
func (w *Sweeper) sweep(ctx context.Context, now time.Time, ids []string) (checkout.Tally, error) {
	views, err := w.reader().views(ctx, ids, func(c checkout.Cart) bool { return !c.Due.IsZero() && !c.Due.After(now) })
	if err != nil {
		return w.apart(ctx, now, ids, err)
	}
	var (
		group           sync.WaitGroup
		changed, failed atomic.Int64
		queue           = make(chan view)
	)
	for range min(writers, len(views)) {
		group.Go(func() {
			for v := range queue {
				switch done, err := w.follow(ctx, now, v); {
				case err != nil:
					failed.Add(1)
				case done:
					changed.Add(1)
				}
			}
		})
	}
	looked := 0
	for _, v := range views {
		if ctx.Err() != nil {
			break
		}
		queue <- v
		looked++
	}
	close(queue)
	group.Wait()
	return checkout.Tally{Looked: looked, Changed: int(changed.Load()), Failed: int(failed.Load())}, nil
}

// apart looks at the halves of some carts that can't be read together: one that is spoiled must not keep all others from their turn.
// A store that doesn't answer is no such thing.
func (w *Sweeper) apart(ctx context.Context, now time.Time, ids []string, failure error) (checkout.Tally, error) {
	if ctx.Err() != nil || checkout.ErrorCode(failure) == checkout.CodeUnavailable {
		return checkout.Tally{}, failure
	}
	if len(ids) == 1 {
		w.Logger.ErrorContext(ctx, "cart can't be read", "cart", ids[0], "error_code", string(checkout.ErrorCode(failure)))
		return checkout.Tally{Looked: 1, Failed: 1}, nil
	}
	var total checkout.Tally
	for _, half := range [][]string{ids[:len(ids)/2], ids[len(ids)/2:]} {
		tally, err := w.sweep(ctx, now, half)
		total.Looked, total.Changed, total.Failed = total.Looked+tally.Looked, total.Changed+tally.Changed, total.Failed+tally.Failed
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// follow writes what is decided about a cart; false if somebody was faster.
func (w *Sweeper) follow(ctx context.Context, now time.Time, v view) (bool, error) {
	_, err := w.Carts.FollowCart(ctx, w.decide(now, v))
	var conflict *checkout.Conflict
	switch {
	case errors.As(err, &conflict):
		return false, nil // another sweeper, or the shopper: the cart is due for a new look, or not at all
	case err != nil:
		w.Logger.ErrorContext(ctx, "cart can't be followed up", "cart", v.cart.ID, "error_code", string(checkout.ErrorCode(err)))
		return false, err
	}
	return true, nil
}

// Times of the sweep.
const (
	payingRest = 15 * time.Minute // a payment is decided by then, one way or the other
	claimLife  = time.Hour        // a claim whose notice is gone is void after that
)

// confirmStage is the stage under which a request to confirm consent is recorded. No plan has one of that name: '~' is no part
// of a name.
const confirmStage = "~confirm"

// decide returns what becomes of a cart that is due. Every cart leaves it with a time of the next look, or closed with the reason.
func (w *Sweeper) decide(now time.Time, v view) checkout.CartFollow {
	f := v.cart.Following(w.NewID())
	left, why := v.leftAt(), v.ended(now, w.Settings)
	switch {
	case why == WhyCanceled && v.leaves():
		w.abandon(&f, v, left, now)
		return closed(f, why)
	case why == WhyInactive && v.leaves(): // nobody is written to, and that it was left counts all the same
	case why != "":
		return closed(f, why)
	case v.boughtSince(left):
		return closed(f, WhyBought)
	}
	f.Abandonment.Closed = ""
	switch {
	case v.paying():
		f.Due = now.Add(payingRest)
		return f
	case len(v.cart.Lines) == 0 || now.Before(left.Add(w.Settings.First())):
		f.Due = left.Add(w.Settings.First())
		if !f.Due.After(now) {
			f.Due = now.Add(w.Settings.First())
		}
		return f
	}
	w.abandon(&f, v, left, now)
	if why != "" {
		return closed(f, why)
	}
	w.step(&f, v, now)
	return f
}

// leaves reports whether the cart has something that somebody can leave, and is not one whose contents were merged into another.
func (v view) leaves() bool {
	return len(v.cart.Lines) > 0 && (v.cart.Claimed == nil || v.cart.Claimed.Into == "")
}

// ended says why a cart is not followed up any more, whatever the plan says; "" = it may be.
func (v view) ended(now time.Time, s Settings) string {
	a := v.cart.Abandonment
	switch {
	case v.bought(), a != nil && a.Recovered != "":
		return WhyBought
	case v.cart.Canceled:
		return WhyCanceled
	case v.cart.Expired(now) && !v.paying():
		return WhyExpired
	case !s.Active(), v.cart.CreatedAt.Before(s.Since):
		return WhyInactive
	case a != nil && a.Closed == WhyReturned && !v.leftAt().After(a.LeftAt):
		return WhyReturned
	}
	return ""
}

// closed ends the follow-up of a cart: what nobody has begun to send is not sent any more.
func closed(f checkout.CartFollow, why string) checkout.CartFollow {
	f.Abandonment.Closed, f.Due = why, time.Time{}
	return f
}

// abandon notes that, when and why the cart was left. Whoever comes back and leaves again has left for what was last.
func (w *Sweeper) abandon(f *checkout.CartFollow, v view, left, now time.Time) {
	a := &f.Abandonment
	first, again := a.Reason == "", a.Reason != "" && left.After(a.LeftAt)
	if first || again {
		a.Reason, a.LeftAt = string(v.why(w.Shop)), left
		// Stages that were not handed over have their turn again, counted anew.
		a.FollowUps = slices.DeleteFunc(a.FollowUps, func(fu checkout.FollowUp) bool {
			return State(fu.State) == StateSkipped || State(fu.State) == StatePostponed
		})
	}
	switch {
	case first:
		f.Notify(checkout.NoticeCartAbandoned, a.Reason, now)
	case again:
		f.Notify(checkout.NoticeCartLeftAgain, a.Reason, now)
	}
}
