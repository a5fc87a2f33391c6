package checkout

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kassa/checkout/pricing"
	"kassa/payments/money"
)

type quoteLine = pricing.Line

// Fulfil ships lines of an order, once for each key. Money that is held is captured first: nothing is shipped that isn't paid.
// CodeMissingKey, CodeKeyReused, CodeNotFound, CodeInvalid, CodeNotFulfillable, CodeDisputed; CodePaymentInProgress while the
// provider doesn't say whether the capture worked: the same request again goes on.
func (o *Orders) Fulfil(ctx context.Context, in FulfilInput) (SessionView, error) {
	now := o.now()
	if err := in.check(); err != nil {
		return SessionView{}, err
	}
	if err := o.captureBefore(ctx, now, &in); err != nil {
		return SessionView{}, err
	}
	s, replayed, err := o.do(ctx, now, in.Request, in.OrderID, func(s Session) (Commit, error) {
		f, err := fulfillmentOf(now, s, in)
		if err != nil {
			return Commit{}, err
		}
		order := *s.Order
		order.Fulfillments = append(order.Fulfillments[:len(order.Fulfillments):len(order.Fulfillments)], f)
		s.Order = &order
		return Commit{Session: notifyOf(s, NoticeOrderFulfilled, f.ID, now)}, nil
	})
	return SessionView{Session: s, Messages: s.Messages, Replayed: replayed}, err
}

const maxTracking = 100 // characters of carrier and tracking number

func (in FulfilInput) check() error {
	for path, text := range map[string]string{"$.carrier": in.Carrier, "$.tracking_number": in.TrackingNumber} {
		if len(text) > maxTracking || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			return invalid(path, "expected at most "+strconv.Itoa(maxTracking)+" printable characters")
		}
	}
	if u, err := url.Parse(in.TrackingURL); in.TrackingURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || len(in.TrackingURL) > 500) {
		return invalid("$.tracking_url", "expected an https URL")
	}
	return nil
}

// fulfillmentOf makes the fulfillment that is asked for, or says why it can't be.
func fulfillmentOf(now time.Time, s Session, in FulfilInput) (Fulfillment, error) {
	o := *s.Order
	left := s.unshipped()
	switch {
	case o.Cancellation != nil:
		return Fulfillment{}, refused(CodeNotFulfillable, "the order was canceled")
	case o.Disputed():
		return Fulfillment{}, refused(CodeDisputed, "the shopper's bank decides about this payment: ship when it has")
	case !o.Lapsed.IsZero():
		return Fulfillment{}, refused(CodeNotFulfillable, "the hold has lapsed: there is no money for this order")
	case len(left) == 0:
		return Fulfillment{}, refused(CodeNotFulfillable, "there is nothing left to ship")
	}
	f := Fulfillment{
		ID: derive("fu_", o.ID, in.Key), Mark: orderMark(in.Request), Lines: in.Lines, Carrier: in.Carrier,
		TrackingNumber: in.TrackingNumber, TrackingURL: in.TrackingURL, At: now,
	}
	if len(f.Lines) == 0 {
		f.Lines = left
		return f, nil
	}
	return f, within(f.Lines, func(lineID string) int64 { return quantityOf(left, lineID) }, "can be shipped")
}

// within checks lines that a request names: each once, and no more of it than there is.
func within(lines []LineQuantity, most func(lineID string) int64, what string) error {
	seen := map[string]bool{}
	for i, l := range lines {
		path := "$.line_items[" + strconv.Itoa(i) + "]"
		switch n := most(l.LineID); {
		case seen[l.LineID]:
			return invalid(path+".id", "this line stands here already")
		case l.Quantity < 1 || l.Quantity > n:
			return invalid(path+".quantity", strconv.FormatInt(n, 10)+" of this line "+what)
		}
		seen[l.LineID] = true
	}
	return nil
}

// captureBefore takes the money of an order that is about to be shipped, if it is only held. For a request that is going to be refused,
// nothing is taken.
func (o *Orders) captureBefore(ctx context.Context, now time.Time, in *FulfilInput) error {
	if err := in.requireOrderKey(); err != nil {
		return err
	}
	s, err := o.read(ctx, in.OrderID)
	if err != nil || !s.Order.Authorized {
		return err
	}
	if _, known := s.Order.marked(orderMark(in.Request).Key); known {
		return nil // Fulfil answers it
	}
	if err := in.matches(s); err != nil {
		return err
	}
	if _, err := fulfillmentOf(now, s, *in); err != nil {
		return err
	}
	if s.Order.Capture == nil {
		s, err = o.change(ctx, now, s, func(s Session) (Commit, bool) { return o.askCapture(now, s, Mark{}, s.Order.Amount) })
		if err != nil {
			return err
		}
	}
	if s, err = o.takeMoney(ctx, now, s); err != nil {
		return err
	}
	if s.Order.Authorized {
		return &Error{Code: CodePaymentInProgress, Message: "the money is being captured; nothing is shipped before", RetryAfter: askAgain}
	}
	if in.IfVersion != 0 {
		in.IfVersion = s.Version // that of the capture: the one before it was checked
	}
	return nil
}

// Capture takes the money that an order holds, or a part; the rest is released for good. CodeMissingKey, CodeKeyReused,
// CodeNotFound, CodeInvalid, CodeNotCapturable.
func (o *Orders) Capture(ctx context.Context, in CaptureInput) (SessionView, error) {
	now := o.now()
	s, replayed, err := o.do(ctx, now, in.Request, in.OrderID, func(s Session) (Commit, error) {
		order := *s.Order
		amount := order.Amount
		if in.Amount != nil {
			amount = *in.Amount
		}
		switch {
		case order.Disputed():
			return Commit{}, refused(CodeDisputed, "the shopper's bank decides about this payment")
		case !order.Authorized || order.Cancellation != nil:
			return Commit{}, refused(CodeNotCapturable, "the order holds no money")
		case order.Capture != nil:
			return Commit{}, refused(CodeNotCapturable, "the money is being captured already")
		case amount.Currency != order.Amount.Currency || amount.Minor < 1 || amount.Minor > order.Amount.Minor:
			return Commit{}, invalid("$.amount",
				"expected an amount above zero and up to "+strconv.FormatInt(order.Amount.Minor, 10)+" "+string(order.Amount.Currency))
		}
		c, _ := o.askCapture(now, s, orderMark(in.Request), amount)
		return c, chargeable(amount)
	})
	if err != nil {
		return SessionView{}, err
	}
	return o.finished(ctx, now, s, replayed), nil
}

// askCapture stores that an order's money is to be taken, and that reconcile is to see to it if whoever asked dies.
func (st settler) askCapture(now time.Time, s Session, mark Mark, amount money.Money) (Commit, bool) {
	if !s.Order.Authorized || s.Order.Capture != nil || s.Order.Cancellation != nil {
		return Commit{}, false
	}
	order := *s.Order
	order.Capture = &Capture{Mark: mark, Amount: amount, At: now}
	s.Order = &order
	return Commit{Session: s}.watched(st, now), true
}
