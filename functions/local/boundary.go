package main

import (
	"context"
	"errors"
	"net/http"

	"kassa/checkout"
)

// faultySessions is a session store whose commits of payments can go wrong. It tells of commits that leave notices, as the
// table's stream does on AWS.
type faultySessions struct {
	checkout.SessionStore
	faults  *faults
	noticed func(sessionID string)
}

// Commit writes, or fails as the contract of SessionStore allows: with CodeUnavailable, done or not.
func (s faultySessions) Commit(ctx context.Context, c checkout.Commit) error {
	err := s.commit(ctx, c)
	if len(c.Session.Notices) > 0 {
		s.noticed(c.Session.ID)
	}
	return err
}

func (s faultySessions) commit(ctx context.Context, c checkout.Commit) error {
	at, ok := boundaryOf(c)
	if !ok {
		return s.SessionStore.Commit(ctx, c)
	}
	err := s.faults.around(ctx, at, func(ctx context.Context) error { return s.SessionStore.Commit(ctx, c) })
	if errors.Is(err, errRefused) || errors.Is(err, errLost) || errors.Is(err, errLate) {
		return &checkout.Error{Code: checkout.CodeUnavailable, Message: "the store did not answer", Err: err}
	}
	return err
}

// boundaryOf tells the commits of a payment from all others: Before locks the cart; After keeps, closes or completes the
// attempt that Before has opened.
func boundaryOf(c checkout.Commit) (boundary, bool) {
	switch {
	case c.Cart != nil && c.Cart.Lock:
		return beforeCommit, true
	case c.Session.Attempt != nil, c.Session.Status == checkout.StatusCompleted, c.Cart != nil && c.Cart.Release:
		return afterCommit, true
	}
	return "", false
}

// faultyProvider is the way to the provider. Only calls that change something go wrong: reading moves no money.
type faultyProvider struct {
	next   http.RoundTripper
	faults *faults
}

// RoundTrip performs one call. Faults are broken connections.
func (p faultyProvider) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost {
		return p.next.RoundTrip(r)
	}
	var answer *http.Response
	err := p.faults.around(r.Context(), providerCall, func(context.Context) error {
		var err error
		answer, err = p.next.RoundTrip(r) //nolint:bodyclose // the caller closes it, and below we do where there is none
		return err
	})
	if err != nil {
		if answer != nil {
			_ = answer.Body.Close() // nobody reads it
		}
		return nil, err
	}
	return answer, nil
}

// webhook is the webhook function behind an unreliable network.
func (f *faults) webhook(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kept := &heldAnswer{header: http.Header{}}
		err := f.around(r.Context(), webhookCall, func(ctx context.Context) error {
			next.ServeHTTP(kept, r.WithContext(ctx))
			return nil
		})
		if err != nil {
			breakConnection(w)
			return
		}
		kept.writeTo(w)
	})
}

func breakConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusBadGateway) // there is no connection that could break
		return
	}
	_ = conn.Close()
}

// heldAnswer is an answer that may yet be lost.
type heldAnswer struct {
	header http.Header
	status int
	body   []byte
}

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *heldAnswer) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	h.body = append(h.body, p...)
	return len(p), nil
}

func (h *heldAnswer) writeTo(w http.ResponseWriter) {
	for name, values := range h.header {
		w.Header()[name] = values
	}
	if h.status != 0 {
		w.WriteHeader(h.status)
	}
	_, _ = w.Write(h.body) // the provider may be gone
}
