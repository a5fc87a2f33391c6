package checkout

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Replace puts other contents into a cart. Lines that can't be sold stay out, with a message. Codes as of edit, and
// CodeNothingSellable.
func (s *Carts) Replace(ctx context.Context, in ReplaceCartInput) (CartView, error) {
	now := s.now()
	lines, err := mergeLines(in.Lines)
	if err != nil {
		return CartView{}, err
	}
	c := s.context(in.Context)
	out, kept, err := s.sell(ctx, lines, c)
	if err != nil {
		return CartView{}, err
	}
	if len(lines) > 0 && len(out.lines) == 0 {
		return CartView{}, nothingSellable(out.messages)
	}
	if err := stockLines(kept); err != nil {
		return CartView{}, err
	}
	codes, err := normalized(in.Codes)
	if err != nil {
		return CartView{}, err
	}
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Replace = &CartContents{Lines: out.lines, Context: c, Buyer: in.Buyer, Codes: codes}
	return s.edit(ctx, now, edit, out.messages...)
}

// AddLine adds to a product's quantity, or its line if there is none. Codes as of edit.
func (s *Carts) AddLine(ctx context.Context, in LineEditInput) (CartView, error) {
	now := s.now()
	lines, err := mergeLines([]LineInput{in.Line})
	if err != nil {
		return CartView{}, atPath(err, "$.line_items[0]", "$")
	}
	out, _, err := s.sell(ctx, lines, Context{})
	if err != nil {
		return CartView{}, err
	}
	if len(out.lines) == 0 {
		out.messages[0].Path = "$.item.id"
		return CartView{}, nothingSellable(out.messages)
	}
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Add = &lines[0]
	return s.edit(ctx, now, edit)
}

// SetLine sets a line's quantity. Codes as of edit.
func (s *Carts) SetLine(ctx context.Context, in LineEditInput) (CartView, error) {
	now := s.now()
	if in.Line.Quantity < 1 || in.Line.Quantity > MaxQuantity {
		return CartView{}, invalid("$.quantity", "must be between 1 and 999")
	}
	if SKUOfLine(in.LineID) == "" {
		return CartView{}, &Error{Code: CodeNotFound, Message: "the cart has no such line"}
	}
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Set = &LineItem{ID: in.LineID, SKU: SKUOfLine(in.LineID), Quantity: in.Line.Quantity}
	return s.edit(ctx, now, edit)
}

// RemoveLine takes a line out. Codes as of edit.
func (s *Carts) RemoveLine(ctx context.Context, in LineEditInput) (CartView, error) {
	now := s.now()
	if SKUOfLine(in.LineID) == "" {
		return CartView{}, &Error{Code: CodeNotFound, Message: "the cart has no such line"}
	}
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Remove = in.LineID
	return s.edit(ctx, now, edit)
}

// Cancel ends a cart: no, thanks. A canceled cart stays canceled: once more is no error. Codes as of edit.
func (s *Carts) Cancel(ctx context.Context, in CancelCartInput) (CartView, error) {
	now := s.now()
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Cancel, edit.Left, edit.Due = true, in.Left, time.Time{}
	return s.edit(ctx, now, edit)
}

func (s *Carts) newEdit(now time.Time, r Request, cartID string) CartEdit {
	return CartEdit{
		CartID: cartID, Mark: r.mark(s.newID), At: now, Access: s.tokens.Access(r.Caller, cartID),
		IfVersion: r.IfVersion, ExpiresAt: s.expiry(now, r.Caller), Due: now.Add(s.shop.Durations.Idle),
	}
}

// edit applies an edit in one conditional write. CodeNotFound (also another's cart, or a missing line), CodeCartLocked,
// CodeCartCanceled, CodeVersionConflict, CodeKeyReused, CodeInvalid (too much of something).
func (s *Carts) edit(ctx context.Context, now time.Time, e CartEdit, messages ...Message) (CartView, error) {
	if e.Access == (Access{}) {
		return CartView{}, cartNotFound(e.CartID)
	}
	for range 3 {
		cart, err := s.store.EditCart(ctx, e)
		var conflict *Conflict
		if errors.As(err, &conflict) {
			view, again, err := s.explain(ctx, now, e, conflict.Cart)
			if again {
				continue
			}
			return view, err
		}
		if err != nil {
			return CartView{}, fmt.Errorf("edit cart %s: %w", e.CartID, err)
		}
		view, err := s.view(ctx, now, cart)
		view.Messages = append(messages, view.Messages...)
		return view, err
	}
	return CartView{}, &Error{Code: CodeUnavailable, Message: "the cart is being changed by others"}
}

// explain tells why an edit was refused, from the cart that refused it; again if that cart would now take it.
func (s *Carts) explain(ctx context.Context, now time.Time, e CartEdit, cart *Cart) (view CartView, again bool, err error) {
	if cart == nil || !e.Access.Allows(cart.Customer, cart.Epoch) {
		return CartView{}, false, cartNotFound(e.CartID)
	}
	if mark, ok := cart.Marked(e.Mark.Key); ok {
		if mark.Print != e.Mark.Print {
			return CartView{}, false, keyReused()
		}
		view, err := s.view(ctx, now, *cart)
		view.Replayed = true
		return view, false, err
	}
	switch line, found := cart.Line(lineOf(e)); {
	case cart.Canceled && e.Cancel:
		view, err := s.view(ctx, now, *cart)
		return view, false, err
	case cart.Canceled:
		return CartView{}, false, &Error{Code: CodeCartCanceled, Message: "the cart was canceled"}
	case cart.Session != "":
		return CartView{}, false, &Error{Code: CodeCartLocked, CheckoutID: cart.Session,
			Message: "the cart is being paid, or has been", RetryAfter: s.shop.Durations.Lease}
	case cart.Expired(e.At):
		return CartView{}, false, cartNotFound(e.CartID)
	case e.IfVersion != 0 && e.IfVersion != cart.Version:
		return CartView{}, false, &Error{Code: CodeVersionConflict,
			Message: "the cart is at version " + strconv.FormatInt(cart.Version, 10)}
	case (e.Set != nil || e.Remove != "") && !found:
		return CartView{}, false, &Error{Code: CodeNotFound, Message: "the cart has no line " + lineOf(e)}
	case e.Add != nil && line.Quantity+e.Add.Quantity > MaxQuantity:
		return CartView{}, false, invalid("$.quantity", "a line holds at most 999; it has "+strconv.FormatInt(line.Quantity, 10))
	case e.Add != nil && !found && len(cart.Lines) >= MaxLines:
		return CartView{}, false, invalid("$.line_items", "a cart holds at most 100 lines")
	}
	return CartView{}, true, nil
}

func lineOf(e CartEdit) string {
	switch {
	case e.Add != nil:
		return e.Add.ID
	case e.Set != nil:
		return e.Set.ID
	}
	return e.Remove
}
