package memstore_test

import (
	"path/filepath"
	"testing"

	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
)

func stores(s *memstore.Store) checkouttest.Stores {
	return checkouttest.Stores{Carts: s, Sessions: s, Catalog: s, Inbox: s}
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
