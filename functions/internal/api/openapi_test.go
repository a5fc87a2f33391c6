package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// description is openapi.yaml, against which every request that a test gets through, and every answer, is held.
type description struct {
	doc      map[string]any
	mu       sync.Mutex // the compiler is not safe for concurrent use
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
	answered map[string]bool // operations that a test has had an answer of below 300
}

const descriptionURL = "https://kassa.example/openapi.json"

var described = sync.OnceValues(func() (*description, error) {
	text, err := os.ReadFile("../../../openapi.yaml")
	if err != nil {
		return nil, err
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	asJSON, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return nil, err
	}
	doc, _ := parsed.(map[string]any)
	schemas := dig(doc, "components", "schemas")
	for name, schema := range schemas {
		if !strings.HasSuffix(name, "Request") {
			seal(schema)
		}
	}
	d := &description{doc: doc, compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}, answered: map[string]bool{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	return d, d.compiler.AddResource(descriptionURL, doc)
})

func describe(t *testing.T) *description {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// seal makes every object of a schema refuse what is not described, so that no answer has a field that nobody can read about.
func seal(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if _, open := s["additionalProperties"]; !open && s["properties"] != nil {
			s["additionalProperties"] = false
		}
		for _, member := range s {
			seal(member)
		}
	case []any:
		for _, member := range s {
			seal(member)
		}
	}
}

func dig(v any, names ...string) map[string]any {
	for _, n := range names {
		m, _ := v.(map[string]any)
		v = m[n]
	}
	m, _ := v.(map[string]any)
	return m
}

func pointer(names ...string) string {
	out := "#"
	for _, n := range names {
		out += "/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(n)
	}
	return out
}

func (d *description) validate(at string, doc []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	schema, err := d.compile(at)
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// compile returns the schema at a pointer into the description. The caller holds mu.
func (d *description) compile(at string) (*jsonschema.Schema, error) {
	schema, ok := d.compiled[at]
	if !ok {
		var err error
		if schema, err = d.compiler.Compile(descriptionURL + at); err != nil {
			return nil, err
		}
		d.compiled[at] = schema
	}
	return schema, nil
}

// template finds the described path that a request's path is an instance of.
func (d *description) template(path string) string {
	got := strings.Split(strings.SplitN(path, "?", 2)[0], "/")
next:
	for _, described := range slices.Sorted(maps.Keys(dig(d.doc, "paths"))) {
		want := strings.Split(described, "/")
		if len(got) != len(want) {
			continue
		}
		for i := range want {
			if want[i] != got[i] && !strings.HasPrefix(want[i], "{") {
				continue next
			}
		}
		return described
	}
	return ""
}

// check holds one exchange against the description. What has no described path or method is a 404 or a 405.
func (d *description) check(t *testing.T, r *http.Request, request string, w reply) {
	t.Helper()
	method, path := r.Method, r.URL.Path
	template, op := d.template(path), strings.ToLower(method)
	if dig(d.doc, "paths", template, op) == nil {
		if err := d.validate("#/components/schemas/Failure", w.Body.Bytes()); err != nil && method != http.MethodHead {
			t.Errorf("%s %s: %v", method, path, err)
		}
		return
	}
	where := []string{"paths", template, op, "responses", strconv.Itoa(w.Code)}
	if dig(d.doc, where...) == nil {
		where[len(where)-1] = "default"
	}
	if ref, ok := dig(d.doc, where...)["$ref"].(string); ok {
		where = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	}
	d.checkHeaders(t, r, template, dig(d.doc, where...), w)
	contentType := w.Header().Get("Content-Type")
	if dig(d.doc, append(where, "content", contentType)...) == nil {
		t.Errorf("%s %s answers %d with %s, which is not described", method, template, w.Code, contentType)
		return
	}
	if contentType == "application/json" {
		if err := d.validate(pointer(append(where, "content", contentType, "schema")...), w.Body.Bytes()); err != nil {
			t.Errorf("%s %s answers %d with what is not described: %v\n%s", method, template, w.Code, err, w.Body)
		}
	}
	if w.Code >= 300 {
		return
	}
	d.note(method, template)
	if request != "" && !strings.HasPrefix(path, "/webhooks") && json.Valid([]byte(request)) {
		at := pointer("paths", template, op, "requestBody", "content", "application/json", "schema")
		if err := d.validate(at, []byte(request)); err != nil {
			t.Errorf("%s %s takes what is not described: %v\n%s", method, template, err, request)
		}
	}
}

// The description has exactly the routes of the code.
func TestRoutesAreDescribed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var served, described []string
	for _, function := range []interface{ Served() []string }{s.cart, s.checkout, s.webhook, s.feedback, s.admin} {
		served = append(served, function.Served()...)
	}
	for path, item := range dig(s.description.doc, "paths") {
		for member := range dig(item) {
			if member != "parameters" {
				described = append(described, strings.ToUpper(member)+" "+path)
			}
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("served − described +:\n%s", diff)
	}
}

// The description's own examples are right, and each body that it shows is one that the code takes.
func TestExamplesAreRight(t *testing.T) {
	t.Parallel()
	d := describe(t)
	seen := 0
	for path, item := range dig(d.doc, "paths") {
		for op, operation := range dig(item) {
			for contentType, content := range dig(operation, "requestBody", "content") {
				for name, example := range dig(content, "examples") {
					body, err := json.Marshal(dig(example)["value"])
					if err != nil {
						t.Fatal(err)
					}
					seen++
					if err := d.validate(pointer("paths", path, op, "requestBody", "content", contentType, "schema"), body); err != nil {
						t.Errorf("%s %s, example %q: %v", op, path, name, err)
					}
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d examples", seen)
	}
	for name, r := range dig(d.doc, "components", "responses") {
		for example, v := range dig(r, "content", "application/json", "examples") {
			body, _ := json.Marshal(dig(v)["value"])
			if err := d.validate(pointer("components", "responses", name, "content", "application/json", "schema"), body); err != nil {
				t.Errorf("response %s, example %q: %v", name, example, err)
			}
		}
	}
}

func TestTheDescriptionIsServed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := s.call(t, http.MethodGet, "/openapi.yaml", "").want(http.StatusOK)
	text, err := os.ReadFile("../../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(w.Body.Bytes(), text) || w.Header().Get("Content-Type") != "application/yaml" {
		t.Error("another description is served")
	}
	s.call(t, http.MethodGet, "/health", "").want(http.StatusOK).wantAt("status", "ok")
}
