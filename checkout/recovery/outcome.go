package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kassa/checkout"
)

// postpone has the sweep claim a stage again at a later time. If a later stage is due by then, that goes instead.
func (s *Sender) postpone(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, why string, until time.Time) (bool, error) {
	return s.write(ctx, v, fu, StatePostponed, why, now, until)
}

// skip records why a follow-up is not sent. What ends all follow-up of the cart closes it.
func (s *Sender) skip(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, why string) (bool, error) {
	return s.write(ctx, v, fu, StateSkipped, why, now, time.Time{})
}

// ending are the reasons after which no stage of the cart can come any more.
var ending = []string{WhyBought, WhyCanceled, WhyExpired, WhyInactive, WhyHoldout, WhyReturned}

// write records a state of a follow-up on the cart as it was read. until is when the cart is due again, for what is
// postponed.
func (s *Sender) write(
	ctx context.Context, v view, fu checkout.FollowUp, state State, why string, now, until time.Time,
) (again bool, err error) {
	f := v.cart.Following(s.NewID())
	fu.State, fu.Why, fu.At = string(state), why, now
	switch {
	case state == StatePostponed:
		fu.At = until
		if f.Due.IsZero() || until.Before(f.Due) {
			f.Due = until
		}
	case slices.Contains(ending, why):
		f.Abandonment.Closed, f.Due = why, time.Time{}
	case why == WhyActive:
		f.Due = v.leftAt().Add(s.Settings.First())
	case why == WhyUnplanned && f.Due.IsZero():
		f.Due = now // what the plan has instead
	}
	put(&f.Abandonment, fu)
	cart, err := s.Carts.FollowCart(ctx, f)
	if again, err := conflicted(err); again || err != nil {
		return again, err
	}
	v.cart = cart
	return false, s.tell(ctx, v, fu)
}

func conflicted(err error) (again bool, _ error) {
	var conflict *checkout.Conflict
	if errors.As(err, &conflict) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("write a follow-up: %w", err)
	}
	return false, nil
}

// tell has what became of a follow-up counted. It is told again whenever the notice comes again, and counted once.
func (s *Sender) tell(ctx context.Context, v view, fu checkout.FollowUp) error {
	if s.Ledger == nil || fu.Stage == confirmStage {
		return nil
	}
	fact := Fact{
		At: fu.At, CartID: v.cart.ID, Platform: platformOf(v.cart), Person: v.person, Reason: Reason(v.cart.Abandonment.Reason),
		Stage: fu.Stage, Channel: Channel(fu.Channel), Why: fu.Why,
	}
	// Whoever was dealt an arm counts, whatever became of the message: in the holdout nobody knows what would have become of it.
	var facts []Fact
	if arm := v.contact().Arm; arm != nil {
		e := fact
		e.ID, e.Kind, e.At, e.Why = "eligible:"+v.person+":"+arm.Salt, FactEligible, arm.At, ""
		e.Arm, e.Salt, e.Percent = arm.Arm, arm.Salt, arm.Percent
		facts = append(facts, e)
	}
	switch State(fu.State) {
	case StateSent, StateUnknown:
		fact.ID, fact.Kind = "sent:"+fu.ID, FactSent
		facts = append(facts, fact)
	case StateSkipped, StateRefused:
		fact.ID, fact.Kind = "skipped:"+fu.ID+":"+fu.Why, FactSkipped
		facts = append(facts, fact)
	case StatePostponed, StateClaimed, StateSending:
	}
	for _, f := range facts {
		if err := s.Ledger.Record(ctx, f); err != nil {
			return fmt.Errorf("count a fact: %w", err)
		}
	}
	return nil
}
