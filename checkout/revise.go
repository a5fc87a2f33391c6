package checkout

import (
	"context"
	"slices"
	"strconv"
	"time"

	"kassa/checkout/pricing"
)

// reviser changes open sessions: it applies what a client wants changed and quotes anew where that is needed.
type reviser struct {
	quoter quoter
	shop   Shop
}

// newSession returns the session that a cart's round would have; nothing is stored yet.
func (v reviser) newSession(now time.Time, cart Cart, create Mark) Session {
	return Session{
		ID: SessionID(cart.ID, cart.Round), CartID: cart.ID, Round: cart.Round, Epoch: cart.Epoch, Customer: cart.Customer,
		Context: cart.Context, Buyer: cart.Buyer, Declines: cart.Declines, Create: create,
		CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(v.shop.Durations.Session),
		Watch: Watch{WatchWaiting, now.Add(v.shop.Durations.Session)},
	}
}

// revise applies a change to a session without an open attempt and quotes it anew: with fresh prices if the cart moved, its
// lines are replaced or the quote is too old, with the frozen ones if only where or how it is shipped changed. Quantities
// above stock are cut down, in cart and quote. The returned change of the cart is nil if it stays as it is.
func (v reviser) revise(
	ctx context.Context, now time.Time, s Session, cart Cart, ch SessionChange, mark Mark, known uses,
) (Session, *CartChange, error) {
	before := s.Quote
	s, notes := v.applied(s, ch)
	s, err := selecting(s, ch)
	if err != nil {
		return Session{}, nil, err
	}
	s.Context.Language = v.shop.Language(s.Context.Language)
	lines := cart.Lines
	s.Codes = cart.Codes
	if ch.Codes != nil {
		var err error
		if s.Codes, err = normalized(ch.Codes); err != nil {
			return Session{}, nil, err
		}
	}
	if ch.Lines != nil {
		var err error
		if lines, err = mergeLines(ch.Lines); err != nil {
			return Session{}, nil, err
		}
	}
	stale := before.Version == 0 || ch.Lines != nil || cart.Version != before.CartVersion ||
		now.Sub(before.PricedAt) > v.shop.Durations.Quote
	in := quoteInput{
		lines: lines, currency: cart.Currency, country: countryOf(s), region: regionOf(s), option: s.Option, collect: s.Collect,
		madeFor: cart.origins(), codes: s.Codes, buyer: s.Buyer, customer: s.Customer, known: known, language: s.Context.Language, cut: true,
		now: now,
	}
	if !stale {
		in.frozen = &before
	}
	out, err := v.quoter.quote(ctx, in)
	if err != nil {
		return Session{}, nil, err
	}
	if len(out.lines) == 0 {
		return Session{}, nil, nothingSellable(out.messages)
	}
	if err := stockLines(len(out.kept)); err != nil {
		return Session{}, nil, err
	}
	s.Quote = Quote{Quote: out.quote, Version: before.Version + 1, CartVersion: cart.Version, PricedAt: now}
	if !stale {
		s.Quote.PricedAt = before.PricedAt
	}
	s.Option, s.Collect, s.Ships, s.UpdatedAt = out.option, out.collect, out.ships, now
	s.Messages = told(before, s.Quote, append(notes, out.messages...))
	s.Status = v.shop.readiness(s)
	var change *CartChange
	if ch.Lines != nil || !sameItems(out.lines, cart.Lines) || !slices.Equal(s.Codes, cart.Codes) {
		change = &CartChange{
			CartID: cart.ID, Version: cart.Version, Round: cart.Round, Mark: mark, At: now, ExpiresAt: now.Add(LifeGuestCart),
			Due:     now.Add(v.shop.Durations.Idle),
			Replace: &CartContents{Lines: out.lines, Context: cart.Context, Codes: append([]string{}, s.Codes...)},
		}
		if cart.Customer != "" {
			change.ExpiresAt = now.Add(LifeCustomerCart)
		}
		s.Quote.CartVersion = cart.Version + 1
	}
	return s, change, nil
}

// applied returns the session with what the client wants changed, and what is to be said about that.
func (v reviser) applied(s Session, ch SessionChange) (Session, []Message) {
	for _, f := range []struct{ to, from *string }{
		{&s.Buyer.Email, ch.Buyer.Email}, {&s.Buyer.FirstName, ch.Buyer.FirstName},
		{&s.Buyer.LastName, ch.Buyer.LastName}, {&s.Buyer.Phone, ch.Buyer.Phone},
		{&s.Context.Country, ch.Context.Country}, {&s.Context.Region, ch.Context.Region},
		{&s.Context.PostalCode, ch.Context.PostalCode}, {&s.Context.Language, ch.Context.Language},
		{&s.Context.Platform, ch.Context.Platform},
		{&s.Buyer.VATID, ch.Buyer.VATID},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	s.Buyer.VATID = pricing.NormalizeVATID(s.Buyer.VATID)
	s.Buyer.Consent = s.Buyer.Consent.changed(ch.Buyer)
	return v.fulfilled(s, ch)
}

// empty reports whether the change changes nothing that a quote depends on, or anything else.
func (ch SessionChange) empty() bool {
	return ch.Lines == nil && ch.Buyer == (BuyerPatch{}) && ch.Context == (ContextPatch{}) &&
		ch.Destination == nil && !ch.ClearDestination && ch.Option == nil && ch.Collect == nil && ch.Location == nil && ch.Codes == nil
}

// countryOf is where the session is priced for: its destination, else what the context says.
func countryOf(s Session) string {
	if s.Destination != nil && s.Destination.Country != "" {
		return s.Destination.Country
	}
	return s.Context.Country
}

// regionOf is the part of that country.
func regionOf(s Session) string {
	if s.Destination != nil && s.Destination.Country != "" {
		return s.Destination.Region
	}
	return s.Context.Region
}

// told are the messages of a new quote: what was said about its lines, and that the total has moved although the lines have
// not. Delivery is not among them: whether the session can be delivered follows from its state.
func told(before, after Quote, messages []Message) []Message {
	var out []Message
	for _, m := range messages {
		if m.Code != MsgUndeliverable && m.Code != MsgMissing {
			out = append(out, m)
		}
	}
	if before.Version > 0 && repriced(before.Quote, after.Quote) {
		out = append(out, warning(MsgPriceChanged, "$.totals", "old", strconv.FormatInt(before.Total.Minor, 10),
			"new", strconv.FormatInt(after.Total.Minor, 10), "currency", string(after.Currency)))
	}
	return out
}

// repriced reports whether a line of both quotes has another unit price in them.
func repriced(before, after pricing.Quote) bool {
	old := make(map[string]int64, len(before.Lines))
	for _, l := range before.Lines {
		old[l.SKU] = l.Unit.Minor
	}
	for _, l := range after.Lines {
		if unit, ok := old[l.SKU]; ok && unit != l.Unit.Minor {
			return true
		}
	}
	return false
}

func sameItems(a, b []LineItem) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
