package memstore

import (
	"context"
	"slices"

	"kassa/checkout"
)

var _ checkout.NoticeStore = (*Store)(nil)

// noticedPage bounds a page of sessions with notices.
const noticedPage = 500

// RemoveNotices implements checkout.NoticeStore.
func (s *Store) RemoveNotices(ctx context.Context, sessionID string, noticeIDs []string) error {
	return s.update(ctx, func() error {
		session, ok := s.sessions.get(sessionID)
		before := len(session.Notices)
		for _, id := range noticeIDs {
			delete(session.Notices, id)
		}
		if !ok || len(session.Notices) == before {
			return nil
		}
		if len(session.Notices) == 0 {
			session.Notices = nil
		}
		return s.sessions.put(sessionID, session)
	})
}

// Noticed implements checkout.NoticeStore. It looks at every session, and is never behind.
func (s *Store) Noticed(ctx context.Context, cursor string) (ids []string, next string, err error) {
	err = s.view(ctx, func() error {
		for id, session := range s.sessions.items {
			if id > cursor && len(session.Notices) > 0 {
				ids = append(ids, id)
			}
		}
		return nil
	})
	slices.Sort(ids)
	if len(ids) > noticedPage {
		ids = ids[:noticedPage]
		next = ids[noticedPage-1]
	}
	return ids, next, err
}
