package statistics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
	"kassa/payments"
	"kassa/payments/money"
)

var (
	_ checkout.Consumer = (*Counter)(nil)
	_ recovery.Ledger   = (*Counter)(nil)
)

// Reader reads what notices are about. Its methods are those of recovery.CartStore.
type Reader interface {
	// CartsOf returns those of the carts that exist, as last written.
	CartsOf(ctx context.Context, ids []string) (map[string]checkout.Cart, error)
	// SessionsOf is CartsOf for sessions.
	SessionsOf(ctx context.Context, ids []string) (map[string]checkout.Session, error)
}

// Config is what a Counter is made of.
type Config struct {
	Store  Store
	Reader Reader
	Zone   *time.Location // the shop's, in which its days begin; nil = UTC
	Window time.Duration  // how long a person is watched after entering an arm; 0 = DefaultWindow
	Now    func() time.Time
	Logger *slog.Logger // ids only
}

// With returns the configuration as a shop's settings have it, which must be valid.
func (c Config) With(s recovery.Settings) (Config, error) {
	var err error
	c.Zone, err = ZoneOf(s)
	c.Window = time.Duration(s.Window)
	return c, err
}

// ZoneOf returns the zone in which a shop's days begin.
func ZoneOf(s recovery.Settings) (*time.Location, error) {
	zone, err := time.LoadLocation(s.Zone) // "" is UTC
	if err != nil {
		return nil, invalid("recovery.zone", "is no time zone: "+s.Zone)
	}
	return zone, nil
}

// DefaultWindow is how long a person is watched after entering an arm.
const DefaultWindow = 7 * 24 * time.Hour

// Counter takes in facts and counts them: notices as a consumer of the outbox, what follow-ups do as recovery's Ledger. Safe for
// concurrent use.
type Counter struct{ Config }

// NewCounter returns a Counter. CodeInvalid if something that it needs is missing.
func NewCounter(c Config) (*Counter, error) {
	if c.Store == nil || c.Reader == nil || c.Now == nil {
		return nil, invalid("config", "a counter needs a store, something to read from and a clock")
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Window <= 0 {
		c.Window = DefaultWindow
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Counter{c}, nil
}

// Consumers returns what takes in notices, by their kind.
func (c *Counter) Consumers() map[string][]checkout.Consumer {
	all := map[string][]checkout.Consumer{}
	for _, kind := range []string{
		checkout.NoticeOrderPlaced, checkout.NoticeCartAbandoned, checkout.NoticeCartLeftAgain, checkout.NoticeCartRecovered,
		checkout.NoticePaymentReview, checkout.NoticeOrderRefunded, checkout.NoticeOrderCanceled, checkout.NoticeCaptured,
		checkout.NoticeLateDecline,
	} {
		all[kind] = []checkout.Consumer{c}
	}
	return all
}

// Consume counts what a notice is about, as it stands now, whatever the notice was: so a notice that comes early, late or
// twice makes no difference.
func (c *Counter) Consume(ctx context.Context, item checkout.OutboxItem) error {
	now := c.Now()
	switch {
	case item.Cart.ID != "":
		return c.countCart(ctx, now, item.Cart)
	case item.Session.ID == "":
		return nil
	}
	s := item.Session
	if err := c.countSession(ctx, now, s); err != nil || s.Order == nil || item.Kind == checkout.NoticeOrderPlaced {
		return err
	}
	return c.restate(ctx, now, s) // money may have gone back
}

// countCart counts a cart that was left, with its sessions so far.
func (c *Counter) countCart(ctx context.Context, now time.Time, cart checkout.Cart) error {
	ids := make([]string, 0, cart.Round+1)
	for round := max(0, cart.Round+1-recovery.MaxBatch); round <= cart.Round; round++ {
		ids = append(ids, checkout.SessionID(cart.ID, round))
	}
	sessions, err := c.Reader.SessionsOf(ctx, ids)
	if err != nil {
		return fmt.Errorf("read sessions of cart %s: %w", cart.ID, err)
	}
	all := append([]Increment{c.ofCart(cart)}, c.ofFollowUps(cart)...)
	for _, id := range ids {
		if s, ok := sessions[id]; ok {
			all = append(all, c.ofSession(s)...)
		}
	}
	return c.add(ctx, now, all)
}

// countSession counts a session, and the cart behind it.
func (c *Counter) countSession(ctx context.Context, now time.Time, s checkout.Session) error {
	carts, err := c.Reader.CartsOf(ctx, []string{s.CartID})
	if err != nil {
		return fmt.Errorf("read cart %s: %w", s.CartID, err)
	}
	cart, ok := carts[s.CartID]
	if !ok { // long gone: it is of the day of its session
		cart = checkout.Cart{ID: s.CartID, CreatedAt: s.CreatedAt, Context: s.Context}
	}
	return c.add(ctx, now, slices.Concat([]Increment{c.ofCart(cart)}, c.ofFollowUps(cart), c.ofSession(s)))
}

// add adds what isn't too old to be told from what was counted long ago.
func (c *Counter) add(ctx context.Context, now time.Time, all []Increment) error {
	fresh := slices.DeleteFunc(all, func(i Increment) bool { return !now.Before(i.Until) })
	if len(fresh) < len(all) {
		c.Logger.WarnContext(ctx, "told too late to be counted", "facts", len(all)-len(fresh), "first", all[0].ID)
	}
	for part := range slices.Chunk(fresh, MaxIncrements) {
		if err := c.Store.AddIncrements(ctx, part); err != nil {
			return fmt.Errorf("count: %w", err)
		}
	}
	return nil
}

// Record implements recovery.Ledger.
func (c *Counter) Record(ctx context.Context, f recovery.Fact) error {
	now := c.Now()
	switch f.Kind {
	case recovery.FactEligible:
		return c.enter(ctx, now, f)
	case recovery.FactOrdered:
		return c.ordered(ctx, now, f)
	case recovery.FactAbandoned, recovery.FactSent, recovery.FactSkipped, recovery.FactClicked, recovery.FactRecovered:
		return c.add(ctx, now, []Increment{c.ofFact(f)})
	}
	return invalid("kind", "nobody here knows facts of the kind "+string(f.Kind))
}

// enter has a person enter an arm.
func (c *Counter) enter(ctx context.Context, now time.Time, f recovery.Fact) error {
	if f.Person == "" {
		return invalid("person", "nobody can enter an arm")
	}
	deal := dealOf(f.Salt)
	e := Entry{
		Deal: deal, Stratum: stratumOf(deal, f.Percent), Arm: f.Arm, At: f.At, Ends: f.At.Add(c.Window), Day: DayOf(f.At, c.Zone),
	}
	return c.change(ctx, now, f.Person, func(p Person) (Person, bool) {
		if !now.Before(e.Ends.Add(Memory)) {
			return p, false
		}
		return p.enter(e)
	})
}

// ordered notes what a person has bought, as the order stands by now: some of it may have gone back already.
func (c *Counter) ordered(ctx context.Context, now time.Time, f recovery.Fact) error {
	if f.Person == "" {
		return invalid("person", "nobody can buy")
	}
	b := Purchase{OrderID: f.OrderID, At: f.At, Net: f.Amount}
	id := checkout.SessionOfOrder(f.OrderID)
	sessions, err := c.Reader.SessionsOf(ctx, []string{id})
	if err != nil {
		return fmt.Errorf("read session %s: %w", id, err)
	}
	if s, ok := sessions[id]; ok && s.Order != nil {
		b = purchaseOf(s)
	}
	return c.change(ctx, now, f.Person, func(p Person) (Person, bool) {
		if !now.Before(b.At.Add(Memory)) {
			return p, false
		}
		return p.buy(b)
	})
}

// restate corrects what is known of an order, with those who are measured for it: money may have gone back.
func (c *Counter) restate(ctx context.Context, now time.Time, s checkout.Session) error {
	b := purchaseOf(s)
	for _, person := range []string{checkout.PersonOfEmail(s.Buyer.Email), checkout.PersonOfCustomer(s.Customer), recovery.ContactOfCart(s.CartID)} {
		if person == "" {
			continue
		}
		err := c.change(ctx, now, person, func(p Person) (Person, bool) {
			if !slices.ContainsFunc(p.Purchases, func(o Purchase) bool { return o.OrderID == b.OrderID }) {
				return p, false // never measured, or not yet: then what is told later reads how the order stands
			}
			return p.buy(b)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func purchaseOf(s checkout.Session) Purchase {
	net := netOf(*s.Order)
	return Purchase{
		OrderID: s.Order.ID, At: s.Order.PlacedAt, Version: s.Version, Net: net, Void: net.IsZero() && !s.Order.Amount.IsZero(),
	}
}

// changes of one person are rare, and two at once rarer.
const changeTries = 8

// change changes what is measured of a person, and counts the difference.
func (c *Counter) change(ctx context.Context, now time.Time, id string, edit func(Person) (Person, bool)) error {
	for range changeTries {
		stored, err := c.Store.MeasuredPerson(ctx, id)
		if err != nil {
			return fmt.Errorf("read person %s: %w", id, err)
		}
		before := stored.pruned(now)
		after, changed := edit(before)
		if !changed {
			return nil
		}
		after.ID, after.Version, after.Until = id, stored.Version+1, after.expiry()
		err = c.Store.PutMeasured(ctx, after, after.changes(before))
		var e *checkout.Error
		if errors.As(err, &e) && e.Code == checkout.CodeVersionConflict {
			continue
		}
		if err != nil {
			return fmt.Errorf("count person %s: %w", id, err)
		}
		return nil
	}
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: "person " + id + " is being changed by others"}
}

// increment is one of what happened at a time.
func (c *Counter) increment(id string, at time.Time, channel recovery.Channel, p payments.Platform, counts Counts) Increment {
	if !slices.Contains(payments.Platforms, p) {
		p = payments.PlatformUnknown
	}
	return Increment{ID: id, Cell: Cell{DayOf(at, c.Zone), string(channel), p}, Counts: counts, Until: at.Add(Memory)}
}

func amountCount(name string, m money.Money) Counts {
	return Counts{name + string(m.Currency): m.Minor}
}
