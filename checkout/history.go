package checkout

import (
	"context"
	"fmt"
	"time"

	"kassa/payments/money"
)

// OrderEntry is an order in a person's history.
type OrderEntry struct {
	OrderID  string
	PlacedAt time.Time
	Total    money.Money
}

// OrderHistory keeps which orders a person has placed: for the merchant's search, and for what only first orders get. The outbox
// writes it, so that placing an order costs nothing more; it lags by seconds. The contracts of store.go hold for it.
type OrderHistory interface {
	// OrdersOf returns a page of a person's orders (PersonOfEmail, PersonOfCustomer), newest first, and the cursor of the next,
	// "" = there is no more.
	OrdersOf(ctx context.Context, person string, limit int, cursor string) ([]OrderEntry, string, error)

	// RememberOrder adds an order to a person's; the same once more is success.
	RememberOrder(ctx context.Context, person string, e OrderEntry) error

	// ForgetOrders removes these of a person's entries, and no others: one that is written meanwhile leads to an order that whoever
	// forgets has not seen. Entries that are not there are success. The orders themselves stay.
	ForgetOrders(ctx context.Context, person string, entries []OrderEntry) error
}

// DayOfOrders names the orders that were placed on a day (UTC), under which the history lists them beside those of people.
func DayOfOrders(at time.Time) string { return "day_" + at.UTC().Format(time.DateOnly) }

// HistoryConsumer writes orders down in a history when they have been placed: under who bought, by e-mail and as a signed-in customer,
// and under the day.
type HistoryConsumer struct{ History OrderHistory }

// Consume implements Consumer for order.placed.
func (c HistoryConsumer) Consume(ctx context.Context, item OutboxItem) error {
	s := item.Session
	if s.Order == nil {
		return &Error{Code: CodeInternal, Message: "session " + s.ID + " tells of an order that it isn't"}
	}
	entry := OrderEntry{OrderID: s.Order.ID, PlacedAt: s.Order.PlacedAt, Total: s.Order.Amount}
	for _, whose := range []string{DayOfOrders(s.Order.PlacedAt), PersonOfEmail(s.Buyer.Email), PersonOfCustomer(s.Customer)} {
		if whose == "" {
			continue
		}
		if err := c.History.RememberOrder(ctx, whose, entry); err != nil {
			return fmt.Errorf("remember order %s: %w", entry.OrderID, err)
		}
	}
	return nil
}
