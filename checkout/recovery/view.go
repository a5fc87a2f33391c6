package recovery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"kassa/checkout"
)

// view is a cart with all that decides on its follow-up, as it stood a moment ago.
type view struct {
	cart     checkout.Cart
	session  *checkout.Session // the one that pays the cart, has paid it, or told last about it
	buyer    checkout.Buyer    // what is known of the shopper: the session's word before the cart's
	country  string            // "" = not known
	language string
	contacts []Contact // those that there are: of the e-mail address, the customer, the cart's holder
	person   string    // whom caps and arms count; see personOf
}

// personOf names whoever a cart's follow-up reaches: by the address, else the customer, else whoever holds the cart.
func personOf(email, customer, cartID string) string {
	if p := checkout.PersonOfEmail(email); p != "" {
		return p
	}
	if p := checkout.PersonOfCustomer(customer); p != "" {
		return p
	}
	return ContactOfCart(cartID)
}

// reader reads views.
type reader struct {
	carts    CartStore
	contacts ContactStore
}

// views reads carts (at most MaxBatch) with what belongs to them, in three trips at most: each is as last written, together they
// are no snapshot. Carts that are gone, or that want says no to, are left out.
func (r reader) views(ctx context.Context, ids []string, want func(checkout.Cart) bool) ([]view, error) {
	carts, err := r.carts.CartsOf(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read carts: %w", err)
	}
	views := make([]view, 0, len(carts))
	for _, id := range ids {
		if c, ok := carts[id]; ok && want(c) {
			delete(carts, id)
			views = append(views, view{cart: c})
		}
	}
	return views, r.fill(ctx, views)
}

func (r reader) fill(ctx context.Context, views []view) error {
	var ids []string
	for _, v := range views {
		ids = append(ids, sessionsOf(v.cart)...)
	}
	sessions, err := batched(ctx, ids, r.carts.SessionsOf)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	ids = nil
	for i := range views {
		views[i].join(sessions)
		ids = append(ids, views[i].contactIDs()...)
	}
	contacts, err := batched(ctx, ids, r.contacts.Contacts)
	if err != nil {
		return fmt.Errorf("read contacts: %w", err)
	}
	for i := range views {
		for _, id := range views[i].contactIDs() {
			if c, ok := contacts[id]; ok {
				views[i].contacts = append(views[i].contacts, c)
			}
		}
	}
	return nil
}

// one reads the view of one cart. CodeNotFound if it is gone.
func (r reader) one(ctx context.Context, id string) (view, error) {
	views, err := r.views(ctx, []string{id}, func(checkout.Cart) bool { return true })
	if err == nil && len(views) == 0 {
		err = &checkout.Error{Code: checkout.CodeNotFound, Message: "no cart " + id}
	}
	if err != nil {
		return view{}, err
	}
	return views[0], nil
}

// batched reads any number of things, MaxBatch at a time.
func batched[T any](ctx context.Context, ids []string, read func(context.Context, []string) (map[string]T, error)) (map[string]T, error) {
	slices.Sort(ids)
	all := map[string]T{}
	for part := range slices.Chunk(slices.Compact(ids), MaxBatch) {
		found, err := read(ctx, part)
		if err != nil {
			return nil, err
		}
		for id, v := range found {
			all[id] = v
		}
	}
	return all, nil
}

// sessionsOf are the sessions that may tell of a cart: its own, and the one before, which ended without an order.
func sessionsOf(c checkout.Cart) []string {
	ids := []string{checkout.SessionID(c.ID, c.Round)}
	if c.Round > 0 {
		ids = append(ids, checkout.SessionID(c.ID, c.Round-1))
	}
	return ids
}

func (v *view) join(sessions map[string]checkout.Session) {
	for _, id := range sessionsOf(v.cart) {
		if s, ok := sessions[id]; ok {
			v.session = &s
			break
		}
	}
	v.buyer, v.country, v.language = v.cart.Buyer, v.cart.Context.Country, v.cart.Context.Language
	if s := v.session; s != nil {
		v.buyer = latest(s.Buyer, v.buyer)
		if no := v.cart.Buyer.Consent; no != nil && no.Marketing != nil && !*no.Marketing && v.cart.UpdatedAt.After(touchedAt(*s)) {
			v.buyer.Consent = no // said since the checkout was last touched: a yes there is taken back
		}
		if s.Destination != nil && s.Destination.Country != "" {
			v.country = s.Destination.Country
		}
		if s.Context.Language != "" {
			v.language = s.Context.Language
		}
	}
	v.person = personOf(v.buyer.Email, v.cart.Customer, v.cart.ID)
}

// latest is what a later word about the buyer says, and where it is silent an earlier one.
func latest(later, earlier checkout.Buyer) checkout.Buyer {
	for _, f := range []struct{ to, from *string }{
		{&later.Email, &earlier.Email}, {&later.FirstName, &earlier.FirstName}, {&later.LastName, &earlier.LastName},
		{&later.Phone, &earlier.Phone},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	if later.Consent == nil || later.Consent.Marketing == nil {
		later.Consent = earlier.Consent
	}
	return later
}

func (v view) contactIDs() []string {
	ids := []string{ContactOfCart(v.cart.ID)}
	for _, id := range []string{checkout.PersonOfEmail(v.buyer.Email), checkout.PersonOfCustomer(v.cart.Customer)} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// contact is the person's own, or the empty one that it will begin with.
func (v view) contact() Contact { return v.known(v.person) }

// known is the contact of an id, or the empty one that it will begin with.
func (v view) known(id string) Contact {
	for _, c := range v.contacts {
		if c.ID == id {
			return c
		}
	}
	return Contact{ID: id}
}

// with is the view with a contact as it stands after a change.
func (v view) with(c Contact) view {
	v.contacts = append(slices.DeleteFunc(slices.Clone(v.contacts), func(o Contact) bool { return o.ID == c.ID }), c)
	return v
}

// holds reports whether a phone of a contact's is still theirs, by who was last signed in on it. A guest's cart stays with its phone,
// whoever signs in there; a customer's does not.
func (v view) holds(c Contact, holder string) bool {
	customer := checkout.PersonOfCustomer(v.cart.Customer)
	return customer == "" || holder == customer || holder == "" && c.ID != customer
}

// marketing is what the buyer has answered to UCP's buyer.consent.marketing; nil = nothing.
func (v view) marketing() *bool {
	if v.buyer.Consent == nil {
		return nil
	}
	return v.buyer.Consent.Marketing
}

// bought reports whether the cart has become an order.
func (v view) bought() bool {
	return v.cart.Session != "" && v.session != nil && v.session.ID == v.cart.Session && v.session.Status == checkout.StatusCompleted
}

// paying reports whether the cart is locked by a payment that is undecided.
func (v view) paying() bool { return v.cart.Session != "" && !v.bought() }

// boughtSince reports whether the person has ordered anything since the cart was left.
func (v view) boughtSince(left time.Time) bool {
	return slices.ContainsFunc(v.contacts, func(c Contact) bool { return c.OrderedAt.After(left) })
}

// leftAt is when the shopper last did something about the cart. What the sweep or reconcile do to a session is none of it.
func (v view) leftAt() time.Time {
	if v.session == nil {
		return v.cart.UpdatedAt
	}
	return later(v.cart.UpdatedAt, touchedAt(*v.session))
}

// touchedAt is leftAt for a session.
func touchedAt(s checkout.Session) time.Time {
	last := later(s.CreatedAt, s.Quote.PricedAt)
	if s.UpdatedAt.Before(s.ExpiresAt) { // else the sweep has ended it
		last = later(last, s.UpdatedAt)
	}
	for _, d := range s.Declines {
		last = later(last, d)
	}
	if s.Attempt != nil {
		last = later(last, s.Attempt.StartedAt)
	}
	return last
}

// device returns the phone that push messages for the cart go to.
func (v view) device() (Device, bool) {
	var latest Device
	found := false
	for _, c := range v.contacts {
		if d, ok := c.Device(); ok && (!found || d.UpdatedAt.After(latest.UpdatedAt)) {
			latest, found = d, true
		}
	}
	return latest, found
}

// place is the recipient's time zone: that of the phone that a push goes to, else of the phone last heard of, else the shop's.
func (v view) place(channel Channel, s Settings) *time.Location {
	if d, ok := v.device(); ok && channel == ChannelPush {
		if _, ok := loadZone(d.Zone); ok {
			return s.zone(d.Zone)
		}
	}
	return s.zone(zoneOf(v.contacts))
}

// zoneOf is the zone that the phone last heard of has told; "" = none has.
func zoneOf(contacts []Contact) (zone string) {
	var told time.Time
	for _, c := range contacts {
		for _, d := range c.Devices {
			if _, ok := loadZone(d.Zone); ok && (zone == "" || d.UpdatedAt.After(told)) {
				zone, told = d.Zone, d.UpdatedAt
			}
		}
	}
	return zone
}

// unreachable says why a follow-up may not go over a channel; "" = it may.
func (v view) unreachable(channel Channel, rules ConsentRules, home string) string {
	switch channel {
	case ChannelEmail:
		if v.buyer.Email == "" {
			return WhyNoChannel
		}
	case ChannelPush:
		if _, ok := v.device(); !ok {
			return WhyNoChannel
		}
	case ChannelSMS:
		return WhyNoChannel // not before STOP is wired
	}
	doubly := channel == ChannelEmail && rules.doubleOptIn(orElse(v.country, home))
	agreed := false
	for _, c := range v.contacts {
		if c.refuses(channel) {
			return WhySuppressed // whoever agrees with this address now, its owner has said no
		}
		switch consent := c.Consents[channel]; consent.State {
		case ConsentPending:
			return WhyUnconfirmed
		case ConsentGiven: // what came with a cart of a country that doesn't ask for confirmation is none in one that does
			agreed = agreed || consent.confirmed() || !doubly
		case ConsentWithdrawn: // which refuses has told
		}
	}
	answer := v.marketing()
	switch {
	case answer != nil && !*answer:
		return WhyNoConsent
	case agreed:
		return ""
	case answer == nil:
		if channel == ChannelEmail && rules.SoftOptIn && v.boughtSince(time.Time{}) {
			return ""
		}
		return WhyNoConsent
	case doubly:
		return WhyUnconfirmed
	}
	return ""
}

// refuses reports whether its owner, or the channel itself, has said no: that counts from the moment at which it was acknowledged.
func (c Contact) refuses(channel Channel) bool {
	_, suppressed := c.Suppressed[channel]
	return suppressed || c.Consents[channel].State == ConsentWithdrawn
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// changeContact reads a contact, changes it and writes it, anew if another was faster. change returns false to leave it as it is.
func (r reader) changeContact(ctx context.Context, id, op string, change func(*Contact) bool) (Contact, error) {
	found, err := r.contacts.Contacts(ctx, []string{id})
	if err != nil {
		return Contact{}, fmt.Errorf("read a contact: %w", err)
	}
	c := found[id]
	c.ID = id
	return r.changeKnown(ctx, c, op, change)
}

// changeKnown is changeContact for one that was just read; one that there is none of has nothing but its id.
func (r reader) changeKnown(ctx context.Context, c Contact, op string, change func(*Contact) bool) (Contact, error) {
	id := c.ID
	for try := range 8 {
		next := c
		if !change(&next) {
			return c, nil
		}
		next.Version, next.Op = c.Version+1, op+"."+strconv.Itoa(try)
		err := r.contacts.PutContact(ctx, next)
		var conflict *ContactConflict
		if !errors.As(err, &conflict) {
			if err != nil {
				return Contact{}, fmt.Errorf("change a contact: %w", err)
			}
			return next, nil
		}
		if c = (Contact{ID: id}); conflict.Contact != nil {
			c = *conflict.Contact
		}
	}
	return Contact{}, &checkout.Error{Code: checkout.CodeUnavailable, Message: "a contact is being changed by others"}
}

// hashed is an id that follows from its parts: 20 hex digits.
func hashed(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
}
