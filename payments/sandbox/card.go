package sandbox

import "time"

// Why a bank or Stripe refuses, in Stripe's codes (https://stripe.com/docs/declines/codes).
type decline struct {
	code, declineCode, message string
}

var (
	declinedGeneric  = decline{"card_declined", "generic_decline", "Your card was declined."}
	declinedFunds    = decline{"card_declined", "insufficient_funds", "Your card has insufficient funds."}
	declinedLost     = decline{"card_declined", "lost_card", "Your card was declined."}
	declinedStolen   = decline{"card_declined", "stolen_card", "Your card was declined."}
	declinedFraud    = decline{"card_declined", "fraudulent", "Your card was declined."}
	declinedVelocity = decline{"card_declined", "card_velocity_exceeded",
		"Your card was declined for making repeated attempts too frequently or exceeding its amount limit."}
	declinedExpired    = decline{"expired_card", "", "Your card has expired."}
	declinedCVC        = decline{"incorrect_cvc", "", "Your card's security code is incorrect."}
	declinedProcessing = decline{"processing_error", "", "An error occurred while processing your card. Try again in a little bit."}
	declinedNoAuth     = decline{"authentication_required", "authentication_required",
		"Your card was declined. This transaction requires authentication."}
	declinedDebit = decline{"debit_not_authorized", "", "The customer's bank did not authorize this debit."}
)

// When a card asks for 3-D Secure.
type challenge int

const (
	challengeNever challenge = iota
	challengeAlways
	challengeUnlessSetUp  // until it was once paid with and saved
	challengeOnlyPresent  // set up already: off-session payments pass, others ask
	challengeAfterAttempt // passes 3-D Secure when asked; the shop may let it be
)

// What becomes of a refund to the card.
type refundFate int

const (
	refundAtOnce refundFate = iota
	refundFailsLater
	refundPending
)

// testCard is how one of Stripe's test cards behaves, https://stripe.com/docs/testing.
type testCard struct {
	brand, last4, country, funding string
	challenge                      challenge
	decline                        *decline
	delayed                        bool   // answers `processing`; the result comes later
	dispute                        string // the reason of the dispute that follows at once
	fraudWarning                   bool
	refund                         refundFate
	risk                           string // normal if empty
	cvc                            string // pass if empty
}

func visa(last4 string) testCard {
	return testCard{brand: "visa", last4: last4, country: "US", funding: "credit"}
}

func visaFrom(country, last4 string) testCard {
	c := visa(last4)
	c.country = country
	return c
}

func refused(last4 string, d decline) testCard {
	c := visa(last4)
	c.decline = &d
	return c
}

func challenged(last4 string, when challenge, d *decline) testCard {
	c := visa(last4)
	c.challenge, c.decline = when, d
	return c
}

func (c testCard) with(change func(*testCard)) testCard {
	change(&c)
	return c
}

// testCards are named as in pm_card_NAME and tok_NAME.
var testCards = map[string]testCard{
	"visa":               visa("4242"),
	"visa_debit":         visa("5556").with(func(c *testCard) { c.funding = "debit" }),
	"mastercard":         {brand: "mastercard", last4: "4444", country: "US", funding: "credit"},
	"mastercard_debit":   {brand: "mastercard", last4: "3222", country: "US", funding: "debit"},
	"mastercard_prepaid": {brand: "mastercard", last4: "5100", country: "US", funding: "prepaid"},
	"amex":               {brand: "amex", last4: "8431", country: "US", funding: "credit"},
	"discover":           {brand: "discover", last4: "1117", country: "US", funding: "credit"},
	"diners":             {brand: "diners", last4: "0004", country: "US", funding: "credit"},
	"jcb":                {brand: "jcb", last4: "0505", country: "JP", funding: "credit"},
	"unionpay":           {brand: "unionpay", last4: "0005", country: "CN", funding: "credit"},
	"us":                 visa("4242"),
	"gb":                 visaFrom("GB", "0000"),
	"nl":                 visaFrom("NL", "0002"),
	"de":                 visaFrom("DE", "0016"),
	"fr":                 visaFrom("FR", "0003"),
	"no":                 visaFrom("NO", "0007"),
	"se":                 visaFrom("SE", "0008"),
	"dk":                 visaFrom("DK", "0001"),
	"be":                 visaFrom("BE", "0004"),

	"chargeDeclined":                           refused("0002", declinedGeneric),
	"visa_chargeDeclined":                      refused("0002", declinedGeneric),
	"chargeDeclinedInsufficientFunds":          refused("9995", declinedFunds),
	"chargeDeclinedExpiredCard":                refused("0069", declinedExpired),
	"chargeDeclinedIncorrectCvc":               refused("0127", declinedCVC).with(func(c *testCard) { c.cvc = "fail" }),
	"chargeDeclinedProcessingError":            refused("0119", declinedProcessing),
	"chargeDeclinedFraudulent":                 refused("0019", declinedFraud).with(func(c *testCard) { c.risk = "highest" }),
	"riskLevelHighest":                         refused("0019", declinedFraud).with(func(c *testCard) { c.risk = "highest" }),
	"riskLevelElevated":                        visa("9235").with(func(c *testCard) { c.risk = "elevated" }),
	"cvcCheckFail":                             visa("0101").with(func(c *testCard) { c.cvc = "fail" }),
	"chargeCustomerFail":                       refused("0341", declinedGeneric),
	"visa_chargeDeclinedLostCard":              refused("9987", declinedLost),
	"visa_chargeDeclinedStolenCard":            refused("9979", declinedStolen),
	"chargeDeclinedLostCard":                   refused("9987", declinedLost),
	"chargeDeclinedStolenCard":                 refused("9979", declinedStolen),
	"chargeDeclinedVelocityExceeded":           refused("6975", declinedVelocity),
	"visa_chargeDeclinedVelocityLimitExceeded": refused("6975", declinedVelocity),

	"authenticationRequired":                                challenged("3184", challengeAlways, nil),
	"authenticationRequiredOnSetup":                         challenged("3155", challengeUnlessSetUp, nil),
	"authenticationRequiredSetupForOffSession":              challenged("0446", challengeOnlyPresent, nil),
	"authenticationRequiredChargeDeclinedInsufficientFunds": challenged("3178", challengeAlways, &declinedFunds),
	"threeDSecure2Required":                                 challenged("3220", challengeAlways, nil),
	"threeDSecureRequired":                                  challenged("3063", challengeAlways, nil),
	"threeDSecureRequiredChargeDeclined":                    challenged("1629", challengeAlways, &declinedGeneric),
	"threeDSecureOptional":                                  challenged("3055", challengeAfterAttempt, nil),

	"createDispute":                   visa("0259").with(func(c *testCard) { c.dispute = "fraudulent" }),
	"createDisputeProductNotReceived": visa("2685").with(func(c *testCard) { c.dispute = "product_not_received" }),
	"createIssuerFraudRecord":         visa("5423").with(func(c *testCard) { c.fraudWarning = true }),
	"refundFail":                      visa("5126").with(func(c *testCard) { c.refund = refundFailsLater }),
	"pendingRefund":                   visa("7726").with(func(c *testCard) { c.refund = refundPending }),
}

// sandboxMethods exist here only: cards whose answer takes its time.
var sandboxMethods = map[string]testCard{
	"pm_sandbox_processing":       visa("1001").with(func(c *testCard) { c.delayed = true }),
	"pm_sandbox_processing_fails": refused("1002", declinedProcessing).with(func(c *testCard) { c.delayed = true }),
}

// How long things take, on the injected clock.
const (
	processingTime   = 10 * time.Minute
	refundTime       = time.Minute
	holdTime         = 7 * 24 * time.Hour // Stripe cancels an uncaptured card payment after 7 days
	ephemeralKeyLife = time.Hour
	tokenLife        = 12 * time.Hour
)

// methodKind is how a type of payment method behaves.
type methodKind struct {
	currencies []string // all if empty
	redirect   bool     // the shopper goes elsewhere to approve
	manual     bool     // may be captured later
	delayed    bool     // the bank answers later
	action     string   // next_action type; redirect_to_url if empty
	life       time.Duration
}

// methodKinds are the types this account can take. sofort and giropay have ended and are not among them.
var methodKinds = map[string]methodKind{
	"card":       {manual: true},
	"link":       {manual: true},
	"ideal":      {currencies: []string{"eur"}, redirect: true},
	"wero":       {currencies: []string{"eur"}, redirect: true},
	"bancontact": {currencies: []string{"eur"}, redirect: true},
	"eps":        {currencies: []string{"eur"}, redirect: true},
	"p24":        {currencies: []string{"eur", "pln"}, redirect: true},
	"twint":      {currencies: []string{"chf"}, redirect: true},
	"vipps":      {currencies: []string{"nok"}, redirect: true, manual: true},
	"mobilepay":  {currencies: []string{"dkk", "eur", "nok", "sek"}, redirect: true, manual: true},
	"swish": {currencies: []string{"sek"}, redirect: true, action: "swish_handle_redirect_or_display_qr_code",
		life: 3 * time.Minute},
	"klarna": {currencies: []string{"aud", "cad", "chf", "czk", "dkk", "eur", "gbp", "nok", "nzd", "pln", "ron", "sek", "usd"},
		redirect: true, manual: true},
	"paypal": {currencies: []string{"aud", "cad", "chf", "czk", "dkk", "eur", "gbp", "hkd", "nok", "nzd", "pln", "sek", "sgd", "usd"},
		redirect: true, manual: true},
	"revolut_pay": {currencies: []string{"eur", "gbp", "ron", "huf", "pln", "dkk"}, redirect: true, manual: true},
	"alipay": {currencies: []string{"aud", "cad", "cny", "eur", "gbp", "hkd", "jpy", "myr", "nzd", "sgd", "usd"}, redirect: true,
		action: "alipay_handle_redirect"},
	"wechat_pay": {currencies: []string{"aud", "cad", "chf", "cny", "dkk", "eur", "gbp", "hkd", "jpy", "nok", "sek", "sgd", "usd"},
		redirect: true, action: "wechat_pay_display_qr_code"},
	"sepa_debit": {currencies: []string{"eur"}, delayed: true},
}

// dashboard is what automatic_payment_methods turns on, in order.
var dashboard = []string{"card", "bancontact", "eps", "ideal", "klarna", "link", "paypal"}

// The IBAN of Stripe's documentation whose debits the bank refuses.
const failingIBAN = "AT861904300235473202"
