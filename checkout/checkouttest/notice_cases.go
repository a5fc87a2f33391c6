package checkouttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
)

// NoticeCases are the promises of a store whose Sessions are a checkout.NoticeStore and checkout.Bookmarks too.
func NoticeCases() []Case {
	return slices.Concat(removeNoticeCases(), noticedCases(), noticeRaces(), bookmarkCases())
}

// NoticeConformance runs NoticeCases, in parallel, on one set of stores.
func NoticeConformance(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	stores := open(t)
	for _, c := range NoticeCases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), stores); err != nil {
				t.Error(err)
			}
		})
	}
}

func (t *trial) noticeStore() checkout.NoticeStore {
	store, ok := t.Sessions.(checkout.NoticeStore)
	if !ok {
		t.fail("a %T keeps no notices", t.Sessions)
	}
	return store
}

// noting returns a session's next version with further notices.
func (t *trial) noting(s checkout.Session, ids ...string) checkout.Session {
	s = t.next(s)
	notices := map[string]checkout.Notice{}
	for id, n := range s.Notices {
		notices[id] = n
	}
	for i, id := range ids {
		notices[id] = checkout.Notice{Kind: "kind." + id, At: start.Add(time.Duration(i) * time.Millisecond)}
	}
	s.Notices = notices
	return s
}

// noticed commits a session, of which every other field is set too, with notices.
func (t *trial) noticed(ids ...string) checkout.Session {
	c := t.cart()
	s := populated[checkout.Session](t)
	plain := t.newSession(c)
	s.ID, s.CartID, s.Version, s.Op, s.Notices = plain.ID, plain.CartID, 0, "", nil
	return t.commit(checkout.Commit{Session: t.noting(s, ids...)})
}

// drop removes notices; the session is then stored as it was, but for them.
func (t *trial) drop(s checkout.Session, ids ...string) checkout.Session {
	if !t.failed() {
		t.ok("remove notices", t.noticeStore().RemoveNotices(t.ctx, s.ID, ids))
	}
	s = without(s, ids...)
	t.holdsSession(s)
	return s
}

func without(s checkout.Session, ids ...string) checkout.Session {
	notices := map[string]checkout.Notice{}
	for id, n := range s.Notices {
		if !slices.Contains(ids, id) {
			notices[id] = n
		}
	}
	s.Notices = notices
	return s
}

// listedNotices fails the case unless just these of its own sessions are soon listed as having notices, each once.
func (t *trial) listedNotices(want ...checkout.Session) {
	ids := make([]string, len(want))
	for i, s := range want {
		ids[i] = s.ID
	}
	t.eventually(func() error {
		var got []string
		cursor := ""
		for range maxPages {
			page, next, err := t.noticeStore().Noticed(t.ctx, cursor)
			if err != nil {
				return fmt.Errorf("list sessions with notices: %w", err)
			}
			for _, id := range page {
				if strings.Contains(id, t.seed) {
					got = append(got, id)
				}
			}
			if cursor = next; cursor == "" {
				return t.differs("what has notices", sorted(got), sorted(ids))
			}
		}
		return fmt.Errorf("after %d pages there were still more", maxPages)
	})
}

func removeNoticeCases() []Case {
	return []Case{
		story("notices/removed one by one, and nothing else with them", func(t *trial) {
			s := t.noticed("a", "b", "c")
			s = t.drop(s, "b")
			s = t.drop(s, "a")
			t.drop(s, "c")
		}),
		story("notices/removed all at once", func(t *trial) {
			s := t.noticed("a", "b", "c")
			t.drop(s, "c", "a", "b")
		}),
		story("notices/removed twice", func(t *trial) {
			s := t.noticed("a", "b")
			s = t.drop(s, "a")
			s = t.drop(s, "a")
			s = t.drop(s, "a", "b")
			t.drop(s, "a", "b")
		}),
		story("notices/removing what never was changes nothing", func(t *trial) {
			s := t.noticed("a")
			t.drop(s, "x", "y")
			t.drop(s)
			t.drop(t.session(t.newCart()), "a")
			t.drop(t.drop(t.noticed("a", "b"), "x", "b"), "x", "a")
		}),
		story("notices/of a session that there isn't", func(t *trial) {
			id := checkout.SessionID(t.id("ct_"), 0)
			t.ok("remove notices", t.noticeStore().RemoveNotices(t.ctx, id, []string{"a"}))
			t.noSession(id)
		}),
		story("notices/of another session stay", func(t *trial) {
			s, other := t.noticed("a"), t.noticed("a")
			t.drop(s, "a")
			t.holdsSession(other)
		}),
		story("notices/one written meanwhile stays", func(t *trial) {
			s := t.noticed("a")
			s = t.commit(checkout.Commit{Session: t.noting(s, "b")})
			t.listedNotices(t.drop(s, "a"))
		}),
		story("notices/many at once", func(t *trial) {
			ids := make([]string, 60)
			for i := range ids {
				ids[i] = fmt.Sprintf("%016x", i)
			}
			s := t.noticed(ids...)
			s = t.drop(s, ids[:25]...)
			t.drop(s, ids...)
		}),
		story("notices/a commit from before the removal is no conflict", func(t *trial) {
			s := t.noticed("a")
			next := t.noting(s, "b")
			t.drop(s, "a")
			s = t.commit(checkout.Commit{Session: next})
			t.holdsSession(next) // with "a" again: it is to be delivered once more
			t.listedNotices(s)
			t.drop(s, "a", "b")
			t.listedNotices()
		}),
		story("notices/a commit repeated after the removal brings none back", func(t *trial) {
			s := t.noticed("a")
			left := t.drop(s, "a")
			t.commit(checkout.Commit{Session: s})
			t.holdsSession(left)
			t.listedNotices()
		}),
		story("notices/a commit after the removal notes anew", func(t *trial) {
			s := t.drop(t.noticed("a", "b"), "a", "b")
			s = t.commit(checkout.Commit{Session: t.noting(s, "c")})
			t.holdsSession(s)
			t.listedNotices(s)
		}),
	}
}

func noticedCases() []Case {
	return []Case{
		story("noticed/a session while it has notices", func(t *trial) {
			s := t.noticed("a", "b")
			t.listedNotices(s)
			s = t.drop(s, "b")
			t.listedNotices(s)
			t.drop(s, "a")
			t.listedNotices()
		}),
		story("noticed/a session without notices not at all", func(t *trial) {
			t.session(t.newCart())
			t.listedNotices()
		}),
		story("noticed/from its first notice on", func(t *trial) {
			s := t.session(t.newCart())
			t.listedNotices(t.commit(checkout.Commit{Session: t.noting(s, "a")}))
		}),
		story("noticed/not when a commit leaves none", func(t *trial) {
			s := t.noticed("a")
			s = t.next(s)
			s.Notices = nil
			t.holdsSession(t.commit(checkout.Commit{Session: s}))
			t.listedNotices()
		}),
		story("noticed/pages have each session once", func(t *trial) {
			var want []checkout.Session
			for i := range 40 {
				s := t.session(t.newCart())
				if i%4 > 0 {
					want = append(want, t.commit(checkout.Commit{Session: t.noting(s, "a")}))
				}
			}
			t.listedNotices(want...)
		}),
	}
}

func noticeRaces() []Case {
	return []Case{
		story("notices/races/removed by several at once", func(t *trial) {
			ids := make([]string, 12)
			for i := range ids {
				ids[i] = fmt.Sprintf("n%02d", i)
			}
			s := t.noticed(ids...)
			store := t.noticeStore()
			if t.failed() {
				return
			}
			t.ok("remove notices", errors.Join(together(8, func(i int) error {
				return store.RemoveNotices(t.ctx, s.ID, ids[i:i+4])
			})...))
			t.holdsSession(without(s, ids[:11]...))
			t.listedNotices(without(s, ids[:11]...))
		}),
		story("notices/races/no commit loses a notice to a removal", func(t *trial) {
			s := t.noticed("old1", "old2")
			store := t.noticeStore()
			if t.failed() {
				return
			}
			next := t.noting(s, "new")
			t.ok("race", errors.Join(together(2, func(i int) error {
				if i == 0 {
					return store.RemoveNotices(t.ctx, s.ID, []string{"old1", "old2"})
				}
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: next})
			})...))
			got := t.readSession(s.ID)
			if _, ok := got.Notices["new"]; !ok || got.Version != next.Version {
				t.fail("after the race version %d has notices %v, want version %d with the new one", got.Version, got.Notices, next.Version)
			}
			t.listedNotices(got)
			t.drop(got, "old1", "old2", "new")
			t.listedNotices()
		}),
	}
}
