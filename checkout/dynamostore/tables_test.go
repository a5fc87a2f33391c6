package dynamostore_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout/dynamostore"
)

// Tables exist as they are defined, and making them again does no harm.
func TestTables(t *testing.T) {
	t.Parallel()
	names := dynamostore.Prefixed("defined-")
	c := client(t, http.DefaultTransport)
	for range 2 {
		if err := dynamostore.Create(t.Context(), c, names); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range dynamostore.Tables(names) {
		out, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: table.Create.TableName})
		if err != nil {
			t.Fatal(err)
		}
		name, is := aws.ToString(table.Create.TableName), out.Table
		if got, want := len(is.GlobalSecondaryIndexes), len(table.Create.GlobalSecondaryIndexes); got != want {
			t.Errorf("%s has %d indexes, want %d", name, got, want)
		}
		if table.Create.BillingMode != types.BillingModePayPerRequest {
			t.Errorf("%s is not on demand", name)
		}
		if streams := is.StreamSpecification != nil; streams != (name == names.Carts || name == names.Sessions) {
			t.Errorf("%s has a stream: %v", name, streams)
		}
	}
	for _, index := range dynamostore.Tables(names)[0].Create.GlobalSecondaryIndexes {
		if index.Projection.ProjectionType != types.ProjectionTypeKeysOnly {
			t.Errorf("index %s projects more than keys, so that edits write it", aws.ToString(index.IndexName))
		}
	}
}

// A function that may not reach a table gets no name for it, and can use the others.
func TestSomeTablesOnly(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t), func(c *dynamostore.Config) { c.Tables = dynamostore.Names{Carts: c.Tables.Carts} })
	n.ok(n.store.CreateCart(t.Context(), n.newCart()))
	n.same(must(n.store.Cart(t.Context(), "ct_"+n.id))(n), n.newCart())
}
