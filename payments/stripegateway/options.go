package stripegateway

import (
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v76"
)

// options are those of the methods that the intent may be paid with, nil for none. What a card is to do is said of cards alone
// (payment_method_options[card]): stated for the whole intent, capture_method=manual or setup_future_usage would hide every
// method that can't.
func (w wired) options() *stripe.PaymentIntentPaymentMethodOptionsParams {
	o, some := &stripe.PaymentIntentPaymentMethodOptionsParams{}, false
	if c := w.cardOptions(); c != nil && w.offers("card") {
		o.Card, some = c, true
	}
	if language := bancontactLanguage(w.Language); language != "" && w.offers("bancontact") {
		o.Bancontact, some = &stripe.PaymentIntentPaymentMethodOptionsBancontactParams{PreferredLanguage: &language}, true
	}
	if w.Order != "" && w.offers("swish") {
		o.Swish, some = &stripe.PaymentIntentPaymentMethodOptionsSwishParams{Reference: stripe.String(w.Order)}, true
	}
	if w.Order != "" && w.offers("paypal") {
		o.Paypal, some = &stripe.PaymentIntentPaymentMethodOptionsPaypalParams{Reference: stripe.String(w.Order)}, true
	}
	if w.offers("wechat_pay") {
		o.WeChatPay, some = &stripe.PaymentIntentPaymentMethodOptionsWeChatPayParams{Client: stripe.String("web")}, true
	}
	if !some {
		return nil
	}
	return o
}

func (w wired) offers(method string) bool { return slices.Contains(w.Methods, method) }

// cardOptions is nil where all is as Stripe has it. A card is kept for payments of the shopper's own (on_session); for who has a
// customer and doesn't want that, "none" takes back what an earlier attempt on the intent may have asked for.
func (w wired) cardOptions() *stripe.PaymentIntentPaymentMethodOptionsCardParams {
	o := &stripe.PaymentIntentPaymentMethodOptionsCardParams{}
	if w.HoldCards {
		o.CaptureMethod = stripe.String("manual")
	}
	switch {
	case w.KeepCard:
		o.SetupFutureUsage = stripe.String("on_session")
	case w.Customer != "" && w.IntentID != "":
		o.SetupFutureUsage = stripe.String("none")
	}
	if *o == (stripe.PaymentIntentPaymentMethodOptionsCardParams{}) {
		return nil
	}
	return o
}

// bancontactLanguage is that of Bancontact's page: English, German, French or Dutch.
func bancontactLanguage(language string) string {
	primary, _, _ := strings.Cut(language, "-")
	if slices.Contains([]string{"en", "de", "fr", "nl"}, primary) {
		return primary
	}
	return ""
}
