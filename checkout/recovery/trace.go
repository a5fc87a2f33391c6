package recovery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kassa/checkout"
	"kassa/payments"
)

// TracerConfig is what a Tracer is made of.
type TracerConfig struct {
	Config
	Ledger Ledger // nil: nobody counts
}

// Tracer ties orders to the follow-ups that led to them, and lets no follow-up come after a purchase of the person. It is the
// outbox's consumer of order.placed, and counts cart.abandoned. Safe for concurrent use.
type Tracer struct{ TracerConfig }

// NewTracer returns the consumer. CodeInvalid if something that it needs is missing.
func NewTracer(c TracerConfig) (*Tracer, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &Tracer{c}, nil
}

// Consume takes in a notice. Again changes nothing.
func (t *Tracer) Consume(ctx context.Context, item checkout.OutboxItem) error {
	switch item.Kind {
	case checkout.NoticeOrderPlaced:
		return t.ordered(ctx, item.Session)
	case checkout.NoticeCartAbandoned:
		c := item.Cart
		return t.record(ctx, Fact{
			ID: "abandoned:" + c.ID, Kind: FactAbandoned, At: item.At, CartID: c.ID, Platform: platformOf(c),
			Person: personOf(c.Buyer.Email, c.Customer, c.ID), Reason: Reason(item.Ref),
		})
	}
	return nil
}

func (t *Tracer) record(ctx context.Context, f Fact) error {
	if t.Ledger == nil {
		return nil
	}
	if err := t.Ledger.Record(ctx, f); err != nil {
		return fmt.Errorf("count a fact: %w", err)
	}
	return nil
}

func (t *Tracer) ordered(ctx context.Context, s checkout.Session) error {
	if s.Order == nil {
		return nil
	}
	for _, id := range []string{checkout.PersonOfEmail(s.Buyer.Email), checkout.PersonOfCustomer(s.Customer)} {
		if id == "" {
			continue
		}
		c, err := t.reader().changeContact(ctx, id, t.NewID(), func(c *Contact) bool {
			if !s.Order.PlacedAt.After(c.OrderedAt) {
				return false
			}
			c.OrderedAt = s.Order.PlacedAt
			c.lasts(s.Order.PlacedAt.Add(contactLife))
			return true
		})
		if err != nil {
			return err
		}
		if err := t.measured(ctx, s, c); err != nil {
			return err
		}
	}
	// Whoever was known by the cart alone, and has given an address for the order, entered an arm under the cart's name.
	holder := ContactOfCart(s.CartID)
	found, err := t.Contacts.Contacts(ctx, []string{holder})
	if err != nil {
		return fmt.Errorf("read a contact: %w", err)
	}
	if err := t.measured(ctx, s, found[holder]); err != nil {
		return err
	}
	return t.recovered(ctx, s)
}

// measured counts an order of somebody who has an arm, while people of both arms are watched.
func (t *Tracer) measured(ctx context.Context, s checkout.Session, c Contact) error {
	at := s.Order.PlacedAt
	if c.Arm == nil || at.Before(c.Arm.At) || at.After(c.Arm.At.Add(t.Settings.window())) {
		return nil
	}
	return t.record(ctx, Fact{
		ID: "ordered:" + s.Order.ID + ":" + c.ID, Kind: FactOrdered, At: at, CartID: s.CartID, Person: c.ID, Arm: c.Arm.Arm,
		Salt:    c.Arm.Salt,
		OrderID: s.Order.ID, Amount: s.Order.Amount,
	})
}

// recovered marks the carts that an order recovers: its own, if a follow-up of it went out, and the one whose contents a link has
// brought. An order is one recovery, however many follow-ups led to it: the link that was used counts before the last message.
func (t *Tracer) recovered(ctx context.Context, s checkout.Session) error {
	carts, err := t.Carts.CartsOf(ctx, []string{s.CartID})
	if err != nil {
		return fmt.Errorf("read cart %s: %w", s.CartID, err)
	}
	c, ok := carts[s.CartID]
	if !ok || c.Abandonment == nil {
		return nil
	}
	if source, stage, found := originOf(c.Abandonment.From); found {
		marked, err := t.mark(ctx, source, stage, s)
		if marked || err != nil {
			return err
		}
	}
	_, err = t.mark(ctx, s.CartID, "", s)
	return err
}

// mark records a recovery on the cart that was followed up, with its notice, and counts it; false if no follow-up of it can have led to
// the order.
func (t *Tracer) mark(ctx context.Context, cartID, stage string, s checkout.Session) (bool, error) {
	for range conflictTries {
		carts, err := t.Carts.CartsOf(ctx, []string{cartID})
		if err != nil {
			return false, fmt.Errorf("read cart %s: %w", cartID, err)
		}
		c, ok := carts[cartID]
		if !ok || c.Abandonment == nil {
			return false, nil
		}
		fu, ok := t.credited(*c.Abandonment, stage, s.Order.PlacedAt)
		if !ok {
			return false, nil
		}
		switch c.Abandonment.Recovered {
		case s.Order.ID:
			return true, t.count(ctx, c, fu, s)
		case "":
		default:
			return false, nil // another order has it: a cart is recovered once
		}
		f := c.Following(t.NewID())
		f.Abandonment.Recovered, f.Abandonment.Closed, f.Due = s.Order.ID, WhyBought, time.Time{}
		f.Notify(checkout.NoticeCartRecovered, s.Order.ID, s.Order.PlacedAt)
		_, err = t.Carts.FollowCart(ctx, f)
		var conflict *checkout.Conflict
		if errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("mark cart %s as recovered: %w", cartID, err)
		}
		return true, t.count(ctx, c, fu, s)
	}
	return false, &checkout.Error{Code: checkout.CodeUnavailable, Message: "cart " + cartID + " is being changed by others"}
}

// credited is the follow-up that an order is due to: the one whose link was used, else the last that went out before it, within
// the window.
func (t *Tracer) credited(a checkout.Abandonment, stage string, at time.Time) (found checkout.FollowUp, ok bool) {
	for _, fu := range a.FollowUps {
		reached := State(fu.State).Handed() && fu.Stage != confirmStage && !fu.At.After(at) && at.Before(fu.At.Add(t.Settings.window()))
		switch {
		case stage != "" && fu.Stage == stage && (reached || fu.OpenedBy != ""):
			return fu, true
		case stage == "" && reached && (!ok || fu.OpenedAt.After(found.OpenedAt) || found.OpenedBy == "" && fu.At.After(found.At)):
			found, ok = fu, true
		}
	}
	return found, ok
}

func (t *Tracer) count(ctx context.Context, c checkout.Cart, fu checkout.FollowUp, s checkout.Session) error {
	return t.record(ctx, Fact{
		ID: "recovered:" + s.Order.ID, Kind: FactRecovered, At: s.Order.PlacedAt, CartID: c.ID,
		Platform: payments.Platform(s.Context.Platform),
		Person:   personOf(s.Buyer.Email, s.Customer, s.CartID), Reason: Reason(c.Abandonment.Reason), Stage: fu.Stage,
		Channel: Channel(fu.Channel),
		OrderID: s.Order.ID, Amount: s.Order.Amount,
	})
}

// originOf reads where a cart's contents came from.
func originOf(from string) (cartID, stage string, ok bool) { return strings.Cut(from, " ") }
