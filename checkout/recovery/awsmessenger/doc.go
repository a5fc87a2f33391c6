// Package awsmessenger hands messages to people over: e-mail by Amazon SES (API v2), push by Amazon SNS's platform endpoints. It alone
// imports their clients.
//
// A send is not idempotent: neither service takes an idempotency key. So nothing that may have been taken is ever sent again, here or by
// the SDK, and errors tell apart what the caller must know (recovery.Refusal): it was not taken, it was not taken now, nobody is there.
// Every other error leaves open whether the message was taken.
package awsmessenger

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// later are codes of errors that pass: what is sent too fast, and what a person mends in the account. The message is as good as before.
var later = []string{
	// SES: the last is the configuration set's
	"TooManyRequestsException", "SendingPausedException", "AccountSuspendedException", "LimitExceededException",
	"MailFromDomainNotVerifiedException", "NotFoundException",
	// SNS
	"Throttled", "PlatformApplicationDisabled", "AuthorizationError",
	// both
	"AccessDeniedException", "AccessDenied", "ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId",
	"InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired",
}

// gone are codes that say that nobody is there: an endpoint whose token the platform has called invalid, or that was deleted.
var gone = []string{"EndpointDisabled", "NotFound"}

// refusal puts a failed send into recovery's words. The provider's text may quote an address: it is left to Unwrap.
func refusal(service string, err error) error {
	var (
		api      smithy.APIError
		response *awshttp.ResponseError
	)
	switch {
	case errors.As(err, &api) && errors.As(err, &response) && response.HTTPStatusCode()/100 == 4:
		code := api.ErrorCode()
		_, throttled := retry.DefaultThrottleErrorCodes[code]
		passes := throttled || response.HTTPStatusCode() == http.StatusTooManyRequests || slices.Contains(later, code) || unverified(api)
		return &recovery.Refusal{Gone: slices.Contains(gone, code), Retry: passes, Err: err}
	case neverLeft(err):
		return &recovery.Refusal{Retry: true, Err: err}
	}
	return &unanswered{service, err}
}

// unverified reports whether SES refuses for want of a verified identity: the sender's, or the recipient's while the account is in the
// sandbox. It has no code of its own, and is mended in the account.
func unverified(err smithy.APIError) bool {
	return err.ErrorCode() == "MessageRejected" && strings.Contains(err.ErrorMessage(), "not verified")
}

// neverLeft reports whether a call failed before any of it was sent: there was no connection to send it over.
func neverLeft(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// unanswered is a call of which nobody knows what became of it.
type unanswered struct {
	service string
	err     error
}

// Error implements error. What the provider has said stays out of it, because that may quote what was sent.
func (u *unanswered) Error() string {
	var response *awshttp.ResponseError
	switch {
	case errors.Is(u.err, context.DeadlineExceeded), errors.Is(u.err, context.Canceled):
		return u.service + " has not answered in time"
	case errors.As(u.err, &response):
		return fmt.Sprintf("%s has failed with status %d", u.service, response.HTTPStatusCode())
	}
	return "the connection to " + u.service + " broke"
}

// Unwrap returns the cause.
func (u *unanswered) Unwrap() error { return u.err }

// ended is the refusal of a message that there is no time left for.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &recovery.Refusal{Retry: true, Err: err}
	}
	return nil
}

// once keeps the SDK from repeating calls.
func once() aws.Retryer { return aws.NopRetryer{} }

func invalid(path, message string) error {
	return &checkout.Error{Code: checkout.CodeInvalid, Path: path, Message: message}
}

// refused is a message that can't be what is sent.
func refused(why string) error { return &recovery.Refusal{Err: errors.New(why)} }
