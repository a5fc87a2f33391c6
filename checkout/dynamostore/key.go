package dynamostore

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
	"kassa/checkout/merchant"
)

var _ merchant.KeyStore = (*Store)(nil)

// Attributes of a key: i "key/" and its id, j the key as JSON, v its version, o the op of its last change, u the day of its last use;
// b and h place it in the index of what is listed.
const (
	keyPrefix    = "key/"
	keyPartition = "keys"
)

// Key implements merchant.KeyStore.
func (s *Store) Key(ctx context.Context, id string) (merchant.Key, error) {
	return read(ctx, s, s.names.Merchant, "key", keyPrefix+id, decodeKey)
}

func decodeKey(it item) (k merchant.Key, err error) {
	in := &stored{item: it}
	if err := json.Unmarshal([]byte(in.text("j")), &k); err != nil {
		return k, failed("decode key", in.text("i"), err)
	}
	k.LastUsed = in.text("u")
	return k, failed("decode key", k.ID, in.err)
}

// Keys implements merchant.KeyStore, as the index has them.
func (s *Store) Keys(ctx context.Context, limit int, cursor string) ([]merchant.Key, string, error) {
	return pageOf(ctx, s, keyPartition, limit, cursor, decodeKey)
}

// PutKey implements merchant.KeyStore: key and record are one transaction. A key is changed attribute by attribute, so that the
// day of its last use stays.
func (s *Store) PutKey(ctx context.Context, k merchant.Key, r merchant.Record) error {
	k.LastUsed = ""
	data, err := marshal(k)
	if err != nil {
		return failed("encode key", k.ID, err)
	}
	record, err := encodeRecord(r)
	if err != nil {
		return failed("encode record", r.ID, err)
	}
	x := &expression{}
	x.put("j", text(string(data)))
	x.put("v", number(k.Version))
	x.put("o", text(k.Op))
	x.put("b", text(keyPartition))
	x.put("h", blob(dueKey(k.CreatedAt, k.ID)))
	x.follows(k.Version)
	_, err = s.transact(ctx,
		types.TransactWriteItem{Update: &types.Update{
			TableName: &s.names.Merchant, Key: key(keyPrefix + k.ID), UpdateExpression: x.update(), ConditionExpression: x.condition(),
			ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		types.TransactWriteItem{Put: &types.Put{TableName: &s.names.Merchant, Item: record}},
	)
	why := reasons(err)
	if len(why) != 2 || reasonCode(why[0]) != conditionFailed {
		return failed("put key", k.ID, err)
	}
	if there := (&stored{item: why[0].Item}); there.number("v") == k.Version && there.text("o") == k.Op {
		return nil // done before
	}
	return &checkout.Error{Code: checkout.CodeVersionConflict, Message: "others have changed key " + k.ID}
}

// TouchKey implements merchant.KeyStore.
func (s *Store) TouchKey(ctx context.Context, id, day string) error {
	x := &expression{}
	x.put("u", text(day))
	x.when("attribute_exists(i)")
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.names.Merchant, Key: key(keyPrefix + id), UpdateExpression: x.update(), ConditionExpression: x.condition(),
			ExpressionAttributeValues: x.values,
		}, once)
		return err
	})
	if _, gone := refusal(err); gone {
		return nil
	}
	return failed("touch key", id, err)
}
