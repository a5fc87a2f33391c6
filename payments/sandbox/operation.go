package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// call is one request on its way through an operation.
type call struct {
	form    *form
	id      string // {id} of the path
	path    string
	version string // Stripe-Version as it was sent
	public  bool   // made with a publishable key
}

// work is what a call does once its parameters are read: from here on Stripe stores the result under the idempotency key.
type work func(*tx) (any, *apiError)

// operation is one thing the API can do.
type operation struct {
	name   string
	method string
	path   string
	// accepts are the parameters it knows; any other is refused.
	accepts accepted
	read    func(*call) work
	// public operations can be called by an app, with a publishable key.
	public bool
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	del  = http.MethodDelete
)

// operations is the whole API. It never changes.
var operations = func() []operation {
	none := accept()
	of := accept(pageKeys, rangeKeys, keys("charge", "payment_intent", "customer"))
	source := accept(keys("client_secret"))
	return []operation{
		{"payment_intents.create", post, "/v1/payment_intents", accept(createKeys), createIntent, false},
		{"payment_intents.list", get, "/v1/payment_intents", accept(pageKeys, rangeKeys, keys("customer")), listIntents, false},
		{"payment_intents.retrieve", get, "/v1/payment_intents/{id}", source, retrieveIntent, true},
		{"payment_intents.update", post, "/v1/payment_intents/{id}", accept(updateKeys), updateIntent, false},
		{"payment_intents.confirm", post, "/v1/payment_intents/{id}/confirm",
			accept(confirmKeys, sourceKeys, changeKeys, keys("client_secret", "capture_method")), confirmIntent, true},
		{"payment_intents.capture", post, "/v1/payment_intents/{id}/capture",
			accept(keys("amount_to_capture", "metadata", "metadata[*]")), captureIntent, false},
		{"payment_intents.cancel", post, "/v1/payment_intents/{id}/cancel", accept(keys("cancellation_reason")), cancelIntent, false},

		{"payment_methods.create", post, "/v1/payment_methods", accept(methodKeys()), createMethod, true},
		{"payment_methods.list", get, "/v1/payment_methods", accept(pageKeys, keys("customer", "type")), listMethods, false},
		{"payment_methods.retrieve", get, "/v1/payment_methods/{id}", none, retrieveMethod, false},
		{"payment_methods.attach", post, "/v1/payment_methods/{id}/attach", accept(keys("customer")), attachMethod, false},
		{"payment_methods.detach", post, "/v1/payment_methods/{id}/detach", none, detachMethod, false},

		{"confirmation_tokens.retrieve", get, "/v1/confirmation_tokens/{id}", none, retrieveToken, false},
		{"confirmation_tokens.create", post, "/v1/confirmation_tokens", accept(tokenKeys), createToken, true},
		{"test_helpers.confirmation_tokens.create", post, "/v1/test_helpers/confirmation_tokens", accept(tokenKeys), createToken, false},

		{"charges.retrieve", get, "/v1/charges/{id}", none, retrieveCharge, false},
		{"charges.list", get, "/v1/charges", of, listCharges, false},
		{"refunds.create", post, "/v1/refunds",
			accept(keys("amount", "charge", "payment_intent", "reason", "metadata", "metadata[*]")), createRefund, false},
		{"refunds.retrieve", get, "/v1/refunds/{id}", none, retrieveRefund, false},
		{"refunds.list", get, "/v1/refunds", of, listRefunds, false},
		{"disputes.retrieve", get, "/v1/disputes/{id}", none, retrieveDispute, false},
		{"disputes.list", get, "/v1/disputes", of, listDisputes, false},

		{"customers.create", post, "/v1/customers", accept(customerKeys), createCustomer, false},
		{"customers.list", get, "/v1/customers", accept(pageKeys, rangeKeys, keys("email")), listCustomers, false},
		{"customers.retrieve", get, "/v1/customers/{id}", none, retrieveCustomer, false},
		{"customers.update", post, "/v1/customers/{id}", accept(customerKeys), updateCustomer, false},
		{"customers.delete", del, "/v1/customers/{id}", none, deleteCustomer, false},
		{"customers.payment_methods", get, "/v1/customers/{id}/payment_methods", accept(pageKeys, keys("type")), listMethods, false},
		{"ephemeral_keys.create", post, "/v1/ephemeral_keys", accept(keys("customer")), createEphemeralKey, false},
		{"ephemeral_keys.delete", del, "/v1/ephemeral_keys/{id}", none, deleteEphemeralKey, false},

		{"events.retrieve", get, "/v1/events/{id}", none, retrieveEvent, false},
		{"events.list", get, "/v1/events", accept(pageKeys, rangeKeys, keys("type", "types[]", "delivery_success")), listEvents, false},
		{"balance.retrieve", get, "/v1/balance", none, retrieveBalance, false},
		{"account.retrieve", get, "/v1/account", none, retrieveAccount, false},
	}
}()

// route finds the operation of a request and the id in its path.
func route(method, path string) (operation, string, bool) {
	parts := strings.Split(path, "/")
	for _, op := range operations {
		if op.method != method {
			continue
		}
		if id, ok := op.match(parts); ok {
			return op, id, true
		}
	}
	return operation{}, "", false
}

func (op operation) match(parts []string) (id string, ok bool) {
	pattern := strings.Split(op.path, "/")
	if len(pattern) != len(parts) {
		return "", false
	}
	for i, want := range pattern {
		switch {
		case want == "{id}" && parts[i] != "":
			id = parts[i]
		case want != parts[i]:
			return "", false
		}
	}
	return id, true
}

type balanceAmount struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// retrieveBalance sums the ledger by currency: what was captured, less what was refunded.
func retrieveBalance(*call) work {
	return func(t *tx) (any, *apiError) {
		sums, available := map[string]int64{}, []balanceAmount{}
		for _, ch := range t.charges.oldest {
			line := ch.line()
			sums[line.Currency] += line.Captured - line.Refunded
		}
		for currency, sum := range sums {
			available = append(available, balanceAmount{sum, currency})
		}
		slices.SortFunc(available, func(a, b balanceAmount) int { return strings.Compare(a.Currency, b.Currency) })
		return struct {
			Object    string          `json:"object"`
			Available []balanceAmount `json:"available"`
			Livemode  bool            `json:"livemode"`
			Pending   []balanceAmount `json:"pending"`
		}{"balance", available, false, []balanceAmount{}}, nil
	}
}

func retrieveAccount(*call) work {
	return func(*tx) (any, *apiError) {
		return struct {
			ID              string `json:"id"`
			Object          string `json:"object"`
			ChargesEnabled  bool   `json:"charges_enabled"`
			Country         string `json:"country"`
			DefaultCurrency string `json:"default_currency"`
		}{"acct_sandbox", "account", true, "NL", "eur"}, nil
	}
}

// Request is one call of the API, without HTTP.
type Request struct {
	Method         string     `json:"method"`
	Path           string     `json:"path"` // such as /v1/payment_intents
	Params         url.Values `json:"params"`
	Key            string     `json:"key"` // the API key
	IdempotencyKey string     `json:"idempotency_key"`
	Version        string     `json:"version"` // Stripe-Version
}

// Answer is what comes back.
type Answer struct {
	Status int
	Header map[string]string
	Body   []byte
}

func (r Request) answer(status int, body []byte, requestID string) Answer {
	a := Answer{Status: status, Body: body, Header: map[string]string{"Content-Type": "application/json", "Request-Id": requestID,
		"Stripe-Version": APIVersion}}
	if r.IdempotencyKey != "" {
		a.Header["Idempotency-Key"] = r.IdempotencyKey
	}
	return a
}

func (r Request) refusal(e *apiError, requestID string) Answer {
	return r.answer(e.status, e.body(), requestID)
}
