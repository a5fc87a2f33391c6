package recovery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
)

// RegistryConfig is what a Registry is made of.
type RegistryConfig struct {
	Config
	Tokens checkout.Tokens // nil-valued where no device is ever registered
	Links  Links           // likewise where no link is ever opened
}

// Registry keeps how people are reached, what they have agreed to, and whom nobody may reach. What it writes counts for every
// message that is decided on from then on. Safe for concurrent use.
type Registry struct{ RegistryConfig }

// NewRegistry returns the service. CodeInvalid if something that it needs is missing.
func NewRegistry(c RegistryConfig) (*Registry, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &Registry{c}, nil
}

// DeviceInput tells of a phone: PUT /devices/{id}.
type DeviceInput struct {
	checkout.Request
	ID         string // of the app's installation, 8 to 200 characters
	CartID     string // a cart of the caller's own; "" for a signed-in customer
	Token      string // of APNs or FCM; "" = the app has none (any more)
	Platform   string // ios, android
	Permission string // granted, denied, undetermined, provisional
	Locale     string
	Zone       string // IANA; one that we don't know counts as none
	Marketing  *bool  // whether its holder agrees to follow-ups by push; nil = not asked
	Wording    string // version of the text that was agreed to
}

// platforms and permissions that there are.
var (
	platforms   = []string{"ios", "android"}
	permissions = []string{"granted", "provisional", "denied", "undetermined"}
)

func (in DeviceInput) validate() error {
	bad := func(path, text string) error {
		return &checkout.Error{Code: checkout.CodeInvalid, Path: path, Message: text}
	}
	switch {
	case len(in.ID) < 8 || len(in.ID) > 200:
		return bad("$.id", "must have 8 to 200 characters")
	case len(in.Token) > 4096 || strings.ContainsAny(in.Token, " \r\n"):
		return bad("$.push_token", "is no token of APNs or FCM")
	case !slices.Contains(platforms, in.Platform):
		return bad("$.platform", "must be ios or android")
	case !slices.Contains(permissions, in.Permission):
		return bad("$.permission", "must be granted, provisional, denied or undetermined")
	case len(in.Locale) > 35:
		return bad("$.locale", "is no language tag")
	case len(in.Zone) > 64:
		return bad("$.zone", "is no IANA time zone")
	case len(in.Wording) > 64:
		return bad("$.consent.wording", "must have at most 64 characters")
	}
	return nil
}

// PutDevice keeps a phone with the carts and customers that it belongs to, in the place of what was known of it. CodeInvalid,
// CodeUnauthorized, CodeNotFound (also for another's cart).
func (r *Registry) PutDevice(ctx context.Context, in DeviceInput) (Device, error) {
	now := r.Now()
	if err := in.validate(); err != nil {
		return Device{}, err
	}
	owners, err := r.owners(ctx, now, in)
	if err != nil {
		return Device{}, err
	}
	d := Device{
		ID: hashed("device", in.ID), Token: in.Token, Platform: in.Platform, Locale: r.Shop.Language(in.Locale), UpdatedAt: now,
		Permitted: in.Token != "" && (in.Permission == "granted" || in.Permission == "provisional"),
	}
	if _, ok := loadZone(in.Zone); ok {
		d.Zone = in.Zone
	}
	known, err := r.Contacts.Contacts(ctx, append([]string{ContactOfToken(in.Token)}, owners...))
	if err != nil {
		return Device{}, fmt.Errorf("read contacts: %w", err)
	}
	if err := r.holds(ctx, now, in, known); err != nil {
		return Device{}, err
	}
	for _, id := range owners {
		owner := known[id]
		owner.ID = id
		_, err := r.reader().changeKnown(ctx, owner, r.NewID(), func(c *Contact) bool {
			*c = c.WithDevice(d)
			c.SeenAt = now
			if in.Marketing != nil {
				state := ConsentGiven
				if !*in.Marketing {
					state = ConsentWithdrawn
				}
				c.consent(ChannelPush, Consent{State: state, At: now, Wording: in.Wording, Source: "device:" + d.ID})
			}
			c.lasts(now.Add(contactLife))
			return true
		})
		if err != nil {
			return Device{}, err
		}
	}
	return d, nil
}

// holds notes who is signed in on the phone that a token reaches: phones are handed on, and what is about the one who had it before
// must not be shown to the next.
func (r *Registry) holds(ctx context.Context, now time.Time, in DeviceInput, known map[string]Contact) error {
	if in.Token == "" {
		return nil
	}
	phone, holder := known[ContactOfToken(in.Token)], checkout.PersonOfCustomer(in.Caller.Customer)
	phone.ID = ContactOfToken(in.Token)
	_, err := r.reader().changeKnown(ctx, phone, r.NewID(), func(c *Contact) bool {
		if c.Version > 0 && c.Holder == holder && now.Add(contactLife/2).Before(c.ExpiresAt) {
			return false
		}
		c.Holder = holder
		c.lasts(now.Add(contactLife))
		return true
	})
	return err
}

// owners are the contacts that a device belongs to: whoever has proved to hold the cart, and the customer who is signed in.
func (r *Registry) owners(ctx context.Context, now time.Time, in DeviceInput) ([]string, error) {
	var owners []string
	if in.CartID != "" {
		carts, err := r.Carts.CartsOf(ctx, []string{in.CartID})
		if err != nil {
			return nil, err
		}
		c, ok := carts[in.CartID]
		if !ok || c.Expired(now) || !r.Tokens.Access(in.Caller, c.ID).Allows(c.Customer, c.Epoch) {
			return nil, &checkout.Error{Code: checkout.CodeNotFound, Message: "no cart " + in.CartID}
		}
		owners = append(owners, ContactOfCart(c.ID))
	}
	if p := checkout.PersonOfCustomer(in.Caller.Customer); p != "" {
		owners = append(owners, p)
	}
	if len(owners) == 0 {
		return nil, &checkout.Error{Code: checkout.CodeUnauthorized, Message: "a device belongs to a cart or to a signed-in customer"}
	}
	return owners, nil
}

// Recipient tells whom a link to unsubscribe or to confirm is for, without changing anything; false if it is none of ours, or dead.
func (r *Registry) Recipient(token string, purpose Purpose) (Link, bool) {
	return r.Links.Open(token, purpose, r.Now())
}

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

// Erase forgets a person (GDPR, article 17): by e-mail address, customer's subject, carts' ids, any of them. What stays is that the person
// said no and may not be reached, under a hash, because forgetting that would bring the messages back; and links are dead.
func (r *Registry) Erase(ctx context.Context, email, customer string, cartIDs ...string) error {
	now := r.Now()
	people := slices.DeleteFunc([]string{checkout.PersonOfEmail(email), checkout.PersonOfCustomer(customer)}, func(id string) bool { return id == "" })
	ids := slices.Clone(people)
	for _, cart := range cartIDs {
		ids = append(ids, ContactOfCart(cart))
	}
	if err := r.forgetPhones(ctx, ids, checkout.PersonOfCustomer(customer)); err != nil {
		return err
	}
	for _, cart := range cartIDs {
		if err := r.Contacts.ForgetContact(ctx, ContactOfCart(cart)); err != nil {
			return err
		}
	}
	for _, id := range people {
		_, err := r.reader().changeContact(ctx, id, r.NewID(), func(c *Contact) bool {
			kept := Contact{ID: c.ID, Version: c.Version, Suppressed: c.Suppressed, RevokedAt: now}
			for channel := range map[Channel]bool{ChannelEmail: true, ChannelPush: true, ChannelSMS: true} {
				kept.consent(channel, Consent{State: ConsentWithdrawn, At: now, Source: "erasure"})
			}
			*c = kept
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetPhones removes what is kept of who holds the phones of some contacts, unless a phone is somebody else's by now.
func (r *Registry) forgetPhones(ctx context.Context, ids []string, customer string) error {
	owners, err := batched(ctx, ids, r.Contacts.Contacts)
	if err != nil {
		return fmt.Errorf("read contacts: %w", err)
	}
	var tokens []string
	for _, c := range owners {
		for _, d := range c.Devices {
			tokens = append(tokens, ContactOfToken(d.Token))
		}
	}
	phones, err := batched(ctx, tokens, r.Contacts.Contacts)
	if err != nil {
		return fmt.Errorf("read phones: %w", err)
	}
	for id, phone := range phones {
		if phone.Holder != "" && phone.Holder != customer {
			continue
		}
		if err := r.Contacts.ForgetContact(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// AppLinkOf is the page that opens the app with a recovery token.
func (c Config) AppLinkOf(token string) string {
	at := strings.TrimSuffix(orElse(c.Settings.AppLink, c.Shop.BaseURL+"/app/r"), "/")
	return at + "/" + token
}
