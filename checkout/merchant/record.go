package merchant

import (
	"context"
	"encoding/json"
	"time"
)

// Record is one change that the merchant made: who, what, when. It names people by nothing but ids.
type Record struct {
	ID     string          `json:"id"`
	At     time.Time       `json:"at"`
	Key    string          `json:"key"`              // id of the key that made it
	Action string          `json:"action"`           // settings.put, stock.move …
	Target string          `json:"target,omitempty"` // id of what was changed
	Before json.RawMessage `json:"before,omitempty"` // as it was: a version, a number
	After  json.RawMessage `json:"after,omitempty"`  // as it was to be
	// Outcome is done, or the code of the error that it ended with. "" = it was begun, and its end was not recorded.
	Outcome string          `json:"outcome,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"` // what came of it, which its repetition is answered
	Print   string          `json:"print,omitempty"`  // fingerprint of the request
	Op      string          `json:"op,omitempty"`     // id of the write, by which a retried one recognises itself
}

// OutcomeDone is the outcome of a change that was made.
const OutcomeDone = "done"

// RecordStore keeps records. The contracts of checkout/store.go hold for it.
type RecordStore interface {
	// BeginRecord stores a record, unless there is one with its ID, and returns the stored one: with this Op if it is this.
	BeginRecord(ctx context.Context, r Record) (Record, error)

	// EndRecord sets outcome and result of a record; the same once more is success. CodeNotFound if there is none.
	EndRecord(ctx context.Context, id, outcome string, result json.RawMessage) error

	// Records returns a page of the records, newest first, and the cursor of the next; "" = there is no more. Eventually
	// consistent.
	Records(ctx context.Context, limit int, cursor string) ([]Record, string, error)
}
