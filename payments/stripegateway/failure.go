package stripegateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
)

// failure is what may be logged about a failed call: codes and ids, never Stripe's message or a body, which may quote what
// the shopper typed or hold a client secret.
type failure struct {
	op        string
	status    int
	kind      string // Stripe's error type
	code      string
	param     string
	requestID string
	cause     error // of the network or the context; never Stripe's
}

func (f *failure) Error() string {
	s := "stripe " + f.op
	for _, fact := range []struct{ name, value string }{
		{"status", number(f.status)}, {"type", f.kind}, {"code", f.code}, {"param", f.param}, {"request_id", f.requestID},
	} {
		if fact.value != "" {
			s += " " + fact.name + "=" + fact.value
		}
	}
	if f.cause != nil {
		s += ": " + f.cause.Error()
	}
	return s
}

func (f *failure) Unwrap() error { return f.cause }

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// errUnreadable stands for stripe-go's decoding errors, whose text has a sample of the body.
var errUnreadable = errors.New("unreadable answer")

// failed classifies the error of a write; see the package comment for the table.
func failed(op string, err error, s *seen) *payments.Error {
	f := &failure{op: op, status: s.status, requestID: s.requestID}
	out := &payments.Error{Class: payments.ClassUnknown, Replayed: s.replayed, Err: f}
	var e *stripe.Error
	if !errors.As(err, &e) {
		f.cause = transportError(err)
		return out
	}
	f.kind, f.param = string(e.Type), e.Param
	decline := declineOf(e)
	f.code = decline.Code
	if e.PaymentIntent != nil && e.PaymentIntent.ID != "" {
		i := intentOf(e.PaymentIntent)
		out.Intent = &i
	}
	out.Class = classOf(e, s.status, out.Intent)
	if out.Class == payments.ClassUnknown {
		out.NoCustomer = e.Code == stripe.ErrorCodeResourceMissing && e.Param == "customer"
		return out
	}
	out.Decline = decline
	out.State = out.Class == payments.ClassRefused && (stateCodes[string(e.Code)] || moved(out.Intent))
	return out
}

// stateCodes are Stripe's ways to say that the object is no longer where the request assumed it.
var stateCodes = map[string]bool{
	"payment_intent_unexpected_state": true,
	"intent_invalid_state":            true,
	"charge_already_captured":         true,
	"charge_already_refunded":         true,
	"charge_disputed":                 true,
	"charge_expired_for_capture":      true,
	"charge_not_refundable":           true,
	"refund_disputed_payment":         true,
}

func classOf(e *stripe.Error, status int, i *payments.Intent) payments.Class {
	switch {
	case status == http.StatusPaymentRequired && !moved(i):
		if e.Type == stripe.ErrorTypeCard || i != nil {
			return payments.ClassDeclined
		}
	case e.Type != stripe.ErrorTypeInvalidRequest: // idempotency_error, api_error and whatever comes
	case e.Code == stripe.ErrorCodeResourceMissing && !instrumentParams[e.Param]:
		// The intent, or something else we hold, is not in this account: after a change of keys a first try may have been
		// made in another.
	case e.Code == stripe.ErrorCodeLockTimeout || e.Code == stripe.ErrorCodeIdempotencyKeyInUse || e.Code == stripe.ErrorCodeRateLimit:
	case status == http.StatusBadRequest, status == http.StatusNotFound && e.Code == stripe.ErrorCodeResourceMissing:
		return payments.ClassRefused
	}
	return payments.ClassUnknown
}

// moved reports whether an intent shown beside an error is anywhere else than waiting for the next try.
func moved(i *payments.Intent) bool { return i != nil && i.Status != payments.StatusAwaitingMethod }

// transportError keeps what a network or a context said and drops what stripe-go made of a body.
func transportError(err error) error {
	var netErr net.Error // *url.Error is one
	if errors.As(err, &netErr) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return errUnreadable
}

// unreadable is an answer of success that is not the thing we asked for.
func unreadable(op string, res *stripe.APIResponse) *payments.Error {
	f := &failure{op: op, cause: errUnreadable}
	out := &payments.Error{Class: payments.ClassUnknown, Err: f}
	if res != nil {
		f.status, f.requestID = res.StatusCode, res.RequestID
		out.Replayed = res.Header.Get("Idempotent-Replayed") == "true"
	}
	return out
}

// notSent is a request that can't be made, seen before anything left.
func notSent(op string, reason payments.Reason, err error) *payments.Error {
	return &payments.Error{
		Class:   payments.ClassRefused,
		Decline: payments.Decline{Reason: reason},
		Err:     &failure{op: op, cause: fmt.Errorf("%w: %w", errNotSent, err)},
	}
}

// undecided makes any failure of a read unknown.
func undecided(err error) error {
	var e *payments.Error
	if !errors.As(err, &e) {
		return err
	}
	return &payments.Error{Class: payments.ClassUnknown, Intent: e.Intent, Replayed: e.Replayed, Err: e.Err}
}
