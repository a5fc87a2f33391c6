package merchant

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"kassa/checkout"
)

// JournalConfig is what a Journal is made of.
type JournalConfig struct {
	Store  RecordStore
	Now    func() time.Time
	NewID  func() string
	Logger *slog.Logger
}

// Journal makes changes that a store can't commit together with their record: the record is written before, and closed with
// what came of it.
type Journal struct{ JournalConfig }

// NewJournal returns a journal. CodeInvalid if something that it needs is missing.
func NewJournal(c JournalConfig) (*Journal, error) {
	if c.Store == nil || c.Now == nil || c.NewID == nil {
		return nil, invalid("config", "a journal needs a store, a clock and ids")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Journal{c}, nil
}

// Change is one change on its way through the journal.
type Change struct {
	Key         string // id of the merchant's key that asks
	Request     string // idempotency key; required
	Fingerprint string
	Action      string
	Target      string
	Before      json.RawMessage
	After       json.RawMessage
}

// Do makes a change under its record. The change is handed the record's id, to be its own idempotency key further down: the
// repetition of a request that did not end is the same change again, and one that ended well is answered from the record.
// CodeMissingKey without an idempotency key, CodeKeyReused for one of another request. A change that is refused for its form
// (CodeInvalid) is recorded too: it was asked for, and its outcome says so.
func (j *Journal) Do(ctx context.Context, c Change, change func(ctx context.Context, id string) (result any, err error)) (result json.RawMessage, replayed bool, err error) {
	if c.Request == "" {
		return nil, false, missingKey()
	}
	r := Record{
		ID: derived("au_", c.Action, c.Key, c.Request), At: j.Now(), Key: c.Key, Action: c.Action, Target: c.Target, Before: c.Before,
		After: c.After, Print: c.Fingerprint, Op: j.NewID(),
	}
	stored, err := j.Store.BeginRecord(ctx, r)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("record %s: %w", c.Action, err)
	case stored.Print != c.Fingerprint:
		return nil, false, keyReused()
	case stored.Outcome == OutcomeDone:
		return stored.Result, true, nil
	}
	made, err := change(ctx, r.ID)
	outcome := OutcomeDone
	if err != nil {
		outcome = string(checkout.ErrorCode(err))
	} else if result, err = json.Marshal(made); err != nil {
		return nil, false, fmt.Errorf("encode result of %s: %w", c.Action, err)
	}
	if failed := j.Store.EndRecord(ctx, r.ID, outcome, result); failed != nil {
		// The change stands, or doesn't, whatever the record says of its end: it tells that it was begun.
		j.Logger.WarnContext(ctx, "end of a change can't be recorded", "record", r.ID, "action", c.Action, "error", failed.Error())
	}
	return result, false, err
}

// Note records what changes nothing and should be known all the same: who was shown what is kept of a person. It is written before
// anything is shown.
func (j *Journal) Note(ctx context.Context, key, action, target string) error {
	op := j.NewID()
	_, err := j.Store.BeginRecord(ctx, Record{
		ID: derived("au_", action, key, op), At: j.Now(), Key: key, Action: action, Target: target, Outcome: OutcomeDone, Op: op,
	})
	if err != nil {
		return fmt.Errorf("record %s: %w", action, err)
	}
	return nil
}

// Records returns a page of what was changed, newest first.
func (j *Journal) Records(ctx context.Context, limit int, cursor string) ([]Record, string, error) {
	if limit < 1 || limit > 100 {
		return nil, "", invalid("", "a page holds 1 to 100 records")
	}
	return j.Store.Records(ctx, limit, cursor)
}
