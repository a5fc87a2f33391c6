package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout/recovery"
)

// Sending implements recovery.SendLog. Records of messages lie among the contacts, under ids of their own.
func (s *Store) Sending(ctx context.Context, id string) (recovery.Sending, error) {
	it, err := s.get(ctx, s.names.Contacts, id)
	if err != nil {
		return recovery.Sending{}, failed("read sending", id, err)
	}
	if it == nil {
		return recovery.Sending{}, notFound("sending", id)
	}
	return decodeSending(it)
}

// PutSending implements recovery.SendLog.
func (s *Store) PutSending(ctx context.Context, r recovery.Sending) error {
	it := item{"i": text(r.ID), "v": number(r.Version)}
	if r.Op != "" {
		it["p"] = text(r.Op)
	}
	if !r.ExpiresAt.IsZero() {
		it[AttributeExpires] = number(r.ExpiresAt.Add(grace).Unix())
	}
	if err := putRows(it, map[string]row{"j": sendingRow(&r)}); err != nil {
		return failed("encode sending", r.ID, err)
	}
	x := &expression{}
	if r.Version == 1 {
		x.when("attribute_not_exists(i)")
	} else {
		x.when("v = " + x.value(number(r.Version-1)))
	}
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &s.names.Contacts, Item: it, ConditionExpression: x.condition(), ExpressionAttributeValues: x.values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}, once)
		return err
	})
	old, refused := refusal(err)
	switch {
	case !refused:
		return failed("put sending", r.ID, err)
	case old == nil:
		return &recovery.SendingConflict{}
	}
	there, err := decodeSending(old)
	if err != nil || r.Op != "" && there.Op == r.Op {
		return err
	}
	return &recovery.SendingConflict{Sending: &there}
}

// Attributes of a record: those of a contact.
func sendingRow(r *recovery.Sending) row {
	return row{of: r, elsewhere: []any{&r.ID, &r.Version, &r.Op}, fields: []any{
		&r.SessionID, &r.Reason, &r.Ref, &r.Person, &r.State, &r.Why, &r.ProviderID, &r.At, &r.ExpiresAt,
	}}
}

func decodeSending(it item) (recovery.Sending, error) {
	from := &stored{item: it}
	r := recovery.Sending{ID: from.text("i"), Version: from.number("v"), Op: from.text("p")}
	from.row("j", sendingRow(&r))
	return r, failed("decode sending", r.ID, from.err)
}
