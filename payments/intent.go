// Package payments is the vocabulary of taking money: intents, what may become of them, how a provider can fail, and what
// it reports. It knows no provider. Adapters (stripegateway, sandbox) speak it; checkout decides with it.
package payments

import (
	"time"

	"kassa/payments/money"
)

// Instrument is what the shopper pays with: one single-use or stored reference that only the provider can open. Its token
// is never logged and never echoed.
type Instrument struct {
	Handler string         `json:"handler"` // the offer it answers: apple_pay, google_pay, saved_card, stripe
	Kind    InstrumentKind `json:"kind"`
	Token   string         `json:"token"`
}

// InstrumentKind names how Token is to be handed to the provider.
type InstrumentKind string

const (
	InstrumentConfirmationToken InstrumentKind = "stripe_confirmation_token" // ctoken_…
	InstrumentPaymentMethod     InstrumentKind = "stripe_payment_method"     // pm_…
	InstrumentGooglePayToken    InstrumentKind = "google_pay_token"          // the id (tok_…) inside the wallet's token string
	// InstrumentSheet has no token: the provider's sheet, in the app, asks the shopper and confirms the intent.
	InstrumentSheet InstrumentKind = "sheet"
)

// Request asks the provider to take money: it creates and confirms an intent, or confirms the one named by IntentID. With an
// InstrumentSheet it creates one, always, and leaves confirming it to the app.
// Everything in it is derived from stored facts, so that the same attempt repeated is the same request to the byte.
type Request struct {
	Key        string      // provider's idempotency key of this attempt
	SessionID  string      // kept in the intent's metadata, with Attempt
	CartID     string      // metadata, for people who search the provider's dashboard
	Attempt    int         // 1 for the first
	Amount     money.Money // what to take
	Instrument Instrument
	Methods    []string  // payment_method_types: what the method matrix offers now
	ReturnURL  string    // where a redirect ends; always sent
	Email      string    // of the buyer; for the provider's own risk checks, no receipt is asked for
	Shipping   *Shipping // not with InstrumentSheet: the app states it when it confirms, and two who do are refused

	Order     string   // reference that the shopper's app may show beside the payment
	Platform  Platform // for methods that must know
	Language  string   // of the shopper, for the pages of methods that have some
	HoldCards bool     // a card's money is held, and taken by a capture
	Customer  string   // provider's customer whose kept instruments may be used; "" = none
	KeepCard  bool     // keep a card for the customer's next purchase, with the shopper's consent

	IntentID     string // a further attempt: the intent to confirm
	UpdateAmount bool   // a further attempt at another amount: set Amount on the intent first…
	UpdateKey    string // …under this key
}

// Shipping is where the goods go, for the provider's risk checks and the methods that demand it.
type Shipping struct {
	Name, Phone, Line1, Line2, City, Region, PostalCode, Country string
}

// Intent is the provider's payment object as it stood when it was reported.
type Intent struct {
	ID            string
	Status        Status
	Amount        money.Money // asked for
	Received      money.Money // taken, or held when authorized
	Refunded      money.Money // of it, given back already; only a Read tells
	Live          bool        // real money
	SessionID     string      // from its metadata, empty when it is none of ours
	Attempt       int         // from its metadata: the attempt that last touched it, 0 when unknown
	ClientSecret  string
	Action        *Action  // when the shopper must act
	Decline       *Decline // why the last try failed
	CancelReason  string   // provider's word; "expired" and "automatic" mean that a hold lapsed
	CaptureBefore time.Time
	Customer      string // provider's customer that it is tied to
	Created       time.Time
}

// CancelAbandoned is the CancelReason of what a Gateway has canceled.
const CancelAbandoned = "abandoned"

// Action is what the shopper must do before the money can move.
type Action struct {
	Type      string // provider's word: redirect_to_url, use_stripe_sdk, swish_handle_redirect_or_display_qr_code …
	URL       string // where to send the shopper; empty when only the provider's SDK can do it
	ReturnURL string // where the shopper comes back
}

// CaptureRequest asks the provider to take money that an intent holds, once for each Key. What is not taken is released.
type CaptureRequest struct {
	Key      string
	IntentID string
	Amount   money.Money
}

// RefundRequest asks the provider to give money back, once for each Key.
type RefundRequest struct {
	Key      string
	IntentID string
	Amount   money.Money
	Reason   string // one of duplicate, fraudulent, requested_by_customer, or empty
	Metadata map[string]string
}

// RefundStatus is how far a refund has come.
type RefundStatus string

const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailed    RefundStatus = "failed" // also canceled: the money did not reach the shopper
)

// Refund is the provider's record of money given back.
type Refund struct {
	ID       string
	IntentID string
	Amount   money.Money
	Status   RefundStatus
	Ours     string // our id of it, from its metadata; "" = somebody else made it
	Created  time.Time
}

// MetaRefund is the name in a refund's metadata under which our id of it stands.
const MetaRefund = "refund_id"

// DisputeStatus is how a dispute stands.
type DisputeStatus string

const (
	DisputeOpen DisputeStatus = "open" // the bank has not decided
	DisputeWon  DisputeStatus = "won"  // the money stays
	DisputeLost DisputeStatus = "lost" // the money is gone
)

// Dispute is a shopper's complaint to their bank about a payment.
type Dispute struct {
	ID       string
	IntentID string
	Amount   money.Money
	Reason   string // provider's word: fraudulent, product_not_received …
	Status   DisputeStatus
	Created  time.Time
}

// EventKind says what an event of the provider is about.
type EventKind string

const (
	EventIntent  EventKind = "intent"  // a snapshot of an intent that can be observed
	EventWake    EventKind = "wake"    // something happened to an intent that only a read can tell (payment_failed)
	EventForeign EventKind = "foreign" // disputes, early fraud warnings, refunds made elsewhere: names no session of ours
	EventIgnored EventKind = "ignored" // nothing for us in it
)

// Event is what the provider pushes, verified and in our words.
type Event struct {
	ID      string
	Type    string // provider's word
	Kind    EventKind
	Intent  Intent // EventIntent, EventWake
	Object  string // EventForeign: id of the object it is about (dp_…, issfr_…, ch_…, re_…)
	Refund  bool   // EventForeign: it tells of money given back
	Created time.Time
}
