package sandbox

import (
	"bytes"
	"encoding/json"
	"strings"
)

// expand replaces ids by the objects behind them, at the paths a call names: latest_charge, data.customer …
func (t *tx) expand(v any, paths []string) (any, *apiError) {
	if len(paths) == 0 {
		return v, nil
	}
	dec := json.NewDecoder(bytes.NewReader(encode(v)))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return nil, serverError("An answer could not be read back.")
	}
	for _, path := range paths {
		var ok bool
		if tree, ok = t.expandAt(tree, strings.Split(path, ".")); !ok {
			return nil, invalid("", "expand", "This property cannot be expanded (%s).", path)
		}
	}
	return tree, nil
}

func (t *tx) expandAt(v any, path []string) (any, bool) {
	switch node := v.(type) {
	case nil:
		return nil, true
	case string:
		object, ok := t.object(node)
		if !ok {
			return nil, false
		}
		var tree any
		dec := json.NewDecoder(bytes.NewReader(encode(object)))
		dec.UseNumber()
		if dec.Decode(&tree) != nil {
			return nil, false
		}
		return t.expandAt(tree, path)
	case []any:
		for i := range node {
			var ok bool
			if node[i], ok = t.expandAt(node[i], path); !ok {
				return nil, false
			}
		}
		return node, true
	case map[string]any:
		if len(path) == 0 {
			return node, true
		}
		inner, ok := node[path[0]]
		if !ok {
			return nil, false
		}
		node[path[0]], ok = t.expandAt(inner, path[1:])
		return node, ok
	}
	return nil, false
}

// object finds anything by its id, whose prefix says what it is.
func (t *tx) object(id string) (any, bool) {
	prefix, _, _ := strings.Cut(id, "_")
	switch prefix {
	case "pi":
		row, ok := t.intents.get(id)
		return row.Wire, ok
	case "ch":
		row, ok := t.charges.get(id)
		return row.Wire, ok
	case "pm":
		row, ok := t.methods.get(id)
		return row.Wire, ok
	case "cus":
		c, ok := t.customers.get(id)
		return c, ok
	}
	return nil, false
}
