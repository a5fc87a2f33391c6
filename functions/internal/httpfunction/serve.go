// Package httpfunction is what the functions behind the HTTP API have in common beyond coldstart. The others don't link it: the
// validator's tables alone cost a start 0.5 ms.
package httpfunction

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kassa/checkout"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/edge"
	"kassa/functions/internal/lambdahttp"
	"kassa/functions/internal/oidc"
	"kassa/functions/internal/parameter"
	"kassa/functions/internal/ucp"
)

// Edge returns the way in and out of a function of a shop, whose own payment handlers are named in a namespace.
func Edge(f *coldstart.Function, shop checkout.Shop, namespace string, customers edge.Customers) (edge.Config, error) {
	wire, err := ucp.New(shop, namespace)
	return edge.Config{Wire: wire, Logger: f.Log, Now: f.Now, NewID: rand.Text, Customers: customers}, err
}

// Customers returns who verifies customers' tokens, by OIDC_ISSUER and OIDC_AUDIENCE; nil where both are empty and the shop has
// guests only. It keeps the issuer's keys, so a function makes one, outside of what changes with its parameters; the first
// customer's token has them fetched.
func Customers(f *coldstart.Function) (edge.Customers, error) {
	issuer, audience := f.Env.Optional("OIDC_ISSUER"), f.Env.Optional("OIDC_AUDIENCE")
	verifier, err := oidc.FromEnvironment(issuer, audience, oidc.Config{Now: f.Now, Logger: f.Log})
	if verifier == nil || err != nil {
		return nil, err // and no verifier: a nil pointer in an interface is none
	}
	return verifier, nil
}

// reserve is kept back of an invocation to answer that something did not answer in time.
const reserve = 500 * time.Millisecond

// Handler answers the events of the HTTP API.
type Handler func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Serve answers events with an HTTP handler that is kept up to date. A request's context ends shortly before its invocation
// does. What encoding/json has to learn of events it learns here, in the start.
func Serve(kept *parameter.Kept[http.Handler]) Handler {
	_ = json.Unmarshal([]byte("{}"), new(events.APIGatewayV2HTTPRequest))
	_, _ = json.Marshal(events.APIGatewayV2HTTPResponse{})
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		ctx, cancel := coldstart.Early(ctx, reserve)
		defer cancel()
		h, err := kept.Get(ctx)
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		return lambdahttp.Adapt(h)(ctx, event)
	}
}
