package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Connect returns a store on the DynamoDB of an AWS configuration, so that only this package knows its client.
func Connect(cfg aws.Config, tables Names, jitter func() float64) (*Store, error) {
	return New(Config{Client: dynamodb.NewFromConfig(cfg), Tables: tables, Jitter: jitter})
}

// WithPatience returns the store with another bound of how long one request may stay unanswered: see Config.
func (s *Store) WithPatience(d time.Duration) *Store {
	patient := *s
	patient.patience = d
	return &patient
}

// CreateTables makes the store's tables that don't exist yet, without streams: see Create.
func (s *Store) CreateTables(ctx context.Context) error {
	return create(ctx, s.client, s.names, WithoutStream)
}
