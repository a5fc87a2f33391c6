package deployment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tree is a part of a template: what JSON calls an object.
type tree = map[string]any

// resource is a resource of the template as CloudFormation gets to see it.
type resource struct {
	ID, Type   string
	Properties tree
	Whole      tree
}

// translated are all resources of the template, by logical id, after SAM's transformation.
var translated = sync.OnceValues(func() (map[string]resource, error) {
	text, err := output(context.Background(), nil, "python", "functions/internal/deployment/testdata/translate.py", "template.yaml")
	if err != nil {
		return nil, err
	}
	var template struct{ Resources map[string]tree }
	if err := json.Unmarshal([]byte(text), &template); err != nil {
		return nil, err
	}
	all := map[string]resource{}
	for id, whole := range template.Resources {
		kind, _ := whole["Type"].(string)
		properties, _ := whole["Properties"].(tree)
		all[id] = resource{id, kind, properties, whole}
	}
	return all, nil
})

func resources(t *testing.T) map[string]resource {
	t.Helper()
	all, err := translated()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// of returns the resources of a type, in the order of their ids. There must be some: a rule about nothing proves nothing.
func of(t *testing.T, kind string) []resource {
	t.Helper()
	var found []resource
	all := resources(t)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].Type == kind {
			found = append(found, all[id])
		}
	}
	if len(found) == 0 {
		t.Fatalf("the template has no %s", kind)
	}
	return found
}

// at returns what is at a path of names and indexes, nil if nothing is.
func at(v any, path ...any) any {
	for _, step := range path {
		switch in := v.(type) {
		case tree:
			name, _ := step.(string)
			v = in[name]
		case []any:
			i, ok := step.(int)
			if !ok || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// list is a value that may stand for a list of itself.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// named is the logical id that a reference names, "" if it is none: Ref, Fn::GetAtt, or Fn::Sub of one variable.
func named(v any) string {
	if id, ok := at(v, "Ref").(string); ok {
		return id
	}
	if id, ok := at(v, "Fn::GetAtt", 0).(string); ok {
		return id
	}
	return ""
}

// shown is a value as text, for messages and for searching in it.
func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(text))
}

// physical is what a value becomes in a stack named kassa, where a resource's name or ARN is made of its logical id. ok is
// false for what is left out.
func physical(v any, parameters map[string]string) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case float64:
		return fmt.Sprint(v), true
	case tree:
		return function(v, parameters)
	}
	return "", false
}

func function(v tree, parameters map[string]string) (text string, ok bool) {
	if id, is := v["Ref"].(string); is {
		return reference(id, parameters)
	}
	if id, is := at(v, "Fn::GetAtt", 0).(string); is {
		attribute, _ := at(v, "Fn::GetAtt", 1).(string)
		return "arn:" + id + "." + attribute, true
	}
	if pattern, is := v["Fn::Sub"].(string); is {
		for name, value := range pseudo {
			pattern = strings.ReplaceAll(pattern, "${"+name+"}", value)
		}
		for id := range strings.SplitSeq(pattern, "${") {
			if name, _, found := strings.Cut(id, "}"); found {
				value := "arn:" + name
				if !strings.Contains(name, ".") {
					value, _ = reference(name, parameters)
				}
				pattern = strings.ReplaceAll(pattern, "${"+name+"}", value)
			}
		}
		return pattern, true
	}
	if condition, is := at(v, "Fn::If", 0).(string); is {
		branch := 2
		if parameters[condition] == "true" {
			branch = 1
		}
		return physical(at(v, "Fn::If", branch), parameters)
	}
	return "", false
}

var pseudo = map[string]string{
	"AWS::StackName": "kassa", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012", "AWS::Partition": "aws",
}

func reference(id string, parameters map[string]string) (string, bool) {
	if id == "AWS::NoValue" {
		return "", false
	}
	if value, ok := pseudo[id]; ok {
		return value, true
	}
	if value, ok := parameters[id]; ok {
		return value, true
	}
	return "kassa-" + id, true
}
