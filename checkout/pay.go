package checkout

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"kassa/payments"
	"kassa/payments/money"
)

// payment is a request to pay a session.
type payment struct {
	mark       Mark
	instrument *payments.Instrument
	expected   *int64   // the total that the shopper saw, where the request has it
	short      bool     // the cart took only some of the lines that were asked for
	keepCard   bool     // the shopper wants the card kept for the next purchase
	seen       Quote    // what the last answer about the session showed; Version 0 = there was none
	spent      []string // keys of limited discounts that were found to have no use left
}

// errRetry tells that the session or cart moved between reading and writing: start over from what is stored now.
var errRetry = errors.New("changed meanwhile")

// pay takes a revised, not yet written session through Before, the call and After. change is what revise wants
// written to the cart; a call that pays refuses instead of cutting anything down.
func (s *Sessions) pay(ctx context.Context, now time.Time, sess Session, cart Cart, change *CartChange, p payment) (Session, error) {
	if len(sess.Pays) >= MaxPays {
		return Session{}, &Error{Code: CodeRateLimited, Message: "too many payments were tried for this session", RetryAfter: time.Hour}
	}
	if wait := cooldown(now, sess.Declines); wait > 0 {
		return Session{}, &Error{Code: CodeRateLimited, Message: "too many declined payments", RetryAfter: wait}
	}
	if p.instrument != nil && p.instrument.Handler == HandlerSavedCard {
		sess = s.withWallet(ctx, sess)
	}
	if refusal := s.refusal(sess, change, p); len(refusal) > 0 || sess.Status != StatusReady {
		sess.Messages = append(slices.Clone(sess.Messages), refusal...)
		return s.refuse(ctx, sess, change, p)
	}
	holds, err := s.holds(ctx, sess)
	if err != nil {
		return Session{}, err
	}
	counted, err := redeemed(sess)
	if err != nil {
		return Session{}, err
	}
	if p.instrument != nil && !sess.Quote.Total.IsZero() {
		sess = s.withCustomer(ctx, sess, p)
	}
	after, err := s.commit(ctx, s.before(now, sess, cart, holds, counted, p))
	var conflict *Conflict
	switch {
	case len(spentBy(err, sess)) > 0:
		return s.usedUp(ctx, now, sess, cart, spentBy(err, sess), p)
	case errors.As(err, &conflict) && len(conflict.Short) > 0 && !conflict.moved(sess):
		return s.short(ctx, now, sess, cart, conflict.Short, p)
	case errors.As(err, &conflict):
		return Session{}, errRetry
	case err != nil:
		return Session{}, err
	case after.Status == StatusCompleted:
		s.logOutcome(ctx, sess, after)
		return after, nil
	}
	paid, err := s.call(ctx, now, after)
	if err != nil { // money may have moved: the session's state, never a failure, is the answer
		s.log.ErrorContext(ctx, "outcome of a payment was not written", "session", after.ID, "error_code", string(ErrorCode(err)))
		return after, nil
	}
	s.blame(ctx, now, paid)
	return paid, nil
}

// refusal says why the session may not be paid as it now stands, besides what its own state says. Here it is kept that
// nobody pays for other than they saw: lines are those that the shopper saw, and the total is what the shopper saw, or less.
func (s *Sessions) refusal(sess Session, change *CartChange, p payment) []Message {
	var out []Message
	if change != nil || p.short || p.seen.Version > 0 && !p.seen.sameLines(linesOf(sess.Quote)) {
		out = append(out, errorMessage(MsgCartChanged, SeverityBuyerReview, "$.line_items"))
	}
	limit, limited := p.seen.Total.Minor, p.seen.Version > 0
	if p.expected != nil {
		limit, limited = *p.expected, true
	}
	if total := sess.Quote.Total.Minor; limited && total > limit && len(out) == 0 {
		out = append(out, errorMessage(MsgPriceChanged, SeverityBuyerReview, "$.totals",
			"old", strconv.FormatInt(limit, 10), "new", strconv.FormatInt(total, 10), "currency", string(sess.Quote.Currency)))
	}
	if sess.Quote.Total.IsZero() {
		return out
	}
	if p.instrument == nil {
		return append(out, errorMessage(MsgMissing, SeverityRecoverable, "$.payment.instruments"))
	}
	if _, ok := offerFor(s.offers(sess), p.instrument.Handler); !ok {
		out = append(out, errorMessage(MsgHandlerUnknown, SeverityRecoverable, "$.payment.instruments[0].handler_id",
			"handler", p.instrument.Handler))
	} else if p.instrument.Handler == HandlerSavedCard && !sess.Wallet.owns(p.instrument.Token) {
		out = append(out, errorMessage(MsgCardUnknown, SeverityRecoverable, "$.payment.instruments[0].id"))
	}
	return out
}

// refuse writes the session with its new quote and remembers that this request did not pay, so that its repetition won't.
func (s *Sessions) refuse(ctx context.Context, sess Session, change *CartChange, p payment) (Session, error) {
	sess.Pays = append(slices.Clone(sess.Pays), PayMark{Mark: p.mark, Refused: true})
	after, err := s.commit(ctx, Commit{Session: sess, Cart: change})
	var conflict *Conflict
	if errors.As(err, &conflict) {
		return Session{}, errRetry
	}
	return after, err
}

// short refuses to pay because stock ran out between the quote and the hold. The quote is made anew on what is left; where the
// catalogue is a moment old and doesn't know yet, or nothing is left to quote, the shopper is told all the same.
func (s *Sessions) short(ctx context.Context, now time.Time, sess Session, cart Cart, skus []string, p payment) (Session, error) {
	old := sess.Quote
	sess.Quote.CartVersion = 0 // makes it stale
	revised, change, err := s.revise(ctx, now, sess, cart, SessionChange{}, p.mark, uses{spent: p.spent})
	switch {
	case ErrorCode(err) == CodeNothingSellable:
		change, revised = nil, sess
		revised.Quote, revised.Messages = old, nil
		revised.Quote.PricedAt = time.Time{} // the next call quotes anew
	case err != nil:
		return Session{}, err
	}
	revised.Messages = append(revised.Messages, errorMessage(MsgCartChanged, SeverityBuyerReview, "$.line_items"))
	for i, l := range revised.Quote.Lines {
		if change == nil && slices.Contains(skus, l.SKU) {
			revised.Messages = append(revised.Messages, errorMessage(MsgOutOfStock, SeverityRecoverable, linePath(i), "sku", l.SKU,
				"title", l.Title, "requested", strconv.FormatInt(l.Quantity, 10), "quantity", "0"))
		}
	}
	return s.refuse(ctx, revised, change, p)
}

// usedUp goes on without the discounts that were used up between the quote and this payment: on a new quote, which is refused unless
// its total is what the shopper saw, or less. Nothing is charged that wasn't shown.
func (s *Sessions) usedUp(ctx context.Context, now time.Time, sess Session, cart Cart, keys []string, p payment) (Session, error) {
	p.spent = append(slices.Clone(p.spent), keys...)
	if p.seen.Version == 0 && p.expected == nil {
		p.seen = sess.Quote
	}
	revised, change, err := s.revise(ctx, now, sess, cart, SessionChange{}, p.mark, uses{spent: p.spent})
	if err != nil {
		return Session{}, err
	}
	return s.pay(ctx, now, revised, cart, change, p)
}

// holds are the stock-kept lines of the quote.
func (s *Sessions) holds(ctx context.Context, sess Session) ([]Hold, error) {
	products, err := s.quoter.catalog.Products(ctx, skusOf(linesOf(sess.Quote)))
	if err != nil {
		return nil, err
	}
	var holds []Hold
	for _, l := range sess.Quote.Lines {
		if p, ok := products[l.SKU]; !ok || p.Stock != nil {
			holds = append(holds, Hold{SKU: l.SKU, Quantity: l.Quantity})
		}
	}
	if err := stockLines(len(holds)); err != nil {
		return nil, err
	}
	return holds, nil
}

func linesOf(q Quote) []LineItem {
	lines := make([]LineItem, len(q.Lines))
	for i, l := range q.Lines {
		lines[i] = LineItem{ID: LineID(l.SKU), SKU: l.SKU, Quantity: l.Quantity}
	}
	return lines
}

// before is the commit that must stand before the provider is called: attempt with its key and a lease, cart locked on the
// version that the quote prices, stock off the shelf. A zero total needs no call: it is the order at once.
func (s *Sessions) before(now time.Time, sess Session, cart Cart, holds []Hold, counted []RedemptionChange, p payment) Commit {
	sess.Pays = append(slices.Clone(sess.Pays), PayMark{Mark: p.mark})
	sess.Holds, sess.UpdatedAt, sess.Messages = holds, now, nil
	sess.Redeemed = nil
	for _, use := range counted {
		sess.Redeemed = append(sess.Redeemed, use.Key)
	}
	if sess.Quote.Total.IsZero() {
		sess = s.place(now, s.letGo(now, sess), Order{Amount: sess.Quote.Total})
	} else {
		sess = s.begin(now, sess, p)
	}
	stock := make([]StockChange, len(holds))
	for i, h := range holds {
		stock[i] = StockChange{SKU: h.SKU, Delta: -h.Quantity}
	}
	lock := &CartChange{CartID: cart.ID, Version: cart.Version, Round: sess.Round, Lock: true}
	return Commit{Session: sess, Cart: lock, Stock: stock, Redemptions: counted}
}

// letGo notes that the intent which a declined attempt has left is to be canceled: it pays for nothing any more, and who has its client
// secret could still pay it.
func (s *Sessions) letGo(now time.Time, sess Session) Session {
	if left := sess.Intent; left != nil {
		none := payments.Intent{ID: left.ID, Status: left.Status, Received: money.Zero(sess.Quote.Currency)}
		sess = s.giveBack(now, sess, none, "late")
		sess.Intent = nil
	}
	return sess
}

// begin opens the session's next attempt.
func (s *Sessions) begin(now time.Time, sess Session, p payment) Session {
	sess.Attempts++
	offer, _ := offerFor(s.offers(sess), p.instrument.Handler)
	a := Attempt{
		N: sess.Attempts, Mark: p.mark, Instrument: *p.instrument, Methods: offer.Methods, ReturnURL: s.shop.ReturnURL,
		Amount: sess.Quote.Total, StartedAt: now, LeaseUntil: now.Add(s.shop.Durations.Lease),
		HoldCards: s.shop.holdsCards(), KeepCard: p.keepCard,
	}
	if sess.Wallet != nil {
		a.Customer = sess.Wallet.Customer
	}
	a.KeepCard = a.KeepCard && a.Customer != ""
	a.Key = payKey(sess, a)
	if sess.Intent != nil {
		a.IntentID = sess.Intent.ID
		if sess.Intent.Amount != a.Amount || sess.Intent.Customer != a.Customer {
			a.UpdateKey = "upd:" + a.IntentID + ":" + strconv.FormatInt(sess.Quote.Version, 10) + ":" + strconv.Itoa(a.N)
		}
	}
	sess.Status, sess.Attempt, sess.Left = StatusInProgress, &a, nil
	sess.Watch = Watch{WatchPayment, a.LeaseUntil}
	return sess
}
