package checkout

import (
	"context"
	"fmt"
	"time"

	"kassa/payments"
)

// Stores are shaped for DynamoDB, the one that can't bend. Contracts that hold for every method:
//
//   - A method that returns nil is durable. One that returns an error other than *Conflict or a CodeNotFound *Error may have
//     taken effect; calling it again with the same arguments is always safe and then answers as if it had been called once.
//   - Throttling and conflicts between transactions are retried inside, with jitter, until the context's deadline; then the
//     error is CodeUnavailable.
//   - Stores check the conditions that they are handed and know no rule, make no id and read no clock.

// CartStore keeps carts.
type CartStore interface {
	// CreateCart stores a new cart. If one with its id exists, it changes nothing and returns a *Conflict with that cart.
	CreateCart(ctx context.Context, c Cart) error

	// Cart returns a cart as last written (strongly consistent). CodeNotFound if there is none.
	Cart(ctx context.Context, id string) (Cart, error)

	// EditCart applies the edit in one conditional write, without a read, if the cart exists, is open (not locked, not
	// canceled), has not passed its ExpiresAt at e.At, allows e.Access, is at IfVersion if that is set, does not
	// remember e.Mark.Key, and satisfies what the effect demands. It raises Version by one, sets UpdatedAt and ExpiresAt,
	// remembers the mark and returns the cart after it. Otherwise it changes nothing and returns a *Conflict with the
	// cart as it stands, or with no cart if there is none. A write that took effect earlier (its mark is remembered
	// because of this very call, retried below us) answers success.
	EditCart(ctx context.Context, e CartEdit) (Cart, error)

	// DueCarts returns carts whose Due is not after q.Before, a page at a time, oldest first within a shard. Eventually
	// consistent: the cart may have changed since, or be gone.
	DueCarts(ctx context.Context, q DueQuery) (DuePage, error)
}

// SessionStore keeps sessions, and with them orders; its commits reach the cart and the stock as well.
type SessionStore interface {
	// Session returns a session as last written (strongly consistent). CodeNotFound if there is none.
	Session(ctx context.Context, id string) (Session, error)

	// SessionAndCart returns a session and the cart behind it (CartOfSession), each as last written, in one trip. The two
	// are not one snapshot. CodeNotFound if there is no such session; a cart that is gone comes back zero.
	SessionAndCart(ctx context.Context, id string) (Session, Cart, error)

	// Commit writes everything in c or nothing. It succeeds if all conditions hold, and also if the stored session
	// already carries c.Session.Op: then this commit took effect before and its answer was lost. Otherwise it changes
	// nothing and returns a *Conflict with what refused it, as it stands: the session if its condition failed, the cart
	// if its condition failed, the skus whose stock was short, the keys of discounts without a use left. A session or
	// cart that does not exist can't be shown.
	Commit(ctx context.Context, c Commit) error

	// Watched returns sessions whose Watch has the kind and is not after q.Before; else as DueCarts.
	Watched(ctx context.Context, kind WatchKind, q DueQuery) (DuePage, error)

	// Unended returns sessions that have a Watch, read from the items themselves: the slow way that finds what the index
	// lost. A page at a time, in no order.
	Unended(ctx context.Context, q DueQuery) (DuePage, error)
}

// DueQuery asks for a page of what is due.
type DueQuery struct {
	Before time.Time
	Limit  int    // at most so many; ≥1
	Cursor string // from the page before; "" = from the start
}

// DuePage is a page of what is due.
type DuePage struct {
	Items  []DueItem
	Cursor string // "" = there is no more
}

// DueItem names something that is due, as the index has it.
type DueItem struct {
	ID string
	At time.Time
}

// Commit is one atomic change of a session and of what hangs on it.
type Commit struct {
	// Session as it is to be. The stored one must be at Session.Version−1; at Version 1 there must be none.
	Session Session
	Cart    *CartChange
	Stock   []StockChange
	// Redemptions are uses of limited discounts; each key is named once.
	Redemptions []RedemptionChange
}

// CartChange is a session's change of its cart.
type CartChange struct {
	CartID  string
	Version int64 // when not zero, the version that the cart must have
	// Holder is the session that must hold the cart; "" = it must be open: not locked, not canceled.
	Holder string
	Round  int // the cart's, always a condition

	Lock      bool          // the committed session takes the cart
	Release   bool          // the committed session gives the cart back
	Declines  []time.Time   // become the cart's; nil keeps
	NextRound bool          // the session ends without an order: Round+1
	Replace   *CartContents // takes the place of what the cart holds; raises Version, sets UpdatedAt and ExpiresAt
	Mark      Mark          // remembered with Replace
	At        time.Time     // for Replace
	ExpiresAt time.Time     // for Replace
	Due       time.Time     // for Replace and NextRound: becomes Due if the cart has none
}

// StockChange moves stock off the shelf (Delta < 0, needs that much free) or back (Delta > 0). A product that is gone or no
// longer kept takes back nothing and is no conflict; one that is gone can't be taken.
type StockChange struct {
	SKU   string
	Delta int64
}

// Conflict is a conditional write that found other conditions. It changed nothing. What is set is what refused it; nothing
// set means that the item written to does not exist.
type Conflict struct {
	Cart    *Cart
	Session *Session
	Person  *Person
	Short   []string // skus with less free than asked for
	Used    []string // keys of redemptions with no use left
}

// moved reports whether the stored session is another than the one that the commit was based on.
func (c *Conflict) moved(base Session) bool {
	return c.Session != nil && c.Session.Version != base.Version
}

// Error implements error.
func (c *Conflict) Error() string {
	switch {
	case c.Session != nil:
		return fmt.Sprintf("conflict with session %s at version %d", c.Session.ID, c.Session.Version)
	case c.Cart != nil:
		return fmt.Sprintf("conflict with cart %s at version %d", c.Cart.ID, c.Cart.Version)
	case c.Person != nil:
		return fmt.Sprintf("conflict with person %s at version %d", c.Person.ID, c.Person.Version)
	case len(c.Short) > 0:
		return fmt.Sprintf("stock is short of %v", c.Short)
	case len(c.Used) > 0:
		return fmt.Sprintf("no use is left under %v", c.Used)
	}
	return "conflict: nothing there"
}

// Catalog is what the shop sells.
type Catalog interface {
	// Products returns those of the skus that exist. It may be a short cache life old, stock included: what counts is
	// what Commit finds.
	Products(ctx context.Context, skus []string) (map[string]Product, error)

	// Search returns a page of products that match all words of the query, ordered by sku.
	Search(ctx context.Context, q ProductQuery) (ProductPage, error)

	// PutProducts makes or replaces products. Stock is set where a product is new or was not kept before; else only
	// AddStock moves it.
	PutProducts(ctx context.Context, products []Product) error

	// AddStock adds (or takes, never below zero) free stock once for each op. CodeNotFound for a product that doesn't
	// exist or isn't kept; CodeInvalid if it would fall below zero.
	AddStock(ctx context.Context, op, sku string, delta int64) error
}

// ProductQuery selects products.
type ProductQuery struct {
	Text       string   // words, any case, all must occur in sku, title, description or category
	Categories []string // any of them; none = all
	Limit      int      // 1–100
	Cursor     string
}

// ProductPage is a page of products.
type ProductPage struct {
	Products []Product
	Cursor   string // "" = there is no more
}

// Inbox keeps provider events that name no session of ours until reconcile has resolved them.
type Inbox interface {
	// PutInbox stores an item once for each id; again is success.
	PutInbox(ctx context.Context, item InboxItem) error
	// InboxItems returns a page of the items, oldest first.
	InboxItems(ctx context.Context, q DueQuery) ([]InboxItem, string, error)
	// RemoveInbox removes an item; none is success.
	RemoveInbox(ctx context.Context, id string) error
}

// InboxItem is an event that reconcile resolves: a dispute, a refund made elsewhere, money for a session we don't know.
type InboxItem struct {
	ID         string // provider's event id
	Type       string // provider's word
	Object     string // provider's id of what it is about
	IntentID   string
	SessionID  string // as the provider has it; may be none of ours
	Refund     bool   // it tells of money given back, perhaps by ourselves
	ReceivedAt time.Time
}

// Gateway takes money. Every error is a *payments.Error, or counts as payments.ClassUnknown. Deadlines are the context's;
// nothing is retried inside.
type Gateway interface {
	// Pay creates and confirms an intent, or (IntentID set) confirms that one, with its amount updated first if asked.
	Pay(ctx context.Context, r payments.Request) (payments.Intent, error)
	// Cancel cancels an intent. ClassRefused with State set when it is past canceling: read it.
	Cancel(ctx context.Context, intentID, key string) (payments.Intent, error)
	// Read returns an intent as it is now.
	Read(ctx context.Context, intentID string) (payments.Intent, error)
	// Find lists the intents that carry the session's id and were created since a time. It sees every intent whose
	// creation was answered; it never uses a search index that lags.
	Find(ctx context.Context, sessionID string, since time.Time) ([]payments.Intent, error)
	// Refund gives money back, once for each key.
	Refund(ctx context.Context, r payments.RefundRequest) (payments.Refund, error)
}
