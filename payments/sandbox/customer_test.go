package sandbox_test

import (
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

func TestCustomers(t *testing.T) {
	t.Parallel()
	b := open(t)
	cus, err := b.api.Customers.New(&stripe.CustomerParams{Email: stripe.String("kari@example.no"), Name: stripe.String("Kari"),
		PreferredLocales: stripe.StringSlice([]string{"nb"}), Address: &stripe.AddressParams{Country: stripe.String("NO")},
		Shipping: &stripe.CustomerShippingParams{Name: stripe.String("Kari"), Address: &stripe.AddressParams{Line1: stripe.String("Gate 1")}},
		Metadata: map[string]string{"user": "u1"}, PaymentMethod: stripe.String("pm_card_visa")})
	if err != nil || cus.Email != "kari@example.no" || cus.Address.Country != "NO" || cus.PreferredLocales[0] != "nb" || cus.Metadata["user"] != "u1" {
		t.Fatalf("customer = %+v, %v", cus, err)
	}
	cus, err = b.api.Customers.Update(cus.ID, &stripe.CustomerParams{Phone: stripe.String("+4712345678"), Email: stripe.String("")})
	if err != nil || cus.Phone != "+4712345678" || cus.Email != "" || cus.Name != "Kari" {
		t.Fatalf("updated = %+v, %v", cus, err)
	}
	if got, err := b.api.Customers.Get(cus.ID, nil); err != nil || got.Shipping.Address.Line1 != "Gate 1" {
		t.Errorf("retrieved = %+v, %v", got, err)
	}
	list := b.api.Customers.ListPaymentMethods(&stripe.CustomerListPaymentMethodsParams{Customer: stripe.String(cus.ID)})
	if !list.Next() {
		t.Fatalf("no attached method: %v", list.Err())
	}
	card := list.PaymentMethod().ID
	_, err = b.api.Customers.New(&stripe.CustomerParams{Email: stripe.String("nobody")})
	refusal(t, err, 400, "email_invalid")
	_, err = b.api.Customers.New(&stripe.CustomerParams{PaymentMethod: stripe.String("pm_nobody")})
	refusal(t, err, 400, "resource_missing")
	_, err = b.api.Customers.Update("cus_nobody", nil)
	refusal(t, err, 404, "resource_missing")

	if gone, err := b.api.Customers.Del(cus.ID, nil); err != nil || !gone.Deleted {
		t.Fatalf("deleted = %+v, %v", gone, err)
	}
	if got, err := b.api.Customers.Get(cus.ID, nil); err != nil || !got.Deleted || got.Name != "" {
		t.Errorf("a deleted customer shows %+v, %v", got, err)
	}
	for _, again := range []func() error{
		func() error { _, err := b.api.Customers.Del(cus.ID, nil); return err },
		func() error { _, err := b.api.Customers.Update(cus.ID, nil); return err },
	} {
		refusal(t, again(), 404, "resource_missing")
	}
	params := pay("pm_card_visa")
	params.Customer = stripe.String(cus.ID)
	_, err = b.api.PaymentIntents.New(params)
	refusal(t, err, 400, "resource_missing")
	_, err = b.api.PaymentIntents.New(pay(card))
	refusal(t, err, 400, "")
	if pm, err := b.api.PaymentMethods.Get(card, nil); err != nil || pm.Customer != nil {
		t.Errorf("the card of a deleted customer = %+v, %v", pm, err)
	}
}

func TestEphemeralKeys(t *testing.T) {
	t.Parallel()
	b := open(t)
	cus, err := b.api.Customers.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := b.api.EphemeralKeys.New(&stripe.EphemeralKeyParams{Customer: stripe.String(cus.ID),
		StripeVersion: stripe.String("2025-10-29.clover")})
	if err != nil || key.Secret == "" || key.Expires != b.now().Add(time.Hour).Unix() {
		t.Fatalf("key = %+v, %v", key, err)
	}
	if status, _ := b.raw("POST", "/v1/ephemeral_keys", "customer="+cus.ID); status != 400 {
		t.Errorf("without Stripe-Version: %d", status)
	}
	_, err = b.api.EphemeralKeys.New(&stripe.EphemeralKeyParams{Customer: stripe.String("cus_nobody"),
		StripeVersion: stripe.String(stripe.APIVersion)})
	refusal(t, err, 400, "resource_missing")
	if _, err = b.api.EphemeralKeys.Del(key.ID, nil); err != nil {
		t.Fatal(err)
	}
	_, err = b.api.EphemeralKeys.Del(key.ID, nil)
	refusal(t, err, 404, "resource_missing")
}

func TestSavedCards(t *testing.T) {
	t.Parallel()
	b := open(t)
	cus, err := b.api.Customers.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	save := pay("pm_card_authenticationRequiredOnSetup")
	save.Customer, save.SetupFutureUsage = stripe.String(cus.ID), stripe.String("off_session")
	pi := b.create(save)
	if err := b.p.Authenticate(pi.ID, true); err != nil {
		t.Fatal(err)
	}
	list := b.api.PaymentMethods.List(&stripe.PaymentMethodListParams{Customer: stripe.String(cus.ID), Type: stripe.String("card")})
	if !list.Next() {
		t.Fatalf("the card was not saved: %v", list.Err())
	}
	saved := list.PaymentMethod()
	again := pay(saved.ID)
	_, err = b.api.PaymentIntents.New(again)
	refusal(t, err, 400, "") // belongs to a customer whom the intent does not name
	again.Customer, again.OffSession = stripe.String(cus.ID), stripe.Bool(true)
	wantStatus(t, b.create(again), "succeeded")

	used := b.create(pay("pm_card_visa")).PaymentMethod.ID
	_, err = b.api.PaymentIntents.New(pay(used))
	refusal(t, err, 400, "")

	other, err := b.api.Customers.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.api.PaymentMethods.Attach(saved.ID, &stripe.PaymentMethodAttachParams{Customer: stripe.String(other.ID)})
	refusal(t, err, 400, "")
	own, err := b.api.PaymentMethods.Attach("pm_card_mastercard", &stripe.PaymentMethodAttachParams{Customer: stripe.String(other.ID)})
	if err != nil || own.Customer.ID != other.ID {
		t.Fatalf("attached = %+v, %v", own, err)
	}
	if _, err = b.api.PaymentMethods.Detach(own.ID, nil); err != nil {
		t.Fatal(err)
	}
	_, err = b.api.PaymentMethods.Detach(own.ID, nil)
	refusal(t, err, 400, "")
	_, err = b.api.PaymentMethods.Detach("pm_nobody", nil)
	refusal(t, err, 404, "resource_missing")
	_, err = b.api.PaymentMethods.Attach("pm_nobody", &stripe.PaymentMethodAttachParams{Customer: stripe.String(other.ID)})
	refusal(t, err, 404, "resource_missing")
	_, err = b.api.PaymentIntents.New(pay(own.ID))
	refusal(t, err, 400, "")
	if got, err := b.api.PaymentMethods.Get(own.ID, nil); err != nil || got.Card.Brand != "mastercard" {
		t.Errorf("method = %+v, %v", got, err)
	}
}

func TestConfirmationTokens(t *testing.T) {
	t.Parallel()
	b := open(t)
	token := func(method string, change func(*stripe.TestHelpersConfirmationTokenParams)) *stripe.ConfirmationToken {
		t.Helper()
		p := &stripe.TestHelpersConfirmationTokenParams{PaymentMethod: stripe.String(method), ReturnURL: stripe.String("https://app.example/done"),
			Shipping: &stripe.TestHelpersConfirmationTokenShippingParams{Name: stripe.String("Kari"),
				Address: &stripe.AddressParams{Line1: stripe.String("Gate 1")}}}
		if change != nil {
			change(p)
		}
		ct, err := b.api.TestHelpersConfirmationTokens.New(p)
		if err != nil {
			t.Fatal(err)
		}
		return ct
	}
	with := func(id string) *stripe.PaymentIntentParams {
		p := pay("")
		p.PaymentMethod, p.ReturnURL, p.ConfirmationToken = nil, nil, stripe.String(id)
		return p
	}
	ct := token("pm_card_visa", nil)
	if ct.PaymentMethodPreview.Card.Last4 != "4242" || ct.PaymentIntent != "" || ct.ExpiresAt != b.now().Add(12*time.Hour).Unix() {
		t.Errorf("token = %+v", ct)
	}
	pi := b.create(with(ct.ID))
	wantStatus(t, pi, "succeeded")
	if pi.Shipping.Name != "Kari" {
		t.Errorf("shipping of the token is lost: %+v", pi)
	}
	if got, err := b.api.ConfirmationTokens.Get(ct.ID, nil); err != nil || got.PaymentIntent != pi.ID {
		t.Errorf("used token = %+v, %v", got, err)
	}
	_, err := b.api.PaymentIntents.New(with(ct.ID))
	if e := refusal(t, err, 400, ""); e.Param != "confirmation_token" {
		t.Errorf("second use: %+v", e)
	}
	_, err = b.api.PaymentIntents.New(with("ctoken_nobody"))
	refusal(t, err, 400, "resource_missing")

	declined := token("pm_card_chargeDeclined", nil)
	_, err = b.api.PaymentIntents.New(with(declined.ID))
	refusal(t, err, 402, "card_declined")
	_, err = b.api.PaymentIntents.New(with(declined.ID))
	refusal(t, err, 400, "")

	acting := b.create(with(token("pm_card_threeDSecure2Required", nil).ID))
	if acting.NextAction.RedirectToURL == nil || acting.NextAction.RedirectToURL.ReturnURL != "https://app.example/done" {
		t.Errorf("next action = %+v", acting.NextAction)
	}
	real := token("pm_card_threeDSecure2Required", func(p *stripe.TestHelpersConfirmationTokenParams) { p.AddExtra("use_stripe_sdk", "true") })
	if pi := b.create(with(real.ID)); pi.NextAction.Type != "use_stripe_sdk" {
		t.Errorf("next action = %+v", pi.NextAction)
	}
	described := token("", func(p *stripe.TestHelpersConfirmationTokenParams) {
		p.PaymentMethod = nil
		p.PaymentMethodData = &stripe.TestHelpersConfirmationTokenPaymentMethodDataParams{Type: stripe.String("ideal")}
	})
	wantStatus(t, b.create(with(described.ID)), "requires_action")

	own, err := b.api.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"),
		Card: &stripe.PaymentMethodCardParams{Token: stripe.String("tok_visa")}})
	if err != nil {
		t.Fatal(err)
	}
	if pi := b.create(with(token(own.ID, nil).ID)); pi.PaymentMethod.ID != own.ID {
		t.Errorf("paid with %s, want %s", pi.PaymentMethod.ID, own.ID)
	}
	old := token("pm_card_visa", nil)
	b.advance(12 * time.Hour)
	_, err = b.api.PaymentIntents.New(with(old.ID))
	refusal(t, err, 400, "")
	for _, params := range []*stripe.TestHelpersConfirmationTokenParams{{}, {PaymentMethod: stripe.String("pm_nobody")}} {
		_, err = b.api.TestHelpersConfirmationTokens.New(params)
		refusal(t, err, 400, map[bool]string{true: "parameter_missing", false: "resource_missing"}[params.PaymentMethod == nil])
	}
}
