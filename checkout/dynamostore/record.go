package dynamostore

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout/merchant"
)

var _ merchant.RecordStore = (*Store)(nil)

// Attributes of a record: i "record/" and its id, j the record as JSON without what changes, e outcome and y result as JSON; b
// and h place it in the index of what is listed. All records are one partition of that index: a merchant makes far fewer
// than the thousand changes a second that it takes.
const (
	recordPrefix    = "record/"
	recordPartition = "records"
)

func encodeRecord(r merchant.Record) (item, error) {
	it := item{"i": text(recordPrefix + r.ID), "b": text(recordPartition), "h": blob(dueKey(r.At, r.ID)), "e": text(r.Outcome),
		"y": text(string(r.Result))}
	r.Outcome, r.Result = "", nil
	data, err := marshal(r)
	it["j"] = text(string(data))
	return it, err
}

func decodeRecord(it item) (r merchant.Record, err error) {
	in := &stored{item: it}
	if err := json.Unmarshal([]byte(in.text("j")), &r); err != nil {
		return r, failed("decode record", in.text("i"), err)
	}
	r.At, r.Outcome = r.At.UTC(), in.text("e")
	if result := in.text("y"); result != "" {
		r.Result = json.RawMessage(result)
	}
	return r, failed("decode record", r.ID, in.err)
}

// BeginRecord implements merchant.RecordStore.
func (s *Store) BeginRecord(ctx context.Context, r merchant.Record) (merchant.Record, error) {
	it, err := encodeRecord(r)
	if err != nil {
		return r, failed("encode record", r.ID, err)
	}
	_, err = s.put(ctx, putVersion(s.names.Merchant, it, 1))
	if there, refused := refusal(err); refused {
		return decodeRecord(there)
	}
	return r, failed("begin record", r.ID, err)
}

// EndRecord implements merchant.RecordStore.
func (s *Store) EndRecord(ctx context.Context, id, outcome string, result json.RawMessage) error {
	x := &expression{}
	x.put("e", text(outcome))
	x.put("y", text(string(result)))
	x.when("attribute_exists(i)")
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.names.Merchant, Key: key(recordPrefix + id), UpdateExpression: x.update(), ConditionExpression: x.condition(),
			ExpressionAttributeValues: x.values,
		}, once)
		return err
	})
	if _, refused := refusal(err); refused {
		return notFound("record", id)
	}
	return failed("end record", id, err)
}

// Records implements merchant.RecordStore, as the index has them.
func (s *Store) Records(ctx context.Context, limit int, cursor string) ([]merchant.Record, string, error) {
	return pageOf(ctx, s, recordPartition, limit, cursor, decodeRecord)
}

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
