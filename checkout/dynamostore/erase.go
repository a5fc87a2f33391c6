package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

var _ checkout.CartEraser = (*Store)(nil)

// EraseCart implements checkout.CartEraser. Where the answer of a first try was lost, the next one finds no cart.
func (s *Store) EraseCart(ctx context.Context, id string, version int64, holder string) error {
	x := &expression{}
	held := "attribute_not_exists(t)"
	if holder != "" {
		held = "t = " + x.value(text(holder))
	}
	x.when("(attribute_not_exists(i) OR (v = " + x.value(number(version)) + " AND " + held + "))")
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &s.names.Carts, Key: key(id), ConditionExpression: x.condition(), ExpressionAttributeValues: x.values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}, once)
		return err
	})
	old, refused := refusal(err)
	if !refused {
		return failed("erase cart", id, err)
	}
	cart, err := decodeCart(old)
	if err != nil {
		return err
	}
	return &checkout.Conflict{Cart: &cart}
}
