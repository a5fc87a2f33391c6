package checkout_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/payments/sandbox"
)

// lossy loses the index: nothing is ever due by it.
type lossy struct{ checkout.SessionStore }

func (lossy) Watched(context.Context, checkout.WatchKind, checkout.DueQuery) (checkout.DuePage, error) {
	return checkout.DuePage{}, nil
}

func TestBackfillFindsWhatTheIndexLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *checkout.Config) { c.Sessions = lossy{c.Sessions} })
	cart, id := w.opened()
	w.inject("payment_intents.create", sandbox.WayLost)
	w.pay(cart.Token, id, "pm_card_visa")
	w.later(time.Hour)
	w.wantStatus(id, checkout.StatusInProgress)
	tally, err := w.reconciler.Backfill(t.Context())
	w.ok(err)
	if tally != (checkout.Tally{Looked: 1, Changed: 1}) {
		t.Errorf("tally %+v", tally)
	}
	w.wantPaidOnce(id)
}

// broken fails one method of the stores.
type broken struct {
	checkout.SessionStore
	checkout.Inbox
	at  string
	err error
}

func (b broken) Watched(ctx context.Context, k checkout.WatchKind, q checkout.DueQuery) (checkout.DuePage, error) {
	if b.at == "Watched" {
		return checkout.DuePage{}, b.err
	}
	return b.SessionStore.Watched(ctx, k, q)
}

func (b broken) Unended(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
	if b.at == "Unended" {
		return checkout.DuePage{}, b.err
	}
	return b.SessionStore.Unended(ctx, q)
}

func (b broken) Session(ctx context.Context, id string) (checkout.Session, error) {
	if b.at == "Session" {
		return checkout.Session{}, b.err
	}
	return b.SessionStore.Session(ctx, id)
}

func (b broken) Commit(ctx context.Context, c checkout.Commit) error {
	if b.at == "Commit" {
		return b.err
	}
	return b.SessionStore.Commit(ctx, c)
}

func (b broken) PutInbox(ctx context.Context, i checkout.InboxItem) error {
	if b.at == "PutInbox" {
		return b.err
	}
	return b.Inbox.PutInbox(ctx, i)
}

func (b broken) InboxItems(ctx context.Context, q checkout.DueQuery) ([]checkout.InboxItem, string, error) {
	if b.at == "InboxItems" {
		return nil, "", b.err
	}
	return b.Inbox.InboxItems(ctx, q)
}

func (b broken) RemoveInbox(ctx context.Context, id string) error {
	if b.at == "RemoveInbox" {
		return b.err
	}
	return b.Inbox.RemoveInbox(ctx, id)
}

// What a schedule can't do it reports, and does next time; a webhook that was not taken in is sent again.
func TestStoresThatFail(t *testing.T) {
	t.Parallel()
	away := errors.New("the store is away")
	for _, at := range []string{"Watched", "Unended", "Session", "Commit", "PutInbox", "InboxItems", "RemoveInbox"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			b := &broken{err: away}
			w := newWorld(t, func(c *checkout.Config) {
				b.SessionStore, b.Inbox = c.Sessions, c.Inbox
				c.Sessions, c.Inbox = b, b
			})
			cart, id := w.opened()
			w.inject("payment_intents.create", sandbox.WayLost)
			w.pay(cart.Token, id, "pm_card_visa")
			waiting := w.open(w.cart("beans", 1)).Session.ID
			known := w.foreignIntent(id, 1, "pm_card_visa")
			w.stripe("/v1/refunds", url.Values{"payment_intent": {known}}) // foreign events for the inbox
			w.webhooks()
			w.foreignIntent("cs_nobody_0", 1, "pm_card_visa")
			b.at = at
			w.clock.advance(6 * time.Hour)
			tally, err := w.reconciler.Run(t.Context())
			_, backfill := w.reconciler.Backfill(t.Context())
			swept, sweep := w.sweeper.Run(t.Context())
			failures := map[string]bool{
				"reconcile": err != nil || tally.Failed > 0, "backfill": backfill != nil, "sweep": sweep != nil || swept.Failed > 0,
			}
			delivered := 0
			for _, e := range w.events() {
				if w.provider.Deliver(t.Context(), e) != nil {
					delivered++
				}
			}
			failures["webhook"] = delivered > 0
			want := map[string]string{
				"Watched": "reconcile sweep", "Unended": "backfill", "Session": "reconcile sweep webhook", "Commit": "sweep", "PutInbox": "webhook",
				"InboxItems": "reconcile", "RemoveInbox": "",
			}[at]
			for who, failed := range failures {
				if failed != strings.Contains(want, who) && !(at == "Commit" || at == "RemoveInbox") {
					t.Errorf("%s failed: %v", who, failed)
				}
			}
			b.at = ""
			w.webhooks()
			w.wait(20*time.Minute, time.Minute)
			w.wantStatus(waiting, checkout.StatusCanceled)
			w.wantStatus(id, checkout.StatusCompleted)
			w.wantSettled(id)
		})
	}
}

func TestRunsThatMustStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cart, id := w.opened()
	w.inject("payment_intents.create", sandbox.WayLost)
	w.pay(cart.Token, id, "pm_card_visa")
	w.clock.advance(7 * time.Hour)
	for name, run := range map[string]func(context.Context) (checkout.Tally, error){
		"reconcile": w.reconciler.Run, "backfill": w.reconciler.Backfill, "sweep": w.sweeper.Run,
	} {
		if _, err := run(canceled(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after its end: %v", name, err)
		}
	}
	// With a deadline so near that nothing could be written any more, the provider is not called.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	w.clock.advance(-7*time.Hour + 2*time.Minute)
	before := len(w.provider.Ledger())
	_, err := w.reconciler.Run(ctx)
	w.ok(err)
	if len(w.provider.Ledger()) != before {
		t.Error("called without time to write the outcome")
	}
	w.later(5 * time.Minute)
	w.wantPaidOnce(id)
}
