package sandbox

import (
	"fmt"
	"strings"
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
	made.Addressed = f.hasUnder("shipping")
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
