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

const (
	clockSkew = 5 * time.Minute // between our clock, which wrote since, and Stripe's, which wrote created
	pageSize  = 100             // Stripe's largest
)

// Read returns the intent as it stands, with the time before which a hold must be captured when it is authorized. It may
// be repeated at will.
func (g *Gateway) Read(ctx context.Context, intentID string) (payments.Intent, error) {
	const op = "read intent"
	if err := checkID(intentID); err != nil {
		return payments.Intent{}, undecided(notSent(op, "", err))
	}
	p := &stripe.PaymentIntentParams{}
	p.AddExpand("latest_charge")
	i, err := g.intent(ctx, op, http.MethodGet, intentPath("", intentID), intentID, "", p)
	return i, undecided(err)
}

// Find returns every intent of a session that was created at since or later by our clock, newest first; an empty result
// says that there is none. It lists and compares metadata: Stripe's search trails behind by up to an hour. An answer that
// stops short is an error, because "there is none" lets the caller charge again.
func (g *Gateway) Find(ctx context.Context, sessionID string, since time.Time) ([]payments.Intent, error) {
	const op = "find intents"
	if sessionID == "" {
		return nil, undecided(notSent(op, "", errors.New("no session id"))) // it would match what is not ours
	}
	var found []payments.Intent
	p := &listParams{
		Created: &stripe.RangeQueryParams{GreaterThanOrEqual: since.Add(-clockSkew).Unix()},
		Limit:   stripe.Int64(pageSize),
	}
	for {
		page := &stripe.PaymentIntentList{}
		if err := g.call(ctx, op, http.MethodGet, "/v1/payment_intents", "", p, page); err != nil {
			return nil, undecided(err)
		}
		for _, pi := range page.Data {
			if pi != nil && pi.Metadata[metaSession] == sessionID {
				found = append(found, intentOf(pi))
			}
		}
		next, err := p.after(page)
		if err != nil {
			return nil, undecided(unreadable(op, page.LastResponse))
		}
		if next == nil {
			return found, nil
		}
		p = next
	}
}

// listParams is v76's list without its iterator, which ends without an error at an empty page.
type listParams struct {
	stripe.Params `form:"*"`
	Created       *stripe.RangeQueryParams `form:"created"`
	Limit         *int64                   `form:"limit"`
	StartingAfter *string                  `form:"starting_after"`
}

// after names the page behind this one, nil when this is the last. It fails on what is not a page of a list, or leads
// nowhere.
func (p *listParams) after(page *stripe.PaymentIntentList) (*listParams, error) {
	if page.URL == "" || page.Data == nil {
		return nil, errors.New("not a list")
	}
	if !page.HasMore {
		return nil, nil
	}
	if len(page.Data) == 0 || page.Data[len(page.Data)-1] == nil {
		return nil, errors.New("empty page of a list that has more")
	}
	last := page.Data[len(page.Data)-1].ID
	if last == "" || last == stripe.StringValue(p.StartingAfter) {
		return nil, fmt.Errorf("page ends where it began, at %q", last)
	}
	return &listParams{Created: p.Created, Limit: p.Limit, StartingAfter: &last}, nil
}
