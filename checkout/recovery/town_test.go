package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/checkout/memstore"
	"kassa/checkout/recovery"
	"kassa/checkout/recovery/wording"
	"kassa/payments"
	"kassa/payments/money"
)

// noon is a Monday in Amsterdam, far from any quiet hour.
var noon = time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)

// town is a shop that follows up carts, with everything in one process.
type town struct {
	*testing.T
	clock    *checkouttest.Clock
	store    *memstore.Store
	config   recovery.Config
	till     *till
	postman  *postman
	ledger   *ledger
	tokens   checkout.Tokens
	links    recovery.Links
	carts    *checkout.Carts
	sessions *checkout.Sessions
	ender    *checkout.Sweeper
	sweeper  *recovery.Sweeper
	sender   *recovery.Sender
	tracer   *recovery.Tracer
	returns  *recovery.Returns
	registry *recovery.Registry
	outbox   *checkout.Outbox
	keys     atomic.Int64
}

// switchedOn are the settings of a shop that has just switched follow-up on.
func switchedOn() recovery.Settings {
	return recovery.Settings{
		Since: noon.Add(-time.Hour), Zone: "Europe/Amsterdam", Consent: recovery.ConsentRules{Wording: "2026-01"},
		Messages: wording.Settings{Trader: wording.Trader{Name: "Fjord & Polder B.V.", Address: "Kade 9, Rotterdam", Email: "help@shop.example.com"}},
	}
}

type parts struct {
	settings *recovery.Settings
	carts    *recovery.CartStore
	contacts *recovery.ContactStore
	minter   recovery.Minter
}

func newTown(t *testing.T, edit ...func(*parts)) *town {
	t.Helper()
	s := switchedOn()
	w := &town{T: t, clock: checkouttest.NewClock(noon), store: memstore.New(), till: &till{}, ledger: &ledger{facts: map[string]recovery.Fact{}}}
	w.postman = &postman{now: w.clock.Now}
	var carts recovery.CartStore = w.store
	var contacts recovery.ContactStore = w.store
	p := parts{settings: &s, carts: &carts, contacts: &contacts}
	for _, e := range edit {
		e(&p)
	}
	shop := checkouttest.Shop()
	w.config = recovery.Config{Carts: carts, Contacts: contacts, Shop: shop, Settings: s, Now: w.clock.Now, NewID: checkouttest.IDs("op")}
	var err error
	w.tokens, err = checkout.NewTokens([]byte("0123456789abcdef0123456789abcdef"))
	w.ok(err)
	w.links, err = recovery.NewLinks([]byte("abcdef0123456789abcdef0123456789"))
	w.ok(err)
	c := checkout.Config{
		Carts: w.store, Sessions: w.store, Catalog: w.store, People: w.store, Gateway: w.till, Shop: shop, Tokens: w.tokens,
		Now: w.clock.Now, NewID: checkouttest.IDs("id"),
	}
	w.carts = must(checkout.NewCarts(c))(t)
	w.sessions = must(checkout.NewSessions(c))(t)
	w.ender = must(checkout.NewSweeper(c))(t)
	w.assemble(p, must(checkout.NewEstimator(c))(t))
	w.ok(w.store.PutProducts(t.Context(), checkouttest.Products()))
	return w
}

func (w *town) assemble(p parts, estimator recovery.Estimator) {
	w.sweeper = must(recovery.NewSweeper(w.config))(w.T)
	w.sender = must(recovery.NewSender(recovery.SenderConfig{
		Config: w.config, Estimator: estimator, Links: w.links, Minter: p.minter, Ledger: w.ledger,
		Messengers: map[recovery.Channel]recovery.Messenger{recovery.ChannelEmail: w.postman, recovery.ChannelPush: w.postman},
	}))(w.T)
	w.tracer = must(recovery.NewTracer(recovery.TracerConfig{Config: w.config, Ledger: w.ledger}))(w.T)
	w.returns = must(recovery.NewReturns(recovery.ReturnsConfig{Config: w.config, Editor: w.carts, Tokens: w.tokens, Links: w.links, Ledger: w.ledger}))(w.T)
	w.registry = must(recovery.NewRegistry(recovery.RegistryConfig{Config: w.config, Tokens: w.tokens, Links: w.links}))(w.T)
	w.handOn()
}

// handOn makes the outbox.
func (w *town) handOn() {
	w.Helper()
	w.outbox = must(checkout.NewOutbox(checkout.OutboxConfig{Store: w.store, Carts: w.store, Consumers: map[string][]checkout.Consumer{
		checkout.NoticeFollowUpDue: {w.sender}, checkout.NoticeCartAbandoned: {w.tracer}, checkout.NoticeOrderPlaced: {w.tracer},
		checkout.NoticeCartLeftAgain: {w.tracer},
	}}))(w.T)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *town) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *town) request(token string) checkout.Request {
	key := fmt.Sprintf("key-%022d", w.keys.Add(1))
	return checkout.Request{Caller: checkout.Caller{Token: token}, Key: key, Fingerprint: key}
}

// shopper is somebody with a cart.
type shopper struct {
	w         *town
	id, token string
	email     string
	subject   string // of a customer who is signed in
}

// request is one of the shopper's own.
func (s *shopper) request() checkout.Request {
	r := s.w.request(s.token)
	r.Caller.Customer = s.subject
	return r
}

func yes() *bool { b := true; return &b }

func no() *bool { b := false; return &b }

// fill has somebody fill a cart with two mugs, give an address and an answer to the question of consent.
func (w *town) fill(email string, consent *bool, edit ...func(*checkout.CreateCartInput)) *shopper {
	w.Helper()
	in := checkout.CreateCartInput{
		Request: w.request(""), Lines: []checkout.LineInput{{SKU: "MUG-BLUE", Quantity: 2}}, Context: checkout.Context{Country: "NL", Language: "en"},
		Buyer: &checkout.Buyer{Email: email, FirstName: "Ada", Consent: &checkout.Consent{Marketing: consent}},
	}
	if email == "" && consent == nil {
		in.Buyer = nil
	}
	for _, e := range edit {
		e(&in)
	}
	v, err := w.carts.Create(w.Context(), in)
	w.ok(err)
	return &shopper{w: w, id: v.Cart.ID, token: v.Token, email: email, subject: in.Caller.Customer}
}

// phone registers the shopper's phone, in a zone.
func (s *shopper) phone(zone string) {
	s.w.Helper()
	_, err := s.w.registry.PutDevice(s.w.Context(), recovery.DeviceInput{
		Request: s.request(), ID: "installation-" + s.id, CartID: s.id, Token: "push-" + s.id, Platform: "ios", Permission: "granted",
		Locale: "nl", Zone: zone,
	})
	s.w.ok(err)
}

func (s *shopper) cart() checkout.Cart {
	s.w.Helper()
	c, err := s.w.store.Cart(s.w.Context(), s.id)
	s.w.ok(err)
	return c
}

func (s *shopper) add(sku string) {
	s.w.Helper()
	_, err := s.w.carts.AddLine(s.w.Context(), checkout.LineEditInput{Request: s.request(), CartID: s.id, Line: checkout.LineInput{SKU: sku, Quantity: 1}})
	s.w.ok(err)
}

func destination() *checkout.Destination {
	return &checkout.Destination{FirstName: "Ada", LastName: "Visser", Street: "Wijnhaven 9", City: "Rotterdam", PostalCode: "3011 WH", Country: "NL"}
}

// open opens a checkout, with an address.
func (s *shopper) open() checkout.SessionView {
	s.w.Helper()
	v, err := s.w.sessions.Create(s.w.Context(), checkout.CreateSessionInput{
		Request: s.request(), CartID: s.id, Change: checkout.SessionChange{Destination: destination()},
	})
	s.w.ok(err)
	return v
}

// pay opens a checkout and pays it with a card that ends as the till says.
func (s *shopper) pay(card string) checkout.SessionView {
	s.w.Helper()
	v := s.open()
	total := v.Session.Quote.Total.Minor
	v, err := s.w.sessions.Complete(s.w.Context(), checkout.CompleteInput{
		Request: s.request(), SessionID: v.Session.ID, ExpectedTotal: &total,
		Instrument: &payments.Instrument{Handler: "stripe", Kind: payments.InstrumentPaymentMethod, Token: card},
	})
	s.w.ok(err)
	return v
}

// pass lets time pass minute by minute, as the schedules do: each runs the sweeps and hands on what they have noted.
func (w *town) pass(d time.Duration, step ...time.Duration) {
	w.Helper()
	pace := 10 * time.Minute
	if len(step) > 0 {
		pace = step[0]
	}
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); {
		w.clock.Advance(min(pace, end.Sub(w.clock.Now())))
		w.tick()
	}
}

func (w *town) tick() {
	w.Helper()
	_, err := w.ender.Run(w.Context())
	w.ok(err)
	_, err = w.sweeper.Run(w.Context())
	w.ok(err)
	_, err = w.outbox.Drain(w.Context())
	w.ok(err)
}

// sent lists what the postman was handed, as channel/stage, or fails the test if that isn't it.
func (w *town) sent(want ...string) {
	w.Helper()
	if got := w.postman.list(); !slices.Equal(got, want) {
		w.Fatalf("sent were %q, want %q", got, want)
	}
}

// closed fails the test unless a cart's follow-up ended for a reason.
func (s *shopper) closed(why string) {
	s.w.Helper()
	a := s.cart().Abandonment
	if a == nil || a.Closed != why || !s.cart().Due.IsZero() {
		s.w.Fatalf("cart is %+v, due %v; want it closed: %s", a, s.cart().Due, why)
	}
}

func (s *shopper) followUp(stage string) checkout.FollowUp {
	s.w.Helper()
	if a := s.cart().Abandonment; a != nil {
		for _, f := range a.FollowUps {
			if f.Stage == stage {
				return f
			}
		}
	}
	s.w.Fatalf("cart has no follow-up %s: %+v", stage, s.cart().Abandonment)
	return checkout.FollowUp{}
}

func (s *shopper) became(stage string, state recovery.State, why string) checkout.FollowUp {
	s.w.Helper()
	f := s.followUp(stage)
	if f.State != string(state) || f.Why != why {
		s.w.Fatalf("follow-up %s is %s (%s), want %s (%s)", stage, f.State, f.Why, state, why)
	}
	return f
}

func (w *town) contact(email string) recovery.Contact {
	w.Helper()
	id := checkout.PersonOfEmail(email)
	found, err := w.store.Contacts(w.Context(), []string{id})
	w.ok(err)
	return found[id]
}

// postman is the provider of every channel.
type postman struct {
	now   func() time.Time
	mu    sync.Mutex
	taken []recovery.Message
	when  []time.Time
	next  []func(recovery.Message) (taken bool, err error)
	calls int
}

func (p *postman) Send(_ context.Context, m recovery.Message) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	take, err := true, error(nil)
	if len(p.next) > 0 {
		take, err = p.next[0](m)
		p.next = p.next[1:]
	}
	if take {
		p.taken, p.when = append(p.taken, m), append(p.when, p.now())
	}
	if err != nil {
		return "", err
	}
	return "provider-" + m.ID, nil
}

// then scripts the next call.
func (p *postman) then(taken bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = append(p.next, func(recovery.Message) (bool, error) { return taken, err })
}

func (p *postman) during(do func(recovery.Message)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = append(p.next, func(m recovery.Message) (bool, error) { do(m); return true, nil })
}

func (p *postman) list() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, m := range p.taken {
		name := string(m.Channel) + "/" + m.Stage
		if m.Kind == recovery.KindService {
			name = string(m.Channel) + ":" + m.Reason
		}
		out = append(out, name)
	}
	return out
}

func (p *postman) last() recovery.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken[len(p.taken)-1]
}

// ledger keeps facts, each once.
type ledger struct {
	mu    sync.Mutex
	facts map[string]recovery.Fact
	fail  int // so many times
}

func (l *ledger) Record(_ context.Context, f recovery.Fact) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail > 0 {
		l.fail--
		return errors.New("the ledger does not answer")
	}
	if f.ID == "" {
		return errors.New("a fact without id")
	}
	l.facts[f.ID] = f
	return nil
}

func (l *ledger) of(kind recovery.FactKind) []recovery.Fact {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []recovery.Fact
	for _, id := range slices.Sorted(maps.Keys(l.facts)) {
		if f := l.facts[id]; f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}

// till pays, or declines a card that says so.
type till struct {
	n    atomic.Int64
	made sync.Map // intents by id
}

func (t *till) Pay(_ context.Context, r payments.Request) (payments.Intent, error) {
	in := payments.Intent{
		ID: fmt.Sprintf("pi_%d", t.n.Add(1)), Status: payments.StatusPaid, Amount: r.Amount, Received: r.Amount, SessionID: r.SessionID, Attempt: r.Attempt,
	}
	if r.IntentID != "" {
		in.ID = r.IntentID
	}
	t.made.Store(in.ID, in)
	switch {
	case r.Instrument.Kind == payments.InstrumentSheet:
		in.Status, in.Received, in.ClientSecret = payments.StatusAwaitingMethod, money.Zero(r.Amount.Currency), in.ID+"_secret_1"
	case strings.Contains(r.Instrument.Token, "declined"), strings.Contains(r.Instrument.Token, "unauthenticated"):
		reason := payments.ReasonDeclined
		if strings.Contains(r.Instrument.Token, "unauthenticated") {
			reason = payments.ReasonAuthenticate
		}
		in.Status, in.Received = payments.StatusAwaitingMethod, money.Zero(r.Amount.Currency)
		return in, &payments.Error{Class: payments.ClassDeclined, Decline: payments.Decline{Reason: reason}, Intent: &in, Err: errors.New("declined")}
	case strings.Contains(r.Instrument.Token, "3ds"):
		in.Status, in.Received = payments.StatusActionRequired, money.Zero(r.Amount.Currency)
		in.Action = &payments.Action{Type: "redirect_to_url", URL: "https://bank.example"}
	}
	return in, nil
}

func (t *till) Cancel(_ context.Context, id, _ string) (payments.Intent, error) {
	return t.now(id, payments.StatusCanceled), nil
}

func (t *till) Read(_ context.Context, id string) (payments.Intent, error) {
	return t.now(id, payments.StatusActionRequired), nil
}

func (t *till) now(id string, status payments.Status) payments.Intent {
	found, _ := t.made.Load(id)
	in, _ := found.(payments.Intent)
	in.ID, in.Status, in.Received = id, status, money.Zero(in.Amount.Currency)
	return in
}

func (t *till) Find(context.Context, string, time.Time) ([]payments.Intent, error) { return nil, nil }

func (t *till) Refund(context.Context, payments.RefundRequest) (payments.Refund, error) {
	return payments.Refund{}, errors.New("nobody asks for refunds here")
}
