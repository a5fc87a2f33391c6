package main

import (
	"context"

	"kassa/checkout/recovery"
	"kassa/checkout/recovery/awsmessenger"
	"kassa/functions/internal/coldstart"
)

// channels are the ways on which messages leave, as the deployment has them. One that is not set up is not used.
type channels struct {
	configurationSet string // of SES: publishes what becomes of e-mail. Never without: bounces and complaints would go unheard
	ios, android     string // platform applications of SNS
}

func readChannels(f *coldstart.Function) channels {
	return channels{f.Env.Required("KASSA_EMAIL_EVENTS"), f.Env.Optional("KASSA_PUSH_IOS"), f.Env.Optional("KASSA_PUSH_ANDROID")}
}

// messengers returns what hands messages over, for each channel that is set up: e-mail has a sender in the settings.
func (c channels) messengers(f *coldstart.Function, follow recovery.Config) (map[recovery.Channel]recovery.Messenger, error) {
	all := make(map[recovery.Channel]recovery.Messenger, 2)
	if from := follow.Settings.Messages.From; from != "" {
		email, err := awsmessenger.NewEmail(awsmessenger.EmailConfig{
			AWS: f.AWS, From: from, Name: follow.Shop.Name, ReplyTo: follow.Settings.Messages.ReplyTo, ConfigurationSet: c.configurationSet,
		})
		if err != nil {
			return nil, err
		}
		all[recovery.ChannelEmail] = email
	}
	if c.ios != "" || c.android != "" {
		push, err := awsmessenger.NewPush(awsmessenger.PushConfig{AWS: f.AWS, IOS: c.ios, Android: c.android})
		if err != nil {
			return nil, err
		}
		all[recovery.ChannelPush] = toDevices{push}
	}
	return all, nil
}

// toDevices sends push messages to devices by their tokens: SNS knows endpoints, of which it has one for each token.
type toDevices struct{ push *awsmessenger.Push }

// Send implements recovery.Messenger.
func (d toDevices) Send(ctx context.Context, m recovery.Message) (string, error) {
	endpoint, err := d.push.Register(ctx, m.Platform, m.To, m.Told)
	if err != nil {
		return "", err
	}
	m.To = endpoint
	return d.push.Send(ctx, m)
}
