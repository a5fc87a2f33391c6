package sandbox_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

func TestDeclines(t *testing.T) {
	t.Parallel()
	b := open(t)
	cases := map[string][2]string{
		"pm_card_chargeDeclined":                           {"card_declined", "generic_decline"},
		"pm_card_visa_chargeDeclined":                      {"card_declined", "generic_decline"},
		"pm_card_chargeDeclinedInsufficientFunds":          {"card_declined", "insufficient_funds"},
		"pm_card_chargeDeclinedExpiredCard":                {"expired_card", ""},
		"pm_card_chargeDeclinedIncorrectCvc":               {"incorrect_cvc", ""},
		"pm_card_chargeDeclinedProcessingError":            {"processing_error", ""},
		"pm_card_chargeDeclinedFraudulent":                 {"card_declined", "fraudulent"},
		"pm_card_riskLevelHighest":                         {"card_declined", "fraudulent"},
		"pm_card_visa_chargeDeclinedLostCard":              {"card_declined", "lost_card"},
		"pm_card_visa_chargeDeclinedStolenCard":            {"card_declined", "stolen_card"},
		"pm_card_visa_chargeDeclinedVelocityLimitExceeded": {"card_declined", "card_velocity_exceeded"},
		"pm_card_chargeCustomerFail":                       {"card_declined", "generic_decline"},
	}
	for method, want := range cases {
		_, err := b.api.PaymentIntents.New(pay(method))
		e := refusal(t, err, 402, want[0])
		var declined *stripe.CardError
		if !errors.As(e.Err, &declined) || string(declined.DeclineCode) != want[1] || e.Type != stripe.ErrorTypeCard {
			t.Errorf("%s: %+v, want decline code %q", method, e, want[1])
		}
		if e.PaymentIntent == nil || e.PaymentIntent.Status != "requires_payment_method" || e.PaymentIntent.PaymentMethod != nil ||
			string(e.PaymentIntent.LastPaymentError.Code) != want[0] || e.PaymentMethod == nil || e.ChargeID == "" {
			t.Errorf("%s: error lacks the intent as it is now: %+v", method, e)
			continue
		}
		now := b.retrieve(e.PaymentIntent.ID)
		if now.LatestCharge.ID != e.ChargeID || string(now.LastPaymentError.DeclineCode) != want[1] || now.LastPaymentError.PaymentMethod.ID == "" {
			t.Errorf("%s: stored intent = %+v", method, now)
		}
		ch, err := b.api.Charges.Get(e.ChargeID, nil)
		if err != nil || ch.Status != "failed" || ch.FailureCode != want[0] {
			t.Errorf("%s: charge = %+v, %v", method, ch, err)
		}
		if blocked := ch.Outcome.Type == "blocked"; blocked != (want[1] == "fraudulent") {
			t.Errorf("%s: outcome = %+v", method, ch.Outcome)
		}
	}
	if kept, n := b.taken(); kept != 0 || n != 0 || len(b.p.Ledger()) != len(cases) {
		t.Errorf("ledger keeps %d in %d of %d charges", kept, n, len(b.p.Ledger()))
	}
}

func TestSecondTryOfOneIntent(t *testing.T) {
	t.Parallel()
	b := open(t)
	_, err := b.api.PaymentIntents.New(pay("pm_card_chargeDeclined"))
	id := refusal(t, err, 402, "card_declined").PaymentIntent.ID
	if _, err = b.api.PaymentIntents.Update(id, &stripe.PaymentIntentParams{Amount: stripe.Int64(3000)}); err != nil {
		t.Fatal(err)
	}
	_, err = b.api.PaymentIntents.Confirm(id, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_chargeDeclinedLostCard"),
		ReturnURL: stripe.String(comeBack)})
	refusal(t, err, 402, "card_declined")
	pi, err := b.api.PaymentIntents.Confirm(id, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa"),
		ReturnURL: stripe.String(comeBack)})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "succeeded")
	if pi.LastPaymentError != nil || pi.AmountReceived != 3000 {
		t.Errorf("intent = %+v", pi)
	}
	if kept, n := b.taken(); kept != 3000 || n != 1 {
		t.Errorf("ledger keeps %d in %d", kept, n)
	}
}

func TestThreeDSecure(t *testing.T) {
	t.Parallel()
	b := open(t)
	cases := []struct {
		method  string
		succeed bool
		status  string
		code    string
	}{
		{"pm_card_authenticationRequired", true, "succeeded", ""},
		{"pm_card_threeDSecure2Required", true, "succeeded", ""},
		{"pm_card_authenticationRequiredOnSetup", true, "succeeded", ""},
		{"pm_card_authenticationRequiredSetupForOffSession", true, "succeeded", ""},
		{"pm_card_authenticationRequired", false, "requires_payment_method", "payment_intent_authentication_failure"},
		{"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", true, "requires_payment_method", "card_declined"},
	}
	for _, c := range cases {
		pi := b.create(pay(c.method))
		wantStatus(t, pi, "requires_action")
		to := pi.NextAction.RedirectToURL
		if pi.NextAction.Type != "redirect_to_url" || to.ReturnURL != comeBack || !strings.HasPrefix(to.URL, "http://sandbox.test/sandbox/authenticate/") {
			t.Errorf("next action = %+v", pi.NextAction)
		}
		if err := b.p.Authenticate(pi.ID, c.succeed); err != nil {
			t.Fatal(err)
		}
		pi = b.retrieve(pi.ID)
		wantStatus(t, pi, c.status)
		if c.code != "" && string(pi.LastPaymentError.Code) != c.code || pi.NextAction != nil {
			t.Errorf("%s: %+v", c.method, pi)
		}
		if err := b.p.Authenticate(pi.ID, true); err == nil {
			t.Error("an intent was authenticated twice")
		}
	}
	if err := b.p.Authenticate("pi_nobody", true); err == nil {
		t.Error("an unknown intent was authenticated")
	}
	if kept, n := b.taken(); kept != 4*4990 || n != 4 {
		t.Errorf("ledger keeps %d in %d", kept, n)
	}
}

func TestAuthenticationNobodyCanGive(t *testing.T) {
	t.Parallel()
	b := open(t)
	off := pay("pm_card_authenticationRequired")
	off.OffSession = stripe.Bool(true)
	_, err := b.api.PaymentIntents.New(off)
	if e := refusal(t, err, 402, "authentication_required"); e.PaymentIntent.Status != "requires_payment_method" {
		t.Errorf("intent = %+v", e.PaymentIntent)
	}
	strict := pay("pm_card_authenticationRequired")
	strict.ErrorOnRequiresAction = stripe.Bool(true)
	_, err = b.api.PaymentIntents.New(strict)
	refusal(t, err, 402, "authentication_required")
	fine := pay("pm_card_authenticationRequiredSetupForOffSession")
	fine.OffSession = stripe.Bool(true)
	wantStatus(t, b.create(fine), "succeeded")
}

func TestOptionalThreeDSecure(t *testing.T) {
	t.Parallel()
	b := open(t)
	wantStatus(t, b.create(pay("pm_card_threeDSecureOptional")), "succeeded")
	asked := pay("pm_card_threeDSecureOptional")
	asked.PaymentMethodOptions = &stripe.PaymentIntentPaymentMethodOptionsParams{
		Card: &stripe.PaymentIntentPaymentMethodOptionsCardParams{RequestThreeDSecure: stripe.String("any")}}
	pi := b.create(asked)
	wantStatus(t, pi, "requires_action")
	if err := b.p.Authenticate(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	ch, err := b.api.Charges.Get(b.retrieve(pi.ID).LatestCharge.ID, nil)
	if err != nil || ch.PaymentMethodDetails.Card.ThreeDSecure.Result != "authenticated" {
		t.Errorf("charge = %+v, %v", ch, err)
	}
}

func TestSDKAction(t *testing.T) {
	t.Parallel()
	b := open(t)
	params := pay("pm_card_threeDSecure2Required")
	params.UseStripeSDK = stripe.Bool(true)
	pi := b.create(params)
	if pi.NextAction.Type != "use_stripe_sdk" || pi.NextAction.RedirectToURL != nil || pi.NextAction.UseStripeSDK == nil {
		t.Errorf("next action = %+v", pi.NextAction)
	}
}

func TestNewMethodWhileTheShopperActs(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(pay("pm_card_threeDSecure2Required"))
	pi, err := b.api.PaymentIntents.Update(pi.ID, &stripe.PaymentIntentParams{PaymentMethod: stripe.String("pm_card_visa")})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "requires_confirmation")
	if err := b.p.Authenticate(pi.ID, true); err == nil {
		t.Error("the abandoned challenge was answered")
	}
	pi, err = b.api.PaymentIntents.Confirm(pi.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "succeeded")
}

func TestManualConfirmation(t *testing.T) {
	t.Parallel()
	b := open(t)
	params := pay("pm_card_threeDSecure2Required")
	params.ConfirmationMethod = stripe.String("manual")
	pi := b.create(params)
	if err := b.p.Authenticate(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b.retrieve(pi.ID), "requires_confirmation")
	pi, err := b.api.PaymentIntents.Confirm(pi.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "succeeded")

	pi = b.create(params)
	if err := b.p.Authenticate(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	other := &stripe.PaymentIntentParams{PaymentMethod: stripe.String("pm_card_authenticationRequired")}
	if _, err = b.api.PaymentIntents.Update(pi.ID, other); err != nil {
		t.Fatal(err)
	}
	pi, err = b.api.PaymentIntents.Confirm(pi.ID, &stripe.PaymentIntentConfirmParams{ReturnURL: stripe.String(comeBack)})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "requires_action") // one card's authentication is not another's
	if err := b.p.Authenticate(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	pi, err = b.api.PaymentIntents.Confirm(pi.ID, &stripe.PaymentIntentConfirmParams{ReturnURL: stripe.String(comeBack),
		PaymentMethod: stripe.String("pm_card_threeDSecure2Required")})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "requires_action")
}

func TestSlowBanks(t *testing.T) {
	t.Parallel()
	b := open(t)
	good, bad := b.create(pay("pm_sandbox_processing")), b.create(pay("pm_sandbox_processing_fails"))
	debit := func(iban string) *stripe.PaymentIntent {
		p := pay("")
		p.PaymentMethod, p.PaymentMethodTypes = nil, stripe.StringSlice([]string{"sepa_debit"})
		p.PaymentMethodData = &stripe.PaymentIntentPaymentMethodDataParams{Type: stripe.String("sepa_debit"),
			SEPADebit: &stripe.PaymentMethodSEPADebitParams{IBAN: stripe.String(iban)}}
		return b.create(p)
	}
	sepa, refused := debit("AT611904300234573201"), debit("AT861904300235473202")
	for _, pi := range []*stripe.PaymentIntent{good, bad, sepa, refused} {
		wantStatus(t, pi, "processing")
	}
	b.run()
	if at, ok := b.p.Next(); !ok || !at.Equal(b.now().Add(10*time.Minute)) {
		t.Errorf("next = %v %v", at, ok)
	}
	if b.p.Ledger()[0].Status != "pending" {
		t.Errorf("ledger = %+v", b.p.Ledger())
	}
	b.advance(10*time.Minute - time.Second)
	b.run()
	wantStatus(t, b.retrieve(good.ID), "processing")
	b.advance(time.Second)
	b.run()
	wantStatus(t, b.retrieve(good.ID), "succeeded")
	wantStatus(t, b.retrieve(sepa.ID), "succeeded")
	for id, code := range map[string]stripe.ErrorCode{bad.ID: "processing_error", refused.ID: "debit_not_authorized"} {
		pi := b.retrieve(id)
		wantStatus(t, pi, "requires_payment_method")
		if pi.LastPaymentError.Code != code {
			t.Errorf("last error = %+v", pi.LastPaymentError)
		}
	}
	if _, n := b.taken(); n != 2 || len(b.p.Ledger()) != 4 {
		t.Errorf("ledger = %+v", b.p.Ledger())
	}
	if _, ok := b.p.Next(); ok {
		t.Error("something waits after all is done")
	}
}

func TestRedirectMethods(t *testing.T) {
	t.Parallel()
	b := open(t)
	actions := map[string]string{"ideal": "redirect_to_url", "bancontact": "redirect_to_url", "klarna": "redirect_to_url", "paypal": "redirect_to_url",
		"mobilepay": "redirect_to_url", "alipay": "alipay_handle_redirect", "wechat_pay": "wechat_pay_display_qr_code",
		"swish": "swish_handle_redirect_or_display_qr_code"}
	begin := func(kind string) *stripe.PaymentIntent {
		p := pay("")
		p.PaymentMethod, p.PaymentMethodTypes = nil, stripe.StringSlice([]string{kind})
		p.PaymentMethodData = &stripe.PaymentIntentPaymentMethodDataParams{Type: stripe.String(kind)}
		if kind == "swish" {
			p.Currency = stripe.String("sek")
		}
		pi := b.create(p)
		wantStatus(t, pi, "requires_action")
		return pi
	}
	for kind, action := range actions {
		pi := begin(kind)
		if string(pi.NextAction.Type) != action {
			t.Errorf("%s: next action = %+v", kind, pi.NextAction)
		}
		if err := b.p.Authenticate(pi.ID, false); err != nil {
			t.Fatal(err)
		}
		left := b.retrieve(pi.ID)
		wantStatus(t, left, "requires_payment_method")
		if left.LastPaymentError.Code != "payment_method_customer_decline" {
			t.Errorf("%s: %+v", kind, left.LastPaymentError)
		}
		pi = begin(kind)
		if err := b.p.Authenticate(pi.ID, true); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, b.retrieve(pi.ID), "succeeded")
	}
	lapsing, taken := begin("swish"), begin("swish")
	if err := b.p.Authenticate(taken.ID, true); err != nil {
		t.Fatal(err)
	}
	b.advance(3 * time.Minute)
	b.run()
	wantStatus(t, b.retrieve(taken.ID), "succeeded")
	pi := b.retrieve(lapsing.ID)
	wantStatus(t, pi, "requires_payment_method")
	if pi.LastPaymentError.Code != "payment_intent_payment_attempt_expired" {
		t.Errorf("lapsed: %+v", pi.LastPaymentError)
	}
	if _, n := b.taken(); n != len(actions)+1 {
		t.Errorf("%d charges, want %d", n, len(actions)+1)
	}
	again := begin("swish")
	b.advance(time.Minute)
	if err := b.p.Authenticate(again.ID, false); err != nil {
		t.Fatal(err)
	}
	confirm := &stripe.PaymentIntentConfirmParams{ReturnURL: stripe.String(comeBack),
		PaymentMethodData: &stripe.PaymentIntentPaymentMethodDataParams{Type: stripe.String("swish")}}
	if _, err := b.api.PaymentIntents.Confirm(again.ID, confirm); err != nil {
		t.Fatal(err)
	}
	b.advance(2 * time.Minute)
	b.run()
	wantStatus(t, b.retrieve(again.ID), "requires_action") // the first wait's end is not the second's
}

func TestTroubleAfterTheMoney(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(pay("pm_card_createDispute"))
	list := b.api.Disputes.List(&stripe.DisputeListParams{PaymentIntent: stripe.String(pi.ID)})
	if !list.Next() || list.Dispute().Reason != "fraudulent" || list.Dispute().Charge.ID != pi.LatestCharge.ID {
		t.Fatalf("disputes: %v", list.Err())
	}
	if d, err := b.api.Disputes.Get(list.Dispute().ID, nil); err != nil || d.Amount != 4990 {
		t.Errorf("dispute = %+v, %v", d, err)
	}
	_, err := b.api.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(pi.ID)})
	refusal(t, err, 400, "charge_disputed")
	_, err = b.api.Disputes.Get("dp_nobody", nil)
	refusal(t, err, 404, "resource_missing")
	b.create(pay("pm_card_createIssuerFraudRecord"))
	b.run()
	for _, want := range []string{"charge.dispute.created", "radar.early_fraud_warning.created"} {
		if !slices.Contains(b.received(), want) {
			t.Errorf("no %s in %v", want, b.received())
		}
	}
}
