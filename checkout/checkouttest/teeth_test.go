package checkouttest_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
)

func embedded() checkouttest.Stores {
	s := memstore.New()
	return checkouttest.Stores{Carts: s, Sessions: s, Catalog: s, Inbox: s, People: s, Redemptions: s}
}

// flaw is a way to build a store wrong, and the cases that must notice.
type flaw struct {
	name    string
	build   func(checkouttest.Stores) checkouttest.Stores
	noticed []string
}

// TestSuiteHasTeeth runs cases on stores that are each broken in one way.
func TestSuiteHasTeeth(t *testing.T) {
	t.Parallel()
	byName := map[string]checkouttest.Case{}
	for _, c := range checkouttest.Cases() {
		if _, twice := byName[c.Name]; twice {
			t.Errorf("two cases are called %q: they would share their items", c.Name)
		}
		byName[c.Name] = c
	}
	for _, f := range slices.Concat(cartFlaws(), indexFlaws(), sessionFlaws(), catalogFlaws(), personFlaws()) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for _, name := range f.noticed {
				c, ok := byName[name]
				if !ok {
					t.Errorf("there is no case %q", name)
					continue
				}
				synctest.Test(t, func(t *testing.T) { // what may be late is waited for
					if err := c.Run(t.Context(), f.build(embedded())); err == nil {
						t.Errorf("case %q did not notice", name)
					}
				})
			}
		})
	}
}

// TestSuiteMissesNoField blanks every single value that a store gives back, one at a time, however deep: the case that says
// that every field survives must notice each.
func TestSuiteMissesNoField(t *testing.T) {
	t.Parallel()
	for _, c := range checkouttest.Cases() {
		kind, ok := strings.CutSuffix(c.Name, "/every field survives")
		if !ok {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 0
				for ; ; n++ {
					b := &blanker{at: n}
					err := c.Run(t.Context(), b.around(embedded()))
					if b.path == "" {
						break
					}
					if err == nil {
						t.Errorf("value %d (%s) was lost and nobody noticed", n, b.path)
					}
				}
				if n < 6 {
					t.Errorf("only %d values were found to blank", n)
				}
			})
		})
	}
}

// blanker blanks the at-th value of every item that stores give back.
type blanker struct {
	at   int
	path string // of what was blanked
}

func (b *blanker) around(s checkouttest.Stores) checkouttest.Stores {
	return checkouttest.Stores{
		Carts: blankCarts{s.Carts, b}, Sessions: blankSessions{s.Sessions, b}, Catalog: blankCatalog{s.Catalog, b}, Inbox: blankInbox{s.Inbox, b},
		People: blankPeople{s.People, b}, Redemptions: s.Redemptions,
	}
}

// blank is called for one item at a time: the cases that it is made for make no calls at once.
func (b *blanker) blank(item any) {
	left := b.at
	if path := blank(reflect.ValueOf(item).Elem(), "", &left); path != "" {
		b.path = path
	}
}

// blank zeroes the left-th value below v and returns its path, "" if there are fewer.
func blank(v reflect.Value, path string, left *int) string {
	switch {
	case v.Kind() == reflect.Pointer:
		return blank(v.Elem(), path, left)
	case v.Kind() == reflect.Slice:
		return blankEach(v.Len(), func(i int) string { return blank(v.Index(i), path+"[]", left) })
	case v.Kind() == reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		return blankEach(len(keys), func(i int) string {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(keys[i]))
			found := blank(value, path+"{}", left)
			v.SetMapIndex(keys[i], value)
			return found
		})
	case v.Kind() == reflect.Struct && v.NumField() > 0 && v.Type().Field(0).IsExported():
		return blankEach(v.NumField(), func(i int) string { return blank(v.Field(i), path+"."+v.Type().Field(i).Name, left) })
	}
	if *left--; *left == -1 {
		v.SetZero()
		return path
	}
	return ""
}

func blankEach(n int, visit func(i int) string) string {
	for i := range n {
		if path := visit(i); path != "" {
			return path
		}
	}
	return ""
}

type blankCarts struct {
	checkout.CartStore
	b *blanker
}

func (s blankCarts) Cart(ctx context.Context, id string) (checkout.Cart, error) {
	c, err := s.CartStore.Cart(ctx, id)
	s.b.blank(&c)
	return c, err
}

type blankSessions struct {
	checkout.SessionStore
	b *blanker
}

func (s blankSessions) Session(ctx context.Context, id string) (checkout.Session, error) {
	session, err := s.SessionStore.Session(ctx, id)
	s.b.blank(&session)
	return session, err
}

type blankPeople struct {
	checkout.PersonStore
	b *blanker
}

func (s blankPeople) Person(ctx context.Context, id string) (checkout.Person, error) {
	p, err := s.PersonStore.Person(ctx, id)
	s.b.blank(&p)
	return p, err
}

type blankCatalog struct {
	checkout.Catalog
	b *blanker
}

func (s blankCatalog) Products(ctx context.Context, skus []string) (map[string]checkout.Product, error) {
	found, err := s.Catalog.Products(ctx, skus)
	for sku, p := range found {
		s.b.blank(&p)
		found[sku] = p
	}
	return found, err
}

type blankInbox struct {
	checkout.Inbox
	b *blanker
}

func (s blankInbox) InboxItems(ctx context.Context, q checkout.DueQuery) ([]checkout.InboxItem, string, error) {
	items, cursor, err := s.Inbox.InboxItems(ctx, q)
	for i := range items {
		id := items[i].ID
		s.b.blank(&items[i])
		if items[i].ID == "" { // else the case would not take it for its own
			items[i].ID = id + "x"
		}
	}
	return items, cursor, err
}

// carts breaks the cart store, the others likewise.
func carts(f func(s checkouttest.Stores) checkout.CartStore) func(checkouttest.Stores) checkouttest.Stores {
	return func(s checkouttest.Stores) checkouttest.Stores {
		s.Carts = f(s)
		return s
	}
}

func edits(f func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error)) func(checkouttest.Stores) checkouttest.Stores {
	return carts(func(s checkouttest.Stores) checkout.CartStore { return editing{s.Carts, s, f} })
}

type editing struct {
	checkout.CartStore
	s checkouttest.Stores
	f func(ctx context.Context, s checkouttest.Stores, e checkout.CartEdit) (checkout.Cart, error)
}

func (s editing) EditCart(ctx context.Context, e checkout.CartEdit) (checkout.Cart, error) {
	return s.f(ctx, s.s, e)
}

func commits(f func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error) func(checkouttest.Stores) checkouttest.Stores {
	return func(s checkouttest.Stores) checkouttest.Stores {
		s.Sessions = committing{s.Sessions, s, f}
		return s
	}
}

type committing struct {
	checkout.SessionStore
	s checkouttest.Stores
	f func(ctx context.Context, s checkouttest.Stores, c checkout.Commit) error
}

func (s committing) Commit(ctx context.Context, c checkout.Commit) error { return s.f(ctx, s.s, c) }

// conflictOf returns the conflict that err is, nil if none.
func conflictOf(err error) *checkout.Conflict {
	var c *checkout.Conflict
	if errors.As(err, &c) {
		return c
	}
	return nil
}

// meeting lets calls wait for each other in pairs.
type meeting struct{ door chan struct{} }

func newMeeting() meeting { return meeting{make(chan struct{})} }

func (m meeting) wait(ctx context.Context) {
	select {
	case m.door <- struct{}{}:
	case <-m.door:
	case <-ctx.Done():
	}
}

// memory remembers the first value for each key.
type memory[T any] struct {
	mu   sync.Mutex
	seen map[string]T
}

func (m *memory[T]) first(key string, value T) T {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]T{}
	}
	if _, ok := m.seen[key]; !ok {
		m.seen[key] = value
	}
	return m.seen[key]
}
