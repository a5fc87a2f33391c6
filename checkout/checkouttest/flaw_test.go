package checkouttest_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
)

func cartFlaws() []flaw {
	var n atomic.Int64
	paired := newMeeting()
	var cached memory[checkout.Cart]
	return []flaw{
		{
			"edits forget marks", edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
				e.Mark.Key += string(rune('a' + n.Add(1)))
				return s.Carts.EditCart(ctx, e)
			}),
			[]string{
				"mark/an edit repeated has its effect once", "mark/an edit is recognised after 15 others", "mark/the last 16 are kept, oldest first",
				"race/one request sent 20 times has its effect once", "edit/add a line refused with a remembered mark",
				"edit/cancel refused with the mark that made the cart",
			},
		}, {
			"edits ignore versions", edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
				e.IfVersion = 0
				return s.Carts.EditCart(ctx, e)
			}),
			[]string{"edit/set refused at an older version", "edit/replace refused at a later version", "race/20 writers at one version: one wins"},
		}, {
			"edits are open to all", edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
				if c, err := s.Carts.Cart(ctx, e.CartID); err == nil {
					e.Access = checkout.Access{Epoch: c.Epoch, Customer: c.Customer}
				}
				return s.Carts.EditCart(ctx, e)
			}),
			[]string{
				"edit/add a line refused without access", "edit/remove refused by a guest at a customer's", "edit/cancel refused by another customer",
				"edit/set refused with a token of another epoch", "edit/replace refused by a customer without token at a guest's",
			},
		}, {
			"a refused edit answers success", edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
				c, err := s.Carts.EditCart(ctx, e)
				if conflict := conflictOf(err); conflict != nil && conflict.Cart != nil {
					return *conflict.Cart, nil
				}
				return c, err
			}),
			[]string{
				"edit/add to a line refused of a locked cart", "edit/add to a line refused of a canceled cart",
				"edit/add to a line refused past the cart's life",
				"line/one more than the most is refused", "line/the hundred-and-first is refused", "line/set of one that is not there is refused",
				"line/removed twice is refused the second time",
				"race/edits and a lock: what was answered before the lock is in it, and nothing after",
			},
		}, {
			"conflicts show no cart", edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
				c, err := s.Carts.EditCart(ctx, e)
				if conflictOf(err) != nil {
					err = &checkout.Conflict{}
				}
				return c, err
			}),
			[]string{"edit/set refused of a locked cart", "mark/a remove repeated is not taken for a line that was never there"},
		}, {
			"edits prolong no life", edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
				if c, err := s.Carts.Cart(ctx, e.CartID); err == nil {
					e.ExpiresAt = c.ExpiresAt
				}
				return s.Carts.EditCart(ctx, e)
			}),
			[]string{"edit/set for the holder of the token", "edit/cancel for its customer"},
		}, {
			"edits read, then write", edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
				c, err := s.Carts.Cart(ctx, e.CartID)
				if err != nil {
					return checkout.Cart{}, err
				}
				paired.wait(ctx)
				lines := c.Lines
				if i := slices.IndexFunc(lines, func(l checkout.LineItem) bool { return l.ID == e.Add.ID }); i >= 0 {
					lines[i].Quantity += e.Add.Quantity
				} else {
					lines = append(lines, *e.Add)
				}
				e.Add, e.Replace = nil, &checkout.CartContents{Lines: lines, Context: c.Context}
				return s.Carts.EditCart(ctx, e)
			}),
			[]string{"race/20 writers add to one line: nothing is lost", "race/20 writers add a line each: nothing is lost"},
		}, {
			"a replacement without buyer clears it", edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
				if e.Replace != nil && e.Replace.Buyer == nil {
					with := *e.Replace
					with.Buyer = &checkout.Buyer{}
					e.Replace = &with
				}
				return s.Carts.EditCart(ctx, e)
			}),
			[]string{"line/a replacement without buyer keeps the cart's"},
		}, {
			"create overwrites", carts(func(s checkouttest.Stores) checkout.CartStore { return overwriting{s.Carts} }),
			[]string{"cart/created again is a conflict", "cart/created over another shows that one as it stands",
				"race/50 creates of one cart: one wins, all see its cart"},
		}, {
			"lines are sorted", carts(func(s checkouttest.Stores) checkout.CartStore {
				return reading{s.Carts, func(c checkout.Cart) checkout.Cart {
					slices.SortFunc(c.Lines, func(a, b checkout.LineItem) int { return cmp.Compare(a.ID, b.ID) })
					return c
				}}
			}),
			[]string{"line/new ones come last, whatever their sku", "line/added again after it was removed comes last, with its own quantity",
				"cart/100 lines keep their order"},
		}, {
			"what is read is shared", carts(func(s checkouttest.Stores) checkout.CartStore {
				return reading{s.Carts, func(c checkout.Cart) checkout.Cart { return cached.first(c.ID, c) }}
			}),
			[]string{"copy/of a cart that is read"},
		}, {
			"times are cut to seconds", carts(func(s checkouttest.Stores) checkout.CartStore {
				return reading{s.Carts, func(c checkout.Cart) checkout.Cart { c.UpdatedAt = c.UpdatedAt.Truncate(time.Second); return c }}
			}),
			[]string{"cart/created is read"},
		}, {
			"calls never end", func(s checkouttest.Stores) checkouttest.Stores {
				s = edits(func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error) {
					return s.Carts.EditCart(context.WithoutCancel(ctx), e)
				})(s)
				return commits(func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error {
					return s.Sessions.Commit(context.WithoutCancel(ctx), c)
				})(s)
			},
			[]string{"canceled/EditCart", "canceled/EditCart that would be refused", "canceled/Commit", "canceled/Commit past its deadline"},
		},
	}
}

type overwriting struct{ checkout.CartStore }

func (s overwriting) CreateCart(ctx context.Context, c checkout.Cart) error {
	if conflict := conflictOf(s.CartStore.CreateCart(ctx, c)); conflict == nil {
		return nil
	}
	return nil // as if it had written
}

type reading struct {
	checkout.CartStore
	f func(c checkout.Cart) checkout.Cart
}

func (s reading) Cart(ctx context.Context, id string) (checkout.Cart, error) {
	c, err := s.CartStore.Cart(ctx, id)
	if err != nil {
		return c, err
	}
	return s.f(c), nil
}

// indexed breaks the index of due carts and those of watched sessions alike.
func indexed(f func(ctx context.Context, q checkout.DueQuery, ask asking) (checkout.DuePage, error)) func(checkouttest.Stores) checkouttest.Stores {
	return func(s checkouttest.Stores) checkouttest.Stores {
		s.Carts, s.Sessions = dueIndex{s.Carts, f}, watchIndex{s.Sessions, f}
		return s
	}
}

type asking func(q checkout.DueQuery) (checkout.DuePage, error)

type dueIndex struct {
	checkout.CartStore
	f func(ctx context.Context, q checkout.DueQuery, ask asking) (checkout.DuePage, error)
}

func (s dueIndex) DueCarts(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
	return s.f(ctx, q, func(q checkout.DueQuery) (checkout.DuePage, error) { return s.CartStore.DueCarts(ctx, q) })
}

type watchIndex struct {
	checkout.SessionStore
	f func(ctx context.Context, q checkout.DueQuery, ask asking) (checkout.DuePage, error)
}

func (s watchIndex) Watched(ctx context.Context, kind checkout.WatchKind, q checkout.DueQuery) (checkout.DuePage, error) {
	return s.f(ctx, q, func(q checkout.DueQuery) (checkout.DuePage, error) { return s.SessionStore.Watched(ctx, kind, q) })
}

func (s watchIndex) Unended(ctx context.Context, q checkout.DueQuery) (checkout.DuePage, error) {
	return s.f(ctx, q, func(q checkout.DueQuery) (checkout.DuePage, error) { return s.SessionStore.Unended(ctx, q) })
}

func indexFlaws() []flaw {
	changed := func(change func(p *checkout.DuePage, q checkout.DueQuery)) func(checkouttest.Stores) checkouttest.Stores {
		return indexed(func(_ context.Context, q checkout.DueQuery, ask asking) (checkout.DuePage, error) {
			p, err := ask(q)
			change(&p, q)
			return p, err
		})
	}
	pages := []string{"due/pages have each cart once, oldest first", "watch/pages have each session once, oldest first",
		"unended/pages have each session once"}
	return []flaw{
		{"the index has no second page", changed(func(p *checkout.DuePage, _ checkout.DueQuery) { p.Cursor = "" }), pages},
		{"pages are larger than asked for", indexed(func(_ context.Context, q checkout.DueQuery, ask asking) (checkout.DuePage, error) {
			q.Limit++
			return ask(q)
		}), pages},
		{"pages overlap", changed(func(p *checkout.DuePage, q checkout.DueQuery) {
			if q.Cursor != "" && len(p.Items) > 1 {
				p.Items[1] = p.Items[0]
			}
		}), pages},
		{"youngest first", changed(func(p *checkout.DuePage, _ checkout.DueQuery) { slices.Reverse(p.Items) }), pages[:2]},
		{"an instant too early", indexed(func(_ context.Context, q checkout.DueQuery, ask asking) (checkout.DuePage, error) {
			q.Before = q.Before.Add(time.Millisecond)
			return ask(q)
		}), []string{"due/a cart from its time on", "watch/a session from its time on"}},
		{"an instant too late", indexed(func(_ context.Context, q checkout.DueQuery, ask asking) (checkout.DuePage, error) {
			q.Before = q.Before.Add(-time.Millisecond)
			return ask(q)
		}), []string{"due/a cart from its time on", "watch/a session from its time on", "due/only the older of many"}},
		{"items of one instant are skipped", changed(func(p *checkout.DuePage, _ checkout.DueQuery) {
			p.Items = slices.CompactFunc(p.Items, func(a, b checkout.DueItem) bool { return a.At.Equal(b.At) })
		}), []string{"due/carts of one instant come on several pages", "watch/sessions of one instant come on several pages"}},
		{"an index that is empty", changed(func(p *checkout.DuePage, _ checkout.DueQuery) { p.Items = nil }), []string{
			"due/a cart from its time on", "watch/a session by its kind only", "watch/moves to another kind", "unended/sessions of both kinds",
			"unended/as they are watched now",
		}},
		{"the index forgets nothing", func(s checkouttest.Stores) checkouttest.Stores {
			s.Sessions = &hoarding{SessionStore: s.Sessions}
			return s
		}, []string{"watch/ends with the session", "watch/moves to a later time", "watch/moves to another kind"}},
	}
}

// hoarding never takes a session off an index.
type hoarding struct {
	checkout.SessionStore
	kept memory[checkout.Watch]
}

func (s *hoarding) Commit(ctx context.Context, c checkout.Commit) error {
	if c.Session.Watch.Kind != checkout.WatchNone {
		s.kept.first(c.Session.ID, c.Session.Watch)
	}
	return s.SessionStore.Commit(ctx, c)
}

func (s *hoarding) Watched(_ context.Context, kind checkout.WatchKind, q checkout.DueQuery) (checkout.DuePage, error) {
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	var p checkout.DuePage
	for id, w := range s.kept.seen {
		if w.Kind == kind && !w.At.After(q.Before) {
			p.Items = append(p.Items, checkout.DueItem{ID: id, At: w.At})
		}
	}
	return p, nil
}

func catalogFlaws() []flaw {
	var n atomic.Int64
	catalog := func(f func(c checkout.Catalog) checkout.Catalog) func(checkouttest.Stores) checkouttest.Stores {
		return func(s checkouttest.Stores) checkouttest.Stores {
			s.Catalog = f(s.Catalog)
			return s
		}
	}
	search := func(change func(q *checkout.ProductQuery)) func(checkouttest.Stores) checkouttest.Stores {
		return catalog(func(c checkout.Catalog) checkout.Catalog { return searching{c, change, func(*checkout.ProductPage) {}} })
	}
	found := func(change func(p *checkout.ProductPage)) func(checkouttest.Stores) checkouttest.Stores {
		return catalog(func(c checkout.Catalog) checkout.Catalog {
			return searching{c, func(*checkout.ProductQuery) {}, change}
		})
	}
	return []flaw{
		{"added stock forgets its op", catalog(func(c checkout.Catalog) checkout.Catalog {
			return adding{c, func(op string, delta int64) (string, int64) { return op + string(rune('a'+n.Add(1))), delta }}
		}), []string{"add stock/once for each op", "add stock/an op is recognised after 20 others", "race/one added stock sent 20 times counts once"}},
		{"added stock is lost", catalog(func(c checkout.Catalog) checkout.Catalog {
			return adding{c, func(op string, _ int64) (string, int64) { return op, 0 }}
		}), []string{"add stock/is free at once", "add stock/never falls below zero", "race/20 additions and 20 takers: all count"}},
		{"put resets stock", catalog(func(c checkout.Catalog) checkout.Catalog { return resetting{c} }), []string{
			"catalog/put over does not move stock", "catalog/put over a sold-out one does not fill it",
			"catalog/a product put over another leaves nothing of it but its stock",
			"race/putting a product does not undo what is taken meanwhile",
		}},
		{"search ignores categories", search(func(q *checkout.ProductQuery) { q.Categories = nil }),
			[]string{"search/any of the categories", "search/no category but that very one"}},
		{"search takes one word", search(func(q *checkout.ProductQuery) {
			if words := strings.Fields(q.Text); len(words) > 0 {
				q.Text = words[len(words)-1]
			}
		}), []string{"search/all words, in whatever field"}},
		{"search has no second page", found(func(p *checkout.ProductPage) { p.Cursor = "" }),
			[]string{"search/pages have each product once, by sku"}},
		{"search has no order", found(func(p *checkout.ProductPage) { slices.Reverse(p.Products) }),
			[]string{"search/pages have each product once, by sku"}},
		{"search finds thin products", found(func(p *checkout.ProductPage) {
			for i := range p.Products {
				p.Products[i] = checkout.Product{SKU: p.Products[i].SKU, Title: p.Products[i].Title}
			}
		}), []string{"search/products come whole"}},
		{"the inbox overwrites", func(s checkouttest.Stores) checkouttest.Stores { s.Inbox = replacing{s.Inbox}; return s }, []string{
			"inbox/an item put again is there once, as it first came",
		}},
		{"the inbox keeps what is removed", func(s checkouttest.Stores) checkouttest.Stores { s.Inbox = keeping{s.Inbox}; return s }, []string{
			"inbox/a removed item is gone",
		}},
		{"the inbox is youngest first", func(s checkouttest.Stores) checkouttest.Stores { s.Inbox = reversing{s.Inbox}; return s },
			[]string{"inbox/oldest first"}},
	}
}

type searching struct {
	checkout.Catalog
	query func(q *checkout.ProductQuery)
	page  func(p *checkout.ProductPage)
}

func (s searching) Search(ctx context.Context, q checkout.ProductQuery) (checkout.ProductPage, error) {
	s.query(&q)
	p, err := s.Catalog.Search(ctx, q)
	s.page(&p)
	return p, err
}

type adding struct {
	checkout.Catalog
	f func(op string, delta int64) (string, int64)
}

func (s adding) AddStock(ctx context.Context, op, sku string, delta int64) error {
	op, delta = s.f(op, delta)
	return s.Catalog.AddStock(ctx, op, sku, delta)
}

// resetting sets stock whenever a product is put.
type resetting struct{ checkout.Catalog }

func (s resetting) PutProducts(ctx context.Context, products []checkout.Product) error {
	for _, p := range products {
		unkept := p
		unkept.Stock = nil
		if err := s.Catalog.PutProducts(ctx, []checkout.Product{unkept}); err != nil {
			return err
		}
		if err := s.Catalog.PutProducts(ctx, []checkout.Product{p}); err != nil {
			return err
		}
	}
	return nil
}

type replacing struct{ checkout.Inbox }

func (s replacing) PutInbox(ctx context.Context, item checkout.InboxItem) error {
	if err := s.RemoveInbox(ctx, item.ID); err != nil {
		return err
	}
	return s.Inbox.PutInbox(ctx, item)
}

type keeping struct{ checkout.Inbox }

func (keeping) RemoveInbox(context.Context, string) error { return nil }

type reversing struct{ checkout.Inbox }

func (s reversing) InboxItems(ctx context.Context, q checkout.DueQuery) ([]checkout.InboxItem, string, error) {
	items, cursor, err := s.Inbox.InboxItems(ctx, q)
	slices.Reverse(items)
	return items, cursor, err
}
