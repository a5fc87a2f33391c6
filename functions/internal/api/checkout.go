package api

import (
	"context"
	"net/http"

	"kassa/checkout"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/ucp"
)

// Sessions takes carts to orders. *checkout.Sessions is one.
type Sessions interface {
	Create(ctx context.Context, in checkout.CreateSessionInput) (checkout.SessionView, error)
	Session(ctx context.Context, caller checkout.Caller, id string) (checkout.SessionView, error)
	Update(ctx context.Context, in checkout.UpdateSessionInput) (checkout.SessionView, error)
	Complete(ctx context.Context, in checkout.CompleteInput) (checkout.SessionView, error)
	Cancel(ctx context.Context, in checkout.CancelSessionInput) (checkout.SessionView, error)
}

// Sheets prepares payments that the provider's sheet confirms, and forgets cards that were kept there. *checkout.Sessions is one.
type Sheets interface {
	Prepare(ctx context.Context, in checkout.PrepareInput) (checkout.SessionView, error)
	// ForgetCard takes a saved card away from the caller.
	ForgetCard(ctx context.Context, caller checkout.Caller, card string) error
}

// Orders shows what was bought. *checkout.Sessions is one.
type Orders interface {
	// Page returns the completed session of an order's public page.
	Page(ctx context.Context, token string) (checkout.SessionView, error)
	// Order returns the completed session that an order is.
	Order(ctx context.Context, caller checkout.Caller, orderID string) (checkout.SessionView, error)
}

// Profiles shows and forgets what is remembered of customers. *checkout.People is one.
type Profiles interface {
	Profile(ctx context.Context, caller checkout.Caller) (checkout.Person, error)
	Forget(ctx context.Context, caller checkout.Caller) error
}

// Withdrawals takes in what shoppers withdraw from. *checkout.Orders is one.
type Withdrawals interface {
	Withdraw(ctx context.Context, in checkout.WithdrawInput) (checkout.SessionView, error)
}

// CheckoutDeps is what the checkout function serves with.
type CheckoutDeps struct {
	Edge        edge.Config
	Sessions    Sessions
	Sheets      Sheets
	Orders      Orders
	Profiles    Profiles
	Withdrawals Withdrawals
}

type checkoutRoutes struct{ CheckoutDeps }

// Checkout returns the function checkout: sessions, payment, orders.
func Checkout(d CheckoutDeps) Handler {
	learn(new(ucp.Wire).Checkout("", checkout.SessionView{}))
	c := checkoutRoutes{d}
	return handler(d.Edge,
		edge.Route{Method: http.MethodPost, Pattern: "/checkout-sessions", Body: edge.JSON, Handle: c.create},
		edge.Route{Method: http.MethodGet, Pattern: "/checkout-sessions/{id}", Handle: c.get},
		edge.Route{Method: http.MethodPut, Pattern: "/checkout-sessions/{id}", Body: edge.JSON, Handle: c.update(ucp.PutInput)},
		edge.Route{Method: http.MethodPatch, Pattern: "/checkout-sessions/{id}", Body: edge.MergePatch, Handle: c.update(ucp.PatchInput)},
		edge.Route{Method: http.MethodPost, Pattern: "/checkout-sessions/{id}/complete", Body: edge.JSON, Handle: c.complete},
		edge.Route{Method: http.MethodPost, Pattern: "/checkout-sessions/{id}/prepare", Body: edge.JSON, Handle: c.prepare},
		edge.Route{Method: http.MethodPost, Pattern: "/checkout-sessions/{id}/cancel", Body: edge.MaybeJSON, Handle: c.cancel},
		edge.Route{Method: http.MethodGet, Pattern: "/orders/{id}", Handle: c.order},
		edge.Route{Method: http.MethodPost, Pattern: "/orders/{id}/withdrawals", Body: edge.JSON, Handle: c.withdraw},
		edge.Route{Method: http.MethodGet, Pattern: "/o/{token}", Handle: c.page},
		edge.Route{Method: http.MethodGet, Pattern: "/profile", Handle: c.profile},
		edge.Route{Method: http.MethodDelete, Pattern: "/profile", Handle: c.forget},
		edge.Route{Method: http.MethodDelete, Pattern: "/profile/cards/{card}", Handle: c.forgetCard},
	)
}

func (c checkoutRoutes) create(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in, err := ucp.CreateInput(r.Body, r.Accepted)
	if err != nil {
		return edge.Answer{}, err
	}
	in.Request = r.Call
	v, err := c.Sessions.Create(ctx, in)
	a, err := c.answer(r, v, err)
	if err == nil {
		a.Status, a.Location = http.StatusCreated, "/checkout-sessions/"+v.Session.ID
	}
	return a, err
}

func (c checkoutRoutes) get(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	v, err := c.Sessions.Session(ctx, r.Call.Caller, r.PathValue("id"))
	return c.answer(r, v, err)
}

// update is PUT or PATCH: they differ in how a body is read, and in nothing else.
func (c checkoutRoutes) update(read func(ucp.Body) (checkout.SessionChange, error)) edge.Handler {
	return func(ctx context.Context, r *edge.Request) (edge.Answer, error) {
		change, err := read(r.Body)
		if err != nil {
			return edge.Answer{}, err
		}
		v, err := c.Sessions.Update(ctx, checkout.UpdateSessionInput{Request: r.Call, SessionID: r.PathValue("id"), Change: change})
		return c.answer(r, v, err)
	}
}

func (c checkoutRoutes) complete(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in, err := ucp.CompleteInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	in.Request, in.SessionID = r.Call, r.PathValue("id")
	v, err := c.Sessions.Complete(ctx, in)
	return c.answer(r, v, err)
}

func (c checkoutRoutes) prepare(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in, err := ucp.PrepareInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	in.Request, in.SessionID = r.Call, r.PathValue("id")
	v, err := c.Sheets.Prepare(ctx, in)
	return c.answer(r, v, err)
}

func (c checkoutRoutes) cancel(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	left, err := ucp.LeftInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	v, err := c.Sessions.Cancel(ctx, checkout.CancelSessionInput{Request: r.Call, SessionID: r.PathValue("id"), Left: left})
	return c.answer(r, v, err)
}

func (c checkoutRoutes) answer(r *edge.Request, v checkout.SessionView, err error) (edge.Answer, error) {
	if err != nil {
		return edge.Answer{}, err
	}
	body := c.Edge.Wire.Checkout(language(c.Edge.Wire, r, v.Session.Context.Language), v)
	return edge.Answer{Body: body, Version: v.Session.Version, Replayed: v.Replayed}, nil
}

func (c checkoutRoutes) order(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	v, err := c.Orders.Order(ctx, r.Call.Caller, r.PathValue("id"))
	return c.answerOrder(r, v, err)
}

// withdraw takes in a shopper's withdrawal. The answer, the order with the withdrawal in its adjustments, is the receipt.
func (c checkoutRoutes) withdraw(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in, err := ucp.WithdrawInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	in.Request, in.OrderID = r.Call, r.PathValue("id")
	v, err := c.Withdrawals.Withdraw(ctx, in)
	a, err := c.answerOrder(r, v, err)
	if err == nil {
		a.Status = http.StatusCreated
	}
	return a, err
}

func (c checkoutRoutes) answerOrder(r *edge.Request, v checkout.SessionView, err error) (edge.Answer, error) {
	if err != nil {
		return edge.Answer{}, err
	}
	body := c.Edge.Wire.Order(language(c.Edge.Wire, r, v.Session.Context.Language), v)
	return edge.Answer{Body: body, Version: v.Session.Version, Replayed: v.Replayed}, nil
}

// page answers an order's public page, to anybody who has its address. It is in the language of who looks.
func (c checkoutRoutes) page(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	v, err := c.Orders.Page(ctx, r.PathValue("token"))
	if err != nil {
		return edge.Answer{}, err
	}
	text := c.Edge.Wire.OrderPage(language(c.Edge.Wire, r, v.Session.Context.Language), v)
	return edge.Answer{Text: text, Type: ucp.PageType, Header: ucp.PageHeaders}, nil
}

func (c checkoutRoutes) profile(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	p, err := c.Profiles.Profile(ctx, r.Call.Caller)
	if err != nil {
		return edge.Answer{}, err
	}
	return edge.Answer{Body: c.Edge.Wire.Person(p)}, nil
}

// forget answers what is left, so that the app sees that it is nothing.
func (c checkoutRoutes) forgetCard(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	if err := c.Sheets.ForgetCard(ctx, r.Call.Caller, r.PathValue("card")); err != nil {
		return edge.Answer{}, err
	}
	return c.profile(ctx, r)
}

func (c checkoutRoutes) forget(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	if err := c.Profiles.Forget(ctx, r.Call.Caller); err != nil {
		return edge.Answer{}, err
	}
	return c.profile(ctx, r)
}
