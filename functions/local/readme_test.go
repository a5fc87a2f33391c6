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
	if m := p.received(1)[0]; m.Reason != "receipt" || m.To != "ada@example.com" || !strings.Contains(m.Text, "€46.85") {
		t.Errorf("the message is %+v", m)
	}
}

// So is what it says about signing in, behind the first purchase in the same terminal.
func TestSigningInOfTheReadme(t *testing.T) {
	t.Parallel()
	p := launch(t, filepath.Join(t.TempDir(), "kassa.db"))
	said := shell(t, strings.Replace(readmeScript(t, "Your first purchase", "Signing in"), "http://127.0.0.1:3000", p.base, 1))
	_, tap, _ := strings.Cut(said, "one tap:")
	if !strings.Contains(tap, `"status":"completed"`) || strings.Count(said, `"status":"completed"`) != 3 || !strings.Contains(said, `"status":"open"`) {
		t.Errorf("it said:\n%s", said)
	}
	if charges := p.charges(); len(charges) != 3 {
		t.Errorf("the ledger has %+v", charges)
	}
}

// And so is the cart that nobody finishes.
func TestLeftCartOfTheReadme(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	p := launch(t, filepath.Join(folder, "kassa.db"))
	script := strings.Replace(readmeScript(t, "Your first purchase", "A cart that nobody finishes"), "http://127.0.0.1:3000", p.base, 1)
	said := shell(t, "cd "+folder+"\n"+strings.Replace(script, ".kassa/kassa.local.json", "kassa.local.json", 1))
	for _, want := range []string{
		`"reachable":true`, `"subject":"Je winkelwagen is bewaard"`, `"to":"bo@example.com"`, `"stage":"email"`, `<title>`,
		`"recovered":1,"recovered_revenue":{"EUR":4685}`,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %s", want)
		}
	}
	var toBo []string
	for _, m := range p.sent() {
		if strings.HasPrefix(m.To, "bo") {
			toBo = append(toBo, string(m.Channel)+" "+m.Reason)
		}
	}
	if got := strings.Join(toBo, ", "); got != "push no_checkout, email no_checkout, email receipt" || t.Failed() {
		t.Errorf("Bo got %s; it said:\n%s", got, said)
	}
}

// readmeScript is what the README's sections have to paste, one after the other.
func readmeScript(t *testing.T, titles ...string) (script string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range titles {
		_, section, ok := strings.Cut(string(readme), "\n## "+title+"\n")
		_, section, ok2 := strings.Cut(section, "\n```sh\n")
		part, _, ok3 := strings.Cut(section, "\n```\n")
		if !ok || !ok2 || !ok3 {
			t.Fatalf("the README has no %q", title)
		}
		script += part + "\n"
	}
	return script
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

// Everything that docs/merchant.md shows is run as a stranger would paste it.
func TestMerchantsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "merchant.md"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	p := launch(t, filepath.Join(folder, "kassa.db"))
	script := "cd " + folder + "\n"
	for _, block := range regexp.MustCompile("(?s)\n```sh\n(.*?)\n```\n").FindAllStringSubmatch(string(page), -1) {
		script += block[1] + "\n"
	}
	script = strings.Replace(script, "http://127.0.0.1:3000", p.base, 1)
	said := shell(t, strings.Replace(script, ".kassa/kassa.local.json", "kassa.local.json", 1))
	for _, want := range []string{
		`"version":1,`, `"rows":2,"stored":2,"refused":0,"errors":[],"dry_run":true`, `"stored":2,"refused":0,"errors":[],"dry_run":false`,
		`beans-advent-24,Advent calendar`, `{"sku":"cap-kade-9","delta":40}`, `"name":"warehouse","scopes":["products"],"token":"kad_`,
		`"state":"fulfilled"`, `"noted_by_merchant":true`, `"state":"done"`, `{"orders":[{"id":"or_`, `{"method":"ideal",`,
		`"action":"order.refund"`, `"action":"stock.move"`, `"action":"settings.put"`,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %s", want)
		}
	}
	if strings.Contains(said, `"status":"error"`) || t.Failed() {
		t.Errorf("it said:\n%s", said)
	}
}
