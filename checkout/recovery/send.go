package recovery

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kassa/checkout"
)

// Estimator prices carts as their owners would see them now.
type Estimator interface {
	// Estimate returns what of the cart can be had now, with its quote, and messages about the rest.
	Estimate(ctx context.Context, cart checkout.Cart) (checkout.CartView, error)
}

// Minter makes single-use codes.
type Minter interface {
	// Mint returns the code of a discount rule for one cart, the same whenever it is asked, and what it gives in a language; false
	// if the rule isn't there or gives nothing for the cart.
	Mint(ctx context.Context, rule string, cart checkout.Cart, until time.Time, language string) (code, title string, ok bool, err error)
}

// SenderConfig is what a Sender is made of.
type SenderConfig struct {
	Config
	Estimator  Estimator
	Messengers map[Channel]Messenger
	Links      Links
	Minter     Minter // nil: no incentives
	Ledger     Ledger // nil: nobody counts
}

// Sender sends the follow-ups that the sweep has claimed, each if it is still true and at most once. It is the outbox's consumer
// of follow_up.due. Safe for concurrent use.
type Sender struct{ SenderConfig }

// NewSender returns the consumer. CodeInvalid if something that it needs is missing or contradicts itself.
func NewSender(c SenderConfig) (*Sender, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Estimator == nil || len(c.Links.secrets) == 0 {
		return nil, &checkout.Error{Code: checkout.CodeInvalid, Path: "config",
			Message: "a sender needs an estimator and link secrets"}
	}
	return &Sender{c}, nil
}

const (
	handover      = 30 * time.Second // a worker that is sending is not disturbed for so long; its call ends long before
	outcomeTime   = 1500 * time.Millisecond
	refusedRest   = 10 * time.Minute    // until a message that was refused for now is tried again; twice as long each time
	maxTries      = 7                   // of one message: over ten hours in all
	confirmRest   = 7 * 24 * time.Hour  // between two requests to confirm consent, whoever asks for them
	contactLife   = 90 * 24 * time.Hour // of a contact that says nothing about consent
	conflictTries = 6
)

// Consume sends the follow-up that a notice tells of, or records why not. Nil says that there is nothing left to do about it. The
// notice may come any number of times.
func (s *Sender) Consume(ctx context.Context, item checkout.OutboxItem) error {
	now := s.Now()
	for range conflictTries {
		again, err := s.attend(ctx, now, item.Cart.ID, item.Ref)
		if !again || err != nil {
			return err
		}
	}
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: "cart " + item.Cart.ID + " is being changed by others"}
}

// attend looks at one follow-up; again if somebody changed what the look was based on.
func (s *Sender) attend(ctx context.Context, now time.Time, cartID, stage string) (again bool, err error) {
	v, err := s.reader().one(ctx, cartID)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return false, nil // and its follow-up with it
	}
	if err != nil {
		return false, err
	}
	if v.cart.Abandonment == nil {
		return false, nil
	}
	fu, ok := followUpOf(*v.cart.Abandonment, stage)
	if !ok {
		return false, nil // the shopper has been back, and the stage is to come anew
	}
	switch State(fu.State) {
	case StateClaimed:
	case StateSending:
		if now.Before(fu.At.Add(handover)) {
			return false, &checkout.Error{Code: checkout.CodeUnavailable,
				Message: "another worker is sending a follow-up of cart " + cartID}
		}
		// Whoever was sending has died, before or after the provider took it. Nobody can tell, so nobody tries again.
		return s.write(ctx, v, fu, StateUnknown, "", now, time.Time{})
	case StateSent, StateUnknown, StateSkipped, StateRefused, StatePostponed:
		return false, s.tell(ctx, v, fu)
	}
	return s.decide(ctx, now, v, fu)
}

// decide sends a claimed follow-up, postpones it or skips it.
func (s *Sender) decide(ctx context.Context, now time.Time, v view, fu checkout.FollowUp) (again bool, err error) {
	if why := s.untrue(now, v, fu); why != "" {
		return s.skip(ctx, now, v, fu, why)
	}
	if v.paying() {
		return s.write(ctx, v, fu, StatePostponed, WhyPaying, now, now.Add(payingRest))
	}
	if s.voiceless(Channel(fu.Channel)) {
		return s.skip(ctx, now, v, fu, WhyNoSender)
	}
	if moved, err := s.moved(ctx, now, v, fu); moved || err != nil {
		return moved, err
	}
	place := v.place(Channel(fu.Channel), s.Settings)
	if fu.Stage != confirmStage {
		if at := s.Settings.Quiet.Allowed(now, place); at.After(now) {
			return s.postpone(ctx, now, v, fu, WhyQuiet, at)
		}
	}
	m, why, err := s.draft(ctx, now, v, &fu)
	if err != nil {
		return false, err
	}
	if why != "" {
		return s.skip(ctx, now, v, fu, why)
	}
	verdict, contact, err := s.admit(ctx, now, v, fu)
	v = v.with(contact)
	switch {
	case err != nil:
		return false, err
	case verdict.refused:
		return s.skip(ctx, now, v, fu, WhySuppressed)
	case verdict.holdout:
		return s.skip(ctx, now, v, fu, WhyHoldout)
	case verdict.confirmed:
		return s.skip(ctx, now, v, fu, WhyCapped)
	case !verdict.until.IsZero():
		at := s.Settings.Quiet.Allowed(verdict.until, place)
		if at.After(v.cart.ExpiresAt) && !v.cart.ExpiresAt.IsZero() {
			return s.skip(ctx, now, v, fu, WhyCapped)
		}
		return s.postpone(ctx, now, v, fu, WhyCapped, at)
	}
	return s.send(ctx, now, v, fu, m)
}

// voiceless reports whether the shop can't write over a channel: there is none, or it has not said who writes.
func (s *Sender) voiceless(channel Channel) bool {
	return s.Messengers[channel] == nil || channel == ChannelEmail && s.Settings.Messages.Trader.Name == ""
}

// moved takes phones from the person who are somebody else's by now; again if it did.
func (s *Sender) moved(ctx context.Context, now time.Time, v view, fu checkout.FollowUp) (again bool, err error) {
	d, ok := v.device()
	if !ok || Channel(fu.Channel) != ChannelPush {
		return false, nil
	}
	id := ContactOfToken(d.Token)
	found, err := s.Contacts.Contacts(ctx, []string{id})
	if err != nil {
		return false, fmt.Errorf("read who holds a phone: %w", err)
	}
	phone, known := found[id]
	for _, c := range v.contacts {
		if !known || v.holds(c, phone.Holder) {
			continue
		}
		_, err := s.reader().changeKnown(ctx, c, s.NewID(), func(c *Contact) bool {
			lost := c.lose(ChannelPush, d.Token, fu.ID, now)
			again = again || lost
			return lost
		})
		if err != nil {
			return false, err
		}
	}
	return again, nil
}

// untrue says why a follow-up is not to be sent at all; "" = it is.
func (s *Sender) untrue(now time.Time, v view, fu checkout.FollowUp) string {
	if why := v.ended(now, s.Settings); why != "" {
		return why
	}
	left := v.cart.Abandonment.LeftAt
	switch {
	case v.boughtSince(left):
		return WhyBought
	case len(v.cart.Lines) == 0:
		return WhyEmpty
	case v.leftAt().After(left):
		return WhyActive
	}
	open := v.unreachable(Channel(fu.Channel), s.Settings.Consent, s.Shop.DefaultCountry)
	if fu.Stage == confirmStage {
		if open == "" {
			return WhyEnded // it has been confirmed meanwhile
		}
		if open == WhyUnconfirmed {
			return ""
		}
		return open
	}
	plan := s.Settings.PlanFor(Reason(v.cart.Abandonment.Reason))
	if open == "" && !slices.ContainsFunc(plan, func(st Stage) bool { return st.Name == fu.Stage }) {
		return WhyUnplanned
	}
	return open
}
