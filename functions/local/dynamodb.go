package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
)

// tablePrefix begins the names of our tables in a DynamoDB of the developer's own.
const tablePrefix = "kassa-"

// productLife is how old a product may be that another process has changed meanwhile. What this process changes shows at
// once.
const productLife = time.Second

// connections is how many a DynamoDB on the same machine gets of us at once. More of them only wait for each other there:
// it writes one thing at a time.
const connections = 64

// patience is how long one request may take. DynamoDB Local has no machine of its own, and a request that counts as lost is
// made again, which doesn't make a busy machine faster.
const patience = 10 * time.Second

// remoteStore is a DynamoDB of the developer's own, its products kept in memory for a moment.
type remoteStore struct {
	*dynamostore.Store
	catalog *dynamostore.CachedCatalog
}

// Close ends nothing: connections go with the process.
func (remoteStore) Close() error { return nil }

// Products implements checkout.Catalog.
func (s remoteStore) Products(ctx context.Context, skus []string) (map[string]checkout.Product, error) {
	return s.catalog.Products(ctx, skus)
}

// Search implements checkout.Catalog.
func (s remoteStore) Search(ctx context.Context, q checkout.ProductQuery) (checkout.ProductPage, error) {
	return s.catalog.Search(ctx, q)
}

// PutProducts implements checkout.Catalog.
func (s remoteStore) PutProducts(ctx context.Context, products []checkout.Product) error {
	return s.catalog.PutProducts(ctx, products)
}

// AddStock implements checkout.Catalog.
func (s remoteStore) AddStock(ctx context.Context, op, sku string, delta int64) error {
	return s.catalog.AddStock(ctx, op, sku, delta)
}

// Commit implements checkout.SessionStore. Stock that comes back or turns out to be short is read anew by who asks next; that
// some was taken need not be known before a commit finds none.
func (s remoteStore) Commit(ctx context.Context, c checkout.Commit) error {
	err := s.Store.Commit(ctx, c)
	var conflict *checkout.Conflict
	if errors.As(err, &conflict) {
		s.catalog.Forget(conflict.Short...)
	}
	for _, change := range c.Stock {
		if err == nil && change.Delta > 0 {
			s.catalog.Forget(change.SKU)
		}
	}
	return err
}

// openDynamoDB returns the store at an endpoint, with its tables made if they are not there. DynamoDB Local takes any
// credentials; those of the environment are not looked for, so that none can leave this machine.
func openDynamoDB(ctx context.Context, settings options) (store, error) {
	wire := settings.wire
	if wire == nil {
		wire = &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections, IdleConnTimeout: time.Minute}
	}
	cfg := aws.Config{
		Region: "local", BaseEndpoint: aws.String(settings.dynamodb),
		HTTPClient: &http.Client{Transport: wire},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local", Source: "kassa local"}, nil
		}),
	}
	s, err := dynamostore.Connect(cfg, dynamostore.Prefixed(settings.tables), rand.Float64) //nolint:gosec // spreads waits, guards nothing
	if err != nil {
		return nil, err
	}
	s = s.WithPatience(patience)
	if err := s.CreateTables(ctx); err != nil {
		return nil, fmt.Errorf("DynamoDB at %s: %w", settings.dynamodb, err)
	}
	return remoteStore{s, dynamostore.Cached(s, productLife, time.Now)}, nil
}
