package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

func TestOverlappingSweepsSendOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var shoppers []*shopper
	for i := range 40 {
		s := w.fill(fmt.Sprintf("shopper%d@example.com", i), yes())
		s.phone("")
		shoppers = append(shoppers, s)
	}
	w.clock.Advance(time.Hour)
	var all sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		all.Go(func() {
			_, err := w.sweeper.Run(t.Context())
			_, err2 := w.outbox.Drain(t.Context())
			errs[i] = errors.Join(err, err2)
		})
	}
	all.Wait()
	w.tick()
	w.pass(time.Minute)
	if n := len(w.postman.list()); n != len(shoppers) {
		t.Errorf("%d messages to %d people; errors %v", n, len(shoppers), errors.Join(errs...))
	}
	for _, s := range shoppers {
		s.became("push", recovery.StateSent, "")
	}
}

// A worker dies after its claim: nobody can tell whether the provider took the message, so nobody sends it again, and the record
// says so.
func TestAWorkerThatDiesSendsNothingTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	ctx, kill := context.WithCancel(t.Context())
	w.postman.during(func(recovery.Message) { kill() })
	w.clock.Advance(time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	item := checkout.OutboxItem{Cart: ada.cart(), Notice: checkout.Notice{Kind: checkout.NoticeFollowUpDue, Ref: "push"}}
	if err := w.sender.Consume(ctx, item); err == nil {
		t.Fatal("a worker that is dead says that all is well")
	}
	ada.became("push", recovery.StateSending, "")
	if err := w.sender.Consume(t.Context(), item); checkout.ErrorCode(err) != checkout.CodeUnavailable {
		t.Errorf("while a worker may be sending: %v", err)
	}
	w.clock.Advance(time.Minute)
	w.tick()
	ada.became("push", recovery.StateUnknown, "")
	w.sent("push/push")
	w.pass(24 * time.Hour)
	w.sent("push/push", "email/email")
}

// A provider that takes a message and times out.
func TestAProviderThatTimesOutAfterAcceptingGetsNoSecond(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.postman.then(true, context.DeadlineExceeded)
	w.pass(3 * time.Hour)
	w.sent("push/push")
	ada.became("push", recovery.StateUnknown, "")
}

// What is refused for now is tried again under the same id, until it is taken once.
func TestAProviderThatIsBusyGetsItLater(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	busy := &recovery.Refusal{Retry: true, Err: errors.New("throttled")}
	w.postman.then(false, busy)
	w.postman.then(false, busy)
	w.pass(3 * time.Hour)
	w.sent("push/push")
	if f := ada.became("push", recovery.StateSent, ""); f.Tries != 3 || f.Provider == "" {
		t.Errorf("follow-up is %+v", f)
	}
}

func TestADeviceThatIsGoneIsAskedNoMore(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.postman.then(false, &recovery.Refusal{Gone: true, Err: errors.New("disabled")})
	w.pass(21 * time.Hour)
	w.sent("email/email")
	ada.became("push", recovery.StateRefused, recovery.WhyGone)
}

// Notices come doubled and late.
func TestDoubledNoticesSendOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	ada.phone("")
	w.clock.Advance(time.Hour)
	_, err := w.sweeper.Run(t.Context())
	w.ok(err)
	for range 3 {
		if failed := w.outbox.Deliver(t.Context(), []string{ada.id, ada.id}); len(failed) > 0 {
			t.Fatal(failed)
		}
	}
	w.ok(w.sender.Consume(t.Context(), checkout.OutboxItem{Cart: ada.cart(), Notice: checkout.Notice{Kind: checkout.NoticeFollowUpDue, Ref: "push"}}))
	w.sent("push/push")
	if n := len(w.ledger.of(recovery.FactSent)); n != 1 {
		t.Errorf("counted %d times", n)
	}
}
