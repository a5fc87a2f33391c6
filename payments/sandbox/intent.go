package sandbox

import (
	"fmt"
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
}

var optionNames = keys("capture_method", "request_three_d_secure", "setup_future_usage", "reference", "preferred_language",
	"preferred_locale", "client", "app_id", "risk_correlation_id", "verification_method", "moto")

func optionKeys() []string {
	known := keys("payment_method_options")
	for kind := range methodKinds {
		known = append(known, inside("payment_method_options", kind)...)
		known = append(known, inside("payment_method_options["+kind+"]", optionNames...)...)
	}
	return known
}

var (
	sourceKeys  = slices.Concat(keys("payment_method", "confirmation_token"), intentDataKeys)
	changeKeys  = slices.Concat(shippingKeys, optionKeys(), keys("payment_method_types[]", "receipt_email", "setup_future_usage"))
	confirmKeys = slices.Concat(keys("off_session", "return_url", "error_on_requires_action", "use_stripe_sdk", "mandate_data"),
		inside("mandate_data[customer_acceptance]", "type", "accepted_at", "online", "offline", "online[ip_address]", "online[user_agent]"))
	updateKeys = slices.Concat(changeKeys, sourceKeys, keys("amount", "currency", "customer", "description", "metadata", "metadata[*]",
		"capture_method", "statement_descriptor", "statement_descriptor_suffix", "transfer_group"))
	createKeys = slices.Concat(updateKeys, confirmKeys, keys("confirm", "confirmation_method", "automatic_payment_methods[enabled]",
		"automatic_payment_methods[allow_redirects]"))
)

// createIntent answers POST /v1/payment_intents. With confirm it is one call that pays.
func createIntent(c *call) work {
	f := c.form
	made := intentRow{Wire: intent{Object: "payment_intent", CaptureMethod: "automatic", ConfirmationMethod: "automatic",
		Status: needsMethod, Metadata: map[string]string{}, Options: map[string]map[string]string{}}}
	f.required("amount")
	f.required("currency")
	made.Wire.Automatic = readAutomatic(f)
	for _, change := range readChanges(f) {
		change(&made.Wire)
	}
	if v := f.choice("confirmation_method", "automatic", "manual"); v != "" {
		made.Wire.ConfirmationMethod = v
	}
	source, confirmation := readSource(f), readConfirmation(f)
	confirm := f.boolean("confirm")
	if !confirm {
		for _, key := range keys("return_url", "off_session", "error_on_requires_action", "confirmation_token", "use_stripe_sdk") {
			if f.has(key) {
				f.fail(invalid("", key, "The parameter %s can only be used when confirming: pass confirm=true.", key))
			}
		}
	}
	if f.err == nil {
		made.Wire.fillTypes()
		if err := made.Wire.check(); err != nil {
			f.fail(err)
		}
	}
	return func(t *tx) (any, *apiError) { return t.createIntent(made, source, confirmation, confirm) }
}

func (t *tx) createIntent(row intentRow, source methodSource, how confirmation, confirm bool) (any, *apiError) {
	i := &row.Wire
	if i.Customer != "" {
		if _, err := t.customer(string(i.Customer), "customer"); err != nil {
			return nil, err
		}
	}
	i.ID, i.Created = freshID(t, t.intents, "pi"), t.unix()
	i.ClientSecret = fmt.Sprintf("%s_secret_%s", i.ID, strings.TrimPrefix(t.newID("sec"), "sec_"))
	t.emit("payment_intent.created", *i)
	if confirm {
		err := t.confirm(&row, source, how)
		if err == nil || err.kept {
			t.intents.put(i.ID, row)
		}
		return *i, err
	}
	if err := t.setMethod(&row, source); err != nil {
		return nil, err
	}
	t.intents.put(i.ID, row)
	return *i, nil
}

func readAutomatic(f *form) *automatic {
	enabled := f.boolean("automatic_payment_methods[enabled]")
	redirects := f.choice("automatic_payment_methods[allow_redirects]", "always", "never")
	if redirects == "" {
		redirects = "always"
	}
	switch given := f.has("automatic_payment_methods[enabled]"); {
	case enabled && f.has("payment_method_types[]"):
		f.fail(invalid("parameters_exclusive", "automatic_payment_methods",
			"You may only specify one of these parameters: automatic_payment_methods, payment_method_types."))
	case enabled && f.boolean("error_on_requires_action"):
		f.fail(invalid("parameters_exclusive", "error_on_requires_action",
			"The parameter error_on_requires_action cannot be used with automatic_payment_methods."))
	case f.has("payment_method_types[]"), given && !enabled:
		return nil
	}
	// Since 2023-08-16 this is what an intent without payment_method_types gets.
	return &automatic{AllowRedirects: redirects, Enabled: true}
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

// readChanges turns the fields that create, update and confirm share into changes of an intent.
func readChanges(f *form) []func(*intent) {
	var changes []func(*intent)
	add := func(key string, change func(*intent)) {
		if f.has(key) {
			changes = append(changes, change)
		}
	}
	set := func(key string, field func(*intent) *text) {
		v := text(f.text(key))
		add(key, func(i *intent) { *field(i) = v })
	}
	if f.has("amount") {
		amount := f.positive("amount")
		add("amount", func(i *intent) { i.Amount = amount })
	}
	currency := strings.ToLower(f.text("currency"))
	add("currency", func(i *intent) { i.Currency = currency })
	capture := f.choice("capture_method", "automatic", "automatic_async", "manual")
	add("capture_method", func(i *intent) { i.CaptureMethod = capture })
	types := slices.Clone(f.values["payment_method_types[]"])
	add("payment_method_types[]", func(i *intent) { i.Types, i.Automatic = types, nil })
	f.email("receipt_email")
	f.choice("setup_future_usage", "on_session", "off_session", "")
	if suffix := f.text("statement_descriptor_suffix"); len(suffix) > 22 {
		f.fail(invalid("", "statement_descriptor_suffix", "The statement descriptor suffix must be at most 22 characters."))
	}
	set("customer", func(i *intent) *text { return &i.Customer })
	set("description", func(i *intent) *text { return &i.Description })
	set("receipt_email", func(i *intent) *text { return &i.ReceiptEmail })
	set("setup_future_usage", func(i *intent) *text { return &i.SetupFutureUsage })
	set("statement_descriptor", func(i *intent) *text { return &i.StatementDescriptor })
	set("statement_descriptor_suffix", func(i *intent) *text { return &i.StatementSuffix })
	set("transfer_group", func(i *intent) *text { return &i.TransferGroup })
	merge := f.metadata()
	changes = append(changes, func(i *intent) { i.Metadata = merge(i.Metadata) })
	if f.hasUnder("shipping") {
		to := readShipping(f)
		changes = append(changes, func(i *intent) { i.Shipping = to })
	}
	return append(changes, readOptions(f)...)
}

func readOptions(f *form) []func(*intent) {
	var changes []func(*intent)
	for kind := range methodKinds {
		options := f.under("payment_method_options[" + kind + "]")
		if len(options) == 0 {
			continue
		}
		changes = append(changes, func(i *intent) {
			all := make(map[string]map[string]string, len(i.Options)+1)
			for k, v := range i.Options {
				all[k] = v
			}
			all[kind] = options
			i.Options = all
		})
	}
	return changes
}

// updateIntent answers POST /v1/payment_intents/{id}. What decides about money can change only while nothing is under way.
func updateIntent(c *call) work {
	changes, source := readChanges(c.form), readSource(c.form)
	var guarded string
	for _, key := range keys("amount", "currency", "capture_method", "customer", "payment_method_types[]", "setup_future_usage") {
		if guarded == "" && c.form.has(key) {
			guarded = strings.TrimSuffix(key, "[]")
		}
	}
	return func(t *tx) (any, *apiError) {
		row, ok := t.intents.get(c.id)
		if !ok {
			return nil, missing("payment_intent", c.id)
		}
		open := row.Wire.Status == needsMethod || row.Wire.Status == needsConfirmation
		if guarded != "" && !open {
			return nil, unexpectedState(row.Wire, "This PaymentIntent's %s could not be updated because it has a status of %s. You may only "+
				"update the %s of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation.",
				guarded, row.Wire.Status, guarded)
		}
		for _, change := range changes {
			change(&row.Wire)
		}
		if err := row.Wire.check(); err != nil {
			return nil, err
		}
		if row.Wire.Customer != "" {
			if _, err := t.customer(string(row.Wire.Customer), "customer"); err != nil {
				return nil, err
			}
		}
		if err := t.setMethod(&row, source); err != nil {
			return nil, err
		}
		t.intents.put(c.id, row)
		return row.Wire, nil
	}
}

// setMethod puts a payment method on an intent without confirming it.
func (t *tx) setMethod(row *intentRow, source methodSource) *apiError {
	if source == (methodSource{}) {
		return nil
	}
	if err := methodChangeable(row.Wire); err != nil {
		return err
	}
	m, err := t.resolve(row, source)
	if err != nil {
		return err
	}
	row.Wire.PaymentMethod, row.Wire.Status = text(m.Wire.ID), needsConfirmation
	row.Wire.NextAction, row.Authenticated = nil, false
	return nil
}

// methodChangeable is Stripe's rule for a new payment method, which a confirmation keeps too.
func methodChangeable(i intent) *apiError {
	switch i.Status {
	case needsMethod, needsConfirmation, needsAction:
		return nil
	}
	return unexpectedState(i, "This PaymentIntent's payment_method could not be updated because it has a status of %s. You may only update "+
		"the payment_method of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, "+
		"requires_action.", i.Status)
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
