package checkout

import (
	"encoding/json"
	"fmt"
	"time"

	"kassa/payments/money"
)

// Kinds of notices that are integration events. Each has a JSON schema in docs/events.
const (
	NoticeOrderPlaced   = "order.placed"
	NoticePaymentReview = "payment.review"

	NoticeOrderRefunded  = "order.refunded"  // Ref = refund: the provider has taken it
	NoticeOrderFulfilled = "order.fulfilled" // Ref = fulfillment
	NoticeOrderCanceled  = "order.canceled"
	NoticeOrderWithdrawn = "order.withdrawn"  // Ref = withdrawal: a shopper's request
	NoticeCaptured       = "payment.captured" // money that an order held was taken
	NoticeLateDecline    = "payment.late_decline"
)

// Event is an integration event, in JSON a CloudEvent (CloudEvents 1.0, JSON format). It carries ids, amounts and codes, never
// personal data: who wants more asks the API with a credential of his own. Data is made of the session when the event is
// sent; an event that comes again has the same ID and Source, though what may change meanwhile, such as a cause, may have.
type Event struct {
	SpecVersion     string          `json:"specversion"` // 1.0
	ID              string          `json:"id"`          // the notice's; by it consumers know what comes again
	Source          string          `json:"source"`      // the shop's base URL
	Type            string          `json:"type"`        // reversed domain of the shop, and Kind
	Subject         string          `json:"subject"`     // id of the order or session that it is about
	Time            time.Time       `json:"time"`        // when it came to be
	DataContentType string          `json:"datacontenttype"`
	DataSchema      string          `json:"dataschema"` // names the schema of Data; another one when its meaning changes
	Data            json.RawMessage `json:"data"`

	Kind string `json:"-"` // of the notice
}

// orderPlaced is the data of order.placed.
type orderPlaced struct {
	OrderID    string         `json:"order_id"`
	CheckoutID string         `json:"checkout_id"`
	CartID     string         `json:"cart_id"`
	Total      int64          `json:"total"` // minor units, as everywhere in the API
	Currency   money.Currency `json:"currency"`
	Authorized bool           `json:"authorized"` // the money is held, not yet taken
}

// paymentReview is the data of payment.review: a person should look at the payment.
type paymentReview struct {
	CheckoutID string         `json:"checkout_id"`
	CartID     string         `json:"cart_id"`
	OrderID    string         `json:"order_id,omitempty"` // where it is an order
	Cause      string         `json:"cause,omitempty"`    // as Session.Review; none when it has been looked at since
	Total      int64          `json:"total"`              // of the quote
	Currency   money.Currency `json:"currency"`
}

// orderRefunded is the data of order.refunded.
type orderRefunded struct {
	orderSubject
	RefundID string         `json:"refund_id"`
	Amount   int64          `json:"amount"`
	Currency money.Currency `json:"currency"`
	Cause    string         `json:"cause,omitempty"` // canceled, withdrawn, elsewhere
	State    RefundState    `json:"state"`
}

// orderFulfilled is the data of order.fulfilled.
type orderFulfilled struct {
	orderSubject
	FulfillmentID string `json:"fulfillment_id"`
	Complete      bool   `json:"complete"` // nothing is left to ship
}

// orderCanceled is the data of order.canceled.
type orderCanceled struct{ orderSubject }

// orderWithdrawn is the data of order.withdrawn.
type orderWithdrawn struct {
	orderSubject
	WithdrawalID string    `json:"withdrawal_id"`
	RefundBy     time.Time `json:"refund_by"`
}

// paymentCaptured is the data of payment.captured.
type paymentCaptured struct {
	orderSubject
	Amount   int64          `json:"amount"`
	Currency money.Currency `json:"currency"`
}

// lateDecline is the data of payment.late_decline.
type lateDecline struct {
	CheckoutID string         `json:"checkout_id"`
	CartID     string         `json:"cart_id"`
	Total      int64          `json:"total"`
	Currency   money.Currency `json:"currency"`
}

type orderSubject struct {
	OrderID    string `json:"order_id"`
	CheckoutID string `json:"checkout_id"`
	CartID     string `json:"cart_id"`
}

// ofOrder are the events about an order, and what their data is.
var ofOrder = map[string]func(OutboxItem, orderSubject) any{
	NoticeOrderRefunded: func(item OutboxItem, of orderSubject) any {
		r, _ := item.Session.Order.refund(item.Ref)
		return orderRefunded{of, item.Ref, r.Amount.Minor, item.Session.Order.Amount.Currency, r.Cause, r.State}
	},
	NoticeOrderFulfilled: func(item OutboxItem, of orderSubject) any {
		return orderFulfilled{of, item.Ref, len(item.Session.unshipped()) == 0}
	},
	NoticeOrderCanceled: func(_ OutboxItem, of orderSubject) any { return orderCanceled{of} },
	NoticeOrderWithdrawn: func(item OutboxItem, of orderSubject) any {
		w, _ := item.Session.Order.withdrawal(item.Ref)
		return orderWithdrawn{of, item.Ref, w.RefundBy.UTC()}
	},
	NoticeCaptured: func(item OutboxItem, of orderSubject) any {
		taken := item.Session.Order.Taken()
		return paymentCaptured{of, taken.Minor, taken.Currency}
	},
}

// cartAbandoned is the data of cart.abandoned.
type cartAbandoned struct {
	CartID string    `json:"cart_id"`
	Reason string    `json:"reason"` // as it was understood then
	LeftAt time.Time `json:"left_at"`
	Lines  int       `json:"lines"`
}

// cartRecovered is the data of cart.recovered: a follow-up has led to an order.
type cartRecovered struct {
	CartID  string `json:"cart_id"`
	OrderID string `json:"order_id"`
	Stage   string `json:"stage,omitempty"` // of the last follow-up before the order
	Channel string `json:"channel,omitempty"`
}

// ofCart makes the data of a cart's event.
func ofCart(item OutboxItem) any {
	a := item.Cart.Abandonment
	if a == nil {
		a = &Abandonment{}
	}
	if item.Kind == NoticeCartAbandoned {
		return cartAbandoned{CartID: item.Cart.ID, Reason: item.Ref, LeftAt: a.LeftAt.UTC(), Lines: len(item.Cart.Lines)}
	}
	recovered := cartRecovered{CartID: item.Cart.ID, OrderID: item.Ref}
	for _, f := range a.FollowUps {
		if f.ClaimedAt.Before(item.At) && f.Provider != "" {
			recovered.Stage, recovered.Channel = f.Stage, f.Channel
		}
	}
	return recovered
}

func integration(kind string) bool {
	switch kind {
	case NoticeOrderPlaced, NoticePaymentReview, NoticeLateDecline, NoticeCartAbandoned, NoticeCartRecovered:
		return true
	}
	return ofOrder[kind] != nil
}

// event returns the integration event that an item is; false if it is none.
func (o *Outbox) event(item OutboxItem) (Event, bool, error) {
	s := item.Session
	e := Event{
		SpecVersion: "1.0", ID: item.ID, Source: o.BaseURL, Type: o.Namespace + "." + item.Kind, Subject: s.ID,
		Time: item.At.UTC(), DataContentType: "application/json", DataSchema: "urn:kassa:event:" + item.Kind + ":1#data",
		Kind: item.Kind,
	}
	var data any
	switch item.Kind {
	case NoticeOrderPlaced:
		if s.Order == nil {
			return Event{}, false, &Error{Code: CodeInternal, Message: "session " + s.ID + " tells of an order that it isn't"}
		}
		e.Subject = s.Order.ID
		data = orderPlaced{
			OrderID: s.Order.ID, CheckoutID: s.ID, CartID: s.CartID,
			Total: s.Order.Amount.Minor, Currency: s.Order.Amount.Currency, Authorized: s.Order.Authorized,
		}
	case NoticePaymentReview:
		review := paymentReview{
			CheckoutID: s.ID, CartID: s.CartID, Cause: s.Review, Total: s.Quote.Total.Minor, Currency: s.Quote.Total.Currency,
		}
		if s.Order != nil {
			review.OrderID = s.Order.ID
		}
		data = review
	case NoticeLateDecline:
		data = lateDecline{CheckoutID: s.ID, CartID: s.CartID, Total: s.Quote.Total.Minor, Currency: s.Quote.Total.Currency}
	case NoticeCartAbandoned, NoticeCartRecovered:
		e.Subject, data = item.Cart.ID, ofCart(item)
	default:
		of, ok := ofOrder[item.Kind]
		switch {
		case !ok:
			return Event{}, false, nil
		case s.Order == nil:
			return Event{}, false, &Error{Code: CodeInternal, Message: "session " + s.ID + " tells of an order that it isn't"}
		}
		e.Subject = s.Order.ID
		data = of(item, orderSubject{s.Order.ID, s.ID, s.CartID})
	}
	encoded, err := json.Marshal(data)
	if err != nil {
		return Event{}, false, fmt.Errorf("encode %s: %w", item.Kind, err)
	}
	e.Data = encoded
	return e, true, nil
}
