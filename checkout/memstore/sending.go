package memstore

import (
	"context"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// Sending implements recovery.SendLog.
func (s *Store) Sending(ctx context.Context, id string) (recovery.Sending, error) {
	found, err := fetchAll(ctx, s, s.sendings, []string{id})
	if err != nil {
		return recovery.Sending{}, err
	}
	r, ok := found[id]
	if !ok {
		return recovery.Sending{}, &checkout.Error{Code: checkout.CodeNotFound, Message: "no sending " + id}
	}
	return r, nil
}

// PutSending implements recovery.SendLog.
func (s *Store) PutSending(ctx context.Context, r recovery.Sending) error {
	return s.update(ctx, func() error {
		stored, exists := s.sendings.get(r.ID)
		if exists && r.Op != "" && stored.Op == r.Op {
			return nil
		}
		switch {
		case exists && (r.Version == 1 || stored.Version != r.Version-1):
			return &recovery.SendingConflict{Sending: &stored}
		case !exists && r.Version != 1:
			return &recovery.SendingConflict{}
		}
		return s.sendings.put(r.ID, r)
	})
}
