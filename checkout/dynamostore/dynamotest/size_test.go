package dynamotest

import (
	"encoding/json"
	"strings"
	"testing"
)

// Sizes by AWS's rules ("DynamoDB item sizes and formats"), reckoned by hand.
func TestItemSizes(t *testing.T) {
	t.Parallel()
	for item, want := range map[string]int{
		`{}`:                                0,
		`{"id":{"S":"abc"}}`:                5,
		`{"t":{"S":"é€"}}`:                  6,
		`{"b":{"B":"AAECAw=="}}`:            5,
		`{"b":{"B":""}}`:                    1,
		`{"n":{"N":"0"}}`:                   2,
		`{"n":{"N":"7"}}`:                   3,
		`{"n":{"N":"27"}}`:                  3,
		`{"n":{"N":"-27"}}`:                 4,
		`{"n":{"N":"461"}}`:                 4,
		`{"n":{"N":"1000"}}`:                3,
		`{"n":{"N":"0.05"}}`:                3,
		`{"n":{"N":"1772452800000"}}`:       6,
		`{"n":{"N":"1772452800123"}}`:       9,
		`{"y":{"BOOL":true}}`:               2,
		`{"z":{"NULL":true}}`:               2,
		`{"l":{"L":[]}}`:                    4,
		`{"l":{"L":[{"S":"a"},{"N":"1"}]}}`: 9,
		`{"m":{"M":{}}}`:                    4,
		`{"m":{"M":{"ab":{"S":"c"},"d":{"L":[{"B":"AA=="}]}}}}`: 15,
	} {
		var a attributes
		if err := json.Unmarshal([]byte(item), &a); err != nil {
			t.Fatal(err)
		}
		if got := a.size(); got != want {
			t.Errorf("%s has %d bytes, want %d", item, got, want)
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		size                     int
		write, consistent, loose float64
	}{
		{0, 1, 1, 0.5}, {1, 1, 1, 0.5}, {1024, 1, 1, 0.5}, {1025, 2, 1, 0.5}, {4096, 4, 1, 0.5}, {4097, 5, 2, 1}, {400 << 10, 400, 100, 50},
	} {
		if w, c, l := writeUnits(tc.size), readUnits(tc.size, true), readUnits(tc.size, false); w != tc.write || c != tc.consistent || l != tc.loose {
			t.Errorf("%d bytes: %v, %v, %v", tc.size, w, c, l)
		}
	}
}

// An entry costs one to come or go, two to move, and one to change what it projects.
func TestIndexUnits(t *testing.T) {
	t.Parallel()
	item := func(shard, due, other string) attributes {
		a := attributes{"i": {"S": "x"}, "o": {"S": other}}
		if shard != "" {
			a["s"], a["d"] = map[string]any{"S": shard}, map[string]any{"N": due}
		}
		return a
	}
	keys, all := secondaryIndex{[]string{"s", "d"}, false}, secondaryIndex{[]string{"s", "d"}, true}
	long := strings.Repeat("x", 1100)
	for name, tc := range map[string]struct {
		before, after attributes
		keys, all     float64
	}{
		"made":                {nil, item("1", "5", "a"), 1, 1},
		"made outside":        {nil, item("", "", "a"), 0, 0},
		"comes in":            {item("", "", "a"), item("1", "5", "a"), 1, 1},
		"goes out":            {item("1", "5", "a"), item("", "", "a"), 1, 1},
		"deleted":             {item("1", "5", "a"), nil, 1, 1},
		"moves":               {item("1", "5", "a"), item("1", "6", "a"), 2, 2},
		"changes beside keys": {item("1", "5", "a"), item("1", "5", "b"), 0, 1},
		"stays":               {item("1", "5", "a"), item("1", "5", "a"), 0, 0},
		"long":                {nil, item("1", "5", long), 1, 2},
	} {
		key := attributes{"i": {"S": "x"}}
		if k, a := keys.writes(tc.before, tc.after, key), all.writes(tc.before, tc.after, key); k != tc.keys || a != tc.all {
			t.Errorf("%s: %v and %v, want %v and %v", name, k, a, tc.keys, tc.all)
		}
	}
}
