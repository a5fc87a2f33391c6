package checkout

// Buyer is who buys. All of it is personal data: never logged, never in a queue.
type Buyer struct {
	Email     string   `json:"email,omitempty"`
	FirstName string   `json:"first_name,omitempty"`
	LastName  string   `json:"last_name,omitempty"`
	Phone     string   `json:"phone,omitempty"` // E.164
	Consent   *Consent `json:"consent,omitempty"`
	VATID     string   `json:"vat_id,omitempty"` // of a business in the EU, normalized; "" = a consumer
}

// Consent is UCP's buyer.consent: nil fields were not answered.
type Consent struct {
	Analytics   *bool `json:"analytics,omitempty"`
	Preferences *bool `json:"preferences,omitempty"`
	Marketing   *bool `json:"marketing,omitempty"`
	SaleOfData  *bool `json:"sale_of_data,omitempty"`
}

// changed returns the consent after a patch: what the patch answers replaces, what it doesn't mention stays.
func (c *Consent) changed(p BuyerPatch) *Consent {
	if p.Consent == nil && !p.ClearConsent {
		return c
	}
	var out Consent
	if c != nil && !p.ClearConsent {
		out = *c
	}
	if n := p.Consent; n != nil {
		for _, f := range []struct{ to, from **bool }{
			{&out.Analytics, &n.Analytics}, {&out.Preferences, &n.Preferences}, {&out.Marketing, &n.Marketing},
			{&out.SaleOfData, &n.SaleOfData},
		} {
			if *f.from != nil {
				*f.to = *f.from
			}
		}
	}
	if out == (Consent{}) {
		return nil
	}
	return &out
}

// Context is where and how the shopper shops, as far as known (UCP context). It prices; it identifies nobody.
type Context struct {
	Country    string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Language   string `json:"language,omitempty"` // one that the shop speaks: nl, nb, en, de, fr
	Currency   string `json:"currency,omitempty"` // asked for; a cart's own currency is what counts
	Platform   string `json:"platform,omitempty"` // ios, android, web: what the shopper pays on
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
