package checkouttest

import (
	"time"

	"kassa/checkout"
)

func (t *trial) bookmarks() checkout.Bookmarks {
	store, ok := t.Sessions.(checkout.Bookmarks)
	if !ok {
		t.fail("a %T keeps no bookmarks", t.Sessions)
	}
	return store
}

// keeps keeps a cursor, and reads it again.
func (t *trial) keeps(job, cursor string) {
	store := t.bookmarks()
	if t.failed() {
		return
	}
	t.ok("keep a bookmark", store.KeepBookmark(t.ctx, job, cursor))
	t.keptAt(job, cursor)
}

func (t *trial) keptAt(job, want string) {
	store := t.bookmarks()
	if t.failed() {
		return
	}
	got, err := store.Bookmark(t.ctx, job)
	t.ok("read a bookmark", err)
	t.same("the bookmark of "+job, got, want)
}

func bookmarkCases() []Case {
	return []Case{
		story("bookmark/none at first", func(t *trial) { t.keptAt(t.id("job"), "") }),
		story("bookmark/the last one counts", func(t *trial) {
			job := t.id("job")
			t.keeps(job, "cs_a_0")
			t.keeps(job, "cs_b_0")
			t.keeps(job, "cs_b_0")
			t.keeps(job, "cs_a_0")
		}),
		story("bookmark/forgotten, also twice and where there was none", func(t *trial) {
			job := t.id("job")
			t.keeps(job, "")
			t.keeps(job, "cs_a_0")
			t.keeps(job, "")
			t.keeps(job, "")
			t.keeps(job, "cs_b_0")
		}),
		story("bookmark/each job has its own", func(t *trial) {
			one, other := t.id("job"), t.id("job")
			t.keeps(one, "cs_a_0")
			t.keeps(other, "cs_b_0")
			t.keptAt(one, "cs_a_0")
			t.keeps(other, "")
			t.keptAt(one, "cs_a_0")
		}),
		story("bookmark/is nothing that has notices, or is due", func(t *trial) {
			t.keeps(t.id("job"), "cs_a_0")
			t.listedNotices()
			t.listed(t.Sessions.Unended, start.Add(100_000*time.Hour), 100)
		}),
	}
}
