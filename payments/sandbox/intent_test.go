package sandbox_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

func TestOneCallPays(t *testing.T) {
	t.Parallel()
	b := open(t)
	params := pay("pm_card_visa")
	params.AddExpand("latest_charge")
	pi := b.create(params)
	wantStatus(t, pi, "succeeded")
	if pi.AmountReceived != 4990 || pi.Livemode || pi.ClientSecret == "" || pi.Metadata["session_id"] != "ses_1" {
		t.Errorf("intent = %+v", pi)
	}
	if pi.PaymentMethod.ID == "pm_card_visa" {
		t.Error("a test method keeps its static id; Stripe gives each use one of its own")
	}
	ch := pi.LatestCharge
	if ch.Amount != 4990 || !ch.Captured || !ch.Paid || ch.PaymentMethodDetails.Card.Last4 != "4242" || ch.PaymentIntent.ID != pi.ID {
		t.Errorf("expanded charge = %+v", ch)
	}
	if again := b.retrieve(pi.ID); again.LatestCharge.ID != ch.ID || again.Status != pi.Status {
		t.Errorf("retrieved = %+v", again)
	}
	if kept, n := b.taken(); kept != 4990 || n != 1 {
		t.Errorf("ledger keeps %d in %d charges", kept, n)
	}
}

func TestGooglePayTokenPaysInOneCall(t *testing.T) {
	t.Parallel()
	b := open(t)
	params := pay("")
	params.PaymentMethod = nil
	params.AddExtra("payment_method_data[type]", "card")
	params.AddExtra("payment_method_data[card][token]", "tok_mastercard")
	params.AddExpand("payment_method")
	pi := b.create(params)
	wantStatus(t, pi, "succeeded")
	if pi.PaymentMethod.Card.Brand != "mastercard" {
		t.Errorf("card = %+v", pi.PaymentMethod.Card)
	}
	params = pay("")
	params.PaymentMethod = nil
	params.AddExtra("payment_method_data[type]", "card")
	params.AddExtra("payment_method_data[card][token]", "tok_nobody")
	_, err := b.api.PaymentIntents.New(params)
	refusal(t, err, 400, "resource_missing")
}

func TestStepByStep(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(&stripe.PaymentIntentParams{Amount: stripe.Int64(1000), Currency: stripe.String("EUR"),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"})})
	wantStatus(t, pi, "requires_payment_method")
	if pi.Currency != "eur" {
		t.Errorf("currency = %q", pi.Currency)
	}
	_, err := b.api.PaymentIntents.Confirm(pi.ID, nil)
	refusal(t, err, 400, "payment_intent_unexpected_state")
	pi, err = b.api.PaymentIntents.Update(pi.ID, &stripe.PaymentIntentParams{Amount: stripe.Int64(1200),
		PaymentMethod: stripe.String("pm_card_visa"), Description: stripe.String("Shoes"), Metadata: map[string]string{"a": "1", "b": "2"},
		ReceiptEmail: stripe.String("a@example.com"), StatementDescriptorSuffix: stripe.String("SHOES"),
		Shipping: &stripe.ShippingDetailsParams{Name: stripe.String("A"), Address: &stripe.AddressParams{Line1: stripe.String("S 1"), City: stripe.String("Oslo")}}})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "requires_confirmation")
	if pi.Amount != 1200 || pi.Description != "Shoes" || pi.Shipping.Address.City != "Oslo" || pi.ReceiptEmail != "a@example.com" {
		t.Errorf("updated = %+v", pi)
	}
	pi, err = b.api.PaymentIntents.Update(pi.ID, &stripe.PaymentIntentParams{Metadata: map[string]string{"a": "", "c": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"b": "2", "c": "3"}; !maps.Equal(pi.Metadata, want) {
		t.Errorf("metadata = %v, want %v", pi.Metadata, want)
	}
	pi, err = b.api.PaymentIntents.Confirm(pi.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "succeeded")
	if pi.AmountReceived != 1200 {
		t.Errorf("received %d", pi.AmountReceived)
	}
}

func TestStatusForbids(t *testing.T) {
	t.Parallel()
	b := open(t)
	made := map[string]*stripe.PaymentIntent{}
	made["succeeded"] = b.create(pay("pm_card_visa"))
	made["requires_action"] = b.create(pay("pm_card_threeDSecure2Required"))
	made["processing"] = b.create(pay("pm_sandbox_processing"))
	held := pay("pm_card_visa")
	held.PaymentMethodTypes, held.CaptureMethod = stripe.StringSlice([]string{"card"}), stripe.String("manual")
	made["requires_capture"] = b.create(held)
	gone := b.create(pay("pm_card_threeDSecure2Required"))
	if _, err := b.api.PaymentIntents.Cancel(gone.ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")}); err != nil {
		t.Fatal(err)
	}
	made["canceled"] = gone
	confirm := &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa"), ReturnURL: stripe.String(comeBack)}
	for status, pi := range made {
		wantStatus(t, b.retrieve(pi.ID), status)
		_, err := b.api.PaymentIntents.Update(pi.ID, &stripe.PaymentIntentParams{Amount: stripe.Int64(5)})
		if e := refusal(t, err, 400, "payment_intent_unexpected_state"); e.PaymentIntent == nil || string(e.PaymentIntent.Status) != status {
			t.Errorf("update of %s: error shows %+v", status, e.PaymentIntent)
		}
		if status != "requires_action" {
			_, err = b.api.PaymentIntents.Confirm(pi.ID, confirm)
			if e := refusal(t, err, 400, "payment_intent_unexpected_state"); strings.Contains(e.Msg, "already succeeded") != (status == "succeeded") {
				t.Errorf("confirm of %s: %s", status, e.Msg)
			}
		}
		if status != "requires_capture" {
			_, err = b.api.PaymentIntents.Capture(pi.ID, nil)
			refusal(t, err, 400, "payment_intent_unexpected_state")
		}
		if status == "succeeded" || status == "processing" || status == "canceled" {
			_, err = b.api.PaymentIntents.Cancel(pi.ID, nil)
			if e := refusal(t, err, 400, "payment_intent_unexpected_state"); e.PaymentIntent.ID != pi.ID {
				t.Errorf("cancel of %s: error shows %+v", status, e.PaymentIntent)
			}
		}
		wantStatus(t, b.retrieve(pi.ID), status)
		if status == "requires_action" {
			continue
		}
		if _, err = b.api.PaymentIntents.Update(pi.ID, &stripe.PaymentIntentParams{Description: stripe.String("noted")}); err != nil {
			t.Errorf("description of %s: %v", status, err)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(pay("pm_card_authenticationRequired"))
	b.advance(time.Minute)
	pi, err := b.api.PaymentIntents.Cancel(pi.ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")})
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pi, "canceled")
	if pi.CancellationReason != "abandoned" || pi.CanceledAt != b.now().Unix() || pi.NextAction != nil {
		t.Errorf("canceled = %+v", pi)
	}
	_, err = b.api.PaymentIntents.Cancel("pi_nobody", nil)
	refusal(t, err, 404, "resource_missing")
	_, err = b.api.PaymentIntents.Cancel(pi.ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("mood")})
	refusal(t, err, 400, "")
}

func TestManualCapture(t *testing.T) {
	t.Parallel()
	b := open(t)
	hold := func(perMethod bool) *stripe.PaymentIntent {
		params := pay("pm_card_visa")
		params.AddExpand("latest_charge")
		if perMethod {
			params.PaymentMethodOptions = &stripe.PaymentIntentPaymentMethodOptionsParams{
				Card: &stripe.PaymentIntentPaymentMethodOptionsCardParams{CaptureMethod: stripe.String("manual")}}
		} else {
			params.PaymentMethodTypes, params.CaptureMethod = stripe.StringSlice([]string{"card"}), stripe.String("manual")
		}
		pi := b.create(params)
		wantStatus(t, pi, "requires_capture")
		if pi.AmountCapturable != 4990 || pi.AmountReceived != 0 || pi.LatestCharge.Captured {
			t.Errorf("held = %+v", pi)
		}
		if got, want := pi.LatestCharge.PaymentMethodDetails.Card.CaptureBefore, b.now().Add(7*24*time.Hour).Unix(); got != want {
			t.Errorf("capture_before = %d, want %d", got, want)
		}
		return pi
	}
	whole, part, freed, lapsed := hold(false), hold(true), hold(false), hold(false)
	if kept, _ := b.taken(); kept != 0 || b.p.Ledger()[0].Status != "authorized" {
		t.Errorf("holds count as money: %+v", b.p.Ledger())
	}
	pi, err := b.api.PaymentIntents.Capture(whole.ID, nil)
	if err != nil || pi.Status != "succeeded" || pi.AmountReceived != 4990 {
		t.Fatalf("capture: %v %+v", err, pi)
	}
	_, err = b.api.PaymentIntents.Capture(part.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(4991)})
	refusal(t, err, 400, "amount_too_large")
	pi, err = b.api.PaymentIntents.Capture(part.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(1000)})
	if err != nil || pi.AmountReceived != 1000 || pi.AmountCapturable != 0 {
		t.Fatalf("part capture: %v %+v", err, pi)
	}
	if _, err = b.api.PaymentIntents.Cancel(freed.ID, nil); err != nil {
		t.Fatal(err)
	}
	b.advance(7*24*time.Hour - time.Second)
	b.run()
	wantStatus(t, b.retrieve(lapsed.ID), "requires_capture")
	b.advance(time.Second)
	b.run()
	late := b.retrieve(lapsed.ID)
	wantStatus(t, late, "canceled")
	if late.CancellationReason != "automatic" || !slices.Contains(b.received(), "charge.expired") {
		t.Errorf("lapsed = %+v, events %v", late, b.received())
	}
	if kept, _ := b.taken(); kept != 5990 {
		t.Errorf("kept %d, want 5990", kept)
	}
	if last := b.p.Ledger()[3]; last.Status != "released" || last.Refunded != 0 {
		t.Errorf("lapsed hold = %+v", last)
	}
}

func TestParametersAreChecked(t *testing.T) {
	t.Parallel()
	b := open(t)
	many := map[string]string{}
	for i := range 51 {
		many["k"+strconv.Itoa(i)] = "v"
	}
	cases := []struct {
		name   string
		change func(*stripe.PaymentIntentParams)
		code   string
		param  string
	}{
		{"too small", func(p *stripe.PaymentIntentParams) { p.Amount = stripe.Int64(49) }, "amount_too_small", "amount"},
		{"nine digits", func(p *stripe.PaymentIntentParams) { p.Amount = stripe.Int64(100_000_000) }, "amount_too_large", "amount"},
		{"zero", func(p *stripe.PaymentIntentParams) { p.Amount = stripe.Int64(0) }, "parameter_invalid_integer", "amount"},
		{"no amount", func(p *stripe.PaymentIntentParams) { p.Amount = nil }, "parameter_missing", "amount"},
		{"no currency", func(p *stripe.PaymentIntentParams) { p.Currency = nil }, "parameter_missing", "currency"},
		{"empty currency", func(p *stripe.PaymentIntentParams) { p.Currency = stripe.String("") }, "parameter_invalid_empty", "currency"},
		{"no such currency", func(p *stripe.PaymentIntentParams) { p.Currency = stripe.String("xxq") }, "", "currency"},
		{"ISK has hundredths", func(p *stripe.PaymentIntentParams) {
			p.Currency, p.Amount, p.PaymentMethodTypes = stripe.String("isk"), stripe.Int64(10_050), stripe.StringSlice([]string{"card"})
		}, "invalid_charge_amount", "amount"},
		{"fraction", func(p *stripe.PaymentIntentParams) { p.Amount = nil; p.AddExtra("amount", "49.90") }, "parameter_invalid_integer", "amount"},
		{"unknown", func(p *stripe.PaymentIntentParams) { p.AddExtra("amont", "1") }, "parameter_unknown", "amont"},
		{"unknown inside", func(p *stripe.PaymentIntentParams) { p.AddExtra("shipping[address][planet]", "1") }, "parameter_unknown",
			"shipping[address][planet]"},
		{"unknown option", func(p *stripe.PaymentIntentParams) { p.AddExtra("payment_method_options[card][colour]", "1") },
			"parameter_unknown", "payment_method_options[card][colour]"},
		{"bad boolean", func(p *stripe.PaymentIntentParams) { p.Confirm = nil; p.AddExtra("confirm", "yes") }, "", "confirm"},
		{"bad choice", func(p *stripe.PaymentIntentParams) { p.CaptureMethod = stripe.String("never") }, "", "capture_method"},
		{"bad email", func(p *stripe.PaymentIntentParams) { p.ReceiptEmail = stripe.String("nobody") }, "email_invalid", "receipt_email"},
		{"long suffix", func(p *stripe.PaymentIntentParams) {
			p.StatementDescriptorSuffix = stripe.String(strings.Repeat("x", 23))
		}, "",
			"statement_descriptor_suffix"},
		{"51 metadata keys", func(p *stripe.PaymentIntentParams) { p.Metadata = many }, "", "metadata"},
		{"long metadata key", func(p *stripe.PaymentIntentParams) { p.Metadata = map[string]string{strings.Repeat("k", 41): "v"} }, "", "metadata"},
		{"long metadata value", func(p *stripe.PaymentIntentParams) { p.Metadata = map[string]string{"k": strings.Repeat("v", 501)} }, "",
			"metadata"},
		{"shipping without name", func(p *stripe.PaymentIntentParams) {
			p.Shipping = &stripe.ShippingDetailsParams{Address: &stripe.AddressParams{Line1: stripe.String("x")}}
		}, "parameter_missing", "shipping[name]"},
		{"type that has ended", func(p *stripe.PaymentIntentParams) { p.PaymentMethodTypes = stripe.StringSlice([]string{"sofort"}) }, "",
			"payment_method_types"},
		{"ideal in dollars", func(p *stripe.PaymentIntentParams) { p.Currency = stripe.String("usd") }, "", "currency"},
		{"ideal can't wait", func(p *stripe.PaymentIntentParams) { p.CaptureMethod = stripe.String("manual") }, "", "capture_method"},
		{"both ways to choose types", func(p *stripe.PaymentIntentParams) {
			p.AutomaticPaymentMethods = &stripe.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true)}
		}, "parameters_exclusive", "automatic_payment_methods"},
		{"error_on_requires_action under automatic", func(p *stripe.PaymentIntentParams) {
			p.PaymentMethodTypes, p.ErrorOnRequiresAction = nil, stripe.Bool(true)
			p.AutomaticPaymentMethods = &stripe.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true)}
		}, "parameters_exclusive", "error_on_requires_action"},
		{"two methods", func(p *stripe.PaymentIntentParams) { p.ConfirmationToken = stripe.String("ctoken_1") }, "parameters_exclusive",
			"payment_method"},
		{"return_url without confirm", func(p *stripe.PaymentIntentParams) { p.Confirm = nil }, "", "return_url"},
		{"unknown method", func(p *stripe.PaymentIntentParams) { p.PaymentMethod = stripe.String("pm_card_nobody") }, "resource_missing",
			"payment_method"},
		{"unknown customer", func(p *stripe.PaymentIntentParams) { p.Customer = stripe.String("cus_nobody") }, "resource_missing", "customer"},
		{"bad off_session", func(p *stripe.PaymentIntentParams) { p.AddExtra("off_session", "maybe") }, "", "off_session"},
		{"raw card number", func(p *stripe.PaymentIntentParams) {
			p.PaymentMethod = nil
			p.AddExtra("payment_method_data[type]", "card")
			p.AddExtra("payment_method_data[card][number]", "4242")
		}, "", "payment_method_data[card][number]"},
		{"odd expand", func(p *stripe.PaymentIntentParams) { p.AddExpand("secrets") }, "", "expand"},
		{"status can't be expanded", func(p *stripe.PaymentIntentParams) { p.AddExpand("status") }, "", "expand"},
		{"amount can't be expanded", func(p *stripe.PaymentIntentParams) { p.AddExpand("amount.more") }, "", "expand"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			params := pay("pm_card_visa")
			c.change(params)
			_, err := b.api.PaymentIntents.New(params)
			status := 400
			if c.name == "raw card number" {
				status = 402
			}
			if e := refusal(t, err, status, c.code); e.Param != c.param || e.Type != stripe.ErrorTypeInvalidRequest {
				t.Errorf("param %q type %q, want param %q", e.Param, e.Type, c.param)
			}
		})
	}
	if n := len(b.p.Ledger()); n != 0 {
		t.Errorf("%d charges of refused calls", n)
	}
	if list := b.api.PaymentIntents.List(nil); list.Next() {
		t.Errorf("a refused call left intent %s", list.PaymentIntent().ID)
	}
}

func TestIDEALTakesCents(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(&stripe.PaymentIntentParams{Amount: stripe.Int64(1), Currency: stripe.String("eur"),
		PaymentMethodTypes: stripe.StringSlice([]string{"ideal"})})
	wantStatus(t, pi, "requires_payment_method")
}

func TestReturnURL(t *testing.T) {
	t.Parallel()
	b := open(t)
	automatic := func(redirects string) *stripe.PaymentIntentParams {
		p := pay("pm_card_visa")
		p.PaymentMethodTypes, p.ReturnURL = nil, nil
		if redirects != "" {
			p.AutomaticPaymentMethods = &stripe.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true),
				AllowRedirects: stripe.String(redirects)}
		}
		return p
	}
	for _, redirects := range []string{"", "always"} {
		_, err := b.api.PaymentIntents.New(automatic(redirects))
		if e := refusal(t, err, 400, ""); e.Param != "return_url" {
			t.Errorf("automatic %q: param %q", redirects, e.Param)
		}
	}
	pi := b.create(automatic("never"))
	wantStatus(t, pi, "succeeded")
	if slices.Contains(pi.PaymentMethodTypes, "ideal") || !slices.Contains(pi.PaymentMethodTypes, "card") {
		t.Errorf("types without redirects = %v", pi.PaymentMethodTypes)
	}
	ideal := pay("")
	ideal.PaymentMethod, ideal.ReturnURL = nil, nil
	ideal.PaymentMethodData = &stripe.PaymentIntentPaymentMethodDataParams{Type: stripe.String("ideal")}
	_, err := b.api.PaymentIntents.New(ideal)
	refusal(t, err, 400, "parameter_missing")
	plain := pay("pm_card_visa")
	plain.ReturnURL = nil
	wantStatus(t, b.create(plain), "succeeded")
}

func TestTypesAreKept(t *testing.T) {
	t.Parallel()
	b := open(t)
	params := pay("")
	params.PaymentMethod, params.PaymentMethodTypes = nil, stripe.StringSlice([]string{"card"})
	params.PaymentMethodData = &stripe.PaymentIntentPaymentMethodDataParams{Type: stripe.String("ideal")}
	_, err := b.api.PaymentIntents.New(params)
	refusal(t, err, 400, "payment_intent_incompatible_payment_method")
	off := &stripe.PaymentIntentParams{Amount: stripe.Int64(1000), Currency: stripe.String("eur"),
		AutomaticPaymentMethods: &stripe.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripe.Bool(false)}}
	if pi := b.create(off); !slices.Equal(pi.PaymentMethodTypes, []string{"card"}) {
		t.Errorf("types with automatic off = %v", pi.PaymentMethodTypes)
	}
	auto := &stripe.PaymentIntentParams{Amount: stripe.Int64(1000), Currency: stripe.String("eur"), CaptureMethod: stripe.String("manual")}
	pi := b.create(auto)
	_, err = b.api.PaymentIntents.Confirm(pi.ID, &stripe.PaymentIntentConfirmParams{ReturnURL: stripe.String(comeBack),
		PaymentMethodData: &stripe.PaymentIntentPaymentMethodDataParams{Type: stripe.String("ideal")}})
	refusal(t, err, 400, "payment_intent_incompatible_payment_method")
}

func TestListPages(t *testing.T) {
	t.Parallel()
	b := open(t)
	cus, err := b.api.Customers.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	start := b.now()
	var ids []string
	for i := range 25 {
		params := pay("pm_card_visa")
		if i%5 == 0 {
			params.Customer = stripe.String(cus.ID)
		}
		ids = append(ids, b.create(params).ID)
		b.advance(time.Second)
	}
	slices.Reverse(ids)
	all := func(p *stripe.PaymentIntentListParams) (got []string) {
		list := b.api.PaymentIntents.List(p)
		for list.Next() {
			got = append(got, list.PaymentIntent().ID)
		}
		if list.Err() != nil {
			t.Fatal(list.Err())
		}
		return got
	}
	p := &stripe.PaymentIntentListParams{}
	p.Limit = stripe.Int64(10)
	if got := all(p); !slices.Equal(got, ids) {
		t.Errorf("paged = %v, want %v", got, ids)
	}
	ranged := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{
		GreaterThanOrEqual: start.Add(3 * time.Second).Unix(), LesserThanOrEqual: start.Add(5 * time.Second).Unix()}}
	if got := all(ranged); !slices.Equal(got, ids[19:22]) {
		t.Errorf("range = %v, want %v", got, ids[19:22])
	}
	open := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{
		GreaterThan: start.Add(3 * time.Second).Unix(), LesserThan: start.Add(5 * time.Second).Unix()}}
	if got := all(open); !slices.Equal(got, ids[20:21]) {
		t.Errorf("open range = %v, want %v", got, ids[20:21])
	}
	if got := all(&stripe.PaymentIntentListParams{Created: stripe.Int64(start.Unix())}); !slices.Equal(got, ids[24:]) {
		t.Errorf("created at = %v", got)
	}
	if got := all(&stripe.PaymentIntentListParams{Customer: stripe.String(cus.ID)}); len(got) != 5 {
		t.Errorf("of the customer = %v", got)
	}
	before := &stripe.PaymentIntentListParams{}
	before.EndingBefore, before.Limit, before.Single = stripe.String(ids[10]), stripe.Int64(3), true
	if got := all(before); !slices.Equal(got, ids[7:10]) && !slices.Equal(got, reversed(ids[7:10])) {
		t.Errorf("before = %v, want %v", got, ids[7:10])
	}
	expanded := &stripe.PaymentIntentListParams{}
	expanded.Single, expanded.Limit = true, stripe.Int64(2)
	expanded.AddExpand("data.latest_charge")
	list := b.api.PaymentIntents.List(expanded)
	for list.Next() {
		if list.PaymentIntent().LatestCharge.Amount != 4990 {
			t.Errorf("charge of the list = %+v", list.PaymentIntent().LatestCharge)
		}
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "starting_after=pi_nobody", "starting_after=pi_1&ending_before=pi_2", "created[gte]=soon"} {
		if status, body := b.raw("GET", "/v1/payment_intents?"+query, ""); status != 400 {
			t.Errorf("list with %s: %d %v", query, status, body)
		}
	}
}

func reversed(in []string) []string {
	out := slices.Clone(in)
	slices.Reverse(out)
	return out
}
