package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kassa/checkout"
)

// Attributes of an inbox item: i id, t type, j object, p intent, s session; b and r place it in the index of what was
// received. All of the inbox is one partition of that index: it takes a thousand events a second, many times what a provider
// sends, and reconcile asks for it every minute.
const receivedPartition = "i"

// PutInbox implements checkout.Inbox.
func (s *Store) PutInbox(ctx context.Context, in checkout.InboxItem) error {
	it := item{"i": text(in.ID), "b": text(receivedPartition), "r": blob(dueKey(in.ReceivedAt, in.ID))}
	for name, v := range map[string]string{"t": in.Type, "j": in.Object, "p": in.IntentID, "s": in.SessionID} {
		if v != "" {
			it[name] = text(v)
		}
	}
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &s.names.Inbox, Item: it, ConditionExpression: aws.String("attribute_not_exists(i)"),
		}, once)
		return err
	})
	if _, there := refusal(err); there {
		return nil
	}
	return failed("put inbox item", in.ID, err)
}

// InboxItems implements checkout.Inbox: those received not after q.Before, as the index has them.
func (s *Store) InboxItems(ctx context.Context, q checkout.DueQuery) ([]checkout.InboxItem, string, error) {
	entries, cursor, err := s.due(ctx, dueIndex{s.names.Inbox, IndexReceived, "b", "r", []string{receivedPartition}}, q)
	if err != nil {
		return nil, "", failed("query", "inbox", err)
	}
	items := make([]checkout.InboxItem, 0, len(entries))
	for _, e := range entries {
		it := &stored{item: e.item}
		items = append(items, checkout.InboxItem{
			ID: e.id, Type: it.text("t"), Object: it.text("j"), IntentID: it.text("p"), SessionID: it.text("s"), ReceivedAt: dueTime(e.key),
		})
		if it.err != nil {
			return nil, "", failed("decode inbox item", e.id, it.err)
		}
	}
	return items, cursor, nil
}

// RemoveInbox implements checkout.Inbox.
func (s *Store) RemoveInbox(ctx context.Context, id string) error {
	_, err := s.call(ctx, func(ctx context.Context) error {
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.names.Inbox, Key: key(id)}, once)
		return err
	})
	return failed("remove inbox item", id, err)
}
