package memstore

import (
	"context"

	"kassa/checkout"
)

var _ checkout.Redemptions = (*Store)(nil)

// Redeemed implements checkout.Redemptions, and is never behind.
func (s *Store) Redeemed(ctx context.Context, keys []string) (map[string]int64, error) {
	counts := make(map[string]int64, len(keys))
	err := s.view(ctx, func() error {
		for _, key := range keys {
			if n := s.redemptions.items[key]; n != nil && *n > 0 {
				counts[key] = *n
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return counts, nil
}

// redeemed returns the uses under each key as they will be. Keys without a use left go into the conflict.
func (s *Store) redeemed(changes []checkout.RedemptionChange, conflict *checkout.Conflict) map[string]int64 {
	out := make(map[string]int64, len(changes))
	for _, c := range changes {
		n, _ := s.redemptions.get(c.Key)
		switch {
		case c.Delta > 0 && n >= c.Limit:
			conflict.Used = append(conflict.Used, c.Key)
		case c.Delta > 0 || n > 0:
			out[c.Key] = n + c.Delta
		}
	}
	return out
}
