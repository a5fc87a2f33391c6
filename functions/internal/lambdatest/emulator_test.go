package lambdatest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestEveryEventInLambdasEmulator sends every file in events/ to its function under the emulator that sam local runs, too.
func TestEveryEventInLambdasEmulator(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	processes := map[string]invoker{}
	for _, f := range functions {
		processes[f] = a.emulate(t, f)
	}
	(&story{T: t, account: a, functions: processes, ids: strings.NewReplacer()}).tell()
}

// emulate starts a function under the emulator.
func (a *account) emulate(t *testing.T, function string) emulated {
	t.Helper()
	program, err := emulator()
	must(t, err)
	front, api := freeAddress(t), freeAddress(t)
	var said bytes.Buffer
	cmd := exec.Command(program, "--runtime-interface-emulator-address", front, "--runtime-api-address", api, binary(t, function)) //nolint:gosec,noctx // ours; ends below
	cmd.Env = append(pairs(a.environment(t, function)), "PATH=/usr/bin:/bin", "AWS_LAMBDA_LOG_LEVEL=INFO",
		fmt.Sprintf("AWS_LAMBDA_FUNCTION_TIMEOUT=%.0f", timeout(t, function).Seconds()))
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // it starts the function as its child
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s under the emulator: %s", function, said.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	must(t, listens(ctx, front))
	return emulated{"http://" + front + "/2015-03-31/functions/function/invocations"}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close() //nolint:errcheck // only its number is wanted
	return l.Addr().String()
}

// listens waits until somebody listens at an address.
func listens(ctx context.Context, address string) error {
	for {
		if c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			return c.Close()
		}
		pause, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		<-pause.Done()
		cancel()
		if ctx.Err() != nil {
			return fmt.Errorf("nobody listens at %s", address)
		}
	}
}

func post(ctx context.Context, url string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", res.StatusCode, text)
	}
	return text, err
}

// requirements pins the SAM CLI, whose package brings the emulator along.
const requirements = "functions/internal/deployment/testdata/requirements.txt"

// emulator returns the program, from a SAM CLI that is installed once.
var emulator = sync.OnceValues(func() (string, error) {
	home, err := filepath.Abs(filepath.Join(root, ".tools", "sam"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(home, 0o750); err != nil {
		return "", err
	}
	guard, err := os.OpenFile(home+".lock", os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // ours
	if err != nil {
		return "", err
	}
	defer guard.Close() //nolint:errcheck // ends the lock
	if err := syscall.Flock(int(guard.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	pattern := filepath.Join(home, "lib", "python3*", "site-packages", "samcli", "local", "rapid",
		"aws-lambda-rie-"+map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH])
	if found, _ := filepath.Glob(pattern); len(found) == 1 && installed(home) {
		return found[0], nil
	}
	if err := install(home); err != nil {
		return "", err
	}
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("the SAM CLI has brought no %s", pattern)
	}
	return found[0], nil
})

const wanted = "the emulator of Lambda's Runtime API comes with the SAM CLI, which needs Python 3.10 or newer with its modules venv and " +
	"ensurepip (Debian, Ubuntu: apt-get install python3 python3-venv)"

// marker tells which requirements have been installed; the tests of the template install the same ones into the same folder.
func marker(home string) (string, error) {
	pinned, err := os.ReadFile(filepath.Join(root, requirements))
	sum := sha256.Sum256(pinned)
	return filepath.Join(home, "installed-"+hex.EncodeToString(sum[:8])), err
}

func installed(home string) bool {
	name, err := marker(home)
	if err != nil {
		return false
	}
	_, err = os.Stat(name)
	return err == nil
}

func install(home string) error {
	name, err := marker(home)
	if err != nil {
		return err
	}
	pinned, err := filepath.Abs(filepath.Join(root, requirements))
	if err != nil {
		return err
	}
	for _, command := range [][]string{
		{"python3", "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"},
		{"python3", "-m", "venv", "--clear", home},
		{filepath.Join(home, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pinned},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil { //nolint:gosec,noctx // ours; a download takes its time
			return fmt.Errorf("%s: %w", wanted, errors.Join(err, errors.New(string(out))))
		}
	}
	return os.WriteFile(name, nil, 0o600)
}
