package kassa_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A promise that no test keeps is worse than none: every test that docs/promises.md names exists.
func TestPromisesAreKept(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, pattern := range []string{"checkout/*_test.go", "checkout/*/*_test.go", "functions/*/*_test.go", "functions/internal/*/*_test.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			source, err := os.ReadFile(name) //nolint:gosec // our own sources
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(t `).FindAllSubmatch(source, -1) {
				written[string(found[1])] = true
			}
		}
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(page, -1)
	if len(named) < 40 || bytes.Count(page, []byte("\n|")) < 15 {
		t.Fatalf("the page names %d tests", len(named))
	}
	for _, name := range named {
		if !written[string(name[1])] {
			t.Errorf("docs/promises.md names %s, which does not exist", name[1])
		}
	}
}
