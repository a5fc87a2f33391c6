package checkout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Create makes a cart, once for each key; a customer's becomes their current one, unless they have one. Lines that can't be sold
// stay out, with a message; CodeNothingSellable if lines were given and none can be. CodeMissingKey, CodeKeyReused, CodeInvalid;
// CodeNotFound if a customer has claimed the cart since.
func (s *Carts) Create(ctx context.Context, in CreateCartInput) (CartView, error) {
	now := s.now()
	view, err := s.create(ctx, now, "carts", in)
	if err == nil {
		err = s.makeCurrent(ctx, now, view.Cart)
	}
	if err != nil {
		return CartView{}, err
	}
	view.Token = s.tokens.Token(view.Cart.ID, view.Cart.Epoch)
	return view, nil
}

func (s *Carts) create(ctx context.Context, now time.Time, route string, in CreateCartInput) (CartView, error) {
	if err := in.requireKey(); err != nil {
		return CartView{}, err
	}
	lines, err := mergeLines(in.Lines)
	if err != nil {
		return CartView{}, err
	}
	cart := Cart{
		ID: CartID(route, in.Caller.Principal(), in.Key), Version: 1, Epoch: 1, Customer: in.Caller.Customer,
		Currency: s.shop.CurrencyFor(in.Context), Context: s.context(in.Context), Lines: lines,
		CreatedAt: now, UpdatedAt: now, ExpiresAt: s.expiry(now, in.Caller), Due: now.Add(s.shop.Durations.Idle),
		Create: in.mark(s.newID),
	}
	if cart.Codes, err = normalized(in.Codes); err != nil {
		return CartView{}, err
	}
	if in.Buyer != nil {
		cart.Buyer = *in.Buyer
	}
	if len(lines) == 0 {
		cart.ExpiresAt = now.Add(LifeEmptyCart)
	}
	view, err := s.view(ctx, now, cart)
	if err != nil {
		return CartView{}, err
	}
	if err := view.sellable(len(lines)); err != nil {
		return CartView{}, err
	}
	cart.Lines = view.Cart.Lines
	err = s.store.CreateCart(ctx, cart)
	var conflict *Conflict
	if errors.As(err, &conflict) && conflict.Cart != nil {
		return s.replayCreate(ctx, now, *conflict.Cart, cart)
	}
	if err != nil {
		return CartView{}, fmt.Errorf("create cart %s: %w", cart.ID, err)
	}
	return view, nil
}

// replayCreate answers a create whose cart exists: this very request made it, or another one with the same key. A guest's cart
// that a customer has claimed since is no guest's any more, whoever still has the key.
func (s *Carts) replayCreate(ctx context.Context, now time.Time, cart, asked Cart) (CartView, error) {
	if cart.Customer != asked.Customer {
		return CartView{}, cartNotFound(cart.ID)
	}
	if cart.Create.Print != asked.Create.Print {
		return CartView{}, keyReused()
	}
	view, err := s.view(ctx, now, cart)
	view.Replayed = true
	return view, err
}

// sellable refuses a request of whose lines none can be sold, and one with more stock-kept products than a commit can hold.
func (v CartView) sellable(asked int) error {
	if asked > 0 && len(v.Cart.Lines) == 0 {
		return nothingSellable(v.Messages)
	}
	return stockLines(v.kept)
}

func nothingSellable(messages []Message) error {
	return &Error{Code: CodeNothingSellable, Message: "none of the lines can be sold", Path: "$.line_items", Messages: messages}
}

func stockLines(kept int) error {
	if kept > MaxStockLines {
		return invalid("$.line_items", "at most 90 of the lines may be products whose stock is kept")
	}
	return nil
}
