package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The README's first purchase is run as a stranger would paste it.
func TestFirstPurchaseOfTheReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(readme), "\n## Your first purchase\n")
	_, section, ok2 := strings.Cut(section, "\n```sh\n")
	script, _, ok3 := strings.Cut(section, "\n```\n")
	if !ok || !ok2 || !ok3 || !strings.Contains(script, "KASSA=http://127.0.0.1:3000\n") {
		t.Fatal("the README has no first purchase")
	}
	p := launch(t, filepath.Join(t.TempDir(), "kassa.db"))
	said := shell(t, strings.Replace(script, "http://127.0.0.1:3000", p.base, 1))
	orders := regexp.MustCompile(`"or_[a-z0-9]+_0"`).FindAllString(said, -1)
	if !strings.Contains(said, `"status":"completed"`) || len(orders) < 2 || orders[0] != orders[len(orders)-1] {
		t.Errorf("it said:\n%s", said)
	}
	charges := p.charges()
	if len(charges) != 1 || charges[0].Amount != 4685 || !strings.Contains(said, charges[0].ID) {
		t.Errorf("the ledger has %+v; the script said:\n%s", charges, said)
	}
}

// The line that is printed at the start buys something too.
func TestPrintedPurchase(t *testing.T) {
	t.Parallel()
	s := start(t)
	said := shell(t, s.firstPurchase())
	if !strings.Contains(said, `"status":"completed"`) {
		t.Errorf("it said:\n%s", said)
	}
	if charges := s.charges(); len(charges) != 1 || charges[0].Status != "succeeded" {
		t.Errorf("the ledger has %+v", charges)
	}
}

func shell(t *testing.T, script string) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "sh", "-e", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return string(said)
}
