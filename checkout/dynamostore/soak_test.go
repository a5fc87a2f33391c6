//go:build soak

package dynamostore_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"kassa/checkout/checkouttest"
)

// Ten thousand of a hundred thousand carts are due, and three sweepers find them at once: `make soak`. The figures of the last run
// stand in docs/soak.md.
func TestSoakSweep(t *testing.T) {
	c := checkouttest.Crowd{Carts: 100_000, Due: 10_000, Now: noon}
	took, asked := swept(t, c)
	load, _ := os.ReadFile("/proc/loadavg")
	mean, _, _ := strings.Cut(string(load), " ")
	line := fmt.Sprintf("| three sweepers, %d due of %d carts | in %v: %d queries, %d batches read, %d writes | | | 0 | %s of %d |",
		c.Due, c.Carts, took.Round(time.Second), asked["Query"], asked["BatchGetItem"], asked["UpdateItem"], mean, runtime.NumCPU())
	t.Log(line)
	if name := os.Getenv("KASSA_SOAK_RESULTS"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := fmt.Fprintln(f, line); err != nil {
			t.Fatal(err)
		}
	}
	if took > time.Minute {
		t.Errorf("the sweep took %v, want at most a minute", took)
	}
}
