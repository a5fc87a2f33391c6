package lambdatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// What Lambda takes from a function, and hands to it.
const maxPayload = 6 << 20 // bytes, of a synchronous invocation

// invocation is an event on its way to a process, and what comes back.
type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	answered chan answer // takes one without waiting
}

type answer struct {
	payload []byte
	failed  bool
}

// runtime is the Runtime API of one process
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
type runtime struct {
	address string
	server  *http.Server
	events  chan *invocation

	mu      sync.Mutex
	changed chan struct{} // closed when anything below changes
	asking  int           // requests for the next event that wait
	served  int           // invocations so far
	open    map[string]*invocation
}

func newRuntime(ctx context.Context) (*runtime, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the runtime: %w", err)
	}
	r := &runtime{
		address: listener.Addr().String(), events: make(chan *invocation), changed: make(chan struct{}), open: map[string]*invocation{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, q *http.Request) { r.take(w, q, false) })
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, q *http.Request) { r.take(w, q, true) })
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(listener) }() // ends with close
	return r, nil
}

func (r *runtime) close() { _ = r.server.Close() }

// next waits for an event and hands it out.
func (r *runtime) next(w http.ResponseWriter, q *http.Request) {
	r.ask(1)
	var in *invocation
	select {
	case in = <-r.events:
	case <-q.Context().Done():
	}
	r.ask(-1)
	if in == nil {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Lambda-Runtime-Aws-Request-Id", in.id)
	w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.deadline.UnixMilli(), 10))
	w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-6922d6f8-3c4f1a9b5d7e8f0123456789;Parent=1a2b3c4d5e6f7081;Sampled=0")
	w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:kassa")
	_, _ = w.Write(in.event) // a process that is gone is noticed elsewhere
}

func (r *runtime) ask(change int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asking += change
	close(r.changed)
	r.changed = make(chan struct{})
}

// take takes in what a process answers. Each invocation is answered once, while it is open.
func (r *runtime) take(w http.ResponseWriter, q *http.Request, failed bool) {
	payload, err := io.ReadAll(io.LimitReader(q.Body, maxPayload+1))
	if err != nil || len(payload) > maxPayload {
		http.Error(w, `{"errorType":"RequestEntityTooLarge"}`, http.StatusRequestEntityTooLarge)
		return
	}
	r.mu.Lock()
	in, ok := r.open[q.PathValue("id")]
	delete(r.open, q.PathValue("id"))
	r.mu.Unlock()
	if !ok {
		http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	}
	in.answered <- answer{payload, failed}
	w.WriteHeader(http.StatusAccepted)
}

var errEnded = errors.New("the process ended")

// invoke hands an event to a process that asks for one, and waits for what it makes of it.
func (r *runtime) invoke(ctx context.Context, event []byte, timeout time.Duration, ended <-chan struct{}) (answer, error) {
	in := r.begin(event, timeout)
	late := time.NewTimer(timeout)
	defer late.Stop()
	events := r.events
	for {
		select {
		case events <- in:
			events = nil // handed out: now for the answer
		case a := <-in.answered:
			return a, nil
		case <-ended:
			return answer{}, errEnded
		case <-late.C:
			return answer{}, context.DeadlineExceeded
		case <-ctx.Done():
			return answer{}, ctx.Err()
		}
	}
}

func (r *runtime) begin(event []byte, timeout time.Duration) *invocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.served++
	in := &invocation{
		id: fmt.Sprintf("8f507cfc-example-4697-b07a-%012d", r.served), event: event, deadline: time.Now().Add(timeout),
		answered: make(chan answer, 1),
	}
	r.open[in.id] = in
	return in
}

// wait waits until a process asks for so many events at once.
func (r *runtime) wait(ctx context.Context, asking int, ended <-chan struct{}) error {
	for {
		r.mu.Lock()
		now, changed := r.asking, r.changed
		r.mu.Unlock()
		if now >= asking {
			return nil
		}
		select {
		case <-changed:
		case <-ended:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
