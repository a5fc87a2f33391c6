package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout/recovery"
)

// read reads an item strongly consistently. CodeNotFound if there is none.
func read[T any](ctx context.Context, s *Store, table, what, id string, decode func(item) (T, error)) (T, error) {
	var none T
	it, err := s.get(ctx, table, id)
	switch {
	case err != nil:
		return none, failed("read "+what, id, err)
	case it == nil:
		return none, notFound(what, id)
	}
	return decode(it)
}

// get reads an item strongly consistently; nil if there is none.
func (s *Store) get(ctx context.Context, table, id string) (it item, err error) {
	if id == "" {
		return nil, nil // no key is empty
	}
	_, err = s.call(ctx, func(ctx context.Context) error {
		out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key(id), ConsistentRead: aws.Bool(true)}, once)
		if err == nil {
			it = out.Item
		}
		return err
	})
	return it, err
}

// batch reads items of several tables, at most 100, in one trip; what DynamoDB leaves unprocessed is asked for again.
func (s *Store) batch(ctx context.Context, keys map[string][]item, consistent bool) (map[string][]item, error) {
	request := make(map[string]types.KeysAndAttributes, len(keys))
	for table, k := range keys {
		request[table] = types.KeysAndAttributes{Keys: k, ConsistentRead: aws.Bool(consistent)}
	}
	found := make(map[string][]item, len(keys))
	_, err := s.call(ctx, func(ctx context.Context) error {
		out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: request}, once)
		if err != nil {
			return err
		}
		for table, items := range out.Responses {
			found[table] = append(found[table], items...)
		}
		if request = out.UnprocessedKeys; len(request) > 0 {
			return errUnprocessed
		}
		return nil
	})
	return found, err
}

// errUnprocessed is how a batch says that it was throttled in part.
var errUnprocessed = &types.ProvisionedThroughputExceededException{Message: aws.String("keys were left unprocessed")}

// each reads items of a table strongly, in one trip, and takes in each. CodeInvalid for more than DynamoDB reads at once.
func (s *Store) each(ctx context.Context, table string, ids []string, take func(item) error) error {
	seen := make(map[string]bool, len(ids))
	keys := make([]item, 0, len(ids))
	for _, id := range ids {
		if id != "" && !seen[id] {
			seen[id] = true
			keys = append(keys, key(id))
		}
	}
	switch {
	case len(keys) == 0:
		return nil
	case len(keys) > recovery.MaxBatch:
		return invalid("a batch has at most 100 items")
	}
	found, err := s.batch(ctx, map[string][]item{table: keys}, true)
	if err != nil {
		return failed("read", table, err)
	}
	for _, it := range found[table] {
		if err := take(it); err != nil {
			return err
		}
	}
	return nil
}

// scan reads a page of a table whose items have one key, in DynamoDB's own order, from behind the item that a cursor names. The cursor
// of the next page is "" at the end.
func (s *Store) scan(ctx context.Context, in *dynamodb.ScanInput, cursor string) (items []item, next string, err error) {
	if cursor != "" {
		in.ExclusiveStartKey = key(cursor)
	}
	var out *dynamodb.ScanOutput
	_, err = s.call(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.Scan(ctx, in, once)
		return err
	})
	if err != nil {
		return nil, "", failed("scan", *in.TableName, err)
	}
	last := &stored{item: out.LastEvaluatedKey}
	return out.Items, last.text("i"), last.err
}
