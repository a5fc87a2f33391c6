package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Connect returns a store on the DynamoDB of an AWS configuration, so that only this package knows its client.
func Connect(cfg aws.Config, tables Names, jitter func() float64) (*Store, error) {
	return New(Config{Client: dynamodb.NewFromConfig(cfg), Tables: tables, Jitter: jitter})
}

// CreateTables makes the store's tables that don't exist yet: see Create.
func (s *Store) CreateTables(ctx context.Context) error { return Create(ctx, s.client, s.names) }
