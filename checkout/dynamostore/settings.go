package dynamostore

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
	"kassa/checkout/merchant"
	"kassa/checkout/settings"
)

var _ merchant.SettingsStore = (*Store)(nil)

// LeadingSettings is the key of the settings in force. Roles of functions that only read them are bound to it, because the same
// table holds the merchant's keys and records.
const LeadingSettings = "settings"

// Attributes of a version of the settings: i "settings" for the one in force, "settings/" and its number for each, v number,
// t when it was put, k by which key, o op, z the document, compressed: a few KB, which each environment reads once a minute.

func versionKey(number int64) string { return LeadingSettings + "/" + strconv.FormatInt(number, 10) }

// Settings implements settings.Reader.
func (s *Store) Settings(ctx context.Context) (settings.Version, error) {
	return s.version(ctx, LeadingSettings)
}

// SettingsVersion implements merchant.SettingsStore.
func (s *Store) SettingsVersion(ctx context.Context, number int64) (settings.Version, error) {
	return s.version(ctx, versionKey(number))
}

func (s *Store) version(ctx context.Context, id string) (settings.Version, error) {
	it, err := s.merchantItem(ctx, "settings", id)
	if err != nil {
		return settings.Version{}, err
	}
	v, err := decodeVersion(it)
	return v, failed("decode", id, err)
}

// merchantItem reads one item of the merchant's table. CodeNotFound if there is none.
func (s *Store) merchantItem(ctx context.Context, what, id string) (item, error) {
	var out *dynamodb.GetItemOutput
	_, err := s.call(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.names.Merchant, Key: key(id), ConsistentRead: aws.Bool(true)}, once)
		return err
	})
	if err != nil {
		return nil, failed("read", what+" "+id, err)
	}
	if out.Item == nil {
		return nil, notFound(what, id)
	}
	return out.Item, nil
}

func decodeVersion(it item) (settings.Version, error) {
	r := &stored{item: it}
	v := settings.Version{Number: r.number("v"), At: r.instant("t"), By: r.text("k"), Op: r.text("o")}
	packed, err := gzip.NewReader(bytes.NewReader(r.binary("z")))
	if err != nil {
		return v, err
	}
	v.Document, err = io.ReadAll(io.LimitReader(packed, settings.MaxDocument+1))
	r.fail(err)
	return v, r.err
}

func encodeVersion(id string, v settings.Version) (item, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(v.Document)
	if err == nil {
		err = w.Close()
	}
	return item{
		"i": text(id), "v": number(v.Number), "t": instant(v.At), "k": text(v.By), "o": text(v.Op), "z": blob(packed.Bytes()),
	}, err
}

// PutSettings implements merchant.SettingsStore: the version in force, the same under its number, and the record are one
// transaction.
func (s *Store) PutSettings(ctx context.Context, v settings.Version, r merchant.Record) error {
	newest, err := encodeVersion(LeadingSettings, v)
	if err != nil {
		return failed("encode", "settings", err)
	}
	kept, err := encodeVersion(versionKey(v.Number), v)
	if err != nil {
		return failed("encode", "settings", err)
	}
	record, err := encodeRecord(r)
	if err != nil {
		return failed("encode record", r.ID, err)
	}
	x := &expression{}
	if v.Number == 1 {
		x.when("attribute_not_exists(i)")
	} else {
		x.when("v = " + x.value(number(v.Number-1)))
	}
	err = s.transact(ctx,
		types.Put{
			TableName: &s.names.Merchant, Item: newest, ConditionExpression: x.condition(), ExpressionAttributeValues: x.values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		},
		types.Put{TableName: &s.names.Merchant, Item: kept},
		types.Put{TableName: &s.names.Merchant, Item: record},
	)
	why := reasons(err)
	if len(why) != 3 || reasonCode(why[0]) != conditionFailed {
		return failed("put", "settings", err)
	}
	if there := (&stored{item: why[0].Item}); there.number("v") == v.Number && there.text("o") == v.Op {
		return nil // done before
	}
	return &checkout.Error{Code: checkout.CodeVersionConflict, Message: "others have changed the settings"}
}

// transact makes puts, all or none.
func (s *Store) transact(ctx context.Context, puts ...types.Put) error {
	in := &dynamodb.TransactWriteItemsInput{}
	for i := range puts {
		in.TransactItems = append(in.TransactItems, types.TransactWriteItem{Put: &puts[i]})
	}
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.TransactWriteItems(ctx, in, once)
		return err
	})
	return err
}
