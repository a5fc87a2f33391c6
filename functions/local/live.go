package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"kassa/checkout"
	"kassa/checkout/settings"
	"kassa/functions/internal/parameter"
)

// Settings are read as by the functions on AWS: the store's, about once a minute, and those of shop.json while the store has
// none.

const (
	settingsLife  = 55 * time.Second
	settingsValue = "settings"
)

// openingShop returns the shop as it is set when the process starts. The publishable key of the environment counts, if there
// is one: it belongs to the secret key beside it.
func (a *app) openingShop(ctx context.Context, publishableKey string) (checkout.Shop, error) {
	shop, err := readShop(publishableKey)
	if err != nil {
		return shop, err
	}
	v, err := a.store.Settings(ctx)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return shop, nil
	}
	if err != nil {
		return shop, fmt.Errorf("read settings: %w", err)
	}
	s, err := a.parse(v.Document)
	return s.Shop, err
}

// parse reads a document. The key of the environment takes the place of its own; that one was judged with the environment.
func (a *app) parse(document []byte) (settings.Settings, error) {
	s, err := settings.Parse(document)
	if own := a.settings.stripe.publishableKey; own != "" {
		s.Wallets.PublishableKey = own
	}
	if err != nil {
		return s, fmt.Errorf("settings in the store: %w", err)
	}
	return s, nil
}

// seed is the document in force while the store has none.
func (a *app) seed() ([]byte, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(sampleShop, &whole); err != nil {
		return nil, fmt.Errorf("read shop.json: %w", err)
	}
	wallets, err := json.Marshal(a.shop.Wallets)
	if err != nil {
		return nil, fmt.Errorf("encode wallets: %w", err)
	}
	whole["wallets"] = wallets
	return json.Marshal(whole)
}

// keepServices makes the services, and makes them anew when the settings have changed.
func (a *app) keepServices(ctx context.Context) (*parameter.Kept[*services], error) {
	seed, err := a.seed()
	if err != nil {
		return nil, err
	}
	return parameter.Keep(ctx, parameter.Config[*services]{
		Now: a.clock.Now, Logger: a.log,
		Overlay: &parameter.Overlay{Life: settingsLife, Read: func(ctx context.Context) (parameter.Values, error) {
			v, err := a.store.Settings(ctx)
			switch {
			case checkout.ErrorCode(err) == checkout.CodeNotFound:
				return parameter.Values{settingsValue: string(seed)}, nil
			case err != nil:
				return nil, fmt.Errorf("read settings: %w", err)
			}
			return parameter.Values{settingsValue: string(v.Document)}, nil
		}},
		Make: func(v parameter.Values) (*services, error) {
			s, err := a.parse([]byte(v[settingsValue]))
			if err != nil {
				return nil, err
			}
			return a.assemble(s)
		},
	})
}
