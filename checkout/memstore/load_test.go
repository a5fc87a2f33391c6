package memstore

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/recovery"
	"kassa/checkout/statistics"
)

// contents is all that a store knows.
type contents struct {
	Carts    map[string]*checkout.Cart
	Sessions map[string]*checkout.Session
	Products map[string]*checkout.Product
	StockOps map[string]*stockOp
	Inbox    map[string]*checkout.InboxItem
	People   map[string]*checkout.Person
	Contacts map[string]*recovery.Contact
	Counted  map[string]*counted
	Cells    map[string]*statistics.Change
	Measured map[string]*statistics.Person
	Sendings map[string]*recovery.Sending
	Redeemed map[string]*int64

	DueCarts, Received []entry
	Watched            map[checkout.WatchKind][]entry
	SKUs               []string
}

func contentsOf(s *Store) contents {
	c := contents{
		Carts: s.carts.items, Sessions: s.sessions.items, Products: s.products.items, StockOps: s.stockOps.items, Inbox: s.inbox.items,
		People: s.people.items, Contacts: s.contacts.items, Sendings: s.sendings.items,
		Counted: s.counted.items, Cells: s.cells.items, Measured: s.measured.items, Redeemed: s.redemptions.items,
		DueCarts: flat(s.dueCarts), Received: flat(s.received), Watched: map[checkout.WatchKind][]entry{}, SKUs: s.skus,
	}
	for kind, line := range s.watched {
		c.Watched[kind] = flat(*line)
	}
	return c
}

func flat(t timeline) []entry {
	var out []entry
	for _, p := range t.pages {
		out = append(out, p...)
	}
	return out
}

// TestReopenedStoreKnowsEverything does all that the conformance suite does, closes the store and opens it again.
func TestReopenedStoreKnowsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kassa.db")
	first, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	stores := checkouttest.Stores{Carts: first, Sessions: first, Catalog: first, Inbox: first, People: first, Redemptions: first}
	t.Run("suite", func(t *testing.T) {
		checkouttest.Conformance(t, func(*testing.T) checkouttest.Stores { return stores })
		checkouttest.FollowConformance(t, func(*testing.T) checkouttest.Stores { return stores })
		checkouttest.StatisticsConformance(t, func(*testing.T) statistics.Store { return first })
	})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	want, got := contentsOf(first), contentsOf(second)
	if len(want.Carts) < 100 || len(want.Sessions) < 100 || len(want.Products) < 100 || len(want.StockOps) < 10 || len(want.Inbox) < 10 ||
		len(want.People) < 10 || len(want.Contacts) < 5 || len(want.Counted) < 100 || len(want.Cells) < 100 || len(want.Measured) < 10 ||
		len(want.Redeemed) < 10 {
		t.Fatal("the suite left too little to tell")
	}
	compareEntries := cmp.Comparer(func(a, b entry) bool { return a.compare(b) == 0 })
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), compareEntries); diff != "" {
		t.Errorf("after reopening (-before +after):\n%s", diff)
	}
}
