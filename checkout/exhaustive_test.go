package checkout_test

import (
	"context"
	"testing"
	"time"

	"kassa/checkout"
)

// seconds are what may come after a request that died: each in a process that may die as well.
var seconds = map[string]func(trial) func(context.Context) error{
	"same request": func(tr trial) func(context.Context) error {
		tr.clock.advance(61 * time.Second)
		return tr.run
	},
	"another key": func(tr trial) func(context.Context) error {
		tr.clock.advance(61 * time.Second)
		in := checkout.CompleteInput{Request: tr.request(tr.cart.Token), SessionID: tr.first(), Instrument: method("pm_card_visa")}
		return func(ctx context.Context) error { _, err := tr.sessions.Complete(ctx, in); return err }
	},
	"another key at once": func(tr trial) func(context.Context) error {
		in := checkout.CompleteInput{Request: tr.request(tr.cart.Token), SessionID: tr.first(), Instrument: method("pm_card_visa")}
		return func(ctx context.Context) error { _, err := tr.sessions.Complete(ctx, in); return err }
	},
	"create that pays": func(tr trial) func(context.Context) error {
		in := checkout.CreateSessionInput{Request: tr.request(tr.cart.Token), CartID: tr.cart.Cart.ID, Change: everything("NL"),
			Instrument: method("pm_card_visa"), ExpectedTotal: ptr(int64(1990))}
		return func(ctx context.Context) error { _, err := tr.sessions.Create(ctx, in); return err }
	},
	"status read": func(tr trial) func(context.Context) error {
		tr.clock.advance(61 * time.Second)
		return func(ctx context.Context) error {
			_, err := tr.sessions.Session(ctx, callerOf(tr.cart.Token), tr.first())
			return err
		}
	},
	"change": func(tr trial) func(context.Context) error {
		in := checkout.UpdateSessionInput{Request: tr.request(tr.cart.Token), SessionID: tr.first(),
			Change: checkout.SessionChange{Lines: linesOf("mug", 2)}}
		return func(ctx context.Context) error { _, err := tr.sessions.Update(ctx, in); return err }
	},
	"cancel": func(tr trial) func(context.Context) error {
		in := checkout.CancelSessionInput{Request: tr.request(tr.cart.Token), SessionID: tr.first()}
		return func(ctx context.Context) error { _, err := tr.sessions.Cancel(ctx, in); return err }
	},
	"webhooks": func(tr trial) func(context.Context) error {
		return func(ctx context.Context) error {
			var failed error
			for _, d := range tr.provider.Undelivered() {
				if err := tr.provider.Deliver(ctx, d.Event); err != nil {
					failed = err
				}
			}
			return failed
		}
	},
	"reconcile": func(tr trial) func(context.Context) error {
		tr.clock.advance(2 * time.Minute)
		return func(ctx context.Context) error { _, err := tr.reconciler.Run(ctx); return err }
	},
}

func (tr trial) first() string { return checkout.SessionID(tr.cart.Cart.ID, 0) }

// TestEveryPairOfDeaths kills a request before and after each of its calls, then whatever comes next before and after each of
// its own, and leaves the rest to reconcile.
func TestEveryPairOfDeaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"complete", "complete, declined", "complete, 3-D", "second attempt at another amount", "turn back from the bank", "prepare, signed in"} {
		for next, second := range seconds {
			if name == "prepare, signed in" && next == "webhooks" {
				continue // nothing has happened yet that the provider would tell
			}
			t.Run(name+", then "+next, func(t *testing.T) {
				t.Parallel()
				pairs := 0
				for _, f := range deaths(trials[name], t) {
					for at := 1; ; at++ {
						before := diesTwice(t, name, f, fate{at: at}, second)
						after := diesTwice(t, name, f, fate{at: at, after: true}, second)
						if !before && !after {
							break
						}
						pairs++
					}
				}
				if pairs < 3 {
					t.Errorf("only %d pairs", pairs)
				}
			})
		}
	}
}

// diesTwice reports whether the second request came as far as its death.
func diesTwice(t *testing.T, name string, first, then fate, second func(trial) func(context.Context) error) bool {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("died at %+v, then at %+v", first, then)
		}
	}()
	tr := trials[name](newWorld(t, mortal))
	_ = tr.run((&life{fate: first}).in(t.Context()))
	l := &life{fate: then}
	_ = second(tr)(l.in(t.Context()))
	if l.count() < then.at {
		return false
	}
	tr.wantOneChargeAtMost()
	tr.settle()
	tr.wantWhole()
	return true
}

// deaths lists every way in which a trial's request can die.
func deaths(begin func(*world) trial, t *testing.T) []fate {
	t.Helper()
	l := &life{}
	if err := begin(newWorld(t, mortal)).run(l.in(t.Context())); err != nil {
		t.Fatal(err)
	}
	var all []fate
	for i := range l.count() {
		all = append(all, fate{at: i + 1}, fate{at: i + 1, after: true})
	}
	return all
}
