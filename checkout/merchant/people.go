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

// Vault is where the payment provider keeps people's cards. A checkout.Vault is one.
type Vault interface {
	DeleteCustomer(ctx context.Context, customer string) error
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
	Search   Searcher
	Vault    Vault // nil: no cards are kept at the payment provider
	Journal  *Journal
	Now      func() time.Time // read once for each call
	NewID    func() string
}

// People shows what is kept of a person, and erases it (GDPR art. 15 and 17).
type People struct{ PeopleConfig }

// NewPeople returns the service. CodeInvalid if something that it needs is missing.
func NewPeople(c PeopleConfig) (*People, error) {
	for _, part := range []any{c.History, c.Sessions, c.Carts, c.Profiles, c.Contacts, c.Reached, c.Messages, c.Measured, c.Search} {
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

// validate refuses nobody, and a cursor that no search has told.
func (w Whose) validate(from string) error {
	switch {
	case len(w.people()) == 0:
		return invalid("$", "one of email and customer is needed, or both")
	case from != "" && !strings.HasPrefix(from, cursorOfCarts) && !strings.HasPrefix(from, cursorOfSessions):
		return invalid("$.from", "is no cursor of ours")
	}
	return nil
}

// ErasePerson asks to have somebody erased.
type ErasePerson struct {
	Key         string // id of the merchant's key that asks
	Request     string // idempotency key
	Fingerprint string
	Whose
	From string // where to search on: Next of the answer before; "" = from the start
}

// Erased is what came of it, in numbers and ids.
type Erased struct {
	Done     bool      `json:"done"`               // nothing is left; else ask again, with another key and From, when what waits doesn't any more
	Sessions int       `json:"sessions"`           // that now know nobody, orders among them
	Carts    int       `json:"carts"`              // removed
	Provider string    `json:"provider,omitempty"` // the payment provider's customer, deleted there with the last of what is left
	Waiting  []Waiting `json:"waiting,omitempty"`
	Next     string    `json:"next,omitempty"` // what the next request searches from; "" = from the start, if it is not done
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
	if err := in.validate(in.From); err != nil {
		return Erased{}, false, err
	}
	result, replayed, err := s.Journal.Do(ctx, Change{
		Key: in.Key, Request: in.Request, Fingerprint: in.Fingerprint, Action: "person.erase", Target: strings.Join(in.people(), " "),
	}, func(ctx context.Context, _ string) (any, error) {
		return s.erase(ctx, now, in.Whose, in.From)
	})
	var erased Erased
	if err == nil {
		err = json.Unmarshal(result, &erased)
	}
	return erased, replayed, err
}

func (s *People) erase(ctx context.Context, now time.Time, who Whose, from string) (Erased, error) {
	// First of all nobody writes to them any more.
	if err := s.Reached.Erase(ctx, who.Email, who.Customer); err != nil {
		return Erased{}, fmt.Errorf("erase contact: %w", err)
	}
	all, err := s.gather(ctx, who, from)
	if err != nil {
		return Erased{}, err
	}
	if err := s.Reached.Erase(ctx, "", who.Customer, all.cartIDs()...); err != nil { // whose the carts' phones are
		return Erased{}, fmt.Errorf("erase contacts of carts: %w", err)
	}
	for _, id := range all.strays(who, now) {
		if err := s.deleteCustomer(ctx, id); err != nil {
			return Erased{}, err
		}
	}
	out := Erased{Provider: all.profile.Provider, Next: all.next}
	for _, f := range slices.Backward(all.files) { // what led to others goes after them
		if err := s.eraseFile(ctx, now, who, f, &out); err != nil {
			return Erased{}, err
		}
	}
	for _, id := range who.people() {
		if err := s.Measured.ForgetMeasured(ctx, id); err != nil {
			return Erased{}, fmt.Errorf("forget figures: %w", err)
		}
	}
	switch {
	case len(out.Waiting) > 0: // profile and history lead to it, or the same search
		out.Next = from
		return out, nil
	case out.Next != "":
		return out, nil
	}
	return s.close(ctx, who, all, out)
}

// close forgets what led to everything else.
func (s *People) close(ctx context.Context, who Whose, all gathered, out Erased) (Erased, error) {
	if err := s.deleteCustomer(ctx, all.profile.Provider); err != nil {
		return Erased{}, err
	}
	if p := checkout.PersonOfCustomer(who.Customer); p != "" {
		if err := s.Profiles.RemovePerson(ctx, p); err != nil {
			return Erased{}, fmt.Errorf("remove profile: %w", err)
		}
	}
	for _, id := range who.people() {
		if err := s.History.ForgetOrders(ctx, id, all.entries); err != nil {
			return Erased{}, fmt.Errorf("forget history: %w", err)
		}
	}
	now, err := s.orders(ctx, who)
	if err != nil {
		return Erased{}, err
	}
	for _, e := range now {
		if !slices.ContainsFunc(all.entries, func(known checkout.OrderEntry) bool { return known.OrderID == e.OrderID }) { // placed meanwhile
			out.Waiting = append(out.Waiting, Waiting{SessionID: checkout.SessionOfOrder(e.OrderID), OrderID: e.OrderID, Why: checkout.WaitTelling})
		}
	}
	out.Done = len(out.Waiting) == 0
	return out, nil
}

// vaultLimit bounds one call of the payment provider.
const vaultLimit = 8 * time.Second

// deleteCustomer deletes a customer, with the cards that are kept, at the payment provider. CodeUnavailable if it can't be told that
// it is deleted: asking again is safe.
func (s *People) deleteCustomer(ctx context.Context, id string) error {
	if id == "" || s.Vault == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, vaultLimit)
	defer cancel()
	if err := s.Vault.DeleteCustomer(ctx, id); err != nil {
		return &checkout.Error{
			Code: checkout.CodeUnavailable, Message: "the payment provider has not confirmed that its customer " + id + " is deleted", RetryAfter: vaultLimit, Err: err,
		}
	}
	return nil
}

// eraseFile erases a cart and its sessions. Of these, what names the person goes last: it alone leads whoever asks again to the others.
func (s *People) eraseFile(ctx context.Context, now time.Time, who Whose, f file, out *Erased) error {
	named := func(session checkout.Session) bool { return who.are(session.Customer, session.Buyer.Email) }
	unnamed, last := slices.DeleteFunc(slices.Clone(f.sessions), named), f.cart != nil && who.are(f.cart.Customer, f.cart.Buyer.Email)
	sessions := append(unnamed, slices.DeleteFunc(f.sessions, func(session checkout.Session) bool { return !named(session) })...)
	waits := slices.ContainsFunc(sessions, func(session checkout.Session) bool { return session.Waits(now) != "" })
	gone := f.cart == nil || waits || len(linked(f.cart)) > 0 && len(out.Waiting) > 0 // or it stays
	before := len(out.Waiting)
	if !gone && !last {
		if err := s.eraseCart(ctx, f, out); err != nil || len(out.Waiting) > before {
			return err
		}
		gone = true
	}
	if err := s.eraseSessions(ctx, now, sessions, out); err != nil {
		return err
	}
	if err := s.Measured.ForgetMeasured(ctx, recovery.ContactOfCart(f.cartID)); err != nil {
		return fmt.Errorf("forget figures of cart %s: %w", f.cartID, err)
	}
	if !gone && len(out.Waiting) == before {
		if err := s.eraseCart(ctx, f, out); err != nil {
			return err
		}
	}
	if f.cart == nil || f.cart.Session != "" || len(out.Waiting) > before {
		return nil
	}
	late, err := s.sessions(ctx, f.cartID, f.rounds, f.rounds+1) // opened since they were read; none can be any more
	if err != nil {
		return err
	}
	return s.eraseSessions(ctx, now, late, out)
}

// eraseCart removes a cart, unless somebody is at it.
func (s *People) eraseCart(ctx context.Context, f file, out *Erased) error {
	err := s.Carts.EraseCart(ctx, f.cartID, f.cart.Version, f.cart.Session)
	var moved *checkout.Conflict
	switch {
	case errors.As(err, &moved):
		out.Waiting = append(out.Waiting, Waiting{SessionID: checkout.SessionID(f.cartID, f.cart.Round), Why: checkout.WaitPaying})
		return nil
	case err != nil:
		return err
	}
	out.Carts++
	return nil
}

// eraseSessions erases those sessions that don't wait.
func (s *People) eraseSessions(ctx context.Context, now time.Time, sessions []checkout.Session, out *Erased) error {
	for _, session := range sessions {
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
	return nil
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
	commit, needed := session.Erasing(now, s.NewID())
	if !needed { // and neither do its messages
		return false, nil
	}
	for _, id := range recovery.SendingsOf(session) {
		m, err := s.Messages.Sending(ctx, id)
		if checkout.ErrorCode(err) == checkout.CodeNotFound || err == nil && m.Person == "" {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("read message %s: %w", id, err)
		}
		m.Version, m.Op, m.Person = m.Version+1, s.NewID(), ""
		err = s.Messages.PutSending(ctx, m)
		var moved *recovery.SendingConflict
		if errors.As(err, &moved) { // it is just being sent
			return false, &checkout.Conflict{Session: &session}
		}
		if err != nil {
			return false, fmt.Errorf("erase message %s: %w", id, err)
		}
	}
	err := s.Sessions.Commit(ctx, commit)
	var conflict *checkout.Conflict
	if errors.As(err, &conflict) && conflict.Session == nil && commit.Cart != nil { // the cart has gone its own way
		commit.Cart = nil
		err = s.Sessions.Commit(ctx, commit)
	}
	return err == nil, err
}
