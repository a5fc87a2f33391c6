package merchant

import (
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// Export is all that is kept of a person, in one document (GDPR art. 15 and 20). It is personal data: never logged.
//
// It has shapes of its own, which openapi.yaml describes, with the words of the rest of the API; those of the stores may change without
// it. What is of no use to the person is left out: versions, ids of writes, hashes of requests, and whatever opens something.
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
	ID           string             `json:"id"`
	Cart         string             `json:"cart_id,omitempty"`           // the current one
	Provider     string             `json:"provider_customer,omitempty"` // at the payment provider, who keeps the cards
	Agreed       *ExportedAgreement `json:"agreed,omitempty"`
	Buyer        ExportedBuyer      `json:"buyer,omitzero"`
	Destinations []ExportedAddress  `json:"destinations,omitempty"`
	Declines     []time.Time        `json:"declines,omitempty"`
	ExportedTimes
}

// ExportedAgreement is when and with what somebody agreed to be remembered.
type ExportedAgreement struct {
	At    time.Time `json:"at"`
	Order string    `json:"order_id"`
	Terms string    `json:"terms_version"`
}

// ExportedTimes are when something came to be, when it last changed, and from when on nobody needs it.
type ExportedTimes struct {
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// ExportedBuyer is who buys.
type ExportedBuyer struct {
	Email     string            `json:"email,omitempty"`
	FirstName string            `json:"first_name,omitempty"`
	LastName  string            `json:"last_name,omitempty"`
	Phone     string            `json:"phone_number,omitempty"`
	Consent   *checkout.Consent `json:"consent,omitempty"`
	VATID     string            `json:"vat_id,omitempty"`
}

// ExportedAddress is where goods go.
type ExportedAddress struct {
	ID         string `json:"id,omitempty"`
	FirstName  string `json:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty"`
	Phone      string `json:"phone_number,omitempty"`
	Street     string `json:"street_address,omitempty"`
	Extended   string `json:"extended_address,omitempty"`
	City       string `json:"address_locality,omitempty"`
	Region     string `json:"address_region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"address_country,omitempty"`
}

// ExportedContext is where and how somebody shops.
type ExportedContext struct {
	Country    string `json:"address_country,omitempty"`
	Region     string `json:"address_region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Language   string `json:"language,omitempty"`
	Currency   string `json:"currency,omitempty"`
	Platform   string `json:"platform,omitempty"`
}

func entryOf(e checkout.OrderEntry) ExportedEntry { return ExportedEntry(e) }

func profileOf(p checkout.Person) *ExportedProfile {
	if p.ID == "" {
		return nil
	}
	return &ExportedProfile{
		ID: p.ID, Cart: p.Cart, Provider: p.Provider, Agreed: (*ExportedAgreement)(p.Agreed), Buyer: ExportedBuyer(p.Buyer),
		Destinations: each(p.Destinations, addressOf), Declines: p.Declines, ExportedTimes: ExportedTimes{p.CreatedAt, p.UpdatedAt, p.ExpiresAt},
	}
}

func addressOf(d checkout.Destination) ExportedAddress { return ExportedAddress(d) }

// each is what a shape makes of each of a list.
func each[From, To any](all []From, shape func(From) To) []To {
	out := make([]To, len(all))
	for i, one := range all {
		out[i] = shape(one)
	}
	return out
}
