package dynamotest

import (
	"encoding/base64"
	"maps"
	"math"
	"reflect"
	"strings"
)

// Sizes and units by AWS's rules ("DynamoDB item sizes and formats", "Read and write operations", "Using global secondary
// indexes").

// attributes are an item as DynamoDB's JSON has it: name → {type: value}.
type attributes map[string]map[string]any

// Size is what an item counts for: the names and values of its attributes, in bytes.
func (a attributes) size() int {
	total := 0
	for name, value := range a {
		total += len(name) + valueSize(value)
	}
	return total
}

func valueSize(value map[string]any) int {
	for kind, v := range value {
		switch v := v.(type) {
		case string:
			return scalarSize(kind, v)
		case []any:
			total := 3 // a list's own, and one for each element
			for _, element := range v {
				total += 1 + elementSize(element)
			}
			return total
		case map[string]any:
			total := 3
			for name, element := range v {
				total += 1 + len(name) + elementSize(element)
			}
			return total
		}
	}
	return 1 // BOOL, NULL
}

func elementSize(element any) int {
	value, ok := element.(map[string]any)
	if !ok {
		return 0
	}
	return valueSize(value)
}

func scalarSize(kind, v string) int {
	switch kind {
	case "B":
		data, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return len(v)
		}
		return len(data)
	case "N":
		return numberSize(v)
	}
	return len(v)
}

// numberSize is one byte, and one for each two significant digits; a negative one has another.
func numberSize(v string) int {
	digits, negative := strings.CutPrefix(v, "-")
	digits = strings.Trim(strings.Replace(digits, ".", "", 1), "0")
	size := 1 + (len(digits)+1)/2
	if negative {
		size++
	}
	return size
}

// writeUnits are those of one item of a size: one a KB, at least one.
func writeUnits(size int) float64 { return math.Max(1, math.Ceil(float64(size)/1024)) }

// readUnits are those of so many bytes: one for 4 KB, half of that where consistency isn't asked for.
func readUnits(size int, consistent bool) float64 {
	units := math.Max(1, math.Ceil(float64(size)/4096))
	if consistent {
		return units
	}
	return units / 2
}

// projected returns an index's entry of an item; nil if it has none.
func (x secondaryIndex) projected(item, key attributes) attributes {
	for _, name := range x.keys {
		if item[name] == nil {
			return nil
		}
	}
	if x.all {
		return item
	}
	entry := attributes{}
	for name := range key {
		entry[name] = item[name]
	}
	for _, name := range x.keys {
		entry[name] = item[name]
	}
	return entry
}

// writes are the units that an index costs when an item changes: one to come or go or change, two to move.
func (x secondaryIndex) writes(before, after, key attributes) float64 {
	old, fresh := x.projected(before, key), x.projected(after, key)
	switch {
	case old == nil && fresh == nil:
		return 0
	case old == nil:
		return writeUnits(fresh.size())
	case fresh == nil:
		return writeUnits(old.size())
	}
	for _, name := range x.keys {
		if !same(old[name], fresh[name]) {
			return writeUnits(old.size()) + writeUnits(fresh.size())
		}
	}
	for name := range merged(old, fresh) {
		if !same(old[name], fresh[name]) {
			return writeUnits(max(old.size(), fresh.size()))
		}
	}
	return 0
}

func same(a, b map[string]any) bool { return reflect.DeepEqual(a, b) }

func merged(a, b attributes) attributes {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
