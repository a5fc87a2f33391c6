package edge

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"kassa/checkout"
	"kassa/functions/internal/strictjson"
	"kassa/functions/internal/ucp"
)

// Codes of refusals that have nothing to do with the domain. version_unsupported is UCP's.
const (
	codeNotFound   = checkout.CodeNotFound
	codeMethod     = checkout.Code("method_not_allowed")
	codeMedia      = checkout.Code("unsupported_media_type")
	codeTooLarge   = checkout.Code("content_too_large")
	codeTimeout    = checkout.Code("request_timeout")
	codeHeaders    = checkout.Code("headers_too_large")
	codeVersion    = checkout.Code("version_unsupported")
	codeCardNumber = checkout.Code("card_number")
)

// outcome is how a code is answered.
type outcome struct {
	status   int
	severity checkout.Severity
	retry    time.Duration // where the error itself names none
}

// outcomes is the one table from code to status. What is not in it is internal.
var outcomes = map[checkout.Code]outcome{
	checkout.CodeInvalid:           {status: http.StatusBadRequest, severity: checkout.SeverityRecoverable},
	checkout.CodeMissingKey:        {status: http.StatusBadRequest, severity: checkout.SeverityRecoverable},
	codeCardNumber:                 {status: http.StatusBadRequest, severity: checkout.SeverityFinal},
	checkout.CodeUnauthorized:      {status: http.StatusUnauthorized, severity: checkout.SeverityRecoverable},
	checkout.CodeForbidden:         {status: http.StatusForbidden, severity: checkout.SeverityFinal},
	checkout.CodeNotFound:          {status: http.StatusNotFound, severity: checkout.SeverityFinal},
	codeMethod:                     {status: http.StatusMethodNotAllowed, severity: checkout.SeverityFinal},
	codeTimeout:                    {status: http.StatusRequestTimeout, severity: checkout.SeverityRecoverable},
	checkout.CodeKeyReused:         {status: http.StatusConflict, severity: checkout.SeverityRecoverable},
	checkout.CodeVersionConflict:   {status: http.StatusConflict, severity: checkout.SeverityRecoverable},
	checkout.CodeCartLocked:        {status: http.StatusConflict, severity: checkout.SeverityRecoverable},
	checkout.CodeCartCanceled:      {status: http.StatusConflict, severity: checkout.SeverityFinal},
	checkout.CodePaymentInProgress: {status: http.StatusConflict, severity: checkout.SeverityRecoverable, retry: 2 * time.Second},
	checkout.CodeAlreadyCompleted:  {status: http.StatusConflict, severity: checkout.SeverityFinal},
	checkout.CodeAlreadyCanceled:   {status: http.StatusConflict, severity: checkout.SeverityFinal},
	checkout.CodeNotRefundable:     {status: http.StatusConflict, severity: checkout.SeverityFinal},
	checkout.CodeNotFulfillable:    {status: http.StatusConflict, severity: checkout.SeverityFinal},
	checkout.CodeNotCapturable:     {status: http.StatusConflict, severity: checkout.SeverityFinal},
	checkout.CodeNotCancelable:     {status: http.StatusConflict, severity: checkout.SeverityFinal},
	checkout.CodeNotWithdrawable:   {status: http.StatusConflict, severity: checkout.SeverityFinal},
	checkout.CodeDisputed:          {status: http.StatusConflict, severity: checkout.SeverityRecoverable},
	codeTooLarge:                   {status: http.StatusRequestEntityTooLarge, severity: checkout.SeverityRecoverable},
	codeMedia:                      {status: http.StatusUnsupportedMediaType, severity: checkout.SeverityRecoverable},
	codeVersion:                    {status: http.StatusUnprocessableEntity, severity: checkout.SeverityFinal},
	checkout.CodeRateLimited:       {status: http.StatusTooManyRequests, severity: checkout.SeverityRecoverable, retry: time.Minute},
	codeHeaders:                    {status: http.StatusRequestHeaderFieldsTooLarge, severity: checkout.SeverityRecoverable},
	checkout.CodeInternal:          {status: http.StatusInternalServerError, severity: checkout.SeverityRecoverable},
	checkout.CodeUnavailable:       {status: http.StatusServiceUnavailable, severity: checkout.SeverityRecoverable, retry: time.Second},
	// Nothing was wrong with the request's form: a business outcome, UCP's error response in a 200.
	checkout.CodeNothingSellable: {status: http.StatusOK, severity: checkout.SeverityRecoverable},
}

// WrongMedia is the refusal of a body of another type than those.
func WrongMedia(expected string) error {
	return refuse(codeMedia, "the Content-Type must be "+expected)
}

func refuse(code checkout.Code, text string) error { return &checkout.Error{Code: code, Message: text} }

// failed is an error as it is answered and logged.
type failed struct {
	code  checkout.Code
	how   outcome
	body  any
	retry time.Duration
}

// failure makes an answer of an error: what the domain or the form of the request says, or "internal", which tells nothing.
func failure(w *ucp.Wire, language string, err error) failed {
	var (
		domain *checkout.Error
		faults ucp.Faults
		json   *strictjson.Error
	)
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		domain = &checkout.Error{Code: codeTooLarge, Message: "the body has more than " + strconv.FormatInt(long.Limit, 10) + " bytes"}
	case errors.As(err, &domain):
	case errors.As(err, &faults):
		first := checkout.Code(faults[0].Code)
		how, ok := outcomes[first]
		if !ok {
			how = outcomes[checkout.CodeInvalid]
		}
		return failed{code: first, how: how, body: w.Failure(language, faults...)}
	case errors.As(err, &json):
		domain = fromJSON(json)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		domain = &checkout.Error{Code: checkout.CodeUnavailable}
	default:
		domain = &checkout.Error{Code: checkout.CodeInternal}
	}
	how, ok := outcomes[domain.Code]
	if !ok || domain.Code == checkout.CodeInternal {
		domain = &checkout.Error{Code: checkout.CodeInternal}
		how = outcomes[checkout.CodeInternal]
	}
	if domain.Code == codeNotFound {
		domain = &checkout.Error{Code: codeNotFound, Message: "there is no such thing, or it is not yours"} // and nothing tells which
	}
	f := failed{code: domain.Code, how: how, retry: how.retry}
	if domain.RetryAfter > 0 {
		f.retry = domain.RetryAfter
	}
	if domain.Code == checkout.CodeNothingSellable && len(domain.Messages) > 0 {
		f.body = w.Outcome(language, domain.Messages)
		return f
	}
	f.body = w.Failure(language, ucp.Fault{
		Code: string(domain.Code), Text: domain.Message, Path: domain.Path, Severity: how.severity, CheckoutID: domain.CheckoutID,
	})
	return f
}

func fromJSON(e *strictjson.Error) *checkout.Error {
	out := &checkout.Error{Code: checkout.CodeInvalid, Message: e.Reason, Path: e.Path}
	switch e.Kind {
	case strictjson.TooLarge:
		out.Code = codeTooLarge
	case strictjson.CardNumber:
		out.Code = codeCardNumber
	case strictjson.Malformed, strictjson.WrongType, strictjson.Unknown:
	}
	return out
}

// retryAfter is a wait as Retry-After has it: whole seconds, at least one.
func retryAfter(d time.Duration) string {
	return strconv.FormatInt(max(1, int64(math.Ceil(d.Seconds()))), 10)
}
