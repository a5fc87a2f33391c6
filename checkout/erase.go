package checkout

import (
	"context"
	"reflect"
	"slices"
	"time"

	"kassa/checkout/pricing"
)

// CartEraser removes carts of people who want to be forgotten. The contracts of store.go hold for it.
type CartEraser interface {
	// EraseCart removes a cart with everything about it, its notices and its entry in the due index too, if it is at a version and
	// held by a session ("" = by none). A cart that is not there is success. Otherwise it changes nothing and returns a *Conflict
	// with the cart as it stands.
	EraseCart(ctx context.Context, id string, version int64, holder string) error
}

// Wait is why a session can't do without its buyer yet.
type Wait string

// Reasons to wait.
const (
	WaitPaying     Wait = "paying"     // an attempt, or an intent that may still become money
	WaitMoney      Wait = "money"      // held, or on its way
	WaitTelling    Wait = "telling"    // facts are not handed on yet: who takes them in would learn the person anew
	WaitShipping   Wait = "shipping"   // goods are to be shipped or collected
	WaitWithdrawal Wait = "withdrawal" // its money is not back, and may take its time
	WaitDispute    Wait = "dispute"    // a bank asks who bought
)

// Waits says why a session can't be erased yet; "" = it can. A claim to be paid, served or heard goes before erasure (GDPR
// art. 17 (3) (b) and (e)).
func (s Session) Waits(now time.Time) Wait {
	switch {
	case len(s.Notices) > 0:
		return WaitTelling
	case s.Attempt != nil || s.Order == nil && len(s.Holds) > 0 || s.Intent != nil && !s.Status.Final():
		return WaitPaying
	case slices.ContainsFunc(s.Refunds, func(r ProviderRefund) bool { return !r.Done }):
		return WaitMoney
	}
	if s.Order != nil {
		if wait := s.orderWaits(now); wait != "" {
			return wait
		}
	}
	if s.Watch.Kind == WatchPayment {
		return WaitMoney
	}
	return ""
}

func (s Session) orderWaits(now time.Time) Wait {
	o := *s.Order
	moving := func(r Refund) bool { return r.State == RefundRequested || r.State == RefundPending }
	switch {
	case o.Authorized && o.Lapsed.IsZero(), o.capturing(), o.Cancellation != nil && !o.Cancellation.Done,
		slices.ContainsFunc(o.Refunds, moving):
		return WaitMoney
	case o.Disputed():
		return WaitDispute
	case s.Ships && len(s.unshipped()) > 0:
		return WaitShipping
	}
	withdrawn := func(l pricing.Line) bool {
		p := s.Progress(l.LineID)
		return p.Withdrawn > p.Refunded
	}
	owed := func(w Withdrawal) bool { return now.Before(w.RefundBy) }
	if o.Refundable().Minor > 0 && slices.ContainsFunc(s.Quote.Lines, withdrawn) && slices.ContainsFunc(o.Withdrawals, owed) {
		return WaitWithdrawal
	}
	return ""
}

// Erasing returns the commit by which a session that doesn't wait forgets who bought, ended if it was open; false if it knows
// nobody any more. An order keeps what accounts are kept for (Directive 2006/112/EC art. 226 and 244): lines, amounts, tax, dates,
// country and region, a business's VAT id, payment and its ids, and what was shipped when. op must be new.
func (s Session) Erasing(now time.Time, op string) (Commit, bool) {
	erased := s.nameless()
	var cart *CartChange
	if !s.Status.Final() {
		erased.Status, erased.Watch = StatusCanceled, Watch{}
		cart = &CartChange{CartID: s.CartID, Round: s.Round, NextRound: true}
	}
	if cart == nil && reflect.DeepEqual(erased, s) {
		return Commit{}, false
	}
	erased.Version, erased.Op, erased.UpdatedAt = s.Version+1, op, now
	erased.Epoch++ // it is nobody's from now on: no token opens it
	return Commit{Session: erased, Cart: cart}, true
}

// nameless is the session without anything that tells who bought.
func (s Session) nameless() Session {
	s.Customer, s.Known, s.Messages, s.Wallet = "", nil, nil, nil
	s.Context.PostalCode = ""
	vat := ""
	if s.Order != nil {
		vat = s.Buyer.VATID
	}
	s.Buyer = Buyer{VATID: vat}
	if s.Destination != nil {
		s.Destination = &Destination{Region: s.Destination.Region, Country: s.Destination.Country}
	}
	if s.Intent != nil {
		intent := *s.Intent
		intent.Customer, intent.ClientSecret, intent.Action = "", "", nil
		s.Intent = &intent
	}
	if s.Order != nil {
		o := s.Order.nameless()
		s.Order = &o
	}
	return s
}

// nameless is the order without what people wrote, and without links to carriers, in which a postal code often stands.
func (o Order) nameless() Order {
	o.Fulfillments = slices.Clone(o.Fulfillments)
	for i := range o.Fulfillments {
		o.Fulfillments[i].TrackingURL = ""
	}
	o.Withdrawals = slices.Clone(o.Withdrawals)
	for i := range o.Withdrawals {
		o.Withdrawals[i].Reason = ""
	}
	if o.Cancellation != nil {
		c := *o.Cancellation
		c.Reason = ""
		o.Cancellation = &c
	}
	return o
}
