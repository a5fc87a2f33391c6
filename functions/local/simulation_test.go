package main

import (
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// How many towns `make simulate` and `make test` look at. A seed makes the same choices again; which of two things that happen at once
// comes first, it doesn't decide.
var (
	simulations = flag.Int("simulations", 4, "towns to simulate whose shop stays up")
	killed      = flag.Int("killed", 1, "towns to simulate whose shop is killed again and again")
	firstSeed   = flag.Uint64("seed", 1, "seed of the first town")
	steps       = flag.Int("steps", 100, "what happens in a town")
)

// simulation is a town whose people shop at Kassa over HTTP, while calls fail, banks are slow and time passes. After each step, and once
// everything is quiet again, what Kassa promises is checked from outside: what people were answered, what the provider has charged, what
// was sent, what is on the shelves, what was logged.
type simulation struct {
	shopper
	random   *rand.Rand
	faults   []string
	restart  func() shopper         // nil: the shop can't be killed
	onShelf  func(sku string) int64 // once it is quiet
	admin    string                 // the merchant's key; "" = nobody works in the office
	visitors []*visitor             //
	stock    map[string]int64       // of products whose stock is kept, at the beginning
	logs     func() string          // all that was logged
	quiet    func()                 // ends the shop, whose files are looked at then; nil: it goes on
	passed   time.Duration          // so far
	told     []string               // what happened, for whoever looks for a fault
}

func TestSimulation(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*simulations) {
		t.Run(fmt.Sprint("seed ", seed+*firstSeed), func(t *testing.T) {
			t.Parallel()
			simulateInside(t, seed+*firstSeed)
		})
	}
	for seed := range uint64(*killed) {
		t.Run(fmt.Sprint("killed, seed ", seed+*firstSeed), func(t *testing.T) {
			t.Parallel()
			simulateKilled(t, seed+*firstSeed)
		})
	}
}

// simulateInside has the shop in this process, with an office.
func simulateInside(t *testing.T, seed uint64) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	in := startLogging(t, anyStore(t), slog.New(slog.NewJSONHandler(log, nil)))
	in.app.faults.lateFor = time.Millisecond // longer than anybody waits here
	s := newSimulation(t, in.shopper, seed)
	s.faults, s.admin, s.logs = namesOf("refused", "lost", "late"), in.book.page.AdminKey, func() string {
		text, err := os.ReadFile(log.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	s.onShelf = func(sku string) int64 {
		found, err := in.store.Products(t.Context(), []string{sku})
		if err != nil {
			t.Fatal(err)
		}
		return *found[sku].Stock
	}
	s.run()
}

// simulateKilled has the shop in processes of its own, one after the other on the same files.
func simulateKilled(t *testing.T, seed uint64) {
	t.Helper()
	store := filepath.Join(t.TempDir(), "kassa.db")
	p := launch(t, store)
	var before string // what the processes before have logged
	s := newSimulation(t, p.shopper, seed)
	s.faults = namesOf("refused", "lost", "kill_before", "kill_during", "kill_after")
	s.restart = func() shopper {
		p.died()
		before += p.stderr.String()
		p = launch(t, store)
		return p.shopper
	}
	s.logs = func() string { return before + p.stderr.String() }
	s.onShelf = func(sku string) int64 { return shelf(t, store, sku) }
	s.quiet = func() { p.interrupt() }
	s.run()
}

// namesOf lists the faults of some ways.
func namesOf(ways ...string) (names []string) {
	for _, name := range faultNames() {
		for _, w := range ways {
			if strings.HasSuffix(name, "."+w) {
				names = append(names, name)
			}
		}
	}
	return names
}

func newSimulation(t *testing.T, at shopper, seed uint64) *simulation {
	return &simulation{
		shopper: at, random: rand.New(rand.NewPCG(seed, 1)), stock: map[string]int64{lever: 1, "tea-oolong-80": 12}}
}

func (s *simulation) run() {
	s.t.Helper()
	defer func() {
		if s.t.Failed() || testing.Verbose() {
			s.t.Logf("what happened:\n%s", strings.Join(s.told, "\n"))
		}
	}()
	for range *steps {
		s.step()
		s.check()
		if s.t.Failed() {
			return
		}
	}
	s.end()
}

// now is the shop's time.
func (s *simulation) now() time.Time {
	s.t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s.insist(http.MethodGet, "/dev/clock", "").at("now"))
	if err != nil {
		s.t.Fatal(err)
	}
	return at
}

// insist makes a request again, just as it was, while nobody knows what came of it: the shop is dead and starts again, or has failed. Then
// another worker may still be at it, for as long as a lease lasts.
func (s *simulation) insist(method, path, body string, headers ...string) reply {
	s.t.Helper()
	unknown := 0 // for how many tries to come somebody else may be at it
	for range 12 {
		a, err := s.try(method, path, body, headers...)
		if err != nil {
			unknown = 3
			if s.restart == nil {
				s.t.Fatalf("%s %s: %v", method, path, err)
			}
			s.told = append(s.told, "  the shop died and starts again")
			s.shopper = s.restart()
			continue
		}
		switch busy := a.status == http.StatusConflict && a.header.Get("Retry-After") != ""; {
		case a.status >= http.StatusInternalServerError:
			unknown = 3
		case !busy || unknown == 0:
			return a
		}
		unknown--
		s.told = append(s.told, fmt.Sprintf("  %d %s: a minute later again", a.status, a.at("messages.0.code")))
		s.pass("1m")
	}
	s.t.Fatalf("%s %s is never answered", method, path)
	return reply{}
}

// pass lets time pass. A shop that dies meanwhile has the rest of it later.
func (s *simulation) pass(by string) {
	s.t.Helper()
	for range 8 {
		a, err := s.try(http.MethodPost, "/dev/clock", `{"advance":"`+by+`"}`)
		switch {
		case err != nil && s.restart != nil:
			s.shopper = s.restart()
		case err != nil:
			s.t.Fatal(err)
		case a.status == http.StatusOK:
			return
		}
	}
	s.t.Fatal("the clock can't be moved")
}

// charges and sent are the shopper's, of a shop that may die.
func (s *simulation) charges() []entry {
	s.t.Helper()
	return s.insist(http.MethodGet, "/dev/ledger", "").want(http.StatusOK).charges()
}

func (s *simulation) sent() []message {
	s.t.Helper()
	return s.insist(http.MethodGet, "/dev/messages", "").want(http.StatusOK).sent()
}
