// Package eventbridgebus hands integration events to an Amazon EventBridge bus. It alone imports EventBridge's client.
//
// An entry's detail is the CloudEvent, so that a target gets it whole; its source is the shop's namespace and its detail type
// the kind, which is what rules match:
//
//	{"source": ["com.example.shop"], "detail-type": ["order.placed"]}
package eventbridgebus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"kassa/checkout"
)

var _ checkout.Publisher = (*Bus)(nil)

// Limits of a call (EventBridge, PutEvents). EventBridge itself takes 1 MB by now, some of its targets do not.
const (
	maxEntries = 10
	maxBytes   = 256 * 1024
)

// Config is what a Bus is made of.
type Config struct {
	AWS    aws.Config
	Name   string // of the bus, or its ARN
	Source string // of entries: the shop's namespace. EventBridge refuses those that begin with aws.
}

// Bus implements checkout.Publisher. Safe for concurrent use.
type Bus struct {
	name   string
	source string
	// putEvents is a method of the client's. The client itself is not kept: a program that executes templates would have to link
	// all that it can do.
	putEvents func(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// New returns a Bus. CodeInvalid if its name or source is missing.
func New(c Config) (*Bus, error) {
	if c.Name == "" || c.Source == "" {
		return nil, &checkout.Error{Code: checkout.CodeInvalid, Message: "an event bus needs a name and a source"}
	}
	return &Bus{putEvents: eventbridge.NewFromConfig(c.AWS).PutEvents, name: c.Name, source: c.Source}, nil
}

// Publish implements checkout.Publisher. The SDK repeats calls that were throttled or failed on the other side, within the
// context's deadline; single entries that the bus did not take are not repeated here.
func (b *Bus) Publish(ctx context.Context, events []checkout.Event) (taken []string, err error) {
	entries, failures := b.entries(events)
	for len(entries) > 0 {
		n := fitting(entries)
		ids, err := b.put(ctx, entries[:n])
		taken, failures, entries = append(taken, ids...), append(failures, err), entries[n:]
	}
	return taken, errors.Join(failures...)
}

// entry is an event as it is put.
type entry struct {
	id    string
	size  int
	value types.PutEventsRequestEntry
}

// entries makes entries of events, without those that are too large for any call.
func (b *Bus) entries(events []checkout.Event) (entries []entry, failures []error) {
	for _, e := range events {
		detail, err := json.Marshal(e)
		if err != nil {
			failures = append(failures, refused(e.ID, "it can't be encoded", err))
			continue
		}
		made := entry{e.ID, sizeOf(b.source, e.Kind, detail), types.PutEventsRequestEntry{
			EventBusName: &b.name, Source: &b.source, DetailType: aws.String(e.Kind), Detail: aws.String(string(detail)),
			Time: aws.Time(e.Time),
		}}
		if made.size > maxBytes {
			failures = append(failures, refused(e.ID, fmt.Sprintf("it has %d bytes", made.size), nil))
			continue
		}
		entries = append(entries, made)
	}
	return entries, failures
}

// sizeOf is an entry's size as EventBridge counts it: its texts, and 14 for the time.
func sizeOf(source, kind string, detail []byte) int {
	return len(source) + len(kind) + len(detail) + 14
}

// fitting is how many of the first entries fit into one call.
func fitting(entries []entry) int {
	size := 0
	for i, e := range entries {
		if size += e.size; i == maxEntries || size > maxBytes {
			return i
		}
	}
	return len(entries)
}

// put makes one call, and returns the ids of the events that were taken.
func (b *Bus) put(ctx context.Context, entries []entry) (taken []string, err error) {
	in := &eventbridge.PutEventsInput{}
	for _, e := range entries {
		in.Entries = append(in.Entries, e.value)
	}
	out, err := b.putEvents(ctx, in)
	if err != nil {
		return nil, failed(err)
	}
	var failures []error
	for i, e := range entries {
		switch {
		case i < len(out.Entries) && out.Entries[i].EventId != nil && out.Entries[i].ErrorCode == nil:
			taken = append(taken, e.id)
		case i < len(out.Entries):
			failures = append(failures, entryFailed(e.id, out.Entries[i]))
		default:
			failures = append(failures, unavailable("the event bus tells nothing of event "+e.id, nil))
		}
	}
	return taken, errors.Join(failures...)
}

// failed puts a failed call into the domain's words.
func failed(err error) error {
	var (
		api      smithy.APIError
		response *awshttp.ResponseError
	)
	if errors.As(err, &api) && errors.As(err, &response) && response.HTTPStatusCode()/100 == 4 && !throttle(api.ErrorCode()) {
		return &checkout.Error{Code: checkout.CodeInternal, Message: "the event bus refuses our calls", Err: err}
	}
	return unavailable("the event bus did not take the call", err)
}

// entryFailed puts an entry that was not taken into the domain's words. Its message may quote the entry and is left out.
func entryFailed(id string, e types.PutEventsResultEntry) error {
	code := aws.ToString(e.ErrorCode)
	switch {
	case code == "", code == "InternalFailure", code == "InternalException", throttle(code):
		return unavailable("the event bus did not take event "+id+": "+code, nil)
	}
	return refused(id, code, nil)
}

func throttle(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok
}

func unavailable(message string, err error) error {
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: message, Err: err}
}

func refused(id, why string, err error) error {
	return &checkout.Error{Code: checkout.CodeInvalid, Message: "no event bus takes event " + id + ": " + why, Err: err}
}
