package checkouttest

import (
	"context"

	"kassa/checkout"
)

type hostileRedemptions struct {
	h     *Hostile
	inner checkout.Redemptions
}

func (s hostileRedemptions) Redeemed(ctx context.Context, keys []string) (map[string]int64, error) {
	return stored(ctx, s.h, "Redeemed", func(ctx context.Context) (map[string]int64, error) {
		return s.inner.Redeemed(ctx, keys)
	})
}
