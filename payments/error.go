package payments

import (
	"errors"
	"fmt"
)

// Class says what a failed call to the provider means for the money. Everything that is not certain is ClassUnknown: a
// wrong "it failed" is how shoppers pay twice.
type Class string

const (
	// ClassRefused: the provider did not do it and says so for good (a malformed request, an expired token, an intent in
	// the wrong state). The same request will be refused again.
	ClassRefused Class = "refused"
	// ClassDeclined: the provider tried and the shopper's bank said no. A further attempt is another request.
	ClassDeclined Class = "declined"
	// ClassUnknown: no answer, a 5xx, a conflict, a throttle: it may have been done, may still be done, or not.
	ClassUnknown Class = "unknown"
)

// Reason is the coarse cause of a decline that the shopper may hear. It never tells what a thief would like to know
// (Stripe: present generic_decline for fraud, lost and stolen cards).
type Reason string

const (
	ReasonDeclined       Reason = "declined"
	ReasonUseOtherMethod Reason = "use_other_method"
	ReasonCardExpired    Reason = "card_expired"
	ReasonCheckDetails   Reason = "check_details"
	ReasonAuthenticate   Reason = "authenticate"
	ReasonTryAgain       Reason = "try_again"
	ReasonCheckExisting  Reason = "check_existing"
	ReasonCanceled       Reason = "canceled"     // not completed in the other app
	ReasonAmountLimit    Reason = "amount_limit" // ours to prevent
	ReasonInvalidToken   Reason = "invalid_token"
)

// Decline is why money was not taken.
type Decline struct {
	Reason Reason
	Code   string // provider's code, for our records only
}

// Error is a failed call to the provider.
type Error struct {
	Class    Class
	Decline  Decline // ClassDeclined, ClassRefused
	Intent   *Intent // as the provider showed it beside the error, if it did
	Replayed bool    // the provider replayed a stored answer to this key: repeating the call will not tell more
	// NoCustomer: ClassUnknown because the provider knows no such customer (any more). Repeating the call will not tell more.
	NoCustomer bool
	State      bool // ClassRefused because the intent is in another state than we thought: read it
	Err        error
}

// Error implements error. It never contains the provider's message text, which may quote what the shopper typed.
func (e *Error) Error() string {
	return fmt.Sprintf("payment %s (%s): %v", e.Class, e.Decline.Code, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of err: ClassUnknown for every error that is not an *Error, so that an unforeseen failure never
// counts as "not charged".
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ClassUnknown
}
