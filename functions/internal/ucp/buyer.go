package ucp

import "kassa/checkout"

// buyer is UCP's with the consent extension.
type buyer struct {
	FirstName string            `json:"first_name,omitempty"`
	LastName  string            `json:"last_name,omitempty"`
	Email     string            `json:"email,omitempty"`
	Phone     string            `json:"phone_number,omitempty"`
	Consent   *checkout.Consent `json:"consent,omitempty"`
	VATID     string            `json:"vat_id,omitempty"` // ours
}

// buyerFrom returns nil for a buyer of whom nothing is known.
func buyerFrom(b checkout.Buyer) *buyer {
	if b == (checkout.Buyer{}) {
		return nil
	}
	return &buyer{FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, Phone: b.Phone, Consent: b.Consent, VATID: b.VATID}
}

// shoppingContext is UCP's context.
type shoppingContext struct {
	Country    string `json:"address_country,omitempty"`
	Region     string `json:"address_region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Language   string `json:"language,omitempty"`
	Currency   string `json:"currency,omitempty"`
	Platform   string `json:"platform,omitempty"`
}

func contextFrom(c checkout.Context) *shoppingContext {
	if c == (checkout.Context{}) {
		return nil
	}
	out := shoppingContext(c)
	return &out
}
