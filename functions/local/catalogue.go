package main

import (
	"bytes"
	"context"
	_ "embed" // the sample shop
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // not every machine has time zones

	"kassa/checkout"
	"kassa/checkout/settings"
)

// The sample: Kade 9, a shop on a quay in Rotterdam that sells coffee and what belongs to it.
var (
	//go:embed catalogue.json
	sampleCatalogue []byte
	//go:embed shop.json
	sampleShop []byte
)

// readShop returns the settings of the sample shop, for a provider whose publishable key is given.
func readShop(publishableKey string) (checkout.Shop, error) {
	var s settings.Settings
	if err := decode(sampleShop, &s); err != nil {
		return checkout.Shop{}, fmt.Errorf("read shop.json: %w", err)
	}
	s.Wallets.PublishableKey = publishableKey
	if err := s.Validate(); err != nil {
		return checkout.Shop{}, fmt.Errorf("shop.json: %w", err)
	}
	return s.Shop, nil
}

// stock puts products into the catalogue: those of a file at every start, the sample into an empty one only, so that a
// restart leaves alone what was changed since. Stock that is kept already stays what it is.
// It returns how many products are on sale.
func stock(ctx context.Context, catalog checkout.Catalog, file string) (int, error) {
	n, err := count(ctx, catalog)
	if err != nil || n > 0 && file == "" {
		return n, err
	}
	encoded := sampleCatalogue
	if file != "" {
		if encoded, err = os.ReadFile(file); err != nil { //nolint:gosec // the file that the developer named
			return 0, fmt.Errorf("read catalogue: %w", err)
		}
	}
	var products []checkout.Product
	if err := decode(encoded, &products); err != nil {
		return 0, fmt.Errorf("read catalogue %s: %w", file, err)
	}
	if err := catalog.PutProducts(ctx, products); err != nil {
		return 0, fmt.Errorf("store catalogue: %w", err)
	}
	return count(ctx, catalog)
}

func count(ctx context.Context, catalog checkout.Catalog) (int, error) {
	n := 0
	for q := (checkout.ProductQuery{Limit: 100}); ; {
		page, err := catalog.Search(ctx, q)
		if err != nil {
			return 0, fmt.Errorf("count products: %w", err)
		}
		for _, p := range page.Products {
			if !p.Inactive {
				n++
			}
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return n, nil
		}
	}
}

// decode reads JSON that knows no other fields than ours.
func decode(encoded []byte, to any) error {
	dec := json.NewDecoder(bytes.NewReader(encoded))
	dec.DisallowUnknownFields()
	if err := dec.Decode(to); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the end of the JSON")
	}
	return nil
}
