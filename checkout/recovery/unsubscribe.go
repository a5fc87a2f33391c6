package recovery

import (
	"context"
	"time"
)

// Unsubscribe says no to follow-ups over the channel of a link, or over all of them, for good: consent that comes with a cart
// counts no more for this person. All also kills the links that were sent so far, and speaks for the customers that the person is known
// as. Again is success. CodeNotFound for a token that is none of ours.
func (r *Registry) Unsubscribe(ctx context.Context, token string, all bool) (Link, error) {
	now := r.Now()
	link, ok := r.Links.Open(token, PurposeUnsubscribe, now)
	if !ok {
		return Link{}, deadLink()
	}
	c, err := r.reader().changeContact(ctx, link.Subject, r.NewID(), func(c *Contact) bool {
		if all {
			return c.revoke(now, ChannelEmail, ChannelPush, ChannelSMS)
		}
		return c.withdraw(link.Channel, unsubscribed, now)
	})
	if err != nil || !all {
		return link, err
	}
	for _, id := range c.Customers { // their phones are theirs; an address of theirs that is another one is not this person's to speak for
		_, err := r.reader().changeContact(ctx, id, r.NewID(), func(c *Contact) bool { return c.revoke(now, ChannelPush) })
		if err != nil {
			return link, err
		}
	}
	return link, nil
}

const unsubscribed = "unsubscribe"

// revoke takes consent for channels back, and kills the links that were sent so far; false if that was done before.
func (c *Contact) revoke(now time.Time, channels ...Channel) bool {
	changed := false
	for _, channel := range channels {
		changed = c.withdraw(channel, unsubscribed, now) || changed
	}
	if changed {
		c.RevokedAt = now
	}
	return changed
}

// withdraw takes consent back; false if that was done before.
func (c *Contact) withdraw(channel Channel, source string, now time.Time) bool {
	if c.Consents[channel].State == ConsentWithdrawn {
		return false
	}
	c.consent(channel, Consent{State: ConsentWithdrawn, At: now, Source: source})
	c.SeenAt, c.ExpiresAt = now, time.Time{}
	return true
}

// Confirm takes in that the owner of an address agrees. Again is success. CodeNotFound for a token that is none of ours, or dead, or of an
// address that has said no since.
func (r *Registry) Confirm(ctx context.Context, token string) (Link, error) {
	now := r.Now()
	link, ok := r.Links.Open(token, PurposeConfirm, now)
	if !ok {
		return Link{}, deadLink()
	}
	refused := false
	_, err := r.reader().changeContact(ctx, link.Subject, r.NewID(), func(c *Contact) bool {
		old := c.Consents[link.Channel]
		if refused = old.State == ConsentWithdrawn && old.At.After(link.Sent); refused || old.confirmed() {
			return false
		}
		c.consent(link.Channel, Consent{State: ConsentGiven, At: now, Wording: old.Wording, Source: confirmation})
		c.SeenAt, c.ExpiresAt = now, time.Time{}
		return true
	})
	if err == nil && refused {
		err = deadLink()
	}
	return link, err
}
