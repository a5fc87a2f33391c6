package recovery

import "slices"

// Reason is why a cart was left. The first ten follow from the record; the app may report any but the first nine with a cancel, in
// the vocabulary of intent traces (Agentic Commerce Protocol 2026-04-17, IntentTrace.reason_code, which has the same ten codes since
// 2026-01-30).
type Reason string

const (
	ReasonPaymentDeclined    Reason = "payment_declined"    // the last try to pay was declined
	ReasonAuthenticationLeft Reason = "authentication_left" // the bank asked for something, and nobody answered
	ReasonRedirectLost       Reason = "redirect_lost"       // sent to a bank or another app, and not come back
	ReasonWalletDismissed    Reason = "wallet_dismissed"    // the sheet was open and nobody paid
	ReasonOutOfStock         Reason = "out_of_stock"        // something ran out while the shopper was at it
	ReasonPriceChanged       Reason = "price_changed"       // the total rose under the shopper's hands
	ReasonUndeliverable      Reason = "undeliverable"       // we don't ship there
	ReasonNoCheckout         Reason = "no_checkout"         // no checkout was opened
	ReasonLeft               Reason = "left"                // nothing tells why

	ReasonShippingCost Reason = "shipping_cost" // also reported
	ReasonPrice        Reason = "price_sensitivity"
	ReasonSpeed        Reason = "shipping_speed"
	ReasonFit          Reason = "product_fit"
	ReasonTrust        Reason = "trust_security"
	ReasonReturns      Reason = "returns_policy"
	ReasonMethods      Reason = "payment_options"
	ReasonComparison   Reason = "comparison"
	ReasonLater        Reason = "timing_deferred"
	ReasonOther        Reason = "other"
)

var derived = []Reason{
	ReasonPaymentDeclined, ReasonAuthenticationLeft, ReasonRedirectLost, ReasonWalletDismissed, ReasonOutOfStock, ReasonPriceChanged,
	ReasonUndeliverable, ReasonNoCheckout, ReasonLeft,
}

var reported = []Reason{
	ReasonShippingCost, ReasonPrice, ReasonSpeed, ReasonFit, ReasonTrust, ReasonReturns, ReasonMethods, ReasonComparison, ReasonLater,
	ReasonOther,
}

// Reasons lists every reason.
func Reasons() []Reason { return slices.Concat(derived, reported) }

// Reportable reports whether an app may give the reason with a cancel.
func (r Reason) Reportable() bool { return slices.Contains(reported, r) }

// State is what became of a follow-up.
type State string

const (
	StateClaimed   State = "claimed"   // the sweep found it due; a worker is to send it
	StateSending   State = "sending"   // a worker may be handing it over right now
	StateSent      State = "sent"      // the provider has taken it
	StateRefused   State = "refused"   // the provider has not taken it, and will not
	StateUnknown   State = "unknown"   // the provider may have taken it: nobody will ever try again
	StateSkipped   State = "skipped"   // it was not to be sent: Why
	StatePostponed State = "postponed" // not now: Why; it will be due again
)

// Handed reports whether the message may have reached the provider, so that none of the same stage and channel may follow.
func (s State) Handed() bool { return s == StateSending || s == StateSent || s == StateUnknown }

// Why a follow-up was skipped or postponed, or a cart's follow-up closed. They stand in records, counters and logs.
const (
	WhyBought      = "bought"      // the cart, or the person, has bought since
	WhyPaying      = "paying"      // a payment is under way
	WhyCanceled    = "canceled"    // the shopper has canceled the cart: no, thanks
	WhyExpired     = "expired"     // the cart's life has ended
	WhyEmpty       = "empty"       // there is nothing in it
	WhyInactive    = "inactive"    // follow-up is off, or was when the cart was made
	WhyActive      = "active"      // the shopper has been back since
	WhyNoConsent   = "no_consent"  // nobody has agreed to messages over any channel of the plan
	WhyUnconfirmed = "unconfirmed" // consent by e-mail waits for its confirmation
	WhyNoChannel   = "no_channel"  // there is no address and no device
	WhySuppressed  = "suppressed"  // unsubscribed, bounced, complained, STOP
	WhyHoldout     = "holdout"     // the person gets none, to measure
	WhyNoStock     = "no_stock"    // nothing of it can be bought now
	WhyQuiet       = "quiet_hours" // it is night there
	WhyCapped      = "capped"      // the person has had enough of them
	WhyOvertaken   = "overtaken"   // a later stage is due as well
	WhyEnded       = "plan_ended"  // all stages have had their turn
	WhyReturned    = "returned"    // the shopper has come back by a link
	WhyRefused     = "refused"     // the provider will not take it
	WhyGone        = "gone"        // the address or device is no more
	WhyUnplanned   = "unplanned"   // the plan has no such stage any more
	WhyErased      = "erased"      // the person has had everything erased
)
