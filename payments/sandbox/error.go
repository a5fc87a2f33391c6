package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Stripe's error types, https://stripe.com/docs/api/errors.
const (
	typeAPI         = "api_error"
	typeCard        = "card_error"
	typeIdempotency = "idempotency_error"
	typeInvalid     = "invalid_request_error"
)

// failure is Stripe's error object: the body of a refused call, and an intent's last_payment_error.
type failure struct {
	Charge        string         `json:"charge,omitempty"`
	Code          string         `json:"code,omitempty"`
	DeclineCode   string         `json:"decline_code,omitempty"`
	DocURL        string         `json:"doc_url,omitempty"`
	Message       string         `json:"message"`
	Param         string         `json:"param,omitempty"`
	PaymentIntent *intent        `json:"payment_intent,omitempty"`
	PaymentMethod *paymentMethod `json:"payment_method,omitempty"`
	Type          string         `json:"type"`
}

// apiError is a failure with its HTTP status.
type apiError struct {
	failure
	status int
	// kept says that the call had an effect all the same: a declined attempt stays on the intent and in the ledger.
	kept bool
}

func (e *apiError) body() []byte {
	return encode(struct {
		Error failure `json:"error"`
	}{e.failure})
}

func invalid(code, param, format string, args ...any) *apiError {
	e := &apiError{status: http.StatusBadRequest}
	e.failure = failure{Type: typeInvalid, Code: code, Param: param, Message: fmt.Sprintf(format, args...), DocURL: docURL(code)}
	return e
}

func serverError(message string) *apiError {
	return &apiError{status: http.StatusInternalServerError, failure: failure{Type: typeAPI, Message: message}}
}

// missing is the answer to an id in the URL that nobody has.
func missing(kind, id string) *apiError {
	e := invalid("resource_missing", "id", "No such %s: '%s'", kind, id)
	e.status = http.StatusNotFound
	return e
}

// missingParam is the answer to an unknown id in a parameter: 400, unlike one in the URL.
func missingParam(kind, param, id string) *apiError {
	return invalid("resource_missing", param, "No such %s: '%s'", kind, id)
}

// unexpectedState refuses what an intent's status does not allow, and shows the intent.
func unexpectedState(i intent, format string, args ...any) *apiError {
	e := invalid("payment_intent_unexpected_state", "", format, args...)
	e.PaymentIntent = &i
	return e
}

func docURL(code string) string {
	if code == "" {
		return ""
	}
	return "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(code, "_", "-")
}

// encode renders what this package made itself; such a value can always be rendered.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"error":{"type":"api_error","message":"An answer could not be rendered."}}`)
	}
	return data
}

// text is a string that Stripe shows as null when empty.
type text string

// MarshalJSON renders an empty text as null.
func (t text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// stamp is a time in Unix seconds that Stripe shows as null when unset.
type stamp int64

// MarshalJSON renders an unset stamp as null.
func (s stamp) MarshalJSON() ([]byte, error) {
	if s == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(int64(s))
}
