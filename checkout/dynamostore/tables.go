package dynamostore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Names of the indexes, and the attributes that a stream's filter and TTL need by name.
const (
	IndexDue      = "due"      // carts to look at, oldest first in each of Shards partitions
	IndexWatch    = "watch"    // open sessions, by who looks after them
	IndexReceived = "received" // the inbox, oldest first
	IndexListed   = "listed"   // the merchant's records and keys

	// AttributeNotices is a string that an item has while it has notices. A stream's filter tests it, because `exists`
	// matches leaves only and notices are a map.
	AttributeNotices = "o"
	// AttributeCartNotices is the same for carts.
	AttributeCartNotices = "O"
	// AttributeExpires is when TTL may delete an item, in seconds.
	AttributeExpires = "x"
)

// Table is a table as it must exist, on AWS, in tests and in the local run.
type Table struct {
	Create dynamodb.CreateTableInput
	TTL    string // attribute that TTL is switched on for; "" = none
}

// Tables returns the definitions of all tables.
func Tables(n Names) []Table {
	due := index(IndexDue, "s", "d", types.ProjectionTypeKeysOnly)
	watch := index(IndexWatch, "w", "h", types.ProjectionTypeKeysOnly)
	received := index(IndexReceived, "b", "r", types.ProjectionTypeAll)
	listed := index(IndexListed, "b", "h", types.ProjectionTypeAll)
	return []Table{
		{table(n.Carts, true, &due), AttributeExpires},
		{table(n.Sessions, true, &watch), AttributeExpires},
		{table(n.Inbox, false, &received), ""},
		{table(n.Products, false, nil), ""},
		{table(n.Stock, false, nil), ""},
		{table(n.People, false, nil), AttributeExpires},
		{table(n.Contacts, false, nil), AttributeExpires},
		{table(n.Redemptions, false, nil), ""},
		{table(n.Merchant, false, &listed), ""},
		{ordered(table(n.Orders, false, nil)), ""},
		{ordered(table(n.Statistics, false, nil)), AttributeExpires},
	}
}

func table(name string, stream bool, index *types.GlobalSecondaryIndex) dynamodb.CreateTableInput {
	in := dynamodb.CreateTableInput{
		TableName:            aws.String(name),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("i"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("i"), KeyType: types.KeyTypeHash}},
	}
	if stream {
		in.StreamSpecification = &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage,
		}
	}
	if index != nil {
		in.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{*index}
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: index.KeySchema[0].AttributeName, AttributeType: types.ScalarAttributeTypeS},
			types.AttributeDefinition{AttributeName: index.KeySchema[1].AttributeName, AttributeType: types.ScalarAttributeTypeB})
	}
	return in
}

// ordered is a table whose items are ordered by r within one i.
func ordered(in dynamodb.CreateTableInput) dynamodb.CreateTableInput {
	in.AttributeDefinitions = append(in.AttributeDefinitions,
		types.AttributeDefinition{AttributeName: aws.String("r"), AttributeType: types.ScalarAttributeTypeS})
	in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: aws.String("r"), KeyType: types.KeyTypeRange})
	return in
}

func index(name, partition, order string, projection types.ProjectionType) types.GlobalSecondaryIndex {
	return types.GlobalSecondaryIndex{
		IndexName: aws.String(name),
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(partition), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(order), KeyType: types.KeyTypeRange},
		},
		Projection: &types.Projection{ProjectionType: projection},
	}
}

// Create makes the tables that don't exist yet, each changed as asked for, for tests and the local run; on AWS the template
// does. It leaves TTL off: where the clock can be moved, DynamoDB's own must not delete anything.
func Create(ctx context.Context, client *dynamodb.Client, n Names, changes ...func(*dynamodb.CreateTableInput)) error {
	return create(ctx, operationsOf(client), n, changes...)
}

func create(ctx context.Context, client operations, n Names, changes ...func(*dynamodb.CreateTableInput)) error {
	for _, t := range Tables(n) {
		for _, change := range changes {
			change(&t.Create)
		}
		_, err := client.CreateTable(ctx, &t.Create)
		var exists *types.ResourceInUseException
		if err != nil && !errors.As(err, &exists) {
			return fmt.Errorf("create table %s: %w", aws.ToString(t.Create.TableName), err)
		}
	}
	return nil
}

// WithoutStream is for where nobody reads streams: DynamoDB Local searches all that it has ever streamed at each write, and
// after some ten thousand of them takes a second for one.
func WithoutStream(t *dynamodb.CreateTableInput) { t.StreamSpecification = nil }
