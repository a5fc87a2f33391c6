package checkout

import (
	"errors"
	"time"
)

// Code classifies an Error. The edge maps it to an HTTP status in one table; everything without a code is CodeInternal.
type Code string

const (
	CodeInvalid           Code = "invalid"              // the request contradicts the API's rules; Path names the field
	CodeMissingKey        Code = "missing_key"          // an Idempotency-Key is required here
	CodeUnauthorized      Code = "unauthorized"         // no credential, or one that we can't read
	CodeForbidden         Code = "forbidden"            // a credential that doesn't reach this far
	CodeNotFound          Code = "not_found"            // no such thing, or not the caller's: the two look alike
	CodeKeyReused         Code = "idempotency_conflict" // the key was used for another request
	CodeVersionConflict   Code = "version_conflict"     // If-Match names another version
	CodeCartLocked        Code = "cart_locked"          // a session is being paid, or has been; CheckoutID names it
	CodeCartCanceled      Code = "cart_canceled"        // the cart was canceled or has expired
	CodePaymentInProgress Code = "payment_in_progress"  // an attempt is under way; come back after RetryAfter
	CodeAlreadyCompleted  Code = "already_completed"    // the session has become an order
	CodeAlreadyCanceled   Code = "already_canceled"     // the session has ended without an order
	CodeRateLimited       Code = "rate_limited"         // too many; come back after RetryAfter
	CodeUnavailable       Code = "unavailable"          // a store or provider did not answer; nothing was charged
	CodeNothingSellable   Code = "nothing_sellable"     // no line of the request can be sold; Messages say why
	CodeNotRefundable     Code = "not_refundable"       // more than is left of what an order has taken, or it took nothing
	CodeNotFulfillable    Code = "not_fulfillable"      // nothing of the order can be shipped
	CodeNotCapturable     Code = "not_capturable"       // the order holds no money
	CodeNotCancelable     Code = "not_cancelable"       // something was shipped, or the order was canceled
	CodeNotWithdrawable   Code = "not_withdrawable"     // the period is over, or there is nothing to withdraw from
	CodeDisputed          Code = "disputed"             // the shopper's bank decides about the payment first
	CodeInternal          Code = "internal"
)

// Error is the one error type of the domain. Message is English and for developers; the edge puts codes that shoppers see
// into their language.
type Error struct {
	Code       Code
	Message    string
	Path       string        // JSONPath (RFC 9535) of the field at fault, if one is
	CheckoutID string        // the session that stands in the way
	RetryAfter time.Duration // when it makes sense to ask again
	Messages   []Message     // CodeNothingSellable
	Err        error         // cause, for logs
}

// Error implements error.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Path != "" {
		text += " (" + e.Path + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorCode returns the code of err, CodeInternal if it has none.
func ErrorCode(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

func invalid(path, message string) *Error {
	return &Error{Code: CodeInvalid, Path: path, Message: message}
}
