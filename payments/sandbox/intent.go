package sandbox

import (
	"slices"
	"strings"
)

// The statuses of an intent:
//
//	requires_payment_method ⇄ requires_confirmation → requires_action → processing → succeeded
//	          ▲                                            │       └───→ requires_capture ┘
//	          └──────── a failed attempt ──────────────────┘
//
// canceled is reached from every one of them but succeeded (and, here, processing).
const (
	needsMethod       = "requires_payment_method"
	needsConfirmation = "requires_confirmation"
	needsAction       = "requires_action"
	processing        = "processing"
	needsCapture      = "requires_capture"
	succeeded         = "succeeded"
	canceled          = "canceled"
)

type automatic struct {
	AllowRedirects string `json:"allow_redirects"`
	Enabled        bool   `json:"enabled"`
}

// intent is a PaymentIntent as the API shows it.
type intent struct {
	ID                  string                       `json:"id"`
	Object              string                       `json:"object"`
	Amount              int64                        `json:"amount"`
	AmountCapturable    int64                        `json:"amount_capturable"`
	AmountReceived      int64                        `json:"amount_received"`
	Automatic           *automatic                   `json:"automatic_payment_methods"`
	CanceledAt          stamp                        `json:"canceled_at"`
	CancellationReason  text                         `json:"cancellation_reason"`
	CaptureMethod       string                       `json:"capture_method"`
	ClientSecret        string                       `json:"client_secret"`
	ConfirmationMethod  string                       `json:"confirmation_method"`
	Created             int64                        `json:"created"`
	Currency            string                       `json:"currency"`
	Customer            text                         `json:"customer"`
	Description         text                         `json:"description"`
	Invoice             *string                      `json:"invoice"`
	LastPaymentError    *failure                     `json:"last_payment_error"`
	LatestCharge        text                         `json:"latest_charge"`
	Livemode            bool                         `json:"livemode"`
	Metadata            map[string]string            `json:"metadata"`
	NextAction          *nextAction                  `json:"next_action"`
	PaymentMethod       text                         `json:"payment_method"`
	Options             map[string]map[string]string `json:"payment_method_options"`
	Types               []string                     `json:"payment_method_types"`
	Processing          *struct{}                    `json:"processing"`
	ReceiptEmail        text                         `json:"receipt_email"`
	Review              *string                      `json:"review"`
	SetupFutureUsage    text                         `json:"setup_future_usage"`
	Shipping            *shipping                    `json:"shipping"`
	StatementDescriptor text                         `json:"statement_descriptor"`
	StatementSuffix     text                         `json:"statement_descriptor_suffix"`
	Status              string                       `json:"status"`
	TransferGroup       text                         `json:"transfer_group"`
}

// intentRow is an intent and what the API does not show of it.
type intentRow struct {
	Wire          intent `json:"wire"`
	Source        string `json:"source,omitempty"`     // the page of the latest action; it counts in requires_action only
	ReturnURL     string `json:"return_url,omitempty"` // of the latest confirmation
	UseSDK        bool   `json:"use_sdk,omitempty"`    // the next action is for Stripe's SDK, not for a browser
	Authenticated bool   `json:"authenticated,omitempty"`
	Addressed     bool   `json:"addressed,omitempty"` // shipping was stated with the secret key: the app can't state it again
}

// fillTypes lists what the Dashboard would offer when the caller did not choose.
func (i *intent) fillTypes() {
	if len(i.Types) > 0 {
		return
	}
	if i.Automatic == nil {
		i.Types = []string{"card"}
		return
	}
	for _, name := range dashboard {
		kind := methodKinds[name]
		if kind.redirect && i.Automatic.AllowRedirects == "never" || !kind.takes(i.Currency) {
			continue
		}
		i.Types = append(i.Types, name)
	}
}

func (k methodKind) takes(currency string) bool {
	return len(k.currencies) == 0 || slices.Contains(k.currencies, currency)
}

// check is what must be true of every intent, new or changed.
func (i *intent) check() *apiError {
	if err := tooMuchMetadata(i.Metadata); err != nil {
		return err
	}
	for _, name := range i.Types {
		kind, ok := methodKinds[name]
		switch {
		case !ok:
			return invalid("", "payment_method_types", "The payment method type provided: %s is invalid. Please ensure the provided type "+
				"is activated in your dashboard.", name)
		case !kind.takes(i.Currency):
			return invalid("", "currency", "The currency provided (%s) is invalid for one or more payment method types: %s takes %s.",
				i.Currency, name, strings.Join(kind.currencies, ", "))
		case i.CaptureMethod == "manual" && !kind.manual && i.Automatic == nil:
			return invalid("", "capture_method", "The payment method type %s does not support manual capture.", name)
		}
	}
	return checkAmount(i.Amount, i.Currency, i.Types)
}

func retrieveIntent(c *call) work {
	secret, given := c.form.text("client_secret"), c.form.has("client_secret") || c.public
	return func(t *tx) (any, *apiError) {
		row, ok := t.intents.get(c.id)
		if !ok {
			return nil, missing("payment_intent", c.id)
		}
		if given && secret != row.Wire.ClientSecret {
			return nil, wrongSecret()
		}
		return row.Wire, nil
	}
}

func wrongSecret() *apiError {
	return invalid("", "client_secret", "The client_secret provided does not match any associated PaymentIntent on this account.")
}

// listIntents answers GET /v1/payment_intents, the newest first.
func listIntents(c *call) work {
	page, created, owner := readPage(c), readRange(c.form), c.form.text("customer")
	return func(t *tx) (any, *apiError) {
		return list(page, t.intents, func(row intentRow) (any, bool) {
			return row.Wire, created.holds(row.Wire.Created) && (owner == "" || string(row.Wire.Customer) == owner)
		})
	}
}
