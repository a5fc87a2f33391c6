package coldstart

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	_ "time/tzdata" // the runtime has no time zones, and the settings name one

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/recovery"
	"kassa/checkout/settings"
	"kassa/checkout/statistics"
	"kassa/functions/internal/parameter"
)

// inStore is the name of the settings among values; parameters' names begin with a slash.
const inStore = "settings"

// current are the settings in a store, among other values; none if the store has none.
func current(ctx context.Context, store settings.Reader) (parameter.Values, error) {
	v, err := store.Settings(ctx)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return parameter.Values{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return parameter.Values{inStore: string(v.Document)}, nil
}

// understood is a document of settings, and what it says.
type understood struct {
	document string
	settings settings.Settings
}

// Settings returns the shop's settings: those in the store or, while there are none, those of the parameter that a deployment
// begins with. The error says which of them, and names the field. A document is parsed once, however many services are made of it.
func (f *Function) Settings(v parameter.Values, shop string) (settings.Settings, error) {
	document, ok := v[inStore]
	from := "settings in the store"
	if !ok {
		document, from = v[shop], "parameter "+shop
	}
	f.parsing.Lock()
	defer f.parsing.Unlock()
	if f.last == nil || f.last.document != document {
		s, err := settings.Parse([]byte(document))
		if err != nil {
			return settings.Settings{}, fmt.Errorf("%s: %w", from, err)
		}
		f.last = &understood{document, s}
	}
	return f.last.settings, nil
}

// Config returns what all services are made of: clock, ids, log, and the shop's settings.
func (f *Function) Config(v parameter.Values, shop string) (checkout.Config, error) {
	s, err := f.Settings(v, shop)
	if err != nil {
		return checkout.Config{}, err
	}
	return checkout.Config{Now: f.Now, NewID: rand.Text, Logger: f.Log, Shop: s.Shop}, nil
}

// Recovery returns what the services of follow-up are made of.
func (f *Function) Recovery(v parameter.Values, shop string, carts recovery.CartStore, contacts recovery.ContactStore) (recovery.Config, error) {
	s, err := f.Settings(v, shop)
	if err != nil {
		return recovery.Config{}, err
	}
	return recovery.Config{
		Carts: carts, Contacts: contacts, Shop: s.Shop, Settings: s.Recovery, Now: f.Now, NewID: rand.Text, Logger: f.Log,
	}, nil
}

// Counter returns what counts facts, as the settings want it.
func (f *Function) Counter(store *dynamostore.Store, s recovery.Settings) (*statistics.Counter, error) {
	c, err := statistics.Config{Store: store, Reader: store, Now: f.Now, Logger: f.Log}.With(s)
	if err != nil {
		return nil, err
	}
	return statistics.NewCounter(c)
}

// Secrets returns the one or two secrets that a parameter holds, the one in use first. The error names the parameter.
func Secrets(v parameter.Values, name string) ([][]byte, error) {
	pair, err := v.Pair(name)
	if err != nil {
		return nil, err
	}
	secrets := make([][]byte, len(pair))
	for i, secret := range pair {
		secrets[i] = []byte(secret)
	}
	return secrets, nil
}

// Links returns what makes and checks the links in messages, with the secrets that a parameter holds. The error names the
// parameter.
func Links(v parameter.Values, name string) (recovery.Links, error) {
	secrets, err := Secrets(v, name)
	if err != nil {
		return recovery.Links{}, err
	}
	links, err := recovery.NewLinks(secrets...)
	if err != nil {
		return recovery.Links{}, fmt.Errorf("parameter %s: %w", name, err)
	}
	return links, nil
}

// Tokens returns what makes and checks capability tokens with the secrets that a parameter holds. The error names the
// parameter.
func Tokens(v parameter.Values, name string) (checkout.Tokens, error) {
	pair, err := v.Pair(name)
	if err != nil {
		return checkout.Tokens{}, err
	}
	secrets := make([][]byte, len(pair))
	for i, secret := range pair {
		secrets[i] = []byte(secret)
	}
	tokens, err := checkout.NewTokens(secrets...)
	if err != nil {
		return checkout.Tokens{}, fmt.Errorf("parameter %s: %w", name, err)
	}
	return tokens, nil
}

// jitter returns a number in [0, 1).
func jitter() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}
