package lambdatest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
)

// Way is what becomes of a call at the border.
type Way string

// The ways.
const (
	Before Way = "before" // the call never arrives
	After  Way = "after"  // it is done, and its answer never comes
	Silent Way = "silent" // from this call on none arrives, and none is answered
	Deaf   Way = "deaf"   // from this call on all are done, and none is answered
)

// Ways returns all ways.
func Ways() []Way { return []Way{Before, After, Silent, Deaf} }

// Border is what all calls of functions pass on their way to others. Safe for concurrent use.
type Border struct {
	mu     sync.Mutex
	calls  []string
	of     string // the calls that are counted; "" is all
	seen   int    // of them
	at     int    // the one of them that goes wrong; 0 is none
	way    Way
	strike func()
}

// Guard returns a handler that lets calls pass to next. Its name begins those in Calls.
func (b *Border) Guard(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the caller is gone before it asked
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		way, strike := b.pass(name + " " + operation(r))
		if way == "" {
			next.ServeHTTP(w, r)
			return
		}
		if way == After || way == Deaf {
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		if strike != nil {
			strike()
		}
		if way == Silent || way == Deaf {
			<-r.Context().Done()
		}
		drop(w)
	})
}

// operation is what a call is for: AWS's name of it, or method and path.
func operation(r *http.Request) string {
	if _, target, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return target
	}
	return r.Method + " " + r.URL.Path
}

// drop breaks a connection.
func drop(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

func (b *Border) pass(call string) (Way, func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, call)
	counts := b.of == "" || b.of == call
	if counts {
		b.seen++
	}
	lasts := b.way == Silent || b.way == Deaf
	hit := b.at > 0 && (counts && b.seen == b.at || lasts && b.seen >= b.at)
	if !hit {
		return "", nil
	}
	return b.way, b.strike
}

// Arm forgets the calls so far, and has the n-th from now (1 is the first) go wrong: strike, if any, is called at that moment.
func (b *Border) Arm(n int, way Way, strike func()) { b.ArmAt("", n, way, strike) }

// ArmAt is Arm, but counts only calls of one name.
func (b *Border) ArmAt(call string, n int, way Way, strike func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls, b.of, b.seen, b.at, b.way, b.strike = nil, call, 0, n, way, strike
}

// Disarm lets all pass, and forgets the calls so far.
func (b *Border) Disarm() { b.Arm(0, "", nil) }

// Calls returns the calls since Arm or Disarm.
func (b *Border) Calls() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.calls)
}
