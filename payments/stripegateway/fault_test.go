package stripegateway_test

import (
	"context"
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
				ctx := s.goesWrong(t, at, way)
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
