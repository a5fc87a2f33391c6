package recovery

import (
	"kassa/checkout"
	"kassa/payments"
)

// notable is the share of the goods' price from which on shipping counts as what drove somebody away, in percent.
const notable = 10

// why derives the reason for which a cart was left from the record. What the shopper has told wins; then what happened last.
func (v view) why(shop checkout.Shop) Reason {
	if r := Reason(v.cart.Left); r.Reportable() {
		return r
	}
	s := v.session
	if s == nil {
		return ReasonNoCheckout
	}
	if r := Reason(s.LeftFor); r.Reportable() {
		return r
	}
	if s.Attempt != nil || len(s.Pays) > 0 {
		if r := whyPaid(*s); r != "" {
			return r
		}
	}
	if shop.Undeliverable(*s) { // which no message keeps: it follows from where the session goes
		return ReasonUndeliverable
	}
	for _, m := range s.Messages {
		if r := spoken[m.Code]; r != "" {
			return r
		}
	}
	return whyLooked(*s)
}

// spoken are the messages of a session that say what went wrong.
var spoken = map[string]Reason{
	checkout.MsgOutOfStock: ReasonOutOfStock, checkout.MsgQuantityAdjusted: ReasonOutOfStock, checkout.MsgItemUnavailable: ReasonOutOfStock,
	checkout.MsgPriceChanged: ReasonPriceChanged, checkout.MsgCartChanged: ReasonPriceChanged,
}

// whyPaid is the reason of somebody who has tried to pay; "" if the last try never became an attempt.
func whyPaid(s checkout.Session) Reason {
	if s.Attempt != nil {
		if s.Status != checkout.StatusEscalated {
			return ReasonLeft
		}
		return atTheDoor(checkout.DoorOf(*s.Attempt))
	}
	last := s.Pays[len(s.Pays)-1]
	switch {
	case last.Refused:
		return "" // something had changed, which the messages tell
	case last.Reason == payments.ReasonCanceled:
		return atTheDoor(last.Door)
	case last.Reason == payments.ReasonAuthenticate:
		return ReasonAuthenticationLeft
	case last.Reason != "":
		return ReasonPaymentDeclined
	}
	return ""
}

// atTheDoor is the reason of somebody who was sent away to pay and did not come back with an answer.
func atTheDoor(door checkout.Door) Reason {
	if door == checkout.DoorRedirect {
		return ReasonRedirectLost
	}
	return ReasonAuthenticationLeft
}

// whyLooked is the reason of somebody who has looked at a checkout and not tried to pay.
func whyLooked(s checkout.Session) Reason {
	q := s.Quote
	if s.Ships && s.Destination != nil && q.Shipping.Minor > 0 && q.Subtotal.Minor > 0 && q.Shipping.Minor*100 >= q.Subtotal.Minor*notable {
		return ReasonShippingCost
	}
	return ReasonWalletDismissed
}
