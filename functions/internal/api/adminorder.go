package api

import (
	"context"
	"net/http"
	"time"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/strictjson"
	"kassa/payments"
	"kassa/payments/money"
)

// MerchantOrders finds orders. *merchant.Orders is one.
type MerchantOrders interface {
	Order(ctx context.Context, id string) (checkout.SessionView, error)
	Find(ctx context.Context, in merchant.FindOrders) ([]checkout.Session, string, error)
}

// MerchantOrderChanges changes orders. *merchant.Orders is one.
type MerchantOrderChanges interface {
	Fulfil(ctx context.Context, in merchant.ChangeOrder, f checkout.FulfilInput) (checkout.SessionView, error)
	Cancel(ctx context.Context, in merchant.ChangeOrder, c checkout.CancelOrderInput) (checkout.SessionView, error)
	Withdraw(ctx context.Context, in merchant.ChangeOrder, w checkout.WithdrawInput) (checkout.SessionView, error)
	CaptureMoney(ctx context.Context, in merchant.ChangeOrder, amount *int64) (checkout.SessionView, error)
	Refund(ctx context.Context, in merchant.ChangeOrder, r checkout.RefundInput, amount *int64) (checkout.SessionView, error)
}

// orderRoutes are the routes about orders and ways to pay.
func (a adminRoutes) orderRoutes() []edge.Route {
	change := func(name string, scope merchant.Scope, handle edge.Handler) edge.Route {
		return edge.Route{Method: http.MethodPost, Pattern: "/admin/orders/{id}/" + name, Scope: scope, Body: edge.JSON, Handle: handle}
	}
	return []edge.Route{
		{Method: http.MethodGet, Pattern: "/admin/orders", Scope: merchant.ScopeOrders, Handle: a.listOrders},
		{Method: http.MethodPost, Pattern: "/admin/orders/search", Scope: merchant.ScopeOrders, Body: edge.JSON, Handle: a.searchOrders},
		{Method: http.MethodGet, Pattern: "/admin/orders/{id}", Scope: merchant.ScopeOrders, Handle: a.order},
		change("fulfil", merchant.ScopeOrders, a.fulfil),
		change("capture", merchant.ScopeOrders, a.capture),
		change("cancel", merchant.ScopeOrders, a.cancelOrder),
		change("withdraw", merchant.ScopeOrders, a.withdraw),
		change("refund", merchant.ScopeRefunds, a.refund),
		{Method: http.MethodGet, Pattern: "/admin/methods", Scope: merchant.ScopeSettings, Handle: a.methods},
	}
}

// foundOrder is an order in a list.
type foundOrder struct {
	ID         string         `json:"id"`
	PlacedAt   time.Time      `json:"placed_at"`
	State      string         `json:"state"`
	Total      int64          `json:"total"`
	Refundable int64          `json:"refundable"`
	Currency   money.Currency `json:"currency"`
	Review     string         `json:"review,omitempty"`
}

func foundOf(s checkout.Session) foundOrder {
	o := *s.Order
	return foundOrder{
		ID: o.ID, PlacedAt: o.PlacedAt, State: stateOf(s), Total: o.Amount.Minor, Refundable: o.Refundable().Minor,
		Currency: o.Amount.Currency, Review: s.Review,
	}
}

// stateOf is how far an order has come, in a word.
func stateOf(s checkout.Session) string {
	o := *s.Order
	open, shipped := false, len(o.Fulfillments) > 0
	for _, l := range s.Quote.Lines {
		p := s.Progress(l.LineID)
		open = open || p.Fulfilled < p.Total
	}
	switch {
	case o.Canceled():
		return "canceled"
	case o.Cancellation != nil:
		return "canceling"
	case o.Disputed():
		return "disputed"
	case !open && !shipped:
		return "refunded"
	case !open:
		return "fulfilled"
	case shipped:
		return "partly_fulfilled"
	}
	return "placed"
}

func (a adminRoutes) found(page []checkout.Session, next string, r *edge.Request, err error) (edge.Answer, error) {
	out := struct {
		Orders []foundOrder `json:"orders"`
		Cursor string       `json:"cursor,omitempty"`
	}{[]foundOrder{}, next}
	for _, s := range page {
		out.Orders = append(out.Orders, foundOf(s))
	}
	answer := edge.Answer{Body: out}
	if r.HTTP.Method == http.MethodGet {
		answer.Next = nextPage(r, "cursor", next)
	}
	return answer, err
}

func (a adminRoutes) listOrders(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	q := r.HTTP.URL.Query()
	limit, err := numberOf(r, "limit", 20)
	if err != nil {
		return edge.Answer{}, err
	}
	find := merchant.FindOrders{Limit: int(min(limit, 1000)), Cursor: q.Get("cursor")}
	if day := q.Get("day"); day != "" {
		if find.Day, err = time.Parse(time.DateOnly, day); err != nil {
			return edge.Answer{}, &checkout.Error{Code: checkout.CodeInvalid, Message: "the query's day must be a date, such as 2026-11-23"}
		}
	}
	page, next, err := a.Orders.Find(ctx, find)
	return a.found(page, next, r, err)
}

func (a adminRoutes) searchOrders(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in := struct {
		Email    string `json:"email"`
		Customer string `json:"customer"`
		OrderID  string `json:"order_id"`
		Limit    int64  `json:"limit"`
		Cursor   string `json:"cursor"`
	}{Limit: 20}
	if err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return edge.Answer{}, err
	}
	if in.Email == "" && in.Customer == "" && in.OrderID == "" {
		return edge.Answer{}, &checkout.Error{Code: checkout.CodeInvalid, Path: "$",
			Message: "one of email, customer and order_id is needed"}
	}
	page, next, err := a.Orders.Find(ctx, merchant.FindOrders{
		Email: in.Email, Customer: in.Customer, OrderID: in.OrderID, Limit: int(min(in.Limit, 1000)), Cursor: in.Cursor,
	})
	return a.found(page, next, r, err)
}

func (a adminRoutes) order(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	v, err := a.Orders.Order(ctx, r.PathValue("id"))
	return a.orderAnswer(r, v, err)
}

func (a adminRoutes) changeOf(r *edge.Request) merchant.ChangeOrder {
	return merchant.ChangeOrder{
		Key: r.Merchant.ID, Request: r.Call.Key, Fingerprint: r.Call.Fingerprint, IfVersion: r.Call.IfVersion, OrderID: r.PathValue("id"),
	}
}

// lineQuantity is so many of a line.
type lineQuantity struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity"`
}

func quantitiesOf(of []lineQuantity) []checkout.LineQuantity {
	var out []checkout.LineQuantity
	for _, l := range of {
		out = append(out, checkout.LineQuantity{LineID: l.ID, Quantity: l.Quantity})
	}
	return out
}

func (a adminRoutes) fulfil(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	var in struct {
		LineItems      []lineQuantity `json:"line_items"`
		Carrier        string         `json:"carrier"`
		TrackingNumber string         `json:"tracking_number"`
		TrackingURL    string         `json:"tracking_url"`
	}
	if err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return edge.Answer{}, err
	}
	v, err := a.Changes.Fulfil(ctx, a.changeOf(r), checkout.FulfilInput{
		Lines: quantitiesOf(in.LineItems), Carrier: in.Carrier, TrackingNumber: in.TrackingNumber, TrackingURL: in.TrackingURL,
	})
	return a.orderAnswer(r, v, err)
}

func (a adminRoutes) capture(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	var in struct {
		Amount *int64 `json:"amount"`
	}
	if err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return edge.Answer{}, err
	}
	v, err := a.Changes.CaptureMoney(ctx, a.changeOf(r), in.Amount)
	return a.orderAnswer(r, v, err)
}

func (a adminRoutes) cancelOrder(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return edge.Answer{}, err
	}
	v, err := a.Changes.Cancel(ctx, a.changeOf(r), checkout.CancelOrderInput{Reason: in.Reason})
	return a.orderAnswer(r, v, err)
}

func (a adminRoutes) withdraw(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	var in struct {
		LineItems []lineQuantity `json:"line_items"`
		Reason    string         `json:"reason"`
	}
	if err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return edge.Answer{}, err
	}
	v, err := a.Changes.Withdraw(ctx, a.changeOf(r), checkout.WithdrawInput{Lines: quantitiesOf(in.LineItems), Reason: in.Reason})
	return a.orderAnswer(r, v, err)
}

func (a adminRoutes) refund(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	var in struct {
		All       bool   `json:"all"`
		Amount    *int64 `json:"amount"`
		LineItems []struct {
			ID       string `json:"id"`
			Quantity int64  `json:"quantity"`
			Restock  bool   `json:"restock"`
		} `json:"line_items"`
		Shipping   bool   `json:"shipping"`
		Restock    bool   `json:"restock"`
		Reason     string `json:"reason"`
		Withdrawal string `json:"withdrawal"`
	}
	if err := strictjson.Decode(r.Body, &in, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return edge.Answer{}, err
	}
	refund := checkout.RefundInput{All: in.All, Shipping: in.Shipping, Restock: in.Restock, Reason: in.Reason, Withdrawal: in.Withdrawal}
	for _, l := range in.LineItems {
		refund.Lines = append(refund.Lines, checkout.RefundLineInput{LineID: l.ID, Quantity: l.Quantity, Restock: l.Restock})
	}
	v, err := a.Changes.Refund(ctx, a.changeOf(r), refund, in.Amount)
	return a.orderAnswer(r, v, err)
}

// verdict is what the method matrix says about a way to pay.
type verdict struct {
	Method  string `json:"method"`
	Handler string `json:"handler"`
	Offered bool   `json:"offered"`
	Why     string `json:"why,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// methods answers the matrix for a sale: what is offered, and why the rest isn't.
func (a adminRoutes) methods(_ context.Context, r *edge.Request) (edge.Answer, error) {
	q := r.HTTP.URL.Query()
	total, err := numberOf(r, "total", 1000)
	if err != nil {
		return edge.Answer{}, err
	}
	country := q.Get("country")
	currency := a.Shop.CurrencyFor(checkout.Context{Country: country, Currency: q.Get("currency")})
	saved, err := numberOf(r, "saved", 0)
	if err != nil {
		return edge.Answer{}, err
	}
	out := struct {
		Total    int64          `json:"total"`
		Currency money.Currency `json:"currency"`
		Methods  []verdict      `json:"methods"`
	}{total, currency, []verdict{}}
	for _, v := range a.Shop.JudgeMethods(checkout.Sale{
		Total: money.New(total, currency), Country: country, Platform: payments.Platform(q.Get("platform")), Saved: int(min(saved, 100)),
	}) {
		out.Methods = append(out.Methods, verdict{v.Method, v.Handler, v.Offered(), string(v.Why), v.Detail})
	}
	return edge.Answer{Body: out}, nil
}
