package recovery

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"kassa/checkout"
)

// Editor makes and changes carts for their callers. *checkout.Carts is one.
type Editor interface {
	Create(ctx context.Context, in checkout.CreateCartInput) (checkout.CartView, error)
	Cart(ctx context.Context, caller checkout.Caller, id string) (checkout.CartView, error)
	Replace(ctx context.Context, in checkout.ReplaceCartInput) (checkout.CartView, error)
}

// ReturnsConfig is what Returns is made of.
type ReturnsConfig struct {
	Config
	Editor Editor
	Tokens checkout.Tokens
	Links  Links
	Ledger Ledger // nil: nobody counts
}

// Returns exchanges recovery links for what was left. It gives contents and nothing else: no name, no address, no order, and no
// access to the cart that was left. Safe for concurrent use.
type Returns struct{ ReturnsConfig }

// WithoutSessions is a store of carts for where sessions must not be reached: there seem to be none.
func WithoutSessions(store CartStore) CartStore { return withoutSessions{store} }

type withoutSessions struct{ CartStore }

func (withoutSessions) SessionsOf(context.Context, []string) (map[string]checkout.Session, error) {
	return nil, nil // none is an answer
}

// NewReturns returns the service. CodeInvalid if something that it needs is missing.
func NewReturns(c ReturnsConfig) (*Returns, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.Editor == nil || len(c.Links.secrets) == 0 {
		return nil, &checkout.Error{Code: checkout.CodeInvalid, Path: "config", Message: "returns need carts and link secrets"}
	}
	return &Returns{c}, nil
}

// ReturnInput exchanges a link. Device names the app's installation, 8 to 200 characters: a link serves one. CartID, "" or a cart of
// the caller's own, is where the contents go; without one they go into the cart that was left, if it is the caller's own, else into
// a new one.
type ReturnInput struct {
	checkout.Request
	Token  string
	Device string
	CartID string
}

// Open reports whether a token is a recovery link of ours that lives. It reads nothing and changes nothing: programs that look at
// mail follow links.
func (r *Returns) Open(token string) bool {
	_, ok := r.Links.Open(token, PurposeReturn, r.Now())
	return ok
}

// Return restores the contents of the cart that a link is about, for one device: again for the same one answers the same.
// CodeNotFound for a link that is forged, expired, revoked, used by another device, or of a cart that was bought, canceled or is
// gone: which of these is nobody's business. CodeInvalid; and the codes of carts.
func (r *Returns) Return(ctx context.Context, in ReturnInput) (checkout.CartView, error) {
	now := r.Now()
	if n := len(in.Device); n < 8 || n > 200 {
		return checkout.CartView{}, &checkout.Error{Code: checkout.CodeInvalid, Path: "$.device", Message: "must have 8 to 200 characters"}
	}
	link, ok := r.Links.Open(in.Token, PurposeReturn, now)
	if !ok {
		return checkout.CartView{}, deadLink()
	}
	device := hashed("device", in.Device, link.Subject)
	for range conflictTries {
		view, again, err := r.exchange(ctx, now, in, link, device)
		if !again {
			return view, err
		}
	}
	return checkout.CartView{}, &checkout.Error{Code: checkout.CodeUnavailable, Message: "the cart is being changed by others"}
}

func deadLink() error {
	return &checkout.Error{Code: checkout.CodeNotFound, Message: "this link leads nowhere (any more)"}
}

func (r *Returns) exchange(
	ctx context.Context, now time.Time, in ReturnInput, link Link, device string,
) (view checkout.CartView, again bool, err error) {
	v, err := r.reader().one(ctx, link.Subject)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return view, false, deadLink()
	}
	if err != nil {
		return view, false, err
	}
	fu, ok := r.alive(now, v, link)
	if !ok || fu.OpenedBy != "" && fu.OpenedBy != device {
		return view, false, deadLink()
	}
	if revoked, err := r.revoked(ctx, fu, link); revoked || err != nil {
		return view, false, err
	}
	target := in.CartID
	if target == "" && r.Tokens.Access(in.Caller, v.cart.ID).Allows(v.cart.Customer, v.cart.Epoch) {
		target = v.cart.ID
	}
	if fu.OpenedBy == "" {
		if again, err := r.consume(ctx, now, v, fu, device, target); again || err != nil {
			return view, again, err
		}
	}
	if target == v.cart.ID {
		view, err = r.Editor.Cart(ctx, in.Caller, target)
	} else {
		view, err = r.restore(ctx, in, v, target)
	}
	if err != nil {
		return checkout.CartView{}, false, err
	}
	return view, false, r.trace(ctx, v, fu, view.Cart)
}

// alive returns the follow-up that a link was sent with, if the link is still good for something.
func (r *Returns) alive(now time.Time, v view, link Link) (checkout.FollowUp, bool) {
	if v.cart.Abandonment == nil || v.cart.Session != "" || v.cart.Canceled || v.cart.Expired(now) || v.cart.Abandonment.Recovered != "" {
		return checkout.FollowUp{}, false // what is being paid is as good as bought: there is nothing to bring back
	}
	fu, ok := followUpOf(*v.cart.Abandonment, link.Stage)
	return fu, ok && fu.Channel == string(link.Channel) && (State(fu.State).Handed() || fu.OpenedBy != "")
}

// revoked reports that whoever the message was for has had all links killed, with the answer for that.
func (r *Returns) revoked(ctx context.Context, fu checkout.FollowUp, link Link) (bool, error) {
	if fu.Person == "" {
		return false, nil
	}
	found, err := r.Contacts.Contacts(ctx, []string{fu.Person})
	if err != nil {
		return false, fmt.Errorf("read a contact: %w", err)
	}
	if at := found[fu.Person].RevokedAt; !at.IsZero() && !at.Before(link.Sent) {
		return true, deadLink()
	}
	return false, nil
}

// consume binds the link to a device. Whoever came back by another cart needs no more follow-ups of the one that was left.
func (r *Returns) consume(ctx context.Context, now time.Time, v view, fu checkout.FollowUp, device, target string) (again bool, err error) {
	f := v.cart.Following(r.NewID())
	fu.OpenedBy, fu.OpenedAt, fu.OpenedAs = device, now, target
	put(&f.Abandonment, fu)
	if target != v.cart.ID {
		f.Abandonment.Closed, f.Due = WhyReturned, time.Time{}
	}
	_, err = r.Carts.FollowCart(ctx, f)
	return conflicted(err)
}

// restore puts the contents into a cart of the caller's own. Whatever is repeated is the same request, under a key that follows
// from the link and the device.
func (r *Returns) restore(ctx context.Context, in ReturnInput, v view, target string) (checkout.CartView, error) {
	request := checkout.Request{Caller: in.Caller, Key: "return-" + hashed("return", in.Token, in.Device),
		Fingerprint: hashed("return", v.cart.ID)}
	lines := inputs(v.cart.Lines)
	c := checkout.Context{Country: v.cart.Context.Country, Language: v.cart.Context.Language, Currency: string(v.cart.Currency)}
	if target == "" {
		return r.made(ctx, v, request, lines, c)
	}
	own, err := r.Editor.Cart(ctx, in.Caller, target)
	if err != nil {
		return checkout.CartView{}, err
	}
	return r.Editor.Replace(ctx, checkout.ReplaceCartInput{
		Request: request, CartID: target, Context: own.Cart.Context, Lines: union(inputs(own.Cart.Lines), lines),
	})
}

// made returns the new cart of a link.
func (r *Returns) made(
	ctx context.Context, v view, request checkout.Request, lines []checkout.LineInput, c checkout.Context,
) (checkout.CartView, error) {
	view, err := r.Editor.Create(ctx, checkout.CreateCartInput{Request: request, Lines: lines, Context: c})
	if err != nil {
		return checkout.CartView{}, fmt.Errorf("restore cart %s: %w", v.cart.ID, err)
	}
	return view, nil
}

func inputs(lines []checkout.LineItem) []checkout.LineInput {
	out := make([]checkout.LineInput, len(lines))
	for i, l := range lines {
		out[i] = checkout.LineInput{SKU: l.SKU, Quantity: l.Quantity}
	}
	return out
}

// union is what is in either cart; of what is in both, the larger quantity.
func union(own, restored []checkout.LineInput) []checkout.LineInput {
	out := slices.Clone(own)
	for _, l := range restored {
		i := slices.IndexFunc(out, func(o checkout.LineInput) bool { return o.SKU == l.SKU })
		switch {
		case i >= 0:
			out[i].Quantity = max(out[i].Quantity, l.Quantity)
		case len(out) < checkout.MaxLines:
			out = append(out, l)
		}
	}
	return out
}

// trace notes on the restored cart where its contents came from, so that an order of it counts as a recovery.
func (r *Returns) trace(ctx context.Context, v view, fu checkout.FollowUp, into checkout.Cart) error {
	from := origin(v.cart.ID, fu.Stage)
	for range conflictTries {
		if into.ID == v.cart.ID {
			break
		}
		carts, err := r.Carts.CartsOf(ctx, []string{into.ID})
		if err != nil {
			return fmt.Errorf("read the restored cart: %w", err)
		}
		c, ok := carts[into.ID]
		if !ok || c.Abandonment != nil && c.Abandonment.From == from {
			break
		}
		f := c.Following(r.NewID())
		f.Abandonment.From = from
		_, err = r.Carts.FollowCart(ctx, f)
		if again, err := conflicted(err); err != nil {
			return err
		} else if !again {
			break
		}
	}
	if r.Ledger == nil {
		return nil
	}
	opened := cmp.Or(fu.OpenedAt, r.Now())
	err := r.Ledger.Record(ctx, Fact{
		ID: "clicked:" + fu.ID, Kind: FactClicked, At: opened, CartID: v.cart.ID, Platform: platformOf(v.cart), Person: v.person,
		Reason: Reason(v.cart.Abandonment.Reason), Stage: fu.Stage, Channel: Channel(fu.Channel),
	})
	if err != nil {
		return fmt.Errorf("count a return: %w", err)
	}
	return nil
}

func origin(cartID, stage string) string { return cartID + " " + stage }
