package checkout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kassa/payments"
	"kassa/payments/money"
)

// Till takes the money that orders hold, and tells what of theirs went back. Errors and deadlines are as Gateway's.
type Till interface {
	// Capture takes what an intent holds, or a part. ClassRefused with State when it holds nothing: read it.
	Capture(ctx context.Context, r payments.CaptureRequest) (payments.Intent, error)
	// Refunds lists all that was given back of an intent or is on its way, by whoever it was asked for.
	Refunds(ctx context.Context, intentID string) ([]payments.Refund, error)
	// Dispute returns a dispute as it is now.
	Dispute(ctx context.Context, id string) (payments.Dispute, error)
}

// Orders is what happens to an order after it was placed: shipping, refunds, cancellation, withdrawal. Who calls it is the
// merchant, but for Withdraw. Safe for concurrent use.
//
// Every change is stored with the key of its request before the provider is asked, and settled afterwards; what was left
// undecided the same request again, or reconcile, brings to its end. Requests are remembered as long as the order is.
type Orders struct {
	engine
	catalog Catalog
	tokens  Tokens
	now     func() time.Time
}

// NewOrders returns the service of orders. CodeInvalid if something that it needs is missing. Without a catalog nothing counts as
// digital, and without token secrets guests can't withdraw by themselves.
func NewOrders(c Config) (*Orders, error) {
	if c.Sessions == nil || c.Gateway == nil || c.Till == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "orders need a session store, a gateway, a till, a clock and ids")
	}
	return &Orders{engine: newEngine(c), catalog: c.Catalog, tokens: c.Tokens, now: c.Now}, nil
}

// RefundInput gives money back. Request.Key is required. Exactly one of these says how much: All, everything that is left; Amount;
// Lines and Shipping, what they cost.
type RefundInput struct {
	Request
	OrderID    string
	All        bool
	Amount     *money.Money
	Lines      []RefundLineInput
	Shipping   bool   // what shipping cost, as far as it was not refunded yet
	Restock    bool   // with All: everything goes back to the shelf
	Reason     string // "", requested_by_customer, duplicate, fraudulent
	Withdrawal string // id of the withdrawal that it answers; "" = none
}

// RefundLineInput is so many of a line.
type RefundLineInput struct {
	LineID   string
	Quantity int64
	Restock  bool // back to the shelf
}

// FulfilInput ships lines. Request.Key is required. Money that is held is captured first, in full: a card's hold can be captured
// once.
type FulfilInput struct {
	Request
	OrderID        string
	Lines          []LineQuantity // none = all that is left
	Carrier        string
	TrackingNumber string
	TrackingURL    string // https; "" = none
}

// CaptureInput takes the money that an order holds. Request.Key is required.
type CaptureInput struct {
	Request
	OrderID string
	Amount  *money.Money // nil = all; what is left is released for good
}

// CancelOrderInput cancels an order of which nothing was shipped. Request.Key is required.
type CancelOrderInput struct {
	Request
	OrderID string
	Reason  string
}

// WithdrawInput is a shopper's withdrawal. Request.Key is required.
type WithdrawInput struct {
	Request
	OrderID  string
	Lines    []LineQuantity // none = all
	Reason   string
	Merchant bool // the merchant notes it down, whose credential was checked: neither token nor period are asked for
}

// Order shows an order to the merchant. CodeNotFound.
func (o *Orders) Order(ctx context.Context, orderID string) (SessionView, error) {
	s, err := o.read(ctx, orderID)
	return SessionView{Session: s, Messages: s.Messages}, err
}

func (o *Orders) read(ctx context.Context, orderID string) (Session, error) {
	missing := &Error{Code: CodeNotFound, Message: "no order " + orderID}
	id := SessionOfOrder(orderID)
	if id == "" {
		return Session{}, missing
	}
	s, err := o.store.Session(ctx, id)
	if ErrorCode(err) == CodeNotFound || err == nil && s.Order == nil {
		return Session{}, missing
	}
	if err != nil {
		return Session{}, fmt.Errorf("read order %s: %w", orderID, err)
	}
	return s, nil
}

// do stores a change of an order, or finds that it is stored; replayed tells which. Who loses a race starts over.
func (o *Orders) do(
	ctx context.Context, now time.Time, in Request, orderID string, change func(Session) (Commit, error),
) (s Session, replayed bool, err error) {
	if err := in.requireOrderKey(); err != nil {
		return Session{}, false, err
	}
	for range tries {
		if s, err = o.read(ctx, orderID); err != nil {
			return Session{}, false, err
		}
		mark := orderMark(in)
		if known, ok := s.Order.marked(mark.Key); ok {
			if known.Print != mark.Print {
				return Session{}, false, keyReused()
			}
			return s, true, nil
		}
		if err := in.matches(s); err != nil {
			return Session{}, false, err
		}
		commit, err := change(s)
		if err != nil {
			return Session{}, false, err
		}
		commit.Session.UpdatedAt, commit.Session.Watch = now, o.orderWatch(now, commit.Session)
		s, err = o.commit(ctx, commit)
		var conflict *Conflict
		if errors.As(err, &conflict) {
			continue
		}
		return s, false, err
	}
	return Session{}, false, &Error{Code: CodeUnavailable, Message: "the order is being changed by others", RetryAfter: time.Second}
}

// requireOrderKey checks the key of a request about an order. The merchant's may be short: whoever has one has a credential beside it.
// CodeMissingKey, CodeInvalid.
func (r Request) requireOrderKey() error {
	if r.Key == "" || len(r.Key) > 255 {
		return r.requireKey()
	}
	return nil
}

// orderMark is that of a request about an order, whoever makes it.
func orderMark(r Request) Mark { return NewMark("orders", r.Key, r.Fingerprint) }

// marked returns the mark of an earlier request with the same key.
func (o Order) marked(key string) (Mark, bool) {
	var all []Mark
	for _, r := range o.Refunds {
		all = append(all, r.Mark)
	}
	for _, f := range o.Fulfillments {
		all = append(all, f.Mark)
	}
	for _, w := range o.Withdrawals {
		all = append(all, w.Mark)
	}
	if o.Capture != nil {
		all = append(all, o.Capture.Mark)
	}
	if o.Cancellation != nil {
		all = append(all, o.Cancellation.Mark)
	}
	return findMark(all, key)
}

// finished drives what a request has begun, where nobody else is at it. What the provider leaves open stays so: the order as it
// is, never a failure, is the answer.
func (o *Orders) finished(ctx context.Context, now time.Time, s Session, replayed bool) SessionView {
	if !replayed || s.Watch.Kind == WatchPayment && !s.Watch.At.After(now) {
		driven, err := o.driveOrder(ctx, now, s)
		if err != nil {
			o.log.ErrorContext(ctx, "order can't be driven", "session", s.ID, "error_code", string(ErrorCode(err)))
		}
		s = driven
	}
	return SessionView{Session: s, Messages: s.Messages, Replayed: replayed}
}

func refused(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
