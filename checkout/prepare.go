package checkout

import (
	"context"
	"time"

	"kassa/payments"
)

// PrepareInput prepares the payment of a session for the provider's sheet. Request.Key is required.
type PrepareInput struct {
	Request
	SessionID     string
	Change        SessionChange // Lines and Codes are not read
	ExpectedTotal *int64
	KeepCard      bool // the shopper wants the card kept; signed in only
}

// Sheet is what the provider's sheet needs besides the session's intent. It is in the answer that made it and nowhere else: never
// stored, never in a replay.
type Sheet struct {
	Customer     string // provider's customer
	EphemeralKey string // secret by which the sheet shows that customer's cards for an hour; "" = it shows none
}

// Prepare makes the intent that an app's sheet confirms (PaymentSheet, and with it the redirect methods): cart locked, stock held,
// attempt stored, then one call to the provider. The answer is the session in requires_escalation, with what the sheet needs; the
// order is placed by the provider's event or by a read when the shopper is back. A shopper who is signed in costs one call more,
// the ephemeral key, and the first time another, their customer.
//
// A payment that waits for the shopper already is taken back first, as by a change of the session, and the intent of one that was
// declined is canceled, so that at most one intent is alive. Nothing the sheet needs is refused while the provider keeps only the
// customer from us: the sheet then opens without saved cards. CodeMissingKey, CodeKeyReused, CodeNotFound, CodeAlreadyCompleted,
// CodeAlreadyCanceled, CodePaymentInProgress, CodeRateLimited, CodeInvalid, CodeUnavailable.
func (s *Sessions) Prepare(ctx context.Context, in PrepareInput) (SessionView, error) {
	now := s.now()
	if err := in.requireKey(); err != nil {
		return SessionView{}, err
	}
	mark := in.mark(s.newID)
	in.Change.Lines, in.Change.Codes = nil, nil
	return s.change(ctx, now, in.Request, in.SessionID, mark, func(sess Session, cart Cart) (SessionView, error) {
		if err := in.matches(sess); err != nil {
			return SessionView{}, err
		}
		var err error
		switch {
		case sess.Attempt != nil:
			sess, err = s.turnBack(ctx, now, sess)
		case sess.Intent != nil: // what we stated with it, such as the address, the sheet could not state again
			sess, err = s.drop(ctx, now, sess)
		default:
			return s.prepare(ctx, now, sess, cart, in, mark)
		}
		switch {
		case err != nil:
			return SessionView{}, err
		case sess.Status.Final():
			return s.shown(sess), nil // the money won
		case sess.Attempt != nil:
			return SessionView{}, s.inProgress(now, sess)
		}
		in.IfVersion = 0               // it was checked; taking back has moved the version
		return SessionView{}, errRetry // on what is stored now
	})
}

func (s *Sessions) prepare(ctx context.Context, now time.Time, sess Session, cart Cart, in PrepareInput, mark Mark) (SessionView, error) {
	seen := sess.Quote
	sess, change, err := s.reviseIfNeeded(ctx, now, sess, cart, in.Change, mark, uses{})
	if err != nil {
		return SessionView{}, err
	}
	sheet := &payments.Instrument{Handler: HandlerStripe, Kind: payments.InstrumentSheet}
	sess, err = s.pay(ctx, now, sess, cart, change, payment{
		mark: mark, instrument: sheet, expected: in.ExpectedTotal, keepCard: in.KeepCard, seen: seen,
	})
	if err != nil {
		return SessionView{}, err
	}
	view := s.shown(sess)
	if a := sess.Attempt; a != nil && a.Mark == mark && a.Answered {
		view.Sheet = s.sheet(ctx, a.Customer)
	}
	return view, nil
}

// sheet gets the secret by which the sheet shows the customer's cards. Without it the shopper can pay all the same.
func (s *Sessions) sheet(ctx context.Context, customer string) *Sheet {
	if customer == "" || s.vault == nil {
		return &Sheet{}
	}
	callCtx, cancel := callContext(ctx)
	defer cancel()
	secret, err := s.vault.EphemeralKey(callCtx, customer, s.shop.Wallets.Version())
	if err != nil {
		s.log.WarnContext(ctx, "no ephemeral key", "class", string(payments.ClassOf(err)))
		return &Sheet{Customer: customer}
	}
	return &Sheet{Customer: customer, EphemeralKey: secret}
}
