// Command outbox hands on what commits have noted: to it come the records of the sessions' stream, and once a day a schedule
// (job "drain") that finds what the stream has lost. It holds no secret, and writes what follows
// from notices: what customers agreed to have remembered, and that notices are gone.
package main

import (
	"context"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/eventbridgebus"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter"
)

func main() { coldstart.Main(start) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Sessions: f.Env.Required("KASSA_SESSIONS_TABLE"),
		People:   f.Env.Required("KASSA_PEOPLE_TABLE"),
		Merchant: f.Env.Required("KASSA_MERCHANT_TABLE"),
	}
	bus, namespace := f.Env.Required("KASSA_EVENT_BUS"), f.Env.Required("KASSA_NAMESPACE")
	shop := f.Parameter("KASSA_SHOP_PARAMETER")
	store, err := f.Store(tables)
	if err != nil {
		return nil, err
	}
	publisher, err := eventbridgebus.New(eventbridgebus.Config{AWS: f.AWS, Name: bus, Source: namespace})
	if err != nil {
		return nil, err
	}
	kept, err := coldstart.Keep(ctx, f, store, func(v parameter.Values) (*checkout.Outbox, error) {
		c, err := f.Config(v, shop)
		if err != nil {
			return nil, err
		}
		c.People = store
		people, err := checkout.NewPeople(c)
		if err != nil {
			return nil, err
		}
		return checkout.NewOutbox(checkout.OutboxConfig{
			Consumers: map[string][]checkout.Consumer{checkout.NoticeOrderPlaced: {people}},
			Store:     store, Publisher: publisher, Namespace: namespace, BaseURL: c.Shop.BaseURL, Logger: f.Log,
		})
	})
	return handler(f, kept), err
}
