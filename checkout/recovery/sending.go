package recovery

import (
	"context"
	"time"
)

// Sending is the record of one service message. It is written before the message is handed over, so that there is never a second one,
// and says what became of it. It names people by hashes only.
type Sending struct {
	ID         string // derived from what the message tells of what: SendingID
	Version    int64  // raised by every change
	Op         string // id of the last change, by which a retried one recognises itself
	SessionID  string
	Reason     string // what the message tells: wording.Receipt …
	Ref        string // of the notice: a refund's id …
	Person     string // checkout.PersonOfEmail of whoever it went to
	State      State  // sending, sent, refused, unknown or skipped
	Why        string // skipped, refused: a Why… of reason.go, or WhyUnwritten, WhyNoSender, WhyTold
	ProviderID string // the provider's id of the message, once sent
	At         time.Time
	ExpiresAt  time.Time
}

// More reasons why a service message was not sent.
const (
	WhyNoSender  = "no_sender" // the shop's settings name no sender, or no trader
	WhyUnwritten = "unwritten" // its facts make no message
	WhyTold      = "told"      // another message tells it, or the shopper was there
)

// SendLog keeps what became of service messages. The contracts of checkout's stores hold for it.
type SendLog interface {
	// Sending returns a record as last written (strongly consistent). CodeNotFound if there is none.
	Sending(ctx context.Context, id string) (Sending, error)

	// PutSending stores a record if the stored one is at Version−1, at Version 1 if there is none. It also succeeds if the stored one
	// carries its Op: then this very call took effect before. Otherwise it changes nothing and returns a *SendingConflict.
	PutSending(ctx context.Context, s Sending) error
}

// SendingConflict is a write of a record that found another than it was based on.
type SendingConflict struct{ Sending *Sending } // as it stands; nil = there is none

// Error implements error.
func (c *SendingConflict) Error() string {
	return "conflict with a record of a message that has changed"
}
