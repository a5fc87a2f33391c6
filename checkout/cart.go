package checkout

import (
	"time"

	"kassa/payments/money"
)

// Limits of a cart. MaxStockLines keeps a commit within DynamoDB's 100 actions: session, cart and the rest.
const (
	MaxLines      = 100
	MaxStockLines = 90
	MaxQuantity   = 999
	MaxCodes      = 10 // discount codes of one cart
	MaxMarks      = 16 // requests that a cart or session remembers
)

// Life of a cart that nobody touches, from its last edit.
const (
	LifeEmptyCart    = 6 * time.Hour
	LifeGuestCart    = 30 * 24 * time.Hour
	LifeCustomerCart = 90 * 24 * time.Hour
)

// Cart is what a shopper has gathered. It holds no titles and no prices: the catalogue has them, and a quote freezes them.
type Cart struct {
	ID       string
	Version  int64  // raised by every edit; locking and releasing leave it alone
	Epoch    int64  // guest tokens of another epoch are revoked
	Customer string // owner, once signed in; "" = whoever holds the token
	Currency money.Currency
	Context  Context
	Buyer    Buyer
	Lines    []LineItem // in the order in which they were first added
	Codes    []string   // discount codes, normalized

	Session  string // id of the session that is paying it or has paid it; "" = open
	Round    int    // sessions of it that ended without an order; the next session's id follows from it
	Canceled bool

	CreatedAt time.Time
	UpdatedAt time.Time // last edit
	ExpiresAt time.Time // a cart past it is as good as gone
	Due       time.Time // when the sweep should look at it; zero = never. Written once; the sweep moves it, and an edit sets one that is zero

	Left        string            // why the shopper canceled it, where the app told; see recovery.Reason
	Abandonment *Abandonment      // nil: nobody has left it so far
	Notices     map[string]Notice // facts not yet handed on, by id

	Create   Mark        // the request that made it
	Marks    []Mark      // the last MaxMarks requests that edited it, oldest first
	Declines []time.Time // latest declines of its payments: the guard against card testing outlives its sessions
	Claimed  *Claimed    // how it came into its customer's hands; nil = they made it, or it is a guest's
}

// LineItem is one product in a cart. One line per sku: its id is the sku's.
type LineItem struct {
	ID       string
	SKU      string
	Quantity int64
}

// Mark remembers a request: hashes of its idempotency key (or of the id of one write, where the caller gave no key) and of
// what it asked for. Eight bytes each, hex.
type Mark struct {
	Key   string `json:"k"`
	Print string `json:"p"`
}

// Expired reports whether the cart's life has ended. DynamoDB's TTL may leave it lying for days.
func (c Cart) Expired(now time.Time) bool {
	if len(c.Lines) == 0 && c.Session == "" && now.After(c.UpdatedAt.Add(LifeEmptyCart)) {
		return true
	}
	return !c.ExpiresAt.IsZero() && now.After(c.ExpiresAt) && c.Session == ""
}

// Line returns the line with an id.
func (c Cart) Line(id string) (LineItem, bool) {
	for _, l := range c.Lines {
		if l.ID == id {
			return l, true
		}
	}
	return LineItem{}, false
}

// Marked returns the mark of an earlier request with the same key.
func (c Cart) Marked(key string) (Mark, bool) {
	if c.Create.Key == key {
		return c.Create, true
	}
	return findMark(c.Marks, key)
}

func findMark(marks []Mark, key string) (Mark, bool) {
	for _, m := range marks {
		if m.Key == key {
			return m, true
		}
	}
	return Mark{}, false
}

// Remember returns marks with m at its end, cut to the last MaxMarks. Stores use it, so that all forget alike.
func Remember(marks []Mark, m Mark) []Mark {
	if m.Key == "" {
		return marks
	}
	out := append(append([]Mark(nil), marks...), m)
	if len(out) > MaxMarks {
		out = out[len(out)-MaxMarks:]
	}
	return out
}

// CartEdit is one conditional change of an open cart: exactly one of Add, Set, Remove, Replace and Cancel. Edits of
// different lines commute, so concurrent ones neither lose nor undo each other, and nothing is read first.
type CartEdit struct {
	CartID string
	Mark   Mark      // of the request; its Key is never empty
	At     time.Time // becomes UpdatedAt

	Access    Access    // whose cart it must be
	IfVersion int64     // when not zero, the version that the cart must have
	ExpiresAt time.Time // becomes ExpiresAt
	Due       time.Time // becomes Due if the cart has none: whoever edits a cart that the sweep has closed may leave it again

	Add     *LineItem     // its quantity is added to the line, which is made if absent; the sum must be ≤ MaxQuantity, lines ≤ MaxLines
	Set     *LineItem     // its quantity becomes the line's, which must exist
	Remove  string        // id of a line, which must exist
	Replace *CartContents // takes the place of what the cart holds
	Cancel  bool
	Left    string // becomes Left; with Cancel only
}

// CartContents is what a full replacement brings. A nil Buyer keeps the cart's, and so do nil Codes.
type CartContents struct {
	Lines   []LineItem
	Context Context
	Buyer   *Buyer
	Codes   []string
}
