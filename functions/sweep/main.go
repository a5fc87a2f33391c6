// Command sweep runs on schedules. Job "sweep" ends the sessions that are past their time and never had an intent; job "due" finds
// carts that were left and claims the next stage of their follow-up. It holds no secret at all, sends nothing, and reaches no
// stock: such sessions have set none aside.
package main

import (
	"context"
	"errors"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/recovery"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter"
)

func main() { coldstart.Main(start) }

// sweepers is what the function does: each of its jobs is a method.
type sweepers struct {
	sessions *checkout.Sweeper
	carts    *recovery.Sweeper
}

func (s sweepers) sweep(ctx context.Context) (checkout.Tally, error) { return s.sessions.Run(ctx) }

func (s sweepers) due(ctx context.Context) (checkout.Tally, error) { return s.carts.Run(ctx) }

func start(ctx context.Context, f *coldstart.Function) (any, error) {
	tables := dynamostore.Names{
		Carts:    f.Env.Required("KASSA_CARTS_TABLE"),
		Sessions: f.Env.Required("KASSA_SESSIONS_TABLE"),
		Contacts: f.Env.Required("KASSA_CONTACTS_TABLE"),
		Merchant: f.Env.Required("KASSA_MERCHANT_TABLE"),
	}
	shop := f.Parameter("KASSA_SHOP_PARAMETER")
	store, err := f.Store(tables)
	if err != nil {
		return nil, err
	}
	kept, err := coldstart.Keep(ctx, f, store, func(v parameter.Values) (sweepers, error) {
		c, err := f.Config(v, shop)
		if err != nil {
			return sweepers{}, err
		}
		c.Sessions = store
		follow, err := f.Recovery(v, shop, store, store)
		if err != nil {
			return sweepers{}, err
		}
		sessions, err1 := checkout.NewSweeper(c)
		carts, err2 := recovery.NewSweeper(follow)
		return sweepers{sessions, carts}, errors.Join(err1, err2)
	})
	return coldstart.Jobs(f, kept, map[string]coldstart.Run[sweepers]{"sweep": sweepers.sweep, "due": sweepers.due}), err
}
