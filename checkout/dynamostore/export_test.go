package dynamostore

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// batch is how many items DynamoDB writes in one trip without conditions.
const batch = 25

// Fill puts carts and contacts into tables that have none of them, as their own methods write them, many in a trip.
func (s *Store) Fill(ctx context.Context, client *dynamodb.Client, carts []checkout.Cart, contacts []recovery.Contact) error {
	if err := fill(ctx, client, s.names.Carts, carts, encodeCart); err != nil {
		return err
	}
	return fill(ctx, client, s.names.Contacts, contacts, encodeContact)
}

func fill[T any](ctx context.Context, client *dynamodb.Client, table string, all []T, encode func(T) (item, error)) error {
	parts := slices.Collect(slices.Chunk(all, batch))
	return inParallel(len(parts), 8, func(i int) error {
		var puts []types.WriteRequest
		for _, v := range parts[i] {
			it, err := encode(v)
			if err != nil {
				return err
			}
			puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: it}})
		}
		for left := map[string][]types.WriteRequest{table: puts}; len(left) > 0; {
			out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: left})
			if err != nil {
				return err
			}
			left = out.UnprocessedItems
		}
		return nil
	})
}
