package dynamostore

import (
	"context"
	"sync"
	"time"

	"kassa/checkout"
)

// CachedRedemptions are counts of uses kept in memory for a short life, so that the steps of one checkout ask once. Commits find out
// what is true. Safe for concurrent use.
type CachedRedemptions struct {
	store *Store
	life  time.Duration
	now   func() time.Time

	mu     sync.Mutex
	counts map[string]cachedCount
}

type cachedCount struct {
	n     int64
	until time.Time
}

var _ checkout.Redemptions = (*CachedRedemptions)(nil)

// RedemptionsFor returns the store's counts, kept for life by the clock now.
func RedemptionsFor(store *Store, life time.Duration, now func() time.Time) *CachedRedemptions {
	return &CachedRedemptions{store: store, life: life, now: now, counts: map[string]cachedCount{}}
}

// Redeemed implements checkout.Redemptions. Only keys that are not in memory cost a trip.
func (c *CachedRedemptions) Redeemed(ctx context.Context, keys []string) (map[string]int64, error) {
	now := c.now()
	found, missing := c.known(now, keys)
	if len(missing) == 0 {
		return found, nil
	}
	read, err := c.store.Redeemed(ctx, missing)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.counts)+len(missing) > maxCached {
		clear(c.counts)
	}
	for _, key := range missing {
		n := read[key]
		if c.counts[key] = (cachedCount{n, now.Add(c.life)}); n > 0 {
			found[key] = n
		}
	}
	return found, nil
}

func (c *CachedRedemptions) known(now time.Time, keys []string) (found map[string]int64, missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found = make(map[string]int64, len(keys))
	for _, key := range keys {
		entry, ok := c.counts[key]
		if !ok || !now.Before(entry.until) {
			missing = append(missing, key)
		} else if entry.n > 0 {
			found[key] = entry.n
		}
	}
	return found, missing
}
