package dynamostore

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// RemoveNotices implements checkout.NoticeStore. Mostly the notices are all that the session has, so that is tried first: one
// write takes out the map and the string that the stream's filter tests. Where there are others, the item that refused says
// which.
func (s *Store) RemoveNotices(ctx context.Context, sessionID string, noticeIDs []string) error {
	all := slices.Clone(noticeIDs)
	slices.Sort(all)
	for gone := range slices.Chunk(slices.Compact(all), maxRemoved) {
		if err := s.removeNotices(ctx, sessionID, gone); err != nil {
			return failed("remove notices of session", sessionID, err)
		}
	}
	return nil
}

// maxRemoved bounds what one write removes: an expression holds 4 KB.
const maxRemoved = 50

func (s *Store) removeNotices(ctx context.Context, sessionID string, gone []string) error {
	for total := len(gone); len(gone) > 0; {
		_, err := s.call(ctx, func(ctx context.Context) error {
			_, err := s.client.UpdateItem(ctx, s.removal(sessionID, gone, total), once)
			return err
		})
		old, refused := refusal(err)
		if !refused {
			return err
		}
		there := (&stored{item: old}).within("n").item
		gone, total = slices.DeleteFunc(gone, func(id string) bool { return there[id] == nil }), len(there)
	}
	return nil
}

// removal takes notices out of a session that has these, and total in all.
func (s *Store) removal(sessionID string, gone []string, total int) *dynamodb.UpdateItemInput {
	x := &expression{}
	x.when("size(n) = " + x.value(number(int64(total))))
	for _, id := range gone {
		notice := "n." + x.name(id)
		x.when("attribute_exists(" + notice + ")")
		if len(gone) < total {
			x.remove = append(x.remove, notice)
		}
	}
	if len(gone) == total {
		x.remove = []string{"n", AttributeNotices}
	}
	return &dynamodb.UpdateItemInput{
		TableName: &s.names.Sessions, Key: key(sessionID), UpdateExpression: x.update(), ConditionExpression: x.condition(),
		ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// Noticed implements checkout.NoticeStore by a scan, which every item of the table makes dearer: for a safety net, once a
// day.
func (s *Store) Noticed(ctx context.Context, cursor string) (sessionIDs []string, next string, err error) {
	scan := &dynamodb.ScanInput{
		TableName: &s.names.Sessions, ProjectionExpression: aws.String("i"),
		FilterExpression: aws.String("attribute_exists(" + AttributeNotices + ")"),
	}
	if cursor != "" {
		scan.ExclusiveStartKey = key(cursor)
	}
	var out *dynamodb.ScanOutput
	_, err = s.call(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.Scan(ctx, scan, once)
		return err
	})
	if err != nil {
		return nil, "", failed("scan", "sessions", err)
	}
	for _, it := range out.Items {
		sessionIDs = append(sessionIDs, (&stored{item: it}).text("i"))
	}
	return sessionIDs, (&stored{item: out.LastEvaluatedKey}).text("i"), nil
}
