package checkouttest

import (
	"context"
	"time"

	"kassa/checkout"
	"kassa/payments"
)

// gatewayFailure says what a gateway can honestly say of a call that it got no answer to: nothing.
func gatewayFailure(way Way, cause error) error {
	return &payments.Error{Class: payments.ClassUnknown, Decline: payments.Decline{Code: string(way)}, Err: cause}
}

// asked is perform for what the provider is asked.
func asked[T any](ctx context.Context, h *Hostile, method string, do func(ctx context.Context) (T, error)) (T, error) {
	return perform(ctx, h, call[T]{method: method, fail: gatewayFailure, do: do})
}

type hostileGateway struct {
	h     *Hostile
	inner checkout.Gateway
}

func (g hostileGateway) Pay(ctx context.Context, r payments.Request) (payments.Intent, error) {
	return asked(ctx, g.h, "Pay", func(ctx context.Context) (payments.Intent, error) { return g.inner.Pay(ctx, r) })
}

func (g hostileGateway) Cancel(ctx context.Context, intentID, key string) (payments.Intent, error) {
	return asked(ctx, g.h, "Cancel", func(ctx context.Context) (payments.Intent, error) { return g.inner.Cancel(ctx, intentID, key) })
}

func (g hostileGateway) Read(ctx context.Context, intentID string) (payments.Intent, error) {
	return asked(ctx, g.h, "Read", func(ctx context.Context) (payments.Intent, error) { return g.inner.Read(ctx, intentID) })
}

func (g hostileGateway) Find(ctx context.Context, sessionID string, since time.Time) ([]payments.Intent, error) {
	return asked(ctx, g.h, "Find", func(ctx context.Context) ([]payments.Intent, error) { return g.inner.Find(ctx, sessionID, since) })
}

func (g hostileGateway) Refund(ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
	return asked(ctx, g.h, "Refund", func(ctx context.Context) (payments.Refund, error) { return g.inner.Refund(ctx, r) })
}

// Till wraps what else of the provider moves the money of orders: it fails by the same script.
func (h *Hostile) Till(inner checkout.Till) checkout.Till { return hostileTill{h, inner} }

type hostileTill struct {
	h     *Hostile
	inner checkout.Till
}

func (s hostileTill) Capture(ctx context.Context, r payments.CaptureRequest) (payments.Intent, error) {
	return asked(ctx, s.h, "Capture", func(ctx context.Context) (payments.Intent, error) { return s.inner.Capture(ctx, r) })
}

func (s hostileTill) Refunds(ctx context.Context, intentID string) ([]payments.Refund, error) {
	return asked(ctx, s.h, "Refunds", func(ctx context.Context) ([]payments.Refund, error) { return s.inner.Refunds(ctx, intentID) })
}

func (s hostileTill) Dispute(ctx context.Context, id string) (payments.Dispute, error) {
	return asked(ctx, s.h, "Dispute", func(ctx context.Context) (payments.Dispute, error) { return s.inner.Dispute(ctx, id) })
}

// Vault wraps what keeps cards at the provider: it fails by the same script.
func (h *Hostile) Vault(inner checkout.Vault) checkout.Vault { return hostileVault{h, inner} }

type hostileVault struct {
	h     *Hostile
	inner checkout.Vault
}

func (v hostileVault) Customer(ctx context.Context, r payments.CustomerRequest) (string, error) {
	return asked(ctx, v.h, "Customer", func(ctx context.Context) (string, error) { return v.inner.Customer(ctx, r) })
}

func (v hostileVault) EphemeralKey(ctx context.Context, customer, version string) (string, error) {
	return asked(ctx, v.h, "EphemeralKey", func(ctx context.Context) (string, error) { return v.inner.EphemeralKey(ctx, customer, version) })
}

func (v hostileVault) SavedCards(ctx context.Context, customer string) ([]payments.SavedCard, error) {
	return asked(ctx, v.h, "SavedCards", func(ctx context.Context) ([]payments.SavedCard, error) { return v.inner.SavedCards(ctx, customer) })
}

func (v hostileVault) ForgetCard(ctx context.Context, card, key string) error {
	_, err := asked(ctx, v.h, "ForgetCard", func(ctx context.Context) (nothing, error) { return nothing{}, v.inner.ForgetCard(ctx, card, key) })
	return err
}

func (v hostileVault) DeleteCustomer(ctx context.Context, customer string) error {
	_, err := asked(ctx, v.h, "DeleteCustomer", func(ctx context.Context) (nothing, error) { return nothing{}, v.inner.DeleteCustomer(ctx, customer) })
	return err
}
