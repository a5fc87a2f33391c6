package checkout

import (
	"slices"
	"time"

	"kassa/payments"
	"kassa/payments/money"
)

// Order is what a session is after it was paid, and all that happened to it since. Refunds, disputes and the like lie over it:
// nothing takes back that it was placed.
type Order struct {
	ID       string
	PlacedAt time.Time
	Amount   money.Money // taken, or held when Authorized
	IntentID string      // "" when the total was zero
	Terms    string      // version of the terms that were agreed to
	Returns  string      // version of the return policy that was promised
	// WithdrawalDays is how long after delivery the shopper may withdraw, as it was told when it was placed; 0 = by law there is no
	// such right.
	WithdrawalDays int
	Page           string // secret part of its public page's address
	// Authorized: the money is held, not yet taken, and lapses at CaptureBefore.
	Authorized    bool
	CaptureBefore time.Time // zero while nobody has asked the provider
	Warned        bool      // somebody was told that the hold is about to end

	Capture      *Capture      // of money that was held: asked for, or done
	Lapsed       time.Time     // the hold ended, or was released, before it was captured: there is no money
	Refunds      []Refund      // given back, asked for, or failed; the oldest first
	Fulfillments []Fulfillment // the oldest first
	Withdrawals  []Withdrawal  // the oldest first
	Disputes     []Dispute
	Suspected    time.Time     // the card's bank warned of fraud (early fraud warning)
	Cancellation *Cancellation // asked for, or done
}

// Capture takes the money that an order holds.
type Capture struct {
	Mark   Mark        // of the request
	Amount money.Money // to be taken; what is left of the hold is released
	Taken  money.Money // once done
	At     time.Time   // when it was asked for, then when it was done
	Done   bool
	Tries  int
}

// RefundState is how far a refund has come.
type RefundState string

const (
	RefundRequested RefundState = "requested" // stored; the provider's answer is not known yet
	RefundPending   RefundState = "pending"   // the provider has it, the shopper's bank not yet
	RefundDone      RefundState = "done"
	RefundFailed    RefundState = "failed" // the money is still the shop's
)

// Refund is money of an order on its way back to the shopper. It is stored, with its key at the provider, before the provider is
// asked.
type Refund struct {
	ID       string // follows from the order and the request's key; another program's begin with the provider's
	Mark     Mark   // of the request, or of the cancellation that it is for; none if it was made elsewhere
	Amount   money.Money
	Lines    []RefundLine
	Shipping money.Money // of Amount
	Reason   string      // provider's: requested_by_customer, duplicate, fraudulent; "" = none said
	Cause    string      // why there is one: "", canceled, withdrawn (with Of), elsewhere
	Of       string      // id of the withdrawal
	State    RefundState
	Provider string    // provider's refund, once known
	Part     int       // raised with each new key at the provider
	Tries    int       // to make it
	AskedAt  time.Time // when it was stored
	CalledAt time.Time // since when the provider may have been asked under its present key; zero = AskedAt
	At       time.Time // when State last changed
}

// RefundLine is what of a line is refunded.
type RefundLine struct {
	LineID   string
	Quantity int64
	Amount   money.Money
	// Unshipped are those of Quantity that were never shipped, and now need not be.
	Unshipped int64
	Restock   bool // they, or what came back, go to the shelf
}

// LineQuantity names so many of a line of an order.
type LineQuantity struct {
	LineID   string
	Quantity int64
}

// Fulfillment is goods handed to a carrier, or to the shopper.
type Fulfillment struct {
	ID             string
	Mark           Mark
	Lines          []LineQuantity
	Carrier        string
	TrackingNumber string
	TrackingURL    string
	At             time.Time
}

// Withdrawal is a shopper's notice of withdrawal from the contract. The receipt that the law wants (Directive 2011/83/EU art. 11 and
// 11a) is this record, which the order shows, and the message that its notice leads to.
type Withdrawal struct {
	ID       string
	Mark     Mark
	Lines    []LineQuantity
	Reason   string // none is needed
	Merchant bool   // the merchant noted it down: a letter, a call
	At       time.Time
	RefundBy time.Time // art. 13: 14 days, though the shop may wait for the goods
}

// DisputeState is how a dispute stands.
type DisputeState string

const (
	DisputeOpen DisputeState = "open"
	DisputeWon  DisputeState = "won"
	DisputeLost DisputeState = "lost" // the bank has taken the money back
)

// Dispute is a shopper's complaint to their bank (chargeback). While one is open, nothing is shipped and nothing refunded: the
// money would go twice.
type Dispute struct {
	ID     string // provider's
	Amount money.Money
	Reason string // provider's word
	State  DisputeState
	At     time.Time
}

// Cancellation ends an order. It is done once the money is on its way back, or released.
type Cancellation struct {
	Mark   Mark
	Reason string
	Refund string // id of the refund that returns the money; "" = there was none to return
	At     time.Time
	Done   bool
	Tries  int
}

// Canceled reports whether the order was canceled, its money returned.
func (o Order) Canceled() bool { return o.Cancellation != nil && o.Cancellation.Done }

// Disputed reports whether a dispute is open.
func (o Order) Disputed() bool {
	return slices.ContainsFunc(o.Disputes, func(d Dispute) bool { return d.State == DisputeOpen })
}

// Taken is the money that was taken for the order, before anything went back.
func (o Order) Taken() money.Money {
	switch {
	case o.Authorized, !o.Lapsed.IsZero():
		return money.Zero(o.Amount.Currency)
	case o.Capture != nil && o.Capture.Done:
		return o.Capture.Taken
	}
	return o.Amount
}

// capturing reports whether money that the order holds is being taken.
func (o Order) capturing() bool { return o.Authorized && o.Capture != nil && !o.Capture.Done }

// Refundable is what can still be refunded: what was taken, less what went back or is on its way, by us, by others or by a lost
// dispute.
func (o Order) Refundable() money.Money {
	left := o.Taken()
	for _, r := range o.Refunds {
		if r.State != RefundFailed {
			left.Minor -= r.Amount.Minor
		}
	}
	for _, d := range o.Disputes {
		if d.State == DisputeLost {
			left.Minor -= d.Amount.Minor
		}
	}
	left.Minor = max(left.Minor, 0)
	return left
}

// Progress is how far a line of an order has come.
type Progress struct {
	Original  int64 // bought
	Total     int64 // less what was refunded unshipped, and needs no shipping any more
	Fulfilled int64
	Refunded  int64 // shipped or not
	Withdrawn int64
}

// Progress returns how far a line has come.
func (s Session) Progress(lineID string) Progress {
	var p Progress
	for _, l := range s.Quote.Lines {
		if l.LineID == lineID {
			p.Original, p.Total = l.Quantity, l.Quantity
		}
	}
	o := s.Order
	if o == nil {
		return p
	}
	for _, r := range o.Refunds {
		for _, l := range r.Lines {
			if l.LineID == lineID && r.State != RefundFailed {
				p.Refunded, p.Total = p.Refunded+l.Quantity, p.Total-l.Unshipped
			}
		}
	}
	for _, f := range o.Fulfillments {
		p.Fulfilled += quantityOf(f.Lines, lineID)
	}
	for _, w := range o.Withdrawals {
		p.Withdrawn += quantityOf(w.Lines, lineID)
	}
	if o.Canceled() {
		p.Total = p.Fulfilled
	}
	return p
}

func quantityOf(lines []LineQuantity, lineID string) int64 {
	var n int64
	for _, l := range lines {
		if l.LineID == lineID {
			n += l.Quantity
		}
	}
	return n
}

// unshipped are the lines that still wait to be shipped.
func (s Session) unshipped() []LineQuantity {
	var out []LineQuantity
	for _, l := range s.Quote.Lines {
		if p := s.Progress(l.LineID); p.Total > p.Fulfilled {
			out = append(out, LineQuantity{l.LineID, p.Total - p.Fulfilled})
		}
	}
	return out
}

// refund returns the refund with an id.
func (o Order) refund(id string) (Refund, bool) {
	i := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.ID == id })
	if i < 0 {
		return Refund{}, false
	}
	return o.Refunds[i], true
}

// withdrawal returns the withdrawal with an id.
func (o Order) withdrawal(id string) (Withdrawal, bool) {
	i := slices.IndexFunc(o.Withdrawals, func(w Withdrawal) bool { return w.ID == id })
	if i < 0 {
		return Withdrawal{}, false
	}
	return o.Withdrawals[i], true
}

// withRefund returns the order with one refund as it is now. What it was made of is not touched.
func (o Order) withRefund(r Refund) Order {
	o.Refunds = slices.Clone(o.Refunds)
	if i := slices.IndexFunc(o.Refunds, func(known Refund) bool { return known.ID == r.ID }); i >= 0 {
		o.Refunds[i] = r
		return o
	}
	o.Refunds = append(o.Refunds, r)
	return o
}

func stateOf(s payments.RefundStatus) RefundState {
	switch s {
	case payments.RefundSucceeded:
		return RefundDone
	case payments.RefundFailed:
		return RefundFailed
	case payments.RefundPending:
	}
	return RefundPending
}
