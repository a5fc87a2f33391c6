package checkout

import (
	"log/slog"
	"time"

	"kassa/payments"
)

// Config is what the services are made of. Which fields a service needs follows from what it may do: Carts has no sessions
// and no gateway, Observer and Sweeper no gateway.
type Config struct {
	Carts     CartStore
	Sessions  SessionStore
	Catalog   Catalog
	Inbox     Inbox
	People    PersonStore // nil: nobody signs in
	Gateway   Gateway
	Till      Till              // of Orders, and of the Reconciler that finishes what they began
	Vault     Vault             // nil: no saved cards
	Customers ProviderCustomers // nil: People keeps them
	Shop      Shop              // as Validate accepts it: services judge it no more, but for the prices that they make ready
	Tokens    Tokens
	Live      bool             // real money: an intent of the other mode is never ours
	Now       func() time.Time // read once by each service method
	NewID     func() string    // random, ≥128 bits, for ids that nothing derives
	Logger    *slog.Logger     // ids only
	// Redemptions and History let quotes tell early that a discount is used up, or for first orders only; both may be nil.
	Redemptions Redemptions
	History     OrderHistory
	// Bookmarks remember how far a Backfill has come; nil: every one begins at the beginning.
	Bookmarks Bookmarks
	// CodeSecrets make the codes for single carts (Mint) and know them again, ≥32 bytes each: the first makes, all know. None = the
	// secrets of Tokens. Whoever has only these makes no token.
	CodeSecrets [][]byte
}

// Request is what every call says about itself.
type Request struct {
	Caller      Caller
	Key         string // idempotency key, unquoted; "" = none given
	Fingerprint string // of method, path and canonical body
	IfVersion   int64  // from If-Match; 0 = none
}

// LineInput is a line as a client asks for it.
type LineInput struct {
	SKU      string
	Quantity int64 // 1–MaxQuantity
}

// CreateCartInput makes a cart. Request.Key is required; a guest's needs ≥22 characters.
type CreateCartInput struct {
	Request
	Lines   []LineInput
	Context Context
	Buyer   *Buyer
	Codes   []string // discount codes as typed
}

// ReplaceCartInput replaces what a cart holds. A nil Buyer keeps the cart's, and so do nil Codes.
type ReplaceCartInput struct {
	Request
	CartID  string
	Lines   []LineInput
	Context Context
	Buyer   *Buyer
	Codes   []string // discount codes as typed
}

// LineEditInput changes one line of a cart: AddLine reads Line, SetLine LineID and Line.Quantity, RemoveLine LineID.
type LineEditInput struct {
	Request
	CartID string
	LineID string
	Line   LineInput
}

// CancelCartInput ends a cart. Left is why, where the app tells: one of package recovery's reasons that apps may report.
type CancelCartInput struct {
	Request
	CartID string
	Left   string
}

// CartView is a cart with what can be said about it now.
type CartView struct {
	Cart     Cart
	Quote    Quote // estimated; no shipping or tax while the country is unknown
	Messages []Message
	Token    string // capability token; creates only, and their replays
	Replayed bool

	kept int // lines whose product's stock is kept
}

// BuyerPatch changes a buyer: nil keeps, "" clears.
type BuyerPatch struct {
	Email, FirstName, LastName, Phone *string
	VATID                             *string  // as typed
	Consent                           *Consent // what it answers replaces; the rest stays
	ClearConsent                      bool     // what was answered before is dropped first
}

// ContextPatch changes a context: nil keeps, "" clears.
type ContextPatch struct {
	Country, Region, PostalCode, Language, Platform *string
	Currency                                        *string // read where a create makes the cart too
}

// SessionChange is what a client wants changed in a session. Zero changes nothing; PUT sets every field that UCP replaces.
type SessionChange struct {
	Lines            []LineInput // nil keeps the cart's; else replaces them, in the same commit
	Buyer            BuyerPatch
	Context          ContextPatch
	Destination      *Destination // nil keeps
	ClearDestination bool
	Option           *string  // nil keeps, "" = the cheapest
	Collect          *bool    // the shopper collects it, or has it brought; nil keeps, or follows from Option
	Location         *string  // where it is collected, if it is, else which known destination is taken; nil keeps, "" = not chosen
	Codes            []string // discount codes as typed; nil keeps the cart's; else replaces them, in the same commit
}

// CreateSessionInput opens the session of a cart, or of a cart made from Lines. With an Instrument it pays at once, and
// then ExpectedTotal is required. Request.Key is required.
type CreateSessionInput struct {
	Request
	CartID        string
	Change        SessionChange // Lines, Codes and Context are ignored with CartID
	Instrument    *payments.Instrument
	ExpectedTotal *int64 // minor units of the session's currency
	KeepCard      bool   // the shopper wants the card kept; signed in only
}

// UpdateSessionInput changes an open session (PUT, PATCH).
type UpdateSessionInput struct {
	Request
	SessionID string
	Change    SessionChange
}

// CompleteInput pays a session. Request.Key is required. Change brings what only an authorized wallet tells: contact and
// full address. A zero total needs no Instrument.
type CompleteInput struct {
	Request
	SessionID     string
	Change        SessionChange // Lines and Codes are not read
	Instrument    *payments.Instrument
	ExpectedTotal *int64
	KeepCard      bool // the shopper wants the card kept; signed in only
}

// CancelSessionInput ends a session without an order.
type CancelSessionInput struct {
	Request
	SessionID string
	Left      string // why, where the app tells: one of package recovery's reasons that apps may report
}

// SessionView is a session with what can be said about it now.
type SessionView struct {
	Session  Session
	Messages []Message // stored and derived
	Offers   []Offer   // how it can be paid
	Token    string    // capability token of the cart, where this call made it (and in replays of that call)
	Sheet    *Sheet    // where this call prepared the payment; never in replays
	Replayed bool
}

// Offer is a way to pay that a session offers.
type Offer struct {
	Handler string   // apple_pay, google_pay, saved_card, stripe
	Methods []string // provider's payment method types behind it: card …
}

// Handlers of offers.
const (
	HandlerApplePay  = "apple_pay"
	HandlerGooglePay = "google_pay"
	HandlerSavedCard = "saved_card"
	HandlerStripe    = "stripe"
)
