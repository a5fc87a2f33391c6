package dynamostore

import (
	"context"
	"encoding/json"

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
