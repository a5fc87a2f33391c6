package dynamostore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
	"kassa/payments/money"
)

var _ checkout.OrderHistory = (*Store)(nil)

// Attributes of an entry in the history of orders: i whose it is, r when the order was placed and its id, a the total in minor units,
// c its currency.

func historyOrder(e checkout.OrderEntry) string {
	return fmt.Sprintf("%015d#%s", e.PlacedAt.UnixMilli(), e.OrderID)
}

func decodeEntry(it item) (checkout.OrderEntry, error) {
	in := &stored{item: it}
	ms, id, _ := strings.Cut(in.text("r"), "#")
	at, err := strconv.ParseInt(ms, 10, 64)
	in.fail(err)
	e := checkout.OrderEntry{
		OrderID: id, PlacedAt: time.UnixMilli(at).UTC(), Total: money.New(in.number("a"), money.Currency(in.text("c"))),
	}
	return e, failed("decode history of", in.text("i"), in.err)
}

// OrdersOf implements checkout.OrderHistory. Its cursor is the order of the page's last entry.
func (s *Store) OrdersOf(ctx context.Context, person string, limit int, cursor string) ([]checkout.OrderEntry, string, error) {
	if limit < 1 {
		return nil, "", invalid("a page needs room for at least one item")
	}
	items, more, err := s.history(ctx, person, limit, cursor)
	if err != nil {
		return nil, "", err
	}
	page := make([]checkout.OrderEntry, 0, len(items))
	for _, it := range items {
		e, err := decodeEntry(it)
		if err != nil {
			return nil, "", err
		}
		page = append(page, e)
	}
	if !more || len(page) == 0 {
		return page, "", nil
	}
	return page, historyOrder(page[len(page)-1]), nil
}

// history reads entries, newest first, from behind a cursor.
func (s *Store) history(ctx context.Context, person string, limit int, cursor string) ([]item, bool, error) {
	query := &dynamodb.QueryInput{
		TableName: &s.names.Orders, Limit: aws.Int32(int32(limit)), ScanIndexForward: aws.Bool(false), //nolint:gosec // a page
		KeyConditionExpression: aws.String("i = :i"), ExpressionAttributeValues: item{":i": text(person)},
	}
	if cursor != "" {
		if _, _, ok := strings.Cut(cursor, "#"); !ok {
			return nil, false, invalid("no cursor of ours")
		}
		query.KeyConditionExpression = aws.String("i = :i AND r < :r")
		query.ExpressionAttributeValues[":r"] = text(cursor)
	}
	var out *dynamodb.QueryOutput
	_, err := s.call(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.Query(ctx, query, once)
		return err
	})
	if err != nil {
		return nil, false, failed("query orders of", person, err)
	}
	return out.Items, out.LastEvaluatedKey != nil, nil
}

// RememberOrder implements checkout.OrderHistory.
func (s *Store) RememberOrder(ctx context.Context, person string, e checkout.OrderEntry) error {
	it := item{"i": text(person), "r": text(historyOrder(e)), "a": number(e.Total.Minor), "c": text(string(e.Total.Currency))}
	_, err := s.put(ctx, &types.Put{TableName: &s.names.Orders, Item: it})
	return failed("remember order of", person, err)
}

// ForgetOrders implements checkout.OrderHistory.
func (s *Store) ForgetOrders(ctx context.Context, person string, entries []checkout.OrderEntry) error {
	err := inParallel(len(entries), parallel, func(i int) error {
		return s.drop(ctx, s.names.Orders, item{"i": text(person), "r": text(historyOrder(entries[i]))})
	})
	return failed("forget orders of", person, err)
}
