package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	sess, change, err := s.revise(ctx, now, s.introduced(ctx, now, s.newSession(now, cart, mark)), cart, ch, mark, uses{ask: in.Instrument == nil})
	if err != nil {
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

// write stores a revised session; errRetry if somebody else was first.
func (s *Sessions) write(ctx context.Context, sess Session, change *CartChange) (Session, error) {
	after, err := s.commit(ctx, Commit{Session: sess, Cart: change})
	var conflict *Conflict
	if errors.As(err, &conflict) {
		return Session{}, errRetry
	}
	return after, err
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

// reviseIfNeeded leaves the session alone if nothing would change.
func (s *Sessions) reviseIfNeeded(ctx context.Context, now time.Time, sess Session, cart Cart, ch SessionChange, mark Mark, known uses) (Session, *CartChange, error) {
	fresh := now.Sub(sess.Quote.PricedAt) <= s.shop.Durations.Quote && cart.Version == sess.Quote.CartVersion
	if fresh && ch.empty() {
		sess.UpdatedAt, sess.Messages = now, nil
		return sess, nil, nil
	}
	return s.revise(ctx, now, sess, cart, ch, mark, known)
}

// replay answers a request whose key the session remembers; done is false for a new key. The result is shown as the session
// is now; a declined key repeats its decline while the session is unpaid. An undecided attempt whose lease was given up is
// driven forward by its own key.
func (s *Sessions) replay(ctx context.Context, now time.Time, sess Session, mark Mark) (view SessionView, done bool, err error) {
	earlier, paid, known := sess.marked(mark.Key)
	if !known {
		return SessionView{}, false, nil
	}
	if earlier.Print != mark.Print {
		return SessionView{}, true, keyReused()
	}
	if a := sess.Attempt; paid && a != nil {
		if a.Mark != mark || now.Before(a.LeaseUntil) {
			return SessionView{}, true, s.inProgress(now, sess)
		}
		if sess, err = s.drive(ctx, now, sess); err != nil {
			return SessionView{}, true, err
		}
	}
	view = s.shown(sess)
	view.Replayed = true
	if sess.Status == StatusCompleted {
		return view, true, nil
	}
	for _, p := range sess.Pays {
		if p.Mark == mark && p.Reason != "" && !hasCode(view.Messages, MsgPaymentFailed) {
			view.Messages = append([]Message{declineMessage(p.Reason)}, view.Messages...)
		}
	}
	return view, true, nil
}

func hasCode(messages []Message, code string) bool {
	for _, m := range messages {
		if m.Code == code {
			return true
		}
	}
	return false
}

// inProgress refuses what would start a second attempt while one is undecided (invariant 1).
func (s *Sessions) inProgress(now time.Time, sess Session) error {
	wait := max(sess.Attempt.LeaseUntil.Sub(now), time.Second)
	return &Error{Code: CodePaymentInProgress, Message: "a payment of this session is under way", CheckoutID: sess.ID, RetryAfter: min(wait, 5*time.Second)}
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
		if _, err := s.end(ctx, now, sess, Message{Type: MessageInfo, Code: MsgExpired}); err != nil {
			return err
		}
		return &Error{Code: CodeAlreadyCanceled, Message: "the session has expired", CheckoutID: sess.ID}
	case sess.Attempt == nil && (cart.ID == "" || cart.Canceled):
		return &Error{Code: CodeCartCanceled, Message: "the cart was canceled"}
	}
	return nil
}

// matches refuses a change that was meant for another version (If-Match, RFC 9110 §13.1.1).
func (r Request) matches(sess Session) error {
	if r.IfVersion == 0 || r.IfVersion == sess.Version {
		return nil
	}
	return &Error{Code: CodeVersionConflict, Message: "the session is at version " + strconv.FormatInt(sess.Version, 10), CheckoutID: sess.ID}
}

func alreadyCompleted(id string) error {
	return &Error{Code: CodeAlreadyCompleted, Message: "the session has become an order", CheckoutID: id}
}

// Update changes an open session. While the shopper should be acting at a bank, it takes the attempt back first; while a
// payment runs, it changes nothing and says so in a message. CodeNotFound, CodeAlreadyCompleted, CodeAlreadyCanceled,
// CodeVersionConflict, CodeKeyReused, CodeInvalid, CodeNothingSellable.
func (s *Sessions) Update(ctx context.Context, in UpdateSessionInput) (SessionView, error) {
	now := s.now()
	mark := in.mark(s.newID)
	return retry(func() (SessionView, error) {
		sess, cart, err := s.current(ctx, in.Caller, in.SessionID)
		if err != nil {
			return SessionView{}, err
		}
		if view, done, err := s.replay(ctx, now, sess, mark); done {
			return view, err
		}
		if err := s.changeable(ctx, now, sess, cart); err != nil {
			return SessionView{}, err
		}
		if err := in.matches(sess); err != nil {
			return SessionView{}, err
		}
		if sess.Attempt != nil {
			if sess, err = s.turnBack(ctx, now, sess); err != nil || sess.Attempt != nil || sess.Status.Final() {
				return s.shown(sess), err
			}
			in.IfVersion = 0
		}
		sess, change, err := s.revise(ctx, now, sess, cart, in.Change, mark, uses{ask: true})
		if err != nil {
			return SessionView{}, err
		}
		if in.Key != "" { // its own write is recognised by its Op
			sess.Marks = Remember(sess.Marks, mark)
		}
		sess, err = s.write(ctx, s.withWallet(ctx, sess), change)
		return s.shown(sess), err
	})
}

// turnBack takes back an attempt that waits for the shopper. One whose outcome is not in the shopper's hands stays.
func (s *Sessions) turnBack(ctx context.Context, now time.Time, sess Session) (Session, error) {
	if sess.Status != StatusEscalated || sess.Intent == nil {
		return sess, nil
	}
	return s.takeBack(ctx, now, sess)
}

// Complete pays a session. The answer is the session: completed with its order, ready_for_complete with the reason of a
// refusal or decline, requires_escalation, or complete_in_progress while the outcome is unknown. CodeMissingKey,
// CodeKeyReused, CodeNotFound, CodeAlreadyCompleted, CodeAlreadyCanceled, CodePaymentInProgress, CodeRateLimited, CodeInvalid.
func (s *Sessions) Complete(ctx context.Context, in CompleteInput) (SessionView, error) {
	now := s.now()
	if err := in.requireKey(); err != nil {
		return SessionView{}, err
	}
	mark := in.mark(s.newID)
	in.Change.Lines, in.Change.Codes = nil, nil
	return retry(func() (SessionView, error) {
		sess, cart, err := s.current(ctx, in.Caller, in.SessionID)
		if err != nil {
			return SessionView{}, err
		}
		if view, done, err := s.replay(ctx, now, sess, mark); done {
			return view, err
		}
		if err := s.changeable(ctx, now, sess, cart); err != nil {
			return SessionView{}, err
		}
		if sess.Attempt != nil {
			return SessionView{}, s.inProgress(now, sess)
		}
		if err := in.matches(sess); err != nil {
			return SessionView{}, err
		}
		seen := sess.Quote
		sess, change, err := s.reviseIfNeeded(ctx, now, sess, cart, in.Change, mark, uses{})
		if err != nil {
			return SessionView{}, err
		}
		sess, err = s.pay(ctx, now, sess, cart, change, payment{
			mark: mark, instrument: in.Instrument, expected: in.ExpectedTotal, seen: seen, keepCard: in.KeepCard,
		})
		return s.shown(sess), err
	})
}

// Cancel ends a session without an order. Canceled again, it stays canceled. A payment that waits for the shopper is canceled
// at the provider first; if the money won, the order is the answer. CodeNotFound, CodeAlreadyCompleted, CodePaymentInProgress.
func (s *Sessions) Cancel(ctx context.Context, in CancelSessionInput) (SessionView, error) {
	now := s.now()
	mark := in.mark(s.newID)
	return retry(func() (SessionView, error) {
		sess, _, err := s.current(ctx, in.Caller, in.SessionID)
		if err != nil {
			return SessionView{}, err
		}
		if view, done, err := s.replay(ctx, now, sess, mark); done {
			return view, err
		}
		if err := in.matches(sess); err != nil && !sess.Status.Final() {
			return SessionView{}, err
		}
		switch {
		case sess.Status == StatusCanceled:
			return s.shown(sess), nil
		case sess.Status == StatusCompleted:
			return SessionView{}, alreadyCompleted(sess.ID)
		case sess.Attempt != nil:
			if sess, err = s.turnBack(ctx, now, sess); err != nil {
				return SessionView{}, err
			}
		}
		switch {
		case sess.Attempt != nil:
			return SessionView{}, s.inProgress(now, sess)
		case sess.Status.Final():
			return s.shown(sess), nil
		}
		sess.Marks = Remember(sess.Marks, mark)
		if in.Left != "" {
			sess.LeftFor = in.Left
		}
		ended, err := s.end(ctx, now, sess)
		if err == nil && !ended.Status.Final() {
			return SessionView{}, errRetry
		}
		return s.shown(ended), err
	})
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
