package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"kassa/checkout/dynamostore"
)

// tablePrefix begins the names of our tables in a DynamoDB of the developer's own.
const tablePrefix = "kassa-"

// remoteStore is a DynamoDB of the developer's own. Nothing is cached in memory: a changed price shows at once.
type remoteStore struct{ *dynamostore.Store }

// Close ends nothing: connections go with the process.
func (remoteStore) Close() error { return nil }

// openDynamoDB returns the store at an endpoint, with its tables made if they are not there. DynamoDB Local takes any
// credentials; those of the environment are not looked for, so that none can leave this machine.
func openDynamoDB(ctx context.Context, settings settings) (store, error) {
	cfg := aws.Config{
		Region: "local", BaseEndpoint: aws.String(settings.dynamodb),
		HTTPClient: &http.Client{Transport: settings.wire},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local", Source: "kassa local"}, nil
		}),
	}
	s, err := dynamostore.Connect(cfg, dynamostore.Prefixed(settings.tables), rand.Float64) //nolint:gosec // spreads waits, guards nothing
	if err != nil {
		return nil, err
	}
	if err := s.CreateTables(ctx); err != nil {
		return nil, fmt.Errorf("DynamoDB at %s: %w", settings.dynamodb, err)
	}
	return remoteStore{s}, nil
}
