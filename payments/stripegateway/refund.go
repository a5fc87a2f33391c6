package stripegateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
	"kassa/payments/money"
)

// Refund gives money back in one request. Refused with State means that there is less to give back than we thought: it
// was refunded elsewhere, or is disputed. A refund whose status we don't know is pending: it is asked for, and nothing is
// settled.
func (g *Gateway) Refund(ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
	const op = "refund"
	amount, err := r.Amount.ToProvider()
	if err == nil && amount <= 0 {
		err = fmt.Errorf("amount %v is not above zero", r.Amount)
	}
	if err := errors.Join(err, checkKeyLength(r.Key), checkID(r.IntentID)); err != nil {
		return payments.Refund{}, notSent(op, payments.ReasonDeclined, err)
	}
	p := &stripe.RefundParams{
		PaymentIntent: stripe.String(r.IntentID),
		Amount:        stripe.Int64(amount),
		Reason:        optional(r.Reason),
		Metadata:      r.Metadata,
	}
	answer := &stripe.Refund{}
	if err := g.call(ctx, op, http.MethodPost, "/v1/refunds", r.Key, p, answer); err != nil {
		return payments.Refund{}, overdrawn(err)
	}
	given, err := refundOf(answer, r.IntentID)
	if err != nil || answer.Object != "refund" {
		return payments.Refund{}, unreadable(op, answer.LastResponse)
	}
	return given, nil
}

// overdrawn marks the refusal of more than is left to refund. Stripe has a code only for a charge of which nothing is left.
func overdrawn(err error) error {
	var e *payments.Error
	var f *failure
	if errors.As(err, &e) && e.Class == payments.ClassRefused && errors.As(err, &f) && f.param == "amount" {
		e.State = true
	}
	return err
}

func refundStatus(s stripe.RefundStatus) payments.RefundStatus {
	switch s {
	case stripe.RefundStatusSucceeded:
		return payments.RefundSucceeded
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		return payments.RefundFailed
	case stripe.RefundStatusPending, stripe.RefundStatusRequiresAction:
	}
	return payments.RefundPending
}

func amountOf(n int64, c stripe.Currency) (money.Money, error) {
	currency, err := money.ParseCurrency(string(c))
	if err != nil {
		return money.Money{}, err
	}
	return money.FromProvider(n, currency)
}
