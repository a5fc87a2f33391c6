package stripegateway

import (
	"strings"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
	"kassa/payments/money"
)

// create has all that Stripe is told about a payment. Left out on purpose: automatic_payment_methods (the dashboard would
// decide what is offered), receipt_email (it sends mail in live mode, whatever the settings), use_stripe_sdk (its next
// action has no URL) and error_on_requires_action (it would refuse 3-D Secure).
func (w wired) create() *stripe.PaymentIntentParams {
	p := &stripe.PaymentIntentParams{
		Amount:             stripe.Int64(w.amount),
		Currency:           stripe.String(w.currency),
		CaptureMethod:      stripe.String("automatic"), // explicit: since API 2024-04-10 the default is another
		Confirm:            stripe.Bool(true),
		PaymentMethodTypes: stripe.StringSlice(w.Methods),
		ReturnURL:          stripe.String(w.ReturnURL),
		Shipping:           shipping(w.Shipping),
		Metadata:           w.metadata(),
		Customer:           optional(w.Customer),

		PaymentMethodOptions: w.options(),
	}
	w.expand(&p.Params)
	p.ConfirmationToken, p.PaymentMethod, p.PaymentMethodData = w.instrument(&p.Params)
	return p
}

// prepare is an intent for the app's sheet, which states the method, the return URL and the shipping address when it confirms
// with the publishable key; what we state with the secret key could not be stated again there.
func (w wired) prepare() *stripe.PaymentIntentParams {
	return &stripe.PaymentIntentParams{
		Amount:               stripe.Int64(w.amount),
		Currency:             stripe.String(w.currency),
		CaptureMethod:        stripe.String("automatic"),
		PaymentMethodTypes:   stripe.StringSlice(w.Methods),
		Metadata:             w.metadata(),
		Customer:             optional(w.Customer),
		PaymentMethodOptions: w.options(),
	}
}

// update states the whole amount, currency included, so that it means the same whatever the intent held before.
func (w wired) update() *stripe.PaymentIntentParams {
	return &stripe.PaymentIntentParams{
		Amount:   stripe.Int64(w.amount),
		Currency: stripe.String(w.currency),
		Metadata: w.metadata(),
		Customer: optional(w.Customer),
	}
}

// expand asks for the charge, which alone knows when a hold ends.
func (w wired) expand(p *stripe.Params) {
	if w.HoldCards {
		p.AddExpand("latest_charge")
	}
}

// confirmation is a confirmation with the methods that are offered now, which may have changed since the intent was made.
// Stripe takes them; v76 has no field for it.
type confirmation struct {
	stripe.PaymentIntentConfirmParams `form:"*"`
	PaymentMethodTypes                []*string `form:"payment_method_types"`
}

func (w wired) confirm() *confirmation {
	p := &confirmation{PaymentMethodTypes: stripe.StringSlice(w.Methods)}
	p.ReturnURL = stripe.String(w.ReturnURL)
	p.Shipping = shipping(w.Shipping)
	p.PaymentMethodOptions = w.options()
	w.expand(&p.Params)
	p.ConfirmationToken, p.PaymentMethod, p.PaymentMethodData = w.instrument(&p.Params)
	return p
}

// instrument hands over the token under the name that fits its kind. A Google Pay token becomes a payment method in the
// same request; Stripe takes card[token] there, v76 has no field for it. One extra parameter at most may stand in extra:
// v76 encodes extras in random order.
func (w wired) instrument(extra *stripe.Params) (confirmationToken, paymentMethod *string, described *stripe.PaymentIntentPaymentMethodDataParams) {
	token := stripe.String(w.Instrument.Token)
	switch w.Instrument.Kind {
	case payments.InstrumentConfirmationToken:
		return token, nil, nil
	case payments.InstrumentPaymentMethod:
		return nil, token, nil
	case payments.InstrumentGooglePayToken, payments.InstrumentSheet:
	}
	extra.AddExtra("payment_method_data[card][token]", *token)
	described = &stripe.PaymentIntentPaymentMethodDataParams{Type: stripe.String("card")}
	if w.Email != "" {
		described.BillingDetails = &stripe.PaymentIntentPaymentMethodDataBillingDetailsParams{Email: stripe.String(w.Email)}
	}
	return nil, nil, described
}

func shipping(s *payments.Shipping) *stripe.ShippingDetailsParams {
	if s == nil {
		return nil
	}
	return &stripe.ShippingDetailsParams{
		Name:  stripe.String(s.Name),
		Phone: optional(s.Phone),
		Address: &stripe.AddressParams{
			Line1:      optional(s.Line1),
			Line2:      optional(s.Line2),
			City:       optional(s.City),
			State:      optional(s.Region),
			PostalCode: optional(s.PostalCode),
			Country:    optional(s.Country),
		},
	}
}

// optional leaves an empty value out: Stripe reads a parameter that is present and empty as "unset it".
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func lower(c money.Currency) string { return strings.ToLower(string(c)) }
