package lambdatest_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/dynamostore"
	"kassa/checkout/dynamostore/dynamotest"
)

// source is a table whose stream a function reads, and where its items have their notices.
type source struct {
	table, notices, mark string
	noticed              func(ctx context.Context, cursor string) ([]string, string, error)
}

func (a *account) ofSessions() source {
	return source{a.tables.Sessions, "n", dynamostore.AttributeNotices, a.store.Noticed}
}

func (a *account) ofCarts() source {
	return source{a.tables.Carts, "N", dynamostore.AttributeCartNotices, a.store.NoticedCarts}
}

// change is a record of a stream.
type change struct {
	EventID   string `json:"eventID"`
	EventName string `json:"eventName"`
	DynamoDB  struct {
		Keys     map[string]map[string]string
		NewImage map[string]map[string]json.RawMessage
	} `json:"dynamodb"`
}

// streamed returns the records of the sessions' stream that the template's filter lets pass, as DynamoDB Local has them.
func (a *account) streamed(t testing.TB) []json.RawMessage {
	t.Helper()
	return a.told(t, a.ofSessions())
}

// told are the records of a table that the template's filter lets pass. DynamoDB Local writes them a moment after the items: there
// must be one of every notice that there is.
func (a *account) told(t testing.TB, from source) []json.RawMessage {
	t.Helper()
	left, _, err := from.noticed(t.Context(), "")
	must(t, err)
	want := map[string]bool{}
	for _, id := range left {
		for notice := range a.noticesOf(t, from, id) {
			want[id+" "+notice] = true
		}
	}
	for range 200 {
		records, has := []json.RawMessage{}, maps.Clone(want)
		for _, record := range a.records(t, from) {
			if c := changeOf(t, record); c.passes(from) {
				records = append(records, record)
				var notices map[string]json.RawMessage
				must(t, json.Unmarshal(c.DynamoDB.NewImage[from.notices]["M"], &notices))
				for notice := range notices {
					delete(has, c.DynamoDB.Keys["i"]["S"]+" "+notice)
				}
			}
		}
		if len(has) == 0 {
			return records
		}
		pause(t.Context(), 50*time.Millisecond)
	}
	t.Fatalf("the stream of %s does not tell of %v", from.table, want)
	return nil
}

// noticesOf are those that an item has now.
func (a *account) noticesOf(t testing.TB, from source, id string) map[string]checkout.Notice {
	t.Helper()
	if from.table == a.tables.Carts {
		c, err := a.store.Cart(t.Context(), id)
		must(t, err)
		return c.Notices
	}
	s, err := a.store.Session(t.Context(), id)
	must(t, err)
	return s.Notices
}

// records are all of a table's stream.
func (a *account) records(t testing.TB, from source) (records []json.RawMessage) {
	t.Helper()
	var streams struct {
		Streams []struct{ StreamArn string }
	}
	streamCall(t, "ListStreams", map[string]any{"TableName": from.table}, &streams)
	if len(streams.Streams) != 1 {
		t.Fatalf("%d streams", len(streams.Streams))
	}
	arn := streams.Streams[0].StreamArn
	var described struct {
		StreamDescription struct {
			Shards []struct{ ShardId string } //nolint:revive // AWS's word
		}
	}
	streamCall(t, "DescribeStream", map[string]any{"StreamArn": arn}, &described)
	for _, shard := range described.StreamDescription.Shards {
		var iterator struct{ ShardIterator string }
		streamCall(t, "GetShardIterator", map[string]any{"StreamArn": arn, "ShardId": shard.ShardId, "ShardIteratorType": "TRIM_HORIZON"}, &iterator)
		var page struct{ Records []json.RawMessage }
		streamCall(t, "GetRecords", map[string]any{"ShardIterator": iterator.ShardIterator}, &page)
		records = append(records, page.Records...)
	}
	return records
}

func changeOf(t testing.TB, record json.RawMessage) (c change) {
	t.Helper()
	must(t, json.Unmarshal(record, &c))
	return c
}

// passes is the filter of the template: {"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"o":{"S":[{"exists":true}]}}}},
// with the source's own mark.
func (c change) passes(from source) bool {
	_, noticed := c.DynamoDB.NewImage[from.mark]["S"]
	return noticed && (c.EventName == "INSERT" || c.EventName == "MODIFY")
}

func streamCall(t testing.TB, operation string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	must(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, dynamotest.Endpoint(t), strings.NewReader(string(body)))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDBStreams_20120810."+operation)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	res, err := http.DefaultClient.Do(r)
	must(t, err)
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %s", operation, res.StatusCode, err, text)
	}
	must(t, json.Unmarshal(text, out))
}
