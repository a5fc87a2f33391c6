package checkout

// MessageType is UCP's: errors block the purchase, warnings must be shown, infos may be.
type MessageType string

const (
	MessageError   MessageType = "error"
	MessageWarning MessageType = "warning"
	MessageInfo    MessageType = "info"
)

// Severity is UCP's: who can resolve an error.
type Severity string

const (
	SeverityRecoverable Severity = "recoverable"           // the app, by another call
	SeverityBuyerInput  Severity = "requires_buyer_input"  // the shopper, by typing or acting
	SeverityBuyerReview Severity = "requires_buyer_review" // the shopper, by agreeing
	SeverityFinal       Severity = "unrecoverable"         // nobody; start anew
)

// Message tells the shopper or the app about a cart or session. Its text is made at the edge, in the shopper's language,
// from Code and Args; a stored message therefore carries no text.
type Message struct {
	Type     MessageType       `json:"type"`
	Code     string            `json:"code"`
	Severity Severity          `json:"severity,omitempty"` // errors only
	Path     string            `json:"path,omitempty"`     // JSONPath (RFC 9535)
	Args     map[string]string `json:"args,omitempty"`     // what the text needs: sku, quantity, old, new, reason …
}

// Codes of messages. UCP's where it has one (error_code, types/error_code.json).
const (
	MsgNotFound         = "not_found"             // no such product
	MsgItemUnavailable  = "item_unavailable"      // not sold now, or not in this currency
	MsgOutOfStock       = "out_of_stock"          // none left
	MsgQuantityAdjusted = "quantity_adjusted"     // fewer left than asked for; args quantity, requested
	MsgLowStock         = "quantity_unavailable"  // warning on a cart: fewer left than asked for; args available, requested
	MsgUndeliverable    = "address_undeliverable" // we don't ship there
	MsgMissing          = "missing"               // something is needed at Path before the session can be completed
	MsgInvalid          = "invalid"               // something at Path can't be used
	MsgUnknownOption    = "option_unavailable"    // the chosen shipping option, or location, is not offered there
	MsgNoPickup         = "pickup_unavailable"    // nothing can be collected in that country
	MsgAddressUnused    = "address_unused"        // an address came with an order that is collected
	MsgCurrencyKept     = "currency_unavailable"  // a cart keeps its currency; args currency, wanted
	MsgPriceChanged     = "price_changed"         // total is above what the shopper saw; args old, new
	MsgCartChanged      = "cart_changed"          // lines are not what the shopper saw
	MsgPaymentFailed    = "payment_failed"        // declined or not completed; arg reason
	MsgPaymentRunning   = "payment_in_progress"   // nothing can change until the payment is decided
	MsgActionRequired   = "requires_buyer_input"  // the shopper must act at $.payment
	MsgPaymentRefunded  = "payment_refunded"      // money came that can't become an order; it goes back
	MsgAmountTooSmall   = "amount_too_small"      // below what the provider takes; arg minimum
	MsgAmountTooLarge   = "amount_too_large"
	MsgHandlerUnknown   = "payment_handler_unavailable" // the instrument's handler is not offered for this session
	MsgCardUnknown      = "saved_card_unknown"          // the saved card is none of the shopper's
	MsgExpired          = "session_expired"
	MsgLineMerged       = "line_merged" // a line came from a cart that was merged into this one; args before, quantity

	// About discount codes (UCP's discount extension). Their arg reason is a pricing.Reason, code is the code.
	MsgCodeInvalid    = "discount_code_invalid"
	MsgCodeExpired    = "discount_code_expired"
	MsgCodeIneligible = "discount_code_user_ineligible"
	MsgCodeCombined   = "discount_code_combination_disallowed"
)

func errorMessage(code string, severity Severity, path string, args ...string) Message {
	return Message{Type: MessageError, Code: code, Severity: severity, Path: path, Args: pairs(args)}
}

func warning(code, path string, args ...string) Message {
	return Message{Type: MessageWarning, Code: code, Path: path, Args: pairs(args)}
}

func pairs(args []string) map[string]string {
	if len(args) == 0 {
		return nil
	}
	m := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	return m
}
