package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

// follows demands that the version before this one is stored, or nothing if this is the first.
func (e *expression) follows(version int64) {
	if version == 1 {
		e.when("attribute_not_exists(i)")
		return
	}
	e.when("v = " + e.value(number(version-1)))
}

// putVersion puts a version of an item in the place of the one before it.
func putVersion(table string, it item, version int64) *types.Put {
	x := &expression{}
	x.follows(version)
	return &types.Put{
		TableName: &table, Item: it, ConditionExpression: x.condition(), ExpressionAttributeValues: x.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// versioned is an item that is stored by version: i id, v version, p op of the last change, x TTL.
func versioned(id string, version int64, op string, expires time.Time) item {
	it := item{"i": text(id), "v": number(version)}
	if op != "" {
		it["p"] = text(op)
	}
	if !expires.IsZero() {
		it[AttributeExpires] = number(expires.Unix())
	}
	return it
}

// put makes a put by itself. maybe is call's.
func (s *Store) put(ctx context.Context, p *types.Put) (maybe bool, err error) {
	return s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: p.TableName, Item: p.Item, ConditionExpression: p.ConditionExpression,
			ExpressionAttributeValues:           p.ExpressionAttributeValues,
			ReturnValuesOnConditionCheckFailure: p.ReturnValuesOnConditionCheckFailure,
		}, once)
		return err
	})
}

// drop removes an item. None is success.
func (s *Store) drop(ctx context.Context, table string, key item) error {
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: key}, once)
		return err
	})
	return err
}

// transact makes writes, all or none. maybe is call's.
func (s *Store) transact(ctx context.Context, actions ...types.TransactWriteItem) (maybe bool, err error) {
	return s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions}, once)
		return err
	})
}

// changeCart makes an update of a cart by itself. Of the cart that refuses it, ours tells whether an earlier try has made the very
// same; maybe is call's. A *checkout.Conflict if not.
func (s *Store) changeCart(
	ctx context.Context, what, id string, x *expression, ours func(there checkout.Cart, maybe bool) bool,
) (checkout.Cart, error) {
	u := s.cartUpdate(id, x)
	var after item
	maybe, err := s.call(ctx, func(ctx context.Context) error {
		out, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: u.TableName, Key: u.Key, UpdateExpression: u.UpdateExpression, ConditionExpression: u.ConditionExpression,
			ExpressionAttributeNames: u.ExpressionAttributeNames, ExpressionAttributeValues: u.ExpressionAttributeValues,
			ReturnValues:                        types.ReturnValueAllNew,
			ReturnValuesOnConditionCheckFailure: u.ReturnValuesOnConditionCheckFailure,
		}, once)
		if err == nil {
			after = out.Attributes
		}
		return err
	})
	old, refused := refusal(err)
	switch {
	case !refused && err != nil:
		return checkout.Cart{}, failed(what, id, err)
	case !refused:
		return decodeCart(after)
	case old == nil:
		return checkout.Cart{}, &checkout.Conflict{}
	}
	cart, err := decodeCart(old)
	if err != nil {
		return checkout.Cart{}, err
	}
	if ours(cart, maybe) {
		return cart, nil
	}
	return checkout.Cart{}, &checkout.Conflict{Cart: &cart}
}
