package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
	"kassa/checkout/merchant"
)

var _ merchant.Searcher = (*Store)(nil)

// NamedCarts implements merchant.Searcher by a scan.
func (s *Store) NamedCarts(ctx context.Context, cursor string) (page []merchant.Named, next string, err error) {
	return s.named(ctx, cursor, &dynamodb.ScanInput{
		TableName: &s.names.Carts, ProjectionExpression: aws.String("i, c, b"),
		FilterExpression: aws.String("attribute_exists(c) OR attribute_exists(b)"),
	}, func(in *stored) merchant.Named {
		var buyer checkout.Buyer
		in.row("b", buyerRow(&buyer))
		return merchant.Named{ID: in.text("i"), Customer: in.text("c"), Email: buyer.Email}
	})
}

// completedRow is how the row of a session begins that is an order: its status comes first.
const completedRow = `["` + string(checkout.StatusCompleted) + `"`

// NamedSessions implements merchant.Searcher by a scan, which leaves out orders where they lie.
func (s *Store) NamedSessions(ctx context.Context, cursor string) (page []merchant.Named, next string, err error) {
	return s.named(ctx, cursor, &dynamodb.ScanInput{
		TableName: &s.names.Sessions, ProjectionExpression: aws.String("i, j"),
		FilterExpression:          aws.String("attribute_exists(" + AttributeNotices + ") OR NOT begins_with(j, :done)"),
		ExpressionAttributeValues: item{":done": text(completedRow)},
	}, func(in *stored) merchant.Named {
		session := checkout.Session{ID: in.text("i")}
		in.row("j", sessionRow(&session))
		return merchant.Named{ID: session.ID, Customer: session.Customer, Email: session.Buyer.Email}
	})
}

func (s *Store) named(
	ctx context.Context, cursor string, scan *dynamodb.ScanInput, of func(*stored) merchant.Named,
) (page []merchant.Named, next string, err error) {
	items, next, err := s.scan(ctx, scan, cursor)
	if err != nil {
		return nil, "", err
	}
	for _, it := range items {
		in := &stored{item: it}
		n := of(in)
		if in.err != nil {
			return nil, "", failed("decode", n.ID, in.err)
		}
		if n.Customer != "" || n.Email != "" {
			page = append(page, n)
		}
	}
	return page, next, nil
}
