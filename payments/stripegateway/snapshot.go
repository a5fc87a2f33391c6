package stripegateway

import (
	"encoding/json"

	"github.com/stripe/stripe-go/v76"
)

// snapshot is what is read of an intent in an event. It is ours because decoding v76's has encoding/json look at some hundred
// types first, most of them payment methods that no event of ours has: 5 ms of CPU in the first event of every new
// environment, which has Stripe waiting.
type snapshot struct {
	ID               string                                 `json:"id"`
	Object           string                                 `json:"object"`
	Amount           int64                                  `json:"amount"`
	AmountCapturable int64                                  `json:"amount_capturable"`
	AmountReceived   int64                                  `json:"amount_received"`
	CancelReason     stripe.PaymentIntentCancellationReason `json:"cancellation_reason"`
	ClientSecret     string                                 `json:"client_secret"`
	Created          int64                                  `json:"created"`
	Currency         stripe.Currency                        `json:"currency"`
	Customer         *reference                             `json:"customer"`
	LastError        *snapshotError                         `json:"last_payment_error"`
	LatestCharge     *snapshotCharge                        `json:"latest_charge"`
	Livemode         bool                                   `json:"livemode"`
	Metadata         map[string]string                      `json:"metadata"`
	NextAction       *stripe.PaymentIntentNextAction        `json:"next_action"`
	Status           stripe.PaymentIntentStatus             `json:"status"`
}

type snapshotError struct {
	Type        stripe.ErrorType   `json:"type"`
	Code        stripe.ErrorCode   `json:"code"`
	DeclineCode stripe.DeclineCode `json:"decline_code"`
	Param       string             `json:"param"`
}

// snapshotCharge is the charge, where the event has more of it than its id.
type snapshotCharge struct {
	AmountRefunded int64 `json:"amount_refunded"`
	Captured       bool  `json:"captured"`
	Details        struct {
		Card struct {
			CaptureBefore int64 `json:"capture_before"`
		} `json:"card"`
	} `json:"payment_method_details"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *snapshotCharge) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return nil // its id alone
	}
	type whole snapshotCharge // without this method
	return json.Unmarshal(data, (*whole)(c))
}

// reference is the id of something, where Stripe writes the id or the whole thing (expanded objects).
type reference struct{ ID string }

// UnmarshalJSON implements json.Unmarshaler.
func (r *reference) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, &r.ID)
	}
	var whole struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(data, &whole)
	r.ID = whole.ID
	return err
}

// intent is the snapshot as v76 has it, as far as it is read.
func (s snapshot) intent() *stripe.PaymentIntent {
	pi := &stripe.PaymentIntent{
		ID: s.ID, Object: s.Object, Amount: s.Amount, AmountCapturable: s.AmountCapturable, AmountReceived: s.AmountReceived,
		CancellationReason: s.CancelReason, ClientSecret: s.ClientSecret, Created: s.Created, Currency: s.Currency,
		Livemode: s.Livemode, Metadata: s.Metadata, NextAction: s.NextAction, Status: s.Status,
	}
	if s.Customer != nil && s.Customer.ID != "" {
		pi.Customer = &stripe.Customer{ID: s.Customer.ID}
	}
	if e := s.LastError; e != nil {
		pi.LastPaymentError = &stripe.Error{Type: e.Type, Code: e.Code, DeclineCode: e.DeclineCode, Param: e.Param}
	}
	if c := s.LatestCharge; c != nil {
		pi.LatestCharge = &stripe.Charge{AmountRefunded: c.AmountRefunded, Captured: c.Captured}
		if before := c.Details.Card.CaptureBefore; before > 0 {
			card := &stripe.ChargePaymentMethodDetailsCard{CaptureBefore: before}
			pi.LatestCharge.PaymentMethodDetails = &stripe.ChargePaymentMethodDetails{Card: card}
		}
	}
	return pi
}
