package checkouttest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func aCart(id string) checkout.Cart {
	return checkout.Cart{ID: id, Version: 1, Epoch: 1, Currency: "EUR", CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour), Due: now}
}

func addOne(c checkout.Cart, key string) checkout.CartEdit {
	return checkout.CartEdit{
		CartID: c.ID, Mark: checkout.NewMark("test", key, ""), At: now, ExpiresAt: now.Add(time.Hour), Access: checkout.Access{Epoch: c.Epoch},
		Add: &checkout.LineItem{ID: checkout.LineID("a"), SKU: "a", Quantity: 1},
	}
}

// stored makes a hostile set of stores that hold a cart and its session.
func stored(t *testing.T) (*checkouttest.Hostile, checkout.Cart, checkout.Session) {
	t.Helper()
	h := checkouttest.NewHostile(embedded(), nil)
	c := aCart("ct_1")
	s := checkout.Session{ID: checkout.SessionID(c.ID, 0), CartID: c.ID, Version: 1, Op: "op1"}
	if err := errors.Join(h.Carts.CreateCart(t.Context(), c), h.Sessions.Commit(t.Context(), checkout.Commit{Session: s})); err != nil {
		t.Fatal(err)
	}
	h.Reset()
	return h, c, s
}

// quantity returns how much of product a the cart has.
func quantity(t *testing.T, h *checkouttest.Hostile, cartID string) int64 {
	t.Helper()
	c, err := h.Carts.Cart(t.Context(), cartID)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := c.Line(checkout.LineID("a"))
	return l.Quantity
}

func TestHostileWays(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		way      checkouttest.Way
		fails    bool
		late     bool
		quantity int64
		landed   int64 // after Land
	}{
		{"", false, false, 1, 1},
		{checkouttest.Refused, true, false, 0, 0},
		{checkouttest.Throttled, true, false, 0, 0},
		{checkouttest.Lost, true, false, 1, 1},
		{checkouttest.Late, true, true, 1, 1},
		{checkouttest.Delayed, true, true, 0, 1},
		{checkouttest.Twice, false, false, 1, 1},
		{checkouttest.Contended, false, false, 1, 1},
	} {
		t.Run(string(test.way), func(t *testing.T) {
			t.Parallel()
			h, c, _ := stored(t)
			h.Next("EditCart", test.way)
			_, err := h.Carts.EditCart(t.Context(), addOne(c, "k"))
			if (err != nil) != test.fails || errors.Is(err, checkouttest.ErrScripted) != test.fails {
				t.Errorf("got error %v", err)
			}
			if err != nil && checkout.ErrorCode(err) != checkout.CodeUnavailable {
				t.Errorf("got error %v, want one with code unavailable", err)
			}
			if errors.Is(err, context.DeadlineExceeded) != test.late {
				t.Errorf("got error %v, late should be %v", err, test.late)
			}
			if got := quantity(t, h, c.ID); got != test.quantity {
				t.Errorf("got quantity %d, want %d", got, test.quantity)
			}
			for _, err := range h.Land() {
				if err != nil {
					t.Errorf("land: %v", err)
				}
			}
			if got := quantity(t, h, c.ID); got != test.landed {
				t.Errorf("after landing got quantity %d, want %d", got, test.landed)
			}
		})
	}
}

func TestHostileScript(t *testing.T) {
	t.Parallel()
	h, c, s := stored(t)
	h.Next("Cart", checkouttest.Refused, "", checkouttest.Lost, checkouttest.Late)
	var failed []bool
	for range 3 {
		_, err := h.Carts.Cart(t.Context(), c.ID)
		failed = append(failed, err != nil)
	}
	if want := []bool{true, false, true}; !slices.Equal(failed, want) {
		t.Errorf("got failures %v, want %v", failed, want)
	}
	if got, want := h.Unused(), []checkouttest.Fault{{Method: "Cart", Way: checkouttest.Late}}; !slices.Equal(got, want) {
		t.Errorf("got unused %v, want %v", got, want)
	}
	h.At(2, checkouttest.Throttled)
	if _, err := h.Sessions.Session(t.Context(), s.ID); err != nil {
		t.Errorf("the next call failed: %v", err)
	}
	if _, _, err := h.Sessions.SessionAndCart(t.Context(), s.ID); err == nil {
		t.Error("the second call from now did not fail")
	}
	want := []checkouttest.Fault{
		{Method: "Cart", Way: checkouttest.Refused}, {Method: "Cart"}, {Method: "Cart", Way: checkouttest.Lost},
		{Method: "Session"}, {Method: "SessionAndCart", Way: checkouttest.Throttled},
	}
	if got := h.Calls(); !slices.Equal(got, want) {
		t.Errorf("got calls %v, want %v", got, want)
	}
	if h.Count("Cart") != 3 || h.Count("Commit") != 0 {
		t.Errorf("got %d calls of Cart and %d of Commit, want 3 and 0", h.Count("Cart"), h.Count("Commit"))
	}
}

func TestHostileRefusesImpossibleScripts(t *testing.T) {
	t.Parallel()
	h, c, s := stored(t)
	h.Next("Cart", checkouttest.Stale)
	if _, err := h.Carts.Cart(t.Context(), c.ID); !errors.Is(err, checkouttest.ErrScripted) {
		t.Errorf("a strong read was stale: %v", err)
	}
	h.Next("Commit", checkouttest.Stale)
	s.Version, s.Op = 2, "op2"
	if err := h.Sessions.Commit(t.Context(), checkout.Commit{Session: s}); !errors.Is(err, checkouttest.ErrScripted) {
		t.Errorf("a write was stale: %v", err)
	}
}

func TestHostileCommitInContention(t *testing.T) {
	t.Parallel()
	h, c, s := stored(t)
	h.Next("Commit", checkouttest.Contended)
	next := s
	next.Version, next.Op = 2, "op2"
	conflict := conflictOf(h.Sessions.Commit(t.Context(), checkout.Commit{
		Session: next, Cart: &checkout.CartChange{CartID: c.ID, Version: 1, Lock: true},
	}))
	if conflict == nil || conflict.Session == nil || conflict.Cart == nil {
		t.Fatalf("got conflict %+v, want one with session and cart", conflict)
	}
	if conflict.Session.Version != 2 || conflict.Session.Op == "op2" || conflict.Cart.Version != 2 {
		t.Errorf("got session version %d by %s and cart version %d, want 2 by somebody else, and 2", conflict.Session.Version, conflict.Session.Op,
			conflict.Cart.Version)
	}
}

func TestHostileTwiceIsOnceForWhoCan(t *testing.T) {
	t.Parallel()
	h, _, s := stored(t)
	p := checkouttest.Products()[0]
	for _, method := range []string{"CreateCart", "EditCart", "Commit", "PutProducts", "AddStock", "PutInbox", "RemoveInbox"} {
		h.Next(method, checkouttest.Twice)
	}
	c := aCart("ct_2")
	next := s
	next.Version, next.Op = 2, "op2"
	_, editErr := h.Carts.EditCart(t.Context(), addOne(aCart("ct_1"), "k"))
	if err := errors.Join(editErr,
		h.Carts.CreateCart(t.Context(), c),
		h.Catalog.PutProducts(t.Context(), []checkout.Product{p}),
		h.Catalog.AddStock(t.Context(), "add", p.SKU, 5),
		h.Sessions.Commit(t.Context(), checkout.Commit{Session: next, Stock: []checkout.StockChange{{SKU: p.SKU, Delta: -1}}}),
		h.Inbox.PutInbox(t.Context(), checkout.InboxItem{ID: "evt_1"}),
		h.Inbox.RemoveInbox(t.Context(), "evt_1"),
	); err != nil {
		t.Error(err)
	}
	if got := stockOf(t, h, p.SKU); got != *p.Stock+4 {
		t.Errorf("got stock %d, want %d", got, *p.Stock+4)
	}
	if left := h.Unused(); len(left) > 0 {
		t.Errorf("these did not happen: %v", left)
	}
}

func stockOf(t *testing.T, h *checkouttest.Hostile, sku string) int64 {
	t.Helper()
	found, err := h.Catalog.Products(t.Context(), []string{sku})
	if err != nil || found[sku].Stock == nil {
		t.Fatalf("product %s: %v, %v", sku, found[sku], err)
	}
	return *found[sku].Stock
}

func TestHostileStaleReads(t *testing.T) {
	t.Parallel()
	h, c, s := stored(t)
	p := checkouttest.Products()[0]
	if err := h.Catalog.PutProducts(t.Context(), []checkout.Product{p}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // waiting, then payment
		s.Version++
		s.Op += "+"
		s.Watch = checkout.Watch{Kind: map[int64]checkout.WatchKind{2: checkout.WatchWaiting, 3: checkout.WatchPayment}[s.Version],
			At: now.Add(time.Duration(s.Version) * time.Second)}
		if err := h.Sessions.Commit(t.Context(), checkout.Commit{Session: s, Stock: []checkout.StockChange{{SKU: p.SKU, Delta: -10}}}); err != nil {
			t.Fatal(err)
		}
	}
	if fresh := stockOf(t, h, p.SKU); fresh != *p.Stock-20 {
		t.Errorf("got stock %d, want %d", fresh, *p.Stock-20)
	}
	h.Next("Products", checkouttest.Stale)
	if stale := stockOf(t, h, p.SKU); stale != *p.Stock-10 {
		t.Errorf("got stale stock %d, want %d", stale, *p.Stock-10)
	}
	watched := func(kind checkout.WatchKind) []checkout.DueItem {
		page, err := h.Sessions.Watched(t.Context(), kind, checkout.DueQuery{Before: now.Add(time.Hour), Limit: 10})
		if err != nil {
			t.Error(err)
		}
		return page.Items
	}
	h.Next("Watched", checkouttest.Stale, checkouttest.Stale)
	if got := watched(checkout.WatchPayment); len(got) != 0 {
		t.Errorf("the stale index already has %v", got)
	}
	if got, want := watched(checkout.WatchWaiting), []checkout.DueItem{{ID: s.ID, At: now.Add(2 * time.Second)}}; !slices.Equal(got, want) {
		t.Errorf("the stale index has %v, want %v", got, want)
	}
	if got := watched(checkout.WatchPayment); len(got) != 1 {
		t.Errorf("the index has %v, want the session", got)
	}
	if err := h.Carts.CreateCart(t.Context(), aCart("ct_2")); err != nil {
		t.Fatal(err)
	}
	h.Next("DueCarts", checkouttest.Stale)
	page, err := h.Carts.DueCarts(t.Context(), checkout.DueQuery{Before: now, Limit: 10})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != c.ID {
		t.Errorf("the stale index has %v (%v), want the older cart only", page.Items, err)
	}
}

// TestHostileRunsAtOnce is for the race detector, and for counts that add up.
func TestHostileRunsAtOnce(t *testing.T) {
	t.Parallel()
	h, c, _ := stored(t)
	h.Next("EditCart", slices.Repeat([]checkouttest.Way{checkouttest.Lost, checkouttest.Refused, "", checkouttest.Contended, checkouttest.Delayed},
		4)...)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := h.Carts.EditCart(t.Context(), addOne(c, string(rune('a'+i)))); err != nil && !errors.Is(err, checkouttest.ErrScripted) {
				t.Errorf("edit: %v", err)
			}
		})
	}
	all.Wait()
	if got := quantity(t, h, c.ID); got != 12 {
		t.Errorf("got quantity %d, want 12: lost, plain and contended edits", got)
	}
	if landed := len(h.Land()); landed != 4 || quantity(t, h, c.ID) != 16 || h.Count("EditCart") != 20 {
		t.Errorf("%d edits landed, quantity %d, %d calls; want 4, 16, 20", landed, quantity(t, h, c.ID), h.Count("EditCart"))
	}
}

// TestHostileStoresConform runs the suite through the wrappers: without a script they change nothing.
func TestHostileStoresConform(t *testing.T) {
	t.Parallel()
	checkouttest.Conformance(t, func(*testing.T) checkouttest.Stores {
		return checkouttest.NewHostile(embedded(), nil).Stores
	})
}

func TestHostileCartsAreFollowedUp(t *testing.T) {
	t.Parallel()
	checkouttest.FollowConformance(t, func(*testing.T) checkouttest.Stores {
		return checkouttest.NewHostile(embedded(), nil).Stores
	})
}

// TestHostileContentionOverNothing lets somebody else come first where there is nothing to write yet.
func TestHostileContentionOverNothing(t *testing.T) {
	t.Parallel()
	h := checkouttest.NewHostile(embedded(), &till{})
	h.Next("Commit", checkouttest.Contended)
	s := checkout.Session{ID: checkout.SessionID("ct_1", 0), Version: 1, Op: "op1"}
	if err := h.Sessions.Commit(t.Context(), checkout.Commit{Session: s}); err != nil {
		t.Errorf("the first version: %v", err)
	}
	h.Next("EditCart", checkouttest.Contended)
	_, err := h.Carts.EditCart(t.Context(), addOne(aCart("ct_1"), "k"))
	if conflict := conflictOf(err); conflict == nil || conflict.Cart != nil {
		t.Errorf("an edit of no cart: got %v, want an empty conflict", err)
	}
	if found, err := h.Gateway.Find(t.Context(), s.ID, now); err != nil || len(found) != 1 {
		t.Errorf("a call without script: %v, %v", found, err)
	}
}
