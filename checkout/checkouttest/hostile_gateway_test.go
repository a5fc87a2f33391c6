package checkouttest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/checkouttest"
	"kassa/payments"
)

// till is a provider that counts what it was asked to do.
type till struct {
	mu   sync.Mutex
	done []string
}

func (g *till) ring(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = append(g.done, what)
}

func (g *till) Pay(_ context.Context, r payments.Request) (payments.Intent, error) {
	g.ring("pay " + r.Key)
	return payments.Intent{ID: "pi_1", Status: payments.StatusPaid}, nil
}

func (g *till) Cancel(_ context.Context, id, _ string) (payments.Intent, error) {
	g.ring("cancel " + id)
	return payments.Intent{ID: id, Status: payments.StatusCanceled}, nil
}

func (g *till) Read(_ context.Context, id string) (payments.Intent, error) {
	g.ring("read " + id)
	return payments.Intent{ID: id}, nil
}

func (g *till) Find(_ context.Context, sessionID string, _ time.Time) ([]payments.Intent, error) {
	g.ring("find " + sessionID)
	return []payments.Intent{{ID: "pi_1"}}, nil
}

func (g *till) Refund(_ context.Context, r payments.RefundRequest) (payments.Refund, error) {
	g.ring("refund " + r.Key)
	return payments.Refund{ID: "re_1"}, nil
}

func (g *till) Capture(_ context.Context, r payments.CaptureRequest) (payments.Intent, error) {
	g.ring("capture " + r.Key)
	return payments.Intent{}, nil
}

func (g *till) Refunds(_ context.Context, intentID string) ([]payments.Refund, error) {
	g.ring("refunds " + intentID)
	return nil, nil
}

func (g *till) Dispute(_ context.Context, id string) (payments.Dispute, error) {
	g.ring("dispute " + id)
	return payments.Dispute{}, nil
}

func (g *till) Customer(_ context.Context, r payments.CustomerRequest) (string, error) {
	g.ring("customer " + r.Key)
	return "cus_1", nil
}

func (g *till) EphemeralKey(_ context.Context, customer, _ string) (string, error) {
	g.ring("key " + customer)
	return "ek_1", nil
}

func (g *till) SavedCards(_ context.Context, customer string) ([]payments.SavedCard, error) {
	g.ring("cards " + customer)
	return nil, nil
}

func (g *till) ForgetCard(_ context.Context, card, _ string) error {
	g.ring("forget " + card)
	return nil
}

func (g *till) DeleteCustomer(_ context.Context, customer string) error {
	g.ring("delete " + customer)
	return nil
}

// Till and vault go the ways of the gateway: what they do, and what their caller can know, is the same for each.
func TestHostileTillAndVault(t *testing.T) {
	t.Parallel()
	for method, ask := range map[string]func(context.Context, checkout.Till, checkout.Vault) error{
		"Capture": func(ctx context.Context, till checkout.Till, _ checkout.Vault) error {
			_, err := till.Capture(ctx, payments.CaptureRequest{Key: "1"})
			return err
		},
		"Refunds": func(ctx context.Context, till checkout.Till, _ checkout.Vault) error {
			_, err := till.Refunds(ctx, "pi_1")
			return err
		},
		"Dispute": func(ctx context.Context, till checkout.Till, _ checkout.Vault) error {
			_, err := till.Dispute(ctx, "dp_1")
			return err
		},
		"Customer": func(ctx context.Context, _ checkout.Till, vault checkout.Vault) error {
			_, err := vault.Customer(ctx, payments.CustomerRequest{Key: "1"})
			return err
		},
		"EphemeralKey": func(ctx context.Context, _ checkout.Till, vault checkout.Vault) error {
			_, err := vault.EphemeralKey(ctx, "cus_1", "2023-10-16")
			return err
		},
		"SavedCards": func(ctx context.Context, _ checkout.Till, vault checkout.Vault) error {
			_, err := vault.SavedCards(ctx, "cus_1")
			return err
		},
		"ForgetCard": func(ctx context.Context, _ checkout.Till, vault checkout.Vault) error {
			return vault.ForgetCard(ctx, "pm_1", "k")
		},
		"DeleteCustomer": func(ctx context.Context, _ checkout.Till, vault checkout.Vault) error {
			return vault.DeleteCustomer(ctx, "cus_1")
		},
	} {
		for _, way := range append(checkouttest.Ways(method), "") {
			inner := &till{}
			h := checkouttest.NewHostile(checkouttest.Stores{}, nil)
			h.Next(method, way)
			err := ask(t.Context(), h.Till(inner), h.Vault(inner))
			done := map[checkouttest.Way]int{"": 1, checkouttest.Lost: 1, checkouttest.Late: 1, checkouttest.Twice: 2}[way]
			if fails := way != "" && way != checkouttest.Twice; fails != (err != nil) || fails && payments.ClassOf(err) != payments.ClassUnknown {
				t.Errorf("%s %s: %v", method, way, err)
			}
			if len(inner.done) != done || len(h.Unused()) != 0 {
				t.Errorf("%s %s: the provider did %v", method, way, inner.done)
			}
			if h.Land(); way == checkouttest.Delayed && len(inner.done) != 1 {
				t.Errorf("%s landed as %v", method, inner.done)
			}
		}
	}
}

func TestHostileGateway(t *testing.T) {
	t.Parallel()
	inner := &till{}
	h := checkouttest.NewHostile(checkouttest.Stores{}, inner)
	h.Next("Pay", checkouttest.Lost, checkouttest.Refused, checkouttest.Twice, checkouttest.Delayed)
	h.Next("Find", checkouttest.Throttled)
	h.Next("Read", checkouttest.Late)
	ctx := t.Context()
	var classes []payments.Class
	for _, key := range []string{"1", "2", "3", "4"} {
		if _, err := h.Gateway.Pay(ctx, payments.Request{Key: key}); err != nil {
			classes = append(classes, payments.ClassOf(err))
		}
	}
	if want := slices.Repeat([]payments.Class{payments.ClassUnknown}, 3); !slices.Equal(classes, want) {
		t.Errorf("got classes %v, want %v", classes, want)
	}
	if _, err := h.Gateway.Find(ctx, "cs_1", now); err == nil {
		t.Error("Find was not throttled")
	}
	if _, err := h.Gateway.Read(ctx, "pi_1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Read was not late: %v", err)
	}
	if i, err := h.Gateway.Cancel(ctx, "pi_1", "k"); err != nil || i.Status != payments.StatusCanceled {
		t.Errorf("Cancel: %v, %v", i, err)
	}
	if _, err := h.Gateway.Refund(ctx, payments.RefundRequest{Key: "r"}); err != nil {
		t.Errorf("Refund: %v", err)
	}
	h.Land()
	want := []string{"pay 1", "pay 3", "pay 3", "read pi_1", "cancel pi_1", "refund r", "pay 4"}
	if !slices.Equal(inner.done, want) {
		t.Errorf("the provider did %v, want %v", inner.done, want)
	}
}
