package payments

// Status is how far one try to take money has come, in our words. The provider's own words stay in its adapter.
//
//	none ─► awaiting_method ─► action_required ─► processing ─► authorized ─► paid
//	             └───────────────────┴───────────────┴─────────────┴────► canceled
//
// A failed authentication or debit takes an intent back to awaiting_method. Nothing leaves paid: refunds and disputes lie
// over it. Whatever we can't read is review: a person is told, and nothing is decided from it.
type Status string

const (
	StatusNone           Status = "none"            // we know of no intent
	StatusAwaitingMethod Status = "awaiting_method" // Stripe requires_payment_method, requires_confirmation
	StatusActionRequired Status = "action_required" // Stripe requires_action: the shopper is at a bank or in another app
	StatusProcessing     Status = "processing"      // Stripe processing: money on its way, hours or days
	StatusAuthorized     Status = "authorized"      // Stripe requires_capture
	StatusPaid           Status = "paid"            // Stripe succeeded
	StatusCanceled       Status = "canceled"        // Stripe canceled
	StatusReview         Status = "review"          // a status that we don't know, or facts that contradict each other
)

// rank orders the states of the lattice; a late report never lowers it.
func (s Status) rank() int {
	switch s {
	case StatusAwaitingMethod:
		return 1
	case StatusActionRequired:
		return 2
	case StatusProcessing:
		return 3
	case StatusAuthorized:
		return 4
	case StatusPaid:
		return 5
	case StatusCanceled:
		return 6
	case StatusNone, StatusReview:
		return 0
	}
	return 0
}

// Final reports whether the provider never changes an intent in this status by itself.
func (s Status) Final() bool { return s == StatusPaid || s == StatusCanceled }

// Money reports whether the provider holds the shopper's money, or the right to it.
func (s Status) Money() bool { return s == StatusPaid || s == StatusAuthorized }

// Decides reports whether a read or an event in this status says by itself what became of an attempt, whoever reports it
// and however late. awaiting_method doesn't: it is both the state before a call and the one after its decline.
func (s Status) Decides() bool {
	switch s {
	case StatusActionRequired, StatusProcessing, StatusAuthorized, StatusPaid, StatusCanceled:
		return true
	case StatusNone, StatusAwaitingMethod, StatusReview:
		return false
	}
	return false
}

// Advance returns the status after a report of next about the same attempt: the later of the two, paid sticks, canceled is
// reached from all but paid. Whoever starts a further attempt on the intent starts from awaiting_method again.
func (s Status) Advance(next Status) Status {
	switch {
	case s == StatusPaid || next == StatusNone:
		return s
	case next == StatusReview:
		return StatusReview
	case next == StatusPaid || s == StatusReview:
		return next
	case next.rank() > s.rank():
		return next
	}
	return s
}
