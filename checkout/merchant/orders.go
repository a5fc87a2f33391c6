package merchant

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"kassa/checkout"
	"kassa/payments/money"
)

// OrderChanges is what can be done to orders. *checkout.Orders is one.
type OrderChanges interface {
	Order(ctx context.Context, orderID string) (checkout.SessionView, error)
	Refund(ctx context.Context, in checkout.RefundInput) (checkout.SessionView, error)
	Fulfil(ctx context.Context, in checkout.FulfilInput) (checkout.SessionView, error)
	Cancel(ctx context.Context, in checkout.CancelOrderInput) (checkout.SessionView, error)
	Withdraw(ctx context.Context, in checkout.WithdrawInput) (checkout.SessionView, error)
}

// OrderCapture takes money that orders hold. *checkout.Orders is one.
type OrderCapture interface {
	Capture(ctx context.Context, in checkout.CaptureInput) (checkout.SessionView, error)
}

// OrdersConfig is what Orders is made of.
type OrdersConfig struct {
	Changes OrderChanges
	Capture OrderCapture
	History checkout.OrderHistory
	Journal *Journal
	Now     func() time.Time
}

// Orders lets the merchant find orders and change them.
type Orders struct{ OrdersConfig }

// NewOrders returns the service of orders. CodeInvalid if something that it needs is missing.
func NewOrders(c OrdersConfig) (*Orders, error) {
	if c.Changes == nil || c.Capture == nil || c.History == nil || c.Journal == nil || c.Now == nil {
		return nil, invalid("config", "orders need their service, a history, a journal and a clock")
	}
	return &Orders{c}, nil
}

// Order shows an order. CodeNotFound.
func (s *Orders) Order(ctx context.Context, id string) (checkout.SessionView, error) {
	return s.Changes.Order(ctx, id)
}

// FindOrders says which orders are looked for: exactly one of these, or none for the newest.
type FindOrders struct {
	Email    string
	Customer string // subject of a signed-in customer's tokens
	OrderID  string
	Day      time.Time // UTC
	Limit    int       // 1–MaxOrders
	Cursor   string
}

// MaxOrders is how many orders a page has, and daysBack how many days without orders the newest are looked for in one request.
const (
	MaxOrders = 50
	daysBack  = 31
)

// Find returns a page of orders, newest first, and the cursor of the next; "" = there is no more. An order can be found some seconds
// after it was placed.
func (s *Orders) Find(ctx context.Context, in FindOrders) ([]checkout.Session, string, error) {
	now := s.Now()
	if in.Limit < 1 || in.Limit > MaxOrders {
		return nil, "", invalid("", "a page holds 1 to 50 orders")
	}
	given := 0
	for _, is := range []bool{in.Email != "", in.Customer != "", in.OrderID != "", !in.Day.IsZero()} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, "", invalid("$", "orders are found by one of email, customer, order_id and day")
	case in.OrderID != "":
		v, err := s.Changes.Order(ctx, in.OrderID)
		if checkout.ErrorCode(err) == checkout.CodeNotFound {
			return nil, "", nil
		}
		return []checkout.Session{v.Session}, "", err
	case in.Email != "":
		return s.of(ctx, checkout.PersonOfEmail(in.Email), in)
	case in.Customer != "":
		return s.of(ctx, checkout.PersonOfCustomer(in.Customer), in)
	case !in.Day.IsZero():
		return s.of(ctx, checkout.DayOfOrders(in.Day), in)
	}
	return s.newest(ctx, now, in)
}

func (s *Orders) of(ctx context.Context, whose string, in FindOrders) ([]checkout.Session, string, error) {
	entries, next, err := s.History.OrdersOf(ctx, whose, in.Limit, in.Cursor)
	if err != nil {
		return nil, "", fmt.Errorf("read history: %w", err)
	}
	found, err := s.read(ctx, entries)
	return found, next, err
}

// newest goes back day by day. Its cursor is a day, and where in it to go on.
func (s *Orders) newest(ctx context.Context, now time.Time, in FindOrders) ([]checkout.Session, string, error) {
	day, cursor := now.UTC(), ""
	if in.Cursor != "" {
		var err error
		if day, cursor, err = parseDayCursor(in.Cursor); err != nil {
			return nil, "", err
		}
	}
	var entries []checkout.OrderEntry
	for range daysBack {
		page, next, err := s.History.OrdersOf(ctx, checkout.DayOfOrders(day), in.Limit-len(entries), cursor)
		if err != nil {
			return nil, "", fmt.Errorf("read history: %w", err)
		}
		entries = append(entries, page...)
		if cursor = next; cursor == "" {
			day = day.AddDate(0, 0, -1)
		}
		if len(entries) == in.Limit {
			break
		}
	}
	if len(entries) == 0 {
		return nil, "", nil
	}
	found, err := s.read(ctx, entries)
	return found, day.Format(time.DateOnly) + "/" + cursor, err
}

func parseDayCursor(cursor string) (time.Time, string, error) {
	if len(cursor) > len(time.DateOnly) && cursor[len(time.DateOnly)] == '/' {
		if day, err := time.Parse(time.DateOnly, cursor[:len(time.DateOnly)]); err == nil {
			return day, cursor[len(time.DateOnly)+1:], nil
		}
	}
	return time.Time{}, "", invalid("", "no cursor of ours")
}

// read returns the sessions of entries, in their order.
func (s *Orders) read(ctx context.Context, entries []checkout.OrderEntry) ([]checkout.Session, error) {
	found, errs := make([]checkout.Session, len(entries)), make([]error, len(entries))
	var all sync.WaitGroup
	for i, e := range entries {
		all.Go(func() {
			v, err := s.Changes.Order(ctx, e.OrderID)
			found[i], errs[i] = v.Session, err
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("read orders: %w", err)
		}
	}
	return found, nil
}

// ChangeOrder is what every change of an order says of itself.
type ChangeOrder struct {
	Key         string // id of the merchant's key
	Request     string // idempotency key; required
	Fingerprint string
	IfVersion   int64
	OrderID     string
}

// change makes a change of an order under its record, whose id is the change's own idempotency key.
func (s *Orders) change(
	ctx context.Context, in ChangeOrder, action string, asked any, do func(ctx context.Context, r checkout.Request, currency money.Currency) (checkout.SessionView, error),
) (checkout.SessionView, error) {
	before, err := s.Changes.Order(ctx, in.OrderID)
	if err != nil {
		return checkout.SessionView{}, err
	}
	after, err := json.Marshal(asked)
	if err != nil {
		return checkout.SessionView{}, fmt.Errorf("encode %s: %w", action, err)
	}
	var view checkout.SessionView
	_, replayed, err := s.Journal.Do(ctx, Change{
		Key: in.Key, Request: in.Request, Fingerprint: in.Fingerprint, Action: action, Target: in.OrderID,
		Before: number(before.Session.Version), After: after,
	}, func(ctx context.Context, id string) (any, error) {
		var err error
		view, err = do(ctx, checkout.Request{Key: id, Fingerprint: in.Fingerprint, IfVersion: in.IfVersion}, before.Session.Order.Amount.Currency)
		return struct {
			Version int64 `json:"version"`
		}{view.Session.Version}, err
	})
	if err != nil || !replayed {
		return view, err
	}
	view, err = s.Changes.Order(ctx, in.OrderID)
	view.Replayed = true
	return view, err
}

// lines is what a record says of lines.
type lines struct {
	All      bool             `json:"all,omitempty"`
	Amount   *int64           `json:"amount,omitempty"` // minor units
	Lines    map[string]int64 `json:"lines,omitempty"`
	Shipping bool             `json:"shipping,omitempty"`
}

func quantities(of []checkout.LineQuantity) map[string]int64 {
	out := make(map[string]int64, len(of))
	for _, l := range of {
		out[l.LineID] += l.Quantity
	}
	return out
}

// amountOf is an amount in the order's currency; nil if none is given.
func amountOf(minor *int64, currency money.Currency) *money.Money {
	if minor == nil {
		return nil
	}
	amount := money.New(*minor, currency)
	return &amount
}

// Refund gives money back. An amount is given in minor units of the order's currency.
func (s *Orders) Refund(ctx context.Context, in ChangeOrder, r checkout.RefundInput, amount *int64) (checkout.SessionView, error) {
	asked := lines{All: r.All, Amount: amount, Lines: map[string]int64{}, Shipping: r.Shipping}
	for _, l := range r.Lines {
		asked.Lines[l.LineID] += l.Quantity
	}
	return s.change(ctx, in, "order.refund", asked, func(ctx context.Context, request checkout.Request, currency money.Currency) (checkout.SessionView, error) {
		r.Request, r.OrderID, r.Amount = request, in.OrderID, amountOf(amount, currency)
		return s.Changes.Refund(ctx, r)
	})
}

// Fulfil ships lines.
func (s *Orders) Fulfil(ctx context.Context, in ChangeOrder, f checkout.FulfilInput) (checkout.SessionView, error) {
	asked := lines{Lines: quantities(f.Lines), All: len(f.Lines) == 0}
	return s.change(ctx, in, "order.fulfil", asked, func(ctx context.Context, request checkout.Request, _ money.Currency) (checkout.SessionView, error) {
		f.Request, f.OrderID = request, in.OrderID
		return s.Changes.Fulfil(ctx, f)
	})
}

// Cancel cancels an order of which nothing was shipped.
func (s *Orders) Cancel(ctx context.Context, in ChangeOrder, c checkout.CancelOrderInput) (checkout.SessionView, error) {
	return s.change(ctx, in, "order.cancel", lines{All: true}, func(ctx context.Context, request checkout.Request, _ money.Currency) (checkout.SessionView, error) {
		c.Request, c.OrderID = request, in.OrderID
		return s.Changes.Cancel(ctx, c)
	})
}

// Withdraw notes down a withdrawal that came by letter or call.
func (s *Orders) Withdraw(ctx context.Context, in ChangeOrder, w checkout.WithdrawInput) (checkout.SessionView, error) {
	asked := lines{Lines: quantities(w.Lines), All: len(w.Lines) == 0}
	return s.change(ctx, in, "order.withdraw", asked, func(ctx context.Context, request checkout.Request, _ money.Currency) (checkout.SessionView, error) {
		w.Request, w.OrderID, w.Merchant = request, in.OrderID, true
		return s.Changes.Withdraw(ctx, w)
	})
}

// CaptureMoney takes the money that an order holds: all, or an amount in minor units of the order's currency.
func (s *Orders) CaptureMoney(ctx context.Context, in ChangeOrder, amount *int64) (checkout.SessionView, error) {
	asked := lines{All: amount == nil, Amount: amount}
	return s.change(ctx, in, "order.capture", asked, func(ctx context.Context, request checkout.Request, currency money.Currency) (checkout.SessionView, error) {
		return s.Capture.Capture(ctx, checkout.CaptureInput{Request: request, OrderID: in.OrderID, Amount: amountOf(amount, currency)})
	})
}
