package lambdatest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"kassa/checkout/dynamostore/dynamotest"
)

// streamed returns the records of the sessions' stream that the template's filter lets pass, as DynamoDB Local has them. It
// writes them a moment after the items: there must be as many as there are sessions that have something to tell.
func (a *account) streamed(t testing.TB) []json.RawMessage {
	t.Helper()
	noticed, _, err := a.store.Noticed(t.Context(), "")
	must(t, err)
	for range 200 {
		if records := a.records(t); len(records) >= len(noticed) {
			return records
		}
		pause(t.Context(), 50*time.Millisecond)
	}
	t.Fatalf("the stream does not tell of %v", noticed)
	return nil
}

func (a *account) records(t testing.TB) []json.RawMessage {
	t.Helper()
	records := []json.RawMessage{}
	var streams struct {
		Streams []struct{ StreamArn string }
	}
	streamCall(t, "ListStreams", map[string]any{"TableName": a.tables.Sessions}, &streams)
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
		for _, record := range page.Records {
			if passes(t, record) {
				records = append(records, record)
			}
		}
	}
	return records
}

// passes is the filter of the template: {"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"o":{"S":[{"exists":true}]}}}}.
func passes(t testing.TB, record json.RawMessage) bool {
	t.Helper()
	var r struct {
		EventName string `json:"eventName"`
		DynamoDB  struct {
			NewImage map[string]map[string]json.RawMessage
		}
	}
	must(t, json.Unmarshal(record, &r))
	_, noticed := r.DynamoDB.NewImage["o"]["S"]
	return noticed && (r.EventName == "INSERT" || r.EventName == "MODIFY")
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
