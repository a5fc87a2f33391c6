package sandbox

import (
	"slices"
	"strings"
)

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
	addressed := c.form.hasUnder("shipping")
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
		row.Addressed = row.Addressed || addressed
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
