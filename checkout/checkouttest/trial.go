package checkouttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout"
)

// trial is a case at work. After its first failure it does nothing more, so that a case reads as a story, without a check
// after each line.
type trial struct {
	Stores
	ctx     context.Context
	seed    string // no two cases have the same
	made    int    // ids
	failure error
}

func story(name string, tell func(t *trial)) Case {
	return Case{Name: name, Run: func(ctx context.Context, s Stores) error {
		sum := sha256.Sum256([]byte(name))
		t := &trial{Stores: s, ctx: ctx, seed: hex.EncodeToString(sum[:8])}
		tell(t)
		return t.failure
	}}
}

func (t *trial) failed() bool { return t.failure != nil }

// fail ends the case, for the first reason given.
func (t *trial) fail(format string, args ...any) {
	if t.failure == nil {
		t.failure = fmt.Errorf(format, args...)
	}
}

// ok fails the case on an error.
func (t *trial) ok(what string, err error) {
	if err != nil {
		t.fail("%s: %w", what, err)
	}
}

// same fails the case if two values differ: empty and nil are the same, and so is an instant in two locations.
func (t *trial) same(what string, got, want any) {
	if t.failed() {
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.fail("%s is not what was expected (-want +got):\n%s", what, diff)
	}
}

// code fails the case unless an error has a code.
func (t *trial) code(what string, err error, want checkout.Code) {
	var e *checkout.Error
	if !errors.As(err, &e) || e.Code != want {
		t.fail("%s: got error %v, want one with code %s", what, err, want)
	}
}

// conflict returns the conflict that an error is; the case fails if it is none.
func (t *trial) conflict(what string, err error) checkout.Conflict {
	var c *checkout.Conflict
	if !errors.As(err, &c) {
		t.fail("%s: got error %v, want a *checkout.Conflict", what, err)
		return checkout.Conflict{}
	}
	return *c
}

const (
	late     = 100                   // how often a read that may be late is tried
	latePace = 20 * time.Millisecond // between two tries
)

// eventually repeats a check of what the contract allows to be late.
func (t *trial) eventually(check func() error) {
	if t.failed() {
		return
	}
	var err error
	for range late {
		if err = check(); err == nil {
			return
		}
		select {
		case <-t.ctx.Done():
			t.fail("%w", err)
			return
		case <-time.After(latePace): //nolint:forbidigo // a real index takes real time
		}
	}
	t.fail("%w", err)
}

// start is when cases happen, unless they need another time.
var start = time.Date(2026, time.March, 28, 23, 59, 59, 123e6, time.UTC)

func (t *trial) id(prefix string) string {
	t.made++
	return prefix + t.seed + "n" + strconv.Itoa(t.made)
}

func (t *trial) sku() string { return t.id("SKU.") }

func (t *trial) mark() checkout.Mark {
	return checkout.NewMark("conformance", t.id(""), "print")
}

func line(sku string, quantity int64) checkout.LineItem {
	return checkout.LineItem{ID: checkout.LineID(sku), SKU: sku, Quantity: quantity}
}

func (t *trial) lines(n int) []checkout.LineItem {
	lines := make([]checkout.LineItem, n)
	for i := range lines {
		lines[i] = line(t.sku(), int64(1+i))
	}
	return lines
}

// newCart returns a guest's open cart, not yet stored.
func (t *trial) newCart(lines ...checkout.LineItem) checkout.Cart {
	return checkout.Cart{
		ID: t.id("ct_"), Version: 1, Epoch: 1, Currency: "EUR", Lines: lines, Context: checkout.Context{Country: "NL", Language: "nl"},
		CreatedAt: start, UpdatedAt: start, ExpiresAt: start.Add(checkout.LifeGuestCart), Create: t.mark(),
	}
}

func (t *trial) create(c checkout.Cart) checkout.Cart {
	if !t.failed() {
		t.ok("create the cart", t.Carts.CreateCart(t.ctx, c))
	}
	return c
}

func (t *trial) cart(lines ...checkout.LineItem) checkout.Cart { return t.create(t.newCart(lines...)) }

func (t *trial) readCart(id string) checkout.Cart {
	if t.failed() {
		return checkout.Cart{}
	}
	c, err := t.Carts.Cart(t.ctx, id)
	t.ok("read the cart", err)
	return c
}

// holds fails the case unless a cart is stored as wanted.
func (t *trial) holds(want checkout.Cart) { t.same("the stored cart", t.readCart(want.ID), want) }

// edit returns an edit of a cart that its conditions allow; the effect is still to come.
func (t *trial) edit(c checkout.Cart) checkout.CartEdit {
	return checkout.CartEdit{
		CartID: c.ID, Mark: t.mark(), At: start.Add(time.Minute), ExpiresAt: start.Add(time.Minute + checkout.LifeGuestCart),
		Access: checkout.Access{Epoch: c.Epoch, Customer: c.Customer},
	}
}

func (t *trial) add(c checkout.Cart, l checkout.LineItem) checkout.CartEdit {
	e := t.edit(c)
	e.Add = &l
	return e
}

func (t *trial) set(c checkout.Cart, l checkout.LineItem) checkout.CartEdit {
	e := t.edit(c)
	e.Set = &l
	return e
}

func (t *trial) remove(c checkout.Cart, sku string) checkout.CartEdit {
	e := t.edit(c)
	e.Remove = checkout.LineID(sku)
	return e
}

func (t *trial) replace(c checkout.Cart, with checkout.CartContents) checkout.CartEdit {
	e := t.edit(c)
	e.Replace = &with
	return e
}

// apply makes an edit, which must succeed.
func (t *trial) apply(e checkout.CartEdit) checkout.Cart {
	if t.failed() {
		return checkout.Cart{}
	}
	c, err := t.Carts.EditCart(t.ctx, e)
	t.ok("edit the cart", err)
	return c
}

// refuses makes an edit, which must be refused with the cart as it stands and change nothing.
func (t *trial) refuses(e checkout.CartEdit, stands checkout.Cart) {
	if t.failed() {
		return
	}
	_, err := t.Carts.EditCart(t.ctx, e)
	conflict := t.conflict("edit the cart", err)
	t.same("the conflict", conflict, checkout.Conflict{Cart: &stands})
	t.holds(stands)
}

// edited returns a cart as an edit leaves it, but for the effect itself.
func edited(c checkout.Cart, e checkout.CartEdit) checkout.Cart {
	c.Version++
	c.UpdatedAt, c.ExpiresAt = e.At, e.ExpiresAt
	c.Marks = checkout.Remember(c.Marks, e.Mark)
	return c
}

// newSession returns the first version of a cart's session, not yet stored.
func (t *trial) newSession(c checkout.Cart) checkout.Session {
	return checkout.Session{
		ID: checkout.SessionID(c.ID, c.Round), CartID: c.ID, Round: c.Round, Version: 1, Op: t.id("op"), Epoch: c.Epoch,
		Customer: c.Customer, Status: checkout.StatusIncomplete, Context: c.Context, CreatedAt: start, UpdatedAt: start,
		ExpiresAt: start.Add(6 * time.Hour), Create: t.mark(),
	}
}

// next returns the next version of a session.
func (t *trial) next(s checkout.Session) checkout.Session {
	s.Version++
	s.Op = t.id("op")
	return s
}

// commit makes a commit, which must succeed.
func (t *trial) commit(c checkout.Commit) checkout.Session {
	if !t.failed() {
		t.ok("commit", t.Sessions.Commit(t.ctx, c))
	}
	return c.Session
}

func (t *trial) session(c checkout.Cart) checkout.Session {
	return t.commit(checkout.Commit{Session: t.newSession(c)})
}

func (t *trial) readSession(id string) checkout.Session {
	if t.failed() {
		return checkout.Session{}
	}
	s, err := t.Sessions.Session(t.ctx, id)
	t.ok("read the session", err)
	return s
}

func (t *trial) holdsSession(want checkout.Session) {
	t.same("the stored session", t.readSession(want.ID), want)
}

// noSession fails the case if there is a session.
func (t *trial) noSession(id string) {
	if !t.failed() {
		_, err := t.Sessions.Session(t.ctx, id)
		t.code("read a session that there should not be", err, checkout.CodeNotFound)
	}
}

// conflicts makes a commit, which must be refused with what stands and change neither session nor cart.
func (t *trial) conflicts(c checkout.Commit, want checkout.Conflict) {
	if t.failed() {
		return
	}
	got := t.conflict("commit", t.Sessions.Commit(t.ctx, c))
	var refusedSession *checkout.Session
	if want.Session != nil && want.Session.Version != c.Session.Version-1 {
		refusedSession = want.Session
	}
	var refusedCart *checkout.Cart
	if want.Cart != nil && c.Cart != nil && !allowed(*c.Cart, *want.Cart) {
		refusedCart = want.Cart
	}
	t.same("the conflict's session", got.Session, refusedSession)
	t.same("the conflict's cart", got.Cart, refusedCart)
	t.same("the conflict's short skus", sorted(got.Short), sorted(want.Short))
	t.same("the conflict's used keys", sorted(got.Used), sorted(want.Used))
	if want.Session != nil {
		t.holdsSession(*want.Session)
	} else {
		t.noSession(c.Session.ID)
	}
	if want.Cart != nil {
		t.holds(*want.Cart)
	}
}

// allowed reports whether a cart satisfies the conditions of a change.
func allowed(c checkout.CartChange, is checkout.Cart) bool {
	held := is.Session == c.Holder
	if c.Holder == "" {
		held = is.Session == "" && !is.Canceled
	}
	return held && is.Round == c.Round && (c.Version == 0 || c.Version == is.Version)
}

// product puts a product with so much stock on the shelf; −1 = not kept.
func (t *trial) product(stock int64) string {
	p := checkout.Product{SKU: t.sku(), Title: "Thing", Prices: prices(1000)}
	if stock >= 0 {
		p.Stock = &stock
	}
	t.put(p)
	return p.SKU
}

func (t *trial) put(products ...checkout.Product) {
	if !t.failed() {
		t.ok("put products", t.Catalog.PutProducts(t.ctx, products))
	}
}

// free fails the case unless exactly so much of a sku is free. It asks by taking, since only commits may not be late.
func (t *trial) free(sku string, want int64) {
	s := t.session(t.newCart())
	err := t.take(&s, sku, want+1)
	if err == nil {
		t.fail("more than %d of %s were free", want, sku)
	}
	t.same("what is short of "+sku, t.conflict("take one too many of "+sku, err).Short, []string{sku})
	if want > 0 {
		t.ok("take all of "+sku, t.take(&s, sku, want))
		t.ok("give all back of "+sku, t.take(&s, sku, -want))
	}
}

func (t *trial) take(s *checkout.Session, sku string, quantity int64) error {
	if t.failed() {
		return t.failure
	}
	next := t.next(*s)
	err := t.Sessions.Commit(t.ctx, checkout.Commit{Session: next, Stock: []checkout.StockChange{{SKU: sku, Delta: -quantity}}})
	if err == nil {
		*s = next
	}
	return err
}

// together runs n calls at once and returns their errors.
func together(n int, call func(i int) error) []error {
	errs := make([]error, n)
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			errs[i] = call(i)
		})
	}
	close(gate)
	all.Wait()
	return errs
}

// winners counts calls that succeeded; the others must have met a conflict.
func (t *trial) winners(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
			continue
		}
		t.conflict("a call that did not win", err)
	}
	return n
}
