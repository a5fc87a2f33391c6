package dynamotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Cost is what requests have cost, in the order in which they were answered.
type Cost struct {
	Requests []Request
	Largest  map[string]int // by table: the largest item that was written or read, in bytes
}

// Request is a trip, and what it cost.
type Request struct {
	Operation string
	Write     float64 // write request units, indexes included
	Index     float64 // those of indexes
	Read      float64 // read request units
}

// Trips is how many requests were sent.
func (c Cost) Trips() int { return len(c.Requests) }

// Write is the sum of write request units.
func (c Cost) Write() (sum float64) {
	for _, r := range c.Requests {
		sum += r.Write
	}
	return sum
}

// Read is the sum of read request units.
func (c Cost) Read() (sum float64) {
	for _, r := range c.Requests {
		sum += r.Read
	}
	return sum
}

// Meter is a transport that counts what AWS would charge for the requests that pass, by AWS's rules, from the items before
// and after. It asks for those beside the request itself, on DynamoDB Local, which minds no wrong signature. Of requests about
// a single item it holds its count against what DynamoDB Local says. Writes pass one by one.
type Meter struct {
	inner http.RoundTripper

	writing  sync.Mutex // held by the one who writes
	mu       sync.Mutex // guards all below
	cost     Cost
	compared int
	wrong    []string
	tables   map[string]tableSchema
}

// NewMeter returns a meter over another transport.
func NewMeter(inner http.RoundTripper) *Meter {
	return &Meter{inner: inner, tables: map[string]tableSchema{}}
}

// Take returns the cost since the last time that it was called.
func (m *Meter) Take() Cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	cost := m.cost
	m.cost = Cost{}
	if cost.Largest == nil {
		cost.Largest = map[string]int{}
	}
	return cost
}

// Compared returns of how many requests DynamoDB Local said what they cost, and where it counted otherwise.
func (m *Meter) Compared() (n int, wrong []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.compared, append([]string(nil), m.wrong...)
}

// RoundTrip implements http.RoundTripper.
func (m *Meter) RoundTrip(r *http.Request) (*http.Response, error) {
	operation, body, err := opened(r)
	if err != nil {
		return nil, err
	}
	var request request
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, fmt.Errorf("meter %s: %w", operation, err)
	}
	targets := request.targets(operation)
	if len(targets) > 0 {
		m.writing.Lock()
		defer m.writing.Unlock()
	}
	if err := m.look(r, targets, func(t *target, item attributes) { t.before = item }); err != nil {
		return nil, err
	}
	data, status, err := m.send(r, operation, withCapacity(body))
	if err != nil {
		return nil, err
	}
	if err := m.look(r, targets, func(t *target, item attributes) { t.after = item }); err != nil {
		return nil, err
	}
	var said response
	if err := json.Unmarshal(data, &said); err != nil {
		return nil, fmt.Errorf("meter the answer to %s: %w", operation, err)
	}
	cost, largest := Request{Operation: operation}, map[string]int{}
	if status == http.StatusOK || said.conditional() {
		m.writes(&cost, largest, targets)
		cost.Read = request.reads(operation, said, largest)
	}
	m.add(cost, largest, said)
	return answer(r, reply{status, data}), nil
}

func (m *Meter) add(cost Request, largest map[string]int, said response) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cost.Requests = append(m.cost.Requests, cost)
	if m.cost.Largest == nil {
		m.cost.Largest = map[string]int{}
	}
	for table, size := range largest {
		m.cost.Largest[table] = max(m.cost.Largest[table], size)
	}
	var theirs struct{ CapacityUnits float64 }
	empty := cost.Operation == "Query" && len(said.Items) == 0 // DynamoDB Local says that it costs nothing; AWS takes the least
	if json.Unmarshal(said.ConsumedCapacity, &theirs) != nil || empty {
		return // none, or of several tables
	}
	if m.compared++; theirs.CapacityUnits != cost.Write+cost.Read {
		m.wrong = append(m.wrong, fmt.Sprintf("%s: counted %v, DynamoDB Local says %v", cost.Operation, cost.Write+cost.Read,
			theirs.CapacityUnits))
	}
}

// send makes a request with another body, or for another operation.
func (m *Meter) send(r *http.Request, operation string, body []byte) (data []byte, status int, err error) {
	other := withBody(r, body)
	other.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	answered, err := m.inner.RoundTrip(other)
	if err != nil {
		return nil, 0, err
	}
	defer answered.Body.Close() //nolint:errcheck // read to its end
	data, err = io.ReadAll(answered.Body)
	return data, answered.StatusCode, err
}

// withCapacity asks to be told what a request has cost.
func withCapacity(body []byte) []byte {
	body = bytes.TrimSpace(body)
	return append([]byte(`{"ReturnConsumedCapacity":"INDEXES",`), body[1:]...)
}

// look reads the items of targets.
func (m *Meter) look(r *http.Request, targets []*target, see func(*target, attributes)) error {
	for _, t := range targets {
		schema, err := m.schema(r, t.table)
		if err != nil {
			return err
		}
		key := attributes{}
		for _, name := range schema.keys {
			key[name] = t.key[name]
		}
		t.key = key
		body, err := json.Marshal(map[string]any{"TableName": t.table, "Key": key, "ConsistentRead": true})
		if err != nil {
			return err
		}
		data, status, err := m.send(r, "GetItem", body)
		if err != nil || status != http.StatusOK {
			return errors.Join(err, fmt.Errorf("meter %s: status %d", t.table, status))
		}
		var got struct{ Item attributes }
		if err := json.Unmarshal(data, &got); err != nil {
			return err
		}
		see(t, got.Item)
	}
	return nil
}

// writes counts what targets have cost: a write pays for the larger of the item before and after, in whole KB; in a
// transaction twice, to prepare and to commit, also for a mere condition.
func (m *Meter) writes(cost *Request, largest map[string]int, targets []*target) {
	for _, t := range targets {
		size := max(t.before.size(), t.after.size())
		largest[t.table] = max(largest[t.table], size)
		units := writeUnits(size)
		if cost.Operation == "TransactWriteItems" {
			units *= 2
		}
		cost.Write += units
		m.mu.Lock()
		indexes := m.tables[t.table].indexes
		m.mu.Unlock()
		for _, x := range indexes {
			moved := x.writes(t.before, t.after, t.key)
			cost.Write += moved
			cost.Index += moved
		}
	}
}
