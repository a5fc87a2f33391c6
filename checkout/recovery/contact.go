package recovery

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
)

// Contact is what is known about reaching somebody: a person by e-mail address (checkout.PersonOfEmail), a customer
// (checkout.PersonOfCustomer), whoever holds a guest's cart (ContactOfCart), or a phone's token (ContactOfToken). It has no address:
// carts and sessions do.
type Contact struct {
	ID      string
	Version int64  // raised by every change
	Op      string // id of the last change, by which a retried one recognises itself

	Consents   map[Channel]Consent     // what the contact itself has said; it wins over what a cart's buyer says
	Suppressed map[Channel]Suppression // channels that reach nobody, or somebody who wants no more
	Devices    []Device                // latest first, at most MaxDevices
	Sends      []Send                  // messages that count for the caps, oldest first
	Confirms   []time.Time             // when a confirmation of consent was asked for
	Arm        *Assignment             // nil: never yet eligible for a follow-up
	OrderedAt  time.Time               // latest order
	RevokedAt  time.Time               // links sent until then are dead
	SeenAt     time.Time               // when the contact was last changed by the person
	ExpiresAt  time.Time               // from then on nothing needs it; zero = never. Consent and suppression are kept
	Customers  []string                // customers on whose carts this address stands: who says no on every channel says it for them too
	Holder     string                  // of a phone's token: the customer who was last signed in there; "" = a guest
}

// Bounds of a contact.
const (
	MaxDevices   = 5
	maxSends     = 64
	maxCustomers = 4
)

// ContactOfCart is the id of the contact of whoever holds a guest's cart.
func ContactOfCart(cartID string) string { return cartPrefix + cartID }

const cartPrefix = "kc_"

// ContactOfToken is the id of the record of who holds the phone that a token of APNs or FCM reaches.
func ContactOfToken(token string) string { return "kt_" + hashed("token", token) }

// lasts keeps the contact until a time at least. That somebody has said no, may not be reached, or has confirmed an address is kept
// for good: whatever else happens, forgetting it would bring messages back. A guest's cart takes all about its holder with it.
func (c *Contact) lasts(until time.Time) {
	if c.forever() {
		c.ExpiresAt = time.Time{}
		return
	}
	c.ExpiresAt = later(c.ExpiresAt, until)
}

func (c *Contact) forever() bool {
	if strings.HasPrefix(c.ID, cartPrefix) {
		return false
	}
	for _, consent := range c.Consents {
		if consent.State == ConsentWithdrawn || consent.confirmed() {
			return true
		}
	}
	return len(c.Suppressed) > 0
}

// Consent is what somebody has agreed to for one channel.
type Consent struct {
	State   ConsentState `json:"state"`
	At      time.Time    `json:"at"`
	Wording string       `json:"wording,omitempty"` // version of the text that was agreed to
	Source  string       `json:"source"`            // buyer:ID of the cart, device:ID, confirmation, unsubscribe …
}

// confirmation is the source of a consent that the address's owner has given by a link that went to it.
const confirmation = "confirmation"

func (c Consent) confirmed() bool { return c.State == ConsentGiven && c.Source == confirmation }

// ConsentState is how far a consent goes.
type ConsentState string

const (
	ConsentGiven     ConsentState = "given"
	ConsentPending   ConsentState = "pending"   // not confirmed by the address's owner
	ConsentWithdrawn ConsentState = "withdrawn" // a new one must be confirmed
)

// Suppression is why a channel is not used, whoever agrees.
type Suppression struct {
	Cause  string    `json:"cause"` // bounce, complaint, stop, gone
	At     time.Time `json:"at"`
	Source string    `json:"source,omitempty"` // provider's id of the event
}

// Causes of suppression.
const (
	CauseBounce    = "bounce"
	CauseComplaint = "complaint"
	CauseStop      = "stop"
	CauseGone      = "gone"
)

// Device is a phone that push messages reach. Its token is personal data.
type Device struct {
	ID        string    `json:"id"`
	Token     string    `json:"token"`      // of APNs or FCM
	Platform  string    `json:"platform"`   // ios, android
	Permitted bool      `json:"permitted"`  // the system shows our messages
	Locale    string    `json:"locale"`     // nl, nb, en, de, fr
	Zone      string    `json:"zone"`       // IANA; "" = not known
	Gone      bool      `json:"gone"`       // the token reaches nothing any more
	UpdatedAt time.Time `json:"updated_at"` // when the app last told
}

// Send is a message that counts for the caps.
type Send struct {
	ID      string    `json:"id"` // the follow-up's
	Channel Channel   `json:"channel"`
	At      time.Time `json:"at"`
}

// Assignment is the arm that a person belongs to, recorded when it first was eligible.
type Assignment struct {
	Arm     Arm       `json:"arm"`
	At      time.Time `json:"at"`
	Salt    string    `json:"salt,omitempty"`    // names the deal: another one assigns anew
	Percent int       `json:"percent,omitempty"` // of people held out by that deal
}

// Device returns the device that push messages go to: the one last heard of that shows them.
func (c Contact) Device() (Device, bool) {
	for _, d := range c.Devices {
		if d.Permitted && !d.Gone && d.Token != "" {
			return d, true
		}
	}
	return Device{}, false
}

// WithDevice returns the contact with a device, which takes the place of the same one and of one with the same token.
func (c Contact) WithDevice(d Device) Contact {
	rest := slices.DeleteFunc(slices.Clone(c.Devices), func(o Device) bool { return o.ID == d.ID || o.Token == d.Token && d.Token != "" })
	c.Devices = append([]Device{d}, rest...)
	c.Devices = c.Devices[:min(len(c.Devices), MaxDevices)]
	return c
}

// ContactStore keeps contacts. The contracts of checkout's stores hold for it.
type ContactStore interface {
	// Contacts returns those of the contacts that exist, as last written (strongly consistent), at most MaxBatch of them.
	Contacts(ctx context.Context, ids []string) (map[string]Contact, error)

	// PutContact stores a contact if the stored one is at Version−1, at Version 1 if there is none. It also succeeds if the stored
	// one carries its Op: then this very call took effect before. Otherwise it changes nothing and returns a *ContactConflict.
	PutContact(ctx context.Context, c Contact) error

	// ForgetContact removes a contact (erasure); none is success.
	ForgetContact(ctx context.Context, id string) error
}

// MaxBatch is how many things a store reads at once.
const MaxBatch = 100

// ContactConflict is a write of a contact that found another than it was based on.
type ContactConflict struct{ Contact *Contact } // as it stands; nil = there is none

// Error implements error.
func (c *ContactConflict) Error() string { return "conflict with a contact that has changed" }

// CartStore is what recovery needs of the store of carts and sessions.
type CartStore interface {
	// DueCarts is checkout.CartStore's.
	DueCarts(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error)

	// CartsOf returns those of the carts that exist, as last written (strongly consistent), at most MaxBatch of them.
	CartsOf(ctx context.Context, ids []string) (map[string]checkout.Cart, error)

	// SessionsOf is CartsOf for sessions.
	SessionsOf(ctx context.Context, ids []string) (map[string]checkout.Session, error)

	// FollowCart changes what recovery keeps with a cart in one conditional write, if the cart is at f.Version, held by f.Holder
	// and its abandonment at f.Abandonment.Revision−1, and returns the cart after it. It also succeeds if the stored
	// abandonment carries f.Abandonment.Op: then this very call took effect before. Otherwise it changes nothing and returns a
	// *checkout.Conflict with the cart as it stands, or with none.
	FollowCart(ctx context.Context, f checkout.CartFollow) (checkout.Cart, error)
}

// lose marks an address or a device as gone; false if that is known, or it isn't the contact's.
func (c *Contact) lose(channel Channel, to, source string, now time.Time) bool {
	if channel != ChannelPush {
		if _, known := c.Suppressed[channel]; known {
			return false
		}
		c.suppress(channel, Suppression{Cause: CauseGone, At: now, Source: source})
		return true
	}
	lost := false
	c.Devices = slices.Clone(c.Devices)
	for i := range c.Devices {
		if d := &c.Devices[i]; d.Token == to && !d.Gone {
			d.Gone, lost = true, true
		}
	}
	return lost
}

func (c *Contact) suppress(channel Channel, why Suppression) {
	c.Suppressed, c.ExpiresAt = with(c.Suppressed, channel, why), time.Time{}
}

func (c *Contact) consent(channel Channel, consent Consent) {
	c.Consents = with(c.Consents, channel, consent)
}

// with returns a copy of what is kept by channel, with something else for one.
func with[V any](all map[Channel]V, channel Channel, v V) map[Channel]V {
	out := make(map[Channel]V, len(all)+1)
	maps.Copy(out, all)
	out[channel] = v
	return out
}
