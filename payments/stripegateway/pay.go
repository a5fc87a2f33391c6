package stripegateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
)

// Metadata of every intent of ours. Stripe never shows it to who holds the client secret.
const (
	metaSession = "session_id"
	metaCart    = "cart_id"
	metaAttempt = "attempt"
)

const maxKey = 255 // Stripe's limit on an idempotency key

// errNotSent marks a request that we saw to be impossible before anything left.
var errNotSent = errors.New("not sent")

// Pay creates and confirms an intent in one request, or confirms r.IntentID in one, or, with r.UpdateAmount, sets the
// amount first in a request of its own and confirms only when that succeeded. The intent it returns is as it stood then:
// paid, or waiting for the shopper or a slow bank. For an app's sheet ([payments.InstrumentSheet]) it creates one in one
// request, and leaves it waiting for a method.
//
// Stripe takes no metadata beside a confirmation. So [payments.Intent.Attempt] is the attempt that created the intent or
// last changed its amount, which may be earlier than the one that confirmed it last; never later. Where no intent is
// known yet, which is when the number decides, it is exact.
//
// r.Email goes along only where we describe the payment method ourselves (a Google Pay token); the others carry the
// shopper's own billing details.
func (g *Gateway) Pay(ctx context.Context, r payments.Request) (payments.Intent, error) {
	w, err := wire(r)
	if err != nil {
		return payments.Intent{}, err
	}
	switch {
	case r.Instrument.Kind == payments.InstrumentSheet:
		return g.intent(ctx, "prepare intent", http.MethodPost, "/v1/payment_intents", "", r.Key, w.prepare())
	case r.IntentID == "":
		return g.intent(ctx, "create intent", http.MethodPost, "/v1/payment_intents", "", r.Key, w.create())
	}
	if r.UpdateAmount {
		if _, err := g.intent(ctx, "update intent", http.MethodPost, intentPath("", r.IntentID), r.IntentID, r.UpdateKey, w.update()); err != nil {
			return payments.Intent{}, err
		}
	}
	return g.intent(ctx, "confirm intent", http.MethodPost, intentPath("/confirm", r.IntentID), r.IntentID, r.Key, w.confirm())
}

// Cancel gives up an intent as abandoned. An intent that is past canceling, or canceled already, is refused with State:
// read it.
func (g *Gateway) Cancel(ctx context.Context, intentID, key string) (payments.Intent, error) {
	if err := errors.Join(checkKeyLength(key), checkID(intentID)); err != nil {
		return payments.Intent{}, notSent("cancel intent", payments.ReasonDeclined, err)
	}
	p := &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String(payments.CancelAbandoned)}
	return g.intent(ctx, "cancel intent", http.MethodPost, intentPath("/cancel", intentID), intentID, key, p)
}

// intent makes one call whose answer is the intent named want, or, when want is empty, a new one.
func (g *Gateway) intent(ctx context.Context, op, method, path, want, key string, p stripe.ParamsContainer) (payments.Intent, error) {
	answer := &stripe.PaymentIntent{}
	if err := g.call(ctx, op, method, path, key, p, answer); err != nil {
		return payments.Intent{}, err
	}
	if answer.ID == "" || answer.Object != "payment_intent" || (want != "" && answer.ID != want) {
		return payments.Intent{}, unreadable(op, answer.LastResponse)
	}
	return intentOf(answer), nil
}

func intentPath(action, id string) string {
	return stripe.FormatURLPath("/v1/payment_intents/%s", id) + action
}

// wired is a Request in Stripe's units.
type wired struct {
	payments.Request
	amount   int64
	currency string
}

// wire checks r and converts its amount. All that it refuses is certain never to have reached Stripe.
func wire(r payments.Request) (wired, error) {
	const op = "pay"
	amount, err := r.Amount.ToProvider()
	if err == nil && amount <= 0 {
		err = fmt.Errorf("amount %v is not above zero", r.Amount)
	}
	if err != nil {
		return wired{}, notSent(op, payments.ReasonAmountLimit, err)
	}
	if err := checkInstrument(r.Instrument); err != nil {
		return wired{}, notSent(op, payments.ReasonInvalidToken, err)
	}
	err = checkKeyLength(r.Key)
	switch {
	case err != nil:
	case r.SessionID == "":
		err = errors.New("no session id")
	case len(r.Methods) == 0:
		err = errors.New("no payment methods: the provider's dashboard would choose them")
	case r.ReturnURL == "":
		err = errors.New("no return URL")
	case r.Instrument.Kind == payments.InstrumentSheet && r.IntentID != "":
		err = errors.New("a sheet's intent is its own: what was stated with another, the app could not state again")
	case r.UpdateAmount && r.IntentID == "":
		err = errors.New("no intent to update")
	case r.UpdateAmount:
		err = checkKeyLength(r.UpdateKey)
	}
	if err != nil {
		return wired{}, notSent(op, payments.ReasonDeclined, err)
	}
	return wired{Request: r, amount: amount, currency: lower(r.Amount.Currency)}, nil
}

func checkInstrument(i payments.Instrument) error {
	switch i.Kind {
	case payments.InstrumentSheet:
		if i.Token != "" {
			return errors.New("a sheet with a token")
		}
		return nil
	case payments.InstrumentConfirmationToken, payments.InstrumentPaymentMethod, payments.InstrumentGooglePayToken:
		if i.Token == "" {
			return fmt.Errorf("%s without a token", i.Kind)
		}
		return nil
	}
	return fmt.Errorf("unknown kind of instrument %q", i.Kind)
}

func checkKeyLength(key string) error {
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("idempotency key of %d characters", len(key))
	}
	return nil
}

func checkID(intentID string) error {
	if intentID == "" {
		return errors.New("no intent id") // the path would name the collection
	}
	return nil
}

func (w wired) metadata() map[string]string {
	return map[string]string{metaSession: w.SessionID, metaCart: w.CartID, metaAttempt: strconv.Itoa(w.Attempt)}
}
