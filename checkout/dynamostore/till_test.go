package dynamostore_test

import (
	"context"
	"errors"
	"time"

	"kassa/payments"
)

// till is a provider that does what it is told.
type till struct {
	pay func(r payments.Request) (payments.Intent, error)
}

func (t *till) Pay(_ context.Context, r payments.Request) (payments.Intent, error) { return t.pay(r) }
func (t *till) Cancel(_ context.Context, id, _ string) (payments.Intent, error) {
	return payments.Intent{ID: id, Status: payments.StatusCanceled}, nil
}

func (t *till) Read(context.Context, string) (payments.Intent, error) {
	return payments.Intent{}, errors.New("not asked for in these tests")
}

func (t *till) Find(context.Context, string, time.Time) ([]payments.Intent, error) {
	return nil, errors.New("not asked for in these tests")
}

func (t *till) Refund(context.Context, payments.RefundRequest) (payments.Refund, error) {
	return payments.Refund{}, errors.New("not asked for in these tests")
}

// intent is the provider's object after a try, as long as Stripe's are.
func intent(r payments.Request, status payments.Status) payments.Intent {
	in := payments.Intent{
		ID: "pi_3PqZ8s2eZvKYlo2C1A2b3C4d", Status: status, Amount: r.Amount, SessionID: r.SessionID, Attempt: r.Attempt,
		ClientSecret: "pi_3PqZ8s2eZvKYlo2C1A2b3C4d_secret_Yl2s8A0b1C2d3E4f5G6h7I8j9",
	}
	if status == payments.StatusPaid {
		in.Received = r.Amount
	}
	return in
}

func paid(r payments.Request) (payments.Intent, error) { return intent(r, payments.StatusPaid), nil }

func declined(r payments.Request) (payments.Intent, error) {
	in := intent(r, payments.StatusAwaitingMethod)
	return in, &payments.Error{
		Class: payments.ClassDeclined, Decline: payments.Decline{Reason: payments.ReasonDeclined}, Intent: &in, Err: errors.New("declined"),
	}
}

func unanswered(payments.Request) (payments.Intent, error) {
	return payments.Intent{}, &payments.Error{Class: payments.ClassUnknown, Err: errors.New("no answer")}
}
