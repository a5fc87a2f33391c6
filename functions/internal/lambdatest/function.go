package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Config is what a Function is made of.
type Config struct {
	Binary      string
	Env         []string      // NAME=value: all that it has, besides what Lambda sets
	Timeout     time.Duration // of an invocation; 0 is 10 s
	Concurrency int           // events at once; 0 is 1
	Frozen      bool          // stopped whenever it has no event, as Lambda does
}

// startTime is how long Lambda waits for a function's start.
const startTime = 10 * time.Second

// Function is a process that serves events. Safe for concurrent use, up to its concurrency.
type Function struct {
	config  Config
	runtime *runtime
	cmd     *exec.Cmd
	said    output
	ended   chan struct{} // closed when the process is gone
	exit    error         // how, after that
	init    Usage
}

// Errors of Invoke.
var (
	ErrTimedOut = errors.New("the invocation took too long, and the process was killed")
	ErrEnded    = errors.New("the process ended before it answered")
)

// Failure is what a function reports when it could not process an event. Lambda tries asynchronous events and batches again
// after one.
type Failure struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

// Error implements error.
func (f *Failure) Error() string { return f.Type + ": " + f.Message }

// Start starts a process and returns when it asks for its first event. One that ends instead, or takes longer than Lambda lets
// it, is an error that says what it has logged.
func Start(ctx context.Context, c Config) (*Function, error) {
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	c.Concurrency = max(c.Concurrency, 1)
	r, err := newRuntime(ctx)
	if err != nil {
		return nil, err
	}
	f := &Function{config: c, runtime: r, ended: make(chan struct{})}
	f.cmd = exec.Command(c.Binary) //nolint:gosec,noctx // the binary under test; Close ends it
	f.cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + r.address, "AWS_LAMBDA_FUNCTION_NAME=kassa", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_LAMBDA_LOG_FORMAT=JSON",
		"AWS_LAMBDA_LOG_LEVEL=INFO", "AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023", "_HANDLER=bootstrap", "LAMBDA_TASK_ROOT=/var/task",
		"PATH=/usr/local/bin:/usr/bin:/bin", "TZ=:UTC", "LANG=en_US.UTF-8",
	}, c.Env...)
	if c.Concurrency > 1 {
		f.cmd.Env = append(f.cmd.Env, "AWS_LAMBDA_MAX_CONCURRENCY="+strconv.Itoa(c.Concurrency))
	}
	f.cmd.Stdout, f.cmd.Stderr = &f.said, &f.said
	began := time.Now()
	if err := f.cmd.Start(); err != nil {
		r.close()
		return nil, fmt.Errorf("start %s: %w", c.Binary, err)
	}
	go f.reap()
	return f, f.awaitStart(ctx, began)
}

func (f *Function) reap() {
	f.exit = f.cmd.Wait()
	close(f.ended)
}

func (f *Function) awaitStart(ctx context.Context, began time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := f.runtime.wait(ctx, f.config.Concurrency, f.ended); err != nil {
		f.Close()
		return fmt.Errorf("start: %w (%w): %s", err, f.exit, f.Logs())
	}
	took := time.Since(began)
	usage, err := f.Usage()
	if err != nil {
		f.Close()
		return err
	}
	f.init = usage
	f.init.Took = took
	return f.rest(ctx)
}

// Init returns what the start has cost.
func (f *Function) Init() Usage { return f.init }

// Invoke hands an event to the process and returns its answer; a *Failure if it reports one. At its deadline the process is
// killed.
func (f *Function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	if f.config.Frozen {
		if err := f.signal(syscall.SIGCONT); err != nil {
			return nil, err
		}
	}
	a, err := f.runtime.invoke(ctx, event, f.config.Timeout, f.ended)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		f.Kill()
		return nil, ErrTimedOut
	case errors.Is(err, errEnded):
		return nil, ErrEnded
	case err != nil:
		return nil, err
	}
	if err := f.rest(ctx); err != nil {
		return nil, err
	}
	if !a.failed {
		return a.payload, nil
	}
	return nil, failure(a.payload)
}

func failure(payload []byte) error {
	var f Failure
	if err := json.Unmarshal(payload, &f); err != nil {
		return fmt.Errorf("read failure %q: %w", payload, err)
	}
	return &f
}

// rest stops the process once it has asked for the next event, which is how it says that it is done.
func (f *Function) rest(ctx context.Context) error {
	if !f.config.Frozen {
		return nil
	}
	if err := f.Idle(ctx); err != nil {
		return err
	}
	return f.signal(syscall.SIGSTOP)
}

// Idle waits until the process has no event and asks for some.
func (f *Function) Idle(ctx context.Context) error {
	return f.runtime.wait(ctx, f.config.Concurrency, f.ended)
}

// Kill ends the process at once, and returns when it is gone.
func (f *Function) Kill() {
	_ = f.cmd.Process.Kill() // gone already: all the better
	<-f.ended
}

// Close ends everything.
func (f *Function) Close() {
	f.Kill()
	f.runtime.close()
}

// Logs returns what the process has written.
func (f *Function) Logs() string { return f.said.String() }

func (f *Function) signal(s syscall.Signal) error {
	if err := f.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal %v: %w", s, errors.Join(ErrEnded, err))
	}
	return nil
}

// Goroutines ends the process by SIGQUIT, upon which Go lists its goroutines, and returns their stacks.
func (f *Function) Goroutines() ([]string, error) {
	if err := errors.Join(f.signal(syscall.SIGCONT), f.signal(syscall.SIGQUIT)); err != nil {
		return nil, err
	}
	<-f.ended
	var stacks []string
	for _, part := range bytes.Split([]byte(f.Logs()), []byte("\n\n")) {
		if bytes.HasPrefix(part, []byte("goroutine ")) {
			stacks = append(stacks, string(part))
		}
	}
	return stacks, nil
}

// output keeps the last of what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const maxOutput = 1 << 20

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() > maxOutput {
		o.text.Next(maxOutput / 2)
	}
	return o.text.Write(p)
}

// String returns what is kept.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
