// Command outbox hands on what commits have noted: to it come the records of the streams of sessions and carts, and once a day a
// schedule (job "drain") that finds what the streams have lost; job "resume" goes on with one that ran out of time. It sends
// follow-ups and service messages, and holds the secrets that sign their links. It writes what follows from notices: how far a
// cart's follow-up is, what customers agreed to have remembered, and that notices are gone.
package main

import (
	"context"
	"errors"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/eventbridgebus"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter"
)

func main() { coldstart.Main(start) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Carts:      f.Env.Required("KASSA_CARTS_TABLE"),
		Sessions:   f.Env.Required("KASSA_SESSIONS_TABLE"),
		People:     f.Env.Required("KASSA_PEOPLE_TABLE"),
		Products:   f.Env.Required("KASSA_PRODUCTS_TABLE"),
		Stock:      f.Env.Required("KASSA_STOCK_TABLE"),
		Contacts:   f.Env.Required("KASSA_CONTACTS_TABLE"),
		Merchant:   f.Env.Required("KASSA_MERCHANT_TABLE"),
		Orders:     f.Env.Required("KASSA_ORDERS_TABLE"),
		Statistics: f.Env.Required("KASSA_STATISTICS_TABLE"),
	}
	bus, namespace := f.Env.Required("KASSA_EVENT_BUS"), f.Env.Required("KASSA_NAMESPACE")
	shop, links := f.Parameter("KASSA_SHOP_PARAMETER"), f.Parameter("KASSA_LINK_SECRETS_PARAMETER")
	channels := readChannels(f)
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
		c.Catalog, c.People = store, store
		follow, err := f.Recovery(v, shop, store, store)
		if err != nil {
			return nil, err
		}
		counter, err := f.Counter(store, follow.Settings)
		if err != nil {
			return nil, err
		}
		consumers, err := consumersOf(f, v, links, c, follow, store, channels, counter)
		if err != nil {
			return nil, err
		}
		placed := checkout.NoticeOrderPlaced
		consumers[placed] = append(consumers[placed], checkout.HistoryConsumer{History: store})
		return checkout.NewOutbox(checkout.OutboxConfig{
			Store: store, Carts: store, Bookmarks: store, Publisher: publisher, Consumers: consumers, Namespace: namespace,
			BaseURL: c.Shop.BaseURL, Logger: f.Log,
		})
	})
	return handler(f, kept), err
}

// consumersOf are those who want to know of notices, by kind.
func consumersOf(
	f *coldstart.Function, v parameter.Values, links string, c checkout.Config, follow recovery.Config, sendings recovery.SendLog,
	channels channels,
	counter *statistics.Counter,
) (map[string][]checkout.Consumer, error) {
	signed, err := coldstart.Links(v, links)
	if err != nil {
		return nil, err
	}
	messengers, err := channels.messengers(f, follow)
	if err != nil {
		return nil, err
	}
	if c.CodeSecrets, err = coldstart.Secrets(v, links); err != nil {
		return nil, err
	}
	estimator, err := checkout.NewEstimator(c)
	if err != nil {
		return nil, err
	}
	sender, err1 := recovery.NewSender(recovery.SenderConfig{
		Config: follow, Estimator: estimator, Minter: estimator, Messengers: messengers, Links: signed, Ledger: counter,
	})
	tracer, err2 := recovery.NewTracer(recovery.TracerConfig{Config: follow, Ledger: counter})
	people, err3 := checkout.NewPeople(c)
	service, err4 := recovery.NewService(recovery.ServiceConfig{
		Shop: follow.Shop, Settings: follow.Settings, Log: sendings, Contacts: follow.Contacts, Email: messengers[recovery.ChannelEmail], Now: f.Now, NewID: follow.NewID, Logger: f.Log,
	})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return checkout.JoinConsumers(service.Consumers(), map[string][]checkout.Consumer{
		checkout.NoticeFollowUpDue:   {sender},
		checkout.NoticeCartAbandoned: {tracer},
		checkout.NoticeOrderPlaced:   {tracer, people},
	}, counter.Consumers()), nil
}
