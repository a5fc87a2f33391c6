package recovery

import (
	"context"
	"strings"
	"time"

	"kassa/checkout"
)

// FeedbackKind is what a channel reports about an address.
type FeedbackKind string

const (
	FeedbackDelivered FeedbackKind = "delivered"
	FeedbackBounced   FeedbackKind = "bounced"    // for good: nobody is there
	FeedbackDelayed   FeedbackKind = "delayed"    // for now
	FeedbackComplaint FeedbackKind = "complained" // marked as spam
	FeedbackStop      FeedbackKind = "stop"       // STOP by SMS
)

// cause is why a report suppresses the channel; "" = it doesn't.
func (k FeedbackKind) cause() string {
	switch k {
	case FeedbackBounced:
		return CauseBounce
	case FeedbackComplaint:
		return CauseComplaint
	case FeedbackStop:
		return CauseStop
	case FeedbackDelivered, FeedbackDelayed:
	}
	return ""
}

// Feedback is what a provider reports. The address is personal data.
type Feedback struct {
	ID      string // provider's id of the report
	Kind    FeedbackKind
	Channel Channel
	Address string
	At      time.Time
}

// PersonOfPhone names whoever a phone number (E.164) belongs to.
func PersonOfPhone(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	if digits == "" {
		return ""
	}
	return "pp_" + hashed("phone", digits)
}

// Report takes in feedback: a bounce for good, a complaint and a STOP suppress the channel, at once and whoever agrees. Doubled, late
// and in any order it ends the same.
func (r *Registry) Report(ctx context.Context, f Feedback) error {
	person := checkout.PersonOfEmail(f.Address)
	if f.Channel == ChannelSMS {
		person = PersonOfPhone(f.Address)
	}
	cause := f.Kind.cause()
	if person == "" || cause == "" {
		return nil
	}
	at := f.At
	if at.IsZero() {
		at = r.Now()
	}
	_, err := r.reader().changeContact(ctx, person, r.NewID(), func(c *Contact) bool {
		if old, known := c.Suppressed[f.Channel]; known && (old.Cause != CauseBounce || cause == CauseBounce) {
			return false
		}
		c.suppress(f.Channel, Suppression{Cause: cause, At: at, Source: f.ID})
		return true
	})
	return err
}
