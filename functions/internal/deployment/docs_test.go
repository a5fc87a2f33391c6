package deployment_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root + "/docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the pages tell people to type exists in the template.
func TestDeployPageNamesWhatExists(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Parameters map[string]yaml.Node `yaml:"Parameters"`
		Outputs    map[string]yaml.Node `yaml:"Outputs"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	deploy := page(t, "deploy.md")
	for _, m := range regexp.MustCompile(`output ([A-Z]\w+)`).FindAllStringSubmatch(deploy, -1) {
		if _, ok := template.Outputs[m[1]]; !ok {
			t.Errorf("deploy.md reads an output %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\b(Namespace|OidcIssuer|OidcAudience|StripeMode|AlarmEmail|ReserveConcurrency|Architecture)=`).FindAllStringSubmatch(deploy, -1) {
		if _, ok := template.Parameters[m[1]]; !ok {
			t.Errorf("deploy.md sets a parameter %s", m[1])
		}
	}
	known := map[string]bool{}
	for _, s := range statements(t) {
		for _, r := range s.resources {
			if _, name, ok := strings.Cut(r, ":parameter"); ok {
				known[name] = true
			}
		}
	}
	for name := range known {
		if !strings.Contains(deploy, "`"+name+"`") {
			t.Errorf("deploy.md does not tell of the parameter %s", name)
		}
	}
	for _, r := range of(t, "AWS::CloudWatch::Alarm") {
		if !strings.Contains(deploy, strings.TrimSuffix(r.ID, "Alarm")) {
			t.Errorf("deploy.md does not tell what to do when %s rings", r.ID)
		}
	}
}

// What a function is told by the template, the page explains; and of each table an output tells the name.
func TestDeployPageTellsOfEveryVariable(t *testing.T) {
	t.Parallel()
	deploy := page(t, "deploy.md")
	for _, r := range of(t, "AWS::Lambda::Function") {
		variables, _ := at(r.Properties, "Environment", "Variables").(tree)
		for name := range variables {
			if !strings.Contains(deploy, "`"+name+"`") {
				t.Errorf("deploy.md does not tell of %s, which %s has", name, r.ID)
			}
		}
	}
	text, err := os.ReadFile(root + "/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range of(t, "AWS::DynamoDB::Table") {
		if !strings.Contains(string(text), "  "+r.ID+"Name: {") {
			t.Errorf("no output has the name of %s", r.ID)
		}
	}
}

// sam local passes on only variables that the template has; and it knows no tables and parameters but those that the page names.
func TestLocalPageSetsVariablesThatExist(t *testing.T) {
	t.Parallel()
	_, after, _ := strings.Cut(page(t, "local.md"), "<<'JSON'\n")
	block, _, ok := strings.Cut(after, "JSON\n")
	var env struct{ Parameters map[string]string }
	if err := json.Unmarshal([]byte(block), &env); err != nil || !ok || len(env.Parameters) == 0 {
		t.Fatalf("local.md has no environment file: %v", err)
	}
	known := map[string]bool{}
	for _, r := range of(t, "AWS::Lambda::Function") {
		variables, _ := at(r.Properties, "Environment", "Variables").(tree)
		for name := range variables {
			known[name] = true
		}
	}
	for name := range env.Parameters {
		if !known[name] {
			t.Errorf("local.md sets %s, which no function has", name)
		}
	}
	for name := range known {
		if strings.HasSuffix(name, "_TABLE") && env.Parameters[name] == "" {
			t.Errorf("local.md does not say which table %s is", name)
		}
	}
	for _, s := range statements(t) {
		for _, r := range s.resources {
			if _, name, ok := strings.Cut(r, ":parameter/kassa/"); ok && !strings.Contains(page(t, "local.md"), `"/local/`+name+`"`) {
				t.Errorf("local.md gives no parameter /local/%s", name)
			}
		}
	}
}
