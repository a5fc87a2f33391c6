package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

type address struct {
	City       text `json:"city"`
	Country    text `json:"country"`
	Line1      text `json:"line1"`
	Line2      text `json:"line2"`
	PostalCode text `json:"postal_code"`
	State      text `json:"state"`
}

type billing struct {
	Address address `json:"address"`
	Email   text    `json:"email"`
	Name    text    `json:"name"`
	Phone   text    `json:"phone"`
}

type shipping struct {
	Address        address `json:"address"`
	Carrier        text    `json:"carrier"`
	Name           text    `json:"name"`
	Phone          text    `json:"phone"`
	TrackingNumber text    `json:"tracking_number"`
}

var (
	addressKeys  = []string{"city", "country", "line1", "line2", "postal_code", "state"}
	shippingKeys = slices.Concat(inside("shipping", "carrier", "name", "phone", "tracking_number"), keys("shipping"),
		inside("shipping[address]", addressKeys...))
	intentDataKeys = inside("payment_method_data", methodKeys()...)
)

func methodKeys() []string {
	known := slices.Concat(
		keys("type", "allow_redisplay", "metadata[*]", "radar_options[session]"),
		inside("billing_details", "email", "name", "phone"), inside("billing_details[address]", addressKeys...))
	for kind := range methodKinds {
		known = append(known, kind, kind+"[*]")
	}
	return known
}

func readAddress(f *form, prefix string) address {
	at := func(k string) text { return text(f.text(prefix + "[" + k + "]")) }
	return address{City: at("city"), Country: at("country"), Line1: at("line1"), Line2: at("line2"),
		PostalCode: at("postal_code"), State: at("state")}
}

// readShipping reads a shipping address, which must carry a name and a street.
func readShipping(f *form) *shipping {
	if !f.hasUnder("shipping") || f.has("shipping") && f.text("shipping") == "" {
		return nil
	}
	return &shipping{
		Name: text(f.required("shipping[name]")), Phone: text(f.text("shipping[phone]")),
		Carrier: text(f.text("shipping[carrier]")), TrackingNumber: text(f.text("shipping[tracking_number]")),
		Address: func() address { f.required("shipping[address][line1]"); return readAddress(f, "shipping[address]") }(),
	}
}

type cardChecks struct {
	Line1      text `json:"address_line1_check"`
	PostalCode text `json:"address_postal_code_check"`
	CVC        text `json:"cvc_check"`
}

// card is a card as Stripe shows it: never its number.
type card struct {
	Brand       string     `json:"brand"`
	Checks      cardChecks `json:"checks"`
	Country     string     `json:"country"`
	ExpMonth    int        `json:"exp_month"`
	ExpYear     int        `json:"exp_year"`
	Fingerprint string     `json:"fingerprint"`
	Funding     string     `json:"funding"`
	Last4       string     `json:"last4"`
	Wallet      *struct{}  `json:"wallet"`
}

type paymentMethod struct {
	ID       string            `json:"id,omitempty"`
	Object   string            `json:"object,omitempty"`
	Billing  billing           `json:"billing_details"`
	Card     *card             `json:"card,omitempty"`
	Created  int64             `json:"created,omitempty"`
	Customer text              `json:"customer"`
	Livemode bool              `json:"livemode"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Type     string            `json:"type"`
}

// MarshalJSON adds the object named after the type, which Stripe always has.
func (m paymentMethod) MarshalJSON() ([]byte, error) {
	type plain paymentMethod
	data, err := json.Marshal(plain(m))
	if err != nil || m.Card != nil || m.Type == "" {
		return data, err
	}
	return append(data[:len(data)-1], `,"`+m.Type+`":{}}`...), nil
}

// methodRow is a payment method and how it will behave.
type methodRow struct {
	Wire  paymentMethod `json:"wire"`
	Test  string        `json:"test,omitempty"` // name of the test card
	IBAN  string        `json:"iban,omitempty"`
	Used  bool          `json:"used,omitempty"`   // paid with, without a customer: Stripe lets it be used once
	SetUp bool          `json:"set_up,omitempty"` // authenticated and saved
}

func (m methodRow) behaviour() testCard {
	if c, ok := sandboxMethods[m.Test]; ok {
		return c
	}
	return testCards[m.Test]
}

// methodSource is where a call says its payment method comes from; at most one is set.
type methodSource struct {
	id, token string
	data      *methodRow
}

func readSource(f *form) methodSource {
	s := methodSource{id: f.text("payment_method"), token: f.text("confirmation_token")}
	if f.hasUnder("payment_method_data") {
		s.data = readMethodData(f, "payment_method_data")
	}
	given := 0
	for _, set := range []bool{s.id != "", s.token != "", s.data != nil} {
		if set {
			given++
		}
	}
	if given > 1 {
		f.fail(invalid("parameters_exclusive", "payment_method",
			"You may only specify one of these parameters: payment_method, payment_method_data, confirmation_token."))
	}
	return s
}

// readMethodData reads a payment method's description, at the top (prefix empty) or inside payment_method_data.
func readMethodData(f *form, prefix string) *methodRow {
	at := func(k string) string {
		if prefix == "" {
			return k
		}
		return inside(prefix, k)[0]
	}
	kind := f.required(at("type"))
	m := &methodRow{Wire: paymentMethod{Object: "payment_method", Type: kind, Metadata: f.under(at("metadata")), Billing: billing{
		Address: readAddress(f, at("billing_details[address]")), Email: text(f.email(at("billing_details[email]"))),
		Name: text(f.text(at("billing_details[name]"))), Phone: text(f.text(at("billing_details[phone]"))),
	}}}
	if _, ok := methodKinds[kind]; !ok && kind != "" {
		f.fail(invalid("", at("type"), "Invalid %s: must be one of the payment method types of this account; got %s", at("type"), kind))
	}
	switch kind {
	case "card":
		if f.hasUnder(at("card[number]")) {
			e := invalid("", at("card[number]"), "Sending credit card numbers directly to the Stripe API is generally unsafe. "+
				"To continue processing use Stripe.js, the Stripe mobile bindings, or a test token.")
			e.status = 402
			f.fail(e)
			return m
		}
		m.Test = tokenCard(f, at("card[token]"))
		m.Wire.Card = testCards[m.Test].shown(m.Test)
	case "sepa_debit":
		m.IBAN = f.required(at("sepa_debit[iban]"))
	}
	return m
}

// tokenCard finds the card behind a Stripe.js or wallet token. Stripe's test tokens can be used many times.
func tokenCard(f *form, param string) string {
	token := f.required(param)
	name, ok := strings.CutPrefix(token, "tok_")
	if _, known := testCards[name]; f.err == nil && (!ok || !known) {
		f.fail(missingParam("token", param, token))
	}
	return name
}

func (c testCard) shown(name string) *card {
	checked := cardChecks{CVC: "pass"}
	if c.cvc != "" {
		checked.CVC = text(c.cvc)
	}
	return &card{Brand: c.brand, Checks: checked, Country: c.country, ExpMonth: 12, ExpYear: 2034, Funding: c.funding,
		Last4: c.last4, Fingerprint: "fp_" + name}
}

// newMethod gives a described or static test method an id of its own, as Stripe does with every use of one.
func (t *tx) newMethod(m methodRow) methodRow {
	m.Wire.ID, m.Wire.Object = freshID(t, t.methods, "pm"), "payment_method"
	m.Wire.Created = t.unix()
	if m.Wire.Metadata == nil {
		m.Wire.Metadata = map[string]string{}
	}
	t.methods.put(m.Wire.ID, m)
	return m
}

func staticMethod(id string) (methodRow, bool) {
	name, isCard := strings.CutPrefix(id, "pm_card_")
	c, ok := testCards[name]
	if !isCard || !ok {
		name = id
		c, ok = sandboxMethods[id]
	}
	return methodRow{Test: name, Wire: paymentMethod{Type: "card", Card: c.shown(name)}}, ok
}

// method finds a payment method, or makes one from a static test id.
func (t *tx) method(id, param string) (methodRow, *apiError) {
	if m, ok := staticMethod(id); ok {
		return t.newMethod(m), nil
	}
	m, ok := t.methods.get(id)
	switch {
	case !ok && param == "":
		return m, missing("PaymentMethod", id)
	case !ok:
		return m, missingParam("PaymentMethod", param, id)
	case m.Used && m.Wire.Customer == "":
		return m, invalid("", param, "The provided PaymentMethod was previously used with a PaymentIntent without Customer "+
			"attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, "+
			"you must attach it to a Customer first.")
	}
	return m, nil
}

func createMethod(c *call) work {
	m := readMethodData(c.form, "")
	return func(t *tx) (any, *apiError) { return t.newMethod(*m).Wire, nil }
}

func retrieveMethod(c *call) work {
	return func(t *tx) (any, *apiError) {
		if m, ok := t.methods.get(c.id); ok {
			return m.Wire, nil
		}
		return nil, missing("PaymentMethod", c.id)
	}
}

func attachMethod(c *call) work {
	owner := c.form.required("customer")
	return func(t *tx) (any, *apiError) {
		if _, err := t.customer(owner, "customer"); err != nil {
			return nil, err
		}
		m, err := t.method(c.id, "")
		if err != nil {
			return nil, err
		}
		if m.Wire.Customer != "" && string(m.Wire.Customer) != owner {
			return nil, invalid("", "", "This PaymentMethod was already attached to a Customer.")
		}
		return t.attach(m, owner).Wire, nil
	}
}

func (t *tx) attach(m methodRow, owner string) methodRow {
	if string(m.Wire.Customer) == owner {
		return m
	}
	m.Wire.Customer = text(owner)
	t.methods.put(m.Wire.ID, m)
	t.emit("payment_method.attached", m.Wire)
	return m
}

func detachMethod(c *call) work {
	return func(t *tx) (any, *apiError) {
		m, ok := t.methods.get(c.id)
		if !ok {
			return nil, missing("PaymentMethod", c.id)
		}
		if m.Wire.Customer == "" {
			return nil, invalid("", "", "The payment method you provided is not attached to a customer so detachment is impossible.")
		}
		m.Wire.Customer, m.Used = "", true
		t.methods.put(m.Wire.ID, m)
		t.emit("payment_method.detached", m.Wire)
		return m.Wire, nil
	}
}

// listMethods lists what is attached to a customer, at /v1/payment_methods?customer= and /v1/customers/{id}/payment_methods.
func listMethods(c *call) work {
	owner := c.id
	if owner == "" {
		owner = c.form.required("customer")
	}
	kind, page := c.form.text("type"), readPage(c)
	return func(t *tx) (any, *apiError) {
		if _, err := t.customer(owner, "customer"); err != nil {
			return nil, err
		}
		return list(page, t.methods, func(m methodRow) (any, bool) {
			return m.Wire, string(m.Wire.Customer) == owner && (kind == "" || m.Wire.Type == kind)
		})
	}
}
