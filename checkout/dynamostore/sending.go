package dynamostore

import (
	"context"

	"kassa/checkout/recovery"
)

// Sending implements recovery.SendLog. Records of messages lie among the contacts, under ids of their own.
func (s *Store) Sending(ctx context.Context, id string) (recovery.Sending, error) {
	return read(ctx, s, s.names.Contacts, "sending", id, decodeSending)
}

// PutSending implements recovery.SendLog.
func (s *Store) PutSending(ctx context.Context, r recovery.Sending) error {
	it := versioned(r.ID, r.Version, r.Op, graced(r.ExpiresAt))
	if err := putRows(it, map[string]row{"j": sendingRow(&r)}); err != nil {
		return failed("encode sending", r.ID, err)
	}
	_, err := s.put(ctx, putVersion(s.names.Contacts, it, r.Version))
	old, refused := refusal(err)
	switch {
	case !refused:
		return failed("put sending", r.ID, err)
	case old == nil:
		return &recovery.SendingConflict{}
	}
	there, err := decodeSending(old)
	if err != nil || r.Op != "" && there.Op == r.Op {
		return err
	}
	return &recovery.SendingConflict{Sending: &there}
}

// Attributes of a record: those of a contact.
func sendingRow(r *recovery.Sending) row {
	return row{of: r, elsewhere: []any{&r.ID, &r.Version, &r.Op}, fields: []any{
		&r.SessionID, &r.Reason, &r.Ref, &r.Person, &r.State, &r.Why, &r.ProviderID, &r.At, &r.ExpiresAt,
	}}
}

func decodeSending(it item) (recovery.Sending, error) {
	from := &stored{item: it}
	r := recovery.Sending{ID: from.text("i"), Version: from.number("v"), Op: from.text("p")}
	from.row("j", sendingRow(&r))
	return r, failed("decode sending", r.ID, from.err)
}
