package stripegateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
)

// metaPerson names the person whose customer it is. Nothing else is said of them: what Stripe must know of a payment stands on the
// payment.
const metaPerson = "person"

// Customer makes a customer for a person in one request, and returns its id. A key that Stripe has forgotten (after a day) makes
// another: the caller remembers the id. An answer that Stripe had stored may be of a customer that was deleted since; then another is
// made, under a key that follows from that one's id.
func (g *Gateway) Customer(ctx context.Context, r payments.CustomerRequest) (string, error) {
	const op = "create customer"
	key := r.Key
	for {
		if err := errors.Join(checkKeyLength(key), checkID(r.Person)); err != nil {
			return "", notSent(op, payments.ReasonDeclined, err)
		}
		p := &stripe.CustomerParams{Metadata: map[string]string{metaPerson: r.Person}}
		answer := &stripe.Customer{}
		if err := g.call(ctx, op, http.MethodPost, "/v1/customers", key, p, answer); err != nil {
			return "", err
		}
		if answer.ID == "" || answer.Object != "customer" || answer.Deleted {
			return "", unreadable(op, answer.LastResponse)
		}
		if answer.LastResponse.Header.Get("Idempotent-Replayed") != "true" {
			return answer.ID, nil
		}
		deleted, err := g.deleted(ctx, answer.ID)
		if err != nil || !deleted {
			return answer.ID, err
		}
		key = r.Key + ":" + answer.ID
	}
}

// deleted reports whether a customer was deleted.
func (g *Gateway) deleted(ctx context.Context, customer string) (bool, error) {
	const op = "read customer"
	answer, path := &stripe.Customer{}, stripe.FormatURLPath("/v1/customers/%s", customer)
	if err := g.call(ctx, op, http.MethodGet, path, "", &stripe.CustomerParams{}, answer); err != nil {
		return false, undecided(err)
	}
	if answer.ID != customer {
		return false, undecided(unreadable(op, answer.LastResponse))
	}
	return answer.Deleted, nil
}

// EphemeralKey returns a secret by which an app's sheet shows and uses the customer's cards for an hour. Each call makes another:
// stripe-go gives it a random key, and nothing is lost if one is made in vain.
func (g *Gateway) EphemeralKey(ctx context.Context, customer, version string) (string, error) {
	const op = "create ephemeral key"
	if err := checkID(customer); err != nil || version == "" {
		return "", notSent(op, payments.ReasonDeclined, errors.Join(err, errors.New("no version")))
	}
	p := &stripe.EphemeralKeyParams{Customer: stripe.String(customer), StripeVersion: stripe.String(version)}
	p.Headers = http.Header{"Stripe-Version": []string{version}}
	answer := &stripe.EphemeralKey{}
	if err := g.call(ctx, op, http.MethodPost, "/v1/ephemeral_keys", stripe.NewIdempotencyKey(), p, answer); err != nil {
		return "", err
	}
	if answer.Secret == "" || answer.Object != "ephemeral_key" {
		return "", unreadable(op, answer.LastResponse)
	}
	return answer.Secret, nil
}

// SavedCards lists the customer's cards in one request, the latest first. Stripe keeps a card that was entered twice twice, with
// one fingerprint.
func (g *Gateway) SavedCards(ctx context.Context, customer string) ([]payments.SavedCard, error) {
	const op = "list cards"
	if err := checkID(customer); err != nil {
		return nil, undecided(notSent(op, "", err))
	}
	params := &cardList{Customer: stripe.String(customer), Type: stripe.String("card"), Limit: stripe.Int64(20)}
	page := &stripe.PaymentMethodList{}
	if err := g.call(ctx, op, http.MethodGet, "/v1/payment_methods", "", params, page); err != nil {
		return nil, undecided(err)
	}
	if page.URL == "" || page.Data == nil {
		return nil, undecided(unreadable(op, page.LastResponse))
	}
	cards := make([]payments.SavedCard, 0, len(page.Data))
	for _, m := range page.Data {
		if m == nil || m.Card == nil {
			continue
		}
		cards = append(cards, payments.SavedCard{
			ID: m.ID, Brand: string(m.Card.Brand), Last4: m.Card.Last4, ExpMonth: int(m.Card.ExpMonth), ExpYear: int(m.Card.ExpYear),
			Number: m.Card.Fingerprint,
		})
	}
	return cards, nil
}

// cardList is v76's list without its iterator.
type cardList struct {
	stripe.Params `form:"*"`
	Customer      *string `form:"customer"`
	Type          *string `form:"type"`
	Limit         *int64  `form:"limit"`
}

// ForgetCard detaches a card from its customer. One that Stripe refuses to detach is looked at: if nobody has it, it is as it should be,
// and else the shopper must not be told so.
func (g *Gateway) ForgetCard(ctx context.Context, card, key string) error {
	const op = "forget card"
	if err := errors.Join(checkKeyLength(key), checkID(card)); err != nil {
		return notSent(op, payments.ReasonDeclined, err)
	}
	answer := &stripe.PaymentMethod{}
	err := g.call(ctx, op, http.MethodPost, stripe.FormatURLPath("/v1/payment_methods/%s/detach", card), key,
		&stripe.PaymentMethodDetachParams{}, answer)
	switch {
	case err != nil && payments.ClassOf(err) == payments.ClassRefused:
		if gone, failed := g.detached(ctx, card); failed != nil || !gone {
			return errors.Join(err, failed)
		}
		return nil
	case err == nil && (answer.ID != card || answer.Customer != nil):
		return unreadable(op, answer.LastResponse)
	}
	return err
}

// detached reports whether a card is no customer's, or unknown.
func (g *Gateway) detached(ctx context.Context, card string) (bool, error) {
	const op = "read card"
	answer := &stripe.PaymentMethod{}
	err := g.call(ctx, op, http.MethodGet, stripe.FormatURLPath("/v1/payment_methods/%s", card), "", &stripe.PaymentMethodParams{}, answer)
	var f *failure
	switch {
	case errors.As(err, &f) && f.status == http.StatusNotFound && f.code == string(stripe.ErrorCodeResourceMissing):
		return true, nil
	case err != nil:
		return false, undecided(err)
	case answer.ID != card:
		return false, undecided(unreadable(op, answer.LastResponse))
	}
	return answer.Customer == nil, nil
}

// DeleteCustomer deletes a customer with all payment methods that are attached, for good. One that is deleted, or that this account
// doesn't know, is as it should be. It has a key of its own each time: what Stripe stores under one would only repeat an old failure.
// (Stripe API, "Delete a customer"; what payments hold stays, and is redacted at Stripe on request.)
func (g *Gateway) DeleteCustomer(ctx context.Context, customer string) error {
	const op = "delete customer"
	if err := checkID(customer); err != nil {
		return notSent(op, payments.ReasonDeclined, err)
	}
	answer := &stripe.Customer{}
	err := g.call(ctx, op, http.MethodDelete, stripe.FormatURLPath("/v1/customers/%s", customer), stripe.NewIdempotencyKey(),
		&stripe.CustomerParams{}, answer)
	var f *failure
	switch {
	case errors.As(err, &f) && f.status == http.StatusNotFound && f.code == string(stripe.ErrorCodeResourceMissing):
		return nil
	case err != nil:
		return err
	case answer.ID != customer || !answer.Deleted:
		return unreadable(op, answer.LastResponse)
	}
	return nil
}
