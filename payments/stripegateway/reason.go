package stripegateway

import (
	"cmp"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
)

// reasons tells the shopper what they can do about Stripe's error and decline codes. A code that is not here is plainly
// "declined", and so are, on purpose, those that would tell a thief why (fraudulent, lost_card, stolen_card, pickup_card,
// restricted_card, merchant_blacklist, security_violation).
var reasons = map[string]payments.Reason{
	"insufficient_funds":              payments.ReasonUseOtherMethod,
	"card_velocity_exceeded":          payments.ReasonUseOtherMethod,
	"withdrawal_count_limit_exceeded": payments.ReasonUseOtherMethod,
	"currency_not_supported":          payments.ReasonUseOtherMethod,
	"card_not_supported":              payments.ReasonUseOtherMethod,
	"transaction_not_allowed":         payments.ReasonUseOtherMethod,

	"expired_card":         payments.ReasonCardExpired,
	"invalid_expiry_month": payments.ReasonCardExpired,
	"invalid_expiry_year":  payments.ReasonCardExpired,

	"incorrect_cvc":     payments.ReasonCheckDetails,
	"invalid_cvc":       payments.ReasonCheckDetails,
	"incorrect_number":  payments.ReasonCheckDetails,
	"invalid_number":    payments.ReasonCheckDetails,
	"incorrect_zip":     payments.ReasonCheckDetails,
	"incorrect_address": payments.ReasonCheckDetails,

	"authentication_required":               payments.ReasonAuthenticate,
	"payment_intent_authentication_failure": payments.ReasonAuthenticate,

	"processing_error":     payments.ReasonTryAgain,
	"issuer_not_available": payments.ReasonTryAgain,
	"reenter_transaction":  payments.ReasonTryAgain,
	"try_again_later":      payments.ReasonTryAgain,
	"approve_with_id":      payments.ReasonTryAgain,

	"duplicate_transaction": payments.ReasonCheckExisting,

	"payment_method_customer_decline":        payments.ReasonCanceled,
	"payment_intent_payment_attempt_expired": payments.ReasonCanceled,
	"payment_method_provider_timeout":        payments.ReasonCanceled,

	"amount_too_small": payments.ReasonAmountLimit,
	"amount_too_large": payments.ReasonAmountLimit,

	"token_already_used": payments.ReasonInvalidToken,
	"token_in_use":       payments.ReasonInvalidToken,
}

// instrumentParams are the parameters that carry the shopper's token. Stripe names one in the error when it is missing,
// used, expired or another customer's, for which there is often no code.
var instrumentParams = map[string]bool{
	"confirmation_token":               true,
	"payment_method":                   true,
	"payment_method_data":              true,
	"payment_method_data[card]":        true,
	"payment_method_data[card][token]": true,
	"card[token]":                      true,
	"token":                            true,
}

// declineOf says why money was not taken. The issuer's word (decline_code) counts before Stripe's summary of it (code).
func declineOf(e *stripe.Error) payments.Decline {
	code := cmp.Or(string(e.DeclineCode), string(e.Code))
	reason, known := reasons[code]
	switch {
	case known:
	case e.Type == stripe.ErrorTypeInvalidRequest && instrumentParams[e.Param]:
		reason = payments.ReasonInvalidToken
	default:
		reason = payments.ReasonDeclined
	}
	return payments.Decline{Reason: reason, Code: code}
}
