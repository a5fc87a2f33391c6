package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"kassa/functions/internal/ucp"
)

// serve answers one request by a route, or with a refusal that is known already, and logs one line about it.
func (r *Router) serve(w http.ResponseWriter, req *http.Request, route Route, refusal error) {
	started := r.config.Now()
	in := &Request{HTTP: req, ID: r.requestID(req.Header)}
	in.Accepted = r.accepted(req.Header.Get("Accept-Language"))
	in.Language = in.Accepted
	answer, err := r.answer(in, route, refusal)
	if err == nil {
		err = answer.encode()
	}
	var f *failed
	if err != nil {
		made := failure(r.config.Wire, r.config.Wire.Language(in.Language), err)
		f = &made
		answer = Answer{Status: f.how.status, Body: f.body}
		_ = answer.encode() // an error response is made of text alone
	}
	status := r.write(w, in, answer, f)
	r.log(req.Context(), in, route, status, r.config.Now().Sub(started), f, err)
}

// answer reads the request, calls the route's handler and turns a panic into an error.
func (r *Router) answer(in *Request, route Route, refusal error) (a Answer, err error) {
	defer func() {
		switch p := recover(); {
		case p == http.ErrAbortHandler: //nolint:errorlint // net/http compares it so
			panic(p)
		case p != nil:
			err = &panicked{value: fmt.Sprintf("%T", p), stack: debug.Stack()}
		}
	}()
	if refusal != nil {
		return Answer{}, refusal
	}
	if err := r.read(in, route); err != nil {
		return Answer{}, err
	}
	return route.Handle(in.HTTP.Context(), in)
}

// panicked is a panic of a handler. Its value is not kept, only its type: it may hold anything.
type panicked struct {
	value string
	stack []byte
}

// Error implements error.
func (p *panicked) Error() string { return "panic of type " + p.value + "\n" + string(p.stack) }

// encode makes JSON of a body.
func (a *Answer) encode() error {
	if a.Body == nil {
		return nil
	}
	text, err := json.Marshal(a.Body)
	if err != nil {
		return fmt.Errorf("encode answer of type %T: %w", a.Body, err)
	}
	a.Text, a.Type = text, ucp.MediaType
	return nil
}

// write sends an answer and returns its status.
func (r *Router) write(w http.ResponseWriter, in *Request, a Answer, f *failed) int {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Request-Id", in.ID)
	switch {
	case !a.Public:
		h.Set("Cache-Control", "no-store") // answers hold what is the caller's alone
	case a.MaxAge > 0:
		h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(a.MaxAge/time.Second)))
	}
	for name, value := range a.Header {
		h.Set(name, value)
	}
	if f != nil && f.retry > 0 {
		h.Set("Retry-After", retryAfter(f.retry))
	}
	if f != nil && f.how.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if a.Version > 0 {
		h.Set("ETag", `"`+strconv.FormatInt(a.Version, 10)+`"`)
	}
	if a.Location != "" {
		h.Set("Location", a.Location)
	}
	if a.Next != "" {
		h.Set("Link", "<"+a.Next+`>; rel="next"`) // RFC 8288
	}
	if a.Replayed {
		h.Set("Idempotent-Replayed", "true")
	}
	if a.Type != "" {
		h.Set("Content-Type", a.Type)
		h.Set("Content-Length", strconv.Itoa(len(a.Text)))
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Text) // a caller that has gone is no failure of ours
	return a.Status
}

// log writes the one line of a request: what was asked for, how it ended, how long it took. Ids only; never a header, a
// query, a body or a path as it came, because tokens and people's data stand in them.
func (r *Router) log(ctx context.Context, in *Request, route Route, status int, took time.Duration, f *failed, err error) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", in.ID), slog.String("method", route.Method), slog.String("route", route.Pattern),
		slog.Int("status", status), slog.Int64("duration_ms", took.Milliseconds()),
	}
	for _, name := range []string{"id", "line"} {
		if v := in.PathValue(name); isID(v) {
			attrs = append(attrs, slog.String(name, v))
		}
	}
	if f != nil {
		attrs = append(attrs, slog.String("code", string(f.code)))
	}
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
		if err != nil {
			attrs = append(attrs, slog.String("error", err.Error()))
		}
	}
	r.config.Logger.LogAttrs(ctx, level, "request", attrs...)
}
