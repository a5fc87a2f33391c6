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

// AppLinkOf is the page that opens the app with a recovery token.
func (c Config) AppLinkOf(token string) string {
	at := strings.TrimSuffix(orElse(c.Settings.AppLink, c.Shop.BaseURL+"/app/r"), "/")
	return at + "/" + token
}
