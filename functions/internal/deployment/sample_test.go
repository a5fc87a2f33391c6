package deployment_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sampled is a file of events/.
type sampled struct {
	name     string
	function string // logical id of whom it is for
	event    tree
}

func samples(t *testing.T) (all []sampled) {
	t.Helper()
	files, err := filepath.Glob(root + "/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d sample events, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // ours
		s := sampled{name: filepath.Base(file)}
		if err == nil {
			err = json.Unmarshal(text, &s.event)
		}
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		function, _, _ := strings.Cut(s.name, "-")
		s.function = strings.ToUpper(function[:1]) + function[1:] + "Function"
		if resources(t)[s.function].Type != "AWS::Lambda::Function" {
			t.Errorf("%s is for no function", s.name)
		}
		all = append(all, s)
	}
	return all
}

// origin is where a sample comes from, as an event source of the template would say it.
func (s sampled) origin() string {
	arn, _ := at(s.event, "Records", 0, "eventSourceARN").(string)
	_, table, isStream := strings.Cut(arn, ":table/kassa-")
	topic, isTopic := at(s.event, "Records", 0, "Sns", "TopicArn").(string)
	job, isJob := s.event["job"].(string)
	_, isRoute := s.event["routeKey"].(string)
	switch {
	case isStream:
		table, _, _ = strings.Cut(table, "/stream/")
		return "stream of " + table
	case isTopic:
		return "topic " + topic[strings.LastIndex(topic, ":")+1:]
	case isJob:
		return "job " + job
	case isRoute:
		return "API"
	}
	return ""
}

// Whatever invokes a function has a sample in events/, which tests send to its program. No sample is of what nothing sends, but those
// that say so.
func TestEverySourceHasSampleEvents(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for route, function := range deployedRoutes(t) {
		if route != "$default" {
			want[function+": API"] = true
		}
	}
	for _, r := range of(t, "AWS::Lambda::EventSourceMapping") {
		table := strings.ToLower(strings.TrimSuffix(named(r.Properties["EventSourceArn"]), "Table"))
		want[named(r.Properties["FunctionName"])+": stream of "+table] = true
	}
	for _, r := range of(t, "AWS::SNS::Subscription") {
		if function := named(r.Properties["Endpoint"]); r.Properties["Protocol"] == "lambda" {
			topic := strings.ToLower(strings.TrimSuffix(named(r.Properties["TopicArn"]), "Topic"))
			want[function+": topic kassa-"+topic] = true
		}
	}
	for _, r := range of(t, "AWS::Scheduler::Schedule") {
		var input struct{ Job string }
		text, _ := at(r.Properties, "Target", "Input").(string)
		if err := json.Unmarshal([]byte(text), &input); err != nil {
			t.Errorf("%s sends %q: %v", r.ID, text, err)
		}
		want[named(at(r.Properties, "Target", "Arn"))+": job "+input.Job] = true
	}
	got := map[string]bool{}
	for _, s := range samples(t) {
		if !strings.Contains(s.name, "-unknown-job") && !strings.Contains(s.name, "-other-topic") {
			got[s.function+": "+s.origin()] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources of events and samples differ (-template +events):\n%s", diff)
	}
}

// A request's sample names the route that brings it.
func TestSamplesOfTheAPIHaveTheirRoutes(t *testing.T) {
	t.Parallel()
	routes := deployedRoutes(t)
	for _, s := range samples(t) {
		if route, ok := s.event["routeKey"].(string); ok && routes[route] != s.function {
			t.Errorf("%s comes by %s, which goes to %q", s.name, route, routes[route])
		}
	}
}

// local.md sends people to files of events/ that exist.
func TestLocalPageNamesSamplesThatExist(t *testing.T) {
	t.Parallel()
	text := page(t, "local.md")
	_, table, _ := strings.Cut(text, "| what invokes it | files |")
	table, _, _ = strings.Cut(table, "```")
	var patterns []string
	for _, m := range regexp.MustCompile("`([a-z*-]+)`").FindAllStringSubmatch(table, -1) {
		patterns = append(patterns, m[1]+".json")
	}
	for _, m := range regexp.MustCompile(`--event events/(\S+)`).FindAllStringSubmatch(text, -1) {
		patterns = append(patterns, m[1])
	}
	if len(patterns) < 20 {
		t.Errorf("it names only %q", patterns)
	}
	for _, pattern := range patterns {
		if files, err := filepath.Glob(root + "/events/" + pattern); err != nil || len(files) == 0 {
			t.Errorf("it names %s, which there is not (%v)", pattern, err)
		}
	}
}
