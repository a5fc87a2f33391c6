package kassa_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testWritten = regexp.MustCompile(`(?m)^func (Test\w+)\(t `)
	testNamed   = regexp.MustCompile("`(Test\\w+)(?:/([^`]+))?`")
)

// A promise that no test keeps is worse than none: every test that docs/promises.md names exists, and every case of one.
func TestPromisesAreKept(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{} // sources, by test
	for _, pattern := range []string{
		"checkout/*_test.go", "checkout/*/*_test.go", "checkout/*/*/*_test.go", "functions/*/*_test.go", "functions/internal/*/*_test.go",
	} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			source, err := os.ReadFile(name) //nolint:gosec // our own sources
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range testWritten.FindAllSubmatch(source, -1) {
				written[string(found[1])] += string(source)
			}
		}
	}
	named := testNamed.FindAllStringSubmatch(string(page), -1)
	if len(named) < 120 || strings.Count(string(page), "\n|") < 90 {
		t.Fatalf("the page names %d tests in %d rows", len(named), strings.Count(string(page), "\n|"))
	}
	for _, name := range named {
		source, exists := written[name[1]]
		if !exists {
			t.Errorf("docs/promises.md names %s, which does not exist", name[1])
		} else if name[2] != "" && !strings.Contains(source, `"`+name[2]+`"`) {
			t.Errorf("docs/promises.md names the case %q of %s, which it does not have", name[2], name[1])
		}
	}
}
