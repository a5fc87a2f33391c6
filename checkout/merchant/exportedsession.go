package merchant

import (
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/money"
)

// ExportedSession is a checkout session, and the order that it became.
type ExportedSession struct {
	ID          string            `json:"id"`
	CartID      string            `json:"cart_id"`
	Customer    string            `json:"customer,omitempty"`
	Status      checkout.Status   `json:"status"`
	Context     ExportedContext   `json:"context,omitzero"`
	Buyer       ExportedBuyer     `json:"buyer,omitzero"`
	Destination *ExportedAddress  `json:"destination,omitempty"`
	Known       []ExportedAddress `json:"known_destinations,omitempty"` // to choose from
	Collect     bool              `json:"collect,omitempty"`            // the shopper collects it
	Codes       []string          `json:"codes,omitempty"`
	Quote       ExportedQuote     `json:"quote"`
	Told        []ExportedNote    `json:"told,omitempty"` // with the last change

	Tries     []ExportedTry    `json:"tries,omitempty"`
	Attempt   *ExportedAttempt `json:"attempt,omitempty"` // the open one
	Payment   *ExportedPayment `json:"payment,omitempty"`
	GivenUp   *ExportedPayment `json:"given_up,omitempty"`           // the last one whose money may still come
	Providers []string         `json:"provider_customers,omitempty"` // whom payments and cards are under at the payment provider
	Cards     []ExportedCard   `json:"cards,omitempty"`              // as they may be shown
	Declines  []time.Time      `json:"declines,omitempty"`
	Returned  []ExportedReturn `json:"returned,omitempty"`
	Review    string           `json:"review,omitempty"` // why a person should look at it

	LeftFor string         `json:"left_for,omitempty"`
	Order   *ExportedOrder `json:"order,omitempty"`
	Waits   checkout.Wait  `json:"waits,omitempty"` // why it could not be erased now
	ExportedTimes
}

// ExportedNote is what a change of a session told: in codes, since its words are made when they are shown.
type ExportedNote struct {
	Type     checkout.MessageType `json:"type"`
	Code     string               `json:"code"`
	Severity checkout.Severity    `json:"severity,omitempty"`
	Path     string               `json:"path,omitempty"`
	Args     map[string]string    `json:"args,omitempty"`
}

// ExportedTry is a request to pay, and how it ended.
type ExportedTry struct {
	Refused bool            `json:"refused"`           // something had changed or was missing
	Reason  payments.Reason `json:"reason,omitempty"`  // why it failed
	Door    string          `json:"left_at,omitempty"` // where nobody came back from
}

// ExportedAttempt is a try to pay that isn't decided.
type ExportedAttempt struct {
	Handler   string      `json:"handler_id"`
	Amount    money.Money `json:"amount"`
	PaymentID string      `json:"payment_id,omitempty"`
	StartedAt time.Time   `json:"started_at"`
	HeldUntil time.Time   `json:"held_until,omitzero"` // while the shopper must act
	KeepCard  bool        `json:"keep_card"`
}

// ExportedPayment is a payment at the payment provider.
type ExportedPayment struct {
	ID     string          `json:"id,omitempty"`
	Status payments.Status `json:"status,omitempty"`
	Amount money.Money     `json:"amount"`
}

// ExportedCard is a card that the payment provider keeps.
type ExportedCard struct {
	ID       string `json:"id"`
	Brand    string `json:"brand"`
	Last4    string `json:"last_digits"`
	ExpMonth int    `json:"expiry_month"`
	ExpYear  int    `json:"expiry_year"`
}

// ExportedReturn is money that could not become the order, and goes back.
type ExportedReturn struct {
	PaymentID string      `json:"payment_id"`
	Amount    money.Money `json:"amount"`
	Cause     string      `json:"cause"`
	Released  bool        `json:"released"` // it was held, not taken
	RefundID  string      `json:"refund_id,omitempty"`
	Done      bool        `json:"done"`
}

func sessionOf(s checkout.Session, now time.Time) ExportedSession {
	out := ExportedSession{
		ID: s.ID, CartID: s.CartID, Customer: s.Customer, Status: s.Status, Context: ExportedContext(s.Context), Buyer: ExportedBuyer(s.Buyer),
		Destination: (*ExportedAddress)(s.Destination), Known: each(s.Known, addressOf), Collect: s.Collect, Codes: s.Codes,
		Quote: quoteOf(s.Quote), Told: each(s.Messages, noteOf), Tries: each(s.Pays, tryOf), Attempt: attemptOf(s.Attempt),
		Providers: accounts(s), Declines: s.Declines, Returned: each(s.Refunds, returnOf), Review: s.Review, LeftFor: s.LeftFor,
		Order: orderOf(s.Order), Waits: s.Waits(now), ExportedTimes: ExportedTimes{s.CreatedAt, s.UpdatedAt, s.ExpiresAt},
	}
	if i := s.Intent; i != nil {
		out.Payment = &ExportedPayment{i.ID, i.Status, i.Amount}
	}
	if l := s.Left; l != nil {
		out.GivenUp = &ExportedPayment{ID: l.IntentID, Amount: l.Amount}
	}
	if s.Wallet != nil {
		out.Cards = each(s.Wallet.Cards, func(c checkout.SavedCard) ExportedCard { return ExportedCard(c) })
	}
	return out
}

func noteOf(m checkout.Message) ExportedNote { return ExportedNote(m) }

func tryOf(p checkout.PayMark) ExportedTry {
	doors := map[checkout.Door]string{checkout.DoorBank: "bank", checkout.DoorRedirect: "redirect"}
	return ExportedTry{p.Refused, p.Reason, doors[p.Door]}
}

func attemptOf(a *checkout.Attempt) *ExportedAttempt {
	if a == nil {
		return nil
	}
	return &ExportedAttempt{a.Instrument.Handler, a.Amount, a.IntentID, a.StartedAt, a.HeldUntil, a.KeepCard}
}

func returnOf(r checkout.ProviderRefund) ExportedReturn {
	return ExportedReturn{r.IntentID, r.Amount, r.Cause, r.Release, r.ID, r.Done}
}
