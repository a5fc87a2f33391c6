package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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
		return checkout.Tally{}, err
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
	if why := v.ended(now, w.Settings); why != "" {
		return closed(f, why)
	}
	left := v.leftAt()
	if v.boughtSince(left) {
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
	w.step(&f, v, now)
	return f
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
	first := a.Reason == ""
	if first || left.After(a.LeftAt) {
		a.Reason, a.LeftAt = string(v.why()), left
		// Stages that were not handed over have their turn again, counted anew.
		a.FollowUps = slices.DeleteFunc(a.FollowUps, func(fu checkout.FollowUp) bool {
			return State(fu.State) == StateSkipped || State(fu.State) == StatePostponed
		})
	}
	if first {
		f.Notify(checkout.NoticeCartAbandoned, a.Reason, now)
	}
}

// turn is a stage with the time at which it is due.
type turn struct {
	Stage
	at   time.Time
	open string // why it can't be sent now; "" = it can
}

// step claims the stage that is due, and sets the time of the next look.
func (w *Sweeper) step(f *checkout.CartFollow, v view, now time.Time) {
	a := &f.Abandonment
	v.cart.Abandonment, v.cart.Notices = a, f.Notices
	if v.heldOut(w.Settings) {
		*f = closed(*f, WhyHoldout)
		return
	}
	turns := w.turns(v, now)
	w.confirm(f, v, turns, now)
	due := -1
	for i, t := range turns {
		if t.open == "" && !t.at.After(now) {
			due = i
		}
	}
	if due >= 0 {
		for _, t := range turns[:due] {
			overtake(f, t, now)
		}
		for _, fu := range a.FollowUps { // claimed long ago, and nobody has come to send it
			if State(fu.State) == StateClaimed && fu.Stage != confirmStage {
				overtake(f, turn{Stage: Stage{Name: fu.Stage}}, now)
			}
		}
		claim(f, v, turns[due].Stage, now)
		turns = turns[due+1:]
	}
	f.Due = time.Time{}
	why := ""
	for _, t := range turns {
		at := t.at
		if due >= 0 { // a late sweep must not send them together
			at = later(at, now.Add(spacing(t)))
		}
		if at.After(now) && (f.Due.IsZero() || at.Before(f.Due)) {
			f.Due = at
		}
		why = t.open
	}
	if f.Due.IsZero() && due < 0 {
		if why == "" || slices.ContainsFunc(a.FollowUps, func(fu checkout.FollowUp) bool { return State(fu.State).Handed() && fu.Stage != confirmStage }) {
			why = WhyEnded
		}
		a.Closed = why
	}
}

// spacing is the least time between a stage that is handed over and this one, however late the one before was.
func spacing(t turn) time.Duration { return min(t.After.std()/2, 12*time.Hour) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// turns are the stages of the cart's plan that may still be sent, in their order.
func (w *Sweeper) turns(v view, now time.Time) []turn {
	a := v.cart.Abandonment
	var last time.Time
	var turns []turn
	for _, stage := range w.Settings.PlanFor(Reason(a.Reason)) {
		t := turn{Stage: stage, at: a.LeftAt.Add(stage.After.std())}
		fu, known := followUpOf(*a, stage.Name)
		if known {
			switch state := State(fu.State); {
			case state.Handed():
				last = later(last, fu.At)
				continue
			case state == StateSkipped, state == StateRefused:
				continue
			case state == StateClaimed && v.promised(stage.Name):
				// Its notice is on its way. It is due once more when that is lost, or a later stage overtakes it.
				t.at = later(t.at, fu.ClaimedAt.Add(claimLife))
				if now.Before(t.at) {
					continue
				}
			case state == StatePostponed:
				t.at = later(t.at, fu.At)
			}
		}
		if !last.IsZero() {
			t.at = later(t.at, last.Add(spacing(t)))
		}
		t.open = v.unreachable(stage.Channel, w.Settings.Consent, w.Shop.DefaultCountry)
		turns = append(turns, t)
	}
	return turns
}

func followUpOf(a checkout.Abandonment, stage string) (checkout.FollowUp, bool) {
	i := slices.IndexFunc(a.FollowUps, func(fu checkout.FollowUp) bool { return fu.Stage == stage })
	if i < 0 {
		return checkout.FollowUp{}, false
	}
	return a.FollowUps[i], true
}

// promised reports whether a notice of a stage is still to be delivered.
func (v view) promised(stage string) bool {
	for _, n := range v.cart.Notices {
		if n.Kind == checkout.NoticeFollowUpDue && n.Ref == stage {
			return true
		}
	}
	return false
}

// heldOut reports whether the person is known to be one who gets nothing.
func (v view) heldOut(s Settings) bool {
	arm := v.contact().Arm
	return s.Holdout.Percent > 0 && arm != nil && arm.Salt == s.Holdout.Salt && arm.Arm == ArmHoldout
}

// claim makes a stage somebody's to send.
func claim(f *checkout.CartFollow, v view, stage Stage, now time.Time) {
	fu, _ := followUpOf(f.Abandonment, stage.Name) // one that was postponed keeps what is known of it
	fu.ID, fu.Stage, fu.Channel = messageID(v.cart.ID, stage.Name, stage.Channel), stage.Name, string(stage.Channel)
	fu.ClaimedAt, fu.State, fu.At, fu.Why, fu.Reason = now, string(StateClaimed), now, "", f.Abandonment.Reason
	put(&f.Abandonment, fu)
	withdraw(f, stage.Name)
	f.Notify(checkout.NoticeFollowUpDue, stage.Name, now)
}

// overtake skips a stage for a later one that is due as well.
func overtake(f *checkout.CartFollow, t turn, now time.Time) {
	fu, known := followUpOf(f.Abandonment, t.Name)
	if !known {
		fu = checkout.FollowUp{ID: messageID(f.CartID, t.Name, t.Channel), Stage: t.Name, Channel: string(t.Channel), ClaimedAt: now}
	}
	fu.State, fu.At, fu.Why = string(StateSkipped), now, WhyOvertaken
	if t.open != "" {
		fu.Why = t.open
	}
	put(&f.Abandonment, fu)
	withdraw(f, t.Name)
}

// put stores a follow-up in the place of the one of its stage.
func put(a *checkout.Abandonment, fu checkout.FollowUp) {
	for i := range a.FollowUps {
		if a.FollowUps[i].Stage == fu.Stage {
			a.FollowUps[i] = fu
			return
		}
	}
	a.FollowUps = append(a.FollowUps, fu)
}

// withdraw takes back the notices of a stage.
func withdraw(f *checkout.CartFollow, stage string) {
	f.Notices = maps.Clone(f.Notices)
	maps.DeleteFunc(f.Notices, func(_ string, n checkout.Notice) bool { return n.Kind == checkout.NoticeFollowUpDue && n.Ref == stage })
}

// confirm has the owner of an address asked whether it is his consent that came with the cart, once for each cart, where the
// law wants that and a stage by e-mail depends on it.
func (w *Sweeper) confirm(f *checkout.CartFollow, v view, turns []turn, now time.Time) {
	waits := slices.ContainsFunc(turns, func(t turn) bool { return t.Channel == ChannelEmail && t.open == WhyUnconfirmed })
	if _, asked := followUpOf(f.Abandonment, confirmStage); waits && !asked {
		claim(f, v, Stage{Name: confirmStage, Channel: ChannelEmail}, now)
		v.cart.Notices = f.Notices
	}
}
