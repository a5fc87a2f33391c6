package checkout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"kassa/payments"
)

// engine drives sessions to a decision: it calls the provider, and writes what came of it.
type engine struct {
	settler
	store   SessionStore
	gateway Gateway // nil where the provider must not be called
	till    Till    // nil where orders are not driven
	newID   func() string
	log     *slog.Logger
}

func newEngine(c Config) engine {
	c.Shop.Durations = c.Shop.Durations.orDefault()
	log := c.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return engine{settler: settler{c.Shop, c.Live}, store: c.Sessions, gateway: c.Gateway, till: c.Till, newID: c.NewID, log: log}
}

// Bounds of a call to the provider: our own limit, and what is kept back of the invocation to write down the
// outcome.
const (
	callLimit   = 8 * time.Second
	callReserve = 2 * time.Second
)

func callContext(ctx context.Context) (context.Context, context.CancelFunc) {
	limited, cancel := context.WithTimeout(ctx, callLimit)
	if end, ok := ctx.Deadline(); ok {
		inner, cancelInner := context.WithDeadline(limited, end.Add(-callReserve))
		return inner, func() { cancelInner(); cancel() }
	}
	return limited, cancel
}

// commit stamps and writes a change of a session. A change of the cart that can't be made because the cart has gone its own
// way (deleted, canceled, not held by this session) is left out: what matters is the session.
func (e engine) commit(ctx context.Context, c Commit) (Session, error) {
	base := c.Session
	c.Session.Version++
	c.Session.Op = e.newID()
	if o := c.Session.Order; o != nil && o.Page == "" {
		placed := *o
		placed.Page = e.newID()
		placed.Page = placed.Page[max(0, len(placed.Page)-pageSecret):]
		c.Session.Order = &placed
	}
	err := e.store.Commit(ctx, c)
	var conflict *Conflict
	if errors.As(err, &conflict) && c.Cart != nil && !c.Cart.Lock && c.Cart.Replace == nil &&
		!conflict.moved(base) && len(conflict.Short) == 0 && len(conflict.Used) == 0 {
		e.log.WarnContext(ctx, "cart had gone its own way", "session", c.Session.ID, "cart", c.Cart.CartID)
		c.Cart = nil
		err = e.store.Commit(ctx, c)
	}
	if err != nil {
		return Session{}, fmt.Errorf("commit session %s: %w", c.Session.ID, err)
	}
	return c.Session, nil
}

// apply settles a report and writes the outcome; who loses a race settles anew on what the winner left. The session comes
// back as it then stands.
func (e engine) apply(ctx context.Context, now time.Time, s Session, r report) (Session, error) {
	for range 5 {
		c, changed := e.settle(now, s, r)
		if !changed {
			return s, nil
		}
		after, err := e.commit(ctx, c)
		var conflict *Conflict
		if errors.As(err, &conflict) && conflict.Session != nil && conflict.Session.Version != s.Version {
			r = r.since(s, *conflict.Session)
			s = *conflict.Session
			continue
		}
		if errors.As(err, &conflict) && c.Cart != nil && c.Cart.Lock {
			r.spent = true // the money came too late for what it was to pay for
			continue
		}
		if err != nil {
			return s, err
		}
		e.logOutcome(ctx, s, after)
		return after, nil
	}
	return s, &Error{Code: CodeUnavailable, Message: "session " + s.ID + " is being changed by others"}
}

// since makes an own answer a mere event, a snapshot that may be old, if the attempt that it answers is no longer the open one:
// somebody else settled it.
func (r report) since(before, after Session) report {
	if r.source == fromAnswer && (after.Attempt == nil || before.Attempt == nil || after.Attempt.N != before.Attempt.N) {
		return report{source: fromEvent, intent: r.intent, spent: r.spent}
	}
	return r
}

func (e engine) logOutcome(ctx context.Context, before, after Session) {
	if after.Review != "" && after.Review != before.Review {
		e.log.ErrorContext(ctx, "payment needs a person", "session", after.ID, "cause", after.Review)
	}
	if after.Status != before.Status {
		e.log.InfoContext(ctx, "session changed", "session", after.ID, "from", string(before.Status), "to", string(after.Status))
	}
}

// request is the open attempt's call. It is made of stored facts alone, so that repeating it repeats it to the byte.
func request(s Session) payments.Request {
	a := s.Attempt
	r := payments.Request{
		Key: a.Key, SessionID: s.ID, CartID: s.CartID, Attempt: a.N, Amount: a.Amount, Instrument: a.Instrument,
		Methods: a.Methods, ReturnURL: a.ReturnURL, Email: s.Buyer.Email, Shipping: shippingOf(s),
		Order: OrderID(s.ID), Platform: payments.Platform(s.Context.Platform), Language: s.Context.Language,
		HoldCards: a.HoldCards, Customer: a.Customer, KeepCard: a.KeepCard,
		IntentID: a.IntentID, UpdateAmount: a.UpdateKey != "", UpdateKey: a.UpdateKey,
	}
	if a.Prepared() {
		r.Shipping = nil // the sheet states it
	}
	return r
}

func shippingOf(s Session) *payments.Shipping {
	d := s.Destination
	if d == nil || !s.Ships || s.Collect {
		return nil
	}
	first, last := d.FirstName, d.LastName
	if first == "" && last == "" {
		first, last = s.Buyer.FirstName, s.Buyer.LastName
	}
	name := first
	if first != "" && last != "" {
		name += " "
	}
	return &payments.Shipping{
		Name: name + last, Phone: d.Phone, Line1: d.Street, Line2: d.Extended, City: d.City, Region: d.Region,
		PostalCode: d.PostalCode, Country: d.Country,
	}
}

// call makes the open attempt's call and settles its answer.
func (e engine) call(ctx context.Context, now time.Time, s Session) (Session, error) {
	callCtx, cancel := callContext(ctx)
	intent, err := e.gateway.Pay(callCtx, request(s))
	cancel()
	return e.answered(ctx, now, s, intent, err)
}

// answered settles the answer of the open attempt's own call.
func (e engine) answered(ctx context.Context, now time.Time, s Session, intent payments.Intent, err error) (Session, error) {
	if err == nil {
		return e.apply(ctx, now, s, report{source: fromAnswer, intent: &intent})
	}
	var failure *payments.Error
	if !errors.As(err, &failure) {
		failure = &payments.Error{Class: payments.ClassUnknown, Err: err}
	}
	e.log.WarnContext(ctx, "payment call failed", "session", s.ID, "attempt", s.Attempt.N, "class", string(failure.Class),
		"code", failure.Decline.Code)
	switch {
	case failure.State && s.Intent != nil:
		return e.refusedInState(ctx, now, s, failure)
	case failure.NoCustomer: // deleted since the session asked for its cards: the next attempt asks again, and pays without
		s.Wallet = nil
		return e.search(ctx, now, s, now)
	case failure.Class == payments.ClassUnknown && failure.Replayed:
		return e.search(ctx, now, s, now) // a stored 500 decides nothing and will be replayed for ever
	}
	return e.apply(ctx, now, s, report{source: fromAnswer, intent: failure.Intent, err: failure})
}

// refusedInState settles a call that the provider refused because the intent is in another state than we thought: what it
// is in decides, and if that is still waiting for a method, the refusal does.
func (e engine) refusedInState(ctx context.Context, now time.Time, s Session, failure *payments.Error) (Session, error) {
	callCtx, cancel := callContext(ctx)
	intent, err := e.gateway.Read(callCtx, s.Intent.ID)
	cancel()
	if err != nil {
		return e.postpone(ctx, now, s, err)
	}
	return e.apply(ctx, now, s, report{source: fromAnswer, intent: &intent, err: failure})
}

func declineOf(err error) payments.Decline {
	var failure *payments.Error
	if errors.As(err, &failure) && failure.Decline.Reason != "" {
		return failure.Decline
	}
	return payments.Decline{Reason: payments.ReasonDeclined}
}

// cancelKey is the provider's key of a cancellation. An intent can be canceled once only, so every try has a key of its own: a
// 500 that the provider stores under one must not be replayed for ever.
func cancelKey(s Session, intentID string) string {
	return "cancel:" + intentID + ":" + strconv.FormatInt(s.Version, 10)
}

// payKey is the provider's key of an attempt: a further attempt, another quote or another instrument is another
// request.
func payKey(s Session, a Attempt) string {
	return "pay:" + s.ID + ":" + strconv.FormatInt(s.Quote.Version, 10) + ":" + shortHash(string(a.Instrument.Kind), a.Instrument.Token) +
		":" + strconv.Itoa(a.N)
}
