package dynamostore

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// noticed is where the items of a table keep their notices: in a map, beside the string that the stream's filter tests.
type noticed struct{ table, notices, mark string }

// RemoveNotices implements checkout.NoticeStore.
func (s *Store) RemoveNotices(ctx context.Context, sessionID string, noticeIDs []string) error {
	return failed("remove notices of session", sessionID, s.remove(ctx, s.sessionNotices(), sessionID, noticeIDs))
}

// remove takes notices out of an item. Mostly they are all that it has, so that is tried first: one write takes out the map
// and the string. Where there are others, the item that refused says which.
func (s *Store) remove(ctx context.Context, from noticed, id string, noticeIDs []string) error {
	all := slices.Clone(noticeIDs)
	slices.Sort(all)
	for gone := range slices.Chunk(slices.Compact(all), maxRemoved) {
		if err := s.removeSome(ctx, from, id, gone); err != nil {
			return err
		}
	}
	return nil
}

// maxRemoved bounds what one write removes: an expression holds 4 KB.
const maxRemoved = 50

func (s *Store) removeSome(ctx context.Context, from noticed, id string, gone []string) error {
	for total := len(gone); len(gone) > 0; {
		_, err := s.call(ctx, func(ctx context.Context) error {
			_, err := s.client.UpdateItem(ctx, removal(from, id, gone, total), once)
			return err
		})
		old, refused := refusal(err)
		if !refused {
			return err
		}
		there := (&stored{item: old}).within(from.notices).item
		gone, total = slices.DeleteFunc(gone, func(id string) bool { return there[id] == nil }), len(there)
	}
	return nil
}

// removal takes notices out of an item that has these, and total in all.
func removal(from noticed, id string, gone []string, total int) *dynamodb.UpdateItemInput {
	x := &expression{}
	x.when("size(" + from.notices + ") = " + x.value(number(int64(total))))
	for _, notice := range gone {
		at := from.notices + "." + x.name(notice)
		x.when("attribute_exists(" + at + ")")
		if len(gone) < total {
			x.remove = append(x.remove, at)
		}
	}
	if len(gone) == total {
		x.remove = []string{from.notices, from.mark}
	}
	return &dynamodb.UpdateItemInput{
		TableName: &from.table, Key: key(id), UpdateExpression: x.update(), ConditionExpression: x.condition(),
		ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// Noticed implements checkout.NoticeStore by a scan, which every item of the table makes dearer: for a safety net, once a
// day.
func (s *Store) Noticed(ctx context.Context, cursor string) (sessionIDs []string, next string, err error) {
	return s.scanNoticed(ctx, s.sessionNotices(), cursor)
}

func (s *Store) scanNoticed(ctx context.Context, in noticed, cursor string) (ids []string, next string, err error) {
	items, next, err := s.scan(ctx, &dynamodb.ScanInput{
		TableName: &in.table, ProjectionExpression: aws.String("i"), FilterExpression: aws.String("attribute_exists(" + in.mark + ")"),
	}, cursor)
	for _, it := range items {
		ids = append(ids, (&stored{item: it}).text("i"))
	}
	return ids, next, err
}
