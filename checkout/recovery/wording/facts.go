package wording

import (
	"time"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/payments/money"
)

// Channels that there are words for: recovery.Channel as text.
const (
	Email = "email"
	Push  = "push"
)

// What messages tell. The first are why a cart was left; what isn't among them is told as Left.
const (
	PaymentDeclined    = "payment_declined"
	AuthenticationLeft = "authentication_left"
	RedirectLost       = "redirect_lost"
	WalletDismissed    = "wallet_dismissed"
	ShippingCost       = "shipping_cost"
	OutOfStock         = "out_of_stock"
	PriceChanged       = "price_changed"
	NoCheckout         = "no_checkout"
	Left               = "left"

	Receipt         = "receipt"          // the order was placed: the confirmation that the law wants on a durable medium
	DeclinedLate    = "declined_late"    // a slow bank declined after all; there is no order
	PaymentReturned = "payment_returned" // money came that can't become an order, and goes back
	Refunded        = "refunded"
	Canceled        = "canceled"
	Shipped         = "shipped"
	Withdrawn       = "withdrawn" // a withdrawal from the contract has arrived
	Confirm         = "confirm"   // double opt-in: is this address yours, and do you want our messages?
)

// Facts are all that a message is made of.
type Facts struct {
	Shop    Shop
	Now     time.Time      // when it is sent
	Locale  string         // nl, nb, en, de, fr; another gets the texts of en
	Zone    *time.Location // the recipient's; nil = the shop's
	Channel string         // Email or Push
	Service bool           // a service message; else a follow-up
	Reason  string         // what it tells, see above

	FirstName string // "" = not known, or not to be used
	Lines     []Line
	Total     money.Money // of the cart as it would be bought now; service messages: of the order
	Link      string      // what it opens: recovery link, order, or what is confirmed
	// Incentive is follow-ups' only, and Unsubscribe too: the page on which one says no, which every follow-up by e-mail has.
	Incentive   *Incentive
	Unsubscribe string
	Estimate    *pricing.Quote // follow-ups: what Total is made of, in Country; nil = nothing is said of that
	Country     string
	Customer    bool // follow-ups: it goes to somebody who has bought before, and was never asked (soft opt-in)

	Order  *Order  // service messages about an order
	Refund *Refund // Refunded, Canceled and PaymentReturned
	Parcel *Parcel // Shipped
}

// Shop is who writes.
type Shop struct {
	Name    string
	BaseURL string          // https; relative pictures lie under it
	Links   []checkout.Link // terms, privacy, returns: checkout.Shop's
	Zone    *time.Location  // nil = UTC
	Settings
}

// Line is one line of a cart or order, with its product's title in the message's language.
type Line struct {
	Title    string
	Quantity int64
	Unit     money.Money
	Total    money.Money
	ImageURL string // https, or relative to the shop's base URL; "" = none
}

// Incentive is what a cart is worth coming back for: a code made for it alone.
type Incentive struct {
	Code  string
	Title string    // what it gives, in the message's language: "10 % off"
	Until time.Time // the first instant at which it doesn't hold any more; zero = no end
}

// Order is what a service message tells of an order. All of it is as it was agreed.
type Order struct {
	ID       string
	PlacedAt time.Time
	Quote    pricing.Quote // amounts, taxes, and the selected option with its delivery window
	Country  string        // where it goes to, ISO 3166-1 alpha-2: what its tax is called
	Address  []string      // lines of where it goes to; none where nothing is shipped
	Ships    bool          // goods are brought; a withdrawal's days then count from their arrival
	// Authorized: the money is held and taken when the goods leave.
	Authorized bool
	Method     string // how it was paid, as shoppers know it: "Visa •••• 4242", "iDEAL"; "" = not known
	Terms      string // version that was agreed to
	ReturnDays int    // how long the shop takes things back; told where the law gives no right to withdraw
	// WithdrawalDays is how long the buyer may withdraw; 0 = the law gives no such right.
	WithdrawalDays int
	Pickup         *pricing.Location // where it is collected; nil = it is brought
}

// Refund is money on its way back.
type Refund struct {
	Amount money.Money
	Full   bool // with it all of the order's money is back
}

// Parcel is what was handed to a carrier.
type Parcel struct {
	Carrier     string
	Tracking    string // the carrier's number; "" = none
	TrackingURL string // https; "" = none
	Partial     bool   // more of the order is still to come
}

// Rendered is a message in words.
type Rendered struct {
	Subject string // the title of a push
	Text    string // the body of a push
	HTML    string // e-mail only
}
