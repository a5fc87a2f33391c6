package dynamostore

import (
	"context"
	"maps"
	"sync"
	"time"

	"kassa/checkout"
)

// maxCached bounds how many skus are remembered, those that don't exist included: what is asked for is up to strangers.
const maxCached = 20_000

// CachedCatalog is a catalogue kept in memory for a short life. What it shows may be that old, stock included; commits find
// out what is true. Safe for concurrent use.
type CachedCatalog struct {
	store *Store
	life  time.Duration
	now   func() time.Time

	mu       sync.Mutex
	products map[string]cachedProduct
	all      []checkout.Product // for Search; ordered by sku
	allUntil time.Time
}

type cachedProduct struct {
	product checkout.Product
	exists  bool
	until   time.Time
}

var _ checkout.Catalog = (*CachedCatalog)(nil)

// Cached returns the store's catalogue with products kept for life, by the clock now.
func Cached(store *Store, life time.Duration, now func() time.Time) *CachedCatalog {
	return &CachedCatalog{store: store, life: life, now: now, products: map[string]cachedProduct{}}
}

// Products implements checkout.Catalog. Only products that are not in memory cost a trip.
func (c *CachedCatalog) Products(ctx context.Context, skus []string) (map[string]checkout.Product, error) {
	now := c.now()
	found, missing := c.known(now, skus)
	if len(missing) == 0 {
		return found, nil
	}
	read, err := c.store.Products(ctx, missing)
	if err != nil {
		return nil, err
	}
	c.learn(now, missing, read)
	maps.Copy(found, read)
	return found, nil
}

func (c *CachedCatalog) known(now time.Time, skus []string) (found map[string]checkout.Product, missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found = make(map[string]checkout.Product, len(skus))
	for _, sku := range skus {
		switch entry, ok := c.products[sku]; {
		case !ok || !now.Before(entry.until):
			missing = append(missing, sku)
		case entry.exists:
			found[sku] = detached(entry.product)
		}
	}
	return found, missing
}

func (c *CachedCatalog) learn(now time.Time, asked []string, read map[string]checkout.Product) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.products)+len(asked) > maxCached {
		clear(c.products)
	}
	for _, sku := range asked {
		p, exists := read[sku]
		c.products[sku] = cachedProduct{detached(p), exists, now.Add(c.life)}
	}
}

// Search implements checkout.Catalog on a copy of the catalogue in memory.
func (c *CachedCatalog) Search(ctx context.Context, q checkout.ProductQuery) (checkout.ProductPage, error) {
	if err := validQuery(q); err != nil {
		return checkout.ProductPage{}, err
	}
	all, err := c.everything(ctx)
	if err != nil {
		return checkout.ProductPage{}, err
	}
	return stocked(ctx, c, search(all, q))
}

func (c *CachedCatalog) everything(ctx context.Context) ([]checkout.Product, error) {
	now := c.now()
	c.mu.Lock()
	all, fresh := c.all, now.Before(c.allUntil)
	c.mu.Unlock()
	if fresh {
		return all, nil
	}
	all, err := c.store.everything(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all, c.allUntil = all, now.Add(c.life)
	return all, nil
}

// Forget has products read anew that turned out to be other than remembered, such as stock that a commit found short.
func (c *CachedCatalog) Forget(skus ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, sku := range skus {
		delete(c.products, sku)
	}
}

// PutProducts implements checkout.Catalog; this process sees them at once.
func (c *CachedCatalog) PutProducts(ctx context.Context, products []checkout.Product) error {
	defer c.forget()
	return c.store.PutProducts(ctx, products)
}

// AddStock implements checkout.Catalog; this process sees it at once.
func (c *CachedCatalog) AddStock(ctx context.Context, op, sku string, delta int64) error {
	defer c.forget()
	return c.store.AddStock(ctx, op, sku, delta)
}

func (c *CachedCatalog) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.products)
	c.allUntil = time.Time{}
}

// detached returns a product that shares nothing with p that could be changed.
func detached(p checkout.Product) checkout.Product {
	p.Titles, p.Prices = maps.Clone(p.Titles), maps.Clone(p.Prices)
	if p.Stock != nil {
		free := *p.Stock
		p.Stock = &free
	}
	return p
}
