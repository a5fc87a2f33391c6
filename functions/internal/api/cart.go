package api

import (
	"context"
	"net/http"

	"kassa/checkout"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/ucp"
)

// Carts makes carts, and changes and shows them as a whole. *checkout.Carts is one.
type Carts interface {
	Create(ctx context.Context, in checkout.CreateCartInput) (checkout.CartView, error)
	Cart(ctx context.Context, caller checkout.Caller, id string) (checkout.CartView, error)
	Replace(ctx context.Context, in checkout.ReplaceCartInput) (checkout.CartView, error)
	Cancel(ctx context.Context, in checkout.CancelCartInput) (checkout.CartView, error)
}

// Lines changes single lines of carts. *checkout.Carts is one.
type Lines interface {
	AddLine(ctx context.Context, in checkout.LineEditInput) (checkout.CartView, error)
	SetLine(ctx context.Context, in checkout.LineEditInput) (checkout.CartView, error)
	RemoveLine(ctx context.Context, in checkout.LineEditInput) (checkout.CartView, error)
}

// Claims brings carts to customers who sign in. *checkout.Carts is one.
type Claims interface {
	// Claim makes a cart the customer's current one, or puts its lines into that; the caller's token is the cart's.
	Claim(ctx context.Context, r checkout.Request, cartID string) (checkout.CartView, error)
	Mine(ctx context.Context, caller checkout.Caller) (checkout.CartView, error)
}

// Products shows what the shop sells. *checkout.Carts is one.
type Products interface {
	Search(ctx context.Context, q checkout.ProductQuery) (checkout.ProductPage, error)
	Lookup(ctx context.Context, skus []string) ([]checkout.Product, error)
}

// CartDeps is what the cart function serves with.
type CartDeps struct {
	Edge     edge.Config
	Carts    Carts
	Lines    Lines
	Claims   Claims
	Products Products
	Devices  Devices
	Returns  Returns
	OpenAPI  []byte // the API's description, in YAML
}

type cartRoutes struct{ CartDeps }

// Cart returns the function cart: carts, their lines, devices, the way back to what was left, the catalogue, health and the API's description.
func Cart(d CartDeps) Handler {
	learn(new(ucp.Wire).Cart("", checkout.CartView{}))
	c := cartRoutes{d}
	return handler(d.Edge,
		edge.Route{Method: http.MethodPost, Pattern: "/carts", Body: edge.JSON, Handle: c.create},
		edge.Route{Method: http.MethodGet, Pattern: "/carts/mine", Handle: c.mine},
		edge.Route{Method: http.MethodGet, Pattern: "/carts/{id}", Handle: c.get},
		edge.Route{Method: http.MethodPut, Pattern: "/carts/{id}", Body: edge.JSON, Handle: c.replace},
		edge.Route{Method: http.MethodPost, Pattern: "/carts/{id}/cancel", Body: edge.MaybeJSON, Handle: c.cancel},
		edge.Route{Method: http.MethodPost, Pattern: "/carts/{id}/claim", Body: edge.JSON, Handle: c.claim},
		edge.Route{Method: http.MethodPost, Pattern: "/carts/{id}/line-items", Body: edge.JSON, Handle: c.addLine},
		edge.Route{Method: http.MethodPatch, Pattern: "/carts/{id}/line-items/{line}", Body: edge.MergePatch, Handle: c.setLine},
		edge.Route{Method: http.MethodDelete, Pattern: "/carts/{id}/line-items/{line}", Handle: c.removeLine},
		edge.Route{Method: http.MethodPost, Pattern: "/catalog/search", Body: edge.JSON, Handle: c.search},
		edge.Route{Method: http.MethodPost, Pattern: "/catalog/lookup", Body: edge.JSON, Handle: c.lookup},
		edge.Route{Method: http.MethodPost, Pattern: "/catalog/product", Body: edge.JSON, Handle: c.product},
		edge.Route{Method: http.MethodGet, Pattern: "/.well-known/ucp", Handle: c.profile},
		edge.Route{Method: http.MethodGet, Pattern: "/.well-known/apple-app-site-association",
			Handle: c.association(d.Edge.Wire.AppleAssociation)},
		edge.Route{Method: http.MethodGet, Pattern: "/.well-known/assetlinks.json", Handle: c.association(d.Edge.Wire.AssetLinks)},
		edge.Route{Method: http.MethodPut, Pattern: "/devices/{id}", Body: edge.JSON, Handle: c.device},
		edge.Route{Method: http.MethodPost, Pattern: "/recoveries", Body: edge.JSON, Handle: c.comeBack},
		edge.Route{Method: http.MethodGet, Pattern: "/r/{token}", Handle: c.land},
		edge.Route{Method: http.MethodGet, Pattern: "/health", Handle: health},
		edge.Route{Method: http.MethodGet, Pattern: "/openapi.yaml", Handle: described(d.OpenAPI)},
	)
}

func (c cartRoutes) create(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in, err := ucp.CartInput(r.Body, r.Accepted)
	if err != nil {
		return edge.Answer{}, err
	}
	in.Request = r.Call
	v, err := c.Carts.Create(ctx, in)
	a, err := c.answer(r, v, err)
	if err == nil {
		a.Status, a.Location = http.StatusCreated, "/carts/"+v.Cart.ID
	}
	return a, err
}

func (c cartRoutes) get(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	v, err := c.Carts.Cart(ctx, r.Call.Caller, r.PathValue("id"))
	return c.answer(r, v, err)
}

func (c cartRoutes) replace(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	in, err := ucp.ReplaceInput(r.Body, r.Accepted)
	if err != nil {
		return edge.Answer{}, err
	}
	in.Request, in.CartID = r.Call, r.PathValue("id")
	v, err := c.Carts.Replace(ctx, in)
	return c.answer(r, v, err)
}

func (c cartRoutes) cancel(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	left, err := ucp.LeftInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	v, err := c.Carts.Cancel(ctx, checkout.CancelCartInput{Request: r.Call, CartID: r.PathValue("id"), Left: left})
	return c.answer(r, v, err)
}

// claim takes two credentials: the customer's in the header, the guest cart's in the body.
func (c cartRoutes) claim(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	token, err := ucp.ClaimInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	in := r.Call
	if in.Caller.Customer != "" {
		in.Caller.Token = token
	}
	v, err := c.Claims.Claim(ctx, in, r.PathValue("id"))
	a, err := c.answer(r, v, err)
	if err == nil {
		a.Location = "/carts/" + v.Cart.ID
	}
	return a, err
}

func (c cartRoutes) mine(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	v, err := c.Claims.Mine(ctx, r.Call.Caller)
	return c.answer(r, v, err)
}

func (c cartRoutes) addLine(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	line, err := ucp.AddInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	v, err := c.Lines.AddLine(ctx, checkout.LineEditInput{Request: r.Call, CartID: r.PathValue("id"), Line: line})
	return c.answer(r, v, err)
}

func (c cartRoutes) setLine(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	quantity, err := ucp.QuantityInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	v, err := c.Lines.SetLine(ctx, checkout.LineEditInput{
		Request: r.Call, CartID: r.PathValue("id"), LineID: r.PathValue("line"), Line: checkout.LineInput{Quantity: quantity},
	})
	return c.answer(r, v, err)
}

func (c cartRoutes) removeLine(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	v, err := c.Lines.RemoveLine(ctx, checkout.LineEditInput{
		Request: r.Call, CartID: r.PathValue("id"), LineID: r.PathValue("line"),
	})
	return c.answer(r, v, err)
}

func (c cartRoutes) answer(r *edge.Request, v checkout.CartView, err error) (edge.Answer, error) {
	if err != nil {
		return edge.Answer{}, err
	}
	body := c.Edge.Wire.Cart(language(c.Edge.Wire, r, v.Cart.Context.Language), v)
	return edge.Answer{Body: body, Version: v.Cart.Version, Replayed: v.Replayed}, nil
}

func (c cartRoutes) search(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	q, shopping, err := ucp.SearchInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	page, err := c.Products.Search(ctx, q)
	if err != nil {
		return edge.Answer{}, err
	}
	return edge.Answer{Body: c.Edge.Wire.Products(language(c.Edge.Wire, r, ""), shopping, page)}, nil
}

func (c cartRoutes) lookup(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	ids, shopping, err := ucp.LookupInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	found, err := c.Products.Lookup(ctx, ids)
	if err != nil {
		return edge.Answer{}, err
	}
	return edge.Answer{Body: c.Edge.Wire.Lookup(language(c.Edge.Wire, r, ""), shopping, ids, found)}, nil
}

func (c cartRoutes) product(ctx context.Context, r *edge.Request) (edge.Answer, error) {
	id, shopping, err := ucp.ProductInput(r.Body)
	if err != nil {
		return edge.Answer{}, err
	}
	found, err := c.Products.Lookup(ctx, []string{id})
	if err != nil {
		return edge.Answer{}, err
	}
	body, ok := c.Edge.Wire.Product(language(c.Edge.Wire, r, ""), shopping, found)
	if !ok {
		none := checkout.Message{Type: checkout.MessageError, Code: checkout.MsgNotFound, Severity: checkout.SeverityFinal, Path: "$.id",
			Args: map[string]string{"title": id}}
		return edge.Answer{}, &checkout.Error{Code: checkout.CodeNothingSellable, Messages: []checkout.Message{none}}
	}
	return edge.Answer{Body: body}, nil
}
