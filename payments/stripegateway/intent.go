package stripegateway

import (
	"cmp"
	"strconv"
	"time"

	"github.com/stripe/stripe-go/v76"

	"kassa/payments"
)

// intentOf is Stripe's intent in our words. What can't be read (a status that v76 doesn't know, an amount that we can't
// express) makes it a case for review, never a guess.
func intentOf(pi *stripe.PaymentIntent) payments.Intent {
	i := payments.Intent{
		ID:           pi.ID,
		Status:       statusOf(pi.Status),
		Live:         pi.Livemode,
		SessionID:    pi.Metadata[metaSession],
		Attempt:      attemptOf(pi.Metadata[metaAttempt]),
		ClientSecret: pi.ClientSecret,
		Action:       actionOf(pi.NextAction),
		CancelReason: string(pi.CancellationReason),
		Created:      time.Unix(pi.Created, 0).UTC(),
	}
	received := pi.AmountReceived
	if i.Status == payments.StatusAuthorized {
		received = pi.AmountCapturable
	}
	if pi.Customer != nil {
		i.Customer = pi.Customer.ID
	}
	var asked, taken, back error
	i.Amount, asked = amountOf(pi.Amount, pi.Currency)
	i.Received, taken = amountOf(received, pi.Currency)
	if c := pi.LatestCharge; c != nil && c.Captured {
		i.Refunded, back = amountOf(c.AmountRefunded, pi.Currency)
	}
	if asked != nil || taken != nil || back != nil {
		i.Status = payments.StatusReview
	}
	if e := pi.LastPaymentError; e != nil {
		d := declineOf(e)
		i.Decline = &d
	}
	if c := pi.LatestCharge; c != nil && c.PaymentMethodDetails != nil && c.PaymentMethodDetails.Card != nil {
		if before := c.PaymentMethodDetails.Card.CaptureBefore; before > 0 {
			i.CaptureBefore = time.Unix(before, 0).UTC()
		}
	}
	return i
}

func statusOf(s stripe.PaymentIntentStatus) payments.Status {
	switch s {
	case stripe.PaymentIntentStatusRequiresPaymentMethod, stripe.PaymentIntentStatusRequiresConfirmation:
		return payments.StatusAwaitingMethod
	case stripe.PaymentIntentStatusRequiresAction:
		return payments.StatusActionRequired
	case stripe.PaymentIntentStatusProcessing:
		return payments.StatusProcessing
	case stripe.PaymentIntentStatusRequiresCapture:
		return payments.StatusAuthorized
	case stripe.PaymentIntentStatusSucceeded:
		return payments.StatusPaid
	case stripe.PaymentIntentStatusCanceled:
		return payments.StatusCanceled
	}
	return payments.StatusReview
}

func attemptOf(metadata string) int {
	n, err := strconv.Atoi(metadata)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// actionOf finds the one URL that leads a shopper with a browser on. Swish and the other QR methods have a hosted page for
// it; what only an SDK can open (use_stripe_sdk, WeChat Pay's Android parameters) has none.
func actionOf(n *stripe.PaymentIntentNextAction) *payments.Action {
	if n == nil {
		return nil
	}
	a := &payments.Action{Type: string(n.Type)}
	switch {
	case n.RedirectToURL != nil:
		a.URL, a.ReturnURL = n.RedirectToURL.URL, n.RedirectToURL.ReturnURL
	case n.AlipayHandleRedirect != nil:
		a.URL, a.ReturnURL = n.AlipayHandleRedirect.URL, n.AlipayHandleRedirect.ReturnURL
	case n.SwishHandleRedirectOrDisplayQRCode != nil:
		s := n.SwishHandleRedirectOrDisplayQRCode
		a.URL = cmp.Or(s.HostedInstructionsURL, s.MobileAuthURL)
	case n.CashAppHandleRedirectOrDisplayQRCode != nil:
		c := n.CashAppHandleRedirectOrDisplayQRCode
		a.URL = cmp.Or(c.HostedInstructionsURL, c.MobileAuthURL)
	case n.WeChatPayRedirectToIOSApp != nil:
		a.URL = n.WeChatPayRedirectToIOSApp.NativeURL
	case n.WeChatPayDisplayQRCode != nil:
		a.URL = n.WeChatPayDisplayQRCode.HostedInstructionsURL
	}
	return a
}
