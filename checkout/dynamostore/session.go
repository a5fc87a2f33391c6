package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
)

// Session implements checkout.SessionStore.
func (s *Store) Session(ctx context.Context, id string) (checkout.Session, error) {
	return read(ctx, s, s.names.Sessions, "session", id, decodeSession)
}

// SessionAndCart implements checkout.SessionStore.
func (s *Store) SessionAndCart(ctx context.Context, id string) (checkout.Session, checkout.Cart, error) {
	cartID := checkout.CartOfSession(id)
	if cartID == "" {
		return checkout.Session{}, checkout.Cart{}, notFound("session", id)
	}
	found, err := s.batch(ctx, map[string][]item{s.names.Sessions: {key(id)}, s.names.Carts: {key(cartID)}}, true)
	if err != nil {
		return checkout.Session{}, checkout.Cart{}, failed("read session and cart", id, err)
	}
	if len(found[s.names.Sessions]) == 0 {
		return checkout.Session{}, checkout.Cart{}, notFound("session", id)
	}
	session, err := decodeSession(found[s.names.Sessions][0])
	if err != nil || len(found[s.names.Carts]) == 0 {
		return session, checkout.Cart{}, err
	}
	cart, err := decodeCart(found[s.names.Carts][0])
	return session, cart, err
}

// unendedRead is how many items a page of Unended looks at, at least: most are orders, and nobody watches those.
const unendedRead = 250

// Unended implements checkout.SessionStore by a scan, which every item of the table makes dearer: for a slow backfill.
func (s *Store) Unended(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
	if q.Limit < 1 {
		return checkout.DuePage{}, invalid("a page needs room for at least one item")
	}
	scan := &dynamodb.ScanInput{
		TableName: &s.names.Sessions, Limit: aws.Int32(int32(min(max(q.Limit, unendedRead), 10_000))),
		ProjectionExpression: aws.String("i, h"), FilterExpression: aws.String("attribute_exists(w)"),
	}
	if !q.Before.IsZero() {
		scan.FilterExpression = aws.String("attribute_exists(w) AND h <= :b")
		scan.ExpressionAttributeValues = item{":b": blob(dueEnd(q.Before))}
	}
	items, next, err := s.scan(ctx, scan, q.Cursor)
	if err != nil {
		return checkout.DuePage{}, err
	}
	return unendedPage(items, next, q.Limit)
}

func unendedPage(items []item, next string, limit int) (checkout.DuePage, error) {
	page := checkout.DuePage{Cursor: next}
	for i, it := range items {
		entry := &stored{item: it}
		if i == limit {
			page.Cursor = page.Items[limit-1].ID
			return page, nil
		}
		page.Items = append(page.Items, checkout.DueItem{ID: entry.text("i"), At: dueTime(entry.binary("h"))})
		if entry.err != nil {
			return checkout.DuePage{}, entry.err
		}
	}
	return page, nil
}
