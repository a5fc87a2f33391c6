package kassa_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the environment decides can be read about, and what the pages say of it is true: every variable that a program asks for stands in
// the README or in docs/deploy.md, and no page names one that nothing asks for.
func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	literal := regexp.MustCompile(`"((?:KASSA|STRIPE|OIDC|AWS_ENDPOINT)_[A-Z_]*[A-Z])"`)
	shipped, anywhere := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != "." {
			return errOrSkip(err)
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		source, err := os.ReadFile(path) //nolint:gosec // our own sources
		if err != nil {
			return err
		}
		for _, found := range literal.FindAllStringSubmatch(string(source), -1) {
			anywhere[found[1]] = true
			if !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "test/") {
				shipped[found[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	named := regexp.MustCompile(`\b(?:KASSA|STRIPE|OIDC|AWS_ENDPOINT)_[A-Z_]*[A-Z]\b`)
	for _, page := range append(pages, "README.md") {
		text, err := os.ReadFile(page) //nolint:gosec // our own pages
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range named.FindAllString(string(text), -1) {
			if told[name] = told[name] || page == "README.md" || page == filepath.Join("docs", "deploy.md"); !anywhere[name] {
				t.Errorf("%s names %s, which nothing asks for", page, name)
			}
		}
	}
	if len(shipped) < 25 {
		t.Fatalf("only %d variables: %v", len(shipped), shipped)
	}
	for _, name := range slices.Sorted(maps.Keys(shipped)) {
		if !told[name] {
			t.Errorf("nobody can read about %s", name)
		}
	}
}

func errOrSkip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}
