package checkout_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
)

// library is a store that has nothing to tell, on many pages. Each takes its time.
type library struct {
	*memstore.Store
	sessions, carts int // pages
	takes           time.Duration
	asked           []string
	refuses, loses  string // a method
}

func (l *library) page(ctx context.Context, kind, cursor string, pages int) ([]string, string, error) {
	at, _ := strconv.Atoi(cursor) // "" is the first
	l.asked = append(l.asked, kind+strconv.Itoa(at))
	wait, cancel := context.WithTimeout(ctx, l.takes)
	defer cancel()
	<-wait.Done()
	if at++; at == pages {
		return nil, "", ctx.Err()
	}
	return nil, strconv.Itoa(at), ctx.Err()
}

func (l *library) Noticed(ctx context.Context, cursor string) ([]string, string, error) {
	return l.page(ctx, "s", cursor, l.sessions)
}

func (l *library) NoticedCarts(ctx context.Context, cursor string) ([]string, string, error) {
	return l.page(ctx, "c", cursor, l.carts)
}

func (l *library) Unended(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
	_, next, err := l.page(ctx, "u", q.Cursor, l.sessions)
	return checkout.DuePage{Cursor: next}, err
}

func (l *library) fault(method string) error {
	if l.refuses == method || l.loses == method {
		return &checkout.Error{Code: checkout.CodeUnavailable, Message: "the store is busy"}
	}
	return nil
}

func (l *library) Bookmark(ctx context.Context, job string) (string, error) {
	if err := l.fault("Bookmark"); err != nil {
		return "", err
	}
	return l.Store.Bookmark(ctx, job)
}

func (l *library) KeepBookmark(ctx context.Context, job, cursor string) error {
	if l.refuses == "KeepBookmark" {
		return l.fault("KeepBookmark")
	}
	return errors.Join(l.Store.KeepBookmark(ctx, job, cursor), l.fault("KeepBookmark"))
}

// wantAsked checks for what pages a run has asked.
func (l *library) wantAsked(t *testing.T, run string, want string) {
	t.Helper()
	if got := strings.Join(l.asked, " "); got != want {
		t.Errorf("%s asks for %s, want %s", run, got, want)
	}
	l.asked = nil
}

// drains are an outbox of a library, of runs of half a minute.
func (l *library) drains(t *testing.T, marks checkout.Bookmarks) func(run string, unfinished bool, want string) {
	t.Helper()
	outbox := must(checkout.NewOutbox(checkout.OutboxConfig{Store: l, Carts: l, Bookmarks: marks}))(t)
	return func(run string, unfinished bool, want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		do := outbox.Drain
		if strings.HasPrefix(run, "resume") {
			do = outbox.ResumeDrain
		}
		tally, err := do(ctx)
		if err != nil || ctx.Err() != nil || tally != (checkout.Tally{Unfinished: unfinished}) {
			t.Errorf("%s: %+v, %v, want unfinished %v; its time is up: %v", run, tally, err, unfinished, ctx.Err())
		}
		l.wantAsked(t, run, want)
	}
}

// However large a table is, its end is reached: each run goes on where the last one stopped. Neither sessions nor carts wait for
// all of the other.
func TestDrainGoesOnWhereTheLastRunStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &library{Store: memstore.New(), sessions: 10, carts: 3, takes: 4 * time.Second}
		run := l.drains(t, l)
		run("resume, of nothing", false, "")
		run("drain", true, "s0 c0 s1 c1 s2 c2 s3") // time was up in the last one: it comes again
		run("resume", true, "s3 s4 s5 s6 s7 s8 s9")
		run("resume", false, "s9")
		run("resume, of nothing", false, "")
		l.carts = 20
		run("drain", true, "s0 c0 s1 c1 s2 c2 s3")
		l.takes = 0
		run("drain", false, "s3 c3 s4 c4 s5 c5 s6 c6 s7 c7 s8 c8 s9 c9 s0 c10 s1 c11 s2 c12 s3 c13 s4 c14 s5 c15 s6 c16 s7 c17 s8 c18 s9 c19"+
			" c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12 c13 c14 c15 c16 c17 c18 c19")
		run("resume, of nothing", false, "")
	})
}

// Where nobody keeps bookmarks, each run begins at the beginning.
func TestDrainWithoutBookmarks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &library{Store: memstore.New(), sessions: 5, carts: 5, takes: 4 * time.Second}
		run := l.drains(t, nil)
		for range 2 {
			run("drain", true, "s0 c0 s1 c1 s2 c2 s3")
			run("resume, of nothing", false, "")
		}
	})
}

// A bookmark that can't be read or kept is a failure that is told. What was kept all the same is where the next run goes on.
func TestBookmarksThatGoWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			refuses, loses string
			asked, then    string
		}{
			"not read":              {"Bookmark", "", "", "u0 u1 u2"},
			"not kept":              {"KeepBookmark", "", "u0", "u0 u1 u2"},
			"kept, the answer lost": {"", "KeepBookmark", "u0", "u1 u2 u0 u1 u2"},
		} {
			var l *library
			w := newWorld(t, func(config *checkout.Config) {
				l = &library{Store: memstore.New(), sessions: 3, refuses: c.refuses, loses: c.loses}
				config.Sessions, config.Bookmarks = l, l
			})
			_, err := w.reconciler.Backfill(t.Context())
			wantErrorCode(t, err, checkout.CodeUnavailable)
			l.wantAsked(t, name, c.asked)
			l.refuses, l.loses = "", ""
			_, err = w.reconciler.Backfill(t.Context())
			w.ok(err)
			l.wantAsked(t, "after "+name, c.then)
		}
	})
}

func TestBackfillGoesOnWhereTheLastRunStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l *library
		w := newWorld(t, func(c *checkout.Config) {
			l = &library{Store: memstore.New(), sessions: 8, takes: 4 * time.Second}
			c.Sessions, c.Bookmarks = l, l
		})
		run := func(name string, do func(context.Context) (checkout.Tally, error), unfinished bool, want string) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), 14*time.Second)
			defer cancel()
			if _, err := do(ctx); errors.Is(err, context.DeadlineExceeded) != unfinished || (err == nil) == unfinished {
				t.Errorf("%s: %v, want it unfinished: %v", name, err, unfinished)
			}
			l.wantAsked(t, name, want)
		}
		run("resume, of nothing", w.reconciler.ResumeBackfill, false, "")
		run("backfill", w.reconciler.Backfill, true, "u0 u1 u2 u3")
		run("resume", w.reconciler.ResumeBackfill, true, "u3 u4 u5 u6")
		run("resume", w.reconciler.ResumeBackfill, false, "u6 u7")
		run("resume, of nothing", w.reconciler.ResumeBackfill, false, "")
		run("backfill", w.reconciler.Backfill, true, "u0 u1 u2 u3")
		l.takes = 0
		run("backfill", w.reconciler.Backfill, false, "u3 u4 u5 u6 u7 u0 u1 u2 u3 u4 u5 u6 u7")
	})
}
