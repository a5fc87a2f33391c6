package api_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// When all tests have run, each described operation must have been answered with success, and thereby held against its description: a
// route that nobody calls may be described as anything.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" &&
		flag.Lookup("test.list").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" {
		d, err := described()
		if err != nil {
			panic(err)
		}
		for _, o := range d.operations() {
			if !d.answered[o.name()] {
				fmt.Fprintln(os.Stderr, "no test had an answer of", o.name())
				code = 1
			}
		}
	}
	os.Exit(code)
}

func (d *description) note(method, template string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answered[method+" "+template] = true
}

// operation is one method of a path.
type operation struct {
	method, path string
	object       map[string]any
	parameters   []map[string]any // the path's too, resolved
}

func (o operation) name() string { return strings.ToUpper(o.method) + " " + o.path }

// has reports whether the operation has a parameter.
func (o operation) has(in, name string) bool {
	return slices.ContainsFunc(o.parameters, func(p map[string]any) bool {
		own, _ := p["name"].(string)
		return p["in"] == in && strings.EqualFold(own, name)
	})
}

func (d *description) operations() (all []operation) {
	for path, item := range dig(d.doc, "paths") {
		for method, object := range dig(item) {
			if method == "parameters" {
				continue
			}
			o := operation{method: method, path: path, object: dig(object)}
			for _, from := range []any{dig(item)["parameters"], o.object["parameters"]} {
				list, _ := from.([]any)
				for _, p := range list {
					o.parameters = append(o.parameters, d.resolved(p))
				}
			}
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.name(), b.name()) })
	return all
}

// resolved is what a reference to a component stands for, or the thing itself.
func (d *description) resolved(v any) map[string]any {
	if ref, ok := dig(v)["$ref"].(string); ok {
		return dig(d.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return dig(v)
}

// checkHeaders holds what an exchange says outside of bodies against the description: no parameter works, and no header of ours is
// answered, that nobody can read about; and a key that is said to be required is.
func (d *description) checkHeaders(t *testing.T, r *http.Request, template string, response map[string]any, w reply) {
	t.Helper()
	all := d.operations()
	i := slices.IndexFunc(all, func(o operation) bool { return o.path == template && strings.EqualFold(o.method, r.Method) })
	if i < 0 {
		return
	}
	o := all[i]
	if w.Code < 300 {
		for name := range r.URL.Query() {
			if strings.HasPrefix(o.path, "/admin") && !o.has("query", name) { // others read none
				t.Errorf("%s takes a query %s, which is not described", o.name(), name)
			}
		}
		for _, name := range []string{"Idempotency-Key", "If-Match"} {
			if r.Header.Get(name) != "" && (w.Header().Get("Idempotent-Replayed") != "" || name == "If-Match") && !o.has("header", name) {
				t.Errorf("%s takes the header %s, which is not described", o.name(), name)
			}
		}
		for _, p := range o.parameters {
			name, _ := p["name"].(string)
			if p["in"] == "header" && p["required"] == true && r.Header.Get(name) == "" && r.URL.Query().Get("dry_run") == "" {
				t.Errorf("%s is done without the header %s, which is said to be required", o.name(), name)
			}
		}
	}
	for _, name := range []string{"ETag", "Location", "Link", "Retry-After", "Idempotent-Replayed"} {
		if w.Header().Get(name) != "" && dig(response, "headers", name) == nil {
			t.Errorf("%s answers %d with the header %s, which is not described", o.name(), w.Code, name)
		}
	}
}

// The description is one that tools can read: what OpenAPI 3.1 and JSON Schema demand of it, as far as the other tests here don't
// show it by use.
func TestTheDescriptionIsOpenAPI(t *testing.T) {
	t.Parallel()
	d := describe(t)
	if d.doc["openapi"] != "3.1.0" || d.doc["jsonSchemaDialect"] != nil {
		t.Error("it is of another version than 3.1")
	}
	variable, seen := regexp.MustCompile(`{(\w+)}`), map[string]bool{}
	for _, o := range d.operations() {
		id, _ := o.object["operationId"].(string)
		if id == "" || seen[id] {
			t.Errorf("%s: operationId %q is empty, or another's", o.name(), id)
		}
		seen[id] = true
		if o.object["summary"] == nil || dig(o.object, "responses", "default") == nil {
			t.Errorf("%s has no summary, or does not say what failures look like", o.name())
		}
		var inPath []string
		for _, m := range variable.FindAllStringSubmatch(o.path, -1) {
			inPath = append(inPath, m[1])
		}
		for _, p := range o.parameters {
			name, _ := p["name"].(string)
			if in := p["in"]; in != "path" && in != "query" && in != "header" || dig(p)["schema"] == nil {
				t.Errorf("%s: parameter %q has no place or no schema", o.name(), name)
			} else if in == "path" && (p["required"] != true || !slices.Contains(inPath, name)) {
				t.Errorf("%s: parameter %s is not in the path, or not required", o.name(), name)
			}
		}
		for _, name := range inPath {
			if !o.has("path", name) {
				t.Errorf("%s: nobody describes {%s}", o.name(), name)
			}
		}
		for status, r := range dig(o.object, "responses") {
			if n, err := strconv.Atoi(status); d.resolved(r)["description"] == nil || status != "default" && (err != nil || n < 200 || n > 599) {
				t.Errorf("%s: answer %s is no status, or has no description", o.name(), status)
			}
		}
		list, _ := o.object["security"].([]any)
		for _, scheme := range list {
			for name := range dig(scheme) {
				if dig(d.doc, "components", "securitySchemes", name) == nil {
					t.Errorf("%s wants %s, of which nothing is said", o.name(), name)
				}
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range dig(d.doc, "components", "schemas") {
		if _, err := d.compile(pointer("components", "schemas", name)); err != nil {
			t.Errorf("schema %s: %v", name, err)
		}
	}
}

// Every component is used, and every reference leads somewhere.
func TestReferencesOfTheDescription(t *testing.T) {
	t.Parallel()
	d := describe(t)
	used := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				used[ref] = true
				if len(d.resolved(v)) == 0 {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, member := range v {
				walk(member)
			}
		case []any:
			for _, member := range v {
				walk(member)
			}
		}
	}
	walk(d.doc)
	for kind, members := range dig(d.doc, "components") {
		for name := range dig(members) {
			if ref := "#/components/" + kind + "/" + name; !used[ref] && kind != "securitySchemes" {
				t.Errorf("nothing uses %s", ref)
			}
		}
	}
}

// Everything that a request can be refused with is told, by its code.
func TestCodesAreDescribed(t *testing.T) {
	t.Parallel()
	d := describe(t)
	var told strings.Builder
	for _, r := range dig(d.doc, "components", "responses") {
		text, _ := dig(r)["description"].(string)
		told.WriteString(text)
	}
	codes := map[string]bool{}
	for file, pattern := range map[string]string{
		"../../../checkout/error.go": `(?m)^\tCode\w+ +Code = "(\w+)"`, "../edge/status.go": `checkout\.Code\("(\w+)"\)`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			codes[m[1]] = true
		}
	}
	delete(codes, "nothing_sellable") // a 200, whose messages have the codes of lines
	if len(codes) < 25 {
		t.Fatalf("only %d codes", len(codes))
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if !strings.Contains(told.String(), "`"+code+"`") {
			t.Errorf("nobody describes %s", code)
		}
	}
}
