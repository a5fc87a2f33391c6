package merchant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/payments/money"
)

// Export is all that is kept of a person, in one document (GDPR art. 15 and 20). It is personal data: never logged.
type Export struct {
	At       time.Time          `json:"exported_at"`
	Email    string             `json:"email,omitempty"`
	Customer string             `json:"customer,omitempty"`
	Profile  *ExportedProfile   `json:"profile,omitempty"`
	History  []ExportedEntry    `json:"history"`
	Sessions []ExportedSession  `json:"sessions"` // orders among them
	Carts    []ExportedCart     `json:"carts"`
	Contacts []ExportedContact  `json:"contacts"`
	Messages []ExportedMessage  `json:"messages"`
	Measured []ExportedMeasured `json:"measured"`
	Next     string             `json:"next,omitempty"` // there is more to search: ask again from here; "" = this is all
}

// ExportedEntry is an order in the person's history.
type ExportedEntry struct {
	OrderID  string      `json:"order_id"`
	PlacedAt time.Time   `json:"placed_at"`
	Total    money.Money `json:"total"`
}

// ExportedProfile is what a customer agreed to have remembered.
type ExportedProfile struct {
	ID           string                 `json:"id"`
	Cart         string                 `json:"cart,omitempty"`
	Provider     string                 `json:"provider,omitempty"` // customer at the payment provider, who keeps the cards
	Agreed       *checkout.Agreement    `json:"agreed,omitempty"`
	Buyer        checkout.Buyer         `json:"buyer"`
	Destinations []checkout.Destination `json:"destinations,omitempty"`
	Declines     []time.Time            `json:"declines,omitempty"`
	CreatedAt    time.Time              `json:"created_at,omitzero"`
	UpdatedAt    time.Time              `json:"updated_at,omitzero"`
	ExpiresAt    time.Time              `json:"expires_at,omitzero"`
}

// ExportedSession is a checkout session, and the order that it became.
type ExportedSession struct {
	ID          string                 `json:"id"`
	CartID      string                 `json:"cart_id"`
	Customer    string                 `json:"customer,omitempty"`
	Status      checkout.Status        `json:"status"`
	Context     checkout.Context       `json:"context"`
	Buyer       checkout.Buyer         `json:"buyer"`
	Destination *checkout.Destination  `json:"destination,omitempty"`
	Known       []checkout.Destination `json:"known,omitempty"`
	Codes       []string               `json:"codes,omitempty"`
	Lines       []ExportedLine         `json:"lines"`
	Total       money.Money            `json:"total"`
	Intent      string                 `json:"intent,omitempty"`             // at the payment provider
	Providers   []string               `json:"provider_customers,omitempty"` // whom the payment and the cards are under there
	Cards       []checkout.SavedCard   `json:"cards,omitempty"`              // as they may be shown
	Declines    []time.Time            `json:"declines,omitempty"`
	LeftFor     string                 `json:"left_for,omitempty"`
	Order       *checkout.Order        `json:"order,omitempty"`
	Waits       checkout.Wait          `json:"waits,omitempty"` // why it could not be erased now
	CreatedAt   time.Time              `json:"created_at,omitzero"`
	UpdatedAt   time.Time              `json:"updated_at,omitzero"`
}

// ExportedLine is what was bought, or was to be.
type ExportedLine struct {
	SKU      string      `json:"sku"`
	Title    string      `json:"title"`
	Quantity int64       `json:"quantity"`
	Total    money.Money `json:"total"`
}

// ExportedCart is a cart, with how it was left and what was sent about it.
type ExportedCart struct {
	ID          string                `json:"id"`
	Customer    string                `json:"customer,omitempty"`
	Context     checkout.Context      `json:"context"`
	Buyer       checkout.Buyer        `json:"buyer"`
	Lines       []checkout.LineItem   `json:"lines"`
	Codes       []string              `json:"codes,omitempty"`
	Left        string                `json:"left,omitempty"`
	Abandonment *checkout.Abandonment `json:"abandonment,omitempty"`
	Declines    []time.Time           `json:"declines,omitempty"`
	Claimed     *checkout.Claimed     `json:"claimed,omitempty"`
	CreatedAt   time.Time             `json:"created_at,omitzero"`
	UpdatedAt   time.Time             `json:"updated_at,omitzero"`
	ExpiresAt   time.Time             `json:"expires_at,omitzero"`
}

// ExportedContact is how somebody is reached, and what they agreed to.
type ExportedContact struct {
	ID         string                                    `json:"id"`
	Consents   map[recovery.Channel]recovery.Consent     `json:"consents,omitempty"`
	Suppressed map[recovery.Channel]recovery.Suppression `json:"suppressed,omitempty"`
	Devices    []recovery.Device                         `json:"devices,omitempty"`
	Sends      []recovery.Send                           `json:"sends,omitempty"`
	Confirms   []time.Time                               `json:"confirms,omitempty"`
	Arm        *recovery.Assignment                      `json:"arm,omitempty"`
	OrderedAt  time.Time                                 `json:"ordered_at,omitzero"`
	RevokedAt  time.Time                                 `json:"revoked_at,omitzero"`
	SeenAt     time.Time                                 `json:"seen_at,omitzero"`
	ExpiresAt  time.Time                                 `json:"expires_at,omitzero"`
	Customers  []string                                  `json:"customers,omitempty"`
	Holder     string                                    `json:"holder,omitempty"`
}

// ExportedMessage is the record of a service message.
type ExportedMessage struct {
	ID         string         `json:"id"`
	SessionID  string         `json:"session_id"`
	Reason     string         `json:"reason"`
	Ref        string         `json:"ref,omitempty"`
	Person     string         `json:"person"`
	State      recovery.State `json:"state"`
	Why        string         `json:"why,omitempty"`
	ProviderID string         `json:"provider_id,omitempty"`
	At         time.Time      `json:"at"`
	ExpiresAt  time.Time      `json:"expires_at,omitzero"`
}

// ExportedMeasured is what is measured of a person.
type ExportedMeasured struct {
	ID        string                `json:"id"`
	Entries   []statistics.Entry    `json:"entries,omitempty"`
	Purchases []statistics.Purchase `json:"purchases,omitempty"`
	Until     time.Time             `json:"until,omitzero"`
}

// ExportPerson asks to see what is kept of somebody.
type ExportPerson struct {
	Key string // id of the merchant's key that asks
	Whose
	From string // where to search on: Next of the answer before; "" = from the start
}

// Export shows what is kept of a person. It changes nothing but the journal, which has who asked, and the person by a hash. CodeInvalid
// for nobody.
func (s *People) Export(ctx context.Context, in ExportPerson) (Export, error) {
	now, who := s.Now(), in.Whose
	if err := who.validate(in.From); err != nil {
		return Export{}, err
	}
	if err := s.Journal.Note(ctx, in.Key, "person.export", strings.Join(who.people(), " ")); err != nil {
		return Export{}, err
	}
	all, err := s.gather(ctx, who, in.From)
	if err != nil {
		return Export{}, err
	}
	out := Export{
		At: now, Email: checkout.NormalizeEmail(who.Email), Customer: who.Customer, Profile: profileOf(all.profile), Next: all.next,
		History: []ExportedEntry{}, Sessions: []ExportedSession{}, Carts: []ExportedCart{},
		Contacts: []ExportedContact{}, Messages: []ExportedMessage{}, Measured: []ExportedMeasured{},
	}
	for _, e := range all.entries {
		out.History = append(out.History, ExportedEntry(e))
	}
	for _, f := range all.files {
		if f.cart != nil {
			out.Carts = append(out.Carts, cartOf(*f.cart))
		}
		for _, session := range f.sessions {
			out.Sessions = append(out.Sessions, sessionOf(session, now))
			if err := s.messages(ctx, session, &out); err != nil {
				return Export{}, err
			}
		}
	}
	ids := who.people()
	for _, id := range all.cartIDs() {
		ids = append(ids, recovery.ContactOfCart(id))
	}
	return out, s.reached(ctx, who, ids, &out)
}

func (s *People) messages(ctx context.Context, session checkout.Session, out *Export) error {
	for _, id := range recovery.SendingsOf(session) {
		m, err := s.Messages.Sending(ctx, id)
		if checkout.ErrorCode(err) == checkout.CodeNotFound {
			continue
		}
		if err != nil {
			return fmt.Errorf("read message %s: %w", id, err)
		}
		out.Messages = append(out.Messages, ExportedMessage{
			ID: m.ID, SessionID: m.SessionID, Reason: m.Reason, Ref: m.Ref, Person: m.Person, State: m.State, Why: m.Why, ProviderID: m.ProviderID,
			At: m.At, ExpiresAt: m.ExpiresAt,
		})
	}
	return nil
}

// reached adds contacts and figures under ids, and who holds the phones of these contacts.
func (s *People) reached(ctx context.Context, who Whose, ids []string, out *Export) error {
	contacts, err := s.contacts(ctx, ids)
	if err != nil {
		return fmt.Errorf("read contacts: %w", err)
	}
	phones, err := s.phones(ctx, who, contacts)
	if err != nil {
		return fmt.Errorf("read phones: %w", err)
	}
	for _, c := range append(contacts, phones...) {
		out.Contacts = append(out.Contacts, contactOf(c))
	}
	for _, id := range ids {
		m, err := s.Measured.MeasuredPerson(ctx, id)
		if err != nil {
			return fmt.Errorf("read figures: %w", err)
		}
		if m.Version > 0 {
			out.Measured = append(out.Measured, ExportedMeasured{ID: m.ID, Entries: m.Entries, Purchases: m.Purchases, Until: m.Until})
		}
	}
	return nil
}

// contacts reads those of some contacts that there are, in the order of their ids.
func (s *People) contacts(ctx context.Context, ids []string) (found []recovery.Contact, err error) {
	for part := range slices.Chunk(ids, recovery.MaxBatch) {
		stored, err := s.Contacts.Contacts(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, id := range part {
			if c, ok := stored[id]; ok {
				found = append(found, c)
			}
		}
	}
	return found, nil
}

// phones are the records of who holds the phones of some contacts, but for phones that are somebody else's by now.
func (s *People) phones(ctx context.Context, who Whose, of []recovery.Contact) ([]recovery.Contact, error) {
	var ids []string
	for _, c := range of {
		for _, d := range c.Devices {
			ids = append(ids, recovery.ContactOfToken(d.Token))
		}
	}
	slices.Sort(ids)
	found, err := s.contacts(ctx, slices.Compact(ids))
	me := checkout.PersonOfCustomer(who.Customer)
	return slices.DeleteFunc(found, func(phone recovery.Contact) bool { return phone.Holder != "" && phone.Holder != me }), err
}

func profileOf(p checkout.Person) *ExportedProfile {
	if p.ID == "" {
		return nil
	}
	return &ExportedProfile{
		ID: p.ID, Cart: p.Cart, Provider: p.Provider, Agreed: p.Agreed, Buyer: p.Buyer, Destinations: p.Destinations, Declines: p.Declines,
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, ExpiresAt: p.ExpiresAt,
	}
}

func contactOf(c recovery.Contact) ExportedContact {
	return ExportedContact{
		ID: c.ID, Consents: c.Consents, Suppressed: c.Suppressed, Devices: c.Devices, Sends: c.Sends, Confirms: c.Confirms, Arm: c.Arm,
		OrderedAt: c.OrderedAt, RevokedAt: c.RevokedAt, SeenAt: c.SeenAt, ExpiresAt: c.ExpiresAt, Customers: c.Customers, Holder: c.Holder,
	}
}

func cartOf(c checkout.Cart) ExportedCart {
	return ExportedCart{
		ID: c.ID, Customer: c.Customer, Context: c.Context, Buyer: c.Buyer, Lines: c.Lines, Codes: c.Codes, Left: c.Left,
		Abandonment: c.Abandonment, Declines: c.Declines, Claimed: c.Claimed, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, ExpiresAt: c.ExpiresAt,
	}
}

func sessionOf(s checkout.Session, now time.Time) ExportedSession {
	out := ExportedSession{
		ID: s.ID, CartID: s.CartID, Customer: s.Customer, Status: s.Status, Context: s.Context, Buyer: s.Buyer, Destination: s.Destination,
		Known: s.Known, Codes: s.Codes, Lines: []ExportedLine{}, Total: s.Quote.Total, Declines: s.Declines, LeftFor: s.LeftFor,
		Waits: s.Waits(now), Providers: accounts(s), CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
	for _, l := range s.Quote.Lines {
		out.Lines = append(out.Lines, ExportedLine{l.SKU, l.Title, l.Quantity, l.Total})
	}
	if s.Intent != nil {
		out.Intent = s.Intent.ID
	}
	if s.Wallet != nil {
		out.Cards = s.Wallet.Cards
	}
	if s.Order != nil {
		o := *s.Order
		o.Page = "" // it opens the order's page to whoever has it
		out.Order = &o
	}
	return out
}
