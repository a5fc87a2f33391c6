package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

var _ checkout.Bookmarks = (*Store)(nil)

// bookmarkKey is where a job's bookmark lies: among the sessions, under a key that no session has. It has none of the attributes
// that indexes, streams' filters and scans look for.
func bookmarkKey(job string) string { return "~" + job }

// Bookmark implements checkout.Bookmarks.
func (s *Store) Bookmark(ctx context.Context, job string) (string, error) {
	it, err := s.get(ctx, s.names.Sessions, bookmarkKey(job))
	if err != nil {
		return "", failed("read the bookmark of", job, err)
	}
	return (&stored{item: it}).text("c"), nil
}

// KeepBookmark implements checkout.Bookmarks.
func (s *Store) KeepBookmark(ctx context.Context, job, cursor string) error {
	var value types.AttributeValue
	if cursor != "" {
		value = text(cursor)
	}
	x := &expression{}
	x.put("c", value)
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.names.Sessions, Key: key(bookmarkKey(job)), UpdateExpression: x.update(),
			ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values,
		}, once)
		return err
	})
	return failed("keep the bookmark of", job, err)
}
