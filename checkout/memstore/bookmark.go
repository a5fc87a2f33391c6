package memstore

import (
	"context"

	"kassa/checkout"
)

var _ checkout.Bookmarks = (*Store)(nil)

// Bookmark implements checkout.Bookmarks.
func (s *Store) Bookmark(ctx context.Context, job string) (cursor string, err error) {
	err = s.view(ctx, func() error {
		if kept := s.marks.items[job]; kept != nil {
			cursor = *kept
		}
		return nil
	})
	return cursor, err
}

// KeepBookmark implements checkout.Bookmarks.
func (s *Store) KeepBookmark(ctx context.Context, job, cursor string) error {
	return s.update(ctx, func() error {
		if cursor == "" {
			s.marks.remove(job)
			return nil
		}
		return s.marks.put(job, cursor)
	})
}
