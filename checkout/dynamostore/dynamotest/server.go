// Package dynamotest is what tests of DynamoDB need: DynamoDB Local, fetched and started by itself; a transport that fails in
// the ways that no emulator knows; and a meter that counts what AWS would charge. It knows DynamoDB's HTTP API only, no
// client.
package dynamotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Endpoint returns the URL of a DynamoDB Local that keeps everything in memory. The first call of a test binary starts it;
// it ends with the binary. It runs for as many tests as like: tests keep apart by the names of their tables.
func Endpoint(tb testing.TB) string {
	tb.Helper()
	url, err := start()
	if err != nil {
		tb.Fatalf("DynamoDB Local: %v", err)
	}
	return url
}

// startTime bounds how long it may take to fetch and start DynamoDB Local.
const startTime = 3 * time.Minute

var start = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	java, err := findJava()
	if err != nil {
		return "", err
	}
	dir, err := fetch(ctx)
	if err != nil {
		return "", err
	}
	return launch(ctx, java, dir)
})

func findJava() (string, error) {
	java, err := exec.LookPath("java")
	if err != nil {
		return "", errors.New("tests of the DynamoDB store need Java 17 or newer in PATH: install a JRE " +
			"(Debian: apt-get install default-jre-headless)")
	}
	return java, nil
}

// untilStdinEnds runs the server and ends it when the test binary is gone, however it went: the system then closes its end
// of the pipe.
const untilStdinEnds = `exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ cat <&3; kill $server; } >/dev/null 2>&1 &
wait $server`

func launch(ctx context.Context, java, dir string) (string, error) {
	port, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	var said output
	cmd := exec.Command("sh", "-c", untilStdinEnds, "sh", java, //nolint:gosec,noctx // outlives this call, not this process
		"-Xmx1g", "-Djava.library.path="+filepath.Join(dir, "DynamoDBLocal_lib"), "-jar", filepath.Join(dir, "DynamoDBLocal.jar"),
		"-inMemory", "-sharedDb", "-disableTelemetry", "-port", port)
	cmd.Dir = dir // where it leaves a file about itself
	cmd.Stdout, cmd.Stderr = &said, &said
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start Java: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	address := net.JoinHostPort("127.0.0.1", port)
	for {
		if connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			return "http://" + address, connection.Close()
		}
		wait, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		select {
		case err := <-ended:
			cancel()
			return "", fmt.Errorf("it ended at once (%w), saying: %s", err, said.String())
		case <-wait.Done():
			cancel()
		}
		if ctx.Err() != nil {
			return "", fmt.Errorf("it did not listen in time, saying: %s", said.String())
		}
	}
}

func freePort(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close() //nolint:errcheck // only its number is wanted
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

// output keeps the first of what a process says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() < 10_000 {
		o.text.Write(p)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// moduleRoot returns the folder of go.mod, from wherever within the module the tests run.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod in this folder or above it")
		}
		dir = parent
	}
}
