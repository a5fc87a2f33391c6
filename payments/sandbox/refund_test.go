package sandbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
)

func TestRefunds(t *testing.T) {
	t.Parallel()
	b := open(t)
	pi := b.create(pay("pm_card_visa"))
	give := func(amount int64) (*stripe.Refund, error) {
		p := &stripe.RefundParams{PaymentIntent: stripe.String(pi.ID), Reason: stripe.String("requested_by_customer"),
			Metadata: map[string]string{"order": "o1"}}
		if amount > 0 {
			p.Amount = stripe.Int64(amount)
		}
		return b.api.Refunds.New(p)
	}
	first, err := give(1000)
	if err != nil || first.Status != "succeeded" || first.Amount != 1000 || first.Charge.ID != pi.LatestCharge.ID || first.Metadata["order"] != "o1" {
		t.Fatalf("refund = %+v, %v", first, err)
	}
	_, err = give(3991)
	if e := refusal(t, err, 400, ""); e.Param != "amount" {
		t.Errorf("too much: %+v", e)
	}
	rest, err := give(0)
	if err != nil || rest.Amount != 3990 {
		t.Fatalf("rest = %+v, %v", rest, err)
	}
	_, err = give(0)
	refusal(t, err, 400, "charge_already_refunded")
	_, err = give(1)
	refusal(t, err, 400, "charge_already_refunded")
	ch, err := b.api.Charges.Get(pi.LatestCharge.ID, nil)
	if err != nil || !ch.Refunded || ch.AmountRefunded != 4990 {
		t.Errorf("charge = %+v, %v", ch, err)
	}
	if kept, _ := b.taken(); kept != 0 {
		t.Errorf("kept %d", kept)
	}
	var ids []string
	list := b.api.Refunds.List(&stripe.RefundListParams{PaymentIntent: stripe.String(pi.ID)})
	for list.Next() {
		ids = append(ids, list.Refund().ID)
	}
	if !slices.Equal(ids, []string{rest.ID, first.ID}) {
		t.Errorf("listed %v", ids)
	}
	if again, err := b.api.Refunds.Get(first.ID, nil); err != nil || again.Amount != 1000 {
		t.Errorf("retrieved %+v, %v", again, err)
	}
	expanded := &stripe.RefundParams{}
	expanded.AddExpand("payment_intent.latest_charge")
	if r, err := b.api.Refunds.Get(first.ID, expanded); err != nil || r.PaymentIntent.LatestCharge.AmountRefunded != 4990 {
		t.Errorf("expanded %+v, %v", r, err)
	}
}

func TestRefundsThatCannotBe(t *testing.T) {
	t.Parallel()
	b := open(t)
	acting := b.create(pay("pm_card_threeDSecure2Required"))
	held := pay("pm_card_visa")
	held.PaymentMethodTypes, held.CaptureMethod = stripe.StringSlice([]string{"card"}), stripe.String("manual")
	hold := b.create(held)
	cases := []struct {
		params stripe.RefundParams
		code   string
	}{
		{stripe.RefundParams{}, "parameter_missing"},
		{stripe.RefundParams{PaymentIntent: stripe.String("pi_1"), Charge: stripe.String("ch_1")}, "parameters_exclusive"},
		{stripe.RefundParams{PaymentIntent: stripe.String("pi_nobody")}, "resource_missing"},
		{stripe.RefundParams{Charge: stripe.String("ch_nobody")}, "resource_missing"},
		{stripe.RefundParams{PaymentIntent: stripe.String(acting.ID)}, "charge_not_refundable"},
		{stripe.RefundParams{PaymentIntent: stripe.String(hold.ID)}, "charge_not_refundable"},
		{stripe.RefundParams{Charge: stripe.String(hold.LatestCharge.ID)}, "charge_not_refundable"},
		{stripe.RefundParams{PaymentIntent: stripe.String(acting.ID), Amount: stripe.Int64(0)}, "parameter_invalid_integer"},
		{stripe.RefundParams{PaymentIntent: stripe.String(acting.ID), Reason: stripe.String("mood")}, ""},
	}
	for _, c := range cases {
		_, err := b.api.Refunds.New(&c.params)
		refusal(t, err, 400, c.code)
	}
}

func TestRefundsThatTakeTheirTime(t *testing.T) {
	t.Parallel()
	b := open(t)
	failing, slow := b.create(pay("pm_card_refundFail")), b.create(pay("pm_card_pendingRefund"))
	refund := func(pi *stripe.PaymentIntent) *stripe.Refund {
		r, err := b.api.Refunds.New(&stripe.RefundParams{Charge: stripe.String(pi.LatestCharge.ID)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	bad, late := refund(failing), refund(slow)
	if bad.Status != "succeeded" || late.Status != "pending" {
		t.Errorf("at first: %s, %s", bad.Status, late.Status)
	}
	b.run()
	b.forget()
	b.advance(time.Minute)
	b.run()
	if r, err := b.api.Refunds.Get(bad.ID, nil); err != nil || r.Status != "failed" || r.FailureReason == "" {
		t.Errorf("failing = %+v, %v", r, err)
	}
	if r, err := b.api.Refunds.Get(late.ID, nil); err != nil || r.Status != "succeeded" {
		t.Errorf("slow = %+v, %v", r, err)
	}
	want := []string{"charge.refund.updated", "refund.updated", "refund.failed", "charge.refund.updated", "refund.updated"}
	if got := b.received(); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	if kept, _ := b.taken(); kept != 4990 {
		t.Errorf("kept %d: a failed refund is owed again", kept)
	}
}
