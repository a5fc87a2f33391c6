package checkout

import (
	"context"
	"fmt"
)

// Bookmarks keep how far jobs have come that read all there is: of a large table, one run can't. The contracts of store.go hold
// for it.
type Bookmarks interface {
	// Bookmark returns the cursor that was last kept for a job, as last written; "" = none.
	Bookmark(ctx context.Context, job string) (cursor string, err error)

	// KeepBookmark keeps a cursor for a job in the place of the last; "" forgets it. The last writer wins: of runs that overlap,
	// each keeps only what it has come to itself, so that the next reads some pages twice and misses none.
	KeepBookmark(ctx context.Context, job, cursor string) error
}

// round is a job's way through all that there is, page by page: first what an earlier run has left of its own, then once round.
type round struct {
	marks  Bookmarks // nil: nobody remembers how far it came
	name   string
	cursor string // of the page that is next
	rest   bool   // it is an earlier run's round that is being ended
	resume bool   // after which there is no other
	done   bool
}

// startRound goes on where the last run of a job has stopped. To resume is to do no more than that.
func startRound(ctx context.Context, marks Bookmarks, job string, resume bool) (*round, error) {
	r := &round{marks: marks, name: job, resume: resume}
	if marks != nil {
		var err error
		if r.cursor, err = marks.Bookmark(ctx, job); err != nil {
			return nil, fmt.Errorf("read the bookmark of %s: %w", job, err)
		}
	}
	r.rest = r.cursor != ""
	r.done = resume && !r.rest
	return r, nil
}

// turn notes that a page is done with, and where the next one begins; "" = that was the last. What fits on one page needs no
// bookmark.
func (r *round) turn(ctx context.Context, next string) error {
	marked := r.cursor != ""
	r.cursor = next
	if next == "" {
		r.done, r.rest = !r.rest || r.resume, false
	}
	if r.marks == nil || next == "" && !marked {
		return nil
	}
	if err := r.marks.KeepBookmark(ctx, r.name, next); err != nil {
		return fmt.Errorf("keep the bookmark of %s: %w", r.name, err)
	}
	return nil
}
