package checkout

import (
	"time"

	"kassa/checkout/pricing"
	"kassa/payments"
	"kassa/payments/money"
)

// Status is a session's state; the names are UCP's.
type Status string

const (
	StatusIncomplete Status = "incomplete"           // something is missing; messages say what
	StatusReady      Status = "ready_for_complete"   // can be paid
	StatusInProgress Status = "complete_in_progress" // an attempt is under way, cart locked, stock held
	StatusEscalated  Status = "requires_escalation"  // the shopper must act at a bank or in another app; locked and held too
	StatusCompleted  Status = "completed"            // it is the order
	StatusCanceled   Status = "canceled"             // it ended without an order
)

// Final reports whether the session has ended.
func (s Status) Final() bool { return s == StatusCompleted || s == StatusCanceled }

// Session is one cart on its way to an order, and afterwards the order itself. Its id follows from the cart's and the
// cart's round, so one cart has one living session.
type Session struct {
	ID       string
	CartID   string
	Round    int    // of the cart when it was opened
	Version  int64  // raised by every commit
	Op       string // id of the last commit, by which a retried one recognises itself
	Epoch    int64  // as the cart's
	Customer string // as the cart's

	Status      Status
	Context     Context
	Buyer       Buyer
	Destination *Destination
	Known       []Destination // remembered addresses to choose from, as they were when it was opened
	Option      string        // chosen shipping option; "" = the cheapest
	Collect     bool          // the shopper collects it: Option is a pick-up then, "" while no location is chosen
	Codes       []string      // the cart's discount codes, as the quote has them
	Quote       Quote
	Ships       bool      // something in it must be shipped
	Messages    []Message // what the last change had to tell; lasts until the next one

	Attempts int               // tries to pay so far
	Attempt  *Attempt          // the open one
	Intent   *Intent           // the provider's object, reused by further attempts
	Holds    []Hold            // stock taken off the shelf for the open attempt
	Redeemed []string          // keys of the limited discounts that it uses; given back with the holds, and when an order is canceled
	Declines []time.Time       // latest declines, for the guard against card testing
	Refunds  []ProviderRefund  // money that could not become this order
	Review   string            // why a person should look; "" = no need
	LeftFor  string            // why the shopper canceled it, where the app told; see recovery.Reason
	Order    *Order            // when completed
	Notices  map[string]Notice // facts not yet handed on, by id

	Create Mark      // the request that opened it
	Pays   []PayMark // requests that were to pay it; never forgotten
	Marks  []Mark    // the last MaxMarks requests that edited it

	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time // fixed when opened
	Watch     Watch

	Wallet *Wallet // of the signed-in shopper; nil = not asked for
	Left   *Left   // the last attempt that was given up; nil = none, or another was begun since
}

// Quote is a frozen price of a cart. What is charged is its total, or less.
type Quote struct {
	pricing.Quote
	Version     int64     // raised by every new quote of the session
	CartVersion int64     // of the cart it prices
	PricedAt    time.Time // when its unit prices were read; they hold for Durations.Quote
}

// Hold is stock set aside for a session. "Held" is counted from sessions, "free" from products.
type Hold struct {
	SKU      string
	Quantity int64
}

// MaxPays bounds how many requests to pay one session are taken: all are remembered.
const MaxPays = 40

// PayMark remembers a request to pay and how it ended, so that its repetition tells the same and never charges.
type PayMark struct {
	Mark
	Refused bool            // it never became an attempt: something had changed or was missing
	Reason  payments.Reason // why its attempt failed; "" while undecided, or paid
	Door    Door            // where the shopper was sent to act, if nobody came back; else ""
}

// Door is where a shopper is sent to act while paying.
type Door string

const (
	DoorBank     Door = "b" // the bank of a card asks who it is
	DoorRedirect Door = "r" // another app, or the page of a bank, by the provider's sheet
)

// DoorOf returns the door at which an attempt leaves the shopper.
func DoorOf(a Attempt) Door {
	if a.Instrument.Token == "" {
		return DoorRedirect
	}
	return DoorBank
}

// Attempt is one try to pay. It exists only while its outcome is undecided: n+1 begins once n is known declined or canceled.
type Attempt struct {
	N          int
	Key        string              // provider's idempotency key; derived, and stored before the call
	IntentID   string              // the intent that it confirms, "" = it makes one
	UpdateKey  string              // provider's key of the change of amount that goes before, "" = none needed
	Mark       Mark                // the request that began it
	Instrument payments.Instrument // kept while undecided: the same call must be repeatable
	Methods    []string            // as sent
	ReturnURL  string              // as sent
	Amount     money.Money
	StartedAt  time.Time
	LeaseUntil time.Time // until then its own caller is at work; nobody else drives it
	Answered   bool      // its own call has been answered: the intent as read is the truth about it
	Tries      int       // how often it was driven forward
	SoughtAt   time.Time // its last call, once it is only looked for in the provider's list
	CheckedAt  time.Time // when the provider was last asked
	HeldUntil  time.Time // when a shopper who must act is no longer waited for
	HoldCards  bool      // as sent: cards are held first
	Customer   string    // as sent: provider's customer
	KeepCard   bool      // as sent: the shopper wants the card kept
}

// Prepared reports whether the attempt was handed to the provider's sheet in the app, which confirms it.
func (a Attempt) Prepared() bool { return a.Instrument.Kind == payments.InstrumentSheet }

// Wallet is what the signed-in shopper has at the provider, as it was when the session asked.
type Wallet struct {
	Customer string      // provider's id of the shopper; "" = has none yet
	Cards    []SavedCard // that were kept, at most MaxSavedCards, the latest first
}

// SavedCard is a card that the shopper has kept, as it may be shown.
type SavedCard struct {
	ID       string // provider's payment method; of use to nobody but us and the provider
	Brand    string
	Last4    string
	ExpMonth int
	ExpYear  int
}

// MaxSavedCards bounds how many saved cards a session shows, for its size.
const MaxSavedCards = 5

// Intent is our view of the provider's payment object.
type Intent struct {
	ID           string
	Status       payments.Status
	Amount       money.Money
	ClientSecret string
	Action       *payments.Action
	Customer     string // provider's customer that it is tied to; "" = none
}

// ProviderRefund is money to be given back because it can't become the session's order.
type ProviderRefund struct {
	IntentID string
	Amount   money.Money
	Cause    string // amount_mismatch, late, second_intent, live_mode, canceled
	Release  bool   // held, not taken: the intent is canceled instead of refunded
	ID       string // provider's refund, once made
	Part     int    // raised when what is left must be asked for anew, under another key
	Done     bool
	Tries    int
}

// WatchKind says who looks after an open session.
type WatchKind string

const (
	WatchNone    WatchKind = ""
	WatchWaiting WatchKind = "w" // never had an intent: the sweep ends it, without a provider's key
	WatchPayment WatchKind = "p" // has an intent, a hold or a refund to make: reconcile
)

// Watch is a session's entry in the due index.
type Watch struct {
	Kind WatchKind
	At   time.Time
}

// Locked reports whether the session holds its cart.
func (s Session) Locked() bool { return s.Attempt != nil || s.Status == StatusCompleted }

// marked returns the mark of an earlier request with the same key, and whether that one paid.
func (s Session) marked(key string) (m Mark, paid, ok bool) {
	for _, p := range s.Pays {
		if p.Key == key {
			return p.Mark, true, true
		}
	}
	if s.Create.Key == key {
		return s.Create, false, true
	}
	m, ok = findMark(s.Marks, key)
	return m, false, ok
}
