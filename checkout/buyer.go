package checkout

// Buyer is who buys. All of it is personal data: never logged, never in a queue.
type Buyer struct {
	Email     string   `json:"email,omitempty"`
	FirstName string   `json:"first_name,omitempty"`
	LastName  string   `json:"last_name,omitempty"`
	Phone     string   `json:"phone,omitempty"` // E.164
	Consent   *Consent `json:"consent,omitempty"`
}

// Consent is UCP's buyer.consent: nil fields were not answered.
type Consent struct {
	Analytics   *bool `json:"analytics,omitempty"`
	Preferences *bool `json:"preferences,omitempty"`
	Marketing   *bool `json:"marketing,omitempty"`
	SaleOfData  *bool `json:"sale_of_data,omitempty"`
}

// merge returns b with what is set in o put over it: a wallet's contact fills in what the app never asked for.
func (b Buyer) merge(o Buyer) Buyer {
	for _, f := range []struct{ to, from *string }{
		{&b.Email, &o.Email}, {&b.FirstName, &o.FirstName}, {&b.LastName, &o.LastName}, {&b.Phone, &o.Phone},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	if o.Consent != nil {
		b.Consent = o.Consent
	}
	return b
}

// Context is where and how the shopper shops, as far as known (UCP context). It prices; it identifies nobody.
type Context struct {
	Country    string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Language   string `json:"language,omitempty"` // one that the shop speaks: nl, nb, en, de, fr
	Currency   string `json:"currency,omitempty"` // asked for; a cart's own currency is what counts
}

// Destination is where the goods go. Before a wallet has authorized, it may hold a country and a postal code only.
type Destination struct {
	ID         string `json:"id"`
	FirstName  string `json:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty"`
	Phone      string `json:"phone,omitempty"`
	Street     string `json:"street,omitempty"`
	Extended   string `json:"extended,omitempty"` // apartment, c/o
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country,omitempty"` // ISO 3166-1 alpha-2; a redacted wallet address may lack it
}
