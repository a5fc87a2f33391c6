package coldstart

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"kassa/checkout"
	"kassa/functions/internal/parameter"
)

// Config returns what all services are made of: clock, ids, log, and the shop's settings, which a parameter holds as JSON. The
// error names the parameter and the field.
func (f *Function) Config(v parameter.Values, shop string) (checkout.Config, error) {
	c := checkout.Config{Now: f.Now, NewID: rand.Text, Logger: f.Log}
	dec := json.NewDecoder(bytes.NewReader([]byte(v[shop])))
	dec.DisallowUnknownFields()
	err := dec.Decode(&c.Shop)
	if err == nil {
		if _, end := dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("there is more after the end of the JSON")
		}
	}
	if err == nil {
		err = c.Shop.Validate()
	}
	if err != nil {
		return checkout.Config{}, fmt.Errorf("parameter %s: %w", shop, err)
	}
	return c, nil
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

// WarmCart is a read that opens the connection of a store of carts.
func WarmCart(store checkout.CartStore) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := store.Cart(ctx, "warm")
		return found(err)
	}
}

// WarmSession is a read that opens the connection of a store of sessions.
func WarmSession(store checkout.SessionStore) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := store.Session(ctx, "warm")
		return found(err)
	}
}

// found is the error of a read that was not meant to find anything.
func found(err error) error {
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return nil
	}
	return err
}

// jitter returns a number in [0, 1).
func jitter() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}
