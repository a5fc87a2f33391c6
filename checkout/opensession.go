package checkout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Create opens the session of a cart, or of a cart made of lines, and pays it if the input carries an instrument. A cart that
// has a living session, or has been paid, gets that one back. CodeMissingKey, CodeKeyReused, CodeInvalid (also: an instrument
// without an expected total), CodeNotFound, CodeCartCanceled, CodeNothingSellable, CodePaymentInProgress.
func (s *Sessions) Create(ctx context.Context, in CreateSessionInput) (SessionView, error) {
	now := s.now()
	if err := in.requireKey(); err != nil {
		return SessionView{}, err
	}
	if in.Instrument != nil && in.ExpectedTotal == nil {
		return SessionView{}, invalid("$.expected_total", "a create that pays must say the total that the shopper saw")
	}
	token, left := "", []Message(nil)
	if in.CartID == "" {
		view, err := s.carts.create(ctx, now, "checkout-sessions", cartOf(in))
		if err != nil {
			return SessionView{}, err
		}
		in.CartID, token = view.Cart.ID, s.carts.tokens.Token(view.Cart.ID, view.Cart.Epoch)
		in.Caller.Token, left = token, leftOut(in.Change.Lines, view)
	}
	// The cart's win (UCP cart_id), but for where the shopper is now.
	in.Change.Lines, in.Change.Codes, in.Change.Context = nil, nil, ContextPatch{Platform: in.Change.Context.Platform}
	view, err := retry(func() (SessionView, error) {
		cart, err := s.carts.read(ctx, now, in.Caller, in.CartID)
		if err != nil {
			return SessionView{}, err
		}
		return s.open(ctx, now, in, cart, left)
	})
	view.Token = token
	return view, err
}

// leftOut are the messages of lines that a new cart did not take, also when it is a repetition that asks.
func leftOut(asked []LineInput, made CartView) []Message {
	if made.Cart.Version != 1 {
		return nil // edited since
	}
	var out []Message
	for i, l := range asked {
		if _, ok := made.Cart.Line(LineID(l.SKU)); ok {
			continue
		}
		message := errorMessage(MsgItemUnavailable, SeverityRecoverable, linePath(i), "sku", l.SKU, "title", l.SKU)
		for _, m := range made.Messages {
			if m.Type == MessageError && m.Args["sku"] == l.SKU {
				message = m
			}
		}
		out = append(out, message)
	}
	return out
}

// cartOf is the create of the cart that a session without one is opened on. It has the session's key, so that a repetition
// finds the same cart.
func cartOf(in CreateSessionInput) CreateCartInput {
	value := func(p *string) string {
		if p == nil {
			return ""
		}
		return *p
	}
	c := in.Change.Context
	cart := CreateCartInput{Request: in.Request, Lines: in.Change.Lines, Codes: in.Change.Codes, Context: Context{
		Country: value(c.Country), Region: value(c.Region), PostalCode: value(c.PostalCode), Language: value(c.Language),
		Currency: value(c.Currency), Platform: value(c.Platform),
	}}
	if d := in.Change.Destination; cart.Context.Country == "" && d != nil {
		cart.Context.Country, cart.Context.Region = d.Country, d.Region
	}
	return cart
}

// open finds or makes the living session of a cart. left are the messages of lines that the cart, just made, did not take: a
// create that pays is refused for them.
func (s *Sessions) open(ctx context.Context, now time.Time, in CreateSessionInput, cart Cart, left []Message) (SessionView, error) {
	if cart.Canceled {
		return SessionView{}, &Error{Code: CodeCartCanceled, Message: "the cart was canceled"}
	}
	mark := in.mark(s.newID)
	if cart.Session != "" {
		sess, err := s.store.Session(ctx, cart.Session)
		if err != nil {
			return SessionView{}, fmt.Errorf("read session %s: %w", cart.Session, err)
		}
		return s.resume(ctx, now, in, mark, sess, cart)
	}
	if view, done, err := s.earlier(ctx, now, cart, mark); done {
		return view, err
	}
	ch := in.Change
	if cart.Buyer != (Buyer{}) {
		ch.Buyer = wallet(cart.Buyer, ch.Buyer)
	}
	sess, change, err := s.revise(ctx, now, s.introduced(ctx, now, s.newSession(now, cart, mark)), cart, ch, mark,
		uses{ask: in.Instrument == nil})
	if err != nil { // none can be opened now; one that was opened before, perhaps by this very request, is there all the same
		if existing, none := s.store.Session(ctx, SessionID(cart.ID, cart.Round)); none == nil {
			return s.resume(ctx, now, in, mark, existing, cart)
		}
		return SessionView{}, err
	}
	sess.Messages = append(left, sess.Messages...)
	if in.Instrument != nil {
		sess, err = s.pay(ctx, now, sess, cart, change, payment{
			mark: mark, instrument: in.Instrument, expected: in.ExpectedTotal, short: len(left) > 0, keepCard: in.KeepCard,
		})
	} else {
		sess, err = s.write(ctx, s.withWallet(ctx, sess), change)
	}
	if !errors.Is(err, errRetry) {
		return s.shown(sess), err
	}
	existing, err := s.store.Session(ctx, SessionID(cart.ID, cart.Round))
	if err != nil {
		return SessionView{}, errRetry // it was the cart that moved
	}
	return s.resume(ctx, now, in, mark, existing, cart)
}

// earlier answers a create whose key an ended session of the cart remembers: it must not open, let alone pay, another one.
// Only carts that have lost a session pay for the look.
func (s *Sessions) earlier(ctx context.Context, now time.Time, cart Cart, mark Mark) (view SessionView, done bool, err error) {
	for round := cart.Round - 1; round >= max(0, cart.Round-maxEarlier); round-- {
		sess, err := s.store.Session(ctx, SessionID(cart.ID, round))
		if ErrorCode(err) == CodeNotFound {
			continue
		}
		if err != nil {
			return SessionView{}, true, fmt.Errorf("read session %s: %w", SessionID(cart.ID, round), err)
		}
		if view, done, err := s.replay(ctx, now, sess, mark); done {
			return view, true, err
		}
	}
	return SessionView{}, false, nil
}

// maxEarlier is how many ended sessions of a cart are asked whether they know a key.
const maxEarlier = 8

// wallet lets a contact fill in what the cart's buyer lacks: the cart wins (UCP cart_id).
func wallet(cart Buyer, p BuyerPatch) BuyerPatch {
	for _, f := range []struct {
		has string
		to  **string
	}{{cart.Email, &p.Email}, {cart.FirstName, &p.FirstName}, {cart.LastName, &p.LastName}, {cart.Phone, &p.Phone},
		{cart.VATID, &p.VATID}} {
		if f.has != "" {
			*f.to = nil
		}
	}
	if cart.Consent != nil {
		p.Consent = nil
	}
	return p
}

// resume answers a create whose cart has a session already.
func (s *Sessions) resume(ctx context.Context, now time.Time, in CreateSessionInput, mark Mark, sess Session, cart Cart) (SessionView, error) {
	if claimed := owned(sess, cart); claimed.Customer != sess.Customer && sess.Attempt == nil && !sess.Status.Final() {
		sess = s.introduced(ctx, now, claimed) // opened by a guest who has signed in since
	} else {
		sess = claimed
	}
	if view, done, err := s.replay(ctx, now, sess, mark); done {
		return view, err
	}
	switch {
	case sess.Status == StatusCompleted:
		return s.shown(sess), nil
	case sess.Status == StatusCanceled:
		return SessionView{}, errRetry // its end raised the cart's round: the next look finds the next session
	case sess.Attempt != nil && in.Instrument != nil:
		return SessionView{}, s.inProgress(now, sess)
	case sess.Attempt != nil:
		return s.shown(sess), nil
	case !now.Before(sess.ExpiresAt):
		if _, err := s.end(ctx, now, sess, Message{Type: MessageInfo, Code: MsgExpired}); err != nil {
			return SessionView{}, err
		}
		return SessionView{}, errRetry
	}
	seen := sess.Quote
	sess, change, err := s.reviseIfNeeded(ctx, now, sess, cart, in.Change, mark, uses{ask: in.Instrument == nil})
	if err != nil {
		return SessionView{}, err
	}
	if in.Instrument != nil {
		sess, err = s.pay(ctx, now, sess, cart, change, payment{
			mark: mark, instrument: in.Instrument, expected: in.ExpectedTotal, seen: seen, keepCard: in.KeepCard,
		})
	} else {
		sess.Marks = Remember(sess.Marks, mark)
		sess, err = s.write(ctx, s.withWallet(ctx, sess), change)
	}
	return s.shown(sess), err
}
