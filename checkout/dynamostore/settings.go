package dynamostore

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"strconv"

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
	return read(ctx, s, s.names.Merchant, "settings", id, func(it item) (settings.Version, error) {
		v, err := decodeVersion(it)
		return v, failed("decode", id, err)
	})
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
	_, err = s.transact(ctx,
		types.TransactWriteItem{Put: putVersion(s.names.Merchant, newest, v.Number)},
		types.TransactWriteItem{Put: &types.Put{TableName: &s.names.Merchant, Item: kept}},
		types.TransactWriteItem{Put: &types.Put{TableName: &s.names.Merchant, Item: record}},
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
