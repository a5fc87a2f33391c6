package recovery

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kassa/checkout"
)

// admission is what the person's contact has to say about a message.
type admission struct {
	refused   bool // somebody has said no since the cart was looked at
	holdout   bool
	confirmed bool      // a confirmation was asked for a moment ago
	until     time.Time // not before; zero = now
}

// admit counts a message among the person's, if that has room for it, and deals the person an arm. It is one conditional write of
// the contact, so that workers on several carts of one person can't send more than the caps allow. It comes after the message was
// drafted, and looks once more whether anybody has said no: of what was acknowledged by then, nothing is handed over (invariant 6).
func (s *Sender) admit(ctx context.Context, now time.Time, v view, fu checkout.FollowUp) (admission, error) {
	found, err := s.Contacts.Contacts(ctx, v.contactIDs())
	if err != nil {
		return admission{}, fmt.Errorf("read contacts: %w", err)
	}
	for _, c := range found {
		if c.refuses(Channel(fu.Channel)) {
			return admission{refused: true}, nil
		}
	}
	var a admission
	_, err = s.reader().changeRead(ctx, v.person, s.NewID(), found, func(c *Contact) bool {
		a = admission{refused: c.refuses(Channel(fu.Channel))}
		if a.refused {
			return false
		}
		if fu.Stage == confirmStage {
			return s.admitConfirm(c, now, v, fu, &a)
		}
		changed := s.deal(c, v, now)
		if s.Settings.Holdout.Percent > 0 && c.Arm.Arm == ArmHoldout {
			a.holdout = true
			return changed
		}
		if slices.ContainsFunc(c.Sends, func(o Send) bool { return o.ID == fu.ID }) {
			return changed // an earlier try has counted it
		}
		if a.until = s.Settings.roomAt(c.Sends, now); a.until.After(now) {
			return changed
		}
		a.until = time.Time{}
		count(c, Send{fu.ID, Channel(fu.Channel), now})
		agree(c, v, Channel(fu.Channel), s.Settings.Consent, now)
		c.ExpiresAt = later(c.ExpiresAt, now.Add(contactLife))
		return true
	})
	return a, err
}

func (s *Sender) admitConfirm(c *Contact, now time.Time, v view, fu checkout.FollowUp, a *admission) bool {
	if n := len(c.Confirms); n > 0 && now.Before(c.Confirms[n-1].Add(confirmRest)) {
		a.confirmed = !slices.ContainsFunc(c.Sends, func(o Send) bool { return o.ID == fu.ID })
		return false
	}
	c.Confirms = append(slices.Clone(c.Confirms), now)
	c.Confirms = c.Confirms[max(0, len(c.Confirms)-3):]
	count(c, Send{fu.ID, ChannelEmail, now})
	c.consent(ChannelEmail, Consent{State: ConsentPending, At: now, Wording: s.Settings.Consent.Wording, Source: "buyer:" + v.cart.ID})
	c.ExpiresAt = later(c.ExpiresAt, now.Add(contactLife))
	return true
}

// deal gives a person an arm when it is eligible for the first time in this deal.
func (s *Sender) deal(c *Contact, v view, now time.Time) (changed bool) {
	if c.Arm != nil && (c.Arm.Salt == s.Settings.Holdout.Salt || s.Settings.Holdout.Percent == 0) {
		return false
	}
	c.Arm = &Assignment{Arm: ArmOf(s.Settings.Holdout.Salt, v.person, s.Settings.Holdout.Percent), At: now, Salt: s.Settings.Holdout.Salt}
	return true
}

func count(c *Contact, send Send) {
	c.Sends = append(slices.Clone(c.Sends), send)
	c.Sends = c.Sends[max(0, len(c.Sends)-maxSends):]
}

// agree records what the message relies on: the consent that came with the cart.
func agree(c *Contact, v view, channel Channel, rules ConsentRules, now time.Time) {
	if _, known := c.Consents[channel]; known || v.marketing() == nil {
		return
	}
	c.consent(channel, Consent{State: ConsentGiven, At: v.cart.UpdatedAt, Wording: rules.Wording, Source: "buyer:" + v.cart.ID})
	c.SeenAt = now
}

// roomAt is the first instant, from now on, at which no cap stands against one more message.
func (s Settings) roomAt(sends []Send, now time.Time) time.Time {
	at := now
	for _, limit := range s.caps() {
		var within []time.Time
		for _, o := range sends {
			if o.At.After(now.Add(-limit.Within.std())) {
				within = append(within, o.At)
			}
		}
		if len(within) >= limit.Count {
			slices.SortFunc(within, time.Time.Compare)
			at = later(at, within[len(within)-limit.Count].Add(limit.Within.std()))
		}
	}
	return at
}
