package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Person is what the shop remembers of a signed-in customer: which cart is theirs and, as far as they agreed, who they are and
// where their things go. Contact and destinations are personal data: never logged, never in a queue.
type Person struct {
	ID      string // PersonOfCustomer of the token's subject
	Version int64  // raised by every write
	Op      string // id of the last write, by which a retried one recognises itself

	Declines []time.Time // latest declines of their payments, for the guard against card testing

	Cart     string // id of the current cart, the same on all of their devices; "" = none
	Provider string // id of the customer at the payment provider; "" = none yet

	Agreed       *Agreement    // to be remembered; nil: they have not, and nothing below is kept
	Buyer        Buyer         // as last bought; its consent is Agreed, and never stored here
	Destinations []Destination // where orders went, the last one first; at most MaxDestinations

	// Heard is up to when orders are taken in: what was bought before, and may be told again, changes nothing any more.
	Heard     time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time // nobody heard of them since: as good as forgotten
}

// Agreement is when and how somebody agreed to be remembered (UCP buyer.consent.preferences): what a shop must be able to show
// (GDPR art. 7 (1)).
type Agreement struct {
	At    time.Time `json:"at"`
	Order string    `json:"order"` // with which it was given
	Terms string    `json:"terms"` // their version then
}

// MaxDestinations bounds how many addresses are remembered of a person; the one not used for longest goes first.
const MaxDestinations = 5

// LifePerson is how long somebody is remembered who doesn't come back.
const LifePerson = 2 * 365 * 24 * time.Hour

// PersonStore keeps people, and puts carts into their hands. The contracts of store.go hold for it.
type PersonStore interface {
	// Person returns a person as last written (strongly consistent). CodeNotFound if there is none.
	Person(ctx context.Context, id string) (Person, error)

	// PutPerson writes a person: the stored one must be at Version−1, at Version 1 there must be none. It succeeds also if
	// the stored one already carries p.Op. Otherwise it changes nothing and returns a *Conflict with the person as it
	// stands, or with none.
	PutPerson(ctx context.Context, p Person) error

	// RemovePerson removes a person; none is success.
	RemovePerson(ctx context.Context, id string) error

	// ClaimCart puts a cart into a customer's hands, and writes everything in c or nothing. It succeeds if all conditions
	// hold, and also if the claimed cart already carries c.Claimed.Op. Otherwise it changes nothing and returns a *Conflict
	// with what refused it: in Cart the claimed cart, or else the one that it should go into; in Person the person. What
	// does not exist can't be shown.
	ClaimCart(ctx context.Context, c Claim) error
}

// Claim is one atomic change by which a cart comes into a customer's hands: it becomes their current cart, or its contents go
// into that one, and then it is canceled. Either way it gets Customer and Claimed, its epoch is raised, which ends all guest
// tokens, and it remembers Mark.
type Claim struct {
	CartID   string
	Version  int64  // that it must have; it must be open, not past its ExpiresAt at At, and not remember Mark.Key
	Access   Access // that it must allow
	Customer string

	Mark      Mark // of the request; its Key is never empty
	Claimed   Claimed
	At        time.Time // becomes UpdatedAt of both carts
	ExpiresAt time.Time // becomes theirs
	Due       time.Time // becomes Due of the cart that is current from then on, if it has none

	// Person, whose current cart it becomes, as it is to be; the stored one must be at Version−1, at Version 1 there must
	// be none. Exactly one of Person and Into is set.
	Person *Person
	Into   *ClaimInto
}

// ClaimInto is the current cart, which takes in the claimed one's lines. It must be the customer's, open and not past its life.
type ClaimInto struct {
	CartID  string
	Version int64      // that it must have
	Buyer   *Buyer     // nil keeps
	Lines   []LineItem // take the place of its own
	Codes   []string   // likewise; nil keeps
}

// Claimed is how a cart came into its customer's hands.
type Claimed struct {
	Op      string       `json:"op"`                // by which a retried claim recognises itself
	Into    string       `json:"into,omitempty"`    // id of the cart that took in its lines; "" = it became the current cart
	Changes []LineChange `json:"changes,omitempty"` // of that cart's lines
}

// LineChange is how a line came out of a merge. The larger quantity wins, so that nothing is lost, and repeating it changes
// nothing.
type LineChange struct {
	SKU    string `json:"sku"`
	Before int64  `json:"before,omitempty"` // in the current cart; 0 = it was not there
	Merged int64  `json:"merged"`           // in the cart that went in
}

// After is the quantity that the line has after the merge.
func (c LineChange) After() int64 { return max(c.Before, c.Merged) }

// Expired reports whether the person has been away for so long that nothing is known of them any more.
func (p Person) Expired(now time.Time) bool { return !p.ExpiresAt.IsZero() && now.After(p.ExpiresAt) }

// destinationKey tells addresses apart, whatever their ids.
func destinationKey(d Destination) Destination {
	d.ID = ""
	return d
}

// destinationOf names a remembered address by what it says, so that the same one always has the same id.
func destinationOf(d Destination) Destination {
	d.ID = derive("da_", d.FirstName, d.LastName, d.Phone, d.Street, d.Extended, d.City, d.Region, d.PostalCode, d.Country)
	return d
}

// remembering returns destinations with one put first, which is chosen from now on.
func remembering(known []Destination, chosen Destination) []Destination {
	out := []Destination{destinationOf(chosen)}
	for _, d := range known {
		if destinationKey(d) != destinationKey(chosen) {
			out = append(out, d)
		}
	}
	return slices.Clip(out[:min(len(out), MaxDestinations)])
}

// People remembers customers, as far as they agree to it. Safe for concurrent use.
type People struct {
	store PersonStore
	now   func() time.Time
	newID func() string
}

// NewPeople returns the service of customers' profiles. CodeInvalid if something that it needs is missing.
func NewPeople(c Config) (*People, error) {
	if c.People == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "people need a store, a clock and ids")
	}
	return &People{store: c.People, now: c.Now, newID: c.NewID}, nil
}

func signInFirst() error {
	return &Error{Code: CodeUnauthorized, Message: "this is for signed-in customers: send their token"}
}

// Profile shows what is remembered of the caller. CodeUnauthorized without a customer; nothing is remembered of somebody new.
func (s *People) Profile(ctx context.Context, caller Caller) (Person, error) {
	if caller.Customer == "" {
		return Person{}, signInFirst()
	}
	return personOf(ctx, s.store, s.now(), PersonOfCustomer(caller.Customer))
}

// personOf reads a person; one who isn't there, or has been away for too long, is one of whom nothing is known.
func personOf(ctx context.Context, store PersonStore, now time.Time, id string) (Person, error) {
	p, err := store.Person(ctx, id)
	if ErrorCode(err) == CodeNotFound {
		return Person{ID: id}, nil
	}
	if err != nil {
		return Person{}, fmt.Errorf("read person %s: %w", id, err)
	}
	if p.Expired(now) {
		return Person{ID: id, Version: p.Version}, nil
	}
	return p, nil
}

// Forget withdraws the agreement and forgets contact and addresses at once, also those of orders that are still on their way
// here. The current cart stays, and so do orders, which the law wants kept. CodeUnauthorized without a customer.
func (s *People) Forget(ctx context.Context, caller Caller) error {
	if caller.Customer == "" {
		return signInFirst()
	}
	now := s.now()
	_, err := s.change(ctx, now, PersonOfCustomer(caller.Customer), func(p *Person) bool {
		p.forget(now)
		return true
	})
	return err
}

func (p *Person) forget(heard time.Time) {
	p.Agreed, p.Buyer, p.Destinations, p.Heard = nil, Buyer{}, nil, heard
}

// ProviderCustomer returns the payment provider's id of a customer, "" if it has none yet.
func (s *People) ProviderCustomer(ctx context.Context, customer string) (string, error) {
	p, err := personOf(ctx, s.store, s.now(), PersonOfCustomer(customer))
	return p.Provider, err
}

// RememberProviderCustomer keeps the payment provider's id of a customer and returns the one that counts: where two calls made
// one each, that is the first, so that cards are saved in one place.
func (s *People) RememberProviderCustomer(ctx context.Context, customer, id string) (string, error) {
	p, err := s.change(ctx, s.now(), PersonOfCustomer(customer), func(p *Person) bool {
		if p.Provider != "" {
			return false
		}
		p.Provider = id
		return true
	})
	return p.Provider, err
}

// Consume takes in order.placed (Consumer): the cart that was bought is nobody's current one any more; and of a customer who
// agreed to it (UCP buyer.consent.preferences), contact and address are remembered, until an order says no or Forget is called.
// An order that doesn't answer keeps what was agreed before.
func (s *People) Consume(ctx context.Context, item OutboxItem) error {
	sess := item.Session
	if sess.Customer == "" || sess.Order == nil {
		return nil
	}
	_, err := s.change(ctx, s.now(), PersonOfCustomer(sess.Customer), func(p *Person) bool {
		bought := p.bought(sess)
		return p.learn(sess) || bought
	})
	return err
}

func (p *Person) bought(sess Session) bool {
	if p.Cart != sess.CartID {
		return false
	}
	p.Cart = ""
	return true
}

func (p *Person) learn(sess Session) bool {
	if !sess.Order.PlacedAt.After(p.Heard) {
		return false
	}
	switch agrees := preference(sess.Buyer.Consent); {
	case agrees == nil && p.Agreed == nil:
		return false
	case agrees != nil && !*agrees:
		p.forget(sess.Order.PlacedAt)
		return true
	case agrees != nil && p.Agreed == nil:
		p.Agreed = &Agreement{At: sess.Order.PlacedAt, Order: sess.Order.ID, Terms: sess.Order.Terms}
	}
	p.Heard, p.Buyer = sess.Order.PlacedAt, sess.Buyer
	p.Buyer.Consent = nil
	if sess.Destination != nil && sess.Ships {
		p.Destinations = remembering(p.Destinations, *sess.Destination)
	}
	return true
}

func preference(c *Consent) *bool {
	if c == nil {
		return nil
	}
	return c.Preferences
}

// change applies an edit to a person as last written, and writes it unless the edit says that nothing has changed.
func (s *People) change(ctx context.Context, now time.Time, id string, edit func(p *Person) bool) (Person, error) {
	for range tries {
		p, err := personOf(ctx, s.store, now, id)
		if err != nil {
			return Person{}, err
		}
		if !edit(&p) {
			return p, nil
		}
		p = p.next(now, s.newID())
		err = s.store.PutPerson(ctx, p)
		var conflict *Conflict
		if errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return Person{}, fmt.Errorf("write person %s: %w", id, err)
		}
		return p, nil
	}
	return Person{}, &Error{Code: CodeUnavailable, Message: "the profile is being changed by others", RetryAfter: time.Second}
}

// next is the person's next version.
func (p Person) next(now time.Time, op string) Person {
	if p.CreatedAt.IsZero() {
		p.CreatedAt = now
	}
	p.Version++
	p.Op, p.UpdatedAt, p.ExpiresAt = op, now, now.Add(LifePerson)
	return p
}
