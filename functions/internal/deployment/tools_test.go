package deployment_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// root is the module's folder.
const root = "../../.."

const wanted = "tests of the template need Python 3.10 or newer with its modules venv and ensurepip " +
	"(Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python)"

// tools is the folder of the programs of SAM, installed once.
var tools = sync.OnceValues(func() (string, error) {
	ctx := context.Background()
	pinned, err := os.ReadFile("testdata/requirements.txt")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(pinned)
	folder, err := filepath.Abs(filepath.Join(root, ".tools", "sam"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return "", err
	}
	unlock, err := lock(folder + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	bin, done := filepath.Join(folder, "bin"), filepath.Join(folder, "installed-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(done); err == nil {
		return bin, nil
	}
	check := exec.CommandContext(ctx, "python3", "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))")
	if out, err := check.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w %s", wanted, err, out)
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", "--clear", folder},
		{filepath.Join(bin, "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "testdata/requirements.txt"},
	} {
		if out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err != nil { //nolint:gosec // ours
			return "", fmt.Errorf("%v: %w\n%s", command, err, out)
		}
	}
	return bin, os.WriteFile(done, nil, 0o600)
})

// lock keeps test binaries from installing at the same time. It ends with the process.
func lock(name string) (unlock func(), err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // ours
	if err != nil {
		return nil, err
	}
	return func() { _ = file.Close() }, syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
}

// run runs a program of the tools in the module's folder and returns what it prints.
func run(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	out, err := output(t.Context(), env, program, args...)
	if err != nil {
		t.Fatalf("%s %v: %v", program, args, err)
	}
	return out
}

func output(ctx context.Context, env []string, program string, args ...string) (string, error) {
	bin, err := tools()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, program), args...) //nolint:gosec // ours
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "AWS_DEFAULT_REGION=eu-west-1", "SAM_CLI_TELEMETRY=0", "PATH="+bin+":"+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", errors.Join(err, errors.New(stdout.String()+stderr.String()))
	}
	return stdout.String(), nil
}
