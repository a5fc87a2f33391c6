// Command feedback takes in what becomes of messages: bounces, complaints and deliveries that SES publishes, STOP by SMS, and people who
// say no (or, asked, yes) on the page behind a link. Whom nobody may reach is all that it writes. It holds the secrets of
// those links, and reaches no cart, no session and no key of anybody.
package main

import (
	"context"
	"net/http"

	"kassa/checkout/dynamostore"
	"kassa/checkout/recovery"
	"kassa/functions/internal/api"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/httpfunction"
	"kassa/functions/internal/parameter"
)

func main() { coldstart.Main(start) }

// parts are the two faces of the function, on one registry.
type parts struct {
	pages    http.Handler
	registry *recovery.Registry
}

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Contacts: f.Env.Required("KASSA_CONTACTS_TABLE"),
		Merchant: f.Env.Required("KASSA_MERCHANT_TABLE"),
	}
	namespace, topics := f.Env.Required("KASSA_NAMESPACE"), f.Env.Required("KASSA_FEEDBACK_TOPICS")
	shop, links := f.Parameter("KASSA_SHOP_PARAMETER"), f.Parameter("KASSA_LINK_SECRETS_PARAMETER")
	store, err := f.Store(tables)
	if err != nil {
		return nil, err
	}
	kept, err := coldstart.Keep(ctx, f, store, func(v parameter.Values) (parts, error) {
		follow, err := f.Recovery(v, shop, store, store)
		if err != nil {
			return parts{}, err
		}
		signed, err := coldstart.Links(v, links)
		if err != nil {
			return parts{}, err
		}
		edge, err := httpfunction.Edge(f, follow.Shop, namespace, nil)
		if err != nil {
			return parts{}, err
		}
		registry, err := recovery.NewRegistry(recovery.RegistryConfig{Config: follow, Links: signed})
		return parts{api.Feedback(api.FeedbackDeps{Edge: edge, Contacts: registry}), registry}, err
	})
	return handler(f, kept, topics), err
}
