package api_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// judged keeps every answer of a test for an outside judge of UCP's shapes, where there is one: UCPCHECK names a program that
// takes a kind of document and files, and exits with 1 if one of them breaks the official schemas.
func (s *stack) judged(t *testing.T) {
	judge := os.Getenv("UCPCHECK")
	if judge == "" {
		return
	}
	dir := t.TempDir()
	t.Cleanup(func() {
		for _, kind := range []string{"cart", "checkout", "order", "error"} {
			var files []string
			for i, doc := range s.documents(kind) {
				file := filepath.Join(dir, fmt.Sprintf("%s-%d.json", kind, i))
				if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
					t.Fatal(err)
				}
				files = append(files, file)
			}
			if len(files) == 0 {
				continue
			}
			out, err := exec.CommandContext(context.Background(), judge, append([]string{kind}, files...)...).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", kind, err, out)
			}
		}
	})
}

// keep notes an answer of a kind that UCP has a schema for.
func (s *stack) keep(path string, w reply) {
	kind := ""
	switch {
	case w.at("ucp.status") == "error":
		kind = "error"
	case strings.HasPrefix(path, "/carts"):
		kind = "cart"
	case strings.HasPrefix(path, "/checkout-sessions"):
		kind = "checkout"
	case strings.HasPrefix(path, "/orders"):
		kind = "order"
	default:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, [2]string{kind, w.Body.String()})
}

func (s *stack) documents(kind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, d := range s.kept {
		if d[0] == kind {
			out = append(out, d[1])
		}
	}
	return out
}
