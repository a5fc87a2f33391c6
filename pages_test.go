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

// Whatever the pages lead to is there: files, headings, make targets, packages and commands of ours.
func TestPagesLeadSomewhere(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	pages := []string{"README.md", filepath.Join("docs", "events", "README.md")}
	more, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link, mentioned := regexp.MustCompile(`\]\(([^)\s]+)\)`), regexp.MustCompile("\\bgo (?:run|test|build)(?: [^\n`]*?)? (\\./[a-z./]+)")
	targets := regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)")
	for _, page := range append(pages, more...) {
		text := read(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s leads to %s, which is not there", page, m[1])
			} else if anchor != "" && !slices.Contains(headings(read(t, target)), anchor) {
				t.Errorf("%s leads to %s, which has no such heading", page, m[1])
			}
		}
		for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(strings.TrimSuffix(m[1], "...")); err != nil {
				t.Errorf("%s has people type %s", page, m[0])
			}
		}
		for _, m := range targets.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s has people type make %s", page, m[1])
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name) //nolint:gosec // our own pages
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// headings are a page's, as anchors of links name them.
func headings(text string) (all []string) {
	drop := regexp.MustCompile(`[^a-z0-9 _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}
