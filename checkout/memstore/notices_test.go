package memstore_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
)

func TestNoticesInMemory(t *testing.T) {
	t.Parallel()
	checkouttest.NoticeConformance(t, func(*testing.T) checkouttest.Stores { return stores(memstore.New()) })
}

func TestNoticesOnDisk(t *testing.T) {
	t.Parallel()
	checkouttest.NoticeConformance(t, func(t *testing.T) checkouttest.Stores {
		return stores(open(t, filepath.Join(t.TempDir(), "kassa.db")))
	})
}

func TestNoticedPagesHaveEachSessionOnce(t *testing.T) {
	t.Parallel()
	s := memstore.New()
	const sessions = 1203
	for i := range sessions {
		cart := fmt.Sprintf("ct_%04d", i)
		err := s.Commit(t.Context(), checkout.Commit{Session: checkout.Session{
			ID: checkout.SessionID(cart, 0), CartID: cart, Version: 1, Op: "op", Notices: map[string]checkout.Notice{"a": {Kind: "k"}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]int{}
	for cursor, more := "", true; more; more = cursor != "" {
		ids, next, err := s.Noticed(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if seen[id]++; seen[id] > 1 {
				t.Errorf("%s is listed again", id)
			}
		}
		cursor = next
	}
	if len(seen) != sessions {
		t.Errorf("%d of %d sessions are listed", len(seen), sessions)
	}
}

func TestRemovedNoticesStayRemovedOnDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kassa.db")
	s, err := memstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	id := checkout.SessionID("ct_disk", 0)
	err = s.Commit(t.Context(), checkout.Commit{Session: checkout.Session{
		ID: id, CartID: "ct_disk", Version: 1, Op: "op1", Notices: map[string]checkout.Notice{"a": {Kind: "k", At: at}, "b": {Kind: "k", At: at}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveNotices(t.Context(), id, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	session, err := open(t, path).Session(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, left := session.Notices["b"]; !left || len(session.Notices) != 1 {
		t.Errorf("opened again, the session has notices %v", session.Notices)
	}
}

func TestFollowUpInMemory(t *testing.T) {
	t.Parallel()
	checkouttest.FollowConformance(t, func(*testing.T) checkouttest.Stores { return stores(memstore.New()) })
}

func TestFollowUpOnDisk(t *testing.T) {
	t.Parallel()
	checkouttest.FollowConformance(t, func(t *testing.T) checkouttest.Stores {
		return stores(open(t, filepath.Join(t.TempDir(), "kassa.db")))
	})
}
