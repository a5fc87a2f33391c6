package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kassa/checkout"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/parameter"
)

// answerReserve is kept back of an invocation to report what has failed: without a report all of the batch comes again.
const answerReserve = 500 * time.Millisecond

// handler answers batches of the stream with the records that must come again, and runs jobs.
//
// Of a record only its key is read: the session or cart is read anew, strongly. An image may be old and have notices that were
// removed long ago, and a record is no larger a promise than "look here": doubled, late, in any order, of a thing that is
// gone, it costs one read.
func handler(
	f *coldstart.Function, kept *parameter.Kept[*checkout.Outbox],
) func(context.Context, json.RawMessage) (*events.DynamoDBEventResponse, error) {
	jobs := coldstart.Jobs(f, kept, map[string]coldstart.Run[*checkout.Outbox]{
		"drain": (*checkout.Outbox).Drain, "resume": (*checkout.Outbox).ResumeDrain,
	})
	return func(ctx context.Context, event json.RawMessage) (*events.DynamoDBEventResponse, error) {
		var batch struct{ Records []json.RawMessage }
		if err := json.Unmarshal(event, &batch); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		if batch.Records == nil {
			return nil, jobs(ctx, event)
		}
		ctx, cancel := coldstart.Early(ctx, answerReserve)
		defer cancel()
		outbox, err := kept.Get(ctx)
		if err != nil {
			return nil, err
		}
		return deliver(ctx, f, outbox, batch.Records), nil
	}
}

// deliver has the sessions and carts of records delivered, and returns those that failed by their sequence numbers. Lambda takes the
// lowest of them for the next batch's beginning, and all that follows comes again too: nothing has to be held back for
// that, since what was delivered is not delivered twice.
func deliver(ctx context.Context, f *coldstart.Function, outbox *checkout.Outbox, records []json.RawMessage) *events.DynamoDBEventResponse {
	started := f.Now()
	read := make([]record, len(records))
	var ids []string
	for i, raw := range records {
		if read[i] = readRecord(raw); read[i].err != nil {
			f.Log.ErrorContext(ctx, "record can't be read", "sequence_number", read[i].number, "error", read[i].err.Error())
			continue
		}
		ids = append(ids, read[i].id)
	}
	failed := outbox.Deliver(ctx, ids)
	out := &events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
	for _, r := range read {
		if r.err != nil || failed[r.id] != nil {
			out.BatchItemFailures = append(out.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: r.number})
		}
	}
	f.Log.InfoContext(ctx, "stream", "records", len(records), "failed", len(out.BatchItemFailures),
		"duration_ms", f.Now().Sub(started).Milliseconds())
	return out
}

// record is what is read of a stream's record.
type record struct {
	number string // in its shard; "" fails the batch, which is all that can be said of a record without one
	id     string // of the session or cart
	err    error
}

// readRecord reads a record in steps, so that one that is spoiled still has its number.
func readRecord(raw json.RawMessage) (r record) {
	var outer struct {
		DynamoDB struct {
			SequenceNumber string
			Keys           json.RawMessage
		} `json:"dynamodb"`
	}
	if r.err = json.Unmarshal(raw, &outer); r.err != nil {
		return r
	}
	r.number = outer.DynamoDB.SequenceNumber
	var keys struct {
		ID struct{ S string } `json:"i"`
	}
	if r.err = json.Unmarshal(outer.DynamoDB.Keys, &keys); r.err != nil {
		return r
	}
	r.id = keys.ID.S
	return r
}
