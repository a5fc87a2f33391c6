package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

// Attributes of an inbox item: i id, j everything else, as a row; b and r place it in the index of what was received. All of
// the inbox is one partition of that index: it takes a thousand events a second, many times what a provider sends, and
// reconcile asks for it every minute.
const receivedPartition = "i"

// PutInbox implements checkout.Inbox.
func (s *Store) PutInbox(ctx context.Context, in checkout.InboxItem) error {
	it := item{"i": text(in.ID), "b": text(receivedPartition), "r": blob(dueKey(in.ReceivedAt, in.ID))}
	if err := putRows(it, map[string]row{"j": inboxRow(&in)}); err != nil {
		return failed("encode inbox item", in.ID, err)
	}
	_, err := s.put(ctx, &types.Put{TableName: &s.names.Inbox, Item: it, ConditionExpression: aws.String("attribute_not_exists(i)")})
	if _, there := refusal(err); there {
		return nil
	}
	return failed("put inbox item", in.ID, err)
}

func inboxRow(in *checkout.InboxItem) row {
	return row{of: in, elsewhere: []any{&in.ID, &in.ReceivedAt},
		fields: []any{&in.Type, &in.Object, &in.IntentID, &in.SessionID, &in.Refund}}
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
		in := checkout.InboxItem{ID: e.id, ReceivedAt: dueTime(e.key)}
		it.row("j", inboxRow(&in))
		items = append(items, in)
		if it.err != nil {
			return nil, "", failed("decode inbox item", e.id, it.err)
		}
	}
	return items, cursor, nil
}

// RemoveInbox implements checkout.Inbox.
func (s *Store) RemoveInbox(ctx context.Context, id string) error {
	return failed("remove inbox item", id, s.drop(ctx, s.names.Inbox, key(id)))
}
