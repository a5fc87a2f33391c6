package memstore

import (
	"context"

	"kassa/checkout"
)

var _ checkout.OrderHistory = (*Store)(nil)

// placed is an order in somebody's history.
type placed struct {
	Whose string              `json:"whose"`
	Entry checkout.OrderEntry `json:"entry"`
}

// OrdersOf implements checkout.OrderHistory. It is never behind.
func (s *Store) OrdersOf(ctx context.Context, person string, limit int, cursor string) (page []checkout.OrderEntry, next string, err error) {
	err = s.view(ctx, func() error {
		order := s.histories[person]
		if order == nil {
			order = &timeline{}
		}
		entries, more, err := order.latest(limit, cursor)
		for _, e := range entries {
			page = append(page, s.placed.items[e.id].Entry)
		}
		next = more
		return err
	})
	return page, next, err
}

// RememberOrder implements checkout.OrderHistory.
func (s *Store) RememberOrder(ctx context.Context, person string, e checkout.OrderEntry) error {
	return s.update(ctx, func() error {
		return s.placed.put(person+"/"+e.OrderID, placed{person, e})
	})
}

// ForgetOrders implements checkout.OrderHistory.
func (s *Store) ForgetOrders(ctx context.Context, person string, entries []checkout.OrderEntry) error {
	return s.update(ctx, func() error {
		for _, e := range entries {
			s.placed.remove(person + "/" + e.OrderID)
		}
		return nil
	})
}

func (s *Store) indexPlaced(id string, before, after *placed) {
	if before != nil {
		s.histories[before.Whose].remove(entry{before.Entry.PlacedAt, id})
	}
	if after != nil {
		if s.histories[after.Whose] == nil {
			s.histories[after.Whose] = &timeline{}
		}
		s.histories[after.Whose].add(entry{after.Entry.PlacedAt, id})
	}
}
