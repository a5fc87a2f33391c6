package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/functions/internal/strictjson"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct {
		name, body, path, reason string
		kind                     strictjson.Kind
	}{
		{name: "nothing", body: " \n", path: "$", reason: "empty"},
		{name: "no JSON", body: `{"a":}`, path: "$", reason: "byte 6"},
		{name: "trailing value", body: `{"a":1} {"a":2}`, path: "$", reason: "one JSON value"},
		{name: "trailing text", body: `{"a":1}x`, path: "$", reason: "one JSON value"},
		{name: "NaN", body: `{"a":NaN}`, path: "$", reason: "one JSON value"},
		{name: "leading zero", body: `{"a":01}`, path: "$", reason: "one JSON value"},
		{name: "broken UTF-8", body: "{\"a\":\"\xff\"}", path: "$", reason: "UTF-8"},
		{name: "high surrogate alone", body: `{"a":"\ud800"}`, path: "$", reason: "surrogate"},
		{name: "low surrogate first", body: `{"a":"\udc00\ud800"}`, path: "$", reason: "surrogate"},
		{name: "same name", body: `{"a":{"b":1,"b":2}}`, path: "$.a.b", reason: "twice"},
		{name: "same name, escaped", body: `{"quantity":1,"\u0071uantity":2}`, path: "$.quantity", reason: "twice"},
		{name: "same name in an array", body: `{"a":[0,{"x y":1,"x y":1}]}`, path: "$.a[1]['x y']", reason: "twice"},
		{name: "33 deep", body: deep(33), path: "$", reason: "32 deep"},
		{name: "endless exponent", body: `{"a":1e99999999999999999999}`, path: "$.a", reason: "range"},
		{name: "too large", body: `"` + strings.Repeat("x", strictjson.MaxBytes) + `"`, path: "$", reason: "65536", kind: strictjson.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := strictjson.Parse([]byte(c.body))
			wantError(t, err, c.path, c.reason, c.kind)
		})
	}
}

func wantError(t *testing.T, err error, path, reason string, kind strictjson.Kind) {
	t.Helper()
	var e *strictjson.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *strictjson.Error", err)
	}
	if e.Path != path || !strings.Contains(e.Reason, reason) || e.Kind != kind {
		t.Errorf("got %q at %s (kind %d), want %q at %s (kind %d)", e.Reason, e.Path, e.Kind, reason, path, kind)
	}
}

func TestParseTakesTheLimits(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"32 deep":        strings.Repeat("[", 32) + strings.Repeat("]", 32),
		"64 KiB":         `"` + strings.Repeat("x", strictjson.MaxBytes-2) + `"`,
		"surrogate pair": `"\ud83d\ude00"`,
		"escaped escape": `"\\ud800"`,
	} {
		if _, err := strictjson.Parse([]byte(body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{`{"b":[1,true,null],"a":"x"}`, `{"a":"x","b":[1,true,null]}`},
		{` { "a" : 1.0 } `, `{"a":1}`},
		{`[100, 1e2, 1E+2, 100.00, 1000e-1]`, `[1e2,1e2,1e2,1e2,1e2]`},
		{`[0.50, 5e-1, -0, 0e9, -12.5]`, `[5e-1,5e-1,0,0,-125e-1]`},
		{`"\u0041\/"`, `"A/"`},
	} {
		v, err := strictjson.Parse([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(v.Canonical()); got != c.want {
			t.Errorf("%s: got %s, want %s", c.body, got, c.want)
		}
	}
}

type line struct {
	SKU      *string `json:"sku"`
	Quantity *int64  `json:"quantity"`
}

type form struct {
	Lines   []line          `json:"lines"`
	Buyer   *buyer          `json:"buyer"`
	Agree   bool            `json:"agree"`
	Opaque  json.RawMessage `json:"opaque"`
	Hidden  string          `json:"-"`
	Comment string
}

type buyer struct {
	Email *string `json:"email"`
	News  *bool   `json:"news"`
}

func parse(t *testing.T, body string) strictjson.Value {
	t.Helper()
	v, err := strictjson.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var got form
	body := `{"lines":[{"sku":"a","quantity":2.0}],"buyer":{"email":null},"agree":true,"opaque":{"z":1,"a":[]},"other":1,"Comment":"x"}`
	if err := strictjson.Decode(parse(t, body), &got, strictjson.Mode{}); err != nil {
		t.Fatal(err)
	}
	sku, two := "a", int64(2)
	want := form{Lines: []line{{&sku, &two}}, Buyer: &buyer{}, Agree: true, Opaque: json.RawMessage(`{"a":[],"z":1}`)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	refuse := strictjson.Mode{RefuseUnknown: true}
	for _, c := range []struct {
		body, path, reason string
		mode               strictjson.Mode
		kind               strictjson.Kind
	}{
		{`[]`, "$", "an object is expected, this is an array", strictjson.Mode{}, strictjson.WrongType},
		{`{"lines":{}}`, "$.lines", "an array is expected", strictjson.Mode{}, strictjson.WrongType},
		{`{"lines":[null]}`, "$.lines[0]", "null", strictjson.Mode{}, strictjson.WrongType},
		{`{"lines":[{"sku":1}]}`, "$.lines[0].sku", "a string is expected, this is a number", strictjson.Mode{}, strictjson.WrongType},
		{`{"lines":[{},{"quantity":"2"}]}`, "$.lines[1].quantity", "a number", strictjson.Mode{}, strictjson.WrongType},
		{`{"lines":[{"quantity":1.5}]}`, "$.lines[0].quantity", "whole number", strictjson.Mode{}, strictjson.WrongType},
		{`{"lines":[{"quantity":1e309}]}`, "$.lines[0].quantity", "64 bits", strictjson.Mode{}, strictjson.WrongType},
		{`{"lines":[{"quantity":9223372036854775808}]}`, "$.lines[0].quantity", "64 bits", strictjson.Mode{}, strictjson.WrongType},
		{`{"agree":"yes"}`, "$.agree", "a boolean", strictjson.Mode{}, strictjson.WrongType},
		{`{"buyer":"me"}`, "$.buyer", "an object", strictjson.Mode{}, strictjson.WrongType},
		{`{"buyer":{"mail":"x"}}`, "$.buyer.mail", "no such field", refuse, strictjson.Unknown},
		{`{"buyer":{"Email":"x"}}`, "$.buyer.Email", "written email", strictjson.Mode{}, strictjson.Unknown},
		{`{"lines":[],"LINES":[]}`, "$.LINES", "written lines", strictjson.Mode{}, strictjson.Unknown},
	} {
		t.Run(c.body, func(t *testing.T) {
			t.Parallel()
			err := strictjson.Decode(parse(t, c.body), &form{}, c.mode)
			wantError(t, err, c.path, c.reason, c.kind)
		})
	}
}

func TestNullClears(t *testing.T) {
	t.Parallel()
	empty := ""
	for body, want := range map[string]form{
		`{}`:                      {},
		`{"buyer":null}`:          {Buyer: &buyer{Email: &empty}},
		`{"buyer":{}}`:            {Buyer: &buyer{}},
		`{"buyer":{"news":null}}`: {Buyer: &buyer{}},
		`{"lines":null}`:          {Lines: []line{}},
	} {
		var got form
		if err := strictjson.Decode(parse(t, body), &got, strictjson.Mode{NullClears: true}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestRefuseCardNumbers(t *testing.T) {
	t.Parallel()
	for body, path := range map[string]string{
		`{"buyer":{"last_name":"4242424242424242"}}`:         "$.buyer.last_name",
		`{"note":"my card 4000 0566 5566 5556, thanks"}`:     "$.note",
		`{"note":"on 2024-11-23 5555-5555-5555-4444"}`:       "$.note",
		`{"n":378282246310005}`:                              "$.n",
		`{"n":6.011111111111117e15}`:                         "$.n",
		`{"a":[1,{"b":["3530111333300000"]}]}`:               "$.a[1].b[0]",
		`{"4242424242424242":1}`:                             "$['?']",
		`{"id":{"number":"6200000000000005"}}`:               "$.id.number",
		`{"credential":{"token":"30569309025904"}}`:          "$.credential.token",
		`{"t":"4222222222222"}`:                              "$.t",
		`{"t":"6304000000000000000"}`:                        "$.t",
		`{"t":"4242424242424241"}`:                           "", // Luhn
		`{"t":"1234567812345670"}`:                           "", // no prefix
		`{"t":"424242424242"}`:                               "", // too short
		`{"t":"42424242424242424242"}`:                       "", // too long
		`{"sku":"4242424242424242","id":"4242424242424242"}`: "",
		`{"phone_number":"+4242424242424242","order_id":"4242424242424242","ids":["4242424242424242"]}`: "",
		`{"t":"4242x4242x4242x4242"}`: "",
	} {
		err := strictjson.RefuseCardNumbers(parse(t, body))
		switch {
		case path == "" && err != nil:
			t.Errorf("%s: %v", body, err)
		case path != "":
			wantError(t, err, path, "card number", strictjson.CardNumber)
			if strings.Contains(fmt.Sprint(err), "4242") || strings.Contains(fmt.Sprint(err), "5556") {
				t.Errorf("%s: the error repeats the number: %v", body, err)
			}
		}
	}
}
