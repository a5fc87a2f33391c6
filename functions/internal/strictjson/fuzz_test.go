package strictjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"kassa/functions/internal/strictjson"
)

// FuzzParse holds the parser against encoding/json: what it takes means the same to both, and the canonical form is a fixed
// point that loses nothing.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"line_items":[{"item":{"id":"mug"},"quantity":2}],"buyer":null}`, `[1e3,-0.0,1.50,12345678901234567890]`,
		`{"a":{"a":"\u00e9\ud83d\ude00\\u"},"b":[[],{}]}`, `"\ud800"`, `{"a":1,"a":2}`, `nul`, "\xff", `[[[[`, `{"":""}`, `1E-7`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := strictjson.Parse(body)
		if err != nil {
			return
		}
		if err := strictjson.RefuseCardNumbers(v); err != nil && len(body) < 13 {
			t.Errorf("a card number in %d bytes", len(body))
		}
		canonical := v.Canonical()
		again, err := strictjson.Parse(canonical)
		if err != nil {
			if len(canonical) > strictjson.MaxBytes {
				return // escapes made it longer
			}
			t.Fatalf("canonical form %q is refused: %v", canonical, err)
		}
		if !bytes.Equal(again.Canonical(), canonical) {
			t.Errorf("canonical form changes: %q, %q", canonical, again.Canonical())
		}
		var theirs, ours any
		if json.Unmarshal(body, &theirs) != nil {
			return // a number that float64 can't hold
		}
		if err := json.Unmarshal(canonical, &ours); err != nil {
			t.Fatalf("canonical form %q: %v", canonical, err)
		}
		if !reflect.DeepEqual(theirs, ours) {
			t.Errorf("canonical form means something else: %v, %v", theirs, ours)
		}
	})
}

// FuzzDecode looks for panics: bodies come from anyone.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"lines":[{"sku":"a","quantity":2.0}],"buyer":{"email":null},"agree":true,"opaque":{}}`))
	f.Add([]byte(`{"lines":null,"buyer":{"Email":1}}`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		v, err := strictjson.Parse(body)
		if err != nil {
			return
		}
		for _, mode := range []strictjson.Mode{{}, {RefuseUnknown: true}, {NullClears: true}} {
			_ = strictjson.Decode(v, &form{}, mode)
		}
	})
}
