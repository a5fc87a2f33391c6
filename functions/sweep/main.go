// Command sweep runs on a schedule and ends the sessions that are past their time and never had an intent. It holds no secret
// at all, and reaches no stock: such sessions have set none aside.
package main

import (
	"context"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter"
)

func main() { coldstart.Main(start) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Carts:    f.Env.Required("KASSA_CARTS_TABLE"),
		Sessions: f.Env.Required("KASSA_SESSIONS_TABLE"),
		Merchant: f.Env.Required("KASSA_MERCHANT_TABLE"),
	}
	shop := f.Parameter("KASSA_SHOP_PARAMETER")
	store, err := f.Store(tables)
	if err != nil {
		return nil, err
	}
	kept, err := coldstart.Keep(ctx, f, store, func(v parameter.Values) (*checkout.Sweeper, error) {
		c, err := f.Config(v, shop)
		if err != nil {
			return nil, err
		}
		c.Sessions = store
		return checkout.NewSweeper(c)
	})
	return coldstart.Jobs(f, kept, map[string]coldstart.Run[*checkout.Sweeper]{"sweep": (*checkout.Sweeper).Run}), err
}
