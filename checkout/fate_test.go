package checkout_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"kassa/checkout"
	"kassa/payments"
	"kassa/payments/sandbox"
)

// errDied is what a dead process gets from everything it touches.
var errDied = errors.New("process died")

// life is one invocation's: every call that it makes of a store or of the provider is counted, and at one of them it goes
// wrong.
type life struct {
	fate
	mu    sync.Mutex
	calls []string
	dead  bool
}

// fate is where a life goes wrong.
type fate struct {
	at    int  // the call, 1 = the first; 0 = none
	after bool // once the call has had its effect
	lives bool // the process survives: only this answer is lost
	// overtaken, if set, is what others do just before the call, which then takes its way.
	overtaken func()
}

type lifeKey struct{}

func (l *life) in(ctx context.Context) context.Context { return context.WithValue(ctx, lifeKey{}, l) }

// count returns how many calls were made.
func (l *life) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

// step makes a call, unless the process is dead or dies of it.
func step(ctx context.Context, name string, call func() error) error {
	l, ok := ctx.Value(lifeKey{}).(*life)
	if !ok {
		return call()
	}
	l.mu.Lock()
	if l.dead {
		l.mu.Unlock()
		return errDied
	}
	l.calls = append(l.calls, name)
	hit := len(l.calls) == l.at
	l.dead = hit && !l.lives && l.overtaken == nil
	l.mu.Unlock()
	if hit && l.overtaken != nil {
		l.overtaken()
		return call()
	}
	if hit && !l.after {
		return errDied
	}
	err := call()
	if hit {
		return errDied
	}
	return err
}

// mortal wraps everything that a service touches, so that a process can die at each of its calls.
func mortal(c *checkout.Config) {
	c.Carts, c.Sessions, c.Catalog, c.Inbox, c.Gateway = mortalCarts{c.Carts}, mortalSessions{c.Sessions}, mortalCatalog{c.Catalog}, mortalInbox{c.Inbox}, mortalGateway{c.Gateway}
	c.Till = mortalTill{c.Till}
	c.Vault, c.People = mortalVault{c.Vault}, mortalPeople{c.People}
}

type mortalTill struct{ checkout.Till }

func (m mortalTill) Capture(ctx context.Context, r payments.CaptureRequest) (i payments.Intent, err error) {
	err = step(ctx, "Capture", func() (err error) { i, err = m.Till.Capture(ctx, r); return err })
	return i, err
}

func (m mortalTill) Refunds(ctx context.Context, id string) (l []payments.Refund, err error) {
	err = step(ctx, "Refunds", func() (err error) { l, err = m.Till.Refunds(ctx, id); return err })
	return l, err
}

func (m mortalTill) Dispute(ctx context.Context, id string) (d payments.Dispute, err error) {
	err = step(ctx, "Dispute", func() (err error) { d, err = m.Till.Dispute(ctx, id); return err })
	return d, err
}

type mortalVault struct{ checkout.Vault }

func (m mortalVault) Customer(ctx context.Context, r payments.CustomerRequest) (id string, err error) {
	err = step(ctx, "Customer", func() (err error) { id, err = m.Vault.Customer(ctx, r); return err })
	return id, err
}

func (m mortalVault) EphemeralKey(ctx context.Context, customer, version string) (secret string, err error) {
	err = step(ctx, "EphemeralKey", func() (err error) { secret, err = m.Vault.EphemeralKey(ctx, customer, version); return err })
	return secret, err
}

func (m mortalVault) SavedCards(ctx context.Context, customer string) (cards []payments.SavedCard, err error) {
	err = step(ctx, "SavedCards", func() (err error) { cards, err = m.Vault.SavedCards(ctx, customer); return err })
	return cards, err
}

type mortalPeople struct{ checkout.PersonStore }

func (m mortalPeople) Person(ctx context.Context, id string) (p checkout.Person, err error) {
	err = step(ctx, "Person", func() (err error) { p, err = m.PersonStore.Person(ctx, id); return err })
	return p, err
}

func (m mortalPeople) PutPerson(ctx context.Context, p checkout.Person) error {
	return step(ctx, "PutPerson", func() error { return m.PersonStore.PutPerson(ctx, p) })
}

type mortalCarts struct{ checkout.CartStore }

func (m mortalCarts) CreateCart(ctx context.Context, c checkout.Cart) error {
	return step(ctx, "CreateCart", func() error { return m.CartStore.CreateCart(ctx, c) })
}

func (m mortalCarts) Cart(ctx context.Context, id string) (c checkout.Cart, err error) {
	err = step(ctx, "Cart", func() (err error) { c, err = m.CartStore.Cart(ctx, id); return err })
	return c, err
}

func (m mortalCarts) EditCart(ctx context.Context, e checkout.CartEdit) (c checkout.Cart, err error) {
	err = step(ctx, "EditCart", func() (err error) { c, err = m.CartStore.EditCart(ctx, e); return err })
	return c, err
}

type mortalSessions struct{ checkout.SessionStore }

func (m mortalSessions) Session(ctx context.Context, id string) (s checkout.Session, err error) {
	err = step(ctx, "Session", func() (err error) { s, err = m.SessionStore.Session(ctx, id); return err })
	return s, err
}

func (m mortalSessions) SessionAndCart(ctx context.Context, id string) (s checkout.Session, c checkout.Cart, err error) {
	err = step(ctx, "SessionAndCart", func() (err error) { s, c, err = m.SessionStore.SessionAndCart(ctx, id); return err })
	return s, c, err
}

func (m mortalSessions) Commit(ctx context.Context, c checkout.Commit) error {
	return step(ctx, "Commit", func() error { return m.SessionStore.Commit(ctx, c) })
}

func (m mortalSessions) Watched(ctx context.Context, kind checkout.WatchKind, q checkout.DueQuery) (p checkout.DuePage, err error) {
	err = step(ctx, "Watched", func() (err error) { p, err = m.SessionStore.Watched(ctx, kind, q); return err })
	return p, err
}

type mortalCatalog struct{ checkout.Catalog }

func (m mortalCatalog) Products(ctx context.Context, skus []string) (p map[string]checkout.Product, err error) {
	err = step(ctx, "Products", func() (err error) { p, err = m.Catalog.Products(ctx, skus); return err })
	return p, err
}

type mortalInbox struct{ checkout.Inbox }

func (m mortalInbox) PutInbox(ctx context.Context, i checkout.InboxItem) error {
	return step(ctx, "PutInbox", func() error { return m.Inbox.PutInbox(ctx, i) })
}

func (m mortalInbox) InboxItems(ctx context.Context, q checkout.DueQuery) (i []checkout.InboxItem, next string, err error) {
	err = step(ctx, "InboxItems", func() (err error) { i, next, err = m.Inbox.InboxItems(ctx, q); return err })
	return i, next, err
}

func (m mortalInbox) RemoveInbox(ctx context.Context, id string) error {
	return step(ctx, "RemoveInbox", func() error { return m.Inbox.RemoveInbox(ctx, id) })
}

type mortalGateway struct{ checkout.Gateway }

func (m mortalGateway) Pay(ctx context.Context, r payments.Request) (i payments.Intent, err error) {
	err = step(ctx, "Pay", func() (err error) { i, err = m.Gateway.Pay(ctx, r); return err })
	return i, err
}

func (m mortalGateway) Cancel(ctx context.Context, id, key string) (i payments.Intent, err error) {
	err = step(ctx, "Cancel", func() (err error) { i, err = m.Gateway.Cancel(ctx, id, key); return err })
	return i, err
}

func (m mortalGateway) Read(ctx context.Context, id string) (i payments.Intent, err error) {
	err = step(ctx, "Read", func() (err error) { i, err = m.Gateway.Read(ctx, id); return err })
	return i, err
}

func (m mortalGateway) Find(ctx context.Context, session string, since time.Time) (i []payments.Intent, err error) {
	err = step(ctx, "Find", func() (err error) { i, err = m.Gateway.Find(ctx, session, since); return err })
	return i, err
}

func (m mortalGateway) Refund(ctx context.Context, r payments.RefundRequest) (f payments.Refund, err error) {
	err = step(ctx, "Refund", func() (err error) { f, err = m.Gateway.Refund(ctx, r); return err })
	return f, err
}

// scripted is a gateway of which single methods are replaced; what is nil is the sandbox's.
type scripted struct {
	checkout.Gateway
	pay    func(checkout.Gateway, context.Context, payments.Request) (payments.Intent, error)
	cancel func(checkout.Gateway, context.Context, string, string) (payments.Intent, error)
	read   func(checkout.Gateway, context.Context, string) (payments.Intent, error)
	find   func(checkout.Gateway, context.Context, string, time.Time) ([]payments.Intent, error)
	refund func(checkout.Gateway, context.Context, payments.RefundRequest) (payments.Refund, error)
}

func (g *scripted) into(c *checkout.Config) { g.Gateway, c.Gateway = c.Gateway, g }

func (g *scripted) Pay(ctx context.Context, r payments.Request) (payments.Intent, error) {
	if g.pay == nil {
		return g.Gateway.Pay(ctx, r)
	}
	return g.pay(g.Gateway, ctx, r)
}

func (g *scripted) Cancel(ctx context.Context, id, key string) (payments.Intent, error) {
	if g.cancel == nil {
		return g.Gateway.Cancel(ctx, id, key)
	}
	return g.cancel(g.Gateway, ctx, id, key)
}

func (g *scripted) Read(ctx context.Context, id string) (payments.Intent, error) {
	if g.read == nil {
		return g.Gateway.Read(ctx, id)
	}
	return g.read(g.Gateway, ctx, id)
}

func (g *scripted) Find(ctx context.Context, session string, since time.Time) ([]payments.Intent, error) {
	if g.find == nil {
		return g.Gateway.Find(ctx, session, since)
	}
	return g.find(g.Gateway, ctx, session, since)
}

func (g *scripted) Refund(ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
	if g.refund == nil {
		return g.Gateway.Refund(ctx, r)
	}
	return g.refund(g.Gateway, ctx, r)
}

// stripe calls the provider as somebody else: the app with its client secret, or a person at the dashboard.
func (w *world) stripe(path string, params url.Values) sandbox.Answer {
	w.Helper()
	a, err := w.provider.Do(w.Context(), sandbox.Request{Method: http.MethodPost, Path: path, Params: params, Key: "sk_test_person"})
	w.ok(err)
	return a
}

// confirm pays an intent past the server, as an app can that has its client secret.
func (w *world) confirm(intent, pm string) {
	w.Helper()
	a := w.stripe("/v1/payment_intents/"+intent+"/confirm", url.Values{"payment_method": {pm}, "return_url": {"https://shop.example/return"}})
	if a.Status != http.StatusOK {
		w.Fatalf("confirmation by the app is answered %d: %s", a.Status, a.Body)
	}
}

// wait lets time pass in steps, with what the clock starts running at each.
func (w *world) wait(d, step time.Duration) {
	w.Helper()
	for ; d > 0; d -= step {
		w.later(min(d, step))
	}
}

// update changes a session and expects no error.
func (w *world) update(token, id string, ch checkout.SessionChange) checkout.SessionView {
	w.Helper()
	view, err := w.sessions.Update(w.Context(), checkout.UpdateSessionInput{Request: w.request(token), SessionID: id, Change: ch})
	w.ok(err)
	return view
}

// create opens the session of a cart again, or for the first time, and expects no error.
func (w *world) create(cart checkout.CartView) checkout.SessionView {
	w.Helper()
	view, err := w.sessions.Create(w.Context(), checkout.CreateSessionInput{Request: w.request(cart.Token), CartID: cart.Cart.ID,
		Change: everything("NL")})
	w.ok(err)
	return view
}

func (w *world) inject(match string, way sandbox.Way) {
	w.Helper()
	w.ok(w.provider.Inject(sandbox.Fault{Match: match, Way: way}))
}

// wantConserved checks that of each product what is free, held and sold adds up to what there was at first.
func (w *world) wantConserved(sku string, first int64, sessions ...string) {
	w.Helper()
	sum := w.free(sku)
	for _, id := range sessions {
		s, err := w.store.Session(w.Context(), id)
		if checkout.ErrorCode(err) == checkout.CodeNotFound {
			continue
		}
		w.ok(err)
		for _, h := range s.Holds {
			if h.SKU == sku {
				sum += h.Quantity
			}
		}
	}
	if sum != first {
		w.Fatalf("%d of %s free, held and sold, there were %d", sum, sku, first)
	}
}

// has returns what the shop has for a session, by the provider's ledger: money that was taken, and money that is held.
func (w *world) has(id string) (sum int64) {
	for _, c := range w.provider.Ledger() {
		if c.SessionID == id {
			sum += stays(c)
		}
	}
	return sum
}

func stays(c sandbox.Charge) int64 {
	if c.Status == sandbox.ChargeAuthorized {
		return c.Amount
	}
	return c.Captured - c.Refunded
}

// wantSettled checks that a session has come to one of the two consistent ends, and says whether it was paid.
func (w *world) wantSettled(id string) (paid bool) {
	w.Helper()
	s, err := w.store.Session(w.Context(), id)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		if n := len(w.provider.Ledger()); n != 0 {
			w.Fatalf("no session, but %d charges", n)
		}
		return false
	}
	w.ok(err)
	for _, r := range s.Refunds {
		if !r.Done {
			w.Fatalf("a refund is still owed: %+v", r)
		}
	}
	if s.Attempt != nil {
		w.Fatalf("an attempt is still undecided: %+v", s.Attempt)
	}
	if s.Order != nil && s.Order.Canceled() { // a hold that was taken back, when the bank had approved: the shopper is told
		wantNotice(w.T, s, checkout.NoticeOrderCanceled, "")
		if w.has(id) != 0 || s.Order.Lapsed.IsZero() || len(s.Holds) != 0 || s.Watch != (checkout.Watch{}) || s.Review != "" {
			w.Fatalf("the shop has %d for canceled order %+v, holds %v, watch %v, review %q", w.has(id), s.Order, s.Holds, s.Watch, s.Review)
		}
		return false
	}
	if s.Status == checkout.StatusCompleted {
		if kept := w.has(id); kept != s.Quote.Total.Minor || s.Order == nil || s.Order.Amount != s.Quote.Total {
			w.Fatalf("the shop keeps %d for order %+v of %v", kept, s.Order, s.Quote.Total)
		}
		cart, err := w.store.Cart(w.Context(), s.CartID)
		w.ok(err)
		if cart.Session != id {
			w.Fatalf("cart of the order is locked by %q", cart.Session)
		}
		return true
	}
	if kept := w.has(id); kept != 0 || s.Order != nil || len(s.Holds) != 0 {
		w.Fatalf("session %s keeps %d of money, order %v, holds %v", s.Status, kept, s.Order, s.Holds)
	}
	cart, err := w.store.Cart(w.Context(), s.CartID)
	w.ok(err)
	if cart.Session == id {
		w.Fatal("the cart is still locked by a session that isn't paid")
	}
	return false
}

// foreignIntent makes and pays an intent that claims to be a session's, past us.
func (w *world) foreignIntent(session string, attempt int, pm string) (id string) {
	w.Helper()
	a := w.stripe("/v1/payment_intents", url.Values{
		"amount": {"1990"}, "currency": {"eur"}, "confirm": {"true"}, "payment_method": {pm}, "payment_method_types[]": {"card"},
		"return_url": {"https://shop.example/return"}, "metadata[session_id]": {session}, "metadata[attempt]": {strconv.Itoa(attempt)},
	})
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(a.Body, &made); err != nil || a.Status != http.StatusOK {
		w.Fatalf("intent is answered %d: %s", a.Status, a.Body)
	}
	return made.ID
}

// overlap runs a step so many times at once.
func (w *world) overlap(n int, step func()) {
	var group sync.WaitGroup
	for range n {
		group.Go(step)
	}
	group.Wait()
}
