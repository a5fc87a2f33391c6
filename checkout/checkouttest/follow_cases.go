package checkouttest

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// FollowCases are the promises of a store whose Carts are also a recovery.CartStore, a recovery.ContactStore, a
// recovery.SendLog, a checkout.CartEraser and a checkout.CartNoticeStore.
func FollowCases() []Case {
	return slices.Concat(followCases(), followRefusals(), redueCases(), eraseCases(), cartNoticeCases(), batchCases(), contactCases(), sendingCases(), followRaces())
}

// FollowConformance runs FollowCases, in parallel, on one set of stores.
func FollowConformance(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	stores := open(t)
	for _, c := range FollowCases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := c.Run(t.Context(), stores); err != nil {
				t.Error(err)
			}
		})
	}
}

func (t *trial) followed() recovery.CartStore {
	store, ok := t.Carts.(recovery.CartStore)
	if !ok {
		t.fail("a %T follows up nothing", t.Carts)
	}
	return store
}

func (t *trial) contacts() recovery.ContactStore {
	store, ok := t.Carts.(recovery.ContactStore)
	if !ok {
		t.fail("a %T keeps no contacts", t.Carts)
	}
	return store
}

func (t *trial) cartNotices() checkout.CartNoticeStore {
	store, ok := t.Carts.(checkout.CartNoticeStore)
	if !ok {
		t.fail("a %T keeps no notices of carts", t.Carts)
	}
	return store
}

// following returns a change of a cart's abandonment, of which every field is set.
func (t *trial) following(c checkout.Cart) checkout.CartFollow {
	f := c.Following(t.id("op"))
	revision, op := f.Abandonment.Revision, f.Abandonment.Op
	f.Abandonment = populated[checkout.Abandonment](t)
	f.Abandonment.Revision, f.Abandonment.Op = revision, op
	return f
}

// follow makes a change, which must succeed and answer the cart as it then is.
func (t *trial) follow(c checkout.Cart, f checkout.CartFollow) checkout.Cart {
	want := c
	want.Abandonment, want.Due, want.Notices = &f.Abandonment, f.Due, f.Notices
	store := t.followed()
	if t.failed() {
		return c
	}
	got, err := store.FollowCart(t.ctx, f)
	t.ok("follow up the cart", err)
	t.same("the answered cart", got, want)
	t.holds(want)
	return want
}

// unfollowed makes a change, which must be refused with the cart as it stands and change nothing.
func (t *trial) unfollowed(f checkout.CartFollow, stands checkout.Cart) {
	store := t.followed()
	if t.failed() {
		return
	}
	_, err := store.FollowCart(t.ctx, f)
	t.same("the conflict", t.conflict("follow up the cart", err), checkout.Conflict{Cart: &stands})
	t.holds(stands)
}

func followCases() []Case {
	return []Case{
		story("follow/a cart is left, and every field of it kept", func(t *trial) {
			full := populated[checkout.Cart](t)
			full.ID, full.Session, full.Canceled, full.Abandonment, full.Notices = t.id("ct_"), "", false, nil, nil
			t.follow(t.create(full), t.following(full))
		}),
		story("follow/an abandonment that says nothing", func(t *trial) {
			c := t.cart(t.lines(1)...)
			f := c.Following("")
			f.Abandonment = checkout.Abandonment{Revision: 1}
			t.follow(c, f)
		}),
		story("follow/one change after the other", func(t *trial) {
			c := t.cart(t.lines(2)...)
			for range 3 {
				c = t.follow(c, t.following(c))
			}
		}),
		story("follow/leaves version, marks and edits alone", func(t *trial) {
			c := t.cart(t.lines(1)...)
			c = t.apply(t.add(c, line(t.sku(), 2)))
			c = t.follow(c, t.following(c))
			e := t.add(c, line(t.sku(), 1))
			e.IfVersion = c.Version
			after := edited(c, e)
			after.Lines = append(slices.Clone(c.Lines), *e.Add)
			t.same("the edited cart", t.apply(e), after)
			t.holds(after)
		}),
		story("follow/a locked cart by its holder's name, and a closed one", func(t *trial) {
			c := t.cart(t.lines(1)...)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			c.Session = s.ID
			c = t.follow(c, t.following(c))
			s = t.commit(checkout.Commit{Session: t.next(s), Cart: &checkout.CartChange{CartID: c.ID, Holder: s.ID, Release: true}})
			c.Session = ""
			t.follow(c, t.following(c))
		}),
		story("follow/repeated changes nothing and answers the same", func(t *trial) {
			c := t.cart(t.lines(1)...)
			f := t.following(c)
			c = t.follow(c, f)
			t.follow(c, f)
		}),
	}
}

func followRefusals() []Case {
	refused := func(name string, change func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart)) Case {
		return story("follow/refused "+name, func(t *trial) {
			c := t.cart(t.lines(1)...)
			f, stands := change(t, c)
			t.unfollowed(f, stands)
		})
	}
	return []Case{
		refused("at a revision that is gone", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			return f, t.follow(c, t.following(c))
		}),
		refused("at a revision to come", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			c = t.follow(c, t.following(c))
			f := t.following(c)
			f.Abandonment.Revision++
			return f, c
		}),
		refused("as the second where there is no first", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			f.Abandonment.Revision = 2
			return f, c
		}),
		refused("of a cart that was edited since", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			return f, t.apply(t.add(c, line(t.sku(), 1)))
		}),
		refused("of a cart that was canceled since", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			e := t.edit(c)
			e.Cancel, e.Left = true, "product_fit"
			c = t.apply(e)
			t.same("why it was canceled", c.Left, "product_fit")
			return f, c
		}),
		refused("of a cart that is being paid since", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			s := t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			c.Session = s.ID
			return f, c
		}),
		refused("of a cart held by another", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			f.Holder = checkout.SessionID(c.ID, 7)
			return f, c
		}),
		refused("when repeated after the next", func(t *trial, c checkout.Cart) (checkout.CartFollow, checkout.Cart) {
			f := t.following(c)
			c = t.follow(c, f)
			return f, t.follow(c, t.following(c))
		}),
		story("follow/a cart that there isn't", func(t *trial) {
			store := t.followed()
			if t.failed() {
				return
			}
			c := t.newCart()
			_, err := store.FollowCart(t.ctx, t.following(c))
			t.same("the conflict", t.conflict("follow up no cart", err), checkout.Conflict{})
		}),
	}
}

// redueCases are about who moves the time at which a cart is due.
func redueCases() []Case {
	return []Case{
		story("redue/moved by a follow-up, to the end", func(t *trial) {
			c, _ := t.dueCart(start)
			f := t.following(c)
			f.Due = start.Add(time.Hour)
			c = t.follow(c, f)
			t.due(t.Carts.DueCarts, start, 50)
			t.due(t.Carts.DueCarts, f.Due, 50, checkout.DueItem{ID: c.ID, At: f.Due})
			f = t.following(c)
			f.Due = time.Time{}
			t.follow(c, f)
			t.due(t.Carts.DueCarts, start.AddDate(1, 0, 0), 50)
		}),
		story("redue/an edit sets the time of a cart that has none", func(t *trial) {
			c := t.cart(t.lines(1)...)
			e := t.add(c, line(t.sku(), 1))
			e.Due = start.Add(time.Hour)
			t.apply(e)
			t.due(t.Carts.DueCarts, start.AddDate(1, 0, 0), 50, checkout.DueItem{ID: c.ID, At: e.Due})
		}),
		story("redue/an edit leaves the time of a cart that has one", func(t *trial) {
			c, item := t.dueCart(start)
			e := t.add(c, line(t.sku(), 1))
			e.Due = start.Add(time.Hour)
			t.apply(e)
			t.due(t.Carts.DueCarts, start.AddDate(1, 0, 0), 50, item)
		}),
		story("redue/a session that replaces what is in a cart without time", func(t *trial) {
			c := t.cart(t.lines(1)...)
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{
				CartID: c.ID, Replace: &checkout.CartContents{Lines: t.lines(2)}, Mark: t.mark(), At: start, ExpiresAt: c.ExpiresAt, Due: start,
			}})
			t.due(t.Carts.DueCarts, start, 50, checkout.DueItem{ID: c.ID, At: start})
		}),
	}
}

func (t *trial) noticedCart(ids ...string) checkout.Cart {
	c := t.cart(t.lines(1)...)
	f := t.following(c)
	f.Notices = map[string]checkout.Notice{}
	for i, id := range ids {
		f.Notices[id] = checkout.Notice{Kind: "kind." + id, At: start.Add(time.Duration(i) * time.Millisecond), Ref: "ref " + id}
	}
	return t.follow(c, f)
}

func (t *trial) dropOfCart(c checkout.Cart, ids ...string) checkout.Cart {
	store := t.cartNotices()
	if !t.failed() {
		t.ok("remove notices", store.RemoveCartNotices(t.ctx, c.ID, ids))
	}
	left := map[string]checkout.Notice{}
	for id, n := range c.Notices {
		if !slices.Contains(ids, id) {
			left[id] = n
		}
	}
	c.Notices = left
	t.holds(c)
	return c
}

func (t *trial) listedCarts(want ...string) {
	store := t.cartNotices()
	t.eventually(func() error {
		var got []string
		cursor := ""
		for range maxPages {
			page, next, err := store.NoticedCarts(t.ctx, cursor)
			if err != nil {
				return err
			}
			for _, id := range page {
				if strings.Contains(id, t.seed) {
					got = append(got, id)
				}
			}
			if cursor = next; cursor == "" {
				return t.differs("carts with notices", sorted(got), sorted(want))
			}
		}
		return errors.New("pages without end")
	})
}

func cartNoticeCases() []Case {
	return []Case{
		story("cart notices/removed one by one, and nothing else with them", func(t *trial) {
			c := t.noticedCart("a", "b", "c")
			t.listedCarts(c.ID)
			c = t.dropOfCart(c, "b", "x")
			c = t.dropOfCart(c, "a")
			t.listedCarts(c.ID)
			c = t.dropOfCart(c, "c")
			t.listedCarts()
			t.dropOfCart(c, "c")
		}),
		story("cart notices/of a cart that there isn't", func(t *trial) {
			store := t.cartNotices()
			if !t.failed() {
				t.ok("remove notices", store.RemoveCartNotices(t.ctx, t.id("ct_"), []string{"a"}))
			}
		}),
		story("cart notices/a follow-up may take them along", func(t *trial) {
			c := t.noticedCart("a")
			f := t.following(c)
			f.Notices = nil
			t.follow(c, f)
			t.listedCarts()
		}),
		story("cart notices/removing makes no conflict for a follow-up, which brings them back", func(t *trial) {
			c := t.noticedCart("a")
			f := t.following(c)
			t.dropOfCart(c, "a")
			t.follow(c, f)
			t.listedCarts(c.ID)
		}),
		story("cart notices/stay through edits and payments", func(t *trial) {
			c := t.noticedCart("a")
			c = t.apply(t.add(c, line(t.sku(), 1)))
			t.same("notices after an edit", len(c.Notices), 1)
			t.commit(checkout.Commit{Session: t.newSession(c), Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			t.listedCarts(c.ID)
		}),
	}
}

func batchCases() []Case {
	return []Case{
		story("batch/carts and sessions that exist, each once", func(t *trial) {
			a, b := t.cart(t.lines(2)...), t.cart(t.lines(1)...)
			s := t.session(a)
			store := t.followed()
			if t.failed() {
				return
			}
			carts, err := store.CartsOf(t.ctx, []string{a.ID, t.id("ct_"), b.ID, a.ID, ""})
			t.ok("read carts", err)
			t.same("carts", carts, map[string]checkout.Cart{a.ID: a, b.ID: b})
			sessions, err := store.SessionsOf(t.ctx, []string{s.ID, checkout.SessionID(b.ID, 0)})
			t.ok("read sessions", err)
			t.same("sessions", sessions, map[string]checkout.Session{s.ID: s})
			none, err := store.CartsOf(t.ctx, nil)
			t.ok("read nothing", err)
			t.same("nothing", len(none), 0)
		}),
		story("batch/a hundred, and no more", func(t *trial) {
			store := t.followed()
			if t.failed() {
				return
			}
			ids := make([]string, recovery.MaxBatch+1)
			for i := range ids {
				ids[i] = t.cart().ID
			}
			carts, err := store.CartsOf(t.ctx, ids[1:])
			t.ok("read a hundred carts", err)
			t.same("how many there are", len(carts), recovery.MaxBatch)
			_, err = store.CartsOf(t.ctx, ids)
			t.code("read a hundred and one", err, checkout.CodeInvalid)
		}),
		story("batch/what is answered is the caller's own", func(t *trial) {
			c := t.cart(t.lines(2)...)
			store := t.followed()
			if t.failed() {
				return
			}
			carts, err := store.CartsOf(t.ctx, []string{c.ID})
			t.ok("read carts", err)
			got := carts[c.ID]
			spoil(&got)
			t.holds(c)
		}),
	}
}

func (t *trial) newContact() recovery.Contact {
	c := populated[recovery.Contact](t)
	c.ID, c.Version, c.Op = t.id("pe_"), 1, t.id("op")
	return c
}

func (t *trial) holdsContact(want recovery.Contact) {
	store := t.contacts()
	if t.failed() {
		return
	}
	got, err := store.Contacts(t.ctx, []string{want.ID})
	t.ok("read the contact", err)
	t.same("the stored contact", got, map[string]recovery.Contact{want.ID: want})
}

func (t *trial) putContact(c recovery.Contact) recovery.Contact {
	store := t.contacts()
	if !t.failed() {
		t.ok("put the contact", store.PutContact(t.ctx, c))
	}
	t.holdsContact(c)
	return c
}

func (t *trial) refusesContact(c recovery.Contact, stands *recovery.Contact) {
	store := t.contacts()
	if t.failed() {
		return
	}
	err := store.PutContact(t.ctx, c)
	var conflict *recovery.ContactConflict
	if !errors.As(err, &conflict) {
		t.fail("put a contact: got error %v, want a *recovery.ContactConflict", err)
		return
	}
	t.same("the conflict's contact", conflict.Contact, stands)
	if stands != nil {
		t.holdsContact(*stands)
	}
}

func contactCases() []Case {
	return []Case{
		story("contact/every field is kept", func(t *trial) { t.putContact(t.newContact()) }),
		story("contact/one that is empty", func(t *trial) {
			t.putContact(recovery.Contact{ID: t.id("pe_"), Version: 1})
		}),
		story("contact/changed", func(t *trial) {
			c := t.putContact(t.newContact())
			c.Version, c.Op, c.Sends, c.Arm, c.Devices = 2, t.id("op"), nil, nil, c.Devices[:1]
			t.putContact(c)
		}),
		story("contact/repeated is success and changes nothing", func(t *trial) {
			c := t.putContact(t.newContact())
			t.putContact(c)
		}),
		story("contact/made twice is refused", func(t *trial) {
			c := t.putContact(t.newContact())
			other := c
			other.Op = t.id("op")
			t.refusesContact(other, &c)
		}),
		story("contact/changed from an older version is refused", func(t *trial) {
			c := t.putContact(t.newContact())
			next := c
			next.Version, next.Op = 2, t.id("op")
			next = t.putContact(next)
			stale := c
			stale.Version, stale.Op = 2, t.id("op")
			t.refusesContact(stale, &next)
			early := c
			early.Version, early.Op = 4, t.id("op")
			t.refusesContact(early, &next)
		}),
		story("contact/changed where there is none is refused", func(t *trial) {
			c := t.newContact()
			c.Version = 2
			t.refusesContact(c, nil)
		}),
		story("contact/forgotten", func(t *trial) {
			c := t.putContact(t.newContact())
			store := t.contacts()
			if t.failed() {
				return
			}
			t.ok("forget it", store.ForgetContact(t.ctx, c.ID))
			t.ok("forget it again", store.ForgetContact(t.ctx, c.ID))
			got, err := store.Contacts(t.ctx, []string{c.ID, "", t.id("pe_")})
			t.ok("read it", err)
			t.same("what is left", len(got), 0)
			t.putContact(c)
		}),
	}
}

func followRaces() []Case {
	return []Case{
		story("follow/race/of 20 sweepers one claims", func(t *trial) {
			c := t.cart(t.lines(1)...)
			store := t.followed()
			if t.failed() {
				return
			}
			changes := make([]checkout.CartFollow, 20)
			for i := range changes {
				changes[i] = c.Following("op" + strconv.Itoa(i))
			}
			errs := together(len(changes), func(i int) error {
				_, err := store.FollowCart(t.ctx, changes[i])
				return err
			})
			t.same("sweepers that claimed", t.winners(errs), 1)
		}),
		story("follow/race/a claim and a payment: never both", func(t *trial) {
			c := t.cart(t.lines(1)...)
			store := t.followed()
			if t.failed() {
				return
			}
			claim, session := t.following(c), t.newSession(c)
			errs := together(2, func(i int) error {
				if i == 0 {
					_, err := store.FollowCart(t.ctx, claim)
					return err
				}
				return t.Sessions.Commit(t.ctx, checkout.Commit{Session: session, Cart: &checkout.CartChange{CartID: c.ID, Lock: true}})
			})
			t.ok("lock the cart", errs[1])
			got := t.readCart(c.ID)
			if errs[0] != nil {
				t.conflict("a claim that came after the lock", errs[0])
				t.same("the abandonment", got.Abandonment == nil, true)
			}
			t.same("who holds the cart", got.Session, session.ID)
		}),
		story("follow/race/changes of a contact: none is lost", func(t *trial) {
			c := t.newContact()
			c.Sends = nil
			c = t.putContact(c)
			store := t.contacts()
			if t.failed() {
				return
			}
			ops := make([]string, 8)
			for i := range ops {
				ops[i] = t.id("op")
			}
			errs := together(len(ops), func(i int) error {
				mine := c
				for {
					mine.Version++
					mine.Op = ops[i] + strconv.FormatInt(mine.Version, 10)
					mine.Sends = append(slices.Clone(mine.Sends), recovery.Send{ID: strconv.Itoa(i)})
					err := store.PutContact(t.ctx, mine)
					var conflict *recovery.ContactConflict
					if !errors.As(err, &conflict) {
						return err
					}
					mine = *conflict.Contact
				}
			})
			t.ok("change the contact", errors.Join(errs...))
			got, err := store.Contacts(t.ctx, []string{c.ID})
			t.ok("read the contact", err)
			t.same("how many sends are there", len(got[c.ID].Sends), len(ops))
		}),
	}
}
