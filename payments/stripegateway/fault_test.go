package stripegateway_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/payments"
	"kassa/payments/money"
	"kassa/payments/sandbox"
)

// goesWrong has the next matching call go wrong. The caller of one that is answered late gives up once it was made: a deadline
// might be over before, on a busy machine.
func (s *shop) goesWrong(t *testing.T, at string, way sandbox.Way) context.Context {
	t.Helper()
	ctx, giveUp := context.WithCancel(t.Context())
	t.Cleanup(giveUp)
	late := func(ctx context.Context) { giveUp(); <-ctx.Done() }
	if err := s.provider.Inject(sandbox.Fault{Match: at, Way: way, Late: late}); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// Whatever goes wrong at the call, it is unknown; and the same call again, or the list, tells what became of it, without
// a second charge.
func TestEachFaultAtPay(t *testing.T) {
	t.Parallel()
	for _, way := range sandbox.Ways() {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			ctx := s.goesWrong(t, "payment_intents.create", way)
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

// others are things at the provider that a call can be about.
type others struct{ open, done, held, customer, card string }

func (s *shop) others(t *testing.T) others {
	t.Helper()
	declined, held := card("chargeDeclined"), card("visa")
	declined.Key, held.Key, held.HoldCards, held.Customer, held.KeepCard = "declined", "held", true, s.customer(t), true
	_, err := s.Pay(t.Context(), declined)
	o := others{open: failureOf(t, err).Intent.ID, done: s.mustPay(t, card("visa")).ID, held: s.mustPay(t, held).ID, customer: held.Customer}
	cards, err := s.SavedCards(t.Context(), o.customer)
	if err != nil || len(cards) != 1 {
		t.Fatalf("cards %v, %v", cards, err)
	}
	o.card = cards[0].ID
	return o
}

func (s *shop) customer(t *testing.T) string {
	t.Helper()
	id, err := s.Customer(t.Context(), payments.CustomerRequest{Key: "cust:pc_1", Person: "pc_1"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The same for the calls that come after: made again, each is done once.
func TestEachFaultAtTheOtherWrites(t *testing.T) {
	t.Parallel()
	for _, way := range sandbox.Ways() {
		for at, call := range map[string]func(*shop, context.Context, others) error{
			"payment_intents.confirm": func(s *shop, ctx context.Context, o others) error {
				r := card("visa")
				r.Key, r.IntentID = "confirm", o.open
				_, err := s.Pay(ctx, r)
				return err
			},
			"payment_intents.update": func(s *shop, ctx context.Context, o others) error {
				r := card("visa")
				r.Key, r.IntentID, r.UpdateAmount, r.UpdateKey, r.Amount = "confirm", o.open, true, "update", money.New(1500, "EUR")
				_, err := s.Pay(ctx, r)
				return err
			},
			"payment_intents.cancel": func(s *shop, ctx context.Context, o others) error {
				_, err := s.Cancel(ctx, o.open, "cancel")
				return err
			},
			"payment_intents.capture": func(s *shop, ctx context.Context, o others) error {
				in, err := s.Capture(ctx, payments.CaptureRequest{Key: "capture", IntentID: o.held, Amount: money.New(999, "EUR")})
				if err == nil && (in.Status != payments.StatusPaid || in.Received.Minor != 999) {
					return fmt.Errorf("%s with %v", in.Status, in.Received)
				}
				return err
			},
			"refunds.create": func(s *shop, ctx context.Context, o others) error {
				_, err := s.Refund(ctx, payments.RefundRequest{Key: "refund", IntentID: o.done, Amount: money.New(999, "EUR")})
				return err
			},
			"customers.create": func(s *shop, ctx context.Context, _ others) error {
				_, err := s.Customer(ctx, payments.CustomerRequest{Key: "cust:pc_2", Person: "pc_2"})
				return err
			},
			"payment_methods.detach": func(s *shop, ctx context.Context, o others) error {
				return s.ForgetCard(ctx, o.card, "forget")
			},
			"ephemeral_keys.create": func(s *shop, ctx context.Context, o others) error {
				_, err := s.EphemeralKey(ctx, o.customer, "2023-10-16")
				return err
			},
		} {
			t.Run(at+" "+string(way), func(t *testing.T) {
				t.Parallel()
				s := newShop(t)
				o := s.others(t)
				ctx := s.goesWrong(t, at, way)
				if e := failureOf(t, call(s, ctx, o)); e.Class != payments.ClassUnknown || e.Replayed {
					t.Fatal(describe(e))
				}
				s.pass(t, 2*time.Minute)
				err := call(s, t.Context(), o)
				if stored := way == sandbox.WayErrorAfter || way == sandbox.WayErrorBefore; stored && at != "ephemeral_keys.create" {
					if e := failureOf(t, err); e.Class != payments.ClassUnknown || !e.Replayed {
						t.Errorf("again: %s, want unknown and replayed", describe(e))
					}
				} else if err != nil {
					t.Errorf("again: %v", err)
				}
				s.wantOnce(t)
			})
		}
	}
}

// wantOnce checks that whatever was asked for was done once at most.
func (s *shop) wantOnce(t *testing.T) {
	t.Helper()
	charges := 0
	for _, c := range s.provider.Ledger() {
		if c.Captured > 0 {
			charges++
		}
		if c.Refunded > 999 || c.Captured > 1999 {
			t.Errorf("took %d and refunded %d of %s", c.Captured, c.Refunded, c.ID)
		}
	}
	if charges > 2 {
		t.Errorf("the provider took %d charges", charges)
	}
	a, err := s.provider.Do(t.Context(), sandbox.Request{Method: http.MethodGet, Path: "/v1/customers", Key: secretKey})
	if n := strings.Count(string(a.Body), `"object":"customer"`); err != nil || n > 2 {
		t.Errorf("the provider has %d customers, %v", n, err)
	}
}

// Whatever goes wrong when a customer is deleted, the same call again ends it, and once more is success. Whoever asks for a customer
// with the old key then gets another, always the same, although the provider still knows its first answer.
func TestEachFaultAtDeletingACustomer(t *testing.T) {
	t.Parallel()
	for _, way := range sandbox.Ways() {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			made := func() string {
				id, err := s.Customer(t.Context(), payments.CustomerRequest{Key: "cust:pc_1", Person: "pc_1"})
				if err != nil {
					t.Fatal(err)
				}
				return id
			}
			first := made()
			if again := made(); again != first {
				t.Fatalf("the same request makes %s and %s", first, again)
			}
			if err := s.provider.Inject(sandbox.Fault{Match: "customers.delete", Way: way}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if e := failureOf(t, s.DeleteCustomer(ctx, first)); e.Class != payments.ClassUnknown {
				t.Fatal(describe(e))
			}
			for range 2 {
				if err := s.DeleteCustomer(t.Context(), first); err != nil {
					t.Errorf("again: %v", err)
				}
			}
			second := made()
			if second == first || made() != second {
				t.Errorf("after %s was deleted, %s is made", first, second)
			}
			if err := s.DeleteCustomer(t.Context(), second); err != nil || made() == second {
				t.Errorf("%s is deleted, and still handed out: %v", second, err)
			}
		})
	}
}
