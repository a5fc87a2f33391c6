package ucp

// The shapes of requests, as far as anything of them is read. A nil pointer or slice says that the client did not mention
// the member; under a merge patch a pointer to "" says that it wants it cleared. Prices, totals, titles, status, currency
// and owner have no place here, so that nobody can set them.

// cartForm is the body of POST /carts and PUT /carts/{id}.
type cartForm struct {
	Lines   []lineForm   `json:"line_items" validate:"max=100,dive"`
	Buyer   *buyerForm   `json:"buyer"`
	Context *contextForm `json:"context"`

	Discounts *discountForm `json:"discounts"`
}

// sessionForm is the body of everything that changes or pays a checkout session.
type sessionForm struct {
	CartID        *string          `json:"cart_id" validate:"omitempty,ident"`
	Lines         []lineForm       `json:"line_items" validate:"max=100,dive"`
	Buyer         *buyerForm       `json:"buyer"`
	Context       *contextForm     `json:"context"`
	Fulfillment   *fulfillmentForm `json:"fulfillment"`
	Discounts     *discountForm    `json:"discounts"`
	Payment       *paymentForm     `json:"payment"`
	ExpectedTotal *int64           `json:"expected_total" validate:"omitempty,min=0"`
}

// withdrawalForm is the body of POST /orders/{id}/withdrawals.
type withdrawalForm struct {
	Lines  []withdrawnForm `json:"line_items" validate:"max=100,dive"`
	Reason *string         `json:"reason" validate:"omitempty,query"`
}

type withdrawnForm struct {
	ID       *string `json:"id" validate:"required,min=1,ident"`
	Quantity *int64  `json:"quantity" validate:"required,min=1,max=999"`
}

type lineForm struct {
	Item     *itemForm `json:"item" validate:"required"`
	Quantity *int64    `json:"quantity" validate:"required,min=1,max=999"`
}

type itemForm struct {
	ID *string `json:"id" validate:"required,min=1,sku"`
}

// quantityForm is the body of PATCH /carts/{id}/line-items/{line}.
type quantityForm struct {
	Quantity *int64 `json:"quantity" validate:"required,min=1,max=999"`
}

// claimForm is the body of POST /carts/{id}/claim.
type claimForm struct {
	AccessToken *string `json:"access_token" validate:"omitempty,short"`
}

type buyerForm struct {
	Email     *string      `json:"email" validate:"omitempty,mail"`
	FirstName *string      `json:"first_name" validate:"omitempty,name"`
	LastName  *string      `json:"last_name" validate:"omitempty,name"`
	Phone     *string      `json:"phone_number" validate:"omitempty,phone"`
	Consent   *consentForm `json:"consent"`
	VATID     *string      `json:"vat_id" validate:"omitempty,vat"`
}

type consentForm struct {
	Analytics   *bool `json:"analytics"`
	Preferences *bool `json:"preferences"`
	Marketing   *bool `json:"marketing"`
	SaleOfData  *bool `json:"sale_of_data"`
}

type contextForm struct {
	Country    *string `json:"address_country" validate:"omitempty,country"`
	Region     *string `json:"address_region" validate:"omitempty,name"`
	PostalCode *string `json:"postal_code" validate:"omitempty,short"`
	Language   *string `json:"language" validate:"omitempty,language"`
	Currency   *string `json:"currency" validate:"omitempty,currency"`
	Platform   *string `json:"platform" validate:"omitempty,platform"`
}

type fulfillmentForm struct {
	Methods []methodForm `json:"methods" validate:"max=1,dive"`
}

type methodForm struct {
	Type         *string           `json:"type" validate:"omitempty,oneof=shipping pickup"`
	Destinations []destinationForm `json:"destinations" validate:"max=20,dive"`
	Selected     *string           `json:"selected_destination_id" validate:"omitempty,short"`
	Groups       []groupForm       `json:"groups" validate:"max=1,dive"`
}

type destinationForm struct {
	ID         *string `json:"id" validate:"omitempty,short"`
	FirstName  *string `json:"first_name" validate:"omitempty,name"`
	LastName   *string `json:"last_name" validate:"omitempty,name"`
	Phone      *string `json:"phone_number" validate:"omitempty,phone"`
	Street     *string `json:"street_address" validate:"omitempty,address"`
	Extended   *string `json:"extended_address" validate:"omitempty,address"`
	City       *string `json:"address_locality" validate:"omitempty,name"`
	Region     *string `json:"address_region" validate:"omitempty,name"`
	PostalCode *string `json:"postal_code" validate:"omitempty,short"`
	Country    *string `json:"address_country" validate:"omitempty,country"`
}

type groupForm struct {
	Option *string `json:"selected_option_id" validate:"omitempty,short"`
}

type discountForm struct {
	Codes []string `json:"codes" validate:"max=10,dive,code"`
}

type paymentForm struct {
	Instruments []instrumentForm `json:"instruments" validate:"max=10,dive"`
	KeepCard    *bool            `json:"keep_card"`
}

type instrumentForm struct {
	ID         *string         `json:"id" validate:"omitempty,short"`
	Handler    *string         `json:"handler_id" validate:"required,min=1,short"`
	Type       *string         `json:"type" validate:"omitempty,short"`
	Selected   *bool           `json:"selected"`
	Credential *credentialForm `json:"credential"`
}

type credentialForm struct {
	Type  *string `json:"type" validate:"required,min=1,short"`
	Token *string `json:"token" validate:"required,min=1,token"`
}

type searchForm struct {
	Query      *string         `json:"query" validate:"omitempty,query"`
	Filters    *filterForm     `json:"filters"`
	Context    *contextForm    `json:"context"`
	Pagination *paginationForm `json:"pagination"`
}

type filterForm struct {
	Categories []string `json:"categories" validate:"max=20,dive,name"`
}

type paginationForm struct {
	Cursor *string `json:"cursor" validate:"omitempty,token"`
	Limit  *int64  `json:"limit" validate:"omitempty,min=1"`
}

type lookupForm struct {
	IDs     []string     `json:"ids" validate:"required,min=1,max=100,dive,min=1,short"`
	Context *contextForm `json:"context"`
}

type productForm struct {
	ID      *string      `json:"id" validate:"required,min=1,short"`
	Context *contextForm `json:"context"`
}

// cancelForm is the body of a cancel, which may have none. Why the shopper left is told as in ACP's intent traces, of which we keep the
// code: the summary and the metadata beside it are words about a person that nothing here needs.
type cancelForm struct {
	Trace *traceForm `json:"intent_trace"`
}

type traceForm struct {
	Reason *string `json:"reason_code" validate:"required,short"`
}

// deviceForm is the body of PUT /devices/{id}.
type deviceForm struct {
	CartID     *string            `json:"cart_id" validate:"omitempty,ident"`
	Token      *string            `json:"push_token" validate:"omitempty,max=4096"`
	Platform   *string            `json:"platform" validate:"required"`
	Permission *string            `json:"permission" validate:"required"`
	Locale     *string            `json:"locale" validate:"omitempty,language"`
	Zone       *string            `json:"time_zone" validate:"omitempty,max=64"`
	Consent    *deviceConsentForm `json:"consent"`
}

type deviceConsentForm struct {
	Marketing *bool   `json:"marketing"`
	Wording   *string `json:"wording" validate:"omitempty,max=64"`
}

// returnForm is the body of POST /recoveries.
type returnForm struct {
	Token  *string `json:"token" validate:"required,max=400"`
	Device *string `json:"device_id" validate:"required,min=8,max=200"`
	CartID *string `json:"cart_id" validate:"omitempty,ident"`
}
