package stripegateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/sandbox"
	"kassa/payments/stripegateway"
)

// shop is the gateway on one side, a provider with true state on the other, and a clock.
type shop struct {
	*stripegateway.Gateway
	provider *sandbox.Provider
	verifier *stripegateway.Verifier

	mu     sync.Mutex
	now    time.Time
	ids    int
	events []payments.Event
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{now: signedAt, verifier: verifier(t, whsecNew, whsecOld)}
	p, err := sandbox.Open(sandbox.Config{
		Now: s.clock,
		NewID: func(prefix string) string {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ids++
			return fmt.Sprintf("%s_%06d", prefix, s.ids)
		},
		Send: func(_ context.Context, body []byte, signature string) error {
			e, err := s.verifier.Event(s.clock(), body, signature)
			if err != nil {
				t.Errorf("event refused: %v", err)
			}
			s.events = append(s.events, e)
			return err
		},
		WebhookSecrets: []string{"whsec_of_another_endpoint", whsecOld},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.provider = p
	s.Gateway, err = stripegateway.New(stripegateway.Config{SecretKey: secretKey, HTTPClient: &http.Client{Transport: p.RoundTripper()}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *shop) pass(t *testing.T, d time.Duration) {
	t.Helper()
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
	if err := s.provider.Run(t.Context(), s.clock()); err != nil {
		t.Fatal(err)
	}
}

// taken is what the provider holds of the shopper's money, counted in its own ledger.
func (s *shop) taken() (total int64, charges int) {
	for _, c := range s.provider.Ledger() {
		if c.Captured > 0 {
			total, charges = total+c.Captured-c.Refunded, charges+1
		}
	}
	return total, charges
}

// make creates an object at the provider as the app's SDK would, and returns its id.
func (s *shop) make(t *testing.T, path string, params url.Values) string {
	t.Helper()
	a, err := s.provider.Do(t.Context(), sandbox.Request{Method: http.MethodPost, Path: path, Params: params, Key: secretKey})
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, a.Status, a.Body, err)
	}
	var made struct{ ID string }
	if err := json.Unmarshal(a.Body, &made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func (s *shop) confirmationToken(t *testing.T, card string) string {
	return s.make(t, "/v1/test_helpers/confirmation_tokens", url.Values{"payment_method": {card}})
}

func card(name string) payments.Request {
	return paid(request(), payments.InstrumentPaymentMethod, "pm_card_"+name)
}

func (s *shop) mustPay(t *testing.T, r payments.Request) payments.Intent {
	t.Helper()
	i, err := s.Pay(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

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
	again := paid(request(), payments.InstrumentPaymentMethod, s.make(t, "/v1/payment_methods", url.Values{"type": {"ideal"}}))
	again.Key, again.IntentID = "pay-2", failureOf(t, err).Intent.ID
	i := s.mustPay(t, again)
	if i.Status != payments.StatusActionRequired || i.Action == nil || i.Action.URL == "" || i.Action.ReturnURL != again.ReturnURL {
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

// Whatever goes wrong at the call, it is unknown; and the same call again, or the list, tells what became of it, without
// a second charge.
func TestEachFaultAtPay(t *testing.T) {
	t.Parallel()
	for _, way := range sandbox.Ways() {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			if err := s.provider.Inject(sandbox.Fault{Match: "payment_intents.create", Way: way}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := s.Pay(ctx, card("visa"))
			if e := failureOf(t, err); e.Class != payments.ClassUnknown || e.Replayed {
				t.Fatal(describe(e))
			}
			s.pass(t, 2*time.Minute)
			again, err := s.Pay(t.Context(), card("visa"))
			stored := way == sandbox.WayErrorAfter || way == sandbox.WayErrorBefore
			if stored {
				if e := failureOf(t, err); e.Class != payments.ClassUnknown || !e.Replayed {
					t.Errorf("again: %s, want unknown and replayed", describe(e))
				}
			} else if err != nil || again.Status != payments.StatusPaid {
				t.Errorf("again: %v, %v", again.Status, err)
			}
			found, err := s.Find(t.Context(), "cs_1", signedAt)
			want := 1
			if way == sandbox.WayErrorBefore {
				want = 0
			}
			if _, charges := s.taken(); err != nil || len(found) != want || charges != want {
				t.Errorf("found %d intents (%v), the provider took %d charges; want %d", len(found), err, charges, want)
			}
		})
	}
}

// The same for the calls that come after.
func TestEachFaultAtTheOtherWrites(t *testing.T) {
	t.Parallel()
	for _, way := range sandbox.Ways() {
		for at, call := range map[string]func(*shop, context.Context, string, string) error{
			"payment_intents.confirm": func(s *shop, ctx context.Context, open, _ string) error {
				r := card("visa")
				r.Key, r.IntentID = "confirm", open
				_, err := s.Pay(ctx, r)
				return err
			},
			"payment_intents.update": func(s *shop, ctx context.Context, open, _ string) error {
				r := card("visa")
				r.Key, r.IntentID, r.UpdateAmount, r.UpdateKey, r.Amount = "confirm", open, true, "update", money.New(1500, "EUR")
				_, err := s.Pay(ctx, r)
				return err
			},
			"payment_intents.cancel": func(s *shop, ctx context.Context, open, _ string) error {
				_, err := s.Cancel(ctx, open, "cancel")
				return err
			},
			"refunds.create": func(s *shop, ctx context.Context, _, done string) error {
				_, err := s.Refund(ctx, payments.RefundRequest{Key: "refund", IntentID: done, Amount: money.New(999, "EUR")})
				return err
			},
		} {
			t.Run(at+" "+string(way), func(t *testing.T) {
				t.Parallel()
				s := newShop(t)
				declined := card("chargeDeclined")
				declined.Key = "declined"
				_, err := s.Pay(t.Context(), declined)
				open := failureOf(t, err).Intent.ID
				done := s.mustPay(t, card("visa")).ID
				if err := s.provider.Inject(sandbox.Fault{Match: at, Way: way}); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if e := failureOf(t, call(s, ctx, open, done)); e.Class != payments.ClassUnknown || e.Replayed {
					t.Fatal(describe(e))
				}
				s.pass(t, 2*time.Minute)
				err = call(s, t.Context(), open, done)
				if way == sandbox.WayErrorAfter || way == sandbox.WayErrorBefore {
					if e := failureOf(t, err); e.Class != payments.ClassUnknown || !e.Replayed {
						t.Errorf("again: %s, want unknown and replayed", describe(e))
					}
				} else if err != nil {
					t.Errorf("again: %v", err)
				}
				if _, charges := s.taken(); charges > 2 {
					t.Errorf("the provider took %d charges", charges)
				}
				for _, c := range s.provider.Ledger() {
					if c.Refunded > 999 {
						t.Errorf("refunded %d of %s", c.Refunded, c.ID)
					}
				}
			})
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
