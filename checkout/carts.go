package checkout

import (
	"context"
	"fmt"
	"time"
)

// Carts edits carts and shows the catalogue. Safe for concurrent use.
type Carts struct {
	store   CartStore
	catalog Catalog
	quoter  quoter
	shop    Shop
	tokens  Tokens
	people  PersonStore // nil: nobody signs in
	now     func() time.Time
	newID   func() string
}

// NewCarts returns the service of the cart function. CodeInvalid if something that it needs is missing, or prices contradict themselves.
func NewCarts(c Config) (*Carts, error) {
	if c.Carts == nil || c.Catalog == nil || c.Now == nil || c.NewID == nil || len(c.Tokens.secrets) == 0 {
		return nil, invalid("config", "carts need a cart store, a catalog, a clock, ids and token secrets")
	}
	c.Shop.Durations = c.Shop.Durations.orDefault()
	quoter, err := newQuoter(c)
	if err != nil {
		return nil, err
	}
	return &Carts{
		store: c.Carts, catalog: c.Catalog, quoter: quoter, shop: c.Shop,
		tokens: c.Tokens, people: c.People, now: c.Now, newID: c.NewID,
	}, nil
}

// Cart shows a cart. CodeNotFound also for somebody else's.
func (s *Carts) Cart(ctx context.Context, caller Caller, id string) (CartView, error) {
	now := s.now()
	cart, err := s.read(ctx, now, caller, id)
	if err != nil {
		return CartView{}, err
	}
	return s.view(ctx, now, cart)
}

func (s *Carts) read(ctx context.Context, now time.Time, caller Caller, id string) (Cart, error) {
	cart, err := s.store.Cart(ctx, id)
	if ErrorCode(err) == CodeNotFound || err == nil && (!s.tokens.Access(caller, id).Allows(cart.Customer, cart.Epoch) || cart.Expired(now)) {
		return Cart{}, cartNotFound(id) // another's is as unknown as none
	}
	if err != nil {
		return Cart{}, fmt.Errorf("read cart %s: %w", id, err)
	}
	return cart, nil
}

func cartNotFound(id string) error {
	return &Error{Code: CodeNotFound, Message: "no cart " + id}
}

// view shows a cart with an estimated quote. Lines that the catalogue no longer sells are left out of the quote, not of the
// stored cart, with a message.
func (s *Carts) view(ctx context.Context, now time.Time, cart Cart) (CartView, error) {
	out, err := s.quoter.quote(ctx, quoteInput{
		lines: cart.Lines, currency: cart.Currency, country: cart.Context.Country, region: cart.Context.Region,
		madeFor: cart.origins(), codes: cart.Codes, buyer: cart.Buyer, customer: cart.Customer, known: uses{ask: true},
		language: cart.Context.Language, now: now,
	})
	if err != nil {
		return CartView{}, err
	}
	shown := cart
	shown.Lines = out.lines
	messages := append(append(out.messages, keptCurrency(cart.Context, cart.Currency)...), refusedCodes(out.quote)...)
	return CartView{
		Cart: shown, Quote: Quote{Quote: out.quote, CartVersion: cart.Version, PricedAt: now}, Messages: messages,
		kept: len(out.kept),
	}, nil
}

// context keeps the language to one that the shop speaks.
func (s *Carts) context(c Context) Context {
	c.Language = s.shop.Language(c.Language)
	return c
}

func (s *Carts) expiry(now time.Time, c Caller) time.Time {
	if c.Customer != "" {
		return now.Add(LifeCustomerCart)
	}
	return now.Add(LifeGuestCart)
}
