package recovery

import (
	"context"
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
// the contact, so that workers on several carts of one person can't send more than the caps allow.
func (s *Sender) admit(ctx context.Context, now time.Time, v view, fu checkout.FollowUp) (admission, Contact, error) {
	var a admission
	after, err := s.reader().changeKnown(ctx, v.contact(), s.NewID(), func(c *Contact) bool {
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
		if a.until = s.Settings.roomAt(c.beside(fu.ID), now); a.until.After(now) {
			return changed
		}
		a.until = time.Time{}
		count(c, Send{fu.ID, Channel(fu.Channel), now})
		agree(c, v, Channel(fu.Channel), s.Settings.Consent, now)
		if p := checkout.PersonOfCustomer(v.cart.Customer); p != "" && p != c.ID && !slices.Contains(c.Customers, p) {
			c.Customers = append(slices.Clone(c.Customers[max(0, len(c.Customers)-maxCustomers+1):]), p)
		}
		c.lasts(now.Add(contactLife))
		return true
	})
	if err == nil && fu.Stage != confirmStage {
		err = s.admitCustomer(ctx, now, v, fu, &a)
	}
	return a, after, err
}

// admitCustomer counts a message to an address among those of the customer whose cart it is about: another cart of theirs may have no
// address, and the caps hold over both.
func (s *Sender) admitCustomer(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, a *admission) error {
	id := checkout.PersonOfCustomer(v.cart.Customer)
	if id == "" || id == v.person || a.refused || a.holdout || !a.until.IsZero() {
		return nil
	}
	_, err := s.reader().changeKnown(ctx, v.known(id), s.NewID(), func(c *Contact) bool {
		if a.refused = c.refuses(Channel(fu.Channel)); a.refused {
			return false
		}
		if a.until = s.Settings.roomAt(c.beside(fu.ID), now); a.until.After(now) {
			return false
		}
		a.until = time.Time{}
		count(c, Send{fu.ID, Channel(fu.Channel), now})
		c.lasts(now.Add(contactLife))
		return true
	})
	return err
}

// beside are the messages that count beside one.
func (c Contact) beside(id string) []Send {
	return slices.DeleteFunc(slices.Clone(c.Sends), func(o Send) bool { return o.ID == id })
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
	c.lasts(now.Add(contactLife))
	return true
}

// deal gives a person an arm when it is eligible for the first time in this deal.
func (s *Sender) deal(c *Contact, v view, now time.Time) (changed bool) {
	if c.Arm != nil && (c.Arm.Salt == s.Settings.Holdout.Salt || s.Settings.Holdout.Percent == 0) {
		return false
	}
	h := s.Settings.Holdout
	c.Arm = &Assignment{Arm: ArmOf(h.Salt, v.person, h.Percent), At: now, Salt: h.Salt, Percent: h.Percent}
	return true
}

// count adds a message to those of a contact, in the place of an earlier try of it: what counts is when it goes out.
func count(c *Contact, send Send) {
	c.Sends = append(c.beside(send.ID), send)
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
