package merchant

import (
	"context"
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
