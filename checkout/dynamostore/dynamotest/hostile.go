package dynamotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Way is how a request goes wrong between a client and DynamoDB.
type Way string

const (
	Passes       Way = ""
	Unreachable  Way = "unreachable"      // not done: the connection was refused
	Lost         Way = "lost"             // done, but the connection broke before the answer came
	Silent       Way = "silent"           // not done, and no answer before the caller gives up
	DoneSilent   Way = "silent after"     // done, and no answer before the caller gives up
	Throttled    Way = "throttled"        // not done: the request as a whole, or, of a transaction, one of its actions
	Busy         Way = "request limit"    // not done: the account's limit
	Conflicted   Way = "conflict"         // not done: another transaction is at work on one of the items
	InProgress   Way = "in progress"      // a transaction that is being done, and will have been
	Failed       Way = "500"              // not done
	DoneFailed   Way = "500 after effect" // done all the same
	Unavailable  Way = "503"              // not done
	Garbled      Way = "garbled"          // done, but the answer is cut off in the middle
	Stale        Way = "stale"            // a read answered as the same read was answered last, unless it asks for consistency
	Unprocessed  Way = "unprocessed"      // a batch that reads only the half of what was asked for
	LastOnly     Way = "last reason only" // a canceled transaction that names its last failed condition alone
	Unauthorized Way = "unauthorized"     // not done, and never will be
)

// Ways returns the ways that a request of an operation can go wrong and still be answered as if nothing had, if it is made
// again.
func Ways(operation string) []Way {
	ways := []Way{Unreachable, Lost, Silent, DoneSilent, Throttled, Busy, Failed, DoneFailed, Unavailable, Garbled}
	switch operation {
	case "TransactWriteItems":
		return append(ways, Conflicted, InProgress)
	case "PutItem", "UpdateItem", "DeleteItem":
		return append(ways, Conflicted)
	case "BatchGetItem":
		return append(ways, Unprocessed)
	}
	return ways
}

// Hostile is a transport under the real client that fails by script, in ways that emulators don't know. Without a script all
// passes. Safe for concurrent use.
type Hostile struct {
	inner http.RoundTripper

	mu     sync.Mutex // guards all below
	next   map[string][]Way
	decide func(operation string) Way
	calls  []Call
	last   map[string][]byte // answers to reads, by request
}

// Call is a request that was made, and how it went.
type Call struct {
	Operation string
	Way       Way
}

// NewHostile returns a transport over another one.
func NewHostile(inner http.RoundTripper) *Hostile {
	return &Hostile{inner: inner, next: map[string][]Way{}, decide: func(string) Way { return Passes }, last: map[string][]byte{}}
}

// Next scripts the next requests of an operation, such as "PutItem": one way each, in their order.
func (h *Hostile) Next(operation string, ways ...Way) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next[operation] = append(h.next[operation], ways...)
}

// Always has a function decide how each request goes that Next doesn't script. It is called by one request at a time.
func (h *Hostile) Always(decide func(operation string) Way) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.decide = decide
}

// Calls returns all requests since the last time that it was called.
func (h *Hostile) Calls() []Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	calls := h.calls
	h.calls = nil
	return calls
}

func (h *Hostile) way(operation string) Way {
	h.mu.Lock()
	defer h.mu.Unlock()
	var way Way
	if scripted := h.next[operation]; len(scripted) > 0 {
		way, h.next[operation] = scripted[0], scripted[1:]
	} else {
		way = h.decide(operation)
	}
	h.calls = append(h.calls, Call{operation, way})
	return way
}

var errBroken = errors.New("connection broken by script")

// RoundTrip implements http.RoundTripper.
func (h *Hostile) RoundTrip(r *http.Request) (*http.Response, error) {
	operation, body, err := opened(r)
	if err != nil {
		return nil, err
	}
	way := h.way(operation)
	switch way {
	case Unreachable:
		return nil, errBroken
	case Silent:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case Throttled, Busy, Conflicted, Failed, Unavailable, Unauthorized:
		return answer(r, refusalOf(way, operation, body)), nil
	case Stale:
		if old := h.remembered(operation, body); old != nil {
			return answer(r, reply{http.StatusOK, old}), nil
		}
	case Unprocessed:
		return h.half(r, body)
	default: // it reaches DynamoDB
	}
	response, err := h.pass(r, operation, body)
	if err != nil {
		return nil, err
	}
	return h.spoil(r, way, response)
}

// spoil makes of a true answer what comes of it on its way.
func (h *Hostile) spoil(r *http.Request, way Way, response *http.Response) (*http.Response, error) {
	switch way {
	case Lost:
		return nil, errBroken
	case DoneSilent:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case DoneFailed:
		return answer(r, failure(http.StatusInternalServerError, "InternalServerError")), nil
	case InProgress:
		return answer(r, failure(http.StatusBadRequest, "TransactionInProgressException")), nil
	case Garbled, LastOnly:
		data, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		if way == LastOnly {
			return answer(r, reply{response.StatusCode, lastReason(data)}), nil
		}
		return answer(r, reply{response.StatusCode, data[:len(data)/2]}), nil
	default:
		return response, nil
	}
}

// pass makes a request, and remembers what a later stale read answers.
func (h *Hostile) pass(r *http.Request, operation string, body []byte) (*http.Response, error) {
	response, err := h.inner.RoundTrip(r)
	if err != nil || operation != "Query" && operation != "GetItem" && operation != "BatchGetItem" {
		return response, err
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(data))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last[operation+canonical(body)] = data
	return response, nil
}

// remembered returns the answer that the same read got before; nil if it may not be stale, or there is none.
func (h *Hostile) remembered(operation string, body []byte) []byte {
	if bytes.Contains(body, []byte(`"ConsistentRead":true`)) {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last[operation+canonical(body)]
}

// canonical is the same for requests whose JSON differs in the order of its members only.
func canonical(body []byte) string {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return string(body)
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		return string(body)
	}
	return string(sorted)
}

// half asks for the first key of each table of a batch, and answers that the others were left unprocessed.
func (h *Hostile) half(r *http.Request, body []byte) (*http.Response, error) {
	type table struct {
		Keys           []json.RawMessage
		ConsistentRead bool
	}
	var batch struct{ RequestItems map[string]table }
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, err
	}
	left := map[string]table{}
	for name, t := range batch.RequestItems {
		if len(t.Keys) > 1 {
			left[name] = table{t.Keys[1:], t.ConsistentRead}
			batch.RequestItems[name] = table{t.Keys[:1], t.ConsistentRead}
		} else if len(batch.RequestItems) > 1 && len(left) == 0 {
			left[name] = t
			delete(batch.RequestItems, name)
		}
	}
	asked, err := json.Marshal(batch)
	if err != nil {
		return nil, err
	}
	response, err := h.inner.RoundTrip(withBody(r, asked))
	if err != nil {
		return nil, err
	}
	var answered map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answered); err != nil {
		return nil, err
	}
	answered["UnprocessedKeys"] = left
	data, err := json.Marshal(answered)
	return answer(r, reply{response.StatusCode, data}), err
}

// opened returns what a request asks for; its body can still be sent.
func opened(r *http.Request) (operation string, body []byte, err error) {
	_, operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if body, err = io.ReadAll(r.Body); err != nil {
		return "", nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return operation, body, nil
}

// withBody returns a request like r. Its signature is wrong; DynamoDB Local doesn't mind.
func withBody(r *http.Request, body []byte) *http.Request {
	other := r.Clone(r.Context())
	other.Body, other.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return other
}

// reply is an answer of DynamoDB.
type reply struct {
	status int
	body   []byte
}

func answer(r *http.Request, with reply) *http.Response {
	return &http.Response{
		Status: http.StatusText(with.status), StatusCode: with.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Request: r,
		ContentLength: int64(len(with.body)), Body: io.NopCloser(bytes.NewReader(with.body)),
	}
}

func failure(status int, code string) reply {
	return reply{status, fmt.Appendf(nil, `{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"by script"}`, code)}
}

func refusalOf(way Way, operation string, body []byte) reply {
	transaction := operation == "TransactWriteItems"
	switch {
	case way == Throttled && transaction:
		return canceled(body, "ThrottlingError")
	case way == Conflicted && transaction:
		return canceled(body, "TransactionConflict")
	case way == Throttled:
		return failure(http.StatusBadRequest, "ProvisionedThroughputExceededException")
	case way == Conflicted:
		return failure(http.StatusBadRequest, "TransactionConflictException")
	case way == Busy:
		return failure(http.StatusBadRequest, "RequestLimitExceeded")
	case way == Unauthorized:
		return failure(http.StatusBadRequest, "AccessDeniedException")
	case way == Unavailable:
		return failure(http.StatusServiceUnavailable, "ServiceUnavailable")
	}
	return failure(http.StatusInternalServerError, "InternalServerError")
}

// canceled is the answer to a transaction whose last action fails for a reason.
func canceled(body []byte, code string) reply {
	var transaction struct{ TransactItems []json.RawMessage }
	if err := json.Unmarshal(body, &transaction); err != nil {
		return failure(http.StatusBadRequest, "SerializationException")
	}
	reasons := make([]map[string]string, len(transaction.TransactItems))
	for i := range reasons {
		reasons[i] = map[string]string{"Code": "None"}
	}
	if len(reasons) > 0 {
		reasons[len(reasons)-1]["Code"] = code
	}
	data, err := json.Marshal(map[string]any{
		"__type":  "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
		"Message": "Transaction cancelled by script", "CancellationReasons": reasons,
	})
	if err != nil {
		return failure(http.StatusBadRequest, "SerializationException")
	}
	return reply{http.StatusBadRequest, data}
}

// lastReason takes all but the last reason out of the answer to a canceled transaction.
func lastReason(data []byte) []byte {
	var body map[string]any
	if json.Unmarshal(data, &body) != nil {
		return data
	}
	reasons, _ := body["CancellationReasons"].([]any)
	found := false
	for i := len(reasons) - 1; i >= 0; i-- {
		if reason, _ := reasons[i].(map[string]any); reason["Code"] != "None" {
			if found {
				reasons[i] = map[string]any{"Code": "None"}
			}
			found = true
		}
	}
	short, err := json.Marshal(body)
	if err != nil {
		return data
	}
	return short
}
