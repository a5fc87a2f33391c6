package stripegateway_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/payments"
	"kassa/payments/money"
)

func TestEachInstrumentPays(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for n, r := range []payments.Request{
		card("visa"),
		paid(request(), payments.InstrumentConfirmationToken, s.confirmationToken(t, "pm_card_visa")),
		paid(request(), payments.InstrumentGooglePayToken, "tok_visa"),
	} {
		r.Key = fmt.Sprint("pay-", n)
		i := s.mustPay(t, r)
		if i.Status != payments.StatusPaid || i.Received != r.Amount || i.Amount != r.Amount || i.SessionID != "cs_1" || i.Attempt != 2 || i.Live {
			t.Errorf("%s: %+v", r.Instrument.Kind, i)
		}
		if total, charges := s.taken(); total != int64(n+1)*1999 || charges != n+1 {
			t.Errorf("%s: the provider took %d in %d charges", r.Instrument.Kind, total, charges)
		}
	}
}

func TestFurtherAttempt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first := card("chargeDeclinedInsufficientFunds")
	first.Attempt = 1
	_, err := s.Pay(t.Context(), first)
	e := failureOf(t, err)
	if e.Class != payments.ClassDeclined || e.Decline.Reason != payments.ReasonUseOtherMethod || e.Intent == nil {
		t.Fatal(describe(e))
	}
	again := card("chargeDeclinedIncorrectCvc")
	again.Key, again.Attempt, again.IntentID = "pay-2", 2, e.Intent.ID
	_, err = s.Pay(t.Context(), again)
	if e := failureOf(t, err); e.Class != payments.ClassDeclined || e.Intent == nil || e.Intent.ID != again.IntentID || e.Intent.Attempt != 1 {
		t.Fatalf("%s: a confirmation carries no metadata, the attempt stays the first", describe(e))
	}
	last := card("visa")
	last.Key, last.Attempt, last.IntentID, last.UpdateAmount, last.UpdateKey = "pay-3", 3, e.Intent.ID, true, "upd-3"
	last.Amount = money.New(1500, "EUR")
	i := s.mustPay(t, last)
	if i.ID != e.Intent.ID || i.Status != payments.StatusPaid || i.Received != last.Amount || i.Attempt != 3 {
		t.Errorf("intent %+v", i)
	}
	if total, charges := s.taken(); total != 1500 || charges != 1 {
		t.Errorf("the provider took %d in %d charges", total, charges)
	}
}

// The matrix may offer more at the second try than it did when the intent was made.
func TestFurtherAttemptWithAnotherMethod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first := card("chargeDeclined")
	first.Methods = []string{"card"}
	_, err := s.Pay(t.Context(), first)
	again := paid(request(), payments.InstrumentPaymentMethod, s.create(t, "/v1/payment_methods", url.Values{"type": {"ideal"}}))
	again.Key, again.IntentID = "pay-2", failureOf(t, err).Intent.ID
	i := s.mustPay(t, again)
	if i.Status != payments.StatusActionRequired || i.Action == nil || i.Action.URL == "" || i.Action.ReturnURL != again.ReturnURL {
		t.Errorf("intent %+v", i)
	}
}

// A ConfirmationToken from Stripe's SDK asks for an action that only the SDK can perform: there is no URL, and the client
// secret is what the app needs.
func TestActionForTheSDK(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := s.create(t, "/v1/test_helpers/confirmation_tokens",
		url.Values{"payment_method": {"pm_card_authenticationRequired"}, "use_stripe_sdk": {"true"}})
	i := s.mustPay(t, paid(request(), payments.InstrumentConfirmationToken, token))
	if i.Status != payments.StatusActionRequired || i.Action == nil || *i.Action != (payments.Action{Type: "use_stripe_sdk"}) || i.ClientSecret == "" {
		t.Errorf("intent %+v", i)
	}
}

func TestStrongAuthentication(t *testing.T) {
	t.Parallel()
	for _, succeed := range []bool{true, false} {
		s := newShop(t)
		r := card("authenticationRequired")
		i := s.mustPay(t, r)
		if i.Status != payments.StatusActionRequired || i.Action == nil || i.Action.Type != "redirect_to_url" || i.Action.URL == "" || i.Action.ReturnURL != r.ReturnURL || i.ClientSecret == "" {
			t.Fatalf("intent %+v", i)
		}
		if err := s.provider.Authenticate(i.ID, succeed); err != nil {
			t.Fatal(err)
		}
		after, err := s.Read(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		if succeed && (after.Status != payments.StatusPaid || after.Action != nil) {
			t.Errorf("authenticated: %+v", after)
		}
		if !succeed && (after.Status != payments.StatusAwaitingMethod || after.Decline == nil || after.Decline.Reason != payments.ReasonAuthenticate) {
			t.Errorf("not authenticated: %+v", after)
		}
	}
}

func TestOtherRequestUnderTheSameKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.mustPay(t, card("visa"))
	other := card("visa")
	other.Amount = money.New(5000, "EUR")
	_, err := s.Pay(t.Context(), other)
	if e := failureOf(t, err); e.Class != payments.ClassUnknown {
		t.Error(describe(e))
	}
}

func TestDeclineIsReplayed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for n, replayed := range []bool{false, true} {
		_, err := s.Pay(t.Context(), card("chargeDeclinedFraudulent"))
		if e := failureOf(t, err); e.Class != payments.ClassDeclined || e.Decline.Reason != payments.ReasonDeclined || e.Replayed != replayed {
			t.Errorf("call %d: %s", n, describe(e))
		}
	}
}

func TestUsedTokenIsInvalid(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := paid(request(), payments.InstrumentConfirmationToken, s.confirmationToken(t, "pm_card_visa"))
	s.mustPay(t, r)
	for _, token := range []string{r.Instrument.Token, "ctoken_nowhere"} {
		again := paid(request(), payments.InstrumentConfirmationToken, token)
		again.Key = "pay " + token
		_, err := s.Pay(t.Context(), again)
		if e := failureOf(t, err); e.Class != payments.ClassRefused || e.Decline.Reason != payments.ReasonInvalidToken || e.State {
			t.Errorf("%s: %s", token, describe(e))
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	waiting := s.mustPay(t, card("authenticationRequired"))
	i, err := s.Cancel(t.Context(), waiting.ID, "cancel-1")
	if err != nil || i.Status != payments.StatusCanceled || i.CancelReason != "abandoned" {
		t.Fatalf("%+v, %v", i, err)
	}
	if i, err = s.Cancel(t.Context(), waiting.ID, "cancel-1"); err != nil || i.Status != payments.StatusCanceled {
		t.Errorf("again: %+v, %v", i, err)
	}
	won := card("visa")
	won.Key = "pay-2"
	for id, want := range map[string]payments.Status{waiting.ID: payments.StatusCanceled, s.mustPay(t, won).ID: payments.StatusPaid} {
		_, err := s.Cancel(t.Context(), id, "late-"+id)
		if e := failureOf(t, err); e.Class != payments.ClassRefused || !e.State || e.Intent == nil || e.Intent.Status != want {
			t.Errorf("too late: %s", describe(e))
		}
	}
}

// Both tried at once: the intent is paid, and the confirmation under another key is told so.
func TestConfirmWhatIsPaid(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	again := card("visa")
	again.IntentID, again.Key, again.UpdateAmount, again.UpdateKey = s.mustPay(t, card("visa")).ID, "pay-2", true, "upd-2"
	_, err := s.Pay(t.Context(), again)
	if e := failureOf(t, err); e.Class != payments.ClassRefused || !e.State || e.Intent == nil || e.Intent.Status != payments.StatusPaid {
		t.Error(describe(e))
	}
	if _, charges := s.taken(); charges != 1 {
		t.Errorf("the provider took %d charges", charges)
	}
}

func TestRefund(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.mustPay(t, card("visa")).ID
	part := payments.RefundRequest{Key: "ref-1", IntentID: id, Amount: money.New(1500, "EUR"), Reason: "requested_by_customer"}
	for range 2 {
		r, err := s.Refund(t.Context(), part)
		if err != nil || r.Status != payments.RefundSucceeded || r.Amount != part.Amount || r.IntentID != id || r.ID == "" {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if total, _ := s.taken(); total != 499 {
		t.Errorf("the provider keeps %d, want 499: one key is one refund", total)
	}
	part.Key = "ref-2"
	_, err := s.Refund(t.Context(), part)
	if e := failureOf(t, err); e.Class != payments.ClassRefused || !e.State {
		t.Errorf("more than is left: %s", describe(e))
	}
	part.Key, part.Amount = "ref-3", money.New(499, "EUR")
	if _, err := s.Refund(t.Context(), part); err != nil {
		t.Error(err)
	}
	part.Key, part.Amount = "ref-4", money.New(1, "EUR")
	_, err = s.Refund(t.Context(), part)
	if e := failureOf(t, err); e.Class != payments.ClassRefused || !e.State {
		t.Errorf("when nothing is left: %s", describe(e))
	}
	part.Key, part.IntentID = "ref-5", "pi_nowhere"
	_, err = s.Refund(t.Context(), part)
	if e := failureOf(t, err); e.Class != payments.ClassUnknown {
		t.Errorf("of an intent that isn't there: %s", describe(e))
	}
}

func TestFindAmongMany(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var want []string
	for n := range 230 {
		r := card("visa")
		r.Key, r.SessionID = fmt.Sprint("pay-", n), fmt.Sprint("cs_", n%115)
		if i := s.mustPay(t, r); r.SessionID == "cs_7" {
			want = append([]string{i.ID}, want...)
		}
		s.pass(t, time.Second)
	}
	found, err := s.Find(t.Context(), "cs_7", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range found {
		got = append(got, i.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 2 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if found, err := s.Find(t.Context(), "cs_7", s.clock().Add(6*time.Minute)); err != nil || len(found) != 0 {
		t.Errorf("since then: %v, %v", found, err)
	}
}

func TestEventsOfALife(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	declined := card("chargeDeclined")
	_, err := s.Pay(t.Context(), declined)
	r := card("createDispute")
	r.Key, r.IntentID = "pay-2", failureOf(t, err).Intent.ID
	i := s.mustPay(t, r)
	s.pass(t, 0)
	kinds := map[string]payments.EventKind{}
	for _, e := range s.events {
		kinds[e.Type] = e.Kind
		if e.Kind == payments.EventForeign && (e.Object == "" || e.Intent.ID != i.ID) {
			t.Errorf("%s is about %q of %q", e.Type, e.Object, e.Intent.ID)
		}
		if (e.Kind == payments.EventIntent || e.Kind == payments.EventWake) && (e.Intent.ID != i.ID || e.Intent.SessionID != "cs_1") {
			t.Errorf("%s is about %+v", e.Type, e.Intent)
		}
	}
	for kind, want := range map[string]payments.EventKind{
		"payment_intent.created": payments.EventIgnored, "payment_intent.payment_failed": payments.EventWake,
		"payment_intent.succeeded": payments.EventIntent, "charge.dispute.created": payments.EventForeign, "charge.succeeded": payments.EventIgnored,
	} {
		if kinds[kind] != want {
			t.Errorf("%s is %q, want %q", kind, kinds[kind], want)
		}
	}
	at := slices.IndexFunc(s.events, func(e payments.Event) bool { return e.Type == "payment_intent.succeeded" })
	if at >= 0 && (s.events[at].Intent.Status != payments.StatusPaid || s.events[at].Intent.Received != r.Amount) {
		t.Errorf("snapshot %+v", s.events[at].Intent)
	}
}

func TestMissingIntentDecidesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := card("visa")
	r.IntentID = "pi_nowhere"
	_, pay := s.Pay(t.Context(), r)
	_, cancel := s.Cancel(t.Context(), "pi_nowhere", "k")
	_, read := s.Read(t.Context(), "pi_nowhere")
	for _, err := range []error{pay, cancel, read} {
		if e := failureOf(t, err); e.Class != payments.ClassUnknown {
			t.Error(describe(e))
		}
	}
}
