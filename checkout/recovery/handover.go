package recovery

import (
	"context"
	"errors"
	"time"

	"kassa/checkout"
)

// send hands a message over, once: only who has written "sending" on the cart as it was read may, and nobody after him. Behind that
// comes the last look: whatever was acknowledged by then is seen, so that only the call itself can cross with it.
func (s *Sender) send(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, m Message) (again bool, err error) {
	f := v.cart.Following(s.NewID())
	fu.State, fu.At, fu.Tries, fu.Person = string(StateSending), now, fu.Tries+1, v.person
	put(&f.Abandonment, fu)
	cart, err := s.Carts.FollowCart(ctx, f)
	if again, err := conflicted(err); again || err != nil {
		return again, err
	}
	v.cart = cart
	fresh, err := s.reader().one(ctx, v.cart.ID)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return false, nil // erased, and its follow-up with it
	}
	if err != nil { // nothing was handed over, so it may be tried again
		return false, s.outcome(ctx, now, v, fu, m, "", &Refusal{Retry: true, Err: err})
	}
	if why := s.overtaken(now, fresh, fu); why != "" {
		return false, s.outcome(ctx, now, fresh, fu, m, "", &late{why})
	}
	callCtx, cancel := reserved(ctx, outcomeTime)
	id, err := s.Messengers[m.Channel].Send(callCtx, m)
	cancel()
	return false, s.outcome(ctx, now, v, fu, m, id, err)
}

// late is why a message was not handed over at the last moment.
type late struct{ why string }

// Error implements error.
func (l *late) Error() string { return l.why }

// overtaken says what has come between the claim and the call; "" = nothing.
func (s *Sender) overtaken(now time.Time, v view, fu checkout.FollowUp) string {
	if why := s.untrue(now, v, fu); why != "" {
		return why
	}
	if v.paying() {
		return WhyPaying
	}
	return ""
}

// reserved is ctx, ended some time before its deadline, so that the outcome of a call can still be written.
func reserved(ctx context.Context, reserve time.Duration) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, end.Add(-reserve))
	}
	return context.WithCancel(ctx)
}

// outcome records what the provider has said. Whatever becomes of the cart meanwhile, that is written; if it can't be, the
// record stays "sending", and whoever comes next makes it unknown.
func (s *Sender) outcome(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, m Message, id string, failure error) error {
	state, why, until := StateSent, "", time.Time{}
	var refusal *Refusal
	var stopped *late
	switch {
	case failure == nil:
	case errors.As(failure, &stopped):
		state, why = StateSkipped, stopped.why
		if why == WhyPaying {
			state, until = StatePostponed, now.Add(payingRest)
		}
	case !errors.As(failure, &refusal):
		state = StateUnknown
		s.Logger.WarnContext(ctx, "provider's answer is lost", "cart", v.cart.ID, "stage", fu.Stage, "channel", fu.Channel)
	case refusal.Gone:
		state, why = StateRefused, WhyGone
		if err := s.gone(ctx, now, v, m); err != nil {
			return err
		}
	case refusal.Retry && fu.Tries < maxTries:
		state, why, until = StatePostponed, WhyRefused, now.Add(refusedRest<<(fu.Tries-1))
	default:
		state, why = StateRefused, WhyRefused
		s.Logger.ErrorContext(ctx, "provider refuses a follow-up", "cart", v.cart.ID, "stage", fu.Stage, "channel", fu.Channel)
	}
	fu.Provider = id
	for range conflictTries {
		again, err := s.write(ctx, v, fu, state, why, now, until)
		if !again || err != nil {
			return err
		}
		if v, err = s.reader().one(ctx, v.cart.ID); err != nil {
			return err
		}
		stored, ok := followUpOf(*v.cart.Abandonment, fu.Stage)
		if !ok || stored.ID != fu.ID || State(stored.State) != StateSending {
			return nil // somebody has taken it for lost
		}
	}
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: "cart " + v.cart.ID + " is being changed by others"}
}

// gone suppresses an address or a device that the provider says is no more.
func (s *Sender) gone(ctx context.Context, now time.Time, v view, m Message) error {
	for _, c := range v.contacts {
		if m.Channel == ChannelEmail && c.ID != checkout.PersonOfEmail(m.To) {
			continue
		}
		_, err := s.reader().changeContact(ctx, c.ID, s.NewID(), func(c *Contact) bool { return c.lose(m.Channel, m.To, m.ID, now) })
		if err != nil {
			return err
		}
	}
	return nil
}
