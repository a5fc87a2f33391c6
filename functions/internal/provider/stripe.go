// Package provider makes the payment gateway of the two functions that call Stripe. It stands apart from coldstart so that the
// others don't link what they may not do.
package provider

import (
	"fmt"

	"kassa/checkout"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter"
	"kassa/payments/stripegateway"
)

// Stripe is what the environment says about Stripe.
type Stripe struct {
	Live bool // real money

	key  string // name of the parameter that holds the secret key
	base string // of another server that speaks Stripe's API; "" = Stripe
}

// FromEnvironment asks for what a gateway needs.
func FromEnvironment(f *coldstart.Function) Stripe {
	return Stripe{Live: f.Live(), key: f.Parameter("STRIPE_SECRET_KEY_PARAMETER"), base: f.Env.Optional("STRIPE_API_BASE")}
}

// Into makes the gateway of a shop and puts it wherever a service's configuration needs the provider. It opens no connection and
// reads no roots: the first payment does, since most invocations call Stripe never.
func (s Stripe) Into(c *checkout.Config, v parameter.Values) error {
	gateway, err := stripegateway.New(stripegateway.Config{
		SecretKey: v[s.key], PublishableKey: c.Shop.Wallets.PublishableKey, BaseURL: s.base, Live: s.Live,
	})
	if err != nil {
		return fmt.Errorf("parameter %s: %w", s.key, err)
	}
	c.Gateway, c.Till, c.Vault, c.Live = gateway, gateway, gateway, s.Live
	return nil
}
