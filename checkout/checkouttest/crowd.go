package checkouttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// Crowd is a shop full of carts, of which some were left long enough ago for their first follow-up, by push. Of the others, half are
// due later and half never.
type Crowd struct {
	Carts, Due int       // Due divides Carts
	Now        time.Time // of every sweep
}

// Sweepable is a store of what sweepers need.
type Sweepable interface {
	recovery.CartStore
	recovery.ContactStore
}

func (c Crowd) due(i int) bool { return i%(c.Carts/c.Due) == 0 }

func crowdID(i int) string { return fmt.Sprintf("ct_0123456789abcdefghj%06d", i) }

// All returns the carts, and the contacts with the phones of those who left.
func (c Crowd) All() (carts []checkout.Cart, contacts []recovery.Contact) {
	for i := range c.Carts {
		at := c.Now.Add(-2 * time.Hour)
		cart := checkout.Cart{
			ID: crowdID(i), Version: 1, Epoch: 1, Currency: "EUR", Context: checkout.Context{Country: "NL", Language: "nl"},
			Lines: []checkout.LineItem{{ID: checkout.LineID("MUG-BLUE"), SKU: "MUG-BLUE", Quantity: 2}}, CreatedAt: at, UpdatedAt: at,
			ExpiresAt: at.Add(checkout.LifeGuestCart), Create: checkout.NewMark("crowd", crowdID(i), "print"),
		}
		switch {
		case c.due(i):
			cart.Due = at.Add(time.Hour)
			contacts = append(contacts, recovery.Contact{
				ID: recovery.ContactOfCart(cart.ID), Version: 1, Op: "crowd",
				Consents: map[recovery.Channel]recovery.Consent{ //nolint:exhaustive // by push alone
					recovery.ChannelPush: {State: recovery.ConsentGiven, At: at, Source: "device:crowd"},
				},
				Devices: []recovery.Device{{ID: "crowd", Token: "push-" + cart.ID, Platform: "ios", Permitted: true, Locale: "nl",
					UpdatedAt: at}},
			})
		case i%2 == 0:
			cart.Due = c.Now.Add(time.Minute)
		}
		carts = append(carts, cart)
	}
	return carts, contacts
}

// Sweepers makes one sweeper for each store, all of the same shop.
func (c Crowd) Sweepers(stores ...Sweepable) ([]*recovery.Sweeper, error) {
	var sweepers []*recovery.Sweeper
	for i, store := range stores {
		s, err := recovery.NewSweeper(recovery.Config{
			Carts: store, Contacts: store, Shop: Shop(), Settings: recovery.Settings{Since: c.Now.Add(-24 * time.Hour)},
			Now: func() time.Time { return c.Now }, NewID: IDs(fmt.Sprintf("sweep%d.", i)),
		})
		if err != nil {
			return nil, err
		}
		sweepers = append(sweepers, s)
	}
	return sweepers, nil
}

// Sweep has all sweepers run at once, and returns how many carts they have changed together.
func (c Crowd) Sweep(ctx context.Context, sweepers []*recovery.Sweeper) (changed int, err error) {
	errs, changes := make([]error, len(sweepers)), make([]int, len(sweepers))
	var group sync.WaitGroup
	for i, s := range sweepers {
		group.Go(func() {
			tally, err := s.Run(ctx)
			if changes[i] = tally.Changed; err == nil && tally.Failed > 0 {
				err = fmt.Errorf("%d carts could not be followed up", tally.Failed)
			}
			errs[i] = err
		})
	}
	group.Wait()
	for _, n := range changes {
		changed += n
	}
	return changed, errors.Join(errs...)
}

// Claimed counts the carts whose push is claimed. It is an error if a cart was swept more often than once, one that wasn't due was
// swept at all, or a claim and its notice are not together.
func (c Crowd) Claimed(ctx context.Context, store Sweepable) (claimed int, err error) {
	ids := make([]string, c.Carts)
	for i := range ids {
		ids[i] = crowdID(i)
	}
	due := map[string]bool{}
	for i := range c.Carts {
		due[crowdID(i)] = c.due(i)
	}
	for part := range slices.Chunk(ids, recovery.MaxBatch) {
		carts, err := store.CartsOf(ctx, part)
		if err != nil {
			return claimed, err
		}
		if len(carts) != len(part) {
			return claimed, fmt.Errorf("%d of %d carts are there", len(carts), len(part))
		}
		for id, cart := range carts {
			once, err := claimedOnce(cart)
			if err != nil || once && !due[id] {
				return claimed, fmt.Errorf("cart %s, due: %t: %+v %v: %w", id, due[id], cart.Abandonment, cart.Notices,
					errors.Join(errSwept, err))
			}
			if once {
				claimed++
			}
		}
	}
	return claimed, nil
}

var errSwept = errors.New("it was swept otherwise than once when due")

func claimedOnce(c checkout.Cart) (bool, error) {
	owed := 0
	for _, n := range c.Notices {
		if n.Kind == checkout.NoticeFollowUpDue && n.Ref == "push" {
			owed++
		}
	}
	a := c.Abandonment
	if a == nil {
		if owed > 0 {
			return false, errors.New("a notice without a claim")
		}
		return false, nil
	}
	if a.Revision != 1 || len(a.FollowUps) != 1 || a.FollowUps[0].State != string(recovery.StateClaimed) || owed != 1 {
		return false, errors.New("not one claim with one notice")
	}
	return true, nil
}
