package checkouttest

import (
	"time"

	"kassa/checkout"
)

// watchedSession commits a session that is watched.
func (t *trial) watchedSession(kind checkout.WatchKind, at time.Time) (checkout.Session, checkout.DueItem) {
	s := t.newSession(t.newCart())
	s.Watch = checkout.Watch{Kind: kind, At: at}
	return t.commit(checkout.Commit{Session: s}), checkout.DueItem{ID: s.ID, At: at}
}

// rewatch commits a session's next version with another watch.
func (t *trial) rewatch(s checkout.Session, kind checkout.WatchKind, at time.Time) (checkout.Session, checkout.DueItem) {
	s = t.next(s)
	s.Watch = checkout.Watch{Kind: kind, At: at}
	return t.commit(checkout.Commit{Session: s}), checkout.DueItem{ID: s.ID, At: at}
}

func watchCases() []Case {
	const waiting, payment, none = checkout.WatchWaiting, checkout.WatchPayment, checkout.WatchNone
	far := start.AddDate(1, 0, 0)
	return append([]Case{
		story("watch/a session from its time on", func(t *trial) {
			_, item := t.watchedSession(payment, start)
			t.due(t.watched(payment), start.Add(-time.Millisecond), 50)
			t.due(t.watched(payment), start, 50, item)
			t.due(t.watched(payment), far, 50, item)
		}),
		story("watch/a session by its kind only", func(t *trial) {
			_, pays := t.watchedSession(payment, start)
			_, waits := t.watchedSession(waiting, start)
			t.due(t.watched(payment), far, 50, pays)
			t.due(t.watched(waiting), far, 50, waits)
		}),
		story("watch/a session that nobody watches not at all", func(t *trial) {
			s := t.session(t.newCart())
			t.due(t.watched(payment), far, 100)
			t.due(t.watched(waiting), far, 100)
			t.listed(t.Sessions.Unended, far, 100)
			t.holdsSession(s)
		}),
		story("watch/begins with a later version", func(t *trial) {
			s := t.session(t.newCart())
			_, item := t.rewatch(s, waiting, start)
			t.due(t.watched(waiting), start, 50, item)
		}),
		story("watch/moves to a later time", func(t *trial) {
			s, _ := t.watchedSession(payment, start)
			_, item := t.rewatch(s, payment, start.Add(time.Minute))
			t.due(t.watched(payment), start.Add(time.Minute-1), 50)
			t.due(t.watched(payment), start.Add(time.Minute), 50, item)
		}),
		story("watch/moves to an earlier time", func(t *trial) {
			s, _ := t.watchedSession(payment, start)
			_, item := t.rewatch(s, payment, start.Add(-time.Minute))
			t.due(t.watched(payment), start.Add(-time.Minute), 50, item)
			t.due(t.watched(payment), far, 50, item)
		}),
		story("watch/moves to another kind", func(t *trial) {
			s, _ := t.watchedSession(waiting, start)
			_, item := t.rewatch(s, payment, start)
			t.due(t.watched(waiting), far, 50)
			t.due(t.watched(payment), far, 50, item)
		}),
		story("watch/stays while the session changes", func(t *trial) {
			s, item := t.watchedSession(waiting, start)
			s = t.next(s)
			s.Status = checkout.StatusReady
			t.commit(checkout.Commit{Session: s})
			t.due(t.watched(waiting), far, 50, item)
		}),
		story("watch/ends with the session", func(t *trial) {
			s, _ := t.watchedSession(payment, start)
			t.rewatch(s, none, time.Time{})
			t.due(t.watched(payment), far, 50)
			t.listed(t.Sessions.Unended, far, 50)
		}),
		story("watch/ends and begins again", func(t *trial) {
			s, _ := t.watchedSession(payment, start)
			s, _ = t.rewatch(s, none, time.Time{})
			_, item := t.rewatch(s, payment, start)
			t.due(t.watched(payment), far, 50, item)
		}),
		story("watch/a refused commit moves nothing", func(t *trial) {
			s, item := t.watchedSession(payment, start)
			stale := s
			stale.Op, stale.Watch = t.id("op"), checkout.Watch{Kind: waiting, At: start}
			t.conflicts(checkout.Commit{Session: stale}, checkout.Conflict{Session: &s})
			t.due(t.watched(payment), far, 50, item)
			t.due(t.watched(waiting), far, 50)
		}),
	}, watchPages()...)
}

func watchPages() []Case {
	const waiting, payment, none = checkout.WatchWaiting, checkout.WatchPayment, checkout.WatchNone
	far := start.AddDate(1, 0, 0)
	return []Case{
		story("watch/pages have each session once, oldest first", func(t *trial) {
			var items []checkout.DueItem
			for i := range 48 {
				_, item := t.watchedSession(payment, longAgo(2011).Add(time.Duration(48-i)*time.Second))
				items = append(items, item)
			}
			for _, limit := range []int{1, 7, 48, 100} {
				t.due(t.watched(payment), longAgo(2011).AddDate(0, 1, 0), limit, items...)
			}
		}),
		story("watch/sessions of one instant come on several pages", func(t *trial) {
			var items []checkout.DueItem
			for range 20 {
				_, item := t.watchedSession(waiting, longAgo(2012))
				items = append(items, item)
			}
			t.due(t.watched(waiting), longAgo(2012), 3, items...)
		}),
		story("watch/only the older of many", func(t *trial) {
			var items []checkout.DueItem
			for i := range 30 {
				_, item := t.watchedSession(waiting, longAgo(2013).Add(time.Duration(i)*time.Hour))
				items = append(items, item)
			}
			t.due(t.watched(waiting), items[11].At, 5, items[:12]...)
		}),
		story("unended/sessions of both kinds", func(t *trial) {
			_, pays := t.watchedSession(payment, start)
			_, waits := t.watchedSession(waiting, start.Add(-time.Hour))
			t.listed(t.Sessions.Unended, far, 100, pays, waits)
		}),
		story("unended/as they are watched now", func(t *trial) {
			s, _ := t.watchedSession(waiting, start)
			_, item := t.rewatch(s, payment, start.Add(time.Second))
			t.listed(t.Sessions.Unended, far, 100, item)
		}),
		story("unended/pages have each session once", func(t *trial) {
			var items []checkout.DueItem
			for i := range 25 {
				s, item := t.watchedSession(waiting, start.Add(time.Duration(i)*time.Second))
				if i%5 == 0 {
					t.rewatch(s, none, time.Time{})
					continue
				}
				items = append(items, item)
			}
			t.listed(t.Sessions.Unended, far, 4, items...)
		}),
	}
}
