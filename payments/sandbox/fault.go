package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Way is how a call goes wrong.
type Way string

// The ways of a fault.
const (
	WayRefused     Way = "refused"      // no connection, no effect
	WayLost        Way = "lost"         // done, and the connection breaks before the answer
	WayLate        Way = "late"         // done at once, answered after Fault.Late or not before the caller gives up; the key stays in flight
	WayDelayed     Way = "delayed"      // the connection breaks now, and the effect comes after Fault.Delay, in Run; the key stays in flight
	WayErrorAfter  Way = "error_after"  // done, but 500 is answered and stored under the key
	WayErrorBefore Way = "error_before" // nothing is done; 500 is answered and stored under the key
	WayConflict    Way = "conflict"     // 409 idempotency_key_in_use; nothing is done or stored
	WayRateLimited Way = "rate_limited" // 429 rate_limit; nothing is done or stored
	WayBadGateway  Way = "bad_gateway"  // 502 with an HTML page; nothing is done or stored
)

// Ways lists every way a call can be made to go wrong.
func Ways() []Way {
	return []Way{WayRefused, WayLost, WayLate, WayDelayed, WayErrorAfter, WayErrorBefore, WayConflict, WayRateLimited, WayBadGateway}
}

// Fault makes calls go wrong.
type Fault struct {
	// Match is an operation ("payment_intents.create"), a method and path ("POST /v1/payment_intents/{id}/confirm"), either of
	// them ending in * for all that begin so, or empty for every call.
	Match string
	Way   Way
	// Times is how many matching calls go wrong: 0 means one, below 0 all until ClearFaults. Calls that are refused for their
	// API key or URL do not count; replays do, but WayErrorAfter and WayErrorBefore don't change a stored result.
	Times int
	// Late, for WayLate, holds the answer back until it returns; nil waits for the end of the call's context. It may call the
	// sandbox.
	Late func(ctx context.Context)
	// Delay, for WayDelayed, is when the effect comes; 0 means a minute.
	Delay time.Duration
}

// Inject adds a fault. The first that matches a call is the one it meets. It is refused if its way is unknown or if it could
// match no operation.
func (p *Provider) Inject(f Fault) error {
	if !slices.Contains(Ways(), f.Way) {
		return fmt.Errorf("fault in way %q: %w", f.Way, ErrUnknown)
	}
	if !slices.ContainsFunc(operations, f.matches) {
		return fmt.Errorf("fault at %q: %w", f.Match, ErrUnknown)
	}
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Delay == 0 {
		f.Delay = time.Minute
	}
	p.flight.Lock()
	defer p.flight.Unlock()
	p.faults = append(p.faults, f)
	return nil
}

// ClearFaults takes all faults back.
func (p *Provider) ClearFaults() {
	p.flight.Lock()
	defer p.flight.Unlock()
	p.faults = nil
}

func (f Fault) matches(op operation) bool {
	if prefix, ok := strings.CutSuffix(f.Match, "*"); ok || f.Match == "" {
		return strings.HasPrefix(op.name, prefix) || strings.HasPrefix(op.method+" "+op.path, prefix)
	}
	return f.Match == op.name || f.Match == op.method+" "+op.path
}

func (p *Provider) takeFault(op operation) Fault {
	p.flight.Lock()
	defer p.flight.Unlock()
	at := slices.IndexFunc(p.faults, func(f Fault) bool { return f.matches(op) })
	if at < 0 {
		return Fault{}
	}
	f := p.faults[at]
	switch {
	case f.Times == 1:
		p.faults = slices.Delete(p.faults, at, at+1)
	case f.Times > 1:
		p.faults[at].Times--
	}
	return f
}

// met answers a call that goes wrong before anything is done.
func (f Fault) met(r Request, requestID string) (a Answer, met bool, err error) {
	switch f.Way {
	case WayRefused:
		return Answer{}, true, ErrRefused
	case WayConflict:
		return r.inUse(requestID), true, nil
	case WayRateLimited:
		e := invalid("rate_limit", "", "Request rate limit exceeded.")
		e.status = http.StatusTooManyRequests
		return r.refusal(e, requestID), true, nil
	case WayBadGateway:
		return page(http.StatusBadGateway, "502 Bad Gateway", "<p>The server is on a break.</p>"), true, nil
	}
	return Answer{}, false, nil
}
