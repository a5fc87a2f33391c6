package deployment_test

import (
	"archive/zip"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestLintersAreContent(t *testing.T) {
	t.Parallel()
	if out := run(t, nil, "cfn-lint", "template.yaml"); strings.TrimSpace(out) != "" {
		t.Error(out)
	}
	if out := run(t, nil, "sam", "validate"); !strings.Contains(out, "is a valid SAM Template") {
		t.Error(out)
	}
}

// artifacts is the folder of what is built here.
var artifacts string

// built is the folder of what a plain sam build makes, for this machine's own architecture: the tests that start functions need
// these binaries too.
var built = sync.OnceValues(func() (string, error) {
	_, err := output(context.Background(), []string{"ARCHITECTURE=" + architecture}, "sam", "build", "--build-dir", artifacts,
		"--parameter-overrides", "Architecture="+architecture)
	return artifacts, err
})

// architecture is this machine's, in AWS's word.
var architecture = map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]

func TestMain(m *testing.M) {
	var err error
	if artifacts, err = os.MkdirTemp("", "kassa-build-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(artifacts)
	os.Exit(code)
}

// Sizes of what is shipped, in bytes: a larger binary starts later. Half a MiB are the world's time zones, which the runtime lacks.
// The same program takes an eighth more space zipped for x86-64, whose instructions differ in length.
var (
	largest       = int64(16 << 20)
	largestZipped = map[string]int64{"arm64": 5632 << 10, "amd64": 6336 << 10}[runtime.GOARCH]
)

// A plain sam build makes of each function a stripped binary of its own, as small as it ought to be. BenchmarkSize measures those
// for the architecture that ships by default: compiling all for a second one takes a minute.
func TestPlainBuildMakesWhatShips(t *testing.T) {
	t.Parallel()
	folder, err := built()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range of(t, "AWS::Lambda::Function") {
		name := filepath.Join(folder, r.ID, "bootstrap")
		info, err := buildinfo.ReadFile(name)
		if err != nil {
			t.Errorf("%s: %v", r.ID, err)
			continue
		}
		if want := "kassa/functions/" + strings.ToLower(strings.TrimSuffix(r.ID, "Function")); info.Path != want {
			t.Errorf("%s is the program %s, want %s", r.ID, info.Path, want)
		}
		for key, want := range map[string]string{"-tags": "lambda.norpc", "-trimpath": "true", "CGO_ENABLED": "0", "GOARCH": runtime.GOARCH} {
			if !slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == key && s.Value == want }) {
				t.Errorf("%s is not built with %s %s", r.ID, key, want)
			}
		}
		checkBinary(t, name)
	}
}

// Who says nothing gets what costs least on Lambda, from the template and from the Makefile alike.
func TestShipsForArmUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	recipe, err := exec.CommandContext(t.Context(), "env", "-u", "ARCHITECTURE", "make", "-C", root, "-n", "build-CartFunction",
		"ARTIFACTS_DIR=artifacts").CombinedOutput()
	if err != nil || !strings.Contains(string(recipe), "GOOS=linux GOARCH=arm64") {
		t.Errorf("the Makefile builds by %s, %v", recipe, err)
	}
	var template struct {
		Parameters struct {
			Architecture struct {
				Default string `yaml:"Default"`
			} `yaml:"Architecture"`
		} `yaml:"Parameters"`
	}
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &template); err != nil || template.Parameters.Architecture.Default != "arm64" {
		t.Errorf("the template's default is %q, %v", template.Parameters.Architecture.Default, err)
	}
	for _, r := range of(t, "AWS::Lambda::Function") {
		if got := fmt.Sprint(r.Properties["Architectures"]); got != "[map[Ref:Architecture]]" {
			t.Errorf("%s is for %v", r.ID, got)
		}
	}
}

func checkBinary(t *testing.T, name string) {
	t.Helper()
	binary, err := elf.Open(name)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	defer func() { _ = binary.Close() }()
	if binary.Section(".symtab") != nil || binary.Section(".debug_info") != nil {
		t.Errorf("%s is not stripped", name)
	}
	size, zipped := sizes(t, name)
	t.Logf("%s: %.2f MiB, zipped %.2f MiB", filepath.Base(filepath.Dir(name)), float64(size)/(1<<20), float64(zipped)/(1<<20))
	if size > largest || zipped > largestZipped {
		t.Errorf("%s has %d bytes, zipped %d", name, size, zipped)
	}
}

// sizes of a file, as it is and in an archive.
func sizes(t *testing.T, name string) (plain, zipped int64) {
	t.Helper()
	var count counter
	archive := zip.NewWriter(&count)
	entry, err := archive.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	plain, err = io.Copy(entry, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return plain, int64(count)
}

type counter int64

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
