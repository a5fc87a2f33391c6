package memstore_test

import (
	"path/filepath"
	"testing"

	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
)

func TestMerchantConformance(t *testing.T) {
	t.Parallel()
	checkouttest.MerchantConformance(t, func(*testing.T) checkouttest.Stores { return stores(memstore.New()) })
}

func TestMerchantConformanceOnDisk(t *testing.T) {
	t.Parallel()
	checkouttest.MerchantConformance(t, func(t *testing.T) checkouttest.Stores {
		return stores(open(t, filepath.Join(t.TempDir(), "kassa.db")))
	})
}
