package stripegateway_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/payments"
	"kassa/payments/money"
)

func read(t *testing.T, o object) payments.Intent {
	t.Helper()
	i, err := newProvider(t, answer(200, o.String())).gateway(t).Read(t.Context(), intentID)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestIntent(t *testing.T) {
	t.Parallel()
	got := read(t, intentObject().with(object{
		"status": "requires_capture", "amount_received": 0, "amount_capturable": 1999, "livemode": true,
		"cancellation_reason": "automatic",
		"latest_charge":       object{"id": "ch_1", "payment_method_details": object{"type": "card", "card": object{"capture_before": 1700600000}}},
		"last_payment_error":  object{"type": "card_error", "code": "card_declined", "decline_code": "expired_card"},
	}))
	want := payments.Intent{
		ID: intentID, Status: payments.StatusAuthorized, Amount: money.New(1999, "EUR"), Received: money.New(1999, "EUR"), Live: true,
		SessionID: "cs_1", Attempt: 2, ClientSecret: "pi_1_secret_x", CancelReason: "automatic",
		Decline:       &payments.Decline{Reason: payments.ReasonCardExpired, Code: "expired_card"},
		CaptureBefore: time.Unix(1700600000, 0).UTC(), Created: time.Unix(1700000000, 0).UTC(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("intent (-want +got):\n%s", diff)
	}
}

// A charge that says nothing of an end has none: 0 is not 1970.
func TestAChargeWithoutAHold(t *testing.T) {
	t.Parallel()
	for name, charge := range map[string]any{
		"card":   object{"id": "ch_1", "captured": true, "payment_method_details": object{"type": "card", "card": object{}}},
		"iDEAL":  object{"id": "ch_1", "captured": true, "payment_method_details": object{"type": "ideal", "ideal": object{}}},
		"its id": "ch_1",
	} {
		if got := read(t, intentObject().with(object{"latest_charge": charge})); !got.CaptureBefore.IsZero() {
			t.Errorf("%s is to be captured before %v", name, got.CaptureBefore)
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]payments.Status{
		"requires_payment_method": payments.StatusAwaitingMethod, "requires_confirmation": payments.StatusAwaitingMethod,
		"requires_action": payments.StatusActionRequired, "processing": payments.StatusProcessing,
		"requires_capture": payments.StatusAuthorized, "succeeded": payments.StatusPaid, "canceled": payments.StatusCanceled,
		"novel": payments.StatusReview, "": payments.StatusReview,
	} {
		if got := read(t, intentObject().with(object{"status": status})).Status; got != want {
			t.Errorf("%q is %s, want %s", status, got, want)
		}
	}
}

// Nothing is decided from what can't be read.
func TestUnreadableAmountsAreForReview(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]object{
		"unknown currency":       intentObject().with(object{"currency": "zzz"}),
		"fraction of a krona":    intentObject().with(object{"currency": "isk", "amount": 150050, "amount_received": 150000}),
		"received is a fraction": intentObject().with(object{"currency": "isk", "amount": 150000, "amount_received": 150050}),
	} {
		if got := read(t, o).Status; got != payments.StatusReview {
			t.Errorf("%s: status %s, want review", name, got)
		}
	}
}

func TestAttempt(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]int{"3": 3, "": 0, "x": 0, "-1": 0} {
		if got := read(t, intentObject().with(object{"metadata": object{"attempt": metadata}})).Attempt; got != want {
			t.Errorf("%q is %d, want %d", metadata, got, want)
		}
	}
	if i := read(t, intentObject().with(object{"metadata": object{}})); i.Attempt != 0 || i.SessionID != "" {
		t.Errorf("without metadata: %+v", i)
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		next object
		want payments.Action
	}{
		"redirect_to_url": {object{"url": "https://bank", "return_url": "https://back"},
			payments.Action{URL: "https://bank", ReturnURL: "https://back"}},
		"alipay_handle_redirect": {object{"url": "https://alipay", "native_url": "alipay://", "return_url": "https://back"},
			payments.Action{URL: "https://alipay", ReturnURL: "https://back"}},
		"swish_handle_redirect_or_display_qr_code": {object{"hosted_instructions_url": "https://swish", "mobile_auth_url": "swish://"},
			payments.Action{URL: "https://swish"}},
		"cashapp_handle_redirect_or_display_qr_code": {object{"mobile_auth_url": "https://cash"}, payments.Action{URL: "https://cash"}},
		"wechat_pay_redirect_to_ios_app":             {object{"native_url": "https://wechat"}, payments.Action{URL: "https://wechat"}},
		"wechat_pay_redirect_to_android_app":         {object{"app_id": "wx1"}, payments.Action{}},
		"wechat_pay_display_qr_code": {object{"hosted_instructions_url": "https://qr", "data": "weixin://"},
			payments.Action{URL: "https://qr"}},
		"use_stripe_sdk": {object{"type": "three_d_secure_redirect"}, payments.Action{}},
		"novel":          {object{"url": "https://novel"}, payments.Action{}},
	} {
		test.want.Type = name
		got := read(t, intentObject().with(object{"status": "requires_action", "next_action": object{"type": name, name: test.next}})).Action
		if diff := cmp.Diff(&test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
