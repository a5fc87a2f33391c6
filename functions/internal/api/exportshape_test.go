package api_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout/merchant"
)

// Whatever an export can have is described, and it can have whatever is described.
func TestExportIsDescribed(t *testing.T) {
	t.Parallel()
	d := describe(t)
	d.covers(t, "an export", reflect.TypeFor[merchant.Export](), dig(d.doc, "components", "schemas", "PersonExport"))
}

// covers holds a type against the schema of what is made of it.
func (d *description) covers(t *testing.T, at string, typ reflect.Type, schema map[string]any) {
	t.Helper()
	if list, ok := schema["allOf"].([]any); ok && len(list) == 1 {
		schema = dig(list[0])
	}
	schema = d.resolved(schema)
	kind := "string"
	switch typ.Kind() {
	case reflect.Pointer:
		d.covers(t, at, typ.Elem(), schema)
		return
	case reflect.Slice:
		kind = "array"
		d.covers(t, at+"[]", typ.Elem(), dig(schema, "items"))
	case reflect.Map:
		kind = "object"
		d.covers(t, at+"{}", typ.Elem(), dig(schema, "additionalProperties"))
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			if schema["format"] != "date-time" {
				t.Errorf("%s is no date-time: %v", at, schema)
			}
			break
		}
		kind = "object"
		required, all := []string{}, []string{}
		for _, f := range reflect.VisibleFields(typ) {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous {
				continue
			}
			if all = append(all, name); options == "" {
				required = append(required, name)
			}
			d.covers(t, at+"."+name, f.Type, dig(schema, "properties", name))
		}
		sameNames(t, at+" has", all, slices.Collect(maps.Keys(dig(schema, "properties"))))
		sameNames(t, at+" always has", required, texts(schema["required"]))
	case reflect.Bool:
		kind = "boolean"
	case reflect.Int, reflect.Int64:
		kind = "integer"
	}
	types := append(texts(schema["type"]), fmt.Sprint(schema["type"]))
	if !slices.Contains(types, kind) && (kind != "string" || schema["enum"] == nil) {
		t.Errorf("%s is described as %v, and is %s", at, schema["type"], kind)
	}
}

func sameNames(t *testing.T, what string, got, described []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(described)
	if diff := cmp.Diff(got, described); diff != "" {
		t.Errorf("%s − described +:\n%s", what, diff)
	}
}

// texts are those of a list.
func texts(list any) []string {
	out := []string{}
	all, _ := list.([]any)
	for _, one := range all {
		out = append(out, fmt.Sprint(one))
	}
	return out
}
