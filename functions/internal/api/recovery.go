package api

import (
	"context"
	"net/http"
	"net/url"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/ucp"
)

// Devices keeps the phones that push messages reach. *recovery.Registry is one.
type Devices interface {
	PutDevice(ctx context.Context, in recovery.DeviceInput) (recovery.Device, error)
}

// Returns exchanges recovery links for what was left. *recovery.Returns is one.
type Returns interface {
	Open(token string) bool
	AppLinkOf(token string) string
	Return(ctx context.Context, in recovery.ReturnInput) (checkout.CartView, error)
}

// device answers what is known of a phone now, but for its token.
func (c cartRoutes) device(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in, err := ucp.DeviceInput(r.Body, r.PathValue("id"))
	if err != nil {
		return edge.Answer{}, err
	}
	in.Request = r.Call
	d, err := c.Devices.PutDevice(ctx, in)
	if err != nil {
		return edge.Answer{}, err
	}
	return edge.Answer{Body: struct {
		ID       string `json:"id"`
		Platform string `json:"platform"`
		Reached  bool   `json:"reachable"` // push messages can be shown
		Locale   string `json:"locale"`
		Zone     string `json:"time_zone,omitempty"`
	}{r.PathValue("id"), d.Platform, d.Permitted, d.Locale, d.Zone}}, nil
}

// comeBack answers a cart of the caller's own with what was left.
func (c cartRoutes) comeBack(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in, err := ucp.ReturnInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	in.Request = r.Call
	v, err := c.Returns.Return(ctx, in)
	a, err := c.answer(r, v, err)
	if err == nil {
		a.Location = "/carts/" + v.Cart.ID
	}
	return a, err
}

// land shows the page behind a recovery link. It opens the app and changes nothing: programs that look at mail follow links.
func (c cartRoutes) land(_ context.Context, r *edge.Request) (edge.Answer, error) {
	token := r.PathValue("token")
	if !c.Returns.Open(token) {
		return page(c.Edge.Wire, r, http.StatusNotFound, pageDead, ""), nil
	}
	return page(c.Edge.Wire, r, http.StatusOK, pageReturn, c.Returns.AppLinkOf(token)), nil
}

// Contacts changes whom messages may reach, by links that were in messages. *recovery.Registry is one.
type Contacts interface {
	Recipient(token string, purpose recovery.Purpose) (recovery.Link, bool)
	Unsubscribe(ctx context.Context, token string, all bool) (recovery.Link, error)
	Confirm(ctx context.Context, token string) (recovery.Link, error)
}

// FeedbackDeps is what the feedback function serves with.
type FeedbackDeps struct {
	Edge     edge.Config
	Contacts Contacts
}

// maxForm bounds the body of a form of ours, and of a mail program's (RFC 8058 asks for 25 bytes).
const maxForm = 8 << 10

// Feedback returns the HTTP face of the function feedback: saying no to messages, and yes. GET shows a page with a form, and only
// POST acts (RFC 8058 §3.1): programs that look at mail follow links.
func Feedback(d FeedbackDeps) Handler {
	return handler(d.Edge,
		edge.Route{Method: http.MethodGet, Pattern: "/unsubscribe/{token}", Handle: d.ask(recovery.PurposeUnsubscribe, pageUnsubscribe)},
		edge.Route{Method: http.MethodPost, Pattern: "/unsubscribe/{token}", Body: edge.RawBody, Limit: maxForm, Handle: d.unsubscribe},
		edge.Route{Method: http.MethodGet, Pattern: "/unsubscribe/confirm/{token}", Handle: d.ask(recovery.PurposeConfirm, pageConfirm)},
		edge.Route{Method: http.MethodPost, Pattern: "/unsubscribe/confirm/{token}", Body: edge.RawBody, Limit: maxForm, Handle: d.confirm},
	)
}

func (d FeedbackDeps) ask(purpose recovery.Purpose, shown pageKind) edge.Handler {
	return func(_ context.Context, r *edge.Request) (edge.Answer, error) {
		if _, ok := d.Contacts.Recipient(r.PathValue("token"), purpose); !ok {
			return page(d.Edge.Wire, r, http.StatusNotFound, pageDead, ""), nil
		}
		return page(d.Edge.Wire, r, http.StatusOK, shown, ""), nil
	}
}

func (d FeedbackDeps) unsubscribe(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	form, _ := url.ParseQuery(string(r.Raw)) // a mail program's may be of another kind, and has nothing that we need
	all, done := form.Get("all") == "1", pageUnsubscribed
	if all {
		done = pageSilenced
	}
	_, err := d.Contacts.Unsubscribe(ctx, r.PathValue("token"), all)
	return d.acted(r, done, err)
}

func (d FeedbackDeps) confirm(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	_, err := d.Contacts.Confirm(ctx, r.PathValue("token"))
	return d.acted(r, pageConfirmed, err)
}

func (d FeedbackDeps) acted(r *edge.Request, shown pageKind, err error) (edge.Answer, error) {
	switch {
	case checkout.ErrorCode(err) == checkout.CodeNotFound:
		return page(d.Edge.Wire, r, http.StatusNotFound, pageDead, ""), nil
	case err != nil:
		return edge.Answer{}, err
	}
	return page(d.Edge.Wire, r, http.StatusOK, shown, ""), nil
}
