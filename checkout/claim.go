package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Claim brings a cart to the signed-in customer: a guest's, whose token the caller has beside its own, or one of the customer's
// that is not the current one. It becomes the current cart, the same on all of their devices; where there is one that can
// still be edited, its lines go into that one: of a sku in both, the larger quantity. The answer is the current cart, with a
// message for each line that came to it. Either way the cart's guest tokens are dead, and its sessions are the customer's.
// Claimed again, by whatever key, it answers the same and changes nothing.
//
// CodeUnauthorized without a customer, CodeNotFound (also another's cart), CodeCartLocked (either cart is being paid or has
// been), CodeCartCanceled, CodeKeyReused, CodeInvalid (together they hold more than a cart can).
func (s *Carts) Claim(ctx context.Context, in Request, cartID string) (CartView, error) {
	if in.Caller.Customer == "" || s.people == nil {
		return CartView{}, signInFirst()
	}
	c := claimant{Carts: s, now: s.now(), request: in, mark: in.mark(s.newID), op: s.newID(), id: PersonOfCustomer(in.Caller.Customer)}
	for range tries {
		view, err := c.claim(ctx, cartID)
		var conflict *Conflict
		if !errors.As(err, &conflict) {
			return view, err
		}
	}
	return CartView{}, &Error{Code: CodeUnavailable, Message: "the cart is being changed by others", RetryAfter: time.Second}
}

// claimant is a customer who claims a cart.
type claimant struct {
	*Carts
	now     time.Time
	request Request
	mark    Mark
	op      string
	id      string // of the person
}

func (c claimant) claim(ctx context.Context, cartID string) (CartView, error) {
	access := c.tokens.Access(c.request.Caller, cartID)
	cart, err := c.store.Cart(ctx, cartID)
	if ErrorCode(err) == CodeNotFound || err == nil && !access.Allows(cart.Customer, cart.Epoch) {
		return CartView{}, cartNotFound(cartID)
	}
	if err != nil {
		return CartView{}, fmt.Errorf("read cart %s: %w", cartID, err)
	}
	if mark, ok := cart.Marked(c.mark.Key); ok && mark.Print != c.mark.Print {
		return CartView{}, keyReused()
	}
	if cart.Claimed != nil && cart.Claimed.Into != "" {
		return c.again(ctx, cart)
	}
	if err := claimableNow(cart, c.now); err != nil {
		return CartView{}, err
	}
	person, err := personOf(ctx, c.people, c.now, c.id)
	if err != nil {
		return CartView{}, err
	}
	if person.Cart == cart.ID && cart.Customer != "" {
		view, err := c.view(ctx, c.now, cart)
		view.Replayed = true
		return view, err
	}
	current, err := c.current(ctx, c.now, person)
	if err != nil {
		return CartView{}, err
	}
	claim := Claim{
		CartID: cart.ID, Version: cart.Version, Access: access, Customer: c.request.Caller.Customer, Mark: c.mark,
		Claimed: Claimed{Op: c.op}, At: c.now, ExpiresAt: c.expiry(c.now, c.request.Caller), Due: c.now.Add(c.shop.Durations.Idle),
	}
	if current.ID == "" {
		return c.keep(ctx, claim, cart, person)
	}
	return c.merge(ctx, claim, cart, current)
}

// again answers a claim that was made before: by the cart that its lines are in now.
func (c claimant) again(ctx context.Context, cart Cart) (CartView, error) {
	changes := cart.Claimed.Changes
	for hops := 0; cart.Claimed != nil && cart.Claimed.Into != "" && hops < tries; hops++ {
		var err error
		if cart, err = c.read(ctx, c.now, c.request.Caller, cart.Claimed.Into); err != nil {
			return CartView{}, err
		}
	}
	view, err := c.merged(ctx, cart, changes)
	view.Replayed = true
	return view, err
}

// claimableNow refuses what can't be handed over: money may hang on it, or it is no more.
func claimableNow(cart Cart, now time.Time) error {
	switch {
	case cart.Canceled:
		return &Error{Code: CodeCartCanceled, Message: "the cart was canceled"}
	case cart.Session != "":
		return &Error{Code: CodeCartLocked, CheckoutID: cart.Session, Message: "the cart is being paid, or has been"}
	case cart.Expired(now):
		return cartNotFound(cart.ID)
	}
	return nil
}

// current returns the person's current cart as long as it can be edited; none if it was canceled, has expired or is gone.
// CodeCartLocked while it is being paid: what comes of it decides. One that was bought is nobody's current one any more as soon
// as the outbox has told so (People.Consume), in seconds.
func (s *Carts) current(ctx context.Context, now time.Time, p Person) (Cart, error) {
	if p.Cart == "" {
		return Cart{}, nil
	}
	cart, err := s.store.Cart(ctx, p.Cart)
	switch {
	case ErrorCode(err) == CodeNotFound:
		return Cart{}, nil
	case err != nil:
		return Cart{}, fmt.Errorf("read cart %s: %w", p.Cart, err)
	case PersonOfCustomer(cart.Customer) != p.ID, cart.Canceled:
		return Cart{}, nil
	case cart.Session != "":
		return cart, &Error{Code: CodeCartLocked, CheckoutID: cart.Session, Message: "your current cart is being paid",
			RetryAfter: 2 * time.Second}
	case cart.Expired(now):
		return Cart{}, nil
	}
	return cart, nil
}

// keep makes the claimed cart the current one.
func (c claimant) keep(ctx context.Context, claim Claim, cart Cart, person Person) (CartView, error) {
	person.Cart = cart.ID
	person = person.next(c.now, c.op)
	claim.Person = &person
	if err := c.people.ClaimCart(ctx, claim); err != nil {
		return CartView{}, fmt.Errorf("claim cart %s: %w", cart.ID, err)
	}
	cart.Customer, cart.Claimed = claim.Customer, &claim.Claimed
	cart.Epoch++
	cart.Version++
	cart.UpdatedAt, cart.ExpiresAt, cart.Marks = claim.At, claim.ExpiresAt, Remember(cart.Marks, claim.Mark)
	return c.view(ctx, c.now, cart)
}

// merge puts the claimed cart's lines into the current one.
func (c claimant) merge(ctx context.Context, claim Claim, cart, current Cart) (CartView, error) {
	lines, changes := together(current.Lines, cart.Lines)
	if len(lines) > MaxLines {
		return CartView{}, invalid("$", "the two carts together hold more than 100 lines; nothing was merged, and nothing is lost")
	}
	claim.Claimed.Into, claim.Claimed.Changes = current.ID, changes
	claim.Into = &ClaimInto{CartID: current.ID, Version: current.Version, Lines: lines}
	if current.Buyer == (Buyer{}) && cart.Buyer != (Buyer{}) {
		claim.Into.Buyer, current.Buyer = &cart.Buyer, cart.Buyer
	}
	if codes := union(current.Codes, cart.Codes); len(codes) > len(current.Codes) {
		claim.Into.Codes, current.Codes = codes, codes
	}
	if err := c.people.ClaimCart(ctx, claim); err != nil {
		return CartView{}, fmt.Errorf("claim cart %s: %w", cart.ID, err)
	}
	current.Lines = lines
	current.Version++
	current.UpdatedAt, current.ExpiresAt = claim.At, claim.ExpiresAt
	return c.merged(ctx, current, changes)
}

// union are discount codes of both carts, as many as one can have.
func union(codes, more []string) []string {
	out := slices.Clone(codes)
	for _, code := range more {
		if !slices.Contains(out, code) && len(out) < MaxCodes {
			out = append(out, code)
		}
	}
	return out
}

// together are the lines of two carts as one, and what the second brought to the first.
func together(lines, more []LineItem) ([]LineItem, []LineChange) {
	out := append([]LineItem(nil), lines...)
	at := make(map[string]int, len(out))
	for i, l := range out {
		at[l.SKU] = i
	}
	var changes []LineChange
	for _, l := range more {
		i, both := at[l.SKU]
		switch {
		case !both:
			out = append(out, l)
			changes = append(changes, LineChange{SKU: l.SKU, Merged: l.Quantity})
		case l.Quantity > out[i].Quantity:
			changes = append(changes, LineChange{SKU: l.SKU, Before: out[i].Quantity, Merged: l.Quantity})
			out[i].Quantity = l.Quantity
		}
	}
	return out, changes
}

// merged shows a cart, with what a merge has brought to it.
func (c claimant) merged(ctx context.Context, cart Cart, changes []LineChange) (CartView, error) {
	view, err := c.view(ctx, c.now, cart)
	if err != nil {
		return CartView{}, err
	}
	titles, paths := map[string]string{}, map[string]string{}
	for i, l := range view.Quote.Lines {
		titles[l.SKU], paths[l.SKU] = l.Title, linePath(i)
	}
	var told []Message
	for _, change := range changes {
		if paths[change.SKU] == "" {
			continue // sold no more, as another message says, or taken out since
		}
		told = append(told, Message{Type: MessageInfo, Code: MsgLineMerged, Path: paths[change.SKU], Args: pairs([]string{
			"sku", change.SKU, "title", titles[change.SKU],
			"before", strconv.FormatInt(change.Before, 10), "quantity", strconv.FormatInt(change.After(), 10),
		})})
	}
	view.Messages = append(told, view.Messages...)
	return view, nil
}

// Mine shows the customer's current cart, on whichever of their devices. Where the cart knows no country, totals are estimated
// for the remembered address. CodeUnauthorized without a customer, CodeNotFound if there is none.
func (s *Carts) Mine(ctx context.Context, caller Caller) (CartView, error) {
	if caller.Customer == "" || s.people == nil {
		return CartView{}, signInFirst()
	}
	now := s.now()
	p, err := personOf(ctx, s.people, now, PersonOfCustomer(caller.Customer))
	if err != nil {
		return CartView{}, err
	}
	cart, err := s.current(ctx, now, p)
	if err != nil && ErrorCode(err) != CodeCartLocked {
		return CartView{}, err
	}
	if cart.ID == "" {
		return CartView{}, &Error{Code: CodeNotFound, Message: "no current cart"}
	}
	if cart.Context.Country == "" && p.Agreed != nil && len(p.Destinations) > 0 {
		cart.Context.Country = p.Destinations[0].Country
	}
	return s.view(ctx, now, cart)
}

// makeCurrent has a cart that a customer has made be the current one, unless there is one already.
func (s *Carts) makeCurrent(ctx context.Context, now time.Time, cart Cart) error {
	if cart.Customer == "" || s.people == nil || claimableNow(cart, now) != nil {
		return nil
	}
	for range tries {
		p, err := personOf(ctx, s.people, now, PersonOfCustomer(cart.Customer))
		if err != nil {
			return err
		}
		current, err := s.current(ctx, now, p)
		if err != nil && ErrorCode(err) != CodeCartLocked {
			return err
		}
		if current.ID != "" {
			return nil
		}
		p.Cart = cart.ID
		err = s.people.PutPerson(ctx, p.next(now, s.newID()))
		var conflict *Conflict
		if !errors.As(err, &conflict) {
			return err
		}
	}
	return &Error{Code: CodeUnavailable, Message: "the profile is being changed by others", RetryAfter: time.Second}
}
