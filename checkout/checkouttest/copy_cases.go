package checkouttest

import (
	"reflect"

	"kassa/checkout"
)

// spoil changes everything that can be reached through v without changing v itself: what a careless caller might do to what
// it gave to a store, or got from it.
func spoil(v any) { spoilValue(reflect.ValueOf(v), false) }

func spoilValue(v reflect.Value, shared bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoilValue(v.Elem(), true)
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoilValue(v.Index(i), true)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			spoilValue(v.MapIndex(key), false)
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			spoilValue(v.Field(i), shared)
		}
		if shared && v.CanSet() {
			v.SetZero()
		}
	default:
		if shared && v.CanSet() {
			v.SetZero()
		}
	}
}

// twins returns two equal populated values that share nothing.
func twins[T any](t *trial) (given, want T) { return populated[T](t), populated[T](t) }

func (t *trial) twinCarts() (given, want checkout.Cart) {
	given, want = twins[checkout.Cart](t)
	given.ID, given.Session, given.Canceled, given.Customer, given.ExpiresAt = t.id("ct_"), "", false, "", start.AddDate(1, 0, 0)
	want.ID, want.Session, want.Canceled, want.Customer, want.ExpiresAt = given.ID, "", false, "", given.ExpiresAt
	return given, want
}

func (t *trial) twinSessions() (given, want checkout.Session) {
	given, want = twins[checkout.Session](t)
	given.ID, given.Version, given.Op = checkout.SessionID(t.id("ct_"), given.Round), 1, t.id("op")
	want.ID, want.Version, want.Op = given.ID, 1, given.Op
	return given, want
}

// copyCases change what stores were given and have answered. What is stored must not follow.
func copyCases() []Case {
	return []Case{
		story("copy/of a cart that is created", func(t *trial) {
			given, want := t.twinCarts()
			t.create(given)
			spoil(given)
			t.holds(want)
		}),
		story("copy/of a cart that is read", func(t *trial) {
			given, want := t.twinCarts()
			t.create(given)
			spoil(t.readCart(want.ID))
			t.holds(want)
		}),
		story("copy/of a cart in a conflict", func(t *trial) {
			given, want := t.twinCarts()
			t.create(given)
			conflict := t.conflict("create it again", t.Carts.CreateCart(t.ctx, given))
			spoil(conflict)
			t.holds(want)
		}),
		story("copy/of an edit's contents", func(t *trial) {
			c := t.cart()
			with, _ := t.twinCarts()
			_, want := t.twinCarts()
			answer := t.apply(t.replace(c, checkout.CartContents{Lines: with.Lines, Context: with.Context, Buyer: &with.Buyer}))
			spoil(&with)
			for _, got := range []checkout.Cart{answer, t.readCart(c.ID)} {
				t.same("the lines", got.Lines, want.Lines)
				t.same("the buyer", got.Buyer, want.Buyer)
			}
		}),
		story("copy/of an edited cart", func(t *trial) {
			given, want := t.twinCarts()
			t.create(given)
			e := t.add(given, line("added", 1))
			want = edited(want, e)
			want.Lines = append(want.Lines, *e.Add)
			spoil(t.apply(e))
			t.holds(want)
		}),
		story("copy/of a session that is committed", func(t *trial) {
			given, want := t.twinSessions()
			t.commit(checkout.Commit{Session: given})
			spoil(given)
			t.holdsSession(want)
		}),
		story("copy/of a session that is read", func(t *trial) {
			given, want := t.twinSessions()
			t.commit(checkout.Commit{Session: given})
			spoil(t.readSession(want.ID))
			t.holdsSession(want)
		}),
		story("copy/of a session and cart that are read", func(t *trial) {
			cart, wantCart := t.twinCarts()
			session, wantSession := t.twinSessions()
			session.ID = checkout.SessionID(cart.ID, 0)
			wantSession.ID = session.ID
			t.create(cart)
			t.commit(checkout.Commit{Session: session})
			if !t.failed() {
				s, c, err := t.Sessions.SessionAndCart(t.ctx, session.ID)
				t.ok("read both", err)
				spoil(s)
				spoil(c)
			}
			t.holdBoth(wantSession, wantCart)
		}),
		story("copy/of what a commit puts into a cart", func(t *trial) {
			c := t.cart()
			ch := t.replacement(c)
			want := replaced(c, checkout.CartChange{Replace: contents(), Mark: ch.Mark, At: ch.At, ExpiresAt: ch.ExpiresAt})
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &ch})
			spoil(&ch)
			t.holds(want)
		}),
		story("copy/of session and cart in a conflict", func(t *trial) {
			cart, wantCart := t.twinCarts()
			session, wantSession := t.twinSessions()
			t.create(cart)
			t.commit(checkout.Commit{Session: session})
			again := session
			again.Op = t.id("op")
			if !t.failed() {
				conflict := t.conflict("commit the same version", t.Sessions.Commit(t.ctx, checkout.Commit{
					Session: again, Cart: &checkout.CartChange{CartID: cart.ID, Round: cart.Round},
				}))
				spoil(conflict)
			}
			t.holds(wantCart)
			t.holdsSession(wantSession)
		}),
		story("copy/of a product that is put", func(t *trial) {
			given, want := twins[checkout.Product](t)
			given.SKU = t.sku()
			want.SKU = given.SKU
			t.put(given)
			spoil(given)
			t.sells(want)
		}),
		story("copy/of a product that is read, and of one that is found", func(t *trial) {
			given, want := twins[checkout.Product](t)
			given.SKU, given.Category = t.sku(), t.seed
			want.SKU, want.Category = given.SKU, t.seed
			t.put(given)
			t.sells(want)
			p, err := t.lookup(want.SKU)
			t.ok("look it up", err)
			spoil(p)
			page, err := t.Catalog.Search(t.ctx, checkout.ProductQuery{Categories: []string{t.seed}, Limit: 1})
			t.ok("search", err)
			spoil(page)
			t.sells(want)
		}),
	}
}
