package deployment_test

import (
	"archive/zip"
	"debug/buildinfo"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
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

// built is the folder of what a plain sam build makes.
var built = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "kassa-build-") })

func TestMain(m *testing.M) {
	code := m.Run()
	if folder, err := built(); err == nil {
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}

// Sizes of what is shipped, in bytes: a larger binary starts later. Half a MiB are the world's time zones, which the runtime lacks.
const (
	largest       = 16 << 20
	largestZipped = 5632 << 10
)

// A plain sam build makes of each function a stripped binary of its own, for Lambda's own CPUs, as small as it ought to be.
func TestPlainBuildMakesWhatShips(t *testing.T) {
	t.Parallel()
	folder, err := built()
	if err != nil {
		t.Fatal(err)
	}
	run(t, []string{"ARCHITECTURE=arm64"}, "sam", "build", "--build-dir", folder)
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
		for key, want := range map[string]string{"-tags": "lambda.norpc", "-trimpath": "true", "CGO_ENABLED": "0", "GOARCH": "arm64"} {
			if !slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == key && s.Value == want }) {
				t.Errorf("%s is not built with %s %s", r.ID, key, want)
			}
		}
		checkBinary(t, name)
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
	if binary.Machine != elf.EM_AARCH64 || binary.Section(".symtab") != nil || binary.Section(".debug_info") != nil {
		t.Errorf("%s is for %v, or not stripped", name, binary.Machine)
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
