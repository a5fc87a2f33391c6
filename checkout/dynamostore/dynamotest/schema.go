package dynamotest

import (
	"context"
	"encoding/json"
	"net/http"
)

type tableSchema struct {
	keys    []string
	indexes []secondaryIndex
}

type secondaryIndex struct {
	keys []string
	all  bool // projects all attributes, else keys only
}

func (m *Meter) schema(r *http.Request, table string) (tableSchema, error) {
	m.mu.Lock()
	known, ok := m.tables[table]
	m.mu.Unlock()
	if ok {
		return known, nil
	}
	body, err := json.Marshal(map[string]string{"TableName": table})
	if err != nil {
		return tableSchema{}, err
	}
	data, _, err := m.send(r.WithContext(context.WithoutCancel(r.Context())), "DescribeTable", body)
	if err != nil {
		return tableSchema{}, err
	}
	type keySchema []struct{ AttributeName string }
	var described struct {
		Table struct {
			KeySchema              keySchema
			GlobalSecondaryIndexes []struct {
				KeySchema  keySchema
				Projection struct{ ProjectionType string }
			}
		}
	}
	if err := json.Unmarshal(data, &described); err != nil {
		return tableSchema{}, err
	}
	names := func(keys keySchema) (out []string) {
		for _, k := range keys {
			out = append(out, k.AttributeName)
		}
		return out
	}
	known.keys = names(described.Table.KeySchema)
	for _, x := range described.Table.GlobalSecondaryIndexes {
		known.indexes = append(known.indexes, secondaryIndex{names(x.KeySchema), x.Projection.ProjectionType == "ALL"})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tables[table] = known
	return known, nil
}
