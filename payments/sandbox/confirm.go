package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// confirmation is how an intent is to be confirmed.
type confirmation struct {
	returnURL     string
	offSession    bool
	errorOnAction bool
	useSDK        bool
	changes       []func(*intent)
}

func readConfirmation(f *form) confirmation {
	switch v := f.text("off_session"); v {
	case "", "true", "false", "one_off", "recurring":
	default:
		f.fail(invalid("", "off_session", "Invalid off_session: %s", v))
	}
	off := f.text("off_session")
	return confirmation{returnURL: f.text("return_url"), offSession: off != "" && off != "false",
		errorOnAction: f.boolean("error_on_requires_action"), useSDK: f.boolean("use_stripe_sdk")}
}

// confirmIntent answers POST /v1/payment_intents/{id}/confirm, for the shop and, with the client secret, for the app.
func confirmIntent(c *call) work {
	how, source := readConfirmation(c.form), readSource(c.form)
	how.changes = readChanges(c.form)
	secret, given := c.form.text("client_secret"), c.form.has("client_secret") || c.public
	addressed := c.form.hasUnder("shipping")
	return func(t *tx) (any, *apiError) {
		row, ok := t.intents.get(c.id)
		switch {
		case !ok:
			return nil, missing("payment_intent", c.id)
		case given && secret != row.Wire.ClientSecret:
			return nil, wrongSecret()
		case addressed && c.public && row.Addressed: // react-stripe-js#504
			return nil, invalid("", "shipping", "You cannot update `shipping` with a publishable key: it was set with a secret key.")
		}
		row.Addressed = row.Addressed || addressed && !c.public
		err := t.confirm(&row, source, how)
		if err == nil || err.kept {
			t.intents.put(c.id, row)
		}
		return row.Wire, err
	}
}

// confirm makes one attempt to pay. An error that is kept is an attempt that failed.
func (t *tx) confirm(row *intentRow, source methodSource, how confirmation) *apiError {
	i := &row.Wire
	if i.Status == succeeded {
		return unexpectedState(*i, "You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.")
	}
	if err := methodChangeable(*i); err != nil {
		return err
	}
	for _, change := range how.changes {
		change(i)
	}
	if err := i.check(); err != nil {
		return err
	}
	m, err := t.methodToConfirm(row, source, &how)
	if err != nil {
		return err
	}
	if err := needsReturnURL(*i, m, how); err != nil {
		return err
	}
	if string(i.PaymentMethod) != m.Wire.ID {
		row.Authenticated = false
	}
	i.PaymentMethod, i.LastPaymentError, i.NextAction = text(m.Wire.ID), nil, nil
	row.ReturnURL, row.UseSDK = how.returnURL, how.useSDK
	if t.asks(*row, m, how) {
		if how.offSession || how.errorOnAction {
			return t.fail(row, m, declinedNoAuth, "")
		}
		t.requireAction(row, m)
		return nil
	}
	return t.settle(row, m)
}

func (t *tx) methodToConfirm(row *intentRow, source methodSource, how *confirmation) (methodRow, *apiError) {
	if source == (methodSource{}) {
		if row.Wire.PaymentMethod == "" {
			return methodRow{}, unexpectedState(row.Wire, "You cannot confirm this PaymentIntent because it's missing a payment method. You "+
				"can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "+
				"payment method or ConfirmationToken.")
		}
		source.id = string(row.Wire.PaymentMethod)
	}
	if source.token != "" {
		id, err := t.spend(source.token, row, how)
		if err != nil {
			return methodRow{}, err
		}
		source = methodSource{id: id}
	}
	return t.resolve(row, source)
}

// resolve finds the payment method and holds it against the intent's types and customer.
func (t *tx) resolve(row *intentRow, source methodSource) (methodRow, *apiError) {
	var m methodRow
	if source.data != nil {
		m = t.newMethod(*source.data)
	} else {
		var err *apiError
		if m, err = t.method(source.id, "payment_method"); err != nil {
			return m, err
		}
	}
	i := row.Wire
	if !slices.Contains(i.Types, m.Wire.Type) {
		return m, invalid("payment_intent_incompatible_payment_method", "payment_method", "The PaymentMethod provided (%s) is not allowed "+
			"for this PaymentIntent. Please attach a PaymentMethod of one of the following types: %s.", m.Wire.Type, strings.Join(i.Types, ", "))
	}
	if i.CaptureMethod == "manual" && !methodKinds[m.Wire.Type].manual {
		return m, invalid("payment_intent_incompatible_payment_method", "payment_method",
			"The PaymentMethod provided (%s) does not support manual capture.", m.Wire.Type)
	}
	if m.Wire.Customer != "" && m.Wire.Customer != i.Customer {
		return m, invalid("", "payment_method", "The provided PaymentMethod (%s) belongs to a Customer. Please include that Customer in the "+
			"`customer` parameter on the PaymentIntent.", m.Wire.ID)
	}
	return m, nil
}

// needsReturnURL keeps Stripe's rule: a method that redirects needs an address to come back to, and under automatic methods
// with redirects so does a card.
func needsReturnURL(i intent, m methodRow, how confirmation) *apiError {
	if how.returnURL != "" {
		return nil
	}
	if i.Automatic != nil && i.Automatic.AllowRedirects == "always" {
		return invalid("", "return_url", "This PaymentIntent is configured to accept payment methods that might redirect your customer off of "+
			"your page: you must provide a `return_url`, or set automatic_payment_methods[allow_redirects] to never when creating it.")
	}
	if methodKinds[m.Wire.Type].redirect {
		return invalid("parameter_missing", "return_url", "A `return_url` must be specified because this PaymentIntent uses the payment "+
			"method type %s.", m.Wire.Type)
	}
	return nil
}

// asks says whether the shopper has to do something before the bank decides.
func (t *tx) asks(row intentRow, m methodRow, how confirmation) bool {
	if row.Authenticated {
		return false
	}
	if m.Wire.Type != "card" {
		return methodKinds[m.Wire.Type].redirect
	}
	switch m.behaviour().challenge {
	case challengeAlways:
		return true
	case challengeUnlessSetUp:
		return !m.SetUp || !how.offSession
	case challengeOnlyPresent:
		return !how.offSession
	case challengeAfterAttempt:
		request := row.Wire.Options["card"]["request_three_d_secure"]
		return request == "any" || request == "challenge"
	}
	return false
}

// settle asks the bank.
func (t *tx) settle(row *intentRow, m methodRow) *apiError {
	behaviour := m.behaviour()
	if behaviour.delayed || methodKinds[m.Wire.Type].delayed {
		t.process(row, m)
		return nil
	}
	if behaviour.decline != nil {
		return t.fail(row, m, *behaviour.decline, "")
	}
	t.succeed(row, m, t.newCharge(*row, m))
	return nil
}

// process starts a payment whose result comes later.
func (t *tx) process(row *intentRow, m methodRow) {
	ch := t.newCharge(*row, m)
	ch.Wire.Status = "pending"
	t.charges.put(ch.Wire.ID, ch)
	row.Wire.Status, row.Wire.LatestCharge, row.Wire.NextAction = processing, text(ch.Wire.ID), nil
	t.use(row, m)
	t.emit("charge.pending", ch.Wire)
	t.emit("payment_intent.processing", row.Wire)
	t.schedule(due{Kind: dueResult, Ref: row.Wire.ID, At: t.now.Add(processingTime)})
}

// finish brings the result of a payment that was processing.
func (t *tx) finish(id string) {
	row, _ := t.intents.get(id)
	if row.Wire.Status != processing {
		return
	}
	m, _ := t.methods.get(string(row.Wire.PaymentMethod))
	ch, _ := t.charges.get(string(row.Wire.LatestCharge))
	switch refusal := m.behaviour().decline; {
	case refusal != nil:
		t.fail(&row, m, *refusal, ch.Wire.ID)
	case m.IBAN == failingIBAN:
		t.fail(&row, m, declinedDebit, ch.Wire.ID)
	default:
		t.succeed(&row, m, ch)
	}
	t.intents.put(id, row)
}

// succeed takes the money, or sets it aside when it is to be captured later.
func (t *tx) succeed(row *intentRow, m methodRow, ch chargeRow) {
	i := &row.Wire
	ch.Wire.Status, ch.Wire.Paid = succeeded, true
	i.LatestCharge, i.NextAction = text(ch.Wire.ID), nil
	if i.capture(m.Wire.Type) == "manual" {
		ch.Wire.holdUntil(t.now.Add(holdTime).Unix())
		i.Status, i.AmountCapturable = needsCapture, i.Amount
		t.schedule(due{Kind: dueHold, Ref: i.ID, At: t.now.Add(holdTime)})
	} else {
		ch.Wire.Captured, ch.Wire.AmountCaptured = true, i.Amount
		i.Status, i.AmountReceived = succeeded, i.Amount
	}
	t.charges.put(ch.Wire.ID, ch)
	t.use(row, m)
	t.emit("charge.succeeded", ch.Wire)
	if i.Status == needsCapture {
		t.emit("payment_intent.amount_capturable_updated", *i)
	} else {
		t.emit("payment_intent.succeeded", *i)
	}
	t.trouble(m.behaviour(), ch)
}

// capture is when an intent is captured with one type of method: that type's own option wins.
func (i *intent) capture(kind string) string {
	if v := i.Options[kind]["capture_method"]; v != "" {
		return v
	}
	return i.CaptureMethod
}

// use marks a payment method as paid with, and saves it if that was asked for.
func (t *tx) use(row *intentRow, m methodRow) {
	i := row.Wire
	m.Used = true
	saved := i.SetupFutureUsage != "" || i.Options[m.Wire.Type]["setup_future_usage"] != ""
	m.SetUp = m.SetUp || saved && row.Authenticated
	t.methods.put(m.Wire.ID, m)
	if saved && i.Customer != "" {
		t.attach(m, string(i.Customer))
	}
}

// fail ends an attempt: the intent waits for another payment method, and the failed charge stays in the ledger. chargeID is
// a pending charge that now fails; without one a failed charge is made.
func (t *tx) fail(row *intentRow, m methodRow, why decline, chargeID string) *apiError {
	ch, ok := t.charges.get(chargeID)
	if !ok {
		ch = t.newCharge(*row, m)
	}
	ch.Wire.Status, ch.Wire.Paid = "failed", false
	ch.Wire.FailureCode, ch.Wire.FailureMessage = text(why.code), text(why.message)
	ch.Wire.Outcome = refusedOutcome(why, m.behaviour())
	t.charges.put(ch.Wire.ID, ch)
	row.Wire.LatestCharge = text(ch.Wire.ID)
	e := &apiError{status: http.StatusPaymentRequired, kept: true}
	e.failure = failure{Type: typeCard, Code: why.code, DeclineCode: why.declineCode, Message: why.message, Charge: ch.Wire.ID,
		DocURL: docURL(why.code)}
	t.emit("charge.failed", ch.Wire)
	t.giveBack(row, m, e)
	return e
}

// giveBack returns an intent to requires_payment_method with the reason.
func (t *tx) giveBack(row *intentRow, m methodRow, why *apiError) {
	i := &row.Wire
	reason := why.failure
	reason.PaymentMethod = &m.Wire
	i.LastPaymentError = &reason
	i.Status, i.PaymentMethod, i.NextAction = needsMethod, "", nil
	why.PaymentMethod = &m.Wire
	shown := *i
	why.PaymentIntent = &shown
	t.emit("payment_intent.payment_failed", *i)
}
