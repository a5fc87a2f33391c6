// Package recovery brings back carts that nobody finished: it finds them, understands why they were left, follows them up once,
// at a decent hour and with consent, and measures whether that helped. It also sends what an order needs told: receipts,
// refunds, shipping.
//
//	Sweeper   finds carts that were left and claims their next stage  (function sweep; it sends nothing)
//	Sender    sends what was claimed, if it is still true             (function outbox)
//	Registry  keeps devices, consent and what may not be reached      (functions cart and feedback)
//	Returns   exchanges recovery links for what was left              (function cart)
//	Tracer    ties orders to the follow-ups that led to them          (function outbox)
//
// A stage of a cart's follow-up goes one way:
//
//	due ─► claimed ─► sending ─► sent ─► delivered or bounced
//	          │          ├─► refused                       not taken, and never will be
//	          │          ├─► postponed ─► due …            not taken for now: tried again under the same id
//	          │          └─► unknown                       perhaps taken: never tried again
//	          ├─► postponed ─► due …                       quiet hours, caps: to the first allowed minute
//	          └─► skipped                                  with the reason: it is no longer true
//
// The sweep's claim is one conditional write of the cart, which brings the notice that the outbox delivers. The worker's claim,
// sending, is another: on the cart as it was read a moment before, so that a purchase or an edit in between refuses it. Only
// who has written sending hands a message over, once.
package recovery
