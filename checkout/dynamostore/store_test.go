package dynamostore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
	"kassa/checkout/statistics"
)

// client returns the real SDK's client of DynamoDB Local, on a transport.
func client(t testing.TB, transport http.RoundTripper) *dynamodb.Client {
	t.Helper()
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(dynamotest.Endpoint(t)), Region: "eu-west-1", HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
	})
}

var deployments atomic.Int64

// fresh returns the names of tables that nobody else uses, which it makes.
func fresh(t testing.TB) dynamostore.Names {
	t.Helper()
	names := dynamostore.Prefixed(fmt.Sprintf("test%d-", deployments.Add(1)))
	if err := dynamostore.Create(context.Background(), client(t, http.DefaultTransport), names, dynamostore.WithoutStream); err != nil {
		t.Fatal(err)
	}
	return names
}

// quick is a configuration whose retries don't wait.
func quick(t testing.TB, names dynamostore.Names, transport http.RoundTripper) dynamostore.Config {
	t.Helper()
	return dynamostore.Config{
		Client: client(t, transport), Tables: names, Jitter: rand.Float64, Patience: time.Minute,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func open(t testing.TB, c dynamostore.Config) *dynamostore.Store {
	t.Helper()
	store, err := dynamostore.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func stores(s *dynamostore.Store, catalog checkout.Catalog) checkouttest.Stores {
	return checkouttest.Stores{Carts: s, Sessions: s, Catalog: catalog, Inbox: s, People: s, Redemptions: s}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	checkouttest.Conformance(t, func(t *testing.T) checkouttest.Stores {
		s := open(t, quick(t, fresh(t), http.DefaultTransport))
		return stores(s, s)
	})
}

func TestStatisticsConformance(t *testing.T) {
	t.Parallel()
	checkouttest.StatisticsConformance(t, func(t *testing.T) statistics.Store {
		return open(t, quick(t, fresh(t), http.DefaultTransport))
	})
}

func TestNoticeConformance(t *testing.T) {
	t.Parallel()
	checkouttest.NoticeConformance(t, func(t *testing.T) checkouttest.Stores {
		s := open(t, quick(t, fresh(t), http.DefaultTransport))
		return stores(s, s)
	})
}

func TestFollowConformance(t *testing.T) {
	t.Parallel()
	checkouttest.FollowConformance(t, func(t *testing.T) checkouttest.Stores {
		s := open(t, quick(t, fresh(t), http.DefaultTransport))
		return stores(s, s)
	})
}
