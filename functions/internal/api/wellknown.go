package api

import (
	"context"
	"time"

	"kassa/checkout"
	"kassa/functions/internal/edge"
)

// wellKnownLife is how long others may keep what the shop says about itself: UCP wants a minute at least, and a setting that
// was changed shall be seen within minutes.
const wellKnownLife = 5 * time.Minute

// profile answers what the shop can do (UCP, discovery).
func (c cartRoutes) profile(context.Context, *edge.Request) (edge.Answer, error) {
	return edge.Answer{Body: c.Edge.Wire.Profile(), Public: true, MaxAge: wellKnownLife}, nil
}

// association answers which apps open the shop's pages.
func (c cartRoutes) association(of func() (any, bool)) edge.Handler {
	return func(context.Context, *edge.Request) (edge.Answer, error) {
		body, ok := of()
		if !ok {
			return edge.Answer{}, &checkout.Error{Code: checkout.CodeNotFound, Message: "the shop has no such app"}
		}
		return edge.Answer{Body: body, Public: true, MaxAge: wellKnownLife}, nil
	}
}
