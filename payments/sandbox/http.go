package sandbox

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A call of the API is a few kilobytes.
const maxBody = 1 << 20

// Handler serves the API under /v1/ and the shopper's pages under /sandbox/.
func (p *Provider) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := p.serve(r)
		if err != nil {
			drop(w)
			return
		}
		for name, value := range a.Header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body) // the caller may be gone; the effect stands
	})
}

// drop breaks the connection, as a network does.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusBadGateway) // no connection to break
		return
	}
	_ = conn.Close()
}

// RoundTripper calls the provider without a socket: put it into the http.Client of a Stripe backend, with any URL.
func (p *Provider) RoundTripper() http.RoundTripper { return transport{p} }

type transport struct{ p *Provider }

// RoundTrip performs one call. Faults that break the connection are errors.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	a, err := t.p.serve(r)
	if err != nil {
		return nil, err
	}
	header := make(http.Header, len(a.Header))
	for name, value := range a.Header {
		header.Set(name, value)
	}
	return &http.Response{Status: http.StatusText(a.Status), StatusCode: a.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: r}, nil
}

// serve turns HTTP into a call.
func (p *Provider) serve(r *http.Request) (Answer, error) {
	params, refusal := readParams(r)
	if refusal != nil {
		return Request{}.refusal(refusal, p.newID("req")), nil
	}
	if source, ok := strings.CutPrefix(r.URL.Path, pagePath); ok && (r.Method == get || r.Method == post) {
		return p.servePage(r.Method, source, params), nil
	}
	return p.Do(r.Context(), Request{Method: r.Method, Path: r.URL.Path, Params: params, Key: apiKey(r),
		IdempotencyKey: r.Header.Get("Idempotency-Key"), Version: r.Header.Get("Stripe-Version")})
}

// apiKey reads the key from Bearer or, as curl -u sends it, from Basic authentication.
func apiKey(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return key
}

func readParams(r *http.Request) (url.Values, *apiError) {
	raw := r.URL.RawQuery
	if r.Method == post && r.Body != nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		if err != nil || len(body) > maxBody {
			return nil, invalid("", "", "Invalid request: the body could not be read.")
		}
		if kind := r.Header.Get("Content-Type"); len(body) > 0 && !strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
			return nil, invalid("", "", "Invalid request (check that your POST content type is application/x-www-form-urlencoded).")
		}
		raw = string(body)
	}
	params, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("", "", "Invalid request: %v", errors.Unwrap(err))
	}
	return params, nil
}
