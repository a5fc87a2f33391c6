// Package sandbox is a payment provider for tests, the simulator and the local run. It speaks Stripe's HTTP API, version
// 2023-10-16, as far as a mobile checkout needs it, keeps true state, and takes no money. The real stripe-go v76 works
// against it unchanged.
//
//	p, err := sandbox.Open(sandbox.Config{Now: clock, NewID: ids})
//	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
//		HTTPClient:        &http.Client{Transport: p.RoundTripper()}, // or a socket: http.Serve(listener, p.Handler())
//		MaxNetworkRetries: stripe.Int64(0),
//	})
//	intents := paymentintent.Client{B: backend, Key: "sk_test_any"}
//
// Do performs one call without HTTP. The provider has no clock, no randomness and no goroutine of its own.
//
// # What it does
//
// PaymentIntents (create, confirm, update, capture, cancel, retrieve, list), PaymentMethods, ConfirmationTokens, Customers,
// EphemeralKeys, Charges, Refunds, Disputes, Events, Balance. expand[] works on ids of intents, charges, payment methods and
// customers, also under data. in lists. A parameter that the sandbox does not know is refused (parameter_unknown), so a call
// that passes here uses only what is modelled. A publishable key (pk_test_…) may do what an app does: retrieve and confirm
// with the client secret, create payment methods and confirmation tokens.
//
// # Test payment methods
//
// Give pm_card_NAME as payment_method, or tok_NAME as payment_method_data[card][token] with payment_method_data[type]=card
// (what Google Pay brings), or make a ConfirmationToken through POST /v1/test_helpers/confirmation_tokens. NAME is one of:
//
//	visa visa_debit mastercard mastercard_debit mastercard_prepaid amex discover diners jcb unionpay
//	us gb nl de fr no se dk be                       paid at once
//	chargeDeclined                                   card_declined, generic_decline
//	chargeDeclinedInsufficientFunds                  card_declined, insufficient_funds
//	chargeDeclinedExpiredCard                        expired_card
//	chargeDeclinedIncorrectCvc                       incorrect_cvc
//	chargeDeclinedProcessingError                    processing_error
//	chargeDeclinedFraudulent riskLevelHighest        card_declined, fraudulent (blocked)
//	visa_chargeDeclinedLostCard, …StolenCard         card_declined, lost_card or stolen_card
//	visa_chargeDeclinedVelocityLimitExceeded         card_declined, card_velocity_exceeded
//	chargeCustomerFail                               can be attached, then declined
//	authenticationRequired threeDSecure2Required     3-D Secure on every payment
//	threeDSecureRequired
//	authenticationRequiredOnSetup                    3-D Secure until saved and used off session
//	authenticationRequiredSetupForOffSession         3-D Secure on session only
//	authenticationRequiredChargeDeclinedInsufficientFunds, threeDSecureRequiredChargeDeclined
//	                                                 3-D Secure, then declined
//	threeDSecureOptional                             3-D Secure if request_three_d_secure asks
//	riskLevelElevated cvcCheckFail                   paid, with that remark
//	createDispute createDisputeProductNotReceived    paid, then disputed at once
//	createIssuerFraudRecord                          paid, then an early fraud warning
//	refundFail pendingRefund                         paid; a refund fails, or succeeds, a minute later
//
// Two are the sandbox's own: pm_sandbox_processing answers `processing` and succeeds after 10 minutes,
// pm_sandbox_processing_fails fails then. sepa_debit does the same by IBAN: AT611904300234573201 succeeds,
// AT861904300235473202 fails.
//
// ideal, bancontact, eps, p24, swish, klarna, paypal, mobilepay, vipps, twint, wero, alipay, wechat_pay and revolut_pay, given
// as payment_method_data[type], wait in requires_action for the shopper. Swish's wait lapses after 3 minutes.
//
// # The shopper
//
// next_action.redirect_to_url leads to a page below Config.BaseURL + /sandbox/authenticate/ with three buttons, which goes on to
// the return_url with Stripe's parameters; POSTing result=succeed, result=fail or result=later to it acts. later approves at a bank
// that takes its time: the intent is processing, and succeeds after 10 minutes. Authenticate and AuthenticateLater do the same without
// a page. Dispute and DecideDispute act for a shopper who complains to the bank, and for the bank. Without
// return_url, or with use_stripe_sdk, the next action is use_stripe_sdk. Unlike a real SDK's, a ConfirmationToken made here has
// use_stripe_sdk unset, unless that parameter asks for it.
//
// # Time and webhooks
//
// Next tells when something falls due, Run performs it: results of slow banks, failing refunds, holds that lapse after 7 days
// (the intent is canceled with reason automatic), webhooks and their retries. A webhook is due at once; one that Send refuses is
// tried again after 5 and 30 minutes, 2, 5, 10 hours and then every 12, for three days. HoldWebhooks, Undelivered and Deliver
// let a test lose, reorder and duplicate them.
//
// # Faults
//
// Inject makes calls go wrong in one of nine ways: see Way. Over a socket mind that Go's own http.Transport repeats a POST that
// carries an Idempotency-Key when a connection it had used before breaks before the answer; stripe-go always sends such a key,
// so the second try may hide a fault. RoundTripper has no such layer.
//
// # Idempotency
//
// The first result under an Idempotency-Key is stored in the same commit as its effect, declines and errors of state included,
// and replayed for 24 hours with Idempotent-Replayed: true. Other parameters under a key are an idempotency_error, a key in
// flight is a 409. What is refused before it executes is not stored: a bad API key, an unknown URL, a malformed or unknown
// parameter, an amount out of bounds, 409, 429, 502.
//
// # File
//
// With Config.Path everything is in one file, committed before the answer is given. A file that another process has open is
// ErrLocked.
//
// # Where it is stricter than Stripe, or simpler
//
// The amount of an intent in requires_action can't be changed, and one that is processing can't be canceled. An
// idempotency key is forgotten at 24 h sharp. Payment methods must take the currency of the intent. There are no balance
// transactions, fees, setup intents, transfers or searches.
package sandbox
