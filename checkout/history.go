package checkout

import (
	"context"
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

	// ForgetOrders removes all of a person's entries (erasure). The orders themselves stay.
	ForgetOrders(ctx context.Context, person string) error
}
