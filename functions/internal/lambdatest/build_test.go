package lambdatest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// root is the module's folder.
const root = "../../.."

// functions are those that the template deploys.
var functions = []string{"cart", "checkout", "webhook", "outbox", "sweep", "reconcile", "admin", "feedback"}

// folder is where this run's binaries are.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "kassa-functions-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// binary returns a function as sam build makes it, but for this machine.
func binary(t testing.TB, function string) string {
	t.Helper()
	readSources(t)
	return built(t, function, map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH])
}

type target struct{ function, architecture string }

var (
	builds sync.Mutex // one at a time: each takes all of the machine
	made   = map[target]string{}
)

// built returns the file that the Makefile's target of a function makes.
func built(t testing.TB, function, architecture string) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	key := target{function, architecture}
	if made[key] == "" {
		artifacts := filepath.Join(folder, architecture, function)
		run(t, "make", "-s", "build-"+logicalID(function), "ARCHITECTURE="+architecture, "ARTIFACTS_DIR="+artifacts)
		made[key] = filepath.Join(artifacts, "bootstrap")
	}
	return made[key]
}

// laterBinary returns a function that is as the one that ships, but for its clock: it is ahead by what the file says that LATER
// names. What is due in a quarter of an hour can be done now.
func laterBinary(t testing.TB, function string) string {
	t.Helper()
	readSources(t)
	builds.Lock()
	defer builds.Unlock()
	key := target{function, "later"}
	if made[key] != "" {
		return made[key]
	}
	const place, clock = "Now: time.Now}", "Now: later}"
	shipped, err := filepath.Abs(filepath.Join(root, "functions/internal/coldstart/function.go"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(shipped) //nolint:gosec // ours
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), place) != 1 {
		t.Fatalf("coldstart has no %q to put another clock into", place)
	}
	changed, overlay := filepath.Join(folder, "function.go"), filepath.Join(folder, "overlay.json")
	write(t, changed, strings.Replace(string(source), place, clock, 1)+`
func later() time.Time {
	text, err := os.ReadFile(os.Getenv("LATER"))
	if err != nil {
		panic(err)
	}
	ahead, err := time.ParseDuration(string(text))
	if err != nil {
		panic(err)
	}
	return time.Now().Add(ahead)
}
`)
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{shipped: changed}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, overlay, string(replaced))
	made[key] = filepath.Join(folder, "later-"+function)
	run(t, "go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-overlay", overlay, "-o", made[key], "./functions/"+function)
	return made[key]
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...) //nolint:gosec // ours
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}

var sources sync.Once

// readSources reads what binaries are made of: go test would otherwise repeat an old result, since it sees only the files that
// the test itself has opened.
func readSources(t testing.TB) {
	t.Helper()
	sources.Do(func() {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			name := ""
			if d != nil {
				name = d.Name()
			}
			switch {
			case err != nil:
				return err
			case d.IsDir() && path != root && strings.HasPrefix(name, "."):
				return filepath.SkipDir
			case name == "Makefile", name == "go.sum", filepath.Ext(name) == ".pem", filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go"):
				_, err = os.ReadFile(path) //nolint:gosec // our own sources
			}
			return err
		})
		if err != nil {
			t.Fatalf("read sources: %v", err)
		}
	})
}
