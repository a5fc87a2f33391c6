package stripegateway_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An event tells of an intent what a read of it would, whether Stripe writes ids or whole things into it.
func TestEventsTellWhatReadsTell(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]object{
		"plain":    intentObject(),
		"ids":      intentObject().with(object{"customer": "cus_1", "latest_charge": "ch_1"}),
		"nothing":  intentObject().with(object{"customer": nil, "latest_charge": nil, "next_action": nil, "last_payment_error": nil}),
		"customer": intentObject().with(object{"customer": object{"id": "cus_2", "object": "customer"}}),
		"refunded": intentObject().with(object{"latest_charge": object{"id": "ch_1", "captured": true, "amount_refunded": 500}}),
		"held": intentObject().with(object{"status": "requires_capture", "amount_received": 0, "amount_capturable": 1999,
			"latest_charge": object{"id": "ch_1", "payment_method_details": object{"type": "card", "card": object{"capture_before": 1700600000}}}}),
		"iDEAL": intentObject().with(object{"latest_charge": object{"id": "ch_1", "captured": true,
			"payment_method_details": object{"type": "ideal", "ideal": object{}}}}),
		"canceled": intentObject().with(object{"status": "canceled", "cancellation_reason": "abandoned"}),
		"at the bank": intentObject().with(object{"status": "requires_action", "next_action": object{"type": "redirect_to_url",
			"redirect_to_url": object{"url": "https://hooks.example/3ds", "return_url": "https://shop.example/return"}}}),
		"declined": intentObject().with(object{"status": "requires_payment_method",
			"last_payment_error": object{"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}}),
		"used token": intentObject().with(object{"status": "requires_payment_method",
			"last_payment_error": object{"type": "invalid_request_error", "param": "payment_method"}}),
	} {
		got, err := event(t, eventBody("payment_intent.succeeded", o))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(read(t, o), got.Intent); diff != "" {
			t.Errorf("%s (-read +event):\n%s", name, diff)
		}
	}
}
