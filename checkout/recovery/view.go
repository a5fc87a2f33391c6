package recovery

import (
	"crypto/sha256"
	"encoding/hex"
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

// hashed is an id that follows from its parts: 20 hex digits.
func hashed(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil)[:10])
}
