package merchant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
)

// SessionFiles are the sessions, and with them the orders, of people. A checkout.SessionStore is one.
type SessionFiles interface {
	Session(ctx context.Context, id string) (checkout.Session, error)
	Commit(ctx context.Context, c checkout.Commit) error
}

// CartFiles are the carts of people.
type CartFiles interface {
	checkout.CartEraser
	Cart(ctx context.Context, id string) (checkout.Cart, error)
}

// Profiles are what customers agreed to have remembered. A checkout.PersonStore is one.
type Profiles interface {
	Person(ctx context.Context, id string) (checkout.Person, error)
	RemovePerson(ctx context.Context, id string) error
}

// Forgetter forgets how people are reached. *recovery.Registry is one.
type Forgetter interface {
	Erase(ctx context.Context, email, customer string, cartIDs ...string) error
}

// Measured is what is measured of people. A statistics.Store is one.
type Measured interface {
	MeasuredPerson(ctx context.Context, id string) (statistics.Person, error)
	ForgetMeasured(ctx context.Context, id string) error
}

// PeopleConfig is what People is made of: every place where something is kept of a person.
type PeopleConfig struct {
	History  checkout.OrderHistory
	Sessions SessionFiles
	Carts    CartFiles
	Profiles Profiles
	Contacts recovery.ContactStore
	Reached  Forgetter
	Messages recovery.SendLog
	Measured Measured
	Journal  *Journal
	Now      func() time.Time // read once for each call
	NewID    func() string
}

// People shows what is kept of a person, and erases it (GDPR art. 15 and 17).
type People struct{ PeopleConfig }

// NewPeople returns the service. CodeInvalid if something that it needs is missing.
func NewPeople(c PeopleConfig) (*People, error) {
	for _, part := range []any{c.History, c.Sessions, c.Carts, c.Profiles, c.Contacts, c.Reached, c.Messages, c.Measured} {
		if part == nil {
			return nil, invalid("config", "people need every store that keeps something of them")
		}
	}
	if c.Journal == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "people need a journal, a clock and ids")
	}
	return &People{c}, nil
}

// Whose names a person: by e-mail address, by the subject of a signed-in customer's tokens, or by both. Personal data.
type Whose struct {
	Email    string
	Customer string
}

// people are the ids under which the stores know somebody.
func (w Whose) people() []string {
	var ids []string
	for _, id := range []string{checkout.PersonOfEmail(w.Email), checkout.PersonOfCustomer(w.Customer)} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func (w Whose) validate() error {
	if len(w.people()) == 0 {
		return invalid("$", "one of email and customer is needed, or both")
	}
	return nil
}

// owns reports whether a cart says that it is theirs.
func (w Whose) owns(c checkout.Cart) bool {
	email := checkout.NormalizeEmail(w.Email)
	return w.Customer != "" && c.Customer == w.Customer || email != "" && checkout.NormalizeEmail(c.Buyer.Email) == email
}

// ErasePerson asks to have somebody erased.
type ErasePerson struct {
	Key         string // id of the merchant's key that asks
	Request     string // idempotency key
	Fingerprint string
	Whose
}

// Erased is what came of it, in numbers and ids.
type Erased struct {
	Done     bool      `json:"done"`               // nothing is left; else ask again, with another key, when what waits doesn't any more
	Sessions int       `json:"sessions"`           // that now know nobody, orders among them
	Carts    int       `json:"carts"`              // removed
	Provider string    `json:"provider,omitempty"` // the payment provider's customer, which is to be deleted there
	Waiting  []Waiting `json:"waiting,omitempty"`
}

// Waiting is a session that could not be erased yet, and with it its cart.
type Waiting struct {
	SessionID string        `json:"session_id"`
	OrderID   string        `json:"order_id,omitempty"`
	Why       checkout.Wait `json:"why"`
}

// Erase forgets a person, as far as nothing waits: how they are reached and what they agreed to, their carts, profile, figures, and in
// orders who they are. What waits is told and left as it is, with the list of orders that leads there. Every step may be repeated, so
// whoever asks again finishes what is left. There is one record of it, which names the person by a hash.
func (s *People) Erase(ctx context.Context, in ErasePerson) (Erased, bool, error) {
	now := s.Now()
	if err := in.validate(); err != nil {
		return Erased{}, false, err
	}
	result, replayed, err := s.Journal.Do(ctx, Change{
		Key: in.Key, Request: in.Request, Fingerprint: in.Fingerprint, Action: "person.erase", Target: strings.Join(in.people(), " "),
	}, func(ctx context.Context, _ string) (any, error) {
		return s.erase(ctx, now, in.Whose)
	})
	var erased Erased
	if err == nil {
		err = json.Unmarshal(result, &erased)
	}
	return erased, replayed, err
}

func (s *People) erase(ctx context.Context, now time.Time, who Whose) (Erased, error) {
	all, err := s.gather(ctx, who)
	if err != nil {
		return Erased{}, err
	}
	// First of all nobody writes to them any more.
	if err := s.Reached.Erase(ctx, who.Email, who.Customer, all.cartIDs()...); err != nil {
		return Erased{}, fmt.Errorf("erase contact: %w", err)
	}
	var out Erased
	out.Provider = all.profile.Provider
	for _, f := range slices.Backward(all.files) { // what led to others goes after them
		if err := s.eraseFile(ctx, now, f, &out); err != nil {
			return Erased{}, err
		}
	}
	for _, id := range who.people() {
		if err := s.Measured.ForgetMeasured(ctx, id); err != nil {
			return Erased{}, fmt.Errorf("forget figures: %w", err)
		}
	}
	if len(out.Waiting) > 0 {
		return out, nil // profile and history lead to it
	}
	return s.close(ctx, who, out)
}

// close forgets what led to everything else.
func (s *People) close(ctx context.Context, who Whose, out Erased) (Erased, error) {
	if p := checkout.PersonOfCustomer(who.Customer); p != "" {
		if err := s.Profiles.RemovePerson(ctx, p); err != nil {
			return Erased{}, fmt.Errorf("remove profile: %w", err)
		}
	}
	for _, id := range who.people() {
		if err := s.History.ForgetOrders(ctx, id); err != nil {
			return Erased{}, fmt.Errorf("forget history: %w", err)
		}
	}
	out.Done = true
	return out, nil
}

// eraseFile erases the sessions of a cart, then the cart, which leads to them.
func (s *People) eraseFile(ctx context.Context, now time.Time, f file, out *Erased) error {
	waits := len(out.Waiting)
	for _, session := range f.sessions {
		if why := session.Waits(now); why != "" {
			out.wait(session, why)
			continue
		}
		did, err := s.eraseSession(ctx, now, session)
		var moved *checkout.Conflict
		switch {
		case errors.As(err, &moved): // somebody is at it
			out.wait(session, checkout.WaitPaying)
		case err != nil:
			return fmt.Errorf("erase session %s: %w", session.ID, err)
		case did:
			out.Sessions++
		}
	}
	if err := s.Measured.ForgetMeasured(ctx, recovery.ContactOfCart(f.cartID)); err != nil {
		return fmt.Errorf("forget figures of cart %s: %w", f.cartID, err)
	}
	leads := len(linked(f.cart)) > 0
	if f.cart == nil || len(out.Waiting) > waits || leads && len(out.Waiting) > 0 {
		return nil
	}
	err := s.Carts.EraseCart(ctx, f.cartID, f.cart.Version, f.cart.Session)
	var moved *checkout.Conflict
	if errors.As(err, &moved) {
		out.Waiting = append(out.Waiting, Waiting{SessionID: checkout.SessionID(f.cartID, f.cart.Round), Why: checkout.WaitPaying})
		return nil
	}
	if err == nil {
		out.Carts++
	}
	return err
}

func (e *Erased) wait(s checkout.Session, why checkout.Wait) {
	w := Waiting{SessionID: s.ID, Why: why}
	if s.Order != nil {
		w.OrderID = s.Order.ID
	}
	e.Waiting = append(e.Waiting, w)
}

// eraseSession erases who bought, and to whom its messages went. The messages come first: they are found by what the session tells.
func (s *People) eraseSession(ctx context.Context, now time.Time, session checkout.Session) (bool, error) {
	for _, id := range recovery.SendingsOf(session) {
		m, err := s.Messages.Sending(ctx, id)
		if checkout.ErrorCode(err) == checkout.CodeNotFound || err == nil && m.Person == "" {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("read message %s: %w", id, err)
		}
		m.Version, m.Op, m.Person = m.Version+1, s.NewID(), ""
		if err := s.Messages.PutSending(ctx, m); err != nil {
			return false, fmt.Errorf("erase message %s: %w", id, err)
		}
	}
	commit, needed := session.Erasing(now, s.NewID())
	if !needed {
		return false, nil
	}
	err := s.Sessions.Commit(ctx, commit)
	var conflict *checkout.Conflict
	if errors.As(err, &conflict) && conflict.Session == nil && commit.Cart != nil { // the cart has gone its own way
		commit.Cart = nil
		err = s.Sessions.Commit(ctx, commit)
	}
	return err == nil, err
}
