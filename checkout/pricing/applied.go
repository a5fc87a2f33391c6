package pricing

import "kassa/payments/money"

// AppliedDiscount is what one rule took off, and where.
type AppliedDiscount struct {
	RuleID, Title string
	Code          string // as the settings write it, "" if Automatic
	Automatic     bool
	Priority      int
	Amount        money.Money
	// Provisional: free shipping is granted, but while the quote is Estimated nobody knows how much that is.
	Provisional bool
	// Limit and PerPerson are how often the rule may be used, zero for no limit. The caller redeems, with the order.
	Limit, PerPerson int64
	FirstOrder       bool         // the rule is for a person's first order only
	Allocations      []Allocation // in the order of the lines, shipping last; they sum to Amount
}

// Allocation is the part of a discount that was taken off a line, or off shipping.
type Allocation struct {
	Line   int // index in Quote.Lines, or [AllocatedToShipping]
	Amount money.Money
}

// AllocatedToShipping stands for shipping where a line is meant otherwise.
const AllocatedToShipping = -1

// RefusedCode is a code that gave nothing, and why.
type RefusedCode struct {
	Index  int    // in Input.Codes
	Code   string // as typed
	Reason Reason
	// Minimum is the value of goods that is asked for, with [ReasonMinimumNotReached].
	Minimum money.Money
}

// Reason says why a code gives nothing. Of several the one that stands first here is told.
type Reason string

const (
	ReasonUnknown           Reason = "unknown"
	ReasonNotYetValid       Reason = "not_yet_valid"
	ReasonExpired           Reason = "expired"
	ReasonUsedUp            Reason = "used_up"
	ReasonNotFirstOrder     Reason = "not_first_order"
	ReasonNotInCountry      Reason = "not_in_country" // also while the country is unknown
	ReasonNotForProducts    Reason = "not_for_these_products"
	ReasonWrongCurrency     Reason = "wrong_currency"
	ReasonMinimumNotReached Reason = "minimum_not_reached"
	ReasonNotCombinable     Reason = "not_combinable" // other discounts give as much or more
	ReasonNoEffect          Reason = "no_effect"      // there is nothing left to take it off
)
