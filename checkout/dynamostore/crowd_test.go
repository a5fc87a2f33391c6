package dynamostore_test

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kassa/checkout/checkouttest"
	"kassa/checkout/recovery"
)

// counter counts requests by their operation, on as many connections as there are writers.
type counter struct {
	inner http.Transport
	mu    sync.Mutex
	n     map[string]int
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c.mu.Lock()
	c.n[operation]++
	c.mu.Unlock()
	return c.inner.RoundTrip(r)
}

// take returns what was counted, and begins anew.
func (c *counter) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	c.n = map[string]int{}
	return n
}

// sweepers is how many overlap.
const sweepers = 3

// swept has three sweepers go through a crowd at once, and holds what they have done and asked for against the number of carts
// that were due. It returns how long they took, with their requests.
func swept(t *testing.T, c checkouttest.Crowd) (time.Duration, map[string]int) {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wire := &counter{inner: http.Transport{MaxIdleConnsPerHost: 64}, n: map[string]int{}}
	t.Cleanup(wire.inner.CloseIdleConnections)
	names := fresh(t)
	var stores []checkouttest.Sweepable
	for range sweepers {
		stores = append(stores, open(t, quick(t, names, wire)))
	}
	config := quick(t, names, &wire.inner)
	calm := open(t, config)
	carts, contacts := c.All()
	ok(calm.Fill(t.Context(), config.Client, carts, contacts))
	all, err := c.Sweepers(stores...)
	ok(err)
	begin := time.Now()
	changed, err := c.Sweep(t.Context(), all)
	took, asked := time.Since(begin), wire.take()
	ok(err)
	claimed, err := c.Claimed(t.Context(), calm)
	ok(err)
	if changed != c.Due || claimed != c.Due {
		t.Errorf("%d carts were changed and %d claimed of %d that were due", changed, claimed, c.Due)
	}
	// A page has some 800 carts in 8 queries, and a hundred carts are read in 3 trips: by each sweeper, whatever else the table has.
	pages, parts := c.Due/400+2, c.Due/recovery.MaxBatch+c.Due/400+2
	if asked["Query"] > sweepers*8*pages || asked["BatchGetItem"] > sweepers*3*parts || asked["UpdateItem"] > sweepers*c.Due || len(asked) > 3 {
		t.Errorf("%d of %d carts were due, and the sweepers made %v requests", c.Due, c.Carts, asked)
	}
	for _, s := range all {
		tally, err := s.Run(t.Context())
		ok(err)
		if asked := wire.take(); tally.Looked != 0 || !maps.Equal(asked, map[string]int{"Query": 8}) {
			t.Errorf("an empty sweep looked at %d carts and made %v requests, want 8 queries", tally.Looked, asked)
		}
	}
	return took, asked
}

// The same as TestSoakSweep, so large that it is a test of every day.
func TestOverlappingSweepersClaimEachCartOnce(t *testing.T) {
	t.Parallel()
	swept(t, checkouttest.Crowd{Carts: 2100, Due: 300, Now: noon})
}
