package main

import (
	"crypto/rand"
	"errors"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/checkout/settings"
)

// followUp is all that follows up carts: what sweep, outbox, cart and feedback do about it on AWS.
type followUp struct {
	sweeper   *recovery.Sweeper
	registry  *recovery.Registry
	returns   *recovery.Returns
	consumers map[string][]checkout.Consumer
}

// followUp makes the services of follow-up.
func (a *app) followUp(s settings.Settings, c checkout.Config, carts *checkout.Carts, ledger recovery.Ledger) (*followUp, error) {
	config := recovery.Config{
		Carts: a.store, Contacts: a.store, Shop: s.Shop, Settings: s.Recovery, Now: a.clock.Now, NewID: rand.Text, Logger: a.log,
	}
	links, err1 := recovery.NewLinks(a.book.page.TokenSecret)
	estimator, err2 := checkout.NewEstimator(c)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	sweeper, err1 := recovery.NewSweeper(config)
	sender, err2 := recovery.NewSender(recovery.SenderConfig{
		Config: config, Estimator: estimator, Minter: estimator, Links: links, Ledger: ledger,
		Messengers: map[recovery.Channel]recovery.Messenger{recovery.ChannelEmail: a.mailbox, recovery.ChannelPush: a.mailbox},
	})
	tracer, err3 := recovery.NewTracer(recovery.TracerConfig{Config: config, Ledger: ledger})
	registry, err4 := recovery.NewRegistry(recovery.RegistryConfig{Config: config, Tokens: c.Tokens, Links: links})
	returns, err5 := recovery.NewReturns(recovery.ReturnsConfig{Config: config, Editor: carts, Tokens: c.Tokens, Links: links,
		Ledger: ledger})
	return &followUp{sweeper, registry, returns, map[string][]checkout.Consumer{
		checkout.NoticeFollowUpDue: {sender}, checkout.NoticeCartAbandoned: {tracer}, checkout.NoticeOrderPlaced: {tracer},
	}}, errors.Join(err1, err2, err3, err4, err5)
}
