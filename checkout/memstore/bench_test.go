package memstore_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"kassa/checkout"
	"kassa/checkout/memstore"
)

// BenchmarkCommit takes stock with a new session, from many callers at once.
func BenchmarkCommit(b *testing.B) {
	for name, open := range map[string]func() (*memstore.Store, error){
		"memory": func() (*memstore.Store, error) { return memstore.New(), nil },
		"disk":   func() (*memstore.Store, error) { return memstore.Open(filepath.Join(b.TempDir(), "kassa.db")) },
	} {
		b.Run(name, func(b *testing.B) {
			s, err := open()
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			stock := int64(1 << 40)
			if err := s.PutProducts(b.Context(), []checkout.Product{{SKU: "MUG", Title: "Mug", Stock: &stock}}); err != nil {
				b.Fatal(err)
			}
			var n atomic.Int64
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Commit(b.Context(), taking(fmt.Sprint("cs_", n.Add(1), "_0"))); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
