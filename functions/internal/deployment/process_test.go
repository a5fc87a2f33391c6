package deployment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is a function's own program under a Runtime API of ours (AWS, "Using the Lambda runtime API for custom runtimes").
type process struct {
	events  chan []byte
	answers chan answer
	ready   chan struct{}
	ended   chan error
	logs    *logs
}

type answer struct {
	body   []byte
	failed bool
}

// launch starts a function's program with an environment and waits until it asks for its first event.
func launch(t *testing.T, function string, env map[string]string) *process {
	t.Helper()
	p := &process{
		events: make(chan []byte), answers: make(chan answer, 1), ready: make(chan struct{}), ended: make(chan error, 1), logs: &logs{},
	}
	server := httptest.NewServer(p.runtimeAPI())
	cmd := exec.CommandContext(t.Context(), program(t, function)) //nolint:gosec // ours
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=" + function}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = p.logs, p.logs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		server.CloseClientConnections()
		server.Close()
	})
	select {
	case <-p.ready:
	case err := <-p.ended:
		t.Fatalf("%s ended before its first event: %v\n%s", function, err, p.logs)
	case <-time.After(20 * time.Second):
		t.Fatalf("%s does not ask for an event\n%s", function, p.logs)
	}
	return p
}

func (p *process) runtimeAPI() http.Handler {
	mux := http.NewServeMux()
	first := sync.OnceFunc(func() { close(p.ready) })
	n := 0
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		first()
		select {
		case event := <-p.events:
			n++
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("r-%d", n))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(20*time.Second).UnixMilli(), 10))
			_, _ = w.Write(event)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{how}", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		p.answers <- answer{body, r.PathValue("how") == "error"}
	})
	return mux
}

// invoke hands an event to the function and returns its answer.
func (p *process) invoke(ctx context.Context, event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	select {
	case p.events <- event:
	case <-ctx.Done():
		return nil, fmt.Errorf("the function takes no event\n%s", p.logs)
	}
	select {
	case a := <-p.answers:
		if a.failed {
			return nil, fmt.Errorf("%s\n%s", a.body, p.logs)
		}
		return a.body, nil
	case err := <-p.ended:
		return nil, errors.Join(err, errors.New(p.logs.String()))
	case <-ctx.Done():
		return nil, fmt.Errorf("the function does not answer\n%s", p.logs)
	}
}

// program is the file of a function, by its id in the template, that sam build has made for this machine.
func program(t *testing.T, function string) string {
	t.Helper()
	folder, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, function, "bootstrap")
}

// logs is what a process says.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns what was said.
func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
