package recovery

import (
	"context"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
)

// FactKind is what a fact tells.
type FactKind string

const (
	FactAbandoned FactKind = "abandoned" // a cart was left: Reason
	FactEligible  FactKind = "eligible"  // a person could be sent a follow-up for the first time: Arm
	FactSent      FactKind = "sent"      // a follow-up was handed to the provider
	FactSkipped   FactKind = "skipped"   // a follow-up was not sent: Why
	FactOrdered   FactKind = "ordered"   // a person who has an arm has bought, within the window: Order, Amount
	FactRecovered FactKind = "recovered" // a follow-up led to an order: Order, Amount, Stage, Channel
	FactClicked   FactKind = "clicked"   // the link of a follow-up was used
)

// Fact is something that statistics count. It names people by hashes only.
type Fact struct {
	ID     string // the same whenever the fact comes again
	Kind   FactKind
	At     time.Time
	CartID string
	// Platform is that of the cart: Cart.Context.Platform.
	Platform payments.Platform
	Person   string // checkout.PersonOfEmail and the like, of whoever the follow-up reaches; "" = nobody known
	Arm      Arm    // eligible, ordered
	Salt     string // of the deal that the arm is of
	Percent  int    // of people held out when the person entered: eligible
	Reason   Reason // why the cart was left
	Stage    string
	Channel  Channel
	Why      string // skipped
	OrderID  string
	Amount   money.Money // of the order
}

// platformOf is the platform that facts about a cart are of.
func platformOf(c checkout.Cart) payments.Platform { return payments.Platform(c.Context.Platform) }

// Ledger takes in facts, for reports.
type Ledger interface {
	// Record counts a fact. It may come again, at once or days later: a second time must change nothing, which its ID serves
	// for. An error has it come again. Deadlines are the context's.
	Record(ctx context.Context, f Fact) error
}
