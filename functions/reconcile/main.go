// Command reconcile runs on a schedule and finishes what was left undecided, by asking Stripe: every minute what the index says
// is due, once a day (job "backfill") also what the index may have lost; job "resume" goes on with one that ran out of time.
package main

import (
	"context"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter"
	"kassa/functions/internal/provider"
)

func main() { coldstart.Main(start) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Carts:    f.Env.Required("KASSA_CARTS_TABLE"),
		Sessions: f.Env.Required("KASSA_SESSIONS_TABLE"),
		Inbox:    f.Env.Required("KASSA_INBOX_TABLE"),
		Stock:    f.Env.Required("KASSA_STOCK_TABLE"),
		Merchant: f.Env.Required("KASSA_MERCHANT_TABLE"),

		Redemptions: f.Env.Required("KASSA_REDEMPTIONS_TABLE"),
	}
	shop, stripe := f.Parameter("KASSA_SHOP_PARAMETER"), provider.FromEnvironment(f)
	store, err := f.Store(tables)
	if err != nil {
		return nil, err
	}
	kept, err := coldstart.Keep(ctx, f, store, func(v parameter.Values) (*checkout.Reconciler, error) {
		c, err := f.Config(v, shop)
		if err != nil {
			return nil, err
		}
		c.Sessions, c.Inbox, c.Bookmarks = store, store, store
		if err := stripe.Into(&c, v); err != nil {
			return nil, err
		}
		return checkout.NewReconciler(c)
	})
	return coldstart.Jobs(f, kept, map[string]coldstart.Run[*checkout.Reconciler]{
		"reconcile": (*checkout.Reconciler).Run,
		"backfill":  (*checkout.Reconciler).Backfill,
		"resume":    (*checkout.Reconciler).ResumeBackfill,
	}), err
}
