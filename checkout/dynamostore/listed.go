package dynamostore

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// pageOf returns a page of a partition of the index of what is listed, newest first.
func pageOf[T any](
	ctx context.Context, s *Store, partition string, limit int, cursor string, decode func(item) (T, error),
) (page []T, next string, err error) {
	items, next, err := s.listed(ctx, partition, limit, cursor)
	if err != nil {
		return nil, "", failed("query", partition, err)
	}
	page = make([]T, 0, len(items))
	for _, it := range items {
		one, err := decode(it)
		if err != nil {
			return nil, "", err
		}
		page = append(page, one)
	}
	return page, next, nil
}

// listed is pageOf, not yet decoded.
func (s *Store) listed(ctx context.Context, partition string, limit int, cursor string) ([]item, string, error) {
	before := []byte(strings.Repeat("\xff", dueKeySize))
	if cursor != "" {
		var err error
		if before, err = base64.RawURLEncoding.DecodeString(cursor); err != nil || len(before) != dueKeySize {
			return nil, "", invalid("no cursor of ours")
		}
	}
	if limit < 1 {
		return nil, "", invalid("a page needs room for at least one item")
	}
	var out *dynamodb.QueryOutput
	_, err := s.call(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.Query(ctx, &dynamodb.QueryInput{
			TableName: &s.names.Merchant, IndexName: aws.String(IndexListed), Limit: aws.Int32(int32(limit)), //nolint:gosec // a page
			KeyConditionExpression:    aws.String("b = :p AND h < :h"),
			ExpressionAttributeValues: item{":p": text(partition), ":h": blob(before)},
			ScanIndexForward:          aws.Bool(false),
		}, once)
		return err
	})
	if err != nil || out.LastEvaluatedKey == nil || len(out.Items) == 0 {
		if err != nil {
			return nil, "", err
		}
		return out.Items, "", nil
	}
	last := (&stored{item: out.Items[len(out.Items)-1]}).binary("h")
	return out.Items, base64.RawURLEncoding.EncodeToString(last), nil
}
