package dynamotest

import (
	"bytes"
	"encoding/json"
)

// target is an item that a request writes, or makes a condition of.
type target struct {
	table         string
	key           attributes
	before, after attributes
}

// request is what the meter reads of a request.
type request struct {
	TableName      string
	Key, Item      attributes
	ConsistentRead bool
	IndexName      string
	RequestItems   map[string]struct {
		Keys           []json.RawMessage
		ConsistentRead bool
	}
	TransactItems []map[string]struct {
		TableName string
		Key, Item attributes
	}
}

func (q request) targets(operation string) []*target {
	switch operation {
	case "PutItem", "UpdateItem", "DeleteItem":
		return []*target{{table: q.TableName, key: either(q.Key, q.Item)}}
	case "TransactWriteItems":
		var all []*target
		for _, action := range q.TransactItems {
			for _, a := range action {
				all = append(all, &target{table: a.TableName, key: either(a.Key, a.Item)})
			}
		}
		return all
	}
	return nil
}

func either(key, item attributes) attributes {
	if key != nil {
		return key
	}
	return item
}

// response is what the meter reads of an answer.
type response struct {
	Type             string `json:"__type"`
	Item             attributes
	Items            []attributes
	Responses        map[string][]attributes
	ConsumedCapacity json.RawMessage
}

// conditional reports whether a condition refused a write, which costs as if it had been done.
func (s response) conditional() bool {
	for _, kind := range []string{"ConditionalCheckFailedException", "TransactionCanceledException"} {
		if bytes.HasSuffix([]byte(s.Type), []byte(kind)) {
			return true
		}
	}
	return false
}

// reads returns what a read has cost; one that finds nothing costs the least that there is.
func (q request) reads(operation string, said response, largest map[string]int) (units float64) {
	switch operation {
	case "GetItem":
		largest[q.TableName] = max(largest[q.TableName], said.Item.size())
		return readUnits(said.Item.size(), q.ConsistentRead)
	case "BatchGetItem":
		for table, asked := range q.RequestItems {
			for _, item := range said.Responses[table] {
				largest[table] = max(largest[table], item.size())
				units += readUnits(item.size(), asked.ConsistentRead)
			}
			units += float64(len(asked.Keys)-len(said.Responses[table])) * readUnits(0, asked.ConsistentRead)
		}
	case "Query":
		total := 0
		for _, item := range said.Items {
			total += item.size()
		}
		return readUnits(total, q.ConsistentRead)
	case "Scan": // what a filter has dropped costs as well, and only the answer tells
		var theirs struct{ CapacityUnits float64 }
		if json.Unmarshal(said.ConsumedCapacity, &theirs) == nil {
			return theirs.CapacityUnits
		}
	}
	return units
}
