package stripegateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
)

// Capture takes what an intent holds, or a part of it, in one request; Stripe releases the rest. Refused with State when it holds
// nothing: it was captured, canceled, or its hold has ended.
func (g *Gateway) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
	const op = "capture intent"
	amount, err := r.Amount.ToProvider()
	if err == nil && amount <= 0 {
		err = fmt.Errorf("amount %v is not above zero", r.Amount)
	}
	if err := errors.Join(err, checkKeyLength(r.Key), checkID(r.IntentID)); err != nil {
		return payments.Intent{}, notSent(op, payments.ReasonDeclined, err)
	}
	p := &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(amount)}
	return g.intent(ctx, op, http.MethodPost, intentPath("/capture", r.IntentID), r.IntentID, r.Key, p)
}

// refundList is v76's list without its iterator.
type refundList struct {
	stripe.Params `form:"*"`
	PaymentIntent *string `form:"payment_intent"`
	Limit         *int64  `form:"limit"`
	StartingAfter *string `form:"starting_after"`
}

// Refunds lists all refunds of an intent, one request for each hundred. An answer that stops short is an error: "there is none" lets
// the caller refund again.
func (g *Gateway) Refunds(ctx context.Context, intentID string) ([]payments.Refund, error) {
	const op = "list refunds"
	if err := checkID(intentID); err != nil {
		return nil, undecided(notSent(op, "", err))
	}
	var all []payments.Refund
	p := &refundList{PaymentIntent: stripe.String(intentID), Limit: stripe.Int64(pageSize)}
	for {
		page := &stripe.RefundList{}
		if err := g.call(ctx, op, http.MethodGet, "/v1/refunds", "", p, page); err != nil {
			return nil, undecided(err)
		}
		if page.URL == "" || page.Data == nil {
			return nil, undecided(unreadable(op, page.LastResponse))
		}
		for _, r := range page.Data {
			refund, err := refundOf(r, intentID)
			if err != nil {
				return nil, undecided(unreadable(op, page.LastResponse))
			}
			all = append(all, refund)
		}
		if !page.HasMore {
			return all, nil
		}
		if len(page.Data) == 0 {
			return nil, undecided(unreadable(op, page.LastResponse))
		}
		last := page.Data[len(page.Data)-1].ID
		if last == stripe.StringValue(p.StartingAfter) {
			return nil, undecided(unreadable(op, page.LastResponse))
		}
		p = &refundList{PaymentIntent: p.PaymentIntent, Limit: p.Limit, StartingAfter: &last}
	}
}

// refundOf is Stripe's refund in our words.
func refundOf(r *stripe.Refund, intentID string) (payments.Refund, error) {
	if r == nil || r.ID == "" {
		return payments.Refund{}, errUnreadable
	}
	given, err := amountOf(r.Amount, r.Currency)
	if err != nil {
		return payments.Refund{}, err
	}
	out := payments.Refund{ID: r.ID, IntentID: intentID, Amount: given, Status: refundStatus(r.Status),
		Ours: r.Metadata[payments.MetaRefund]}
	if r.Created > 0 {
		out.Created = time.Unix(r.Created, 0).UTC()
	}
	return out, nil
}

// Dispute returns a dispute as it is now. A warning (an inquiry, before any money moves) is open like any other; one that was closed
// is won.
func (g *Gateway) Dispute(ctx context.Context, id string) (payments.Dispute, error) {
	const op = "read dispute"
	if err := checkID(id); err != nil {
		return payments.Dispute{}, undecided(notSent(op, "", err))
	}
	answer := &stripe.Dispute{}
	if err := g.call(ctx, op, http.MethodGet, stripe.FormatURLPath("/v1/disputes/%s", id), "", &stripe.DisputeParams{}, answer); err != nil {
		return payments.Dispute{}, undecided(err)
	}
	amount, err := amountOf(answer.Amount, answer.Currency)
	if err != nil || answer.ID != id || answer.Object != "dispute" {
		return payments.Dispute{}, undecided(unreadable(op, answer.LastResponse))
	}
	d := payments.Dispute{
		ID: id, Amount: amount, Reason: string(answer.Reason), Status: payments.DisputeOpen, Created: time.Unix(answer.Created, 0).UTC(),
	}
	if answer.PaymentIntent != nil {
		d.IntentID = answer.PaymentIntent.ID
	}
	switch answer.Status {
	case stripe.DisputeStatusWon, stripe.DisputeStatusWarningClosed:
		d.Status = payments.DisputeWon
	case stripe.DisputeStatusLost:
		d.Status = payments.DisputeLost
	case stripe.DisputeStatusNeedsResponse, stripe.DisputeStatusUnderReview,
		stripe.DisputeStatusWarningNeedsResponse, stripe.DisputeStatusWarningUnderReview: // open, as are those that we don't know
	}
	return d, nil
}
