package settings_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/settings"
)

// sample is the sample shop's document, as a tree.
func sample(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile("../../functions/local/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	tree["wallets"].(map[string]any)["publishable_key"] = "pk_test_sandbox"
	return tree
}

func document(t *testing.T, tree map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// paths are those of all errors that err is made of.
func paths(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, one := range joined.Unwrap() {
			all = append(all, paths(one)...)
		}
		return all
	}
	var e *checkout.Error
	if errors.As(err, &e) && e.Code == checkout.CodeInvalid {
		return []string{e.Path}
	}
	return []string{"an error without a path: " + err.Error()}
}

func TestParseTakesTheSampleShop(t *testing.T) {
	t.Parallel()
	tree := sample(t)
	tree["recovery"] = map[string]any{"since": "2026-11-01T00:00:00Z", "zone": "Europe/Amsterdam", "window": "48h"}
	tree["durations"] = map[string]any{"quote": "45m", "hold": 600e9}
	s, err := settings.Parse(document(t, tree))
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "Kade 9" || len(s.Countries) < 4 || s.Recovery.Zone != "Europe/Amsterdam" || !s.Recovery.Active() {
		t.Errorf("parsed %+v", s)
	}
	if d := s.Durations; d.Quote != 45*time.Minute || d.Hold != 10*time.Minute || d.Session != 0 {
		t.Errorf("durations %+v", d)
	}
}

// Texts mean what JSON says that they mean, and stand where the document has them.
func TestParseReadsTexts(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		`"Kade \"9\""`: `Kade "9"`, `"Kade \\"`: `Kade \`, `"Caf\u00e9 \\\" 9"`: `Café \" 9`, `"\ud83d\ude80 9"`: "\U0001F680 9", `"Ka,de]} 9"`: "Ka,de]} 9",
	} {
		tree := sample(t)
		tree["name"] = json.RawMessage(written)
		if s, err := settings.Parse(document(t, tree)); err != nil || s.Name != want {
			t.Errorf("%s is read as %q, %v", written, s.Name, err)
		}
	}
}

// A plan that begins sooner than carts are looked at has them looked at sooner.
func TestCartsAreLookedAtInTime(t *testing.T) {
	t.Parallel()
	for want, c := range map[time.Duration]struct{ recovery, idle string }{
		20 * time.Minute: {`{"since": "2026-11-01T00:00:00Z", "plans": {"payment_declined": [{"name": "a", "after": "20m", "channel": "push"}]}}`,
			""},
		15 * time.Minute: {`{"since": "2026-11-01T00:00:00Z", "plan": [{"name": "a", "after": "15m", "channel": "push"}]}`, "40m"},
		10 * time.Minute: {`{"since": "2026-11-01T00:00:00Z"}`, "10m"},
		-1:               {`{"since": "2026-11-01T00:00:00Z", "plan": [{"name": "a", "after": "2h", "channel": "push"}]}`, ""},
		0:                {`{"plan": [{"name": "a", "after": "20m", "channel": "push"}]}`, ""},
	} {
		tree := sample(t)
		tree["recovery"] = json.RawMessage(c.recovery)
		delete(tree, "durations")
		if c.idle != "" {
			idle, err := time.ParseDuration(c.idle)
			if err != nil {
				t.Fatal(err)
			}
			tree["durations"] = map[string]any{"idle": idle}
		}
		s, err := settings.Parse(document(t, tree))
		if err != nil || s.Durations.Idle != max(0, want) {
			t.Errorf("%+v: looked at after %v, %v; want %v", c, s.Durations.Idle, err, want)
		}
	}
}

// What nobody would read, or could be read in two ways, is refused with the field's path.
func TestParseNamesTheField(t *testing.T) {
	t.Parallel()
	whole := string(document(t, sample(t)))
	for name, c := range map[string]struct{ document, path string }{
		"no JSON":                      {`{"name": `, "$"},
		"nothing":                      {``, "$"},
		"a list":                       {`[]`, "$"},
		"more after the end":           {whole + ` {}`, "$"},
		"unknown field":                {strings.Replace(whole, `{`, `{"nmae":"x",`, 1), "$.nmae"},
		"a name in another case":       {strings.Replace(whole, `"base_url":`, `"Base_url":`, 1), "$.Base_url"},
		"the same name twice":          {strings.Replace(whole, `{`, `{"name":"Other",`, 1), "$.name"},
		"unknown field of a country":   {strings.Replace(whole, `"code":"NL"`, `"code":"NL","vat":1`, 1), "$.countries.NL.vat"},
		"a country twice":              {strings.Replace(whole, `"countries":{`, `"countries":{"NL":{},`, 1), "$.countries.NL"},
		"unknown field in a list":      {strings.Replace(whole, `"links":[{`, `"links":[{"href":"x",`, 1), "$.links[0].href"},
		"unknown field of recovery":    {strings.Replace(whole, `{`, `{"recovery":{"quite":{}},`, 1), "$.recovery.quite"},
		"unknown field of a plan":      {strings.Replace(whole, `{`, `{"recovery":{"plan":[{"delay":"1h"}]},`, 1), "$.recovery.plan[0].delay"},
		"no duration":                  {strings.Replace(whole, `{`, `{"durations":{"quote":"half an hour"},`, 1), "$.durations.quote"},
		"neither text nor number":      {strings.Replace(whole, `{`, `{"durations":{"idle":{}},`, 1), "$.durations.idle"},
		"unknown duration":             {strings.Replace(whole, `{`, `{"durations":{"quotes":"30m"},`, 1), "$.durations.quotes"},
		"no duration of recovery":      {strings.Replace(whole, `"quiet":`, `"window":"soon","quiet":`, 1), "$.recovery.window"},
		"a name with digits":           {strings.Replace(whole, `{`, `{"a09Z_z":1,`, 1), "$.a09Z_z"},
		"a name that begins with one":  {strings.Replace(whole, `{`, `{"9a":1,`, 1), "$['9a']"},
		"a name with a brace":          {strings.Replace(whole, `{`, `{"a{":1,`, 1), "$['a{']"},
		"a name with a bracket":        {strings.Replace(whole, `{`, `{"A[":1,`, 1), "$['A[']"},
		"a switch that is a number":    {strings.Replace(whole, `{`, `{"pricing":{"reverse_charge":1},`, 1), "$.pricing.reverse_charge"},
		"a number that is a text":      {strings.Replace(whole, `"return_days":`, `"return_days":"14","x":`, 1), "$.countries.BE.return_days"},
		"a name that needs quotes":     {strings.Replace(whole, `{`, `{"a b":1,`, 1), "$['a b']"},
		"nested without end":           {`{"countries":` + strings.Repeat(`{"NL":`, 40) + `1` + strings.Repeat(`}`, 41), "$.countries.NL.NL"},
		"more than a store could keep": {`{"name":"` + strings.Repeat("x", settings.MaxDocument) + `"}`, "$"},
	} {
		_, err := settings.Parse([]byte(c.document))
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		if got := paths(err); len(got) != 1 || got[0] != c.path {
			t.Errorf("%s: fault at %q, want %s (%v)", name, got, c.path, err)
		}
	}
}

// Settings that contradict themselves are refused with every field at fault.
func TestParseNamesEveryContradiction(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(tree map[string]any){
		"$.name":            func(tree map[string]any) { tree["name"] = " " },
		"$.base_url":        func(tree map[string]any) { tree["base_url"] = "http://kade9.example" },
		"$.default_country": func(tree map[string]any) { tree["default_country"] = "JP" },
		"$.languages":       func(tree map[string]any) { tree["languages"] = []string{"en", "tlh"} },
		"$.terms":           func(tree map[string]any) { delete(tree, "terms") },
		"$.recovery.zone":   func(tree map[string]any) { tree["recovery"] = map[string]any{"zone": "Europe/Rotterdam"} },
		"$.recovery.plan[1].after": func(tree map[string]any) {
			tree["recovery"] = map[string]any{"plan": []any{
				map[string]any{"name": "soon", "after": "1h", "channel": "push"}, map[string]any{"name": "again", "after": "65m", "channel": "push"},
			}}
		},
		"$.recovery.messages.texts.nl.receipt.subject": func(tree map[string]any) {
			tree["recovery"] = map[string]any{"messages": map[string]any{"texts": map[string]any{"nl": map[string]any{"receipt.subject": "Bedankt {naam}"}}}}
		},
		"$.recovery.messages.texts.de": func(tree map[string]any) {
			tree["languages"] = []string{"en", "nl"}
			tree["recovery"] = map[string]any{"messages": map[string]any{"texts": map[string]any{"de": map[string]any{"receipt.subject": "Danke"}}}}
		},
		"$.recovery.incentive.rule": func(tree map[string]any) {
			tree["recovery"] = map[string]any{"incentive": map[string]any{"rule": "welcome"}}
		},
		"$.pricing.discounts[0].until": func(tree map[string]any) {
			first := maps.Clone(tree["pricing"].(map[string]any)["discounts"].([]any)[0].(map[string]any))
			first["from"], first["until"] = "2026-12-01T00:00:00Z", "2026-11-01T00:00:00Z"
			tree["pricing"] = map[string]any{"categories": []string{"books"}, "discounts": []any{first}}
		},
		"$.recovery.holdout.percent": func(tree map[string]any) {
			tree["recovery"] = map[string]any{"holdout": map[string]any{"percent": 60}}
		},
		"$.countries.NL.code": func(tree map[string]any) {
			countries := maps.Clone(tree["countries"].(map[string]any))
			countries["NL"] = countries["BE"]
			tree["countries"] = countries
		},
	} {
		tree := sample(t)
		spoil(tree)
		_, err := settings.Parse(document(t, tree))
		if err == nil {
			t.Errorf("%s is taken", field)
			continue
		}
		if got := paths(err); got[0] != field && got[len(got)-1] != field {
			t.Errorf("faults at %q, want %s", got, field)
		}
	}
	tree := sample(t)
	tree["name"], tree["terms"], tree["recovery"] = "", "", map[string]any{"zone": "x"}
	_, err := settings.Parse(document(t, tree))
	if got := strings.Join(paths(err), " "); got != "$.name $.terms $.recovery.zone" {
		t.Errorf("faults at %s", got)
	}
}

// Whatever comes, it is taken or refused; and what is taken says the same to encoding/json.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "a" : [ ] , "m" : { } } `, `{"a":[1,-2.5e3, true,null,"x"]}`, `{"m":{"a\"b":[[],{}],"a\u0022b":1}}`, `{"m":{"k":{"k":1,"k":2}}}`,
		`{"t":"2026-11-01T00:00:00Z","p":{"a":[]}}`, `{"i":{"x":[{"n":-7,"f":1e2}]},"b":true,"s":["a",null]}`, `{"i":null,"b":null,"t":null}`,
		`{"i":{"x":[{"n":300}]}}`, `{"A":[]}`, `[]`, `{"a":[1}`, "{\"m\":{\"\xff\":1,\"\xfe\":2}}", ``, `{"\`, `{"t":{"x":1}}`,
	} {
		f.Add([]byte(seed))
	}
	type name string
	type inner struct {
		N int8          `json:"n"`
		D time.Duration `json:"d"`
		F float64       `json:"f"`
	}
	type part struct {
		inner
		A []any            `json:"a"`
		M map[string]any   `json:"m"`
		T time.Time        `json:"t"`
		P *part            `json:"p"`
		S []name           `json:"s"`
		I map[name][]inner `json:"i"`
		B *bool            `json:"b"`
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var got, want part
		if err := settings.Decode(document, &got); err != nil {
			if len(paths(err)) != 1 || paths(err)[0][0] != '$' {
				t.Errorf("%q: %v names no place", document, err)
			}
			return
		}
		strict := json.NewDecoder(bytes.NewReader(document))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&want); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v (%v)", document, got, want, err)
		}
	})
}
