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

type hostileGateway struct {
	h     *Hostile
	inner checkout.Gateway
}

func (g hostileGateway) Pay(ctx context.Context, r payments.Request) (payments.Intent, error) {
	return g.intent(ctx, "Pay", func(ctx context.Context) (payments.Intent, error) { return g.inner.Pay(ctx, r) })
}

func (g hostileGateway) Cancel(ctx context.Context, intentID, key string) (payments.Intent, error) {
	return g.intent(ctx, "Cancel", func(ctx context.Context) (payments.Intent, error) { return g.inner.Cancel(ctx, intentID, key) })
}

func (g hostileGateway) Read(ctx context.Context, intentID string) (payments.Intent, error) {
	return g.intent(ctx, "Read", func(ctx context.Context) (payments.Intent, error) { return g.inner.Read(ctx, intentID) })
}

func (g hostileGateway) intent(ctx context.Context, method string, do func(ctx context.Context) (payments.Intent, error)) (payments.Intent, error) {
	return perform(ctx, g.h, call[payments.Intent]{method: method, fail: gatewayFailure, do: do})
}

func (g hostileGateway) Find(ctx context.Context, sessionID string, since time.Time) ([]payments.Intent, error) {
	return perform(ctx, g.h, call[[]payments.Intent]{method: "Find", fail: gatewayFailure, do: func(ctx context.Context) ([]payments.Intent, error) {
		return g.inner.Find(ctx, sessionID, since)
	}})
}

func (g hostileGateway) Refund(ctx context.Context, r payments.RefundRequest) (payments.Refund, error) {
	return perform(ctx, g.h, call[payments.Refund]{method: "Refund", fail: gatewayFailure, do: func(ctx context.Context) (payments.Refund, error) {
		return g.inner.Refund(ctx, r)
	}})
}
