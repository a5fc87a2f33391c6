package recovery

import (
	"context"
	"time"
)

// Channel is a way to reach a person.
type Channel string

const (
	ChannelEmail Channel = "email"
	ChannelPush  Channel = "push"
	ChannelSMS   Channel = "sms" // not sent before STOP is wired
)

// Kind says what a message is for, which decides whether it needs consent.
type Kind string

const (
	KindFollowUp Kind = "follow_up" // direct marketing: needs a consent record for its channel
	KindService  Kind = "service"   // receipt, refund, shipping …: needs none, and never advertises
)

// Message is what is handed to a channel. All of it is personal data: never logged, never in a queue.
type Message struct {
	ID       string // the same whenever the message is tried again: at most one with an id is ever handed over
	Channel  Channel
	Kind     Kind
	Reason   string    // why the cart was left, or what the service message tells: receipt, refunded …
	Stage    string    // of the plan; "" for service messages
	To       string    // e-mail address, push endpoint, phone number (E.164)
	Platform string    // of a push endpoint: ios or android
	Told     time.Time // of a push endpoint: when the app last told of it
	Locale   string    // nl, nb, en, de, fr
	Subject  string    // of an e-mail; the title of a push
	Text     string    // plain text of an e-mail; the body of a push
	HTML     string    // e-mail only
	Link     string    // what it opens: the recovery link, or the order's page
	// Unsubscribe is the https URL of RFC 8058's one-click POST; follow-ups by e-mail always have one.
	Unsubscribe string
}

// Messenger hands messages to one channel's provider.
type Messenger interface {
	// Send hands one message over and returns the provider's id of it. Nothing is retried inside; deadlines are the context's.
	// An error that is a *Refusal says that the provider has not taken it and why; any other that it may have.
	Send(ctx context.Context, m Message) (providerID string, err error)
}

// Refusal is a provider's word that it has not taken a message.
type Refusal struct {
	Gone  bool // the address or endpoint can't be reached any more: it is to be suppressed
	Retry bool // it will be taken later: throttled, or the provider's sending is paused
	Err   error
}

// Error implements error. It never tells an address.
func (r *Refusal) Error() string {
	switch {
	case r.Gone:
		return "message refused: nobody is there"
	case r.Retry:
		return "message refused for now"
	}
	return "message refused"
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }
