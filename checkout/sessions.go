package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Sessions takes carts to orders. Safe for concurrent use.
type Sessions struct {
	engine
	reviser
	carts     *Carts
	vault     Vault
	customers ProviderCustomers
	people    PersonStore // nil: nobody signs in
	profiles  *People     // likewise
	shop      Shop
	now       func() time.Time
}

// NewSessions returns the service of the checkout function. CodeInvalid if something that it needs is missing.
func NewSessions(c Config) (*Sessions, error) {
	carts, err := NewCarts(c)
	if err != nil {
		return nil, err
	}
	if c.Sessions == nil || c.Gateway == nil {
		return nil, invalid("config", "sessions need a session store and a gateway")
	}
	var profiles *People
	customers := c.Customers
	if c.People != nil {
		if profiles, err = NewPeople(c); err != nil {
			return nil, err
		}
		if customers == nil {
			customers = profiles
		}
	}
	return &Sessions{
		engine: newEngine(c), reviser: reviser{carts.quoter, carts.shop}, carts: carts, vault: c.Vault, customers: customers,
		people: c.People, profiles: profiles, shop: carts.shop, now: c.Now,
	}, nil
}

// tries is how often a call starts over when what it read has moved before it wrote.
const tries = 8

// retry runs a step until it doesn't find that something changed under it.
func retry(step func() (SessionView, error)) (SessionView, error) {
	for range tries {
		view, err := step()
		if !errors.Is(err, errRetry) {
			return view, err
		}
	}
	return SessionView{}, &Error{Code: CodeUnavailable, Message: "the session is being changed by others", RetryAfter: time.Second}
}

// Session shows a session, and first asks what became of an attempt that nobody is working on any more. It never quotes anew.
// CodeNotFound.
func (s *Sessions) Session(ctx context.Context, caller Caller, id string) (SessionView, error) {
	now := s.now()
	sess, cart, err := s.store.SessionAndCart(ctx, id)
	sess = owned(sess, cart)
	if ErrorCode(err) == CodeNotFound || err == nil && !s.allows(caller, sess) {
		return SessionView{}, sessionNotFound(id)
	}
	if err != nil {
		return SessionView{}, fmt.Errorf("read session %s: %w", id, err)
	}
	if a := sess.Attempt; a != nil && !now.Before(a.LeaseUntil) && now.Sub(a.CheckedAt) >= askAgain {
		if driven, err := s.drive(ctx, now, sess); err == nil {
			sess = driven
		}
	}
	return s.shown(expired(now, sess)), nil
}

// expired shows an open session past its time as ended; the sweep will write it so.
func expired(now time.Time, sess Session) Session {
	if sess.Status.Final() || sess.Attempt != nil || now.Before(sess.ExpiresAt) {
		return sess
	}
	sess.Status, sess.Messages = StatusCanceled, []Message{{Type: MessageInfo, Code: MsgExpired}}
	return sess
}

func (s *Sessions) allows(caller Caller, sess Session) bool {
	return s.carts.tokens.Access(caller, sess.CartID).Allows(sess.Customer, sess.Epoch)
}

func sessionNotFound(id string) error {
	return &Error{Code: CodeNotFound, Message: "no checkout session " + id}
}

// current reads a session with its cart for a change: it must be the caller's and open.
func (s *Sessions) current(ctx context.Context, caller Caller, id string) (Session, Cart, error) {
	sess, cart, err := s.store.SessionAndCart(ctx, id)
	sess = owned(sess, cart)
	if ErrorCode(err) == CodeNotFound || err == nil && !s.allows(caller, sess) {
		return Session{}, Cart{}, sessionNotFound(id)
	}
	if err != nil {
		return Session{}, Cart{}, fmt.Errorf("read session %s: %w", id, err)
	}
	return sess, cart, nil
}

// changeable refuses what has ended. A session past its time is ended on the way.
func (s *Sessions) changeable(ctx context.Context, now time.Time, sess Session, cart Cart) error {
	switch {
	case sess.Status == StatusCompleted:
		return alreadyCompleted(sess.ID)
	case sess.Status == StatusCanceled:
		return &Error{Code: CodeAlreadyCanceled, Message: "the session has ended", CheckoutID: sess.ID}
	case sess.Attempt == nil && !now.Before(sess.ExpiresAt):
		switch ended, err := s.end(ctx, now, sess, Message{Type: MessageInfo, Code: MsgExpired}); {
		case err != nil:
			return err
		case ended.Status == StatusCompleted: // its money came first
			return alreadyCompleted(sess.ID)
		}
		return &Error{Code: CodeAlreadyCanceled, Message: "the session has expired", CheckoutID: sess.ID}
	case sess.Attempt == nil && (cart.ID == "" || cart.Canceled):
		return &Error{Code: CodeCartCanceled, Message: "the cart was canceled"}
	}
	return nil
}

func alreadyCompleted(id string) error {
	return &Error{Code: CodeAlreadyCompleted, Message: "the session has become an order", CheckoutID: id}
}

// Order shows the session that became an order. CodeNotFound.
func (s *Sessions) Order(ctx context.Context, caller Caller, orderID string) (SessionView, error) {
	id := SessionOfOrder(orderID)
	if id == "" {
		return SessionView{}, &Error{Code: CodeNotFound, Message: "no order " + orderID}
	}
	sess, err := s.store.Session(ctx, id)
	if err != nil || sess.Order == nil || !s.allows(caller, sess) {
		if err == nil || ErrorCode(err) == CodeNotFound {
			err = &Error{Code: CodeNotFound, Message: "no order " + orderID}
		}
		return SessionView{}, err
	}
	return s.shown(sess), nil
}

// shown adds to a session what follows from its state.
func (s *Sessions) shown(sess Session) SessionView {
	view := SessionView{Session: sess, Messages: sess.Messages}
	switch sess.Status {
	case StatusIncomplete:
		view.Messages = append(append([]Message(nil), sess.Messages...), s.shop.blockers(sess)...)
	case StatusEscalated:
		view.Messages = append(append([]Message(nil), sess.Messages...), errorMessage(MsgActionRequired, SeverityBuyerInput, "$.payment"))
	case StatusInProgress:
		view.Messages = append(append([]Message(nil), sess.Messages...), errorMessage(MsgPaymentRunning, SeverityRecoverable, "$.payment"))
	case StatusReady, StatusCompleted, StatusCanceled:
	}
	if sess.Status == StatusIncomplete || sess.Status == StatusReady {
		view.Messages = append(slices.Clip(view.Messages), refusedCodes(sess.Quote.Quote)...)
		view.Offers = s.offers(sess) // never while a payment is under way
	}
	return view
}
