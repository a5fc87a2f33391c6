package memstore

import (
	"context"

	"kassa/checkout"
)

// PutInbox implements checkout.Inbox.
func (s *Store) PutInbox(ctx context.Context, item checkout.InboxItem) error {
	return s.update(ctx, func() error {
		if _, ok := s.inbox.get(item.ID); ok {
			return nil
		}
		return s.inbox.put(item.ID, item)
	})
}

// InboxItems implements checkout.Inbox: those received not after q.Before.
func (s *Store) InboxItems(ctx context.Context, q checkout.DueQuery) (items []checkout.InboxItem, cursor string, err error) {
	err = s.view(ctx, func() error {
		page, err := s.received.due(q)
		if err != nil {
			return err
		}
		for _, due := range page.Items {
			items = append(items, clone(*s.inbox.items[due.ID]))
		}
		cursor = page.Cursor
		return nil
	})
	return items, cursor, err
}

// RemoveInbox implements checkout.Inbox.
func (s *Store) RemoveInbox(ctx context.Context, id string) error {
	return s.update(ctx, func() error {
		s.inbox.remove(id)
		return nil
	})
}

func (s *Store) indexInbox(id string, before, after *checkout.InboxItem) {
	if before != nil {
		s.received.remove(entry{before.ReceivedAt, id})
	}
	if after != nil {
		s.received.add(entry{after.ReceivedAt, id})
	}
}
