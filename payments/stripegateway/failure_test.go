package stripegateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/payments"
	"kassa/payments/money"
)

func cardError(decline string) object {
	return object{
		"type": "card_error", "code": "card_declined", "decline_code": decline, "message": "PRIVATE",
		"payment_intent": intentObject().with(object{
			"status": "requires_payment_method", "amount_received": 0,
			"last_payment_error": object{"type": "card_error", "code": "card_declined", "decline_code": decline},
		}),
	}
}

func invalid(code, param string) string {
	return errorBody(object{"type": "invalid_request_error", "code": code, "param": param, "message": "PRIVATE"})
}

func TestClasses(t *testing.T) {
	t.Parallel()
	shown := func(e object, status string) string {
		return errorBody(e.with(object{"payment_intent": intentObject().with(object{"status": status})}))
	}
	inState := object{"type": "invalid_request_error", "code": "payment_intent_unexpected_state", "message": "PRIVATE"}
	for name, test := range map[string]struct {
		status int
		body   string
		header []string
		want   string
	}{
		"declined": {402, errorBody(cardError("insufficient_funds")), nil,
			"class=declined reason=use_other_method code=insufficient_funds state=false replayed=false intent=true"},
		"declined, replayed": {402, errorBody(cardError("fraudulent")), []string{"Idempotent-Replayed", "true"},
			"class=declined reason=declined code=fraudulent state=false replayed=true intent=true"},
		"declined without more": {402, errorBody(object{"type": "card_error", "code": "expired_card"}), nil,
			"class=declined reason=card_expired code=expired_card state=false replayed=false intent=false"},
		"declined by a wallet": {402, shown(object{"type": "invalid_request_error", "code": "payment_method_customer_decline"},
			"requires_payment_method"), nil,
			"class=declined reason=canceled code=payment_method_customer_decline state=false replayed=false intent=true"},
		"declined, yet paid": {402, shown(object{"type": "card_error", "code": "card_declined"}, "succeeded"), nil,
			"class=unknown reason= code= state=false replayed=false intent=true"},
		"declined, of a method": {402, errorBody(object{"type": "card_error", "code": "card_declined", "param": "payment_method"}), nil,
			"class=declined reason=declined code=card_declined state=false replayed=false intent=false"},
		"402 of another kind": {402, errorBody(object{"type": "api_error"}), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},

		"malformed": {400, invalid("parameter_missing", "currency"), nil,
			"class=refused reason=declined code=parameter_missing state=false replayed=false intent=false"},
		"too small": {400, invalid("amount_too_small", "amount"), nil,
			"class=refused reason=amount_limit code=amount_too_small state=false replayed=false intent=false"},
		"token missing": {400, invalid("resource_missing", "confirmation_token"), nil,
			"class=refused reason=invalid_token code=resource_missing state=false replayed=false intent=false"},
		"token missing, 404": {404, invalid("resource_missing", "payment_method"), nil,
			"class=refused reason=invalid_token code=resource_missing state=false replayed=false intent=false"},
		"token used": {400, invalid("token_already_used", ""), nil,
			"class=refused reason=invalid_token code=token_already_used state=false replayed=false intent=false"},
		"token expired": {400, invalid("", "confirmation_token"), nil,
			"class=refused reason=invalid_token code= state=false replayed=false intent=false"},
		"methods are no token": {400, invalid("", "payment_method_types"), nil,
			"class=refused reason=declined code= state=false replayed=false intent=false"},
		"in another state": {400, shown(inState, "succeeded"), nil,
			"class=refused reason=declined code=payment_intent_unexpected_state state=true replayed=false intent=true"},
		"in some other state": {400, errorBody(inState), nil,
			"class=refused reason=declined code=payment_intent_unexpected_state state=true replayed=false intent=false"},
		"refused, yet moved": {400, shown(object{"type": "invalid_request_error"}, "processing"), nil,
			"class=refused reason=declined code= state=true replayed=false intent=true"},

		"other request under the key": {400, errorBody(object{"type": "idempotency_error"}), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"400 of Stripe's making": {400, errorBody(object{"type": "api_error"}), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"intent missing": {404, invalid("resource_missing", "intent"), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"customer missing": {400, invalid("resource_missing", "customer"), nil,
			"class=unknown reason= code= state=false replayed=false intent=false no customer"},
		"refunded intent missing": {400, invalid("resource_missing", "payment_intent"), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"no such path": {404, invalid("", ""), nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"key revoked": {401, invalid("api_key_expired", ""), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"key not permitted":  {403, invalid("", ""), nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"method not allowed": {405, invalid("", ""), nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"in flight": {409, errorBody(object{"type": "idempotency_error", "code": "idempotency_key_in_use"}), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"in flight, as 400": {400, invalid("idempotency_key_in_use", ""), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"locked":    {429, invalid("lock_timeout", ""), nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"throttled": {429, invalid("rate_limit", ""), nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"500": {500, errorBody(object{"type": "api_error"}), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"500, stored": {500, errorBody(object{"type": "api_error"}), []string{"Idempotent-Replayed", "true"},
			"class=unknown reason= code= state=false replayed=true intent=false"},
		"500, stored, unreadable": {500, `PRIVATE`, []string{"Idempotent-Replayed", "true"},
			"class=unknown reason= code= state=false replayed=true intent=false"},
		"502, a proxy's page":    {502, `<html>PRIVATE</html>`, nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"error without an error": {400, `{"PRIVATE":1}`, nil, "class=unknown reason= code= state=false replayed=false intent=false"},

		"200, cut short": {200, `{"id":"pi_1","PRIVATE":`, nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"200, empty":     {200, ``, nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"200, not an intent": {200, `{"object":"list","data":[]}`, []string{"Idempotent-Replayed", "true"},
			"class=unknown reason= code= state=false replayed=true intent=false"},
		"200, a bare id": {200, `"pi_1"`, nil, "class=unknown reason= code= state=false replayed=false intent=false"},
		"200, larger than all": {200, intentObject().with(object{"description": strings.Repeat("x", 5<<20)}).String(), nil,
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"redirected": {307, ``, []string{"Location", "/v1/elsewhere"},
			"class=unknown reason= code= state=false replayed=false intent=false"},
		"redirected to a list": {303, `{}`, []string{"Location", "/v1/payment_intents"},
			"class=unknown reason= code= state=false replayed=false intent=false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, answer(test.status, test.body, test.header...))
			i, err := p.gateway(t).Pay(t.Context(), request())
			e := failureOf(t, err)
			if got := describe(e); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
			if i.ID != "" {
				t.Errorf("an intent beside the error: %v", i)
			}
			if n := len(p.requests()); n != 1 {
				t.Errorf("sent %d requests, want 1: nothing may be repeated here", n)
			}
			if s := err.Error(); strings.Contains(s, "PRIVATE") || strings.Contains(s, "secret") || !strings.Contains(s, "request_id=req_1") {
				t.Errorf("error text quotes the provider or lacks the request id: %s", s)
			}
		})
	}
}

// The caller decides from the intent beside a refusal; it must be the one Stripe showed.
func TestIntentBesideTheError(t *testing.T) {
	t.Parallel()
	p := newProvider(t, answer(402, errorBody(cardError("incorrect_cvc"))))
	_, err := p.gateway(t).Pay(t.Context(), request())
	i := failureOf(t, err).Intent
	if i == nil || i.ID != intentID || i.Status != payments.StatusAwaitingMethod || i.SessionID != "cs_1" || i.Decline == nil || i.Decline.Reason != payments.ReasonCheckDetails {
		t.Errorf("intent is %+v", i)
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for reason, codes := range map[payments.Reason]string{
		payments.ReasonUseOtherMethod: "insufficient_funds card_velocity_exceeded withdrawal_count_limit_exceeded currency_not_supported card_not_supported transaction_not_allowed",
		payments.ReasonCardExpired:    "expired_card invalid_expiry_month invalid_expiry_year",
		payments.ReasonCheckDetails:   "incorrect_cvc invalid_cvc incorrect_number incorrect_zip incorrect_address",
		payments.ReasonAuthenticate:   "authentication_required payment_intent_authentication_failure",
		payments.ReasonTryAgain:       "processing_error issuer_not_available reenter_transaction try_again_later approve_with_id",
		payments.ReasonCheckExisting:  "duplicate_transaction",
		payments.ReasonDeclined:       "fraudulent lost_card stolen_card pickup_card restricted_card merchant_blacklist security_violation generic_decline do_not_honor call_issuer novel",
		payments.ReasonCanceled:       "payment_method_customer_decline payment_intent_payment_attempt_expired payment_method_provider_timeout",
		payments.ReasonAmountLimit:    "amount_too_small amount_too_large",
	} {
		for code := range strings.FieldsSeq(codes) {
			p := newProvider(t, answer(402, errorBody(cardError(code))), answer(402, errorBody(object{"type": "card_error", "code": code})))
			g := p.gateway(t)
			for _, from := range []string{"decline_code", "code"} {
				_, err := g.Pay(t.Context(), request())
				if e := failureOf(t, err); e.Decline.Reason != reason || e.Decline.Code != code {
					t.Errorf("%s as %s is %+v, want %s", code, from, e.Decline, reason)
				}
			}
		}
	}
}

// Whatever Stripe calls the parameter that the shopper's token came in, the token is at fault.
func TestParametersOfInstruments(t *testing.T) {
	t.Parallel()
	for param, want := range map[string]payments.Reason{
		"confirmation_token": payments.ReasonInvalidToken, "payment_method": payments.ReasonInvalidToken, "payment_method_data": payments.ReasonInvalidToken,
		"payment_method_data[card]": payments.ReasonInvalidToken, "payment_method_data[card][token]": payments.ReasonInvalidToken,
		"card[token]": payments.ReasonInvalidToken, "token": payments.ReasonInvalidToken, "return_url": payments.ReasonDeclined,
	} {
		_, err := newProvider(t, answer(http.StatusBadRequest, invalid("", param))).gateway(t).Pay(t.Context(), request())
		if e := failureOf(t, err); e.Class != payments.ClassRefused || e.Decline.Reason != want {
			t.Errorf("%s: %s", param, describe(e))
		}
	}
}

// What fraud looks like from outside must not be told apart by the code beside the decline code.
func TestFraudLooksLikeAnyDecline(t *testing.T) {
	t.Parallel()
	p := newProvider(t, answer(402, errorBody(object{"type": "card_error", "code": "incorrect_cvc", "decline_code": "stolen_card"})))
	_, err := p.gateway(t).Pay(t.Context(), request())
	if e := failureOf(t, err); e.Decline.Reason != payments.ReasonDeclined || e.Decline.Code != "stolen_card" {
		t.Errorf("decline is %+v", e.Decline)
	}
}

// Each outbound call: refused, done with the answer lost, late, and twice (TestTheSameCallTwiceIsTheSameBytes).
func TestEachCallRefused(t *testing.T) {
	t.Parallel()
	for _, o := range operations() {
		p := newProvider(t, answer(400, invalid("parameter_invalid_empty", "x")))
		err := o.call(t.Context(), p.gateway(t))
		want := payments.ClassUnknown // a read disproves nothing
		if o.write {
			want = payments.ClassRefused
		}
		if got := failureOf(t, err).Class; got != want {
			t.Errorf("%s: class %s, want %s", o.name, got, want)
		}
		if n := len(p.requests()); n != 1 {
			t.Errorf("%s: sent %d requests, want 1", o.name, n)
		}
	}
}

func TestEachCallLost(t *testing.T) {
	t.Parallel()
	for _, o := range operations() {
		var answers []http.HandlerFunc
		for _, ok := range o.ok[1:] {
			answers = append(answers, answer(200, ok, "Connection", "close")) // else net/http sends again on another connection
		}
		p := newProvider(t, append(answers, lose)...)
		err := o.call(t.Context(), p.gateway(t))
		if got := failureOf(t, err).Class; got != payments.ClassUnknown {
			t.Errorf("%s: class %s, want unknown", o.name, got)
		}
		if n := len(p.requests()); n != len(o.ok) {
			t.Errorf("%s: sent %d requests, want %d", o.name, n, len(o.ok))
		}
	}
}

func TestEachCallLate(t *testing.T) {
	t.Parallel()
	for _, o := range operations() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			late := make(chan struct{})
			p := newProvider(t, func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-late:
				case <-r.Context().Done():
				}
			})
			t.Cleanup(func() { close(late) }) // runs before the server's own
			const deadline = 50 * time.Millisecond
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			start := time.Now()
			err := o.call(ctx, p.gateway(t))
			if took := time.Since(start); took > deadline+5*time.Second { // half of what a call may take without one
				t.Errorf("took %v with a deadline of %v", took, deadline)
			}
			if got := failureOf(t, err).Class; got != payments.ClassUnknown || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error is %v (%s), want an unknown deadline exceeded", err, got)
			}
		})
	}
}

// A deadline that falls while the body arrives is as unknown as one before it.
func TestLateBody(t *testing.T) {
	t.Parallel()
	late := make(chan struct{})
	p := newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-late:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(late) })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := p.gateway(t).Pay(ctx, request())
	if failureOf(t, err).Class != payments.ClassUnknown || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

// Whatever becomes of the update, nothing is confirmed at the old amount.
func TestUpdateFails(t *testing.T) {
	t.Parallel()
	state := errorBody(object{
		"type": "invalid_request_error", "code": "payment_intent_unexpected_state",
		"payment_intent": intentObject().with(object{"status": "requires_action"}),
	})
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		class  payments.Class
		state  bool
	}{
		"in another state": {answer(400, state), payments.ClassRefused, true},
		"too small":        {answer(400, invalid("amount_too_small", "amount")), payments.ClassRefused, false},
		"in flight":        {answer(409, errorBody(object{"type": "invalid_request_error"})), payments.ClassUnknown, false},
		"stored 500":       {answer(500, errorBody(object{"type": "api_error"})), payments.ClassUnknown, false},
		"another intent":   {answer(200, intentObject().with(object{"id": "pi_other"}).String()), payments.ClassUnknown, false},
		"lost":             {lose, payments.ClassUnknown, false},
	} {
		p := newProvider(t, test.answer)
		_, err := p.gateway(t).Pay(t.Context(), further(true))
		if e := failureOf(t, err); e.Class != test.class || e.State != test.state {
			t.Errorf("%s: %s", name, describe(e))
		}
		if n := len(p.requests()); n != 1 || p.requests()[0].key != "upd-1" {
			t.Errorf("%s: sent %d requests, want the update alone", name, n)
		}
	}
}

// A request that can't be right never leaves.
func TestNotSent(t *testing.T) {
	t.Parallel()
	change := func(f func(*payments.Request)) payments.Request { r := further(true); f(&r); return r }
	for name, test := range map[string]struct {
		request payments.Request
		reason  payments.Reason
	}{
		"no key":            {change(func(r *payments.Request) { r.Key = "" }), payments.ReasonDeclined},
		"long key":          {change(func(r *payments.Request) { r.Key = strings.Repeat("k", 256) }), payments.ReasonDeclined},
		"no update key":     {change(func(r *payments.Request) { r.UpdateKey = "" }), payments.ReasonDeclined},
		"nothing to update": {change(func(r *payments.Request) { r.IntentID = "" }), payments.ReasonDeclined},
		"no session":        {change(func(r *payments.Request) { r.SessionID = "" }), payments.ReasonDeclined},
		"no methods":        {change(func(r *payments.Request) { r.Methods = nil }), payments.ReasonDeclined},
		"sheet of another's intent": {change(func(r *payments.Request) {
			r.Instrument, r.IntentID = payments.Instrument{Kind: payments.InstrumentSheet}, "pi_1"
		}), payments.ReasonDeclined},
		"no return URL":      {change(func(r *payments.Request) { r.ReturnURL = "" }), payments.ReasonDeclined},
		"no token":           {change(func(r *payments.Request) { r.Instrument.Token = "" }), payments.ReasonInvalidToken},
		"unknown instrument": {change(func(r *payments.Request) { r.Instrument.Kind = "cash" }), payments.ReasonInvalidToken},
		"nothing to pay":     {change(func(r *payments.Request) { r.Amount.Minor = 0 }), payments.ReasonAmountLimit},
		"not chargeable":     {change(func(r *payments.Request) { r.Amount = money.New(1999, "MGA") }), payments.ReasonAmountLimit},
	} {
		p := newProvider(t, lose)
		_, err := p.gateway(t).Pay(t.Context(), test.request)
		if e := failureOf(t, err); e.Class != payments.ClassRefused || e.Decline.Reason != test.reason || len(p.requests()) != 0 {
			t.Errorf("%s: %s after %d requests, want refused %s after none", name, describe(e), len(p.requests()), test.reason)
		}
	}
	longest := further(true)
	longest.Key, longest.UpdateKey = strings.Repeat("k", 255), strings.Repeat("u", 255)
	if _, err := newProvider(t, answer(http.StatusOK, intentObject().String())).gateway(t).Pay(t.Context(), longest); err != nil {
		t.Errorf("the longest key that Stripe takes: %v", err)
	}
	p := newProvider(t, lose)
	g := p.gateway(t)
	_, cancelNoID := g.Cancel(t.Context(), "", "k")
	_, cancelNoKey := g.Cancel(t.Context(), intentID, "")
	_, refundNothing := g.Refund(t.Context(), payments.RefundRequest{Key: "k", IntentID: intentID, Amount: money.New(0, "EUR")})
	_, refundNoID := g.Refund(t.Context(), payments.RefundRequest{Key: "k", Amount: money.New(1, "EUR")})
	_, readNoID := g.Read(t.Context(), "")
	_, findNoSession := g.Find(t.Context(), "", time.Unix(0, 0))
	_, captureNothing := g.Capture(t.Context(), payments.CaptureRequest{Key: "k", IntentID: intentID, Amount: money.New(0, "EUR")})
	_, captureNoID := g.Capture(t.Context(), payments.CaptureRequest{Key: "k", Amount: money.New(1, "EUR")})
	_, refundsNoID := g.Refunds(t.Context(), "")
	_, disputeNoID := g.Dispute(t.Context(), "")
	_, cardsNoID := g.SavedCards(t.Context(), "")
	for _, err := range []error{cancelNoID, cancelNoKey, refundNothing, refundNoID, captureNothing, captureNoID} {
		if failureOf(t, err).Class != payments.ClassRefused {
			t.Error(err)
		}
	}
	for _, err := range []error{readNoID, findNoSession, refundsNoID, disputeNoID, cardsNoID} {
		if failureOf(t, err).Class != payments.ClassUnknown {
			t.Error(err)
		}
	}
	if n := len(p.requests()); n != 0 {
		t.Errorf("sent %d requests, want none", n)
	}
}

func TestRefundRefused(t *testing.T) {
	t.Parallel()
	for code, state := range map[string]bool{
		"charge_already_refunded": true, "charge_disputed": true, "charge_not_refundable": true, "refund_disputed_payment": true,
		"charge_already_captured": true, "charge_expired_for_capture": true, "intent_invalid_state": true, "payment_intent_unexpected_state": true,
		"balance_insufficient": false, "amount": true,
	} {
		body := invalid(code, "")
		if code == "amount" { // more than is left: a parameter without a code
			body = invalid("", code)
		}
		p := newProvider(t, answer(400, body))
		_, err := p.gateway(t).Refund(t.Context(), refundRequest())
		if e := failureOf(t, err); e.Class != payments.ClassRefused || e.State != state {
			t.Errorf("%s: %s", code, describe(e))
		}
	}
	for name, body := range map[string]string{
		"no id":            refundObject().with(object{"id": ""}).String(),
		"another object":   refundObject().with(object{"object": "charge"}).String(),
		"unknown currency": refundObject().with(object{"currency": "zzz"}).String(),
	} {
		_, err := newProvider(t, answer(200, body)).gateway(t).Refund(t.Context(), refundRequest())
		if failureOf(t, err).Class != payments.ClassUnknown {
			t.Errorf("%s: %v", name, err)
		}
	}
}
