package memstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
	"kassa/checkout/statistics"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func stores(s *memstore.Store) checkouttest.Stores {
	return checkouttest.Stores{Carts: s, Sessions: s, Catalog: s, Inbox: s, People: s, Redemptions: s}
}

// open opens a store that is closed with the test.
func open(t *testing.T, path string, options ...memstore.Option) *memstore.Store {
	t.Helper()
	s, err := memstore.Open(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestConformanceInMemory(t *testing.T) {
	t.Parallel()
	checkouttest.Conformance(t, func(*testing.T) checkouttest.Stores { return stores(memstore.New()) })
}

func TestConformanceOnDisk(t *testing.T) {
	t.Parallel()
	checkouttest.Conformance(t, func(t *testing.T) checkouttest.Stores {
		return stores(open(t, filepath.Join(t.TempDir(), "kassa.db")))
	})
}

func TestStatisticsConformance(t *testing.T) {
	t.Parallel()
	checkouttest.StatisticsConformance(t, func(t *testing.T) statistics.Store {
		return open(t, filepath.Join(t.TempDir(), "kassa.db"))
	})
}

// onShelf puts a product with so much stock on the shelf.
func onShelf(t *testing.T, s *memstore.Store, stock int64) checkout.Product {
	t.Helper()
	p := checkout.Product{SKU: "MUG", Title: "Mug", Stock: &stock}
	if err := s.PutProducts(t.Context(), []checkout.Product{p}); err != nil {
		t.Fatal(err)
	}
	return p
}

// taking is the first commit of a session, which takes a mug.
func taking(id string) checkout.Commit {
	return checkout.Commit{
		Session: checkout.Session{ID: id, Version: 1, Op: "op " + id, Watch: checkout.Watch{Kind: checkout.WatchPayment, At: now}},
		Stock:   []checkout.StockChange{{SKU: "MUG", Delta: -1}},
	}
}

func free(t *testing.T, s *memstore.Store) int64 {
	t.Helper()
	found, err := s.Products(t.Context(), []string{"MUG"})
	if err != nil || found["MUG"].Stock == nil {
		t.Fatalf("read mug: %v, %v", found, err)
	}
	return *found["MUG"].Stock
}

func has(t *testing.T, s *memstore.Store, sessionID string) bool {
	t.Helper()
	_, err := s.Session(t.Context(), sessionID)
	if err != nil && checkout.ErrorCode(err) != checkout.CodeNotFound {
		t.Fatal(err)
	}
	return err == nil
}

func TestOpenMakesPrivateFolderAndFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b", "kassa.db")
	open(t, path)
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", filepath.Base(name), info.Mode(), want)
		}
	}
}

func TestOpenRefusesLockedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kassa.db")
	open(t, path)
	_, err := memstore.Open(path)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("got error %v, want one that names the file and says that another process has it", err)
	}
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kassa.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 10000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := memstore.Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v, want one that names the file", err)
	}
}

func TestOpenNamesItemsThatItCannotRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kassa.db")
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket([]byte("sessions"))
		if err != nil {
			return err
		}
		return b.Put([]byte("cs_1_0"), []byte(`{"Version": "one"}`))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := memstore.Open(path); err == nil || !strings.Contains(err.Error(), "sessions/cs_1_0") {
		t.Errorf("got error %v, want one that names the item", err)
	}
	db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatalf("a file that could not be loaded stays locked: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestClosedStoreAnswersNothing(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*memstore.Store{"memory": memstore.New(), "disk": open(t, filepath.Join(t.TempDir(), "kassa.db"))} {
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("%s: close: %v", name, err)
			}
		}
		_, err := s.Cart(t.Context(), "ct_1")
		for _, err := range []error{err, s.Commit(t.Context(), taking("cs_1_0"))} {
			if checkout.ErrorCode(err) != checkout.CodeUnavailable {
				t.Errorf("%s: got error %v, want code unavailable", name, err)
			}
		}
	}
}

// TestCommitIsInvisibleUntilDurable stops a commit in its middle: readers see nothing of it, and a process that died there
// would have lost all of it.
func TestCommitIsInvisibleUntilDurable(t *testing.T) {
	t.Parallel()
	type key struct{}
	inside, goOn := make(chan struct{}), make(chan struct{})
	path := filepath.Join(t.TempDir(), "kassa.db")
	s := open(t, path, memstore.BeforeDurable(func(ctx context.Context) {
		if ctx.Value(key{}) != nil {
			close(inside)
			<-goOn
		}
	}))
	onShelf(t, s, 5)
	committed := make(chan error, 1)
	go func() { committed <- s.Commit(context.WithValue(t.Context(), key{}, true), taking("cs_1_0")) }()
	<-inside
	if has(t, s, "cs_1_0") || free(t, s) != 5 {
		t.Error("a commit can be seen before it is durable")
	}
	atDeath, err := os.ReadFile(path) //nolint:gosec // the test's own file
	if err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	if !has(t, s, "cs_1_0") || free(t, s) != 4 {
		t.Error("a commit that was answered can't be seen")
	}
	left := filepath.Join(t.TempDir(), "left.db")
	if err := os.WriteFile(left, atDeath, 0o600); err != nil { //nolint:gosec // likewise
		t.Fatal(err)
	}
	after := open(t, left)
	if has(t, after, "cs_1_0") || free(t, after) != 5 {
		t.Error("half a commit was on disk")
	}
	if err := after.Commit(t.Context(), taking("cs_1_0")); err != nil || free(t, after) != 4 {
		t.Errorf("the commit can't be repeated: %v", err)
	}
}

// TestCommitThatCanNotBeEncodedLeavesNothing fails a commit after its stock was moved.
func TestCommitThatCanNotBeEncodedLeavesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "kassa.db"))
	onShelf(t, s, 5)
	c := taking("cs_1_0")
	c.Session.UpdatedAt = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) // more than JSON takes
	if err := s.Commit(t.Context(), c); err == nil || !strings.Contains(err.Error(), "sessions/cs_1_0") {
		t.Errorf("got error %v, want one that names the item", err)
	}
	if err := s.Commit(t.Context(), taking("cs_2_0")); err != nil {
		t.Errorf("the next commit fails too: %v", err)
	}
	if has(t, s, "cs_1_0") || free(t, s) != 4 {
		t.Errorf("half a commit took effect: %d mugs are free, want 4", free(t, s))
	}
}

func TestRefusesWhatDynamoDBWouldRefuse(t *testing.T) {
	t.Parallel()
	s := memstore.New()
	full := taking("cs_1_0")
	full.Cart = &checkout.CartChange{CartID: "ct_1"}
	for i := range 98 {
		full.Stock = append(full.Stock, checkout.StockChange{SKU: "sku" + string(rune('0'+i)), Delta: 1})
	}
	line := &checkout.LineItem{ID: "li_a", SKU: "a", Quantity: 1}
	_, none := s.EditCart(t.Context(), checkout.CartEdit{CartID: "ct_1"})
	_, two := s.EditCart(t.Context(), checkout.CartEdit{CartID: "ct_1", Add: line, Remove: "li_b"})
	_, page := s.DueCarts(t.Context(), checkout.DueQuery{Before: now})
	_, unended := s.Unended(t.Context(), checkout.DueQuery{Before: now})
	_, cursor := s.Watched(t.Context(), checkout.WatchPayment, checkout.DueQuery{Before: now, Limit: 1, Cursor: "x"})
	_, kind := s.Watched(t.Context(), checkout.WatchNone, checkout.DueQuery{Before: now, Limit: 1})
	_, small := s.Search(t.Context(), checkout.ProductQuery{})
	_, large := s.Search(t.Context(), checkout.ProductQuery{Limit: 101})
	for name, err := range map[string]error{
		"a commit of 101 actions": s.Commit(t.Context(), full), "an edit without effect": none, "an edit with two": two,
		"a page without room": page, "unended without room": unended, "a cursor of others": cursor, "a kind that nobody watches": kind,
		"a search without room": small, "a search for too many": large,
	} {
		if checkout.ErrorCode(err) != checkout.CodeInvalid {
			t.Errorf("%s: got error %v, want code invalid", name, err)
		}
	}
}

// TestUnendedKeepsToTheTimeAskedFor tells what memstore makes of Before: zero asks for all.
func TestUnendedKeepsToTheTimeAskedFor(t *testing.T) {
	t.Parallel()
	s := memstore.New()
	onShelf(t, s, 5)
	if err := s.Commit(t.Context(), taking("cs_1_0")); err != nil {
		t.Fatal(err)
	}
	for before, want := range map[time.Time]int{{}: 1, now: 1, now.Add(-1): 0} {
		page, err := s.Unended(t.Context(), checkout.DueQuery{Before: before, Limit: 10})
		if err != nil || len(page.Items) != want {
			t.Errorf("before %v: got %v (%v), want %d sessions", before, page.Items, err, want)
		}
	}
}
