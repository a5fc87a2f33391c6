package checkouttest

import (
	"context"
	"maps"
	"slices"

	"kassa/checkout"
)

// before is how the last write that came through found what it changed. Indexes and the catalogue may still show that.
type before struct {
	cart    checkout.DueItem // the last one created or followed up; At zero: it was not in the index
	session checkout.DueItem // the last one committed…
	watch   checkout.WatchKind
	shelf   map[string]*checkout.Product // …and the products last moved; nil = there was none
}

func (h *Hostile) created(cartID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before.cart = checkout.DueItem{ID: cartID}
}

func (h *Hostile) followed(was checkout.DueItem) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before.cart = was
}

// look reads what a commit is about to change.
func (h *Hostile) look(ctx context.Context, c checkout.Commit) before {
	seen := before{session: checkout.DueItem{ID: c.Session.ID}}
	if s, err := h.inner.Sessions.Session(ctx, c.Session.ID); err == nil {
		seen.session.At, seen.watch = s.Watch.At, s.Watch.Kind
	}
	skus := make([]string, len(c.Stock))
	for i, change := range c.Stock {
		skus[i] = change.SKU
	}
	seen.shelf = h.shelf(ctx, skus)
	return seen
}

// shelf reads products that are about to change.
func (h *Hostile) shelf(ctx context.Context, skus []string) map[string]*checkout.Product {
	if len(skus) == 0 || h.inner.Catalog == nil {
		return nil
	}
	found, err := h.inner.Catalog.Products(ctx, skus)
	if err != nil {
		return nil
	}
	seen := make(map[string]*checkout.Product, len(skus))
	for _, sku := range skus {
		seen[sku] = nil
		if p, ok := found[sku]; ok {
			seen[sku] = &p
		}
	}
	return seen
}

func (h *Hostile) committed(seen before) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before.session, h.before.watch = seen.session, seen.watch
	if seen.shelf != nil {
		h.before.shelf = seen.shelf
	}
}

func (h *Hostile) moved(shelf map[string]*checkout.Product) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before.shelf = shelf
}

// lag is what an index doesn't know yet: an entry that is gone or not there, and the one that was in its place, if any.
type lag struct {
	id  string
	was *checkout.DueItem
}

func (h *Hostile) lateCarts() lag {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := lag{id: h.before.cart.ID}
	if !h.before.cart.At.IsZero() {
		was := h.before.cart
		l.was = &was
	}
	return l
}

func (h *Hostile) lateSessions(kind checkout.WatchKind) lag {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := lag{id: h.before.session.ID}
	if h.before.watch == kind {
		was := h.before.session
		l.was = &was
	}
	return l
}

// page asks an index that lags. An old entry comes first on the first page, if that has room for two.
func (l lag) page(ctx context.Context, q checkout.DueQuery, ask pager) (checkout.DuePage, error) {
	old := l.was != nil && q.Cursor == "" && q.Limit > 1 && !l.was.At.After(q.Before)
	if old {
		q.Limit--
	}
	page, err := ask(ctx, q)
	if err != nil {
		return checkout.DuePage{}, err
	}
	page.Items = slices.DeleteFunc(page.Items, func(item checkout.DueItem) bool { return item.ID == l.id })
	if old {
		page.Items = slices.Insert(page.Items, 0, *l.was)
	}
	return page, nil
}

// lateProducts returns what was found, as it was before the last write.
func (h *Hostile) lateProducts(found map[string]checkout.Product, skus []string) map[string]checkout.Product {
	h.mu.Lock()
	defer h.mu.Unlock()
	found = maps.Clone(found)
	for _, sku := range skus {
		was, moved := h.before.shelf[sku]
		switch {
		case moved && was == nil:
			delete(found, sku)
		case moved:
			found[sku] = *was
		}
	}
	return found
}
